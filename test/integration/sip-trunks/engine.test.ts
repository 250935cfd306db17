// Trunks and the whole engine: callers forwarded through them, calls that come back through them, and callers who are not to be shown.
import { type Message } from 'sip';
import { queue } from '../../../storage/model/queue';
import { poolSettings } from '../../../storage/model/settings';
import { EngineUnderTest, POOL, TEST_DOMAIN, until } from '../../support/engine';
import { describeWith } from '../../support/needs';
import { audioSdp } from '../../support/phone';
import { trunkAt } from '../../support/sip-side';
import { freePort, sipp } from '../../support/sipp';

const NUMBER = '+441632960999';
let engine: EngineUnderTest;
beforeEach(async () => { engine = await EngineUnderTest.start(); });
afterEach(() => engine.stop());

/** A group without agents, which sends every caller to a number outside. */
function forwarding(allowedPrefixes = ['+44']): { readonly id: string; readonly user: string } {
  const group = engine.group([]);
  engine.configure([
    { kind: 'settings', id: POOL, before: null, after: poolSettings.parse({ id: POOL, pool: POOL, version: 1, numberPolicy: { allowedPrefixes } }) },
    { kind: 'queues', id: `q${group.id}`, before: null, after: queue.parse({ id: `q${group.id}`, pool: POOL, version: 2, name: group.id, agentGroupIds: [`g${group.id}`], noAgentsAction: { kind: 'number', number: NUMBER } }) },
  ]);
  return group;
}

function trunks(...phones: readonly (readonly [{ readonly port: number }, object?])[]): void {
  engine.configure(phones.map(([phone, more], at) => {
    const after = trunkAt(phone.port, { order: at + 1, ...more });
    return { kind: 'trunks' as const, id: after.id, before: null, after };
  }));
}

const sdp = (): string => audioSdp(40_000);
const invites = (seq: number) => (message: Message): boolean => message.method === 'INVITE' && message.headers.cseq.seq === seq;

test('forwarded to a number: the first trunk is out of service, the second wants a password; answered, talked, ended', async () => {
  const [first, second, caller] = [await engine.phone('first'), await engine.phone('second'), await engine.phone('alice')];
  const group = forwarding();
  trunks([first], [second, { username: 'acct', password: 'pw', fromDomain: 'trunk.test' }]);
  const leg = caller.invite(group.user, sdp());
  await caller.answered(leg);
  first.respond(await first.request('INVITE'), 503, 'Service Unavailable');
  const asked = await second.next('the call', invites(1));
  const { via, from, to, 'call-id': callId, cseq } = asked.headers;
  second.send({ status: 407, reason: 'Who', headers: { via, from, 'call-id': callId, cseq, to: { ...to, params: { tag: 'c' } }, 'proxy-authenticate': [{ scheme: 'Digest', realm: '"trunk.test"', nonce: '"n"', qop: '"auth"', algorithm: 'SHA-256' }] } });
  const invite = await second.next('the call with credentials', invites(2));
  expect(invite.headers['proxy-authorization']).toBeDefined();
  expect([invite.uri, invite.headers.from.uri, invite.headers['max-forwards']]).toEqual([`sip:${NUMBER}@127.0.0.1:${second.port};user=phone`, 'sip:alice@trunk.test', '69']);
  expect(invite.headers['history-info']).toBe(`<sip:${group.user}@${TEST_DOMAIN}>;index=1,<sip:${NUMBER}@127.0.0.1:${second.port};user=phone;cause=302>;index=1.1;mp=1`);
  second.respond(invite, 180, 'Ringing');
  second.respond(invite, 200, 'OK', sdp());
  await second.request('ACK', invite.headers['call-id']);
  await until('the forwarded call to talk', () => engine.storage.groups.get(group.id)?.callers.some(({ state }) => state === 'talking'));
  const bye = second.request('BYE');
  await caller.hangUp(leg);
  second.respond(await bye, 200, 'OK');
  expect(await engine.record(group.id)).toMatchObject({ outcome: 'forwarded', endedBy: 'caller' });
});

test('forwarded without any trunk: the caller is let go, and the record says for what', async () => {
  const caller = await engine.phone('alice');
  const group = forwarding();
  const leg = caller.invite(group.user, sdp());
  await caller.answered(leg);
  caller.respond(await caller.request('BYE'), 200, 'OK');
  expect(await engine.record(group.id)).toMatchObject({ outcome: 'noAgents', endedBy: 'system', steps: [{ why: 'noAgents', to: `tel:${NUMBER}` }] });
});

test('a number outside the policy: nothing reaches the trunk', async () => {
  const [trunk, caller] = [await engine.phone('trunk'), await engine.phone('alice')];
  const group = forwarding(['+33']);
  trunks([trunk]);
  const leg = caller.invite(group.user, sdp());
  await caller.answered(leg);
  caller.respond(await caller.request('BYE'), 200, 'OK');
  expect(trunk.received.filter(({ method }) => method === 'INVITE')).toEqual([]);
});

test('a call that comes back with its History-Info, again and again: 482, and every round ends', async () => {
  const trunk = await engine.phone('trunk');
  const group = forwarding();
  trunks([trunk]);
  // The trunk sends whatever it is given back to the group, as a forwarding number would.
  let leg = trunk.invite(group.user, sdp());
  const rounds: Message[] = [];
  for (;;) {
    const final = await trunk.response('INVITE', (status) => status >= 200, leg.callId);
    if (final.status !== 200) {
      expect(final.status).toBe(482);
      break;
    }
    expect(rounds.length).toBeLessThan(5);
    leg.remoteTag = final.headers.to.params['tag'];
    trunk.send(trunk.inDialog(leg, 'ACK'));
    const invite = await trunk.request('INVITE');
    rounds.push(invite);
    trunk.respond(invite, 100, 'Trying');
    leg = trunk.invite(group.user, sdp(), { 'history-info': invite.headers['history-info'], 'max-forwards': Number(invite.headers['max-forwards']) - 1 });
  }
  expect(rounds.map(({ headers }) => String(headers['history-info']).split(`@${TEST_DOMAIN}`).length - 1)).toEqual([1, 2, 3]);
  expect(rounds.map(({ headers }) => Number(headers['max-forwards']))).toEqual([69, 67, 65]);
  for (const invite of rounds) trunk.respond(invite, 482, 'Loop Detected');
  await until('every round to be over', () => [...engine.storage.records.values()].length === 4);
});

test('a caller who is not to be shown: no agent\'s phone, no live document and no record has the number', async () => {
  const [trunk, group] = [await engine.phone('trunk'), engine.group(['bob'])];
  trunks([trunk, { outgoing: false }]);
  const bob = await engine.registered('bob');
  const leg = trunk.invite(group.user, sdp(), { from: { name: '"Al Ice"', uri: 'sip:+441632960001@127.0.0.1', params: { tag: 'p' } }, 'p-asserted-identity': '"Al Ice" <sip:+441632960001@127.0.0.1>', privacy: 'id' });
  await trunk.answered(Object.assign(leg, { localTag: 'p' }));
  const invite = await bob.request('INVITE');
  bob.respond(invite, 486, 'Busy Here');
  await until('the caller in the live document', () => engine.storage.groups.get(group.id)?.callers.length === 1);
  trunk.send(trunk.inDialog(leg, 'BYE'));
  await trunk.response('BYE', (status) => status === 200, leg.callId);
  const record = await engine.record(group.id);
  for (const shown of [bob.received, engine.storage.groups.get(group.id), record]) expect(JSON.stringify(shown)).not.toMatch(/960001|Al Ice/);
  expect(record).toMatchObject({ callerNumber: '', callerName: '' });
});

test('a caller who asks to be called back: hung up on, rung in turn through the trunk, and brought to an agent', async () => {
  const CALLER = '+441632960001';
  const [trunk, carol] = [await engine.phone('trunk'), await engine.phone('carol')];
  const group = engine.group(['bob']);
  trunks([trunk]);
  engine.configure([
    { kind: 'settings', id: POOL, before: null, after: poolSettings.parse({ id: POOL, pool: POOL, version: 1, numberPolicy: { allowedPrefixes: ['+44'] } }) },
    { kind: 'queues', id: `q${group.id}`, before: null, after: queue.parse({ id: `q${group.id}`, pool: POOL, version: 2, name: group.id, agentGroupIds: [`g${group.id}`], callBackKey: '8' }) },
  ]);
  const bob = await engine.registered('bob');
  const first = carol.invite(group.user, sdp());
  await carol.answered(first);
  bob.respond(await bob.request('INVITE'), 200, 'OK', sdp());
  await bob.request('ACK');
  await until('bob to talk', () => engine.storage.groups.get(group.id)?.callers.some(({ state }) => state === 'talking'));

  const leg = trunk.invite(group.user, sdp(), { from: { uri: `sip:${CALLER}@127.0.0.1`, params: { tag: 'p' } }, 'p-asserted-identity': `<sip:${CALLER}@127.0.0.1>` });
  await trunk.answered(Object.assign(leg, { localTag: 'p' }));
  await until('the caller to wait', () => engine.storage.groups.get(group.id)?.callers.some(({ state }) => state === 'waiting'));
  trunk.send({ ...trunk.inDialog(leg, 'INFO', undefined, { 'content-type': 'application/dtmf-relay' }), content: 'Signal=8\r\nDuration=160\r\n' });
  expect((await trunk.response('INFO', (status) => status >= 200, leg.callId)).status).toBe(200);
  trunk.respond(await trunk.request('BYE', leg.callId), 200, 'OK');
  await until('the caller to be called back', () => engine.storage.groups.get(group.id)?.callers.some(({ state }) => state === 'callBack'));
  expect(trunk.received.filter(({ method, headers }) => method === 'INVITE' && headers['call-id'] !== leg.callId)).toEqual([]);

  await carol.hangUp(first);
  bob.respond(await bob.request('BYE'), 200, 'OK');
  const back = await trunk.request('INVITE');
  expect(back.uri).toBe(`sip:${CALLER}@127.0.0.1:${trunk.port};user=phone`);
  trunk.respond(back, 180, 'Ringing');
  const backLeg = trunk.legOf(back, trunk.respond(back, 200, 'OK', sdp()));
  await trunk.request('ACK', backLeg.callId);
  bob.respond(await bob.request('INVITE'), 200, 'OK', sdp());
  await until('both to talk', () => engine.storage.groups.get(group.id)?.callers.some(({ state, callerNumber }) => state === 'talking' && callerNumber === CALLER));
  trunk.send(trunk.inDialog(backLeg, 'BYE'));
  await trunk.response('BYE', (status) => status === 200, backLeg.callId);
  bob.respond(await bob.request('BYE'), 200, 'OK');
  await until('all records', () => engine.storage.records.size === 3);
  const records = [...engine.storage.records.values()].filter(({ callerNumber }) => callerNumber === CALLER);
  expect(records).toMatchObject([{ outcome: 'callBack' }, { outcome: 'answered', agentId: 'bob', endedBy: 'caller' }]);
  expect(records[1]?.callBackOf).toBe(records[0]?._id);
});

test('several phones of one agent: all ring, the first to answer has the call, and a restart of the engine knows them all', async () => {
  const group = engine.group(['bob']);
  const [desk, soft] = [await engine.registered('bob'), await engine.registered('bob')];
  await until('both to be written', () => engine.storage.bindings.get('bob')?.others?.length === 1);
  await engine.killEngine();
  await engine.startEngine();
  const caller = await engine.phone('alice');
  const leg = caller.invite(group.user, sdp());
  await caller.answered(leg);
  const [atDesk, atSoft] = [await desk.request('INVITE'), await soft.request('INVITE')];
  for (const [phone, invite] of [[desk, atDesk], [soft, atSoft]] as const) phone.respond(invite, 180, 'Ringing');
  soft.respond(atSoft, 200, 'OK', sdp());
  const cancel = await desk.request('CANCEL');
  expect(JSON.stringify(cancel.headers['reason'])).toContain('cause=200');
  desk.respond(cancel, 200, 'OK');
  desk.respond(atDesk, 487, 'Request Terminated');
  await soft.request('ACK');
  await until('both to talk', () => engine.storage.groups.get(group.id)?.callers.some(({ state }) => state === 'talking'));
  const bye = soft.request('BYE');
  await caller.hangUp(leg);
  soft.respond(await bye, 200, 'OK');
  expect(await engine.record(group.id)).toMatchObject({ outcome: 'answered', agentId: 'bob' });
});

describeWith(['sipp'], 'sipp as caller and as trunks', () => {
  test('ten callers at once: the first trunk is out of service, the second asks each for a password; all talk', async () => {
    const group = forwarding();
    const [broken, good] = [await freePort(), await freePort()];
    // Never asked whether it is well, the first is tried for every caller.
    trunks([{ port: broken }], [{ port: good }, { username: 'trunk-user', password: 'secret' }]);
    const calls = 10;
    const runs = [sipp('uas-unavailable-503', { server: engine.server, port: broken, calls }), sipp('uas-challenge-407-then-answer', { server: engine.server, port: good, calls }), sipp('uac-expect-200-then-hang-up', { server: engine.server, service: group.user, calls, pauseMs: 3_000 })];
    await Promise.all(runs.map(({ done }) => done));
    await until('ten records', () => engine.storage.records.size === calls);
    expect([...engine.storage.records.values()].map(({ outcome, endedBy }) => `${outcome} ${endedBy}`)).toEqual(Array.from({ length: calls }, () => 'forwarded caller'));
  }, 60_000);
});
