// What becomes of calls while no engine is there, and how the next one goes on with them: unmodified drachtio-srf, real peers over UDP and TCP.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Message } from 'sip';
import { createMedia } from '../../../engine/media/media';
import { ROOT } from '../../../storage/process/root';
import { silentLog } from '../../support/media-servers';
import { audioSdp, type Leg, type Phone } from '../../support/phone';
import { RtpPeer, sine } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';
import { request as requestText, type Words } from '../../unit/edge/support';
import { Bench, SECRET, type Client, type Request } from './support';

const SDP = audioSdp(40_000);
let bench: Bench;
const children: ChildProcess[] = [];

beforeEach(async () => { bench = await Bench.open(); });
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  await bench.close();
  expect(bench.faults).toEqual([]);
});

/** An engine that answers every call. */
const answering = (tags: readonly string[]): Promise<Client> => bench.client(tags, (client) => client.invite((req, res) => { void client.createUAS(req, res, { localSdp: SDP }); }));

async function talking(user: string, headers: Record<string, unknown> = {}): Promise<{ readonly phone: Phone; readonly leg: Leg }> {
  const phone = await bench.phone(user);
  const leg = phone.invite('help-desk', SDP, headers);
  await phone.answered(leg);
  return { phone, leg };
}

const final = (phone: Phone, method: string, leg: Leg): Promise<Message> => phone.response(method, (status) => status >= 200, leg.callId);
const referTo = { 'refer-to': '<sip:elsewhere@127.0.0.1>' };

test('nobody comes: requests in calls get 500 and new calls 503, with Retry-After, the rest is answered meanwhile, and every call stands', async () => {
  const srf = await answering(['epoch:3']);
  const [reinviting, updating, referring, silent] = [await talking('reinviting'), await talking('updating'), await talking('referring'), await talking('silent')];
  const watcher = await bench.watcher();
  await bench.drop(srf);
  await watcher.next((message) => 'event' in message && message.event === 'engineGone');
  reinviting.phone.send(reinviting.phone.inDialog(reinviting.leg, 'INVITE', SDP));
  updating.phone.send(updating.phone.inDialog(updating.leg, 'UPDATE'));
  referring.phone.send(referring.phone.inDialog(referring.leg, 'REFER', undefined, referTo));
  const stranger = await bench.phone('stranger');
  const call = stranger.invite('help-desk', SDP);
  const impatient = await bench.phone('impatient');
  const taken = impatient.invite('help-desk', SDP);
  await impatient.response('INVITE', (status) => status === 100, taken.callId);
  impatient.cancel(taken);
  expect((await final(impatient, 'INVITE', taken)).status).toBe(487);
  silent.phone.send(silent.phone.inDialog(silent.leg, 'OPTIONS'));
  expect((await final(silent.phone, 'OPTIONS', silent.leg)).status).toBe(200);
  silent.phone.send(silent.phone.inDialog(silent.leg, 'INFO'));
  expect((await final(silent.phone, 'INFO', silent.leg)).status).toBe(200);
  const answers = await Promise.all([final(reinviting.phone, 'INVITE', reinviting.leg), final(updating.phone, 'UPDATE', updating.leg), final(referring.phone, 'REFER', referring.leg), final(stranger, 'INVITE', call)]);
  expect(answers.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([[500, '3'], [500, '3'], [500, '3'], [503, '3']]);
  const { dialogs, events, owner } = await watcher.inventory();
  expect(owner).toMatchObject({ epoch: 3, connected: false });
  expect(dialogs.map(({ callId, state, owned }) => [callId, state, owned])).toEqual([reinviting, updating, referring, silent].map(({ leg }) => [leg.callId, 'confirmed', false]));
  expect(events.map(({ callId, cause }) => [callId, cause])).toEqual([[taken.callId, 'cancel'], [call.callId, 'refused']]);
  expect((await silent.phone.hangUp(silent.leg)).status).toBe(200);
}, 40_000);

test('the next engine is told what waited, in its order, and answers it', async () => {
  const srf = await answering(['epoch:3']);
  const [first, second, third] = [await talking('first'), await talking('second'), await talking('third')];
  const watcher = await bench.watcher();
  await bench.drop(srf);
  await watcher.next((message) => 'event' in message && message.event === 'engineGone');
  // Each is known to have arrived before the next is sent.
  const arrived = async ({ phone, leg }: { phone: Phone; leg: Leg }): Promise<void> => {
    phone.send(phone.inDialog(leg, 'OPTIONS'));
    await final(phone, 'OPTIONS', leg);
  };
  first.phone.send(first.phone.inDialog(first.leg, 'REFER', undefined, referTo));
  await arrived(first);
  second.phone.send(second.phone.inDialog(second.leg, 'INVITE', SDP));
  await second.phone.response('INVITE', (status) => status === 100, second.leg.callId);
  const caller = await bench.phone('caller');
  const call = caller.invite('help-desk', SDP);
  await caller.response('INVITE', (status) => status === 100, call.callId);
  third.phone.send(third.phone.inDialog(third.leg, 'UPDATE'));
  await arrived(third);
  const told: string[] = [];
  await bench.client(['epoch:4'], (next) => {
    const take = (method: string, status: number) => (req: Request, res: { send(status: number): void }): void => {
      told.push(`${method} ${req.get('Call-ID')}`);
      res.send(status);
    };
    next.invite(take('INVITE', 486));
    next.update(take('UPDATE', 200));
    next.refer(take('REFER', 202));
  });
  expect((await Promise.all([final(first.phone, 'REFER', first.leg), final(second.phone, 'INVITE', second.leg), final(caller, 'INVITE', call), final(third.phone, 'UPDATE', third.leg)])).map(({ status }) => status)).toEqual([202, 486, 486, 200]);
  expect(told).toEqual([`REFER ${first.leg.callId}`, `INVITE ${second.leg.callId}`, `INVITE ${call.callId}`, `UPDATE ${third.leg.callId}`]);
});

/** Sends one request inside a dialog and acknowledges its answer. */
async function ask(srf: Client, dialog: string, method: string, body?: string): Promise<number> {
  const sent = await srf.request('sip:placeholder', { method, stackDialogId: dialog, headers: method === 'NOTIFY' ? { Event: 'refer', 'Subscription-State': 'terminated', 'Content-Type': 'message/sipfrag' } : {}, ...(body === undefined ? {} : { body }) });
  return new Promise((resolve) => {
    sent.on('response', (res, ack) => {
      if (res.status < 200) return;
      if (method === 'INVITE') ack();
      resolve(res.status);
    });
  });
}

const EVERY_METHOD = [['INFO', undefined], ['UPDATE', undefined], ['INVITE', SDP], ['NOTIFY', 'SIP/2.0 200 OK'], ['BYE', undefined]] as const;

/** Has the next engine send every kind of request in a dialog of the former, and returns what the phone received. */
async function goOn(next: Client, id: string, phone: Phone, callId: string): Promise<Message[]> {
  const received: Message[] = [];
  for (const [method, body] of EVERY_METHOD) {
    const status = ask(next, id, method, body);
    const asked = await phone.request(method, callId);
    received.push(asked);
    phone.respond(asked, 200, 'OK', method === 'INVITE' ? SDP : undefined);
    expect(await status).toBe(200);
    if (method === 'INVITE') received.push(await phone.request('ACK', callId));
  }
  return received;
}

test('the next engine asks, modifies, notifies and hangs up in a caller’s dialog of the former: numbered on, over its route, under its tags', async () => {
  const srf = await answering(['epoch:3']);
  const phone = await bench.phone('caller');
  const hop = { uri: `sip:127.0.0.1:${phone.port};lr`, params: {} };
  const leg = phone.invite('help-desk', SDP, { 'record-route': [hop] });
  await phone.answered(leg);
  const id = `${leg.callId};from-tag=${leg.localTag}`;
  const before = ask(srf, id, 'INFO');
  const last = await phone.request('INFO');
  phone.respond(last, 200, 'OK');
  expect(await before).toBe(200);
  await bench.drop(srf);
  const received = await goOn(await bench.client(['epoch:4']), id, phone, leg.callId);
  const from = last.headers.cseq.seq;
  expect(received.map(({ headers: { cseq } }) => `${cseq.seq - from} ${cseq.method}`)).toEqual(['1 INFO', '2 UPDATE', '3 INVITE', '3 ACK', '4 NOTIFY', '5 BYE']);
  for (const { uri, headers } of received) {
    expect(uri).toBe(phone.contact);
    expect(headers.route).toEqual([expect.objectContaining({ uri: expect.objectContaining({ host: '127.0.0.1', port: phone.port }) as unknown })]);
    expect([headers.from.params['tag'], headers.to.params['tag']]).toEqual([leg.remoteTag, leg.localTag]);
  }
  expect((await (await bench.watcher()).inventory()).dialogs).toEqual([]);
});

test('and so in a dialog that the former began with a phone; what the phone sends in it reaches the next engine', async () => {
  const srf = await bench.client(['epoch:3']);
  const phone = await bench.phone('agent');
  const dialog = srf.createUAC(phone.contact, { localSdp: SDP });
  const invite = await phone.request('INVITE');
  const hop = { uri: `sip:127.0.0.1:${phone.port};lr`, params: {} };
  const leg = phone.legOf(invite, phone.respond(invite, 200, 'OK', SDP, { 'record-route': [hop] }));
  await phone.request('ACK');
  const { id } = await dialog;
  await bench.drop(srf);
  const asked: string[] = [];
  const next = await bench.client(['epoch:4'], (client) => {
    const answer = (method: string, status: number) => (_req: Request, res: { send(status: number): void }): void => {
      asked.push(method);
      res.send(status);
    };
    client.invite(answer('INVITE', 488));
    client.info(answer('INFO', 200));
    client.refer(answer('REFER', 202));
  });
  const statuses: Array<number | undefined> = [];
  for (const [method, sdp] of [['REFER', undefined], ['INFO', undefined], ['INVITE', SDP]] as const) {
    phone.send(phone.inDialog(leg, method, sdp, method === 'REFER' ? referTo : {}));
    statuses.push((await final(phone, method, leg)).status);
  }
  expect([asked, statuses]).toEqual([['REFER', 'INFO', 'INVITE'], [202, 200, 488]]);
  const received = await goOn(next, id, phone, leg.callId);
  const first = invite.headers.cseq.seq;
  expect(received.map(({ headers: { cseq } }) => `${cseq.seq - first} ${cseq.method}`)).toEqual(['1 INFO', '2 UPDATE', '3 INVITE', '3 ACK', '4 NOTIFY', '5 BYE']);
  for (const { headers } of received) {
    expect(headers.route).toEqual([expect.objectContaining({ uri: expect.objectContaining({ host: '127.0.0.1', port: phone.port }) as unknown })]);
    expect([headers.from.params['tag'], headers.to.params['tag']]).toEqual([leg.remoteTag, leg.localTag]);
  }
});

test('over TCP: a request in a call waits for the next engine, a BYE does not', async () => {
  const srf = await answering(['epoch:3']);
  const socket = connect(bench.edge.sipPort, '127.0.0.1');
  await once(socket, 'connect');
  const { port } = socket.address() as { port: number };
  let received = '';
  const waiting: Array<() => void> = [];
  socket.on('data', (data) => {
    received += data.toString();
    for (const look of waiting) look();
  });
  const comes = (words: RegExp): Promise<RegExpExecArray> => new Promise((resolve) => {
    const look = (): void => {
      const found = words.exec(received);
      if (found) resolve(found);
    };
    waiting.push(look);
    look();
  });
  const send = (method: string, words: Words): void => { socket.write(requestText(method, { ...words, via: `SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK-${method}-${words.cseq ?? 1}` })); };
  send('INVITE', { extra: ['Content-Type: application/sdp'], body: SDP });
  const [, tag] = await comes(/SIP\/2\.0 200[^]*?\r\nTo: [^\r]*;tag=([^\r]+)/);
  const to = `<sip:help-desk@198.51.100.1>;tag=${tag}`;
  send('ACK', { to });
  await bench.drop(srf);
  send('UPDATE', { to, cseq: 2 });
  send('OPTIONS', { to, cseq: 3 });
  await comes(/SIP\/2\.0 200 OK\r\n[^]*?CSeq: 3 OPTIONS/);
  expect(received).not.toContain('CSeq: 2 UPDATE');
  const next = await bench.client(['epoch:4'], (client) => client.update((_req, res) => { res.send(200); }));
  await comes(/SIP\/2\.0 200 OK\r\n[^]*?CSeq: 2 UPDATE/);
  await bench.drop(next);
  send('BYE', { to, cseq: 4 });
  await comes(/SIP\/2\.0 200 OK\r\n[^]*?CSeq: 4 BYE/);
  expect((await (await bench.watcher()).inventory()).events.map(({ cause }) => cause)).toEqual(['bye']);
  socket.destroy();
});

test('music plays on without an engine, in the same stream', async () => {
  const music = writeWav(bench.mediaDirectory, 'music.wav', sine(400, 8000));
  const caller = await RtpPeer.open();
  const media = createMedia({ host: '127.0.0.1', port: bench.edge.ngPort, log: silentLog });
  const { callerSdp } = await media.anchor('call', caller.sdp());
  caller.follow(callerSdp);
  await media.play('call', music, true);
  await caller.until((heard) => heard.length > 10, 'music');
  const { length } = caller.heard;
  await media.close();
  await caller.until((heard) => heard.length > length + 100, 'music without an engine');
  expect(new Set(caller.heard.map(({ ssrc }) => ssrc)).size).toBe(1);
  expect((await (await bench.watcher()).inventory()).anchors).toEqual([expect.objectContaining({ callId: 'call', playing: true })]);
  caller.close();
});

test('a stopped engine is told to be unresponsive; a newer one takes its place at once, and what the old one does when it wakes has no effect', async () => {
  const watcher = await bench.watcher();
  const child = spawn(process.execPath, [join(ROOT, 'test', 'support', 'stoppable-engine.cjs')], {
    env: { ...process.env, ENGINE_PORT: String(bench.edge.drachtioPort), ENGINE_CONTROL_PORT: String(bench.edge.controlPort), ENGINE_SECRET: SECRET, ENGINE_EPOCH: '7', ENGINE_SDP: JSON.stringify(SDP) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let out = '';
  child.stdout.on('data', (data: Buffer) => { out += data.toString(); });
  const ended = once(child, 'close');
  await watcher.next((message) => 'event' in message && message.event === 'engineHere');
  const { phone, leg } = await talking('caller');
  const ringing = await bench.phone('unanswered');
  child.kill('SIGSTOP');
  const gone = await watcher.next((message) => 'event' in message && message.event === 'engineUnresponsive');
  expect(gone).toMatchObject({ epoch: 7, owner: { epoch: 7, engine: `stoppable:${child.pid}`, connected: true, responsive: false } });
  // The stopped one is told of both; neither may be lost, nor answered twice.
  phone.send(phone.inDialog(leg, 'INFO'));
  const call = ringing.invite('help-desk', SDP);
  await ringing.response('INVITE', (status) => status === 100, call.callId);
  await bench.client(['epoch:8'], (next) => {
    next.invite((_req, res) => { res.send(486); });
    next.info((_req, res) => { res.send(200); });
  });
  expect((await final(ringing, 'INVITE', call)).status).toBe(486);
  expect((await final(phone, 'INFO', leg)).status).toBe(200);
  expect(await watcher.next((message) => 'event' in message && message.event === 'engineHere')).toMatchObject({ owner: { epoch: 8, connected: true, responsive: true } });
  child.kill('SIGCONT');
  await ended;
  expect(out).toContain('closed');
  expect(phone.has((message) => message.status === 488)).toBe(false);
  expect(ringing.has((message) => message.status === 200)).toBe(false);
  const { dialogs } = await watcher.inventory();
  expect(dialogs.map(({ callId }) => callId)).toEqual([leg.callId]);
}, 40_000);
