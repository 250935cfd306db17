// The four transaction machines, walked state by event, and their timers by the clock (RFC 3261 §17, RFC 6026).
import { InviteClientTransaction, PlainClientTransaction, type InviteClientState, type PlainClientState } from '../../../engine/edge/sip/client-transactions';
import { InviteServerTransaction, PlainServerTransaction, type InviteServerState, type PlainServerState } from '../../../engine/edge/sip/server-transactions';
import { asResponse, FakeClock, FakeFlow, request, response } from './support';

const final = (status: number) => asResponse(response(request('INVITE'), status, 'tag'));

/** How long after the start each thing was sent, in milliseconds. */
function sentAt(clock: FakeClock, flow: FakeFlow, start: () => void, untilMs: number): number[] {
  const begun = clock.nowMs;
  start();
  clock.advance(untilMs);
  return flow.sent.map(({ atMs }) => atMs - begun);
}

describe('INVITE server transaction', () => {
  const build = (protocol: 'udp' | 'tcp' = 'udp') => {
    const clock = new FakeClock();
    const flow = new FakeFlow(clock, protocol);
    const told: string[] = [];
    const transaction = new InviteServerTransaction(flow, clock, { ended: () => told.push('ended'), unacknowledged: (status) => told.push(`unacknowledged ${status}`) });
    return { clock, flow, told, transaction };
  };
  type Built = ReturnType<typeof build>;
  const reach: Record<InviteServerState, (built: Built) => void> = {
    proceeding: ({ transaction }) => { transaction.respond(180, '180'); },
    accepted: ({ transaction }) => { transaction.respond(200, '200'); },
    completed: ({ transaction }) => { transaction.respond(486, '486'); },
    confirmed: ({ transaction }) => { transaction.respond(486, '486'); transaction.acknowledge(); },
    terminated: ({ transaction }) => { transaction.end(); },
  };
  const events: Record<string, (built: Built) => void> = {
    'a provisional': ({ transaction }) => { transaction.respond(183, '183'); },
    'a 2xx': ({ transaction }) => { transaction.respond(200, '200 again'); },
    'a refusal': ({ transaction }) => { transaction.respond(603, '603'); },
    'the INVITE again': ({ transaction }) => { transaction.repeated(); },
    'an ACK': ({ transaction }) => { transaction.acknowledge(); },
    '64·T1': ({ clock }) => { clock.advance(32_000); },
  };
  // For each state: the state after each event, and whether something was sent at once because of it.
  const table: Record<InviteServerState, Record<string, [InviteServerState, boolean]>> = {
    proceeding: { 'a provisional': ['proceeding', true], 'a 2xx': ['accepted', true], 'a refusal': ['completed', true], 'the INVITE again': ['proceeding', true], 'an ACK': ['proceeding', false], '64·T1': ['proceeding', false] },
    accepted: { 'a provisional': ['accepted', false], 'a 2xx': ['accepted', false], 'a refusal': ['accepted', false], 'the INVITE again': ['accepted', false], 'an ACK': ['accepted', false], '64·T1': ['terminated', true] },
    completed: { 'a provisional': ['completed', false], 'a 2xx': ['completed', false], 'a refusal': ['completed', false], 'the INVITE again': ['completed', true], 'an ACK': ['confirmed', false], '64·T1': ['terminated', true] },
    confirmed: { 'a provisional': ['confirmed', false], 'a 2xx': ['confirmed', false], 'a refusal': ['confirmed', false], 'the INVITE again': ['confirmed', false], 'an ACK': ['confirmed', false], '64·T1': ['terminated', false] },
    terminated: { 'a provisional': ['terminated', false], 'a 2xx': ['terminated', false], 'a refusal': ['terminated', false], 'the INVITE again': ['terminated', false], 'an ACK': ['terminated', false], '64·T1': ['terminated', false] },
  };
  for (const [state, row] of Object.entries(table)) {
    test.each(Object.entries(row))(`${state}, %s`, (event, [after, sends]) => {
      const built = build();
      reach[state as InviteServerState](built);
      built.flow.take();
      events[event]?.(built);
      expect([built.transaction.state, built.flow.sent.length > 0]).toEqual([after, sends]);
    });
  }

  test('a 2xx is repeated at T1, doubling to T2, over TCP too, until its ACK', () => {
    for (const protocol of ['udp', 'tcp'] as const) {
      const { clock, flow, transaction } = build(protocol);
      expect(sentAt(clock, flow, () => transaction.respond(200, '200'), 12_000)).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500]);
      transaction.acknowledge();
      clock.advance(30_000);
      expect(flow.sent).toHaveLength(6);
      expect(transaction.state).toBe('terminated');
    }
  });

  test('a refusal is repeated over UDP only; both are reported when no ACK comes', () => {
    const udp = build();
    expect(sentAt(udp.clock, udp.flow, () => udp.transaction.respond(486, '486'), 8_000)).toEqual([0, 500, 1_500, 3_500, 7_500]);
    const tcp = build('tcp');
    expect(sentAt(tcp.clock, tcp.flow, () => tcp.transaction.respond(486, '486'), 40_000)).toEqual([0]);
    udp.clock.advance(30_000);
    expect(udp.told).toEqual(['unacknowledged 486', 'ended']);
    expect(udp.clock.pending).toBe(0);
    const answered = build();
    answered.transaction.respond(200, '200');
    answered.clock.advance(40_000);
    expect(answered.told).toEqual(['unacknowledged 200', 'ended']);
  });
});

describe('other server transaction', () => {
  const build = (protocol: 'udp' | 'tcp' = 'udp') => {
    const clock = new FakeClock();
    const flow = new FakeFlow(clock, protocol);
    const told: string[] = [];
    return { clock, flow, told, transaction: new PlainServerTransaction(flow, clock, { ended: () => told.push('ended') }) };
  };
  const reach: Record<PlainServerState, (built: ReturnType<typeof build>) => void> = {
    trying: () => undefined,
    proceeding: ({ transaction }) => { transaction.respond(100, '100'); },
    completed: ({ transaction }) => { transaction.respond(200, '200'); },
    terminated: ({ transaction }) => { transaction.end(); },
  };
  test.each<[PlainServerState, PlainServerState, PlainServerState, boolean]>([
    // state, after a provisional, after a final, whether a repeated request is answered
    ['trying', 'proceeding', 'completed', false],
    ['proceeding', 'proceeding', 'completed', true],
    ['completed', 'completed', 'completed', true],
    ['terminated', 'terminated', 'terminated', false],
  ])('%s', (state, provisional, finally_, repeats) => {
    for (const [status, after] of [[183, provisional], [404, finally_]] as const) {
      const built = build();
      reach[state](built);
      built.transaction.respond(status, String(status));
      expect(built.transaction.state).toBe(after);
    }
    const built = build();
    reach[state](built);
    built.flow.take();
    built.transaction.repeated();
    expect(built.flow.sent.length > 0).toBe(repeats && state !== 'terminated');
  });

  test('lasts 64·T1 after its final response over UDP, and no time over TCP', () => {
    const udp = build();
    udp.transaction.respond(200, '200');
    udp.clock.advance(31_999);
    expect(udp.told).toEqual([]);
    udp.clock.advance(1);
    expect(udp.told).toEqual(['ended']);
    const tcp = build('tcp');
    tcp.transaction.respond(200, '200');
    expect(tcp.told).toEqual(['ended']);
  });
});

describe('INVITE client transaction', () => {
  const build = (protocol: 'udp' | 'tcp' = 'udp') => {
    const clock = new FakeClock();
    const flow = new FakeFlow(clock, protocol);
    const told: string[] = [];
    const transaction = new InviteClientTransaction('INVITE', flow, clock, () => 'ACK', {
      responded: ({ status }) => told.push(String(status)), failed: (cause) => told.push(cause), ended: () => told.push('ended'),
    });
    transaction.start();
    return { clock, flow, told, transaction };
  };
  const reach: Record<InviteClientState, (built: ReturnType<typeof build>) => void> = {
    calling: () => undefined,
    proceeding: ({ transaction }) => transaction.receive(final(180)),
    accepted: ({ transaction }) => transaction.receive(final(200)),
    completed: ({ transaction }) => transaction.receive(final(486)),
    terminated: ({ transaction }) => transaction.end(),
  };
  test.each<[InviteClientState, number, InviteClientState, boolean, boolean]>([
    // state, response, state after, whether the user hears of it, whether an ACK goes out
    ['calling', 100, 'proceeding', true, false], ['calling', 200, 'accepted', true, false], ['calling', 486, 'completed', true, true],
    ['proceeding', 183, 'proceeding', true, false], ['proceeding', 200, 'accepted', true, false], ['proceeding', 603, 'completed', true, true],
    ['accepted', 180, 'accepted', false, false], ['accepted', 200, 'accepted', true, false], ['accepted', 486, 'accepted', false, false],
    ['completed', 180, 'completed', false, false], ['completed', 200, 'completed', false, false], ['completed', 486, 'completed', false, true],
    ['terminated', 180, 'terminated', false, false], ['terminated', 200, 'terminated', false, false], ['terminated', 486, 'terminated', false, false],
  ])('%s, a %i', (state, status, after, heard, acked) => {
    const built = build();
    reach[state](built);
    built.flow.take();
    built.told.splice(0);
    built.transaction.receive(final(status));
    expect([built.transaction.state, built.told.includes(String(status)), built.flow.take().includes('ACK')]).toEqual([after, heard, acked]);
  });

  test('repeats the INVITE at T1, doubling without bound, and gives up after 64·T1', () => {
    const clock = new FakeClock();
    const flow = new FakeFlow(clock);
    const told: string[] = [];
    const transaction = new InviteClientTransaction('INVITE', flow, clock, () => 'ACK', { responded: () => undefined, failed: (cause) => told.push(cause), ended: () => told.push('ended') });
    expect(sentAt(clock, flow, () => transaction.start(), 40_000)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    expect(told).toEqual(['timeout', 'ended']);
    expect(clock.pending).toBe(0);
  });

  test('does not repeat over TCP, and fails when the connection closes before any response', () => {
    const { clock, flow, told, transaction } = build('tcp');
    clock.advance(10_000);
    expect(flow.sent).toHaveLength(1);
    flow.close();
    expect(told).toEqual(['transport', 'ended']);
    expect(transaction.state).toBe('terminated');
  });

  test('rings for as long as it takes, but not after a CANCEL', () => {
    const built = build();
    built.transaction.receive(final(180));
    built.clock.advance(600_000);
    expect(built.transaction.state).toBe('proceeding');
    built.transaction.cancelled();
    built.transaction.receive(final(180));
    built.clock.advance(32_000);
    expect(built.told.slice(-2)).toEqual(['timeout', 'ended']);
  });
});

describe('other client transaction', () => {
  const build = (protocol: 'udp' | 'tcp' = 'udp') => {
    const clock = new FakeClock();
    const flow = new FakeFlow(clock, protocol);
    const told: string[] = [];
    const transaction = new PlainClientTransaction('OPTIONS', flow, clock, { responded: ({ status }) => told.push(String(status)), failed: (cause) => told.push(cause), ended: () => told.push('ended') });
    transaction.start();
    return { clock, flow, told, transaction };
  };
  const reach: Record<PlainClientState, (built: ReturnType<typeof build>) => void> = {
    trying: () => undefined,
    proceeding: ({ transaction }) => transaction.receive(final(100)),
    completed: ({ transaction }) => transaction.receive(final(200)),
    terminated: ({ transaction }) => transaction.end(),
  };
  test.each<[PlainClientState, number, PlainClientState, boolean]>([
    ['trying', 100, 'proceeding', true], ['trying', 200, 'completed', true], ['proceeding', 100, 'proceeding', true], ['proceeding', 481, 'completed', true],
    ['completed', 100, 'completed', false], ['completed', 200, 'completed', false], ['terminated', 100, 'terminated', false], ['terminated', 200, 'terminated', false],
  ])('%s, a %i', (state, status, after, heard) => {
    const built = build();
    reach[state](built);
    built.told.splice(0);
    built.transaction.receive(final(status));
    expect([built.transaction.state, built.told.includes(String(status))]).toEqual([after, heard]);
  });

  test('repeats at T1, doubling to T2, and gives up after 64·T1', () => {
    const { clock, flow, told } = build();
    const begun = clock.nowMs;
    clock.advance(40_000);
    expect(flow.sent.map(({ atMs }) => atMs - begun)).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(told).toEqual(['timeout', 'ended']);
  });

  test('repeats every T2 after a provisional, and absorbs repeated finals for T4', () => {
    const { clock, flow, told, transaction } = build();
    transaction.receive(final(100));
    flow.take();
    clock.advance(9_000);
    expect(flow.take().length).toBe(3);
    transaction.receive(final(200));
    clock.advance(4_999);
    expect(told).toEqual(['100', '200']);
    clock.advance(1);
    expect(told).toEqual(['100', '200', 'ended']);
    expect(clock.pending).toBe(0);
  });
});
