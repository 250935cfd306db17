// The relay in front of a SIP server that speaks drachtio's protocol: the server has one client for ever, engines come and go.
import { startRelay, type RunningRelay } from '../../../engine/edge/relay/start';
import { createLog } from '../../../storage/process/log';
import { audioSdp, type Leg, type Phone } from '../../support/phone';
import { Bench, SECRET, type Client, type Request } from './support';

const SDP = audioSdp(40_000);
let bench: Bench;
let relay: RunningRelay;
let front: Bench;
let faults: string[];

beforeEach(async () => {
  bench = await Bench.open();
  faults = [];
  const log = createLog('relay', 'error', { write: (line) => { faults.push(line); } });
  relay = await startRelay({
    DRACHTIO_ADDRESS: '127.0.0.1', DRACHTIO_PORT: 0, DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: 0, DRACHTIO_SERVER_HOST: '127.0.0.1', DRACHTIO_SERVER_PORT: bench.edge.drachtioPort, DRACHTIO_SERVER_SECRET: SECRET,
  }, log);
  front = bench.inFrontOf({ ...bench.edge, drachtioPort: relay.drachtioPort, controlPort: relay.controlPort, close: () => relay.close() }, faults);
  await (await bench.watcher()).engineHere();
});
afterEach(async () => {
  await front.close();
  await bench.close();
  expect([...faults, ...bench.faults]).toEqual([]);
});

const answering = (tags: readonly string[]): Promise<Client> => front.client(tags, (client) => client.invite((req, res) => { void client.createUAS(req, res, { localSdp: SDP }); }));

async function talking(user: string): Promise<{ readonly phone: Phone; readonly leg: Leg }> {
  const phone = await front.phone(user);
  const leg = phone.invite('help-desk', SDP);
  await phone.answered(leg);
  return { phone, leg };
}

const nameOf = (leg: Leg): string => `${leg.callId};from-tag=${leg.localTag}`;

test('a caller is answered and hangs up; the engine behind the relay sees what it would see without', async () => {
  const ended: string[] = [];
  let heard: () => void = () => undefined;
  const over = new Promise<void>((resolve) => { heard = resolve; });
  await front.client(['epoch:3'], (client) => client.invite((req, res) => {
    void client.createUAS(req, res, { localSdp: SDP }).then((dialog) => { dialog.on('destroy', (bye) => { ended.push(bye.get('Call-ID')); heard(); }); });
  }));
  const { phone, leg } = await talking('caller');
  const watcher = await front.watcher();
  const { dialogs, owner } = await watcher.inventory();
  expect(owner).toMatchObject({ epoch: 3, connected: true });
  expect(dialogs).toEqual([{
    id: nameOf(leg), callId: leg.callId, role: 'uas', state: 'confirmed', localTag: leg.remoteTag, remoteTag: leg.localTag, remoteUri: 'sip:caller@127.0.0.1', createdAtMs: expect.any(Number), owned: true,
    arrival: expect.objectContaining({ requestUri: leg.remoteUri, source: { protocol: 'udp', address: '127.0.0.1', port: phone.port }, headers: { contact: `<${phone.contact}>` } }),
  }]);
  expect((await phone.hangUp(leg)).status).toBe(200);
  await over;
  expect(ended).toEqual([leg.callId]);
  expect((await watcher.inventory()).dialogs).toEqual([]);
  expect(relay.status()).toMatchObject({ dialogs: 0, incoming: 0, outgoing: 0 });
});

test('an engine dies: its callers stay, BYE and INFO are answered and kept, an UPDATE waits and is told to the next, which goes on with the dialog', async () => {
  const srf = await answering(['epoch:3']);
  const [leaving, staying] = [await talking('leaving'), await talking('staying')];
  const watcher = await front.watcher();
  await front.drop(srf);
  await watcher.next((message) => 'event' in message && message.event === 'engineGone');
  leaving.phone.send(leaving.phone.inDialog(leaving.leg, 'INFO'));
  expect((await leaving.phone.response('INFO', (status) => status >= 200, leaving.leg.callId)).status).toBe(200);
  expect((await leaving.phone.hangUp(leaving.leg)).status).toBe(200);
  await watcher.next((message) => 'event' in message && message.event === 'dialogEnded' && message.dialog === nameOf(leaving.leg) && message.cause === 'bye');
  staying.phone.send(staying.phone.inDialog(staying.leg, 'UPDATE'));
  staying.phone.send(staying.phone.inDialog(staying.leg, 'OPTIONS'));
  expect((await staying.phone.response('OPTIONS', (status) => status >= 200, staying.leg.callId)).status).toBe(200);
  expect((await watcher.inventory()).dialogs.map(({ id, owned }) => [id, owned])).toEqual([[nameOf(staying.leg), false]]);
  const next = await front.client(['epoch:4'], (client) => client.update((_req, res) => { res.send(200); }));
  expect((await staying.phone.response('UPDATE', (status) => status >= 200, staying.leg.callId)).status).toBe(200);
  const bye = await next.request('sip:placeholder', { method: 'BYE', stackDialogId: nameOf(staying.leg) });
  const answered = new Promise<number>((resolve) => bye.on('response', (res) => resolve(res.status)));
  staying.phone.respond(await staying.phone.request('BYE', staying.leg.callId), 200, 'OK');
  expect(await answered).toBe(200);
  expect((await watcher.inventory()).dialogs).toEqual([]);
});

test('an engine dies while a caller’s INVITE is unanswered: it is told again to the next under the same transaction; one who gives up is kept', async () => {
  let told: (id: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => { told = resolve; });
  const silent = await front.client(['epoch:3'], (srf) => srf.invite((req) => told(req.stackTxnId)));
  const caller = await front.phone('caller');
  const leg = caller.invite('help-desk', SDP);
  const id = await first;
  await front.drop(silent);
  const impatient = await front.phone('impatient');
  const taken = impatient.invite('help-desk', SDP);
  const watcher = await front.watcher();
  await impatient.response('INVITE', (status) => status === 100, taken.callId);
  impatient.cancel(taken);
  expect((await impatient.response('INVITE', (status) => status >= 200, taken.callId)).status).toBe(487);
  await watcher.next((message) => 'event' in message && message.event === 'dialogEnded' && message.callId === taken.callId && message.cause === 'cancel');
  const again: string[] = [];
  await front.client(['epoch:4'], (srf) => srf.invite((req, res) => { again.push(req.stackTxnId); res.send(486); }));
  expect((await caller.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(486);
  expect(again).toEqual([id]);
});

test('an engine dies while a phone rings for it: cancelled, and a 200 that comes all the same is acknowledged and ended', async () => {
  const srf = await front.client(['epoch:3']);
  const agent = await front.phone('agent');
  srf.createUAC(agent.contact, { localSdp: SDP }).catch(() => undefined);
  const invite = await agent.request('INVITE');
  agent.respond(invite, 180, 'Ringing');
  const watcher = await front.watcher();
  await front.drop(srf);
  await agent.request('CANCEL', invite.headers['call-id']);
  agent.respond(invite, 200, 'OK', SDP);
  await agent.request('ACK', invite.headers['call-id']);
  agent.respond(await agent.request('BYE', invite.headers['call-id']), 200, 'OK');
  await watcher.next((message) => 'event' in message && message.event === 'dialogEnded' && message.cause === 'ownerGone');
});

test('a newer engine puts the older out, whose answers have no effect any more', async () => {
  let asked: (res: { send(status: number): void }) => void = () => undefined;
  const late = new Promise<{ send(status: number): void }>((resolve) => { asked = resolve; });
  const old = await front.client(['epoch:3'], (srf) => srf.invite((_req, res) => asked(res)));
  const closed = new Promise<void>((resolve) => old.on('close', () => resolve()));
  const caller = await front.phone('caller');
  const leg = caller.invite('help-desk', SDP);
  const unanswered = await late;
  const told: string[] = [];
  await front.client(['epoch:4'], (srf) => srf.invite((req: Request, res) => { told.push(req.get('Call-ID')); res.send(486); }));
  await closed;
  try {
    unanswered.send(200);
  } catch {
    // It may know already that its connection is gone.
  }
  expect((await caller.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(486);
  expect(told).toEqual([leg.callId]);
  await front.drop(old);
  await expect(front.client(['epoch:3'])).rejects.toThrow('failed to authenticate');
});

test('a method nobody wants is answered 405; the inventory port ends a call', async () => {
  await answering(['epoch:3']);
  const { phone, leg } = await talking('caller');
  const watcher = await front.watcher();
  const registered = await (await front.phone('stranger')).register('secret');
  expect([registered.status, registered.headers['allow']]).toEqual([405, 'INVITE']);
  expect(await watcher.ask({ ask: 'end', dialog: nameOf(leg), reason: 'SIP;cause=200;text="swept"' })).toMatchObject({ ok: true });
  phone.respond(await phone.request('BYE', leg.callId), 200, 'OK');
  expect(await watcher.ask({ ask: 'end', dialog: 'no such' })).toMatchObject({ error: 'unknownDialog' });
});

test('the SIP server is lost: engines are cut off, and nothing that was is told to exist', async () => {
  const srf = await answering(['epoch:3']);
  await talking('caller');
  const watcher = await front.watcher();
  const closed = new Promise<void>((resolve) => srf.on('close', () => resolve()));
  await bench.edge.close();
  await closed;
  await front.drop(srf);
  expect(await watcher.inventory()).toMatchObject({ dialogs: [], owner: { connected: false } });
  expect(relay.connected()).toBe(false);
  expect(faults.splice(0)).toEqual([expect.stringContaining('every call with it')]);
  await expect(front.client(['epoch:3'])).rejects.toThrow('failed to authenticate');
});
