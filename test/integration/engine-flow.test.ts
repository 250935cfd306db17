// The flow beyond one queue through a real edge: keys, hold, transfers, trunks and instructions, phones whose every packet the test decides.
import { randomUUID } from 'node:crypto';
import { poolSettings } from '../../storage/model/settings';
import { trunk } from '../../storage/model/trunk';
import { type EngineGroup, EngineUnderTest, POOL, until } from '../support/engine';
import { audioSdp, type Leg, Phone } from '../support/phone';

jest.setTimeout(60_000);

let world: EngineUnderTest;
let outside: Phone;
beforeAll(async () => {
  world = await EngineUnderTest.start();
  outside = await Phone.open('outside', world.server, 0, '127.0.0.7');
  const stored = { pool: POOL, version: 1 };
  world.configure([
    { kind: 'trunks', id: 't', before: null, after: trunk.parse({ ...stored, id: 't', name: 'Trunk', host: '127.0.0.7', port: outside.port, checkSeconds: null }) },
    { kind: 'settings', id: 's', before: null, after: poolSettings.parse({ ...stored, id: 's', numberPolicy: { allowedPrefixes: ['+44'] } }) },
  ]);
});
afterAll(async () => {
  await world?.stop();
  await outside?.close();
});

let count = 0;
const newUser = (): string => `agent${(count += 1)}`;
const HELD = audioSdp(30_002).replace('a=sendrecv', 'a=sendonly');
const live = (workflowId: string) => world.storage.groups.get(workflowId)?.callers[0];

async function caller(group: { readonly user: string }) {
  const alice = await world.phone('alice');
  const leg = alice.invite(group.user, audioSdp(30_000));
  await alice.answered(leg);
  return { alice, leg };
}

/** That phone is rung and answers. */
async function answers(phone: Phone): Promise<Leg> {
  const invite = await phone.request('INVITE');
  phone.respond(invite, 180, 'Ringing');
  const leg = phone.legOf(invite, phone.respond(invite, 200, 'OK', audioSdp(30_002)));
  await phone.request('ACK');
  return leg;
}

async function talking(options: EngineGroup = {}) {
  const user = newUser();
  const group = world.group([user], options);
  const bob = await world.registered(user);
  const { alice, leg } = await caller(group);
  const bobLeg = await answers(bob);
  await until('them to talk', () => live(group.id)?.state === 'talking');
  return { user, group, bob, bobLeg, alice, leg };
}

test('a menu answered by INFO: told by its answer, then rung with the call’s context in the headers', async () => {
  const user = newUser();
  const group = world.group([user], { workflow: (queueId) => ({
    defaultAction: { kind: 'question', questionId: 'top' },
    questions: [{ id: 'top', name: 'Which department?', prompt: { text: 'Which?' }, answers: [{ name: 'Sales', key: '1', action: { kind: 'queue', queueId } }] }],
  }) });
  const bob = await world.registered(user);
  const { alice, leg } = await caller(group);
  await until('the menu', () => live(group.id)?.state === 'menu');
  alice.send({ ...alice.inDialog(leg, 'INFO', undefined, { 'content-type': 'application/dtmf-relay' }), content: 'Signal=1\r\nDuration=160\r\n' });
  expect((await alice.response('INFO', (status) => status >= 200, leg.callId)).status).toBe(200);
  const invite = await bob.request('INVITE');
  const headers = invite.headers as unknown as Record<string, string>;
  expect([headers['x-response-group'], headers['x-answers']]).toEqual([expect.stringMatching(/^Group%20\d+$/), 'Which%20department%3F=Sales']);
  expect(Number(headers['x-wait-seconds'])).toBeGreaterThanOrEqual(0);
  bob.respond(invite, 180, 'Ringing');
  await alice.hangUp(leg);
  bob.respond(await bob.request('CANCEL'), 200, 'OK');
  bob.respond(invite, 487, 'Request Terminated');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'abandoned', answers: [{ question: 'Which department?', answer: 'Sales' }] });
});

test('a blind transfer to another agent: 202, both joined, NOTIFY 200, the first gets BYE', async () => {
  const { group, bob, bobLeg, alice, leg } = await talking();
  const other = newUser();
  world.group([other]);
  const carla = await world.registered(other);
  bob.send(bob.inDialog(bobLeg, 'REFER', undefined, { 'refer-to': `<sip:${other}@${world.server.domain}>` }));
  expect((await bob.response('REFER', (status) => status >= 200, bobLeg.callId)).status).toBe(202);
  const carlaLeg = await answers(carla);
  const told: string[] = [];
  while (!told.some((body) => body.includes('200'))) {
    const notify = await bob.request('NOTIFY');
    bob.respond(notify, 200, 'OK');
    told.push(notify.content ?? '');
  }
  bob.respond(await bob.request('BYE'), 200, 'OK');
  await until('carla to talk', () => live(group.id)?.state === 'talking' && live(group.id)?.agentId === other);
  await carla.hangUp(carlaLeg);
  alice.respond(await alice.request('BYE', leg.callId), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', steps: [expect.objectContaining({ why: 'transferred' })] });
});

test('held, transferred to a number through the trunk, which is busy: told so, and still held when joined again', async () => {
  const { group, bob, bobLeg, alice, leg } = await talking();
  bob.send(bob.inDialog(bobLeg, 'INVITE', HELD));
  await bob.answered(bobLeg);
  expect(bobLeg.remoteSdp).toMatch(/a=recvonly/);
  bob.send(bob.inDialog(bobLeg, 'REFER', undefined, { 'refer-to': `<sip:+44123456@${world.server.domain}>` }));
  expect((await bob.response('REFER', (status) => status >= 200, bobLeg.callId)).status).toBe(202);
  const invite = await outside.request('INVITE');
  expect(invite.uri).toContain('+44123456@127.0.0.7');
  outside.respond(invite, 486, 'Busy Here');
  await outside.request('ACK');
  const failure = await bob.next('a NOTIFY of the failure', (message) => message.method === 'NOTIFY' && (message.content ?? '').includes('486'));
  bob.respond(failure, 200, 'OK');
  await until('them to talk again', () => live(group.id)?.state === 'talking');
  await alice.hangUp(leg);
  bob.respond(await bob.request('BYE'), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
});

test('nobody answers in time: sent on to a number through the trunk, forwarded', async () => {
  const group = world.group([], { queue: { timeoutSeconds: 10, timeoutAction: { kind: 'number', number: '+4420' } } });
  const { alice, leg } = await caller(group);
  const there = await answers(outside);
  await until('them to talk', () => live(group.id)?.state === 'talking');
  await outside.hangUp(there);
  alice.respond(await alice.request('BYE', leg.callId), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'forwarded', steps: [expect.objectContaining({ why: 'timedOut', to: 'tel:+4420' })] });
});

test('picked from chat and given another priority: done, each told once; a caller who is gone: refused', async () => {
  const user = newUser();
  const group = world.group([user], { agentGroup: { routingMethod: 'attendant' } });
  const bob = await world.registered(user);
  const { alice, leg } = await caller(group);
  const waiting = await until('the caller to wait', () => (live(group.id)?.state === 'waiting' ? live(group.id) : null));
  const ask = async (request: Parameters<EngineUnderTest['instruct']>[0]['request']) => {
    const _id = randomUUID();
    world.instruct({ _id, request });
    return until('the outcome', () => world.storage.settled.get(_id));
  };
  expect(await ask({ kind: 'setPriority', callId: waiting.callId, priority: 1 })).toEqual({ kind: 'done' });
  expect(await ask({ kind: 'pickCaller', callId: waiting.callId, agentId: user })).toEqual({ kind: 'done' });
  await answers(bob);
  await until('them to talk', () => live(group.id)?.agentId === user && live(group.id)?.state === 'talking');
  await alice.hangUp(leg);
  bob.respond(await bob.request('BYE'), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: user, priority: 1 });
  expect(await ask({ kind: 'moveCaller', callId: waiting.callId, queueId: 'q' })).toMatchObject({ kind: 'refused' });
});

test('a caller picked by dialling the pick-up code: both talk, and the phone that dialled hangs up', async () => {
  const user = newUser();
  const group = world.group([user], { agentGroup: { routingMethod: 'attendant' } });
  const bob = await world.registered(user);
  const { alice, leg } = await caller(group);
  await until('the caller to wait', () => live(group.id)?.state === 'waiting');
  const dialled = bob.invite(`${encodeURIComponent('*8')}@${world.server.host}:${world.server.port}`, audioSdp(30_004), { from: { uri: `sip:${user}@${world.server.domain}`, params: { tag: 'pick' } } });
  dialled.localTag = 'pick';
  await bob.answered(Object.assign(dialled, { localUri: `sip:${user}@${world.server.domain}` }));
  await until('them to talk', () => live(group.id)?.state === 'talking');
  await bob.hangUp(dialled);
  alice.respond(await alice.request('BYE', leg.callId), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: user, endedBy: 'agent' });
});

test('a registered phone that hides its name may dial outside, and the trunk is told whose it is; whoever else hides is asked to show it', async () => {
  const user = newUser();
  world.group([user]);
  const bob = await world.registered(user);
  const number = `+44${Date.now()}`;
  const HIDDEN = { from: { name: '"Anonymous"', uri: 'sip:anonymous@anonymous.invalid', params: { tag: 'hides' } }, privacy: 'id' };
  const dialled = bob.invite(number, audioSdp(30_006), HIDDEN);
  await bob.answered(Object.assign(dialled, { localUri: HIDDEN.from.uri, localTag: 'hides' }));
  const invite = await outside.request('INVITE');
  expect(invite.headers.from.uri).toBe('sip:anonymous@anonymous.invalid');
  expect([invite.headers['privacy'], JSON.stringify(invite.headers['p-asserted-identity'])]).toEqual(['id', expect.stringContaining(`sip:${bob.user}@${world.server.domain}`)]);
  outside.respond(invite, 486, 'Busy Here');
  await outside.request('ACK');
  bob.respond(await bob.request('BYE', dialled.callId), 200, 'OK');
  const eve = await world.phone('eve');
  const asked = eve.invite(number, audioSdp(30_008), HIDDEN);
  expect((await eve.response('INVITE', (status) => status >= 200, asked.callId)).status).toBe(407);
});

describe('what a caller never learns', () => {
  const SECRET = /hush|127\.0\.0\.9/i;
  /** Everything by which a phone can say whose it is, in whatever it sends. */
  const TELLING = {
    'user-agent': 'Hush/1', server: 'Hush/1', organization: 'Hush', subject: 'hush', 'call-info': '<http://127.0.0.9/hush>;purpose=icon', 'alert-info': '<http://127.0.0.9/hush>',
    'p-asserted-identity': '"Hush" <sip:hush@127.0.0.9>', 'p-preferred-identity': '<sip:hush@127.0.0.9>', 'remote-party-id': '"Hush" <sip:hush@127.0.0.9>', 'reply-to': '<sip:hush@127.0.0.9>', 'history-info': '<sip:hush@127.0.0.9>;index=1',
  };
  const sdp = (direction = 'sendrecv'): string => audioSdp(30_020).replace('o=- 1 1 IN IP4 127.0.0.1\r\ns=-', 'o=hush 7 1 IN IP4 127.0.0.9\r\ns=Hush\r\ni=hush\r\ne=hush@127.0.0.9').replace('a=sendrecv', `a=${direction}`);
  const phones: Phone[] = [];
  afterAll(async () => { await Promise.all(phones.map((phone) => phone.close())); });
  async function telling(user: string): Promise<Phone> {
    const phone = await Phone.open(user, world.server, 0, '127.0.0.9');
    phones.push(phone);
    expect((await phone.register('pw')).status).toBe(200);
    return phone;
  }
  async function answersTelling(phone: Phone): Promise<Leg> {
    const invite = await phone.request('INVITE');
    phone.respond(invite, 183, 'Hush is rung', sdp(), TELLING);
    const leg = phone.legOf(invite, phone.respond(invite, 200, 'Hush', sdp(), TELLING));
    await phone.request('ACK');
    return leg;
  }
  const said = async (phone: Phone, leg: Leg, method: string, body?: string, headers: object = {}): Promise<void> => {
    phone.send(phone.inDialog(leg, method, body, { ...TELLING, ...headers }));
    const seq = leg.cseq;
    const answer = await phone.next(`the answer to ${method}`, (message) => (message.status ?? 0) >= 200 && message.headers.cseq.method === method && message.headers.cseq.seq === seq && message.headers['call-id'] === leg.callId);
    if (method === 'INVITE') phone.send(phone.inDialog(leg, 'ACK'));
    expect(answer.status).toBe(200);
  };
  /** What either of two who talk may say of themselves, each time in another order. */
  const inTheCall = (agent: Phone, agentLeg: Leg, caller: Phone, callerLeg: Leg): (() => Promise<void>)[] => [
    () => said(agent, agentLeg, 'INVITE', sdp('sendonly')), () => said(agent, agentLeg, 'INVITE', sdp()), () => said(agent, agentLeg, 'UPDATE', sdp(), { from: { name: '"Hush the Other"', uri: 'sip:hush@127.0.0.9', params: { tag: agentLeg.localTag } } }),
    () => said(agent, agentLeg, 'INFO', 'Signal=5\r\nDuration=100\r\n', { 'content-type': 'application/dtmf-relay' }), () => said(agent, agentLeg, 'OPTIONS'),
    () => said(caller, callerLeg, 'INVITE', HELD), () => said(caller, callerLeg, 'INVITE', audioSdp(30_000)), () => said(caller, callerLeg, 'UPDATE', audioSdp(30_000)), () => said(caller, callerLeg, 'OPTIONS'), () => said(caller, callerLeg, 'INFO', 'Signal=1\r\n', { 'content-type': 'application/dtmf-relay' }),
  ];
  async function shuffled(acts: (() => Promise<void>)[], seed: number): Promise<void> {
    for (let state = seed; acts.length > 0;) {
      state = (state * 48_271) % 2_147_483_647;
      await acts.splice(state % acts.length, 1)[0]?.();
    }
  }

  test('no byte of a caller\'s call holds what agents\' phones say of themselves: ringing, in the call, transferred blind and attended, taken over by another phone, ended', async () => {
    const users = ['hush1', 'hush2', 'hush3', 'hush4'];
    const group = world.group(users.slice(0, 1));
    world.group(users.slice(1));
    const [one, two, three, four] = await Promise.all(users.map(telling)) as [Phone, Phone, Phone, Phone];
    const { alice, leg } = await caller(group);
    const talks = (agentId: string) => until(`${agentId} to talk`, () => live(group.id)?.state === 'talking' && live(group.id)?.agentId === agentId);
    const oneLeg = await answersTelling(one);
    await talks('hush1');
    await shuffled(inTheCall(one, oneLeg, alice, leg), 17);
    // Blind.
    one.send(one.inDialog(oneLeg, 'REFER', undefined, { ...TELLING, 'refer-to': `<sip:hush2@${world.server.domain}>`, 'referred-by': '<sip:hush@127.0.0.9>' }));
    const twoLeg = await answersTelling(two);
    one.respond(await one.request('BYE'), 200, 'OK');
    await talks('hush2');
    await shuffled(inTheCall(two, twoLeg, alice, leg), 23);
    // Another phone takes the call.
    const from = { uri: `sip:hush3@${world.server.domain}`, params: { tag: 'takes' } };
    const threeLeg = three.invite(group.user, sdp(), { ...TELLING, from, replaces: `${twoLeg.callId};to-tag=${twoLeg.remoteTag ?? ''};from-tag=${twoLeg.localTag}` });
    await three.answered(Object.assign(threeLeg, { localTag: 'takes', localUri: from.uri }));
    two.respond(await two.request('BYE'), 200, 'OK', undefined, TELLING);
    await talks('hush3');
    await shuffled(inTheCall(three, threeLeg, alice, leg), 31);
    // Attended: the fourth is asked first.
    const asking = three.invite('hush4', sdp(), { ...TELLING, from: { ...from, params: { tag: 'asks' } } });
    await three.answered(Object.assign(asking, { localTag: 'asks', localUri: from.uri }));
    const fourLeg = await answersTelling(four);
    await until('the two agents to talk', () => [...world.storage.calls.values()].some((entry) => /"dialledUser":"hush4".*"state":"talking"/s.test(JSON.stringify(entry))));
    const replaces = encodeURIComponent(`${asking.callId};to-tag=${asking.remoteTag ?? ''};from-tag=asks`);
    three.send(three.inDialog(threeLeg, 'REFER', undefined, { ...TELLING, 'refer-to': `<sip:hush4@${world.server.domain}?Replaces=${replaces}>` }));
    const moved = await four.next('a re-INVITE', (message) => message.method === 'INVITE' && message.headers.to.params['tag'] !== undefined);
    four.respond(moved, 200, 'Hush', sdp(), TELLING);
    for (const ended of [threeLeg, asking]) three.respond(await three.request('BYE', ended.callId), 200, 'OK', undefined, TELLING);
    await talks('hush4');
    await shuffled(inTheCall(four, fourLeg, alice, leg), 43);
    four.send(four.inDialog(fourLeg, 'BYE', undefined, { ...TELLING, reason: 'SIP;cause=200;text="Hush hangs up"' }));
    alice.respond(await alice.request('BYE', leg.callId), 200, 'OK');
    const heard = alice.receivedText.join('\n');
    expect(heard).not.toMatch(SECRET);
    for (const { port } of phones) expect(heard).not.toContain(`:${port}`);
    // What it was looked for in: the agents' phones did say it, and the caller did hear of each turn.
    expect(one.receivedText.join('')).toMatch(/hush/);
    expect(alice.received.length).toBeGreaterThan(25);
  });
});

test('an agent who leaves offers unanswered is paused, and that is written', async () => {
  const user = newUser();
  const group = world.group([user], { agentGroup: { alertTimeSeconds: 10, autoPauseAfter: 1 } });
  const bob = await world.registered(user);
  const { alice, leg } = await caller(group);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 180, 'Ringing');
  bob.respond(await bob.request('CANCEL'), 200, 'OK');
  bob.respond(invite, 487, 'Request Terminated');
  await until('the pause to be written', () => world.storage.paused.includes(user));
  await until('the pause to be seen', () => world.storage.groups.get(group.id)?.agents[0]?.activity === 'paused');
  await alice.hangUp(leg);
});
