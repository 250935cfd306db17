// Whole calls over real SIP: sipp and a phone of our own that shares no code with the product, against one running system.
import { type LiveGroup } from '../../storage/model/live';
import { type CallRecord } from '../../storage/model/record';
import { describeWith } from '../support/needs';
import { audioSdp, Phone } from '../support/phone';
import { freePort, sipp, type SippOptions } from '../support/sipp';
import { startSystem, type System, type TestAgent } from '../support/system';

jest.setTimeout(90_000);

let system: System;
beforeAll(async () => { system = await startSystem(); });
afterAll(async () => { await system?.stop(); });

const WELCOME = 'Welcome. Thank you for calling. Please stay on the line, somebody will be with you very soon indeed.';

/** Registers a sipp phone at a port of its own; the next sipp run of that agent uses the same port. */
async function sippPhone(agent: TestAgent): Promise<SippOptions> {
  const options = { server: system.sip, service: agent.user, port: await freePort() };
  await sipp('register-expect-200', { ...options, login: agent, keys: { domain: system.sip.domain } }).done;
  return options;
}

/** Whom a call was offered to, in this order, and what came of it. */
const offersOf = (record: CallRecord): (readonly [string, string])[] => record.offers.map(({ agentId, outcome }) => [agentId, outcome] as const);
const freeAgents = (...agents: readonly TestAgent[]) => (live: LiveGroup): boolean => agents.every(({ id }) => live.agents.some(({ agentId, activity }) => agentId === id && activity === 'free'));

const caller = (group: { readonly user: string }, pauseMs = 0): SippOptions => ({ server: system.sip, service: group.user, pauseMs });

describeWith(['sipp'], 'calls by sipp', () => {
  test('answered, and the caller hangs up: answered by that agent, ended by the caller', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id], welcomeText: 'Hello.' });
    const phone = sipp('uas-answer-expect-bye', await sippPhone(agent));
    const call = sipp('uac-expect-200-then-hang-up', caller(group, 3000));
    await Promise.all([phone.done, call.done]);
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', agentId: agent.id, endedBy: 'caller', offers: [{ agentId: agent.id, outcome: 'answered' }] });
  });

  test('answered, and the agent hangs up: the caller gets a BYE', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = sipp('uas-answer-then-hang-up', { ...(await sippPhone(agent)), pauseMs: 300 });
    const call = sipp('uac-expect-200-then-bye', caller(group));
    await Promise.all([phone.done, call.done]);
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'agent' });
  });

  test('over TCP: answered, and the caller hangs up', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = sipp('uas-answer-expect-bye', await sippPhone(agent));
    const call = sipp('uac-expect-200-then-hang-up', { ...caller(group, 500), tcp: true });
    await Promise.all([phone.done, call.done]);
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
  });

  test('hang up in the welcome: abandoned before any queue', async () => {
    const group = await system.group({ welcomeText: WELCOME });
    await sipp('uac-expect-200-then-hang-up', caller(group, 300)).done;
    expect(await system.record(group.id)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller', joinedQueueAt: null, offers: [] });
  });

  test('hang up in the queue: abandoned, nobody was rung', async () => {
    const group = await system.group();
    await sipp('uac-expect-200-then-hang-up', caller(group, 400)).done;
    const record = await system.record(group.id);
    expect(record).toMatchObject({ outcome: 'abandoned', endedBy: 'caller', offers: [] });
    expect(record.joinedQueueAt).not.toBeNull();
  });

  test('hang up while ringing: the phone is cancelled', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = sipp('uas-expect-cancel', await sippPhone(agent));
    const call = sipp('uac-expect-200-then-hang-up', caller(group, 700));
    await Promise.all([phone.done, call.done]);
    expect(await system.record(group.id)).toMatchObject({ outcome: 'abandoned', offers: [{ agentId: agent.id, outcome: 'withdrawn' }] });
  });

  test('an offerless INVITE: offered in the 200, answered in the ACK, connected', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const phone = sipp('uas-answer-expect-bye', await sippPhone(agent));
    const call = sipp('uac-offerless-expect-200-then-hang-up', caller(group, 800));
    await Promise.all([phone.done, call.done]);
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
  });

  test.each([['declines', 'uas-decline-603', 'declined'], ['is busy', 'uas-busy-486', 'busy']])('the first agent %s: the second is rung and answers', async (_what, scenario, outcome) => {
    const [first, second] = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [first.id, second.id], routingMethod: 'longestIdle' });
    const [one, two] = [await sippPhone(first), await sippPhone(second)];
    const phones = [sipp(scenario, one).done, sipp('uas-answer-expect-bye', two).done];
    const call = sipp('uac-expect-200-then-hang-up', caller(group, 2000));
    await Promise.all([...phones, call.done]);
    expect(await system.record(group.id)).toMatchObject({
      outcome: 'answered', agentId: second.id, offers: [{ agentId: first.id, outcome }, { agentId: second.id, outcome: 'answered' }],
    });
  });

  test('serial: every call rings from the top of the list down', async () => {
    const [first, second] = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [first.id, second.id], routingMethod: 'serial' });
    const [one, two] = [await sippPhone(first), await sippPhone(second)];
    const early = [sipp('uas-answer-expect-bye', one).done, sipp('uac-expect-200-then-hang-up', caller(group, 1500)).done];
    await Promise.all(early);
    const earlier = await system.record(group.id);
    await system.live(group.id, 'both to be free', freeAgents(first, second));
    // The first has been idle for a shorter time than the second, and is the first to be rung all the same.
    const phones = [sipp('uas-busy-486', one).done, sipp('uas-answer-expect-bye', two).done];
    await Promise.all([...phones, sipp('uac-expect-200-then-hang-up', caller(group, 2000)).done]);
    const later = await system.record(group.id, ({ _id }) => _id !== earlier._id);
    expect(offersOf(earlier)).toEqual([[first.id, 'answered']]);
    expect(offersOf(later)).toEqual([[first.id, 'busy'], [second.id, 'answered']]);
  });

  test('roundRobin: each call rings the next of the list, and after the last the first', async () => {
    const [first, second, third] = [await system.agent(), await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [third.id, first.id, second.id], routingMethod: 'roundRobin' });
    const phones = new Map<string, SippOptions>();
    for (const agent of [first, second, third]) phones.set(agent.id, await sippPhone(agent));
    const seen: string[] = [];
    const next = async (...ring: (readonly [TestAgent, string])[]): Promise<(readonly [string, string])[]> => {
      await system.live(group.id, 'everybody to be free', freeAgents(first, second, third));
      await Promise.all([...ring.map(([agent, scenario]) => sipp(scenario, phones.get(agent.id)!).done), sipp('uac-expect-200-then-hang-up', caller(group, 2000)).done]);
      const record = await system.record(group.id, ({ _id }) => !seen.includes(_id));
      seen.push(record._id);
      return offersOf(record);
    };
    expect(await next([third, 'uas-answer-expect-bye'])).toEqual([[third.id, 'answered']]);
    expect(await next([first, 'uas-answer-expect-bye'])).toEqual([[first.id, 'answered']]);
    expect(await next([second, 'uas-busy-486'], [third, 'uas-answer-expect-bye'])).toEqual([[second.id, 'busy'], [third.id, 'answered']]);
  });

  test('longestIdle: whoever has been idle longest is rung, whatever the order of the list', async () => {
    const [first, second] = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [first.id, second.id], routingMethod: 'longestIdle' });
    const phones = new Map<string, SippOptions>([[first.id, await sippPhone(first)], [second.id, await sippPhone(second)]]);
    const seen: string[] = [];
    const next = async (agent: TestAgent): Promise<(readonly [string, string])[]> => {
      await system.live(group.id, 'both to be free', freeAgents(first, second));
      await Promise.all([sipp('uas-answer-expect-bye', phones.get(agent.id)!).done, sipp('uac-expect-200-then-hang-up', caller(group, 1500)).done]);
      const record = await system.record(group.id, ({ _id }) => !seen.includes(_id));
      seen.push(record._id);
      return offersOf(record);
    };
    expect(await next(first)).toEqual([[first.id, 'answered']]);
    expect(await next(second)).toEqual([[second.id, 'answered']]);
    expect(await next(first)).toEqual([[first.id, 'answered']]);
  });

  test('nobody answers within the alert time: the next agent is rung', async () => {
    const [first, second] = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [first.id, second.id], routingMethod: 'longestIdle', alertTimeSeconds: 10 });
    const [one, two] = [await sippPhone(first), await sippPhone(second)];
    const phones = [sipp('uas-expect-cancel', one).done, sipp('uas-answer-expect-bye', two).done];
    const call = sipp('uac-expect-200-then-hang-up', caller(group, 12_000));
    await Promise.all([...phones, call.done]);
    expect(await system.record(group.id)).toMatchObject({ agentId: second.id, offers: [{ agentId: first.id, outcome: 'noAnswer' }, { outcome: 'answered' }] });
  });

  test('timeout while a phone rings: the ring is cut, the message is heard, the call is ended', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id], alertTimeSeconds: 180, timeoutSeconds: 10, timeoutText: 'Goodbye.' });
    const phone = sipp('uas-expect-cancel', await sippPhone(agent));
    await Promise.all([phone.done, sipp('uac-expect-200-then-bye', caller(group)).done]);
    const record = await system.record(group.id);
    expect(record).toMatchObject({ outcome: 'timedOut', endedBy: 'system', offers: [{ outcome: 'withdrawn' }] });
    const waitedSeconds = ((record.offers[0]?.endedAt?.getTime() ?? 0) - (record.joinedQueueAt?.getTime() ?? 0)) / 1000;
    expect(Math.round(waitedSeconds)).toBe(10);
  });

  test('overflow at a threshold of 0 with no agents: the message, then the end', async () => {
    const group = await system.group({ overflowThreshold: 0, overflowText: 'All lines are busy.' });
    await sipp('uac-expect-200-then-bye', caller(group)).done;
    expect(await system.record(group.id)).toMatchObject({ outcome: 'overflowed', endedBy: 'system' });
  });

  test('an unknown group: 404', async () => {
    await sipp('uac-expect-404', { server: system.sip, service: 'nobody-here' }).done;
  });

  test('an inactive group: 480', async () => {
    const group = await system.group({ active: false });
    await sipp('uac-expect-480', caller(group)).done;
    expect(await system.record(group.id)).toMatchObject({ outcome: 'refused', refusedWith: 480 });
  });

  test('a fax offer: 488', async () => {
    await sipp('uac-fax-expect-488', caller(await system.group())).done;
  });
});

describe('calls by a second client', () => {
  const phones: Phone[] = [];
  afterEach(async () => { await Promise.all(phones.splice(0).map((phone) => phone.close())); });
  const open = async (made: Promise<Phone>): Promise<Phone> => { const phone = await made; phones.push(phone); return phone; };

  test('a whole call: answered, connected, hung up by the caller', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id], welcomeText: 'Hello.' });
    const [alice, bob] = [await open(system.caller()), await open(system.phone(agent))];
    const leg = alice.invite(group.user, audioSdp(40_000));
    await alice.answered(leg);
    const invite = await bob.request('INVITE');
    bob.respond(invite, 180, 'Ringing');
    bob.respond(invite, 200, 'OK', audioSdp(40_002));
    await bob.request('ACK', invite.headers['call-id']);
    await system.live(group.id, 'both to talk', (live) => live.callers.some((one) => one.state === 'talking' && one.agentId === agent.id));
    expect((await alice.hangUp(leg)).status).toBe(200);
    bob.respond(await bob.request('BYE'), 200, 'OK');
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', agentId: agent.id, endedBy: 'caller' });
  });

  test.each([[0, 1], [1, 0]])('both answer at once, phone %i first: one is connected, the other gets a clean end', async (winnerIndex, loserIndex) => {
    const agents = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: agents.map(({ id }) => id) });
    const caller_ = await open(system.caller());
    const both = [await open(system.phone(agents[0] as TestAgent)), await open(system.phone(agents[1] as TestAgent))];
    const leg = caller_.invite(group.user, audioSdp(40_000));
    await caller_.answered(leg);
    const invites = await Promise.all(both.map((phone) => phone.request('INVITE')));
    both.forEach((phone, index) => phone.respond(invites[index]!, 180, 'Ringing'));
    const [winner, loser] = [both[winnerIndex]!, both[loserIndex]!];
    winner.respond(invites[winnerIndex]!, 200, 'OK', audioSdp(40_002));
    loser.respond(invites[loserIndex]!, 200, 'OK', audioSdp(40_004));
    await Promise.all([winner.request('ACK'), loser.request('ACK')]);
    const bye = await loser.request('BYE');
    expect(String(bye.headers['reason'])).toContain('Call completed elsewhere');
    loser.respond(bye, 200, 'OK');
    await system.live(group.id, 'the loser to be free again', (live) => live.agents.some(({ agentId, activity }) => agentId === agents[loserIndex]!.id && activity === 'free'));
    await system.live(group.id, 'the winner to talk', (live) => live.callers.some((one) => one.state === 'talking' && one.agentId === agents[winnerIndex]!.id));
    expect(winner.has((message) => message.method === 'BYE')).toBe(false);
    await caller_.hangUp(leg);
    winner.respond(await winner.request('BYE'), 200, 'OK');
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', agentId: agents[winnerIndex]!.id });
  });

  test('a 200 crosses our CANCEL: it is acknowledged and ended, and the winner talks on', async () => {
    const agents = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: agents.map(({ id }) => id) });
    const caller_ = await open(system.caller());
    const [winner, loser] = [await open(system.phone(agents[0]!)), await open(system.phone(agents[1]!))];
    const leg = caller_.invite(group.user, audioSdp(40_000));
    await caller_.answered(leg);
    const [won, lost] = await Promise.all([winner.request('INVITE'), loser.request('INVITE')]);
    loser.respond(lost, 180, 'Ringing');
    winner.respond(won, 200, 'OK', audioSdp(40_002));
    const cancel = await loser.request('CANCEL');
    expect(String(cancel.headers['reason'])).toContain('Call completed elsewhere');
    loser.respond(lost, 200, 'OK', audioSdp(40_004));
    loser.respond(cancel, 200, 'OK');
    await loser.request('ACK');
    loser.respond(await loser.request('BYE'), 200, 'OK');
    await winner.request('ACK');
    await system.live(group.id, 'one to talk and one to be free', (live) =>
      live.callers[0]?.agentId === agents[0]!.id && live.agents.some(({ agentId, activity }) => agentId === agents[1]!.id && activity === 'free'));
    await caller_.hangUp(leg);
    winner.respond(await winner.request('BYE'), 200, 'OK');
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', agentId: agents[0]!.id });
  });

  test('a phone that is not registered: nobody is rung until it registers, then at once', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const caller_ = await open(system.caller());
    const leg = caller_.invite(group.user, audioSdp(40_000));
    await caller_.answered(leg);
    await system.live(group.id, 'the caller to wait and the agent to be unreachable', (live) => live.callers[0]?.state === 'waiting' && live.agents[0]?.activity === 'unreachable');
    const phone = await open(system.phone(agent));
    const invite = await phone.request('INVITE');
    phone.respond(invite, 200, 'OK', audioSdp(40_002));
    await phone.request('ACK');
    await system.live(group.id, 'both to talk', (live) => live.callers[0]?.state === 'talking');
    await caller_.hangUp(leg);
    phone.respond(await phone.request('BYE'), 200, 'OK');
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', agentId: agent.id });
  });

  test('an agent goes off duty: the next call does not ring that phone', async () => {
    const [off, on] = [await system.agent(), await system.agent()];
    const group = await system.group({ agentIds: [off.id, on.id] });
    const [offPhone, onPhone] = [await open(system.phone(off)), await open(system.phone(on))];
    await system.duty(off.id, false);
    const caller_ = await open(system.caller());
    const leg = caller_.invite(group.user, audioSdp(40_000));
    await caller_.answered(leg);
    const invite = await onPhone.request('INVITE');
    onPhone.respond(invite, 200, 'OK', audioSdp(40_002));
    await onPhone.request('ACK');
    expect(offPhone.has((message) => message.method === 'INVITE')).toBe(false);
    await system.live(group.id, 'both to talk', (live) => live.callers[0]?.state === 'talking');
    await caller_.hangUp(leg);
    onPhone.respond(await onPhone.request('BYE'), 200, 'OK');
    expect((await system.record(group.id)).offers.map(({ agentId }) => agentId)).toEqual([on.id]);
  });

  test('a wrong password and an unknown user: refused alike', async () => {
    const agent = await system.agent();
    const wrong = await open(Phone.open(agent.user, system.sip));
    const unknown = await open(Phone.open('nobody', system.sip));
    expect([(await wrong.register('not the password')).status, (await unknown.register('not the password')).status]).toEqual([403, 403]);
  });

});
