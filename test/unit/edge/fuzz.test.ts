// Thousands of damaged messages from a fixed seed: nothing throws, nothing is logged as our fault, and in the end every table is empty.
import { Framer } from '../../../engine/edge/sip/framing';
import { parseDatagram } from '../../../engine/edge/sip/parser';
import { draft, FakeFlow, request, response, rig, type Rig } from './support';

/** A small generator of the kind known as mulberry32, so that a failure can be run again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'UPDATE', 'INFO', 'PRACK', 'REFER', 'NOTIFY', 'FOO'];
const SPLINTERS = ['\r\n', '\n', '\0', '\r', ';', ',', '<', '>', '"', '\\', ':', ' ', '\t', '|', '=', '@', '%', 'é', '☎', '9'.repeat(40), 'SIP/2.0', 'Via: ', 'To: <sip:x@y>', 'Content-Length: 99999', 'Contact: *', ';tag=', ';lr', '[::1]', ';rport', ';maddr=1.2.3.4'];

function damage(bytes: Buffer, pick: (below: number) => number): Buffer {
  let damaged = bytes;
  for (let wounds = pick(4); wounds > 0; wounds -= 1) {
    const at = pick(damaged.length + 1);
    const length = pick(12);
    const splinter = Buffer.from(SPLINTERS[pick(SPLINTERS.length)] ?? '');
    switch (pick(5)) {
      case 0: damaged = Buffer.concat([damaged.subarray(0, at), splinter, damaged.subarray(at)]); break;
      case 1: damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + length)]); break;
      case 2: damaged = Buffer.concat([damaged.subarray(0, at), splinter, damaged.subarray(at + length)]); break;
      case 3: damaged = Buffer.concat([damaged, damaged.subarray(at, at + 40)]); break;
      default: damaged = Buffer.from(damaged); if (at < damaged.length) damaged[at] = pick(256);
    }
  }
  return damaged;
}

/** Answers what an engine would be told of, in one way or another. */
function answerAll(bench: Rig, pick: (below: number) => number): void {
  for (const call of bench.told.requested.splice(0)) {
    try {
      bench.agent.answering.respond(call.incoming.id, draft(`SIP/2.0 ${[180, 200, 302, 486, 603][pick(5)]} X`, {}, pick(2) === 0 ? 'v=0' : ''));
    } catch (fault) {
      expect(fault).toMatchObject({ name: 'NotSent' });
    }
  }
}

test.each([1, 2, 3, 4])('five thousand datagrams, seed %i', (seed) => {
  const pick = random(seed);
  const bench = rig();
  const asked: string[] = [];
  for (let i = 0; i < 5_000; i += 1) {
    const method = METHODS[pick(METHODS.length)] ?? 'INVITE';
    const words = { callId: `call-${pick(40)}`, branch: `z9hG4bK-${pick(200)}`, cseq: 1 + pick(4), ...(pick(3) === 0 ? { to: '<sip:x@198.51.100.1>;tag=t' } : {}), body: pick(3) === 0 ? 'v=0\r\n' : '' };
    let text = request(method, words);
    if (pick(4) === 0) {
      if (pick(3) === 0) {
        try {
          bench.agent.asking.request(draft(`${pick(2) === 0 ? 'INVITE' : 'OPTIONS'} sip:alice@192.0.2.7 SIP/2.0`), '', null);
        } catch (fault) {
          expect(fault).toMatchObject({ name: 'NotSent' });
        }
        asked.push(...bench.peer.take().filter((sent) => !sent.startsWith('SIP/')));
      }
      const last = asked.at(-1 - pick(Math.min(5, asked.length) || 1));
      if (last !== undefined) text = response(last, [100, 180, 200, 200, 302, 487, 699][pick(7)] ?? 200, `tag${pick(3)}`);
    }
    const message = parseDatagram(damage(Buffer.from(text), pick));
    if (message) bench.agent.receive(message, bench.peer);
    if (pick(3) === 0) answerAll(bench, pick);
    if (pick(50) === 0) bench.clock.advance(pick(3_000));
  }
  expect(bench.told.faults).toEqual([]);
  for (const dialog of [...bench.agent.dialogs.values()]) bench.agent.end(dialog.id, '', 'asked');
  bench.clock.advance(400_000);
  for (const dialog of [...bench.agent.dialogs.values()]) bench.agent.end(dialog.id, '', 'asked');
  bench.clock.advance(400_000);
  expect([bench.told.faults, bench.agent.sizes, bench.clock.pending]).toEqual([[], { transactions: 0, dialogs: 0, incoming: 0, outgoing: 0 }, 0]);
});

test('two thousand damaged streams end in messages or in being broken off, and hold no more than one message', () => {
  const pick = random(99);
  for (let i = 0; i < 2_000; i += 1) {
    const bench = rig();
    const framer = new Framer();
    const bytes = damage(Buffer.from(request('OPTIONS') + request('INVITE', { branch: 'z9hG4bK-2', body: 'v=0' })), pick);
    const connection = new FakeFlow(bench.clock, 'tcp');
    let broken = false;
    for (let at = 0; at < bytes.length && !broken;) {
      const end = at + 1 + pick(300);
      for (const framed of framer.push(bytes.subarray(at, end))) {
        if (framed.kind !== 'ping' && framed.message) bench.agent.receive(framed.message, connection);
        broken = framed.kind === 'broken';
      }
      at = end;
    }
    expect(bench.told.faults).toEqual([]);
  }
});
