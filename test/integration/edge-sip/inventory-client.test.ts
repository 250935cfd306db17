// The engine's client of the inventory port against the real edge: who holds it, as every engine is told, and an edge that falls silent.
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { realTimers } from '../../../engine/calls/timers';
import { openInventory, type EdgeInventory, type Owner } from '../../../engine/continuity/inventory';
import { silentLog } from '../../support/media-servers';
import { audioSdp } from '../../support/phone';
import { Bench, SECRET } from './support';

const SDP = audioSdp(40_000);
const opened: EdgeInventory[] = [];

/** A client, and a way to await what it is told of the owner. */
function engine(port: number, name?: string) {
  const inventory = openInventory({ host: '127.0.0.1', port, secret: SECRET, ...(name === undefined ? {} : { engine: name }) }, { log: silentLog, timers: realTimers });
  opened.push(inventory);
  const seen: Array<Owner | null> = [];
  const looks = new Set<() => void>();
  inventory.watch({ owner: (owner) => { seen.push(owner); for (const look of [...looks]) look(); } });
  const until = (fits: (owner: Owner | null) => boolean): Promise<void> => new Promise((resolve) => {
    const look = (): void => {
      if (!fits(inventory.owner)) return;
      looks.delete(look);
      resolve();
    };
    looks.add(look);
    look();
  });
  return { inventory, seen, until };
}

afterEach(() => { for (const inventory of opened.splice(0)) inventory.close(); });

describe('at the edge', () => {
  let bench: Bench;
  beforeEach(async () => { bench = await Bench.open(); });
  afterEach(async () => { await bench.close(); });

  test('an active engine and a standby are told alike who holds the edge, from the beginning and whenever it changes', async () => {
    const [active, standby] = [engine(bench.edge.controlPort, 'active'), engine(bench.edge.controlPort, 'standby')];
    await Promise.all([active.until((owner) => owner?.connected === false), standby.until((owner) => owner?.epoch === 0)]);
    active.inventory.hold(7);
    await active.inventory.read();
    const srf = await bench.client(['epoch:7']);
    await Promise.all([active.until((owner) => owner?.connected === true), standby.until((owner) => owner?.connected === true)]);
    expect(standby.inventory.owner).toMatchObject({ epoch: 7, engine: 'active', responsive: true });
    await bench.drop(srf);
    await standby.until((owner) => owner?.connected === false);
    standby.inventory.hold(8);
    await standby.inventory.read();
    await bench.client(['epoch:8']);
    await active.until((owner) => owner?.epoch === 8 && owner.connected);
    expect((await active.inventory.read()).owner).toMatchObject({ epoch: 8, engine: 'standby' });
  });

  test('a caller’s dialog tells who arrived; what ends while no engine is there is told as it happens', async () => {
    const watching = engine(bench.edge.controlPort);
    const ended = new Promise<string>((resolve) => { watching.inventory.watch({ ended: ({ dialog, cause }) => resolve(`${dialog} ${cause}`) }); });
    const srf = await bench.client(['epoch:7'], (client) => client.invite((req, res) => { void client.createUAS(req, res, { localSdp: SDP }); }));
    const phone = await bench.phone('caller');
    const leg = phone.invite('help-desk', SDP, { 'p-asserted-identity': '<tel:+441615550100>', 'history-info': '<sip:a@example.com>;index=1', 'x-secret': 'kept to ourselves' });
    await phone.answered(leg);
    const { dialogs, edge } = await watching.inventory.read();
    expect(edge).toBe(`127.0.0.1:${bench.edge.sipPort}`);
    expect(dialogs).toEqual([expect.objectContaining({
      id: `${leg.callId};from-tag=${leg.localTag}`, role: 'uas', state: 'confirmed',
      arrival: {
        transactionId: expect.stringMatching(/^[0-9a-f-]{36}$/), requestUri: leg.remoteUri, from: expect.stringContaining(`;tag=${leg.localTag}`), to: `<${leg.remoteUri}>`,
        headers: { contact: `<${phone.contact}>`, 'p-asserted-identity': '<tel:+441615550100>', 'history-info': '<sip:a@example.com>;index=1' },
        source: { protocol: 'udp', address: '127.0.0.1', port: phone.port },
      },
    })]);
    await bench.drop(srf);
    await watching.until((owner) => owner?.connected === false);
    await phone.hangUp(leg);
    expect(await ended).toBe(`${leg.callId};from-tag=${leg.localTag} bye`);
  });

  test('an edge that goes away: told at once, every question fails, and it is found again', async () => {
    const watching = engine(bench.edge.controlPort, 'active');
    await watching.until((owner) => owner !== null);
    const { edge } = bench;
    await edge.close();
    await watching.until((owner) => owner === null);
    expect(watching.seen.at(-1)).toBeNull();
    await expect(watching.inventory.read()).rejects.toThrow('did not answer');
  });
});

test('an edge that hangs is given up, and asked again; one of the release before tells no owner and is not given up', async () => {
  const sockets: Socket[] = [];
  let answersPings = false;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.setEncoding('utf8').on('error', () => undefined).on('data', (text: string) => {
      for (const line of text.split('\n').filter((each) => each !== '')) {
        const { id, ask, secret } = JSON.parse(line) as { id?: number; ask?: string; secret?: string };
        if (secret !== undefined) socket.write('{"hello":{"version":"0.1.0","startedAtMs":1}}\n');
        else if (ask === 'inventory') socket.write(`${JSON.stringify({ id, inventory: { epoch: 3, engineConnected: true, startedAtMs: 1, dialogs: [], anchors: [], events: [] } })}\n`);
        else if (answersPings) socket.write(`${JSON.stringify({ id, ok: true })}\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { inventory } = engine(port, 'active');
  expect((await inventory.read()).owner).toEqual({ epoch: 3, engine: '', connected: true, responsive: true, sinceMs: 1 });
  expect(inventory.owner).toBeNull();
  const [first] = sockets;
  if (!first?.destroyed) await once(first as Socket, 'close');
  answersPings = true;
  expect((await inventory.read()).edge).toBe('');
  expect(sockets.length).toBeGreaterThan(1);
  inventory.close();
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  for (const socket of sockets) socket.destroy();
  await closed;
});
