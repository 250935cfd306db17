// The two control ports: drachtio frames and inventory lines, damaged and cut anywhere, while calls come and go.
import { pino } from 'pino';
import { DrachtioPort } from '../../engine/edge/control/drachtio-port';
import { dialogInfos } from '../../engine/edge/control/dialog-infos';
import { frame } from '../../engine/edge/control/frames';
import { InventoryPort } from '../../engine/edge/control/inventory';
import { OwnerWatch } from '../../engine/edge/control/owner';
import { Session } from '../../engine/edge/control/session';
import { parseDatagram } from '../../engine/edge/sip/parser';
import { UserAgent } from '../../engine/edge/sip/user-agent';
import { FakeClock, FakeNetwork } from '../unit/edge/support';
import { damage, oneOf, pieces, type Pick } from './random';
import { anyRequest, SIP_SPLINTERS } from './sip-target';
import { FakeSocket, turn, type Target } from './target';

const SECRET = 'only-for-this-test';
const METHODS = ['invite', 'BYE', 'options', 'REGISTER', 'update', 'constructor', '__proto__'] as const;
const LINES = [
  '{"id":1,"ask":"inventory"}', '{"id":2,"ask":"owner"}', '{"id":3,"ask":"hold","epoch":8}', '{"id":4,"ask":"end","dialog":"call-1;from-tag=their","reason":"SIP;cause=200"}', '{"id":5,"ask":"forget","upTo":41}', '{"id":6,"ask":"ping"}', '{"pong":17}',
  '{"id":7,"ask":"__proto__"}', '[]', 'null', '""', '{"id":1e99,"ask":"ping"}',
] as const;

export function controlTarget(): Target {
  const faults: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => { faults.push(line); } });
  const clock = new FakeClock();
  const network = new FakeNetwork(clock);
  const peer = network.flowTo({ protocol: 'udp', address: '192.0.2.7', port: 5060 });
  const owner = new OwnerWatch(clock, () => undefined);
  const port = new DrachtioPort({ address: '127.0.0.1', port: 0, secret: SECRET, clock, log, sipHost: network.host, sipPort: network.port, owner, kept: () => undefined });
  const agent = new UserAgent({ transport: network, clock, log, listener: port, lookup: (_host, found) => found(undefined) });
  // Without its socket: what opens it would hand it the agent.
  port['agent'] = agent;
  const inventory = new InventoryPort({
    address: '127.0.0.1', port: 0, secret: SECRET, version: '0', edge: 'edge', startedAtMs: 0, owner, anchors: () => [], events: () => port.continuity.keptEvents,
    dialogs: () => dialogInfos(agent.dialogs.values(), (session) => port.engines.has(session)), end: (dialog, reason) => agent.end(dialog, reason, 'asked'), forget: (upTo) => port.continuity.forget(upTo),
  });
  let engine: FakeSocket | undefined;
  let watcher: FakeSocket | undefined;

  const theEngine = (pick: Pick): FakeSocket => {
    if (engine && !engine.destroyed) return engine;
    engine = new FakeSocket();
    void new Session(engine as never, SECRET, port['door'], log);
    if (pick(4) > 0) engine.emit('data', Buffer.from(frame(`id|authenticate|${SECRET}${pick(3) === 0 ? '|epoch:0' : ''}`) + frame('id|route|invite')));
    return engine;
  };
  const theWatcher = (pick: Pick): FakeSocket => {
    if (watcher && !watcher.destroyed) return watcher;
    watcher = new FakeSocket();
    inventory['accept'](watcher as never);
    if (pick(4) > 0) watcher.emit('data', `${JSON.stringify({ secret: SECRET, engine: `engine-${pick(3)}`, epoch: pick(3) })}\n`);
    return watcher;
  };
  const command = (pick: Pick): string => {
    const id = transactionIn(engine?.written, pick);
    switch (pick(7)) {
      case 0: return `id|route|${oneOf(pick, METHODS)}`;
      case 1: return `id|remove_route|${oneOf(pick, METHODS)}`;
      case 2: return 'id|ping';
      case 3: return `id|sip|||\r\n${anyRequest(pick)}`;
      case 4: return `id|sip||call-${pick(40)};from-tag=their|\r\n${anyRequest(pick)}`;
      case 5: return `id|sip|${id}||\r\nCANCEL sip:x@192.0.2.7 SIP/2.0\r\n\r\n`;
      default: return `id|sip|${id}||\r\nSIP/2.0 ${oneOf(pick, [100, 180, 200, 200, 404])} X\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n`;
    }
  };
  return {
    name: 'control',
    feed: (pick) => {
      const kind = pick(4);
      if (kind === 0) {
        const message = parseDatagram(Buffer.from(anyRequest(pick)));
        if (message) agent.receive(message, peer);
      } else if (kind === 1) {
        const line = damage(Buffer.from(oneOf(pick, LINES)), pick, SIP_SPLINTERS);
        for (const piece of pieces(Buffer.concat([line, Buffer.from('\n')]), pick, 60)) theWatcher(pick).emit('data', piece.toString());
      } else {
        // Damage inside a frame of the right length reaches what reads commands; damage around it, what reads frames.
        const text = command(pick);
        const sent = pick(3) > 0 ? Buffer.from(frame(damage(Buffer.from(text), pick, SIP_SPLINTERS).toString())) : damage(Buffer.from(frame(text)), pick, SIP_SPLINTERS);
        for (const piece of pieces(sent, pick, 500)) theEngine(pick).emit('data', piece);
      }
      if (pick(50) === 0) clock.advance(pick(5_000));
      for (const flow of network.flows.values()) if (flow.sent.length > 1_000) flow.take();
      if (network.flows.size > 500) for (const [name, flow] of network.flows) if (flow !== peer) network.flows.delete(name);
    },
    settle: turn,
    finish: async () => {
      engine?.destroy();
      watcher?.destroy();
      owner.stop();
      for (let round = 0; round < 3; round += 1) {
        clock.advance(400_000);
        for (const dialog of [...agent.dialogs.values()]) agent.end(dialog.id, '', 'asked');
        await turn();
      }
      const held = Object.entries({ ...agent.sizes, held: port.continuity.heldCount, engines: port.engines.all().length, connections: inventory['sockets'].size, timers: clock.pending });
      return [...faults, ...held.filter(([, size]) => size > 0).map(([what, size]) => `control: ${size} ${what} are still held`)];
    },
  };
}

/** A transaction that the engine was told of lately. */
function transactionIn(written: readonly string[] | undefined, pick: Pick): string {
  const told = (written ?? []).slice(-5).flatMap((frames) => [...frames.matchAll(/\|sip\|network\|\d+\|\w+\|[^|]*\|\d+\|[^|]*\|([^|]+)\|/g)].map((match) => match[1] ?? ''));
  return told[pick(told.length || 1)] ?? '';
}
