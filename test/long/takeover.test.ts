// One engine dies or hangs, the other goes on: over real processes, with real SIP, and with RTP measured at the caller's ear.
import { type LiveGroup } from '../../storage/model/live';
import { readEngines } from '../../storage/engines';
import { EXIT } from '../../storage/process/exit';
import { audioSdp, type Leg, type Phone } from '../support/phone';
import { type Heard, type RtpPeer } from '../support/rtp-peer';
import { hungUpOn, pickUp, Scene } from '../support/scene';
import { eventually, type Running } from '../support/system';

jest.setTimeout(120_000);

const scene = new Scene();
/** What was measured, printed at the end. */
const measured: string[] = [];
afterAll(() => { process.stdout.write(`${measured.join('\n')}\n`); });

/** Another engine stands by for the next test; the one that was killed is gone. */
beforeEach(async () => { await scene.system.startStandby(); });

const isState = (state: LiveGroup['callers'][number]['state']) => (live: LiveGroup): boolean => live.callers.some((caller) => caller.state === state);

/** The journal says so: what happened in the last 50 ms before a death is not what these tests are about. */
async function journalled(callState: string): Promise<void> {
  await eventually(`the journal to say ${callState}`, async () => {
    const found = await scene.system.connection.db.collection<{ ended: boolean; body: { call: { phase: { state: string } } } }>('journalCalls').find({ ended: false }).toArray();
    return found.some(({ body }) => body.call.phase.state === callState);
  });
}

/** The longest time without a packet, from the first one on. */
function longestSilence(heard: readonly Heard[]): number {
  return Math.round(heard.slice(1).reduce((longest, packet, index) => Math.max(longest, packet.atMs - (heard[index]?.atMs ?? 0)), 0));
}

async function takeOver(what: string, listeners: readonly RtpPeer[], signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<Running> {
  for (const sound of listeners) sound.forget();
  const { former, tookMs } = await scene.system.killActive(signal);
  // Until well after, so that a silence at the end of it is heard too.
  for (const sound of listeners) {
    const before = sound.heard.length;
    await sound.until((heard) => heard.length > before + 50, 'a second more');
  }
  measured.push(`${what}, ${signal}: taken over after ${tookMs} ms; longest silence ${listeners.map((sound) => `${longestSilence(sound.heard)} ms`).join(', ') || 'not measured'}`);
  return former;
}

const untouched = (...phones: readonly Phone[]): void => {
  for (const phone of phones) expect(phone.received.filter(({ method }) => method === 'BYE' || method === 'CANCEL')).toEqual([]);
};

async function conversation() {
  const agent = await scene.system.agent();
  const group = await scene.system.group({ agentIds: [agent.id] });
  const [agentSound, phone] = [await scene.sound(), await scene.open(scene.system.phone(agent))];
  const caller = await scene.audibleCall(group.user);
  const agentLeg = await pickUp(phone, agentSound.sdp());
  agentSound.follow(agentLeg.remoteSdp);
  await scene.talking(group.id, agent);
  caller.sound.tone(440);
  agentSound.tone(660);
  await caller.sound.untilTone(660);
  await agentSound.untilTone(440);
  await journalled('talking');
  return { agent, group, caller, phone, agentLeg, agentSound };
}

async function hangsUp({ caller, phone, group }: { readonly caller: { readonly phone: Phone; readonly leg: Leg }; readonly phone: Phone; readonly group: { readonly id: string } }, agentId: string): Promise<void> {
  expect((await caller.phone.hangUp(caller.leg)).status).toBe(200);
  await hungUpOn(phone);
  expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller', agentId });
}

test.each(['SIGKILL', 'SIGSTOP'] as const)('talking, %s: neither side notices, and the call ends as it should', async (signal) => {
  const call = await conversation();
  const former = await takeOver('talking', [call.caller.sound, call.agentSound], signal);
  untouched(call.caller.phone, call.phone);
  await call.caller.sound.untilTone(660);
  await call.agentSound.untilTone(440);
  if (signal === 'SIGSTOP') {
    // The late former active lets go without harming a call.
    former.child.kill('SIGCONT');
    expect(await former.stop('SIGCONT')).toBe(EXIT.replaced);
    untouched(call.caller.phone, call.phone);
    await call.caller.sound.untilTone(660);
  }
  await hangsUp(call, call.agent.id);
});

test('waiting: the place, the joining time and the music are kept, and the first to come is the first to be offered', async () => {
  const agent = await scene.system.agent();
  const group = await scene.system.group({ agentIds: [agent.id] });
  const first = await scene.audibleCall(group.user);
  await scene.waiting(group.id);
  const second = await scene.call(group.user);
  const before = await scene.system.live(group.id, 'both to wait', ({ callers }) => callers.length === 2 && callers.every(({ state }) => state === 'waiting'));
  await first.sound.until((heard) => heard.length > 25, 'music');
  await journalled('queued');
  await takeOver('waiting', [first.sound]);
  const after = await scene.system.live(group.id, 'both to be seen again', ({ callers, epoch }) => epoch > before.epoch && callers.length === 2);
  expect(after.callers.map(({ callId }) => callId)).toEqual(before.callers.map(({ callId }) => callId));
  // Moments told by two engines' clocks: the same to a tenth of a second.
  for (const [at, { joinedQueueAt }] of after.callers.entries()) expect(Math.round(((joinedQueueAt?.getTime() ?? 0) - (before.callers[at]?.joinedQueueAt?.getTime() ?? 0)) / 100)).toBe(0);
  const phone = await scene.open(scene.system.phone(agent));
  await pickUp(phone);
  const talking = await scene.talking(group.id, agent);
  expect(talking.callers.find(({ state }) => state === 'talking')?.callId).toBe(before.callers[0]?.callId);
  expect((await second.phone.hangUp(second.leg)).status).toBe(200);
  expect((await first.phone.hangUp(first.leg)).status).toBe(200);
  await hungUpOn(phone);
});

test('ringing: the ring is cancelled, the caller keeps the place and the music, and the agent is rung again', async () => {
  const agent = await scene.system.agent();
  const group = await scene.system.group({ agentIds: [agent.id] });
  const phone = await scene.open(scene.system.phone(agent));
  const caller = await scene.audibleCall(group.user);
  const rung = await phone.request('INVITE');
  phone.respond(rung, 180, 'Ringing');
  await journalled('offering');
  const over = takeOver('ringing', [caller.sound]);
  phone.respond(await phone.request('CANCEL'), 200, 'OK');
  phone.respond(rung, 487, 'Request Terminated');
  await phone.request('ACK');
  await over;
  await pickUp(phone);
  await scene.talking(group.id, agent);
  await hangsUp({ caller, phone, group }, agent.id);
});

test('welcome: it is heard, and the caller gets into the queue', async () => {
  const agent = await scene.system.agent();
  const group = await scene.system.group({ agentIds: [agent.id], welcomeText: 'Welcome to this house. All of us are glad that you call, and somebody will be with you in a moment, whatever happens to our engines meanwhile.' });
  const caller = await scene.audibleCall(group.user);
  await scene.system.live(group.id, 'the welcome', isState('welcome'));
  await journalled('welcoming');
  await takeOver('welcome', [caller.sound]);
  await scene.waiting(group.id);
  expect((await caller.phone.hangUp(caller.leg)).status).toBe(200);
  expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller' });
});

test('transfer under way: it finishes', async () => {
  const call = await conversation();
  const target = await scene.system.agent();
  const other = await scene.open(scene.system.phone(target));
  call.phone.send(call.phone.inDialog(call.agentLeg, 'REFER', undefined, { 'refer-to': `<sip:${target.user}@${scene.system.sip.domain}>` }));
  expect((await call.phone.response('REFER', (status) => status >= 200, call.agentLeg.callId)).status).toBe(202);
  const rung = await other.request('INVITE');
  other.respond(rung, 180, 'Ringing');
  await journalled('transferring');
  const over = takeOver('transfer', [call.caller.sound]);
  other.respond(await other.request('CANCEL'), 200, 'OK');
  other.respond(rung, 487, 'Request Terminated');
  await other.request('ACK');
  await over;
  await pickUp(other);
  await hungUpOn(call.phone);
  await scene.talking(call.group.id, target);
  expect((await call.caller.phone.hangUp(call.caller.leg)).status).toBe(200);
  await hungUpOn(other);
});

test('hold: music goes on, and the agent takes the caller back', async () => {
  const call = await conversation();
  const reinvite = async (direction: string): Promise<void> => {
    call.phone.send(call.phone.inDialog(call.agentLeg, 'INVITE', call.agentSound.sdp({ direction })));
    const ok = await call.phone.next('the answer to a re-INVITE', ({ status, headers }) => status !== undefined && status >= 200 && headers.cseq.method === 'INVITE' && headers.cseq.seq === call.agentLeg.cseq);
    expect(ok.status).toBe(200);
    call.phone.send(call.phone.inDialog(call.agentLeg, 'ACK'));
  };
  await reinvite('sendonly');
  call.caller.sound.forget();
  await call.caller.sound.until((heard) => heard.length > 50, 'music');
  await takeOver('hold', [call.caller.sound]);
  await reinvite('sendrecv');
  await call.caller.sound.untilTone(660);
  await hangsUp(call, call.agent.id);
});

test('a caller who hangs up in between: the call is closed truthfully, and the agent is let go', async () => {
  const call = await conversation();
  const over = takeOver('hung up in between', []);
  expect((await call.caller.phone.hangUp(call.caller.leg)).status).toBe(200);
  await over;
  await hungUpOn(call.phone);
  expect(await scene.system.record(call.group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller', agentId: call.agent.id });
});

test('a caller who dials in between is answered', async () => {
  const group = await scene.system.group();
  const over = takeOver('dialled in between', []);
  const phone = await scene.open(scene.system.caller());
  const leg = phone.invite(group.user, audioSdp(40_000));
  await over;
  await phone.answered(leg);
  await scene.waiting(group.id);
  expect((await phone.hangUp(leg)).status).toBe(200);
  const engines = await readEngines(scene.system.connection.db, 'main');
  expect(engines[0]).toMatchObject({ role: 'active', alive: true, takeover: { reason: 'ownerGone' } });
});
