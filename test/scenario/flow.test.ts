// The whole call flow over real SIP: schedules, menus, targets, trunks, picking, against one running scene.system.
import { type Acting } from '../../storage/access';
import { type VerbInput } from '../../storage/administration/verbs';
import { type CallRecord } from '../../storage/model/record';
import { describeWith } from '../support/needs';
import { audioSdp, Phone } from '../support/phone';
import { hungUpOn, pickUp, Scene } from '../support/scene';
import { freePort, sipp, type SippOptions } from '../support/sipp';
import { type TestAgent } from '../support/system';

jest.setTimeout(90_000);

const scene = new Scene();
type CreatingVerb = 'workflow.create' | 'queue.create' | 'agentGroup.create' | 'businessHours.create' | 'holidaySet.create' | 'trunk.create';
const OPERATOR: Acting = { kind: 'operator', name: 'scenarios' };
/** Trunks are known by the address they speak from; each test that needs one takes its own. */
let loopbacks = 2;
const trunkAddress = (): string => `127.0.0.${++loopbacks}`;

/** An object of any kind; resolves to its id once the engine obeys it. */
const make = async <V extends CreatingVerb>(verb: V, input: VerbInput<V>): Promise<string> => (await scene.system.perform(verb, input)).value.id;

/** A workflow of its own, active, with what is told of it. */
async function workflow(fields: Omit<VerbInput<'workflow.create'>, 'displayName' | 'sipUser'>): Promise<{ readonly id: string; readonly user: string }> {
  const user = scene.system.name('flow');
  return { id: await make('workflow.create', { displayName: user, sipUser: user, active: true, ...fields }), user };
}

/** A queue with one agent group that has these agents. */
async function queueOf(agents: readonly TestAgent[], fields: Partial<VerbInput<'queue.create'>> = {}, group: Partial<VerbInput<'agentGroup.create'>> = {}): Promise<{ readonly queueId: string; readonly agentGroupId: string }> {
  const agentGroupId = await make('agentGroup.create', { name: scene.system.name('group'), agentIds: agents.map(({ id }) => id), ...group });
  return { queueId: await make('queue.create', { name: scene.system.name('queue'), agentGroupIds: [agentGroupId], ...fields }), agentGroupId };
}

const stepsOf = (record: CallRecord): (readonly [string, string])[] => (record.steps ?? []).map(({ why, to }) => [why, to] as const);

/** A sipp trunk at an address of its own, allowed to be dialled. */
async function trunk(scenario: string, fields: Partial<VerbInput<'trunk.create'>> = {}): Promise<{ readonly run: Promise<void>; readonly id: string }> {
  const [address, port] = [trunkAddress(), await freePort()];
  const options: SippOptions = { server: scene.system.sip, port, address };
  const id = await make('trunk.create', { name: scene.system.name('trunk'), host: address, port, checkSeconds: null, ...fields });
  return { run: sipp(scenario, options).done, id };
}

describe('schedules', () => {
  test('out of hours: the message, then the end; nobody is rung', async () => {
    const agent = await scene.system.agent();
    const { queueId } = await queueOf([agent]);
    const businessHoursId = await make('businessHours.create', { name: scene.system.name('never') });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId }, businessHoursId, closedAction: { kind: 'disconnect', prompt: { text: 'We are closed.', audio: null } } });
    const { phone } = await scene.call(flow.user);
    await hungUpOn(phone);
    expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'closed', endedBy: 'system', offers: [] });
  });

  test('a holiday goes before business hours: its action is carried out', async () => {
    const { queueId } = await queueOf([]);
    const businessHoursId = await make('businessHours.create', { name: scene.system.name('never') });
    const holidaySetId = await make('holidaySet.create', { name: scene.system.name('always'), holidays: [{ name: 'For ever', start: '2000-01-01T00:00', end: '2100-01-01T00:00' }] });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId }, businessHoursId, holidaySetIds: [holidaySetId], timeZone: 'Asia/Kolkata' });
    const { phone } = await scene.call(flow.user);
    await hungUpOn(phone);
    expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'holiday', endedBy: 'system' });
  });

  test('closed leads to a queue: an agent of that queue answers', async () => {
    const agent = await scene.system.agent();
    const [day, night] = [await queueOf([]), await queueOf([agent])];
    const businessHoursId = await make('businessHours.create', { name: scene.system.name('never') });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId: day.queueId }, businessHoursId, closedAction: { kind: 'queue', queueId: night.queueId, prompt: null } });
    const bob = await scene.open(scene.system.phone(agent));
    const { phone, leg } = await scene.call(flow.user);
    await pickUp(bob);
    await scene.talking(flow.id, agent);
    await phone.hangUp(leg);
    await hungUpOn(bob);
    const record = await scene.system.record(flow.id);
    expect(record).toMatchObject({ outcome: 'answered', agentId: agent.id, queueId: night.queueId });
    expect(stepsOf(record)).toEqual([['closed', `queue:${night.queueId}`]]);
  });
});

describe('menus', () => {
  const menu = (sales: string, support: string): Pick<VerbInput<'workflow.create'>, 'defaultAction' | 'questions'> => ({
    defaultAction: { kind: 'question', questionId: 'top' },
    questions: [
      {
        id: 'top', name: 'Department', prompt: { text: 'For sales press one. For support press two.', audio: null }, answerSeconds: 3, attempts: 2,
        answers: [{ name: 'Sales', key: '1', action: { kind: 'queue', queueId: sales, prompt: null } }, { name: 'Support', key: '2', action: { kind: 'question', questionId: 'product', prompt: null } }],
      },
      {
        id: 'product', name: 'Product', prompt: { text: 'For telephones press one.', audio: null }, answerSeconds: 3,
        answers: [{ name: 'Telephones', key: '1', action: { kind: 'queue', queueId: support, prompt: null } }],
      },
    ],
  });

  test('two keys by RFC 4733, the first into the prompt: the second question’s queue, and the phone is told what was answered', async () => {
    const agent = await scene.system.agent();
    const [sales, support] = [await queueOf([]), await queueOf([agent])];
    const flow = await workflow(menu(sales.queueId, support.queueId));
    const bob = await scene.open(scene.system.phone(agent));
    const { phone, leg, sound } = await scene.audibleCall(flow.user);
    await sound.until((heard) => heard.length > 0, 'the first question');
    sound.press('2');
    await scene.system.live(flow.id, 'the first answer', (live) => live.callers[0]?.answers.length === 1);
    sound.press('1');
    const invite = await bob.request('INVITE');
    expect(decodeURIComponent(String(invite.headers['x-answers']))).toBe('Department=Support; Product=Telephones');
    expect(decodeURIComponent(String(invite.headers['x-response-group']))).toBe(flow.user);
    expect(Number(invite.headers['x-wait-seconds'])).toBeGreaterThanOrEqual(0);
    bob.respond(invite, 200, 'OK', audioSdp(40_002));
    await bob.request('ACK');
    await scene.talking(flow.id, agent);
    await phone.hangUp(leg);
    await hungUpOn(bob);
    expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'answered', queueId: support.queueId, answers: [{ question: 'Department', answer: 'Support' }, { question: 'Product', answer: 'Telephones' }] });
  });

  test('nothing pressed in two attempts: the call is ended as without a choice', async () => {
    const [sales, support] = [await queueOf([]), await queueOf([])];
    const flow = await workflow(menu(sales.queueId, support.queueId));
    const { phone } = await scene.call(flow.user);
    await hungUpOn(phone);
    expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'noChoice', endedBy: 'system' });
  });

  describeWith(['sipp'], 'menus by sipp', () => {
    test('a key by SIP INFO: its queue is joined', async () => {
      const [sales, support] = [await queueOf([], { timeoutSeconds: 10 }), await queueOf([])];
      const flow = await workflow(menu(sales.queueId, support.queueId));
      await sipp('uac-press-by-info-expect-bye', { server: scene.system.sip, service: flow.user, pauseMs: 500, keys: { key: '1' } }).done;
      expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'timedOut', queueId: sales.queueId, answers: [{ question: 'Department', answer: 'Sales' }] });
    });
  });
});

describeWith(['sipp'], 'targets through trunks', () => {
  beforeAll(() => scene.system.allowNumbers());

  test('overflow to a number: the trunk’s challenge is answered, the caller is named, both talk', async () => {
    // Only a caller who is known is named to a trunk: this one came from it.
    const from = trunkAddress();
    const { run } = await trunk('uas-challenge-407-then-answer', { username: 'trunk-user', password: 'secret', sources: [from] });
    const { queueId } = await queueOf([], { overflowThreshold: 0, overflowAction: { kind: 'number', number: '+442071234567', prompt: null } });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const caller = sipp('uac-expect-200-then-hang-up', { server: scene.system.sip, service: flow.user, pauseMs: 3000, address: from });
    await Promise.all([run, caller.done]);
    const record = await scene.system.record(flow.id);
    expect(record).toMatchObject({ outcome: 'forwarded', endedBy: 'caller' });
    expect(stepsOf(record)).toEqual([['overflowed', 'tel:+442071234567']]);
  });

  test('the first trunk is out of service: the second is tried, for a voicemail address', async () => {
    const first = await trunk('uas-unavailable-503', { order: 1 });
    const second = await trunk('uas-answer-expect-bye', { order: 2 });
    const { queueId } = await queueOf([], { timeoutSeconds: 10, timeoutAction: { kind: 'voicemail', uri: 'sip:box7@vm.example', prompt: { text: 'Please leave a message.', audio: null } } });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const caller = sipp('uac-expect-200-then-hang-up', { server: scene.system.sip, service: flow.user, pauseMs: 15_000 });
    await Promise.all([first.run, second.run, caller.done]);
    const record = await scene.system.record(flow.id);
    expect(record).toMatchObject({ outcome: 'forwarded' });
    expect(stepsOf(record)).toEqual([['timedOut', 'sip:box7@vm.example']]);
    for (const { id } of [first, second]) await scene.system.perform('trunk.delete', { id });
  });

  test('closed leads to a SIP address outside: the caller hears it ring, then whoever answers, and its end is the call’s end', async () => {
    const { phone: outside } = await scene.open(scene.system.trunk());
    const { queueId } = await queueOf([]);
    const businessHoursId = await make('businessHours.create', { name: scene.system.name('never') });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId }, businessHoursId, closedAction: { kind: 'sipUri', uri: 'sip:night@vm.example', prompt: null } });
    const { phone, sound } = await scene.audibleCall(flow.user);
    const invite = await outside.request('INVITE');
    expect(invite.uri).toContain('sip:night@vm.example');
    outside.respond(invite, 180, 'Ringing');
    sound.forget();
    await sound.until((heard) => heard.length > 25, 'it ring');
    const outsideSound = await scene.sound();
    const leg = outside.legOf(invite, outside.respond(invite, 200, 'OK', outsideSound.sdp()));
    outsideSound.follow(invite.content ?? '');
    await outside.request('ACK');
    outsideSound.tone(880);
    await sound.untilTone(880);
    await outside.hangUp(leg);
    await hungUpOn(phone);
    const record = await scene.system.record(flow.id);
    expect(record).toMatchObject({ outcome: 'forwarded' });
    expect(stepsOf(record)).toEqual([['closed', 'sip:night@vm.example']]);
  });

  test('a number outside the policy: refused when it is configured, with the number named', async () => {
    const refused = await scene.system.administration.perform(OPERATOR, 'queue.create', { name: scene.system.name('queue'), agentGroupIds: [], timeoutAction: { kind: 'number', number: '+15551234', prompt: null } });
    expect(refused.ok).toBe(false);
    expect(JSON.stringify(refused)).toContain('+15551234');
  });

  test('a federated caller where federation is off: 403; where it is on: answered', async () => {
    const address = trunkAddress();
    const id = await make('trunk.create', { name: scene.system.name('federated'), host: address, federated: true, outgoing: false, checkSeconds: null });
    const { queueId } = await queueOf([]);
    const [off, on] = [await workflow({ defaultAction: { kind: 'queue', queueId } }), await workflow({ defaultAction: { kind: 'queue', queueId }, federation: true })];
    await sipp('uac-expect-403', { server: scene.system.sip, service: off.user, address }).done;
    await sipp('uac-expect-200-then-hang-up', { server: scene.system.sip, service: on.user, address, pauseMs: 200 }).done;
    expect(await scene.system.record(off.id)).toMatchObject({ outcome: 'refused', refusedWith: 403 });
    expect(await scene.system.record(on.id)).toMatchObject({ outcome: 'abandoned' });
    await scene.system.perform('trunk.delete', { id });
  });
});

describe('agents and queues', () => {
  test('no agent is signed in: the no-agents action, also when the threshold is 0; and for a caller who waits when the last one leaves', async () => {
    const agent = await scene.system.agent(false);
    const noAgents = { overflowThreshold: 0, noAgentsAction: { kind: 'disconnect', prompt: null } } as const;
    const { queueId } = await queueOf([agent], noAgents);
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const first = await scene.call(flow.user);
    await hungUpOn(first.phone);
    const arrived = await scene.system.record(flow.id);
    expect(arrived).toMatchObject({ outcome: 'noAgents', joinedQueueAt: null });

    await scene.system.duty(agent.id, true);
    const { queueId: patient } = await queueOf([agent], { noAgentsAction: { kind: 'disconnect', prompt: null } });
    const other = await workflow({ defaultAction: { kind: 'queue', queueId: patient } });
    const second = await scene.call(other.user);
    await scene.waiting(other.id);
    await scene.system.duty(agent.id, false);
    await hungUpOn(second.phone);
    expect((await scene.system.record(other.id)).outcome).toBe('noAgents');
  });

  test('formal: an agent is rung only while signed in; paused: not rung until resumed', async () => {
    const agent = await scene.system.agent();
    const { queueId, agentGroupId } = await queueOf([agent], {}, { participation: 'formal' });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const bob = await scene.open(scene.system.phone(agent));
    await scene.system.perform('duty.pause', { agentId: agent.id, reason: 'Lunch' });
    await scene.system.perform('duty.signIn', { agentId: agent.id, agentGroupId });
    const { phone, leg } = await scene.call(flow.user);
    const live = await scene.system.live(flow.id, 'the caller to wait and the agent to be paused', (one) => one.callers[0]?.state === 'waiting' && one.agents[0]?.activity === 'paused');
    expect(live.agents[0]?.signedIn).toBe(true);
    expect(bob.has((message) => message.method === 'INVITE')).toBe(false);
    await scene.system.perform('duty.resume', { agentId: agent.id });
    await pickUp(bob);
    await scene.talking(flow.id, agent);
    await phone.hangUp(leg);
    await hungUpOn(bob);
  });

  test('attendant: nobody is rung; the one picked rings at that agent’s phone; another dials the code and has the other caller at once', async () => {
    const [alice, bob] = [await scene.system.agent(), await scene.system.agent()];
    const { queueId } = await queueOf([alice, bob], {}, { routingMethod: 'attendant' });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const [alicePhone, bobPhone] = [await scene.open(scene.system.phone(alice)), await scene.open(scene.system.phone(bob))];
    const first = await scene.call(flow.user);
    await scene.waiting(flow.id);
    const second = await scene.call(flow.user);
    const { callers } = await scene.system.live(flow.id, 'two callers to wait', (live) => live.callers.filter(({ state }) => state === 'waiting').length === 2);
    expect([alicePhone, bobPhone].some((phone) => phone.has((message) => message.method === 'INVITE'))).toBe(false);

    const picked = scene.system.administration.ask(scene.system.asPerson(alice), { kind: 'pickCaller', callId: callers[1]!.callId, agentId: alice.id });
    await pickUp(alicePhone);
    expect(await picked).toEqual({ ok: true, value: { kind: 'done' } });
    await scene.talking(flow.id, alice);

    const dialled = bobPhone.invite(`${encodeURIComponent('*8')}@${scene.system.sip.host}:${scene.system.sip.port}`, audioSdp(40_006));
    await bobPhone.answered(dialled);
    await scene.talking(flow.id, bob);
    await bobPhone.hangUp(dialled);
    await hungUpOn(first.phone);
    await second.phone.hangUp(second.leg);
    await hungUpOn(alicePhone);
    expect((await scene.system.record(flow.id, ({ agentId }) => agentId === bob.id)).endedBy).toBe('agent');
    expect((await scene.system.record(flow.id, ({ agentId }) => agentId === alice.id)).endedBy).toBe('caller');
  });

  test('a caller is moved and put first by instruction: the other queue’s agent rings for that one before those who waited longer', async () => {
    const agent = await scene.system.agent(false);
    const [from, to] = [await queueOf([]), await queueOf([agent])];
    const [one, other] = [await workflow({ defaultAction: { kind: 'queue', queueId: from.queueId } }), await workflow({ defaultAction: { kind: 'queue', queueId: to.queueId } })];
    const patient = await scene.call(other.user);
    await scene.waiting(other.id);
    const moved = await scene.call(one.user);
    const { callers: [caller] } = await scene.waiting(one.id);
    const told = [await scene.system.administration.ask(OPERATOR, { kind: 'setPriority', callId: caller!.callId, priority: 1 }), await scene.system.administration.ask(OPERATOR, { kind: 'moveCaller', callId: caller!.callId, queueId: to.queueId })];
    expect(told).toEqual([{ ok: true, value: { kind: 'done' } }, { ok: true, value: { kind: 'done' } }]);
    const bob = await scene.open(scene.system.phone(agent));
    await scene.system.duty(agent.id, true);
    await pickUp(bob);
    await scene.talking(one.id, agent);
    await moved.phone.hangUp(moved.leg);
    await hungUpOn(bob);
    await patient.phone.hangUp(patient.leg);
    const record = await scene.system.record(one.id);
    expect(record).toMatchObject({ outcome: 'answered', agentId: agent.id, priority: 1, queueId: to.queueId });
    expect(stepsOf(record)).toEqual([['moved', `queue:${to.queueId}`]]);
  });

  test('the leave key in the queue: its target', async () => {
    const { queueId } = await queueOf([], { leaveKey: '9', leaveAction: { kind: 'disconnect', prompt: { text: 'Goodbye.', audio: null } } });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const { phone, sound } = await scene.audibleCall(flow.user);
    await scene.waiting(flow.id);
    sound.press('5');
    sound.press('9');
    await hungUpOn(phone);
    expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'left', endedBy: 'system' });
  });

  test('as many offers left unanswered as the group allows: the agent is paused, and it is written as the duty', async () => {
    const agent = await scene.system.agent();
    const { queueId } = await queueOf([agent], {}, { autoPauseAfter: 1, alertTimeSeconds: 10 });
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const bob = await scene.open(scene.system.phone(agent));
    const { phone, leg } = await scene.call(flow.user);
    const invite = await bob.request('INVITE');
    bob.respond(invite, 180, 'Ringing');
    const cancel = await bob.request('CANCEL');
    bob.respond(cancel, 200, 'OK');
    bob.respond(invite, 487, 'Request Terminated');
    await scene.system.live(flow.id, 'the agent to be paused', (live) => live.agents[0]?.activity === 'paused');
    await scene.system.duties(agent.id, (duty) => duty.pause?.by === 'unanswered');
    await phone.hangUp(leg);
  });

  test('an agent with a number beside the phone: both ring, the number confirms with 1 and has the call', async () => {
    await scene.system.allowNumbers();
    const address = trunkAddress();
    const mobile = await scene.open(Phone.open('mobile', scene.system.sip, 0, address));
    const trunkId = await make('trunk.create', { name: scene.system.name('mobile'), host: address, port: mobile.port, checkSeconds: null });
    const agent = await scene.system.agent();
    const now = await scene.system.administration.agents(OPERATOR);
    const version = now.ok ? now.value.find(({ id }) => id === agent.id)?.detail?.version ?? 1 : 1;
    await scene.system.perform('agent.change', { id: agent.id, version, changes: { contacts: [{ kind: 'number', number: '+442079460000', confirm: true }] } });
    const { queueId } = await queueOf([agent]);
    const flow = await workflow({ defaultAction: { kind: 'queue', queueId } });
    const desk = await scene.open(scene.system.phone(agent));
    const mobileSound = await scene.sound();
    const { phone, leg, sound: callerSound } = await scene.audibleCall(flow.user);
    const [rung, deskRung] = await Promise.all([mobile.request('INVITE'), desk.request('INVITE')]);
    desk.respond(deskRung, 180, 'Ringing');
    const answer = mobile.respond(rung, 200, 'OK', mobileSound.sdp());
    await mobile.request('ACK');
    const mobileLeg = mobile.legOf(rung, answer);
    mobileSound.follow(rung.content ?? '');
    await mobileSound.until((heard) => heard.length > 20, 'the request to press 1');
    mobileSound.press('1');
    const cancel = await desk.request('CANCEL');
    desk.respond(cancel, 200, 'OK');
    desk.respond(deskRung, 487, 'Request Terminated');
    const again = await mobile.next('a re-INVITE', (message) => message.method === 'INVITE' && message.headers['call-id'] === mobileLeg.callId);
    mobile.respond(again, 200, 'OK', mobileSound.sdp());
    mobileSound.follow(again.content ?? '');
    await scene.talking(flow.id, agent);
    mobileSound.tone(660);
    await callerSound.untilTone(660);
    await phone.hangUp(leg);
    await hungUpOn(mobile);
    await scene.system.perform('trunk.delete', { id: trunkId });
    expect(await scene.system.record(flow.id)).toMatchObject({ outcome: 'answered', agentId: agent.id });
  });
});
