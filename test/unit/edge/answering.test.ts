// The answering side by its rules: what never reaches an engine, how calls are answered, and what time does to them (RFC 3261 §8.2, §9.2, §12, §13.3, §14.2).
import { asRequest, asResponse, draft, FakeFlow, nameOf, request, response, rig, type Rig } from './support';

const IN_DIALOG = { to: '<sip:help-desk@198.51.100.1>;tag=OURS' };

/** Answers the one INVITE that came, and returns the 2xx. */
function answer(bench: Rig, status = 200): string {
  const call = bench.told.requested.at(-1);
  if (!call) throw new Error('nothing came');
  return bench.agent.answering.respond(call.incoming.id, draft(`SIP/2.0 ${status} OK`, { Contact: '<sip:us@localhost>' }, 'v=0')).text;
}

const inDialog = (ok: string) => ({ to: asResponse(ok).headers.find(({ key }) => key === 'to')?.value ?? '' });

function established(): { readonly bench: Rig; readonly to: { readonly to: string }; readonly id: string } {
  const bench = rig();
  bench.receive(request('INVITE'));
  const to = inDialog(answer(bench));
  bench.receive(request('ACK', { ...to, branch: 'z9hG4bK-ack' }));
  bench.peer.take();
  return { bench, to, id: 'call-1;from-tag=their' };
}


describe('answered by the edge alone', () => {
  test.each<[string, string, string]>([
    ['no hop left', request('INVITE').replace('Max-Forwards: 70', 'Max-Forwards: 0'), '483 INVITE'],
    ['an extension we do not have', request('INVITE', { extra: ['Require: 100rel, nothingSupportsThis'] }), '420 INVITE'],
    ['a BYE to nothing', request('BYE'), '481 BYE'],
    ['a BYE to an unknown dialog', request('BYE', IN_DIALOG), '481 BYE'],
    ['a re-INVITE to an unknown dialog', request('INVITE', IN_DIALOG), '481 INVITE'],
    ['a CANCEL of nothing', request('CANCEL'), '481 CANCEL'],
    ['an INVITE whose From has no tag', request('INVITE', { from: '<sip:caller@192.0.2.7>' }), '400 INVITE'],
    ['a malformed request', request('INVITE', { extra: ['no colon'] }), '400 INVITE'],
    ['an unknown scheme', request('OPTIONS', { uri: 'http://example.com' }), '416 OPTIONS'],
  ])('%s', (_title, text, answered) => {
    const bench = rig();
    bench.receive(text);
    const [only] = bench.peer.take();
    expect(nameOf(only ?? '')).toBe(answered);
    expect(asResponse(only ?? '').toTag).not.toBe('');
    expect(bench.told.requested).toEqual([]);
    bench.clock.advance(60_000);
    expect(bench.agent.sizes).toEqual({ transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 });
  });

  test('a 420 names the extensions', () => {
    const bench = rig();
    bench.receive(request('INVITE', { extra: ['Require: 100rel'] }));
    expect(bench.peer.take()[0]).toContain('Unsupported: 100rel\r\n');
  });

  test('extensions that are an engine\'s affair are left to it; a 420 names only the others', () => {
    const bench = rig();
    bench.receive(request('INVITE', { extra: ['Require: timer, replaces'] }));
    expect([bench.peer.takeNames(), bench.told.requested.length]).toEqual([['100 INVITE'], 1]);
    bench.receive(request('INVITE', { callId: 'other', branch: 'z9hG4bK-2', extra: ['Require: timer, 100rel'] }));
    expect(bench.peer.take()[0]).toContain('Unsupported: 100rel\r\n');
  });

  test('the same request over another path is 482; a stray ACK and a malformed ACK get nothing', () => {
    const bench = rig();
    bench.receive(request('INVITE'));
    bench.receive(request('INVITE', { branch: 'z9hG4bK-other-path' }));
    expect(bench.peer.takeNames()).toEqual(['100 INVITE', '482 INVITE']);
    bench.receive(request('ACK', { ...IN_DIALOG, branch: 'z9hG4bK-stray' }));
    bench.receive(request('ACK', { callId: 'b ad', branch: 'z9hG4bK-bad' }));
    expect(bench.peer.takeNames()).toEqual([]);
    expect(bench.told.requested).toHaveLength(1);
  });
});

describe('where answers go', () => {
  test.each<[string, string, number, string]>([
    ['to the port of Via', 'SIP/2.0/UDP 192.0.2.7:5999;branch=z9hG4bK-1', 5999, 'SIP/2.0/UDP 192.0.2.7:5999;branch=z9hG4bK-1'],
    ['to 5060 when Via has none', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK-1', 5060, 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK-1'],
    ['to where it came from, with rport', 'SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK-1', 40_000, 'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK-1;received=192.0.2.7;rport=40000'],
    ['and never to maddr', 'SIP/2.0/UDP 10.0.0.1;maddr=203.0.113.9;branch=z9hG4bK-1', 5060, 'SIP/2.0/UDP 10.0.0.1;maddr=203.0.113.9;branch=z9hG4bK-1;received=192.0.2.7'],
  ])('%s', (_title, via, port, stamped) => {
    const bench = rig();
    const source = bench.network.flowTo({ protocol: 'udp', address: '192.0.2.7', port: 40_000 });
    bench.receive(request('BYE', { via }), source);
    const [sent] = bench.network.flowTo({ protocol: 'udp', address: '192.0.2.7', port }).take();
    expect(asResponse(sent ?? '').headers.find(({ key }) => key === 'via')?.value).toBe(stamped);
  });

  test('over a connection that is closed by then, to a new one', () => {
    const bench = rig();
    const connection = new FakeFlow(bench.clock, 'tcp', '192.0.2.7', 40_000);
    bench.receive(request('OPTIONS', { via: 'SIP/2.0/TCP 192.0.2.7:5070;branch=z9hG4bK-1' }), connection);
    connection.close();
    bench.agent.answering.respondPlainly(bench.told.requested[0]?.incoming.id ?? '', 200);
    expect(bench.network.flowTo({ protocol: 'tcp', address: '192.0.2.7', port: 5070 }).takeNames()).toEqual(['200 OPTIONS']);
  });
});

describe('a call', () => {
  test('is answered with our address for localhost, its route recorded, its SDP typed; the INVITE again changes nothing', () => {
    const bench = rig();
    const invite = request('INVITE', { extra: ['Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>'] });
    bench.receive(invite);
    bench.receive(invite);
    expect(bench.peer.takeNames()).toEqual(['100 INVITE', '100 INVITE']);
    const ok = answer(bench);
    expect(ok).toContain('Contact: <sip:us@198.51.100.1:5060>\r\n');
    expect(ok).toContain('Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;lr>\r\n');
    expect(ok).toContain('Content-Type: application/sdp\r\n');
    bench.receive(invite);
    expect(bench.peer.takeNames()).toEqual(['200 INVITE']);
    expect(bench.told.requested).toHaveLength(1);
  });

  test('whose 200 is never acknowledged is hung up after 64·T1', () => {
    const bench = rig();
    bench.receive(request('INVITE'));
    answer(bench);
    bench.clock.advance(31_999);
    bench.peer.take();
    bench.clock.advance(1);
    expect(bench.peer.takeNames()).toEqual(['BYE']);
    expect(bench.told.ended).toEqual([{ id: 'call-1;from-tag=their', cause: 'noAck' }]);
    bench.clock.advance(60_000);
    expect(bench.agent.sizes).toEqual({ transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 });
  });

  test('tells of its ACK once', () => {
    const { bench, to } = established();
    bench.receive(request('ACK', { ...to, branch: 'z9hG4bK-ack' }));
    expect(bench.told.acknowledged).toHaveLength(1);
    bench.clock.advance(40_000);
    expect(bench.peer.take()).toEqual([]);
  });

  test('cancelled in time ends with 487; after the answer the CANCEL is 200 and changes nothing', () => {
    const early = rig();
    early.receive(request('INVITE'));
    early.receive(request('CANCEL'));
    expect(early.peer.takeNames()).toEqual(['100 INVITE', '200 CANCEL', '487 INVITE']);
    expect(early.told.cancelled).toEqual([early.told.requested[0]?.incoming.id]);
    early.receive(request('ACK'));
    early.clock.advance(40_000);
    expect(early.peer.takeNames()).toEqual([]);
    expect(() => answer(early)).toThrow('Response not sent due to unknown transaction');

    const late = rig();
    late.receive(request('INVITE'));
    answer(late);
    late.receive(request('CANCEL'));
    expect(late.peer.takeNames()).toEqual(['100 INVITE', '200 INVITE', '200 CANCEL']);
    expect([late.told.cancelled, late.agent.sizes.dialogs]).toEqual([[], 1]);
  });

  test('that no engine answers for five minutes is 408, another request 500 before the far end gives up', () => {
    const bench = rig();
    bench.receive(request('INVITE'));
    bench.receive(request('OPTIONS', { branch: 'z9hG4bK-2', callId: 'other' }));
    bench.peer.take();
    bench.clock.advance(20_000);
    expect(bench.peer.takeNames()).toEqual(['500 OPTIONS']);
    bench.clock.advance(280_000);
    expect(bench.peer.takeNames()).toEqual(['408 INVITE']);
  });
});

describe('inside a dialog', () => {
  test('a higher CSeq passes, one that went back is 500', () => {
    const { bench, to } = established();
    bench.receive(request('INFO', { ...to, branch: 'z9hG4bK-3', cseq: 5 }));
    bench.receive(request('INFO', { ...to, branch: 'z9hG4bK-4', cseq: 4 }));
    expect(bench.peer.takeNames()).toEqual(['500 INFO']);
    expect(bench.told.requested).toHaveLength(2);
  });

  test('two INVITEs do not meet: theirs while ours is open is 491, theirs while theirs is open is 500', () => {
    const { bench, to, id } = established();
    bench.receive(request('INVITE', { ...to, branch: 'z9hG4bK-3', cseq: 2 }));
    bench.receive(request('INVITE', { ...to, branch: 'z9hG4bK-4', cseq: 3 }));
    expect(bench.peer.takeNames()).toEqual(['100 INVITE', '500 INVITE']);
    answer(bench, 488);
    bench.receive(request('ACK', { ...to, branch: 'z9hG4bK-3', cseq: 2 }));
    bench.agent.asking.requestInDialog(id, draft('INVITE sip:placeholder SIP/2.0', {}, 'v=0'), null);
    bench.peer.take();
    bench.receive(request('INVITE', { ...to, branch: 'z9hG4bK-5', cseq: 4 }));
    expect(bench.peer.takeNames()).toEqual(['491 INVITE']);
  });

  test('a re-INVITE moves the target when it is accepted, and only then', () => {
    for (const [status, target] of [[200, 'sip:moved@192.0.2.7'], [488, 'sip:caller@192.0.2.7']] as const) {
      const { bench, to, id } = established();
      bench.receive(request('INVITE', { ...to, branch: 'z9hG4bK-3', cseq: 2 }).replace('<sip:caller@192.0.2.7>\r\nMax', '<sip:moved@192.0.2.7>\r\nMax'));
      answer(bench, status);
      expect(bench.agent.dialogs.get(id)?.target).toBe(target);
    }
  });

  test('a BYE ends it at once, also while an INVITE waits or its 2xx is not acknowledged', () => {
    const bench = rig();
    bench.receive(request('INVITE'));
    const to = inDialog(answer(bench, 180));
    bench.receive(request('BYE', { ...to, branch: 'z9hG4bK-2', cseq: 2 }));
    expect(bench.peer.takeNames()).toEqual(['100 INVITE', '180 INVITE', '487 INVITE']);
    bench.receive(request('ACK', { ...to }));
    bench.agent.answering.respondPlainly(bench.told.requested.at(-1)?.incoming.id ?? '', 200);

    const hasty = rig();
    hasty.receive(request('INVITE'));
    const answered = inDialog(answer(hasty));
    hasty.receive(request('BYE', { ...answered, branch: 'z9hG4bK-2', cseq: 2 }));
    hasty.peer.take();
    hasty.agent.answering.respondPlainly(hasty.told.requested.at(-1)?.incoming.id ?? '', 200);
    hasty.clock.advance(60_000);
    expect(hasty.peer.takeNames()).toEqual(['200 BYE']);
    for (const each of [bench, hasty]) {
      each.clock.advance(60_000);
      expect(each.agent.sizes).toEqual({ transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 });
    }
  });

  test('a BYE that the engine never answers is answered 200 after 20 s, and kept, so that the next engine learns how the call ended', () => {
    const bench = rig();
    bench.receive(request('INVITE'));
    const to = inDialog(answer(bench));
    bench.receive(request('ACK', { ...to, branch: 'z9hG4bK-ack' }));
    bench.receive(request('BYE', { ...to, branch: 'z9hG4bK-2', cseq: 2 }));
    bench.peer.take();
    bench.clock.advance(19_999);
    expect([bench.peer.takeNames(), bench.told.ended]).toEqual([[], []]);
    bench.clock.advance(1);
    expect([bench.peer.takeNames(), bench.told.ended]).toEqual([['200 BYE'], [{ id: 'call-1;from-tag=their', cause: 'bye' }]]);
  });

  test.each<[string, readonly string[], string, readonly string[], string]>([
    ['straight to the Contact', [], 'sip:caller@192.0.2.7', [], '192.0.2.7'],
    ['through loose routers, the nearest first', ['Record-Route: <sip:203.0.113.1;lr>, <sip:203.0.113.2;lr>'], 'sip:caller@192.0.2.7', ['<sip:203.0.113.1;lr>, <sip:203.0.113.2;lr>'], '203.0.113.1'],
    ['through a strict router, as it wants it', ['Record-Route: <sip:203.0.113.1>, <sip:203.0.113.2;lr>'], 'sip:203.0.113.1', ['<sip:203.0.113.2;lr>, <sip:caller@192.0.2.7>'], '203.0.113.1'],
  ])('requests of ours go %s', (_title, extra, uri, routes, hop) => {
    const bench = rig();
    bench.receive(request('INVITE', { extra }));
    const to = inDialog(answer(bench));
    bench.receive(request('ACK', { ...to, branch: 'z9hG4bK-ack' }));
    bench.peer.take();
    bench.agent.asking.requestInDialog('call-1;from-tag=their', draft('BYE sip:placeholder SIP/2.0'), null);
    const [sent] = bench.network.flowTo({ protocol: 'udp', address: hop, port: 5060 }).take();
    const bye = asRequest(sent ?? '');
    expect([bye.method, bye.uri, bye.headers.filter(({ key }) => key === 'route').map(({ value }) => value)]).toEqual(['BYE', uri, routes]);
    expect([bye.fromTag, bye.toTag]).toEqual([/tag=(.*)$/.exec(to.to)?.[1], 'their']);
    bench.receive(response(sent ?? '', 200, 'their'));
    expect(bench.agent.sizes.dialogs).toBe(0);
  });

  test('a phone behind a NAT is reached where it spoke from, one that came by TCP over its connection', () => {
    for (const protocol of ['udp', 'tcp'] as const) {
      const bench = rig();
      const flow = protocol === 'udp' ? bench.network.flowTo({ protocol, address: '203.0.113.50', port: 31_000 }) : new FakeFlow(bench.clock, 'tcp', '203.0.113.50', 31_000);
      const via = `SIP/2.0/${protocol.toUpperCase()} 192.168.1.5;rport;branch=z9hG4bK-1`;
      bench.receive(request('INVITE', { via }).replace('<sip:caller@192.0.2.7>\r\nMax', '<sip:caller@192.168.1.5>\r\nMax'), flow);
      const to = inDialog(answer(bench));
      bench.receive(request('ACK', { ...to, via: via.replace('-1', '-2') }), flow);
      flow.take();
      bench.agent.end('call-1;from-tag=their', 'SIP;cause=200', 'asked');
      expect(flow.takeNames()).toEqual(['BYE']);
    }
  });
});
