// Where else a call may go, over real SIP: loops, agents' own calls, several phones, announcements, and whole calls by baresip.
import { type VerbInput } from '../../storage/administration/verbs';
import { Baresip } from '../support/baresip';
import { describeWith } from '../support/needs';
import { audioSdp, type Leg, type Phone } from '../support/phone';
import { toneShare } from '../support/rtp-peer';
import { hungUpOn, pickUp, Scene } from '../support/scene';
import { type TestAgent } from '../support/system';
import { toneWav } from '../support/wav';

jest.setTimeout(90_000);

const scene = new Scene();

const flow = async (fields: Omit<VerbInput<'workflow.create'>, 'displayName' | 'sipUser'>): Promise<{ readonly id: string; readonly user: string }> => {
  const user = scene.system.name('reach');
  return { id: (await scene.system.perform('workflow.create', { displayName: user, sipUser: user, active: true, ...fields })).value.id, user };
};

describe('where a call may not go', () => {
  test('an INVITE whose History-Info says that we have sent it on three times: 482, and a record of it', async () => {
    const group = await scene.system.group();
    const caller = await scene.open(scene.system.caller());
    const here = `<sip:${group.user}@${scene.system.sip.domain}>`;
    const leg = caller.invite(group.user, audioSdp(40_000), { 'history-info': `${here};index=1, ${here};index=1.1, ${here};index=1.1.1, ${here};index=1.1.1.1` });
    expect((await caller.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(482);
    expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'refused', refusedWith: 482 });
  });

  test('two queues that would send their callers to each other: refused when configured, with the way round named', async () => {
    const first = (await scene.system.perform('queue.create', { name: scene.system.name('queue'), agentGroupIds: [] })).value.id;
    const second = (await scene.system.perform('queue.create', { name: scene.system.name('queue'), agentGroupIds: [], timeoutSeconds: 10, timeoutAction: { kind: 'queue', queueId: first } })).value.id;
    const refused = await scene.system.administration.perform({ kind: 'operator', name: 'scenarios' }, 'queue.change', { id: first, version: 1, changes: { overflowThreshold: 0, overflowAction: { kind: 'queue', queueId: second } } });
    expect(refused.ok).toBe(false);
  });

  test('a stranger who dials an agent’s own address: 404; an agent’s name without its phone: 407', async () => {
    const [alice, bob] = [await scene.system.agent(), await scene.system.agent()];
    const stranger = await scene.open(scene.system.caller());
    const leg = stranger.invite(bob.user, audioSdp(40_000));
    expect((await stranger.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(404);
    const claimed = stranger.invite(bob.user, audioSdp(40_000), { from: { uri: `sip:${alice.user}@${scene.system.sip.domain}`, params: { tag: 'claim' } } });
    expect((await stranger.response('INVITE', (status) => status >= 200, claimed.callId)).status).toBe(407);
  });
});

describe('agents’ phones', () => {
  test('an agent calls another agent’s address: rung, connected, heard', async () => {
    const [alice, bob] = [await scene.system.agent(), await scene.system.agent()];
    const [one, other] = [await scene.open(scene.system.phone(alice)), await scene.open(scene.system.phone(bob))];
    const [oneSound, otherSound] = [await scene.sound(), await scene.sound()];
    const leg = one.invite(`${bob.user}@${scene.system.sip.host}:${scene.system.sip.port}`, oneSound.sdp(), { from: { uri: `sip:${alice.user}@${scene.system.sip.domain}`, params: { tag: 'own' } } });
    leg.localTag = 'own';
    const answered = one.answered(leg);
    await answered;
    oneSound.follow(leg.remoteSdp);
    otherSound.follow((await pickUp(other, otherSound.sdp())).remoteSdp);
    otherSound.tone(660);
    await oneSound.untilTone(660);
    await endedByCaller(one, leg, other, alice);
  });

  async function endedByCaller(one: Phone, leg: Leg, other: Phone, alice: TestAgent): Promise<void> {
    const bye = one.inDialog(leg, 'BYE');
    one.send({ ...bye, headers: { ...bye.headers, from: { uri: `sip:${alice.user}@${scene.system.sip.domain}`, params: { tag: leg.localTag } } } });
    expect((await one.response('BYE', (status) => status >= 200, leg.callId)).status).toBe(200);
    await hungUpOn(other);
  }

  test('two phones of one agent: both ring, the second answers, the first is cancelled', async () => {
    const agent = await scene.system.agent();
    const group = await scene.system.group({ agentIds: [agent.id] });
    const [desk, soft] = [await scene.open(scene.system.phone(agent)), await scene.open(scene.system.phone(agent))];
    const { phone: caller, leg } = await scene.call(group.user);
    const rung = await desk.request('INVITE');
    desk.respond(rung, 180, 'Ringing');
    await pickUp(soft);
    const cancel = await desk.request('CANCEL');
    expect(String(cancel.headers['reason'])).toContain('Call completed elsewhere');
    desk.respond(cancel, 200, 'OK');
    desk.respond(rung, 487, 'Request Terminated');
    await scene.talking(group.id, agent);
    await caller.hangUp(leg);
    await hungUpOn(soft);
    expect((await scene.system.record(group.id)).offers).toMatchObject([{ agentId: agent.id, outcome: 'answered' }]);
  });
});

describe('what a caller hears', () => {
  test('a recording of 44.1 kHz as the welcome: its tone is heard', async () => {
    const audio = await scene.system.audio(toneWav(700, 1500, 44_100));
    const queueId = (await scene.system.perform('queue.create', { name: scene.system.name('queue'), agentGroupIds: [], timeoutSeconds: 60 })).value.id;
    const group = await flow({ defaultAction: { kind: 'queue', queueId }, welcome: { text: '', audio } });
    const { phone: caller, leg, sound } = await scene.audibleCall(group.user);
    await sound.untilTone(700, 400);
    await caller.hangUp(leg);
  });

  test('the workflow’s own music while waiting, and the place in the queue told in between', async () => {
    const audio = await scene.system.audio(toneWav(500, 4000, 8000));
    const queueId = (await scene.system.perform('queue.create', { name: scene.system.name('queue'), agentGroupIds: [], timeoutSeconds: 60, announceSeconds: 15 })).value.id;
    const group = await flow({ defaultAction: { kind: 'queue', queueId }, music: audio });
    const { phone: caller, leg, sound } = await scene.audibleCall(group.user);
    await sound.untilTone(500, 400);
    // The announcement takes the music away for a while.
    await sound.until((heard) => heard.length > 100 && toneShare(sound.samples(heard.slice(-30)), 500) < 0.3, 'the announcement', 60_000);
    await sound.untilTone(500, 400);
    await caller.hangUp(leg);
  });
});

describeWith(['baresip'], 'whole calls by baresip', () => {
  const phones: Baresip[] = [];
  afterEach(async () => { await Promise.all(phones.splice(0).map((phone) => phone.stop())); });
  const start = async (made: Promise<Baresip>): Promise<Baresip> => { const phone = await made; phones.push(phone); return phone; };

  test('the caller presses a key in the menu, the agent’s phone holds, resumes and transfers blindly to another agent', async () => {
    const [agent, target] = [await scene.system.agent(), await scene.system.agent()];
    const agentGroupId = (await scene.system.perform('agentGroup.create', { name: scene.system.name('group'), agentIds: [agent.id] })).value.id;
    const queueId = (await scene.system.perform('queue.create', { name: scene.system.name('queue'), agentGroupIds: [agentGroupId] })).value.id;
    const group = await flow({
      defaultAction: { kind: 'question', questionId: 'top' },
      questions: [{ id: 'top', name: 'Top', prompt: { text: 'Press four.', audio: null }, answers: [{ name: 'Four', key: '4', action: { kind: 'queue', queueId } }] }],
    });
    const bob = await start(Baresip.start({ server: scene.system.sip, user: agent.user, password: agent.password, autoAnswer: true, toneHz: 660 }));
    await bob.hears(/200 OK/);
    const caller = await start(Baresip.start({ server: scene.system.sip, user: scene.system.name('caller'), toneHz: 440 }));
    caller.dial(`sip:${group.user}@${scene.system.sip.domain}`);
    await caller.hears(/Call established/);
    await scene.system.live(group.id, 'the menu', (live) => live.callers[0]?.state === 'menu');
    caller.command('4');
    await scene.talking(group.id, agent);
    bob.command('/hold');
    const targetPhone = await scene.open(scene.system.phone(target));
    bob.command('/resume');
    bob.command(`/transfer sip:${target.user}@${scene.system.sip.domain}`);
    await pickUp(targetPhone);
    await scene.talking(group.id, target);
    caller.command('/hangup');
    await hungUpOn(targetPhone);
    expect(await scene.system.record(group.id)).toMatchObject({ outcome: 'answered', answers: [{ question: 'Top', answer: 'Four' }], steps: [{ why: 'chosen' }, { why: 'transferred', to: `agent:${target.id}` }] });
  });
});
