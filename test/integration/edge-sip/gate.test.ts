// Who gets in, over real sockets: a flood, a stranger, a trunk an engine names, and who asks whether calls may be sent here.
import { createSocket, type Socket } from 'node:dgram';
import { audioSdp, Phone } from '../../support/phone';
import { request } from '../../unit/edge/support';
import { Bench, SECRET, Watcher } from './support';

const SDP = audioSdp(40_000);
let bench: Bench;
const closing: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await bench.close();
  expect(bench.faults).toEqual([]);
});

async function phoneAt(address: string): Promise<Phone> {
  const phone = await Phone.open('somebody', bench.server, 0, address);
  closing.push(() => phone.close());
  return phone;
}

async function socketAt(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => { socket.bind(0, address, resolve); });
  closing.push(() => new Promise((resolve) => { socket.close(() => resolve()); }));
  return socket;
}

const answering = (): Promise<unknown> => bench.client(['epoch:7'], (srf) => srf.invite((req, res) => { void srf.createUAS(req, res, { localSdp: SDP }); }));

test('a flood from one address is dropped, and every call of another is answered meanwhile', async () => {
  bench = await Bench.open({ SIP_SOURCE_RATE: 50, SIP_STRANGERS: 'allow' });
  await answering();
  const flooder = await socketAt('127.0.0.9');
  const caller = await bench.phone('caller');
  for (let call = 0; call < 10; call += 1) {
    for (let i = 0; i < 300; i += 1) flooder.send(request('INVITE', { callId: `flood-${call}-${i}`, branch: `z9hG4bK-${call}-${i}` }), bench.edge.sipPort, '127.0.0.1');
    const leg = caller.invite('help-desk', SDP);
    await caller.answered(leg);
    expect((await caller.hangUp(leg)).status).toBe(200);
  }
  const { dropped } = bench.edge.status() as { dropped: number };
  expect(dropped).toBeGreaterThan(0);
});

test('a stranger\'s call is 403 once an engine has named its trunks, a trunk\'s is answered; another than the engine that holds the edge names none', async () => {
  bench = await Bench.open();
  await answering();
  const [holder, standby] = [await Watcher.open(bench.edge.controlPort, { engine: 'one', epoch: 7 }), await Watcher.open(bench.edge.controlPort, { engine: 'two', epoch: null })];
  closing.push(async () => { holder.close(); standby.close(); });
  expect(await standby.ask({ ask: 'callers', networks: ['127.0.0.8'] })).toMatchObject({ error: 'badRequest' });
  expect(await holder.ask({ ask: 'callers', networks: ['not a network'] })).toMatchObject({ error: 'badRequest' });
  expect(await holder.ask({ ask: 'callers', networks: ['127.0.0.7/32'] })).toMatchObject({ ok: true });
  const [trunk, stranger] = [await phoneAt('127.0.0.7'), await phoneAt('127.0.0.8')];
  const refused = stranger.invite('help-desk', SDP);
  expect((await stranger.response('INVITE', (status) => status >= 200, refused.callId)).status).toBe(403);
  const leg = trunk.invite('help-desk', SDP);
  await trunk.answered(leg);
  expect((await trunk.hangUp(leg)).status).toBe(200);
});

test('the inventory port closes on who does not know the secret', async () => {
  bench = await Bench.open();
  await expect(Watcher.open(bench.edge.controlPort, {}, `not ${SECRET}`)).rejects.toThrow('closed');
  const right = await bench.watcher();
  expect((await right.inventory()).dialogs).toEqual([]);
});
