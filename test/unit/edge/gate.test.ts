// Who gets in, with time in the test's hands: floods, strangers, wrong passwords, overload, and who may use the control ports.
import { pino } from 'pino';
import { mayControl, Networks } from '../../../engine/edge/networks';
import { Gate, type GateOptions } from '../../../engine/edge/sip/gate';
import { Overload } from '../../../engine/edge/sip/overload';
import { draft, FakeClock, rig, request, type Rig } from './support';

const TRUNK = '203.0.113.9';
const STRANGER = '192.0.2.66';
const PASSWORD = 'Authorization: Digest username="alice", realm="x", nonce="n", uri="sip:x", response="0"';

function gated(given: Partial<GateOptions> = {}): { readonly gate: Gate; readonly bench: Rig; readonly from: (address: string, text: string) => string[]; readonly register: (address: string, status: number, credentials?: string) => string[] } {
  const clock = new FakeClock();
  const gate = new Gate({ clock, log: pino({ level: 'silent' }), callers: ['203.0.113.0/24'], strangers: 'refuse', perSecond: 10, overloadMs: 0, lockoutFailures: 3, lockoutSeconds: 60, ...given });
  const bench = rig({ gate, clock });
  let cseq = 0;
  const from = (address: string, text: string): string[] => {
    const flow = bench.network.flowTo({ protocol: 'udp', address, port: 5060 });
    bench.receive(text, flow);
    return flow.takeNames();
  };
  return {
    gate, bench, from,
    register: (address, status, credentials = PASSWORD) => {
      cseq += 1;
      const at = from(address, request('REGISTER', { callId: `register-${cseq}`, branch: `z9hG4bK-r${cseq}`, extra: [credentials], cseq }));
      const call = bench.told.requested.pop();
      if (!call) return at;
      bench.agent.answering.respond(call.incoming.id, draft(`SIP/2.0 ${status} X`, status === 200 ? { contact: '<sip:alice@10.0.0.1>;expires=120' } : {}));
      return bench.network.flowTo({ protocol: 'udp', address, port: 5060 }).takeNames();
    },
  };
}

const invite = (n: number): string => request('INVITE', { callId: `call-${n}`, branch: `z9hG4bK-i${n}` });

describe('callers', () => {
  test.each([['refuse', ['403 INVITE']], ['silence', []], ['allow', ['100 INVITE']]] as const)('a stranger\'s call, policy %s: %j', (strangers, answer) => {
    const { from, bench } = gated({ strangers });
    expect(from(STRANGER, invite(1))).toEqual(answer);
    expect(bench.told.requested.length).toBe(strangers === 'allow' ? 1 : 0);
    expect(bench.agent.sizes.transactions).toBe(strangers === 'allow' ? 1 : 0);
  });

  test('a trunk\'s and this machine\'s calls are let in, those of its other loopback addresses are strangers\'', () => {
    const { from } = gated();
    expect([from(TRUNK, invite(1)), from('127.0.0.1', invite(2)), from('127.0.0.2', invite(3))]).toEqual([['100 INVITE'], ['100 INVITE'], ['403 INVITE']]);
  });

  test('a stranger may register and ask whether we are there, unless silence is asked for', () => {
    const { from, bench } = gated();
    from(STRANGER, request('OPTIONS', { branch: 'z9hG4bK-o' }));
    from(STRANGER, request('REGISTER', { branch: 'z9hG4bK-r', callId: 'r' }));
    expect(bench.told.requested.map(({ incoming }) => incoming.request.method)).toEqual(['OPTIONS', 'REGISTER']);
    const silent = gated({ strangers: 'silence' });
    expect([silent.from(STRANGER, request('OPTIONS')), silent.bench.told.requested]).toEqual([[], []]);
  });

  test('who registered is let in for as long as that lasts; a refusal registers nobody', () => {
    const { from, register, bench } = gated();
    expect(register(STRANGER, 403)).toEqual(['403 REGISTER']);
    expect(from(STRANGER, invite(1))).toEqual(['403 INVITE']);
    expect(register(STRANGER, 200)).toEqual(['200 REGISTER']);
    expect(from(STRANGER, invite(2))).toEqual(['100 INVITE']);
    bench.clock.advance(120_000);
    expect(from(STRANGER, invite(3))).toEqual(['403 INVITE']);
  });

  test('while nobody has said who is known, everybody is let in; an engine\'s word takes the place of its last', () => {
    const { from, gate } = gated({ callers: [] });
    expect(from(STRANGER, invite(1))).toEqual(['100 INVITE']);
    gate.callersAre(['198.51.100.0/24']);
    expect([from(STRANGER, invite(2)), from('198.51.100.7', invite(3))]).toEqual([['403 INVITE'], ['100 INVITE']]);
    gate.callersAre([`${STRANGER}`]);
    expect([from(STRANGER, invite(4)), from('198.51.100.7', invite(5))]).toEqual([['100 INVITE'], ['403 INVITE']]);
  });

  test('what is in a dialog is nobody\'s to refuse', () => {
    const { from } = gated();
    expect(from(STRANGER, request('BYE', { to: '<sip:x@198.51.100.1>;tag=t' }))).toEqual(['481 BYE']);
  });
});

describe('wrong passwords', () => {
  test('three lock the address out of the account, and only that, for a minute', () => {
    const { register, bench } = gated();
    for (let i = 0; i < 3; i += 1) expect(register(STRANGER, 403)).toEqual(['403 REGISTER']);
    // No engine is asked any more, also not with the right password.
    expect([register(STRANGER, 200), bench.told.requested]).toEqual([['403 REGISTER'], []]);
    expect(register(STRANGER, 200, PASSWORD.replace('alice', 'bob'))).toEqual(['200 REGISTER']);
    expect(register('192.0.2.67', 200)).toEqual(['200 REGISTER']);
    bench.clock.advance(60_000);
    expect(register(STRANGER, 200)).toEqual(['200 REGISTER']);
  });

  test('the right one forgives the wrong ones before it; a challenge is no failure', () => {
    const { register } = gated();
    for (const status of [403, 403, 200, 403, 401, 401, 403, 200]) expect(register(STRANGER, status)).toEqual([`${status} REGISTER`]);
  });

  test('one address that tries many accounts is locked out of all', () => {
    const { register } = gated();
    for (let i = 0; i < 15; i += 1) register(STRANGER, 403, PASSWORD.replace('alice', `guess${i}`));
    expect(register(STRANGER, 200, PASSWORD.replace('alice', 'bob'))).toEqual(['403 REGISTER']);
  });
});

describe('floods', () => {
  test('a stranger may send twice its rate at once and its rate for long; others, trunks and this machine are not touched by it', () => {
    const { gate, bench } = gated();
    const heard = (address: string, times: number): number => Array.from({ length: times }, () => gate.hears(address)).filter(Boolean).length;
    expect(heard(STRANGER, 1_000)).toBe(20);
    expect([heard('192.0.2.67', 10), heard(TRUNK, 300), heard('127.0.0.1', 5_000)]).toEqual([10, 300, 5_000]);
    bench.clock.advance(1_000);
    expect([heard(STRANGER, 1_000), gate.status.dropped]).toEqual([10, 980 + 990]);
  });

  test('a clock that is turned back fills no bucket and empties none', () => {
    const { gate, bench } = gated();
    bench.clock.nowMs -= 3_600_000;
    expect([gate.hears(STRANGER), gate.hears(STRANGER)]).toEqual([true, true]);
  });

  test('forged addresses without end are forgotten again', () => {
    const { gate } = gated();
    for (let i = 0; i < 30_000; i += 1) gate.hears(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect((gate['rates']['buckets'] as Map<string, unknown>).size).toBe(20_000);
  });
});

test('overload is a delay that lasts, not a pause; it ends when there was relief for as long', () => {
  const clock = new FakeClock();
  const said: boolean[] = [];
  let uptimeMs = 0;
  const overload = new Overload(500, clock, () => uptimeMs, (now) => said.push(now));
  overload.start();
  const late = (...delays: number[]): void => {
    for (const delay of delays) {
      uptimeMs += 100 + delay;
      clock.advance(100);
    }
  };
  late(0, 60_000, 0, 600, 600, 600, 600, 10, 600);
  expect(overload.now).toBe(false);
  late(600, 600, 600, 600);
  expect(overload.now).toBe(true);
  late(400, 10, 10, 10, 10);
  expect(overload.now).toBe(true);
  late(10);
  expect([overload.now, said]).toEqual([false, [true, false]]);
  overload.stop();
});

test('while overloaded, new calls of anybody get 503 with Retry-After; what is in a dialog, and CANCEL, go on', () => {
  const { from, gate, bench } = gated();
  from(TRUNK, invite(1));
  gate['overload'].now = true;
  const flow = bench.network.flowTo({ protocol: 'udp', address: TRUNK, port: 5060 });
  bench.receive(invite(2), flow);
  expect(flow.take().join()).toMatch(/^SIP\/2\.0 503 Service Unavailable\r\n[^]*\r\nRetry-After: ([2-9]|10)\r\n/);
  expect(from(TRUNK, request('CANCEL', { callId: 'call-1', branch: 'z9hG4bK-i1' }))).toEqual(['200 CANCEL', '487 INVITE']);
});

test.each([
  ['127.0.0.1', '127.0.0.1', true], ['::ffff:127.0.0.1', '::ffff:127.0.0.1', true], ['::1', '::1', true], ['192.0.2.5', '192.0.2.5', true], ['192.0.2.6', '192.0.2.5', false], ['198.51.100.7', '192.0.2.5', true],
  ['2001:db8::7', '::', true], ['2001:db9::7', '::', false], [undefined, '192.0.2.5', false],
])('control from %s at %s: %s', (remote, local, may) => {
  expect(mayControl(new Networks(['198.51.100.0/24', '2001:db8::/32']), remote, local)).toBe(may);
});
