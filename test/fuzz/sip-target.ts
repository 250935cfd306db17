// SIP: datagrams and streams into the parser and the stack, answered by an engine that says anything.
import { Framer } from '../../engine/edge/sip/framing';
import { parseDatagram } from '../../engine/edge/sip/parser';
import { NotSent } from '../../engine/edge/sip/draft';
import { draft, FakeFlow, request, response, rig } from '../unit/edge/support';
import { TORTURE } from '../unit/edge/torture';
import { damage, oneOf, pieces, type Pick } from './random';
import { turn, type Target } from './target';

const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'UPDATE', 'INFO', 'PRACK', 'REFER', 'NOTIFY', 'FOO'] as const;
export const SIP_SPLINTERS = [
  '\r\n', '\n', '\0', '\r', ';', ',', '<', '>', '"', '\\', ':', ' ', '\t', '|', '=', '@', '%', 'é', '☎', '9'.repeat(40), 'SIP/2.0', 'Via: ', 'To: <sip:x@y>', 'Content-Length: 99999', 'Contact: *', ';tag=', ';lr', '[::1]', ';rport', ';maddr=1.2.3.4',
  ';'.repeat(200), '"'.repeat(99), ', '.repeat(99), ' '.repeat(300), '<'.repeat(50), '\r\n \r\n ', 'k: 100rel, timer\r\n', 'Record-Route: <sip:[::1];lr>, <sip:192.0.2.9>\r\n', 'sips:', 'transport=tls', 'Accept: */*\r\n', 'Require: 100rel\r\n', 'Replaces: a;to-tag=b;from-tag=c\r\n',
] as const;

/** A request with ids from so few that many meet. */
export function anyRequest(pick: Pick): string {
  const method = oneOf(pick, METHODS);
  const words = { callId: `call-${pick(40)}`, branch: `z9hG4bK-${pick(200)}`, cseq: 1 + pick(4), body: pick(3) === 0 ? 'v=0\r\n' : '' };
  return request(method, pick(3) === 0 ? { ...words, to: '<sip:x@198.51.100.1>;tag=t' } : words);
}

export function sipTarget(): Target {
  const bench = rig();
  const asked: string[] = [];
  const connection = new FakeFlow(bench.clock, 'tcp', '192.0.2.8');

  /** Answers what an engine would be told of, in one way or another. */
  const answerAll = (pick: Pick): void => {
    for (const call of bench.told.requested.splice(0)) expected(() => bench.agent.answering.respond(call.incoming.id, draft(`SIP/2.0 ${oneOf(pick, [180, 200, 302, 486, 603])} X`, {}, pick(2) === 0 ? 'v=0' : '')));
  };
  const call = (pick: Pick): void => {
    expected(() => bench.agent.asking.request(draft(`${pick(2) === 0 ? 'INVITE' : 'OPTIONS'} sip:alice@192.0.2.7 SIP/2.0`), '', null));
    asked.push(...bench.peer.take().filter((sent) => !sent.startsWith('SIP/')));
    asked.splice(0, asked.length - 20);
  };
  const input = (pick: Pick): Buffer => {
    const kind = pick(16);
    if (kind < 4) {
      if (kind === 0) call(pick);
      const last = asked.at(-1 - pick(Math.min(5, asked.length) || 1));
      if (last !== undefined) return Buffer.from(response(last, oneOf(pick, [100, 180, 200, 200, 302, 487, 699]), `tag${pick(3)}`));
    }
    return (kind === 4 ? TORTURE[pick(TORTURE.length)]?.message : undefined) ?? Buffer.from(anyRequest(pick));
  };
  const drain = (): void => {
    bench.clock.advance(400_000);
    for (const dialog of [...bench.agent.dialogs.values()]) bench.agent.end(dialog.id, '', 'asked');
  };
  return {
    name: 'sip',
    feed: (pick) => {
      const bytes = damage(input(pick), pick, SIP_SPLINTERS);
      if (pick(8) === 0) {
        const framer = new Framer();
        for (const piece of pieces(bytes, pick, 400)) {
          const framed = framer.push(piece);
          for (const each of framed) if (each.kind !== 'ping' && each.message) bench.agent.receive(each.message, connection);
          if (framed.some(({ kind }) => kind === 'broken')) break;
        }
      } else {
        const message = parseDatagram(bytes);
        if (message) bench.agent.receive(message, bench.peer);
      }
      if (pick(3) === 0) answerAll(pick);
      if (pick(50) === 0) bench.clock.advance(pick(3_000));
      for (const flow of bench.network.flows.values()) if (flow.sent.length > 1_000) flow.take();
      bench.told.acknowledged.length = bench.told.responded.length = bench.told.ended.length = bench.told.cancelled.length = 0;
    },
    settle: turn,
    finish: async () => {
      for (let round = 0; round < 3; round += 1) {
        drain();
        await turn();
      }
      const held = Object.entries({ ...bench.agent.sizes, timers: bench.clock.pending }).filter(([, size]) => size > 0).map(([what, size]) => `sip: ${size} ${what} are still held`);
      return [...bench.told.faults, ...held];
    },
  };
}

/** An engine may ask for what cannot be done; it is told so. */
function expected(act: () => void): void {
  try {
    act();
  } catch (fault) {
    if (!(fault instanceof NotSent)) throw fault;
  }
}
