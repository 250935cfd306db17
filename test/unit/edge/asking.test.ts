// The asking side by its rules: what goes out for an engine, what comes back to it, and what the edge finishes alone (RFC 3261 §8.1, §9.1, §13.2, §17.1).
import { type OutgoingCall } from '../../../engine/edge/sip/stack';
import { asRequest, draft, FakeFlow, request, response, rig, type Rig } from './support';

const ENGINE = { name: 'engine' };
const INVITE = draft('INVITE sip:alice@192.0.2.7 SIP/2.0', { from: '"Help Desk" <sip:help-desk@localhost>', 'call-id': 'call-1.1' }, 'v=0');

/** Sends an INVITE and returns it as it went. */
function calling(bench: Rig, asked = INVITE): { readonly call: OutgoingCall; readonly invite: string; readonly id: string } {
  const call = bench.agent.asking.request(asked, '', ENGINE);
  const [invite = ''] = bench.peer.take();
  return { call, invite, id: `${asRequest(invite).callId};from-tag=${asRequest(invite).fromTag}` };
}

const statuses = (bench: Rig): number[] => bench.told.responded.map(({ status }) => status);

test('an INVITE gets what the engine left out, and keeps what it gave', () => {
  const invite = asRequest(calling(rig()).invite);
  expect(invite.fault).toBeUndefined();
  expect(invite.headers.map(({ name }) => name)).toEqual(['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Content-Type', 'Content-Length']);
  expect(invite.headers.find(({ key }) => key === 'from')?.value).toMatch(/^"Help Desk" <sip:help-desk@198\.51\.100\.1:5060>;tag=[0-9a-f]{16}$/);
  expect(invite.headers.find(({ key }) => key === 'via')?.value).toMatch(/^SIP\/2\.0\/UDP 198\.51\.100\.1:5060;branch=z9hG4bK[^;]+;rport$/);
  expect([invite.callId, invite.body]).toEqual(['call-1.1', 'v=0']);
});

test.each<[string, string, string]>([
  ['no URI', 'INVITE nonsense SIP/2.0', 'invalid request-uri'], ['TLS', 'INVITE sips:a@192.0.2.7 SIP/2.0', 'not available'], ['a WebSocket', 'INVITE sip:a@192.0.2.7;transport=ws SIP/2.0', 'not available'],
  ['ourselves', 'INVITE sip:a@198.51.100.1 SIP/2.0', 'can not send request to myself'], ['no request', 'nonsense', 'invalid or missing method'],
])('%s cannot be sent to, and nothing stays', (_title, startLine, words) => {
  const bench = rig();
  expect(() => bench.agent.asking.request(draft(startLine), '', ENGINE)).toThrow(words);
  expect(bench.agent.sizes).toEqual({ transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 });
});

test('a body of unknown kind, and a second call with the same identity, are refused', () => {
  const bench = rig();
  expect(() => bench.agent.asking.request(draft('INVITE sip:alice@192.0.2.7 SIP/2.0', {}, 'what is this'), '', ENGINE)).toThrow('missing content-type');
  const twin = draft('INVITE sip:alice@192.0.2.7 SIP/2.0', { from: '<sip:a@localhost>;tag=same', 'call-id': 'same' });
  bench.agent.asking.request(twin, '', ENGINE);
  expect(() => bench.agent.asking.request(twin, '', ENGINE)).toThrow('dialog already exists');
});

test('a proxy, a Route, a name and TCP are obeyed', () => {
  const bench = rig();
  bench.agent.asking.request(INVITE, 'sip:203.0.113.1:5070;lr', ENGINE);
  expect(asRequest(bench.network.flowTo({ protocol: 'udp', address: '203.0.113.1', port: 5070 }).take()[0] ?? '').uri).toBe('sip:alice@192.0.2.7');
  bench.agent.asking.request(draft('OPTIONS sip:x@192.0.2.7 SIP/2.0', { route: '<sip:203.0.113.2;lr>' }), '', ENGINE);
  expect(bench.network.flowTo({ protocol: 'udp', address: '203.0.113.2', port: 5060 }).takeNames()).toEqual(['OPTIONS']);
  bench.agent.asking.request(draft('OPTIONS sip:x@phone.example SIP/2.0'), '', ENGINE);
  expect(bench.peer.takeNames()).toEqual(['OPTIONS']);
  bench.agent.asking.request(draft('OPTIONS sip:x@192.0.2.7;transport=tcp SIP/2.0'), '', ENGINE);
  expect(bench.network.flowTo({ protocol: 'tcp', address: '192.0.2.7', port: 5060 }).take()[0]).toContain('Via: SIP/2.0/TCP ');
});

test('a phone that registered over TCP is called over its own connection, while that lasts', () => {
  const bench = rig();
  const connection = new FakeFlow(bench.clock, 'tcp', '203.0.113.50', 31_000);
  bench.receive(request('REGISTER', { via: 'SIP/2.0/TCP 192.168.1.5;branch=z9hG4bK-1' }).replace('<sip:caller@192.0.2.7>\r\nMax', '<sip:alice@192.168.1.5:5062;transport=tcp>\r\nMax'), connection);
  bench.agent.answering.respondPlainly(bench.told.requested[0]?.incoming.id ?? '', 200);
  connection.take();
  bench.agent.asking.request(draft('INVITE sip:alice@192.168.1.5:5062;transport=tcp SIP/2.0'), '', ENGINE);
  expect(connection.takeNames()).toEqual(['INVITE']);
});

describe('a call of ours', () => {
  test('rings, is answered, acknowledged; its 200 again brings the ACK again, and no news', () => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 100, ''));
    bench.receive(response(invite, 180, 'phone'));
    const ok = response(invite, 200, 'phone', ['Contact: <sip:alice@192.0.2.7:5060;x=1>', 'Record-Route: <sip:192.0.2.7;lr>']);
    bench.receive(ok);
    bench.receive(ok);
    expect(bench.peer.take()).toEqual([]);
    expect(bench.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'))).toContain('CSeq: 1 ACK');
    bench.receive(ok);
    const [ack, again] = bench.peer.take();
    expect(again).toBe(ack);
    expect([asRequest(ack ?? '').uri, asRequest(ack ?? '').toTag]).toEqual(['sip:alice@192.0.2.7:5060;x=1', 'phone']);
    expect(ack).toContain('Route: <sip:192.0.2.7;lr>\r\n');
    expect(statuses(bench)).toEqual([100, 180, 200]);
  });

  test('that gets no answer is 408 to the engine, that cannot be sent 503', async () => {
    const silent = rig();
    calling(silent);
    silent.clock.advance(32_000);
    const unsendable = rig();
    unsendable.peer.broken = true;
    unsendable.agent.asking.request(INVITE, '', ENGINE);
    unsendable.clock.advance(1);
    const nameless = rig();
    nameless.agent.asking.request(draft('INVITE sip:a@nowhere.example SIP/2.0'), '', ENGINE);
    for (const [bench, status] of [[silent, 408], [unsendable, 503], [nameless, 503]] as const) {
      await bench.settle();
      expect(bench.told.responded).toEqual([expect.objectContaining({ status, local: true })]);
      expect(bench.agent.sizes).toEqual({ transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 });
      expect(bench.clock.pending).toBe(0);
    }
  });

  test('cancelled before any response waits with its CANCEL, and ends as 487 when nothing more comes', async () => {
    const bench = rig();
    const { call, invite } = calling(bench);
    bench.agent.asking.cancel(call.id, draft('CANCEL sip:x SIP/2.0', { Reason: 'SIP;cause=200' }));
    expect(bench.peer.take()).toEqual([]);
    bench.receive(response(invite, 180, 'phone'));
    const [cancel = ''] = bench.peer.take();
    expect([asRequest(cancel).method, asRequest(cancel).via.branch, asRequest(cancel).cseq]).toEqual(['CANCEL', asRequest(invite).via.branch, 1]);
    expect(cancel).toContain('Reason: SIP;cause=200\r\n');
    bench.receive(response(cancel, 200, 'phone'));
    bench.clock.advance(32_000);
    await bench.settle();
    expect(statuses(bench)).toEqual([180, 487]);
    expect(bench.agent.sizes).toEqual({ transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 });
    expect(() => bench.agent.asking.cancel(call.id, draft('CANCEL sip:x SIP/2.0'))).toThrow('unknown transaction');
  });

  test('whose 200 the engine never acknowledges is acknowledged and hung up by the edge', () => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 200, 'phone'));
    bench.clock.advance(32_000);
    expect(bench.peer.takeNames()).toEqual(['ACK', 'BYE']);
    expect(bench.told.ended).toEqual([{ id, cause: 'noAck' }]);
  });

  test('answered by two phones keeps the first and hangs up the second', () => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 200, 'first'));
    bench.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'));
    bench.peer.take();
    bench.receive(response(invite, 200, 'second'));
    const sent = bench.peer.take().map(asRequest);
    expect(sent.map(({ method, toTag }) => [method, toTag])).toEqual([['ACK', 'second'], ['BYE', 'second']]);
    expect([statuses(bench), bench.agent.dialogs.get(id)?.remoteTag]).toEqual([[200], 'first']);
  });

  test.each([[401, 'confirmed'], [407, 'confirmed'], [200, undefined], [481, undefined], [503, undefined]])('ends with its BYE when that is answered %i', (status, state) => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 200, 'phone'));
    bench.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'));
    bench.peer.take();
    bench.agent.asking.requestInDialog(id, draft('BYE sip:placeholder SIP/2.0'), ENGINE);
    expect(() => bench.agent.asking.requestInDialog(id, draft('INFO sip:placeholder SIP/2.0'), ENGINE)).toThrow('unable to find dialog');
    bench.receive(response(bench.peer.take()[0] ?? '', status, 'phone'));
    expect(bench.agent.dialogs.get(id)?.state).toBe(state);
  });

  test.each(['NOTIFY', 'UPDATE', 'INVITE'])('tells its Contact again in a %s, which refreshes the target (RFC 6665 section 4.1.3)', (method) => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 200, 'phone'));
    bench.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'));
    bench.peer.take();
    bench.agent.asking.requestInDialog(id, draft(`${method} sip:placeholder SIP/2.0`, { 'content-type': 'message/sipfrag;version=2.0' }, 'SIP/2.0 100 Trying\r\n'), ENGINE);
    const [sent = ''] = bench.peer.take();
    expect(asRequest(sent).headers.find(({ key }) => key === 'contact')?.value).toBe('<sip:198.51.100.1:5060>');
    expect(asRequest(sent).body).toBe('SIP/2.0 100 Trying\r\n');
  });

  test('hung up during a re-INVITE takes the re-INVITE back first', () => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 200, 'phone'));
    bench.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'));
    bench.peer.take();
    bench.agent.asking.requestInDialog(id, draft('INVITE sip:placeholder SIP/2.0', {}, 'v=0'), ENGINE);
    bench.receive(response(bench.peer.take()[0] ?? '', 100, 'phone'));
    bench.agent.asking.requestInDialog(id, draft('BYE sip:placeholder SIP/2.0'), ENGINE);
    expect(bench.peer.takeNames()).toEqual(['CANCEL', 'BYE']);
  });
});

describe('an engine that is gone', () => {
  test('leaves no phone ringing: its INVITE is cancelled, a late 200 acknowledged and hung up', () => {
    const bench = rig();
    const { invite } = calling(bench);
    bench.receive(response(invite, 180, 'phone'));
    bench.agent.asking.disown(ENGINE);
    expect(bench.peer.takeNames()).toEqual(['CANCEL']);
    bench.receive(response(invite, 200, 'phone'));
    expect(bench.peer.takeNames()).toEqual(['ACK', 'BYE']);
    expect(statuses(bench)).toEqual([180]);
  });

  test('leaves no call half made: an unacknowledged 200 is acknowledged and hung up, one that was acknowledged stays', () => {
    const half = rig();
    half.receive(response(calling(half).invite, 200, 'phone'));
    half.agent.asking.disown(ENGINE);
    expect(half.peer.takeNames()).toEqual(['ACK', 'BYE']);

    const whole = rig();
    const { invite, id } = calling(whole);
    whole.receive(response(invite, 200, 'phone'));
    whole.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'));
    whole.peer.take();
    whole.agent.asking.disown(ENGINE);
    expect([whole.peer.take(), whole.agent.dialogs.get(id)?.state]).toEqual([[], 'confirmed']);
  });

  test('leaves a re-INVITE to be acknowledged, and its dialog alone', () => {
    const bench = rig();
    const { invite, id } = calling(bench);
    bench.receive(response(invite, 200, 'phone'));
    bench.agent.asking.acknowledge(id, draft('ACK sip:placeholder SIP/2.0'));
    bench.peer.take();
    bench.agent.asking.requestInDialog(id, draft('INVITE sip:placeholder SIP/2.0', {}, 'v=0'), ENGINE);
    const [reinvite = ''] = bench.peer.take();
    bench.agent.asking.disown(ENGINE);
    bench.receive(response(reinvite, 200, 'phone'));
    expect([bench.peer.takeNames(), bench.agent.dialogs.get(id)?.state]).toEqual([['ACK'], 'confirmed']);
  });
});
