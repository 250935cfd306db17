// Unmodified drachtio-srf drives the edge; hand-driven phones on the other side see what is on the wire.
import { audioSdp, type Phone } from '../../support/phone';
import { Bench, type Client, type Dialog } from './support';

const SDP = audioSdp(40_000);
const OTHER_SDP = audioSdp(40_002);
let bench: Bench;

beforeEach(async () => { bench = await Bench.open(); });
afterEach(async () => {
  await bench.close();
  expect(bench.faults).toEqual([]);
});

/** Something that a handler hands to the test. */
function promised<T>(): { readonly value: Promise<T>; readonly settle: (value: T) => void } {
  let settle: (value: T) => void = () => undefined;
  const value = new Promise<T>((resolve) => { settle = resolve; });
  return { value, settle };
}

/** Accepts every call and hands its dialog over. */
async function answering(): Promise<{ readonly srf: Client; readonly dialog: Promise<Dialog> }> {
  const dialog = promised<Dialog>();
  const srf = await bench.client([], (client) => client.invite((req, res) => { void client.createUAS(req, res, { localSdp: SDP }).then(dialog.settle); }));
  return { srf, dialog: dialog.value };
}

const uriOf = (phone: Phone): string => phone.contact;

describe('a caller', () => {
  test('is told 100 at once, answered by createUAS, and its BYE ends the dialog', async () => {
    const { dialog } = await answering();
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    expect((await caller.response('INVITE', () => true, leg.callId)).status).toBe(100);
    expect((await caller.answered(leg)).content).toBe(SDP);
    const uas = await dialog;
    const ended = new Promise<string>((resolve) => uas.on('destroy', (_req, reason) => resolve(reason)));
    expect((await caller.hangUp(leg)).status).toBe(200);
    expect(await ended).toBe('normal release');
    expect(bench.edge.status()).toMatchObject({ dialogs: 0, incoming: 0 });
  });

  test('is hung up by dialog.destroy', async () => {
    const { dialog } = await answering();
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    await caller.answered(leg);
    const uas = await dialog;
    const destroyed = uas.destroy({ headers: { Reason: 'SIP;cause=200;text="done"' } });
    const bye = await caller.request('BYE', leg.callId);
    expect(bye.headers['reason']).toBe('SIP;cause=200;text="done"');
    caller.respond(bye, 200, 'OK');
    await destroyed;
    expect(bench.edge.status()).toMatchObject({ dialogs: 0, outgoing: expect.any(Number) });
  });

  test('is modified by a re-INVITE of ours, and modifies by one of its own', async () => {
    const { dialog } = await answering();
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    await caller.answered(leg);
    const uas = await dialog;
    const modified = uas.modify(OTHER_SDP);
    const reinvite = await caller.request('INVITE', leg.callId);
    expect(reinvite.content).toBe(OTHER_SDP);
    caller.respond(reinvite, 200, 'OK', audioSdp(40_004));
    expect(await modified).toBe(audioSdp(40_004));
    expect((await caller.request('ACK', leg.callId)).headers.cseq.seq).toBe(reinvite.headers.cseq.seq);

    const asked = new Promise<string>((resolve) => uas.on('modify', (req, res) => { res.send(200, { body: SDP }); resolve(req.body); }));
    caller.send(caller.inDialog(leg, 'INVITE', audioSdp(40_006)));
    expect(await asked).toBe(audioSdp(40_006));
    const ok = await caller.response('INVITE', (status) => status >= 200, leg.callId);
    expect(ok.content).toBe(SDP);
    caller.send({ ...caller.inDialog(leg, 'ACK') });
  });

  test('who cancels gets 200 and 487, and the client a cancel event', async () => {
    const cancelled = promised<void>();
    const rung = promised<void>();
    await bench.client([], (srf) => srf.invite((req, res) => { req.on('cancel', () => cancelled.settle()); res.send(180); rung.settle(); }));
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    await rung.value;
    await caller.response('INVITE', (status) => status === 180, leg.callId);
    caller.cancel(leg);
    expect((await caller.response('CANCEL', () => true, leg.callId)).status).toBe(200);
    const final = await caller.response('INVITE', (status) => status >= 200, leg.callId);
    expect(final.status).toBe(487);
    await cancelled.value;
    expect(bench.edge.status()).toMatchObject({ dialogs: 0, incoming: 0 });
  });

  test.each([302, 404, 486, 603])('refused with %i is told so with the headers the client gave', async (status) => {
    await bench.client([], (srf) => srf.invite((_req, res) => res.send(status, { headers: { Contact: '<sip:elsewhere@127.0.0.1>', 'X-Why': 'because' } })));
    const caller = await bench.phone('caller');
    const leg = caller.invite('nobody', SDP);
    const final = await caller.response('INVITE', (code) => code >= 200, leg.callId);
    expect(final.status).toBe(status);
    expect(final.headers['x-why']).toBe('because');
    expect(final.headers.to.params['tag']).toBeTruthy();
    expect(bench.edge.status()).toMatchObject({ dialogs: 0, incoming: 0 });
  });

  test('who registers or asks for options is answered by the client; a method without a route gets 405 and Allow', async () => {
    await bench.client([], (srf) => {
      srf.register((req, res) => res.send(200, { headers: { Contact: `${req.get('Contact')};expires=60` } }));
      srf.options((_req, res) => res.send(200, { headers: { Accept: 'application/sdp' } }));
    });
    const caller = await bench.phone('alice');
    const registered = await caller.register('unasked', 60);
    expect(registered.status).toBe(200);
    expect(registered.headers.contact?.[0]?.params['expires']).toBe('60');
    const leg = { callId: 'options-1', localTag: 'a', remoteTag: undefined, localUri: 'sip:alice@127.0.0.1', remoteUri: 'sip:edge@127.0.0.1', target: 'sip:edge@127.0.0.1', route: [], cseq: 0, remoteSdp: '' };
    caller.send(caller.inDialog(leg, 'OPTIONS'));
    expect((await caller.response('OPTIONS', () => true, leg.callId)).headers['accept']).toBe('application/sdp');
    caller.send(caller.inDialog(leg, 'MESSAGE'));
    const refused = await caller.response('MESSAGE', () => true, leg.callId);
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'OPTIONS, REGISTER']);
  });
});

describe('a call of ours', () => {
  test('createUAC reaches a phone, its dialog is hung up by either side', async () => {
    const srf = await bench.client([]);
    const agent = await bench.phone('agent');
    for (const side of ['us', 'phone'] as const) {
      const calling = srf.createUAC(uriOf(agent), { localSdp: SDP, callingNumber: '+4312345', callingName: 'Ada' });
      const invite = await agent.request('INVITE');
      expect([invite.headers.from.name, invite.headers.from.uri]).toEqual(['"Ada"', `sip:+4312345@127.0.0.1:${bench.edge.sipPort}`]);
      agent.respond(invite, 180, 'Ringing');
      const ok = agent.respond(invite, 200, 'OK', OTHER_SDP);
      const dialog = await calling;
      await agent.request('ACK', invite.headers['call-id']);
      expect(dialog.remote.sdp).toBe(OTHER_SDP);
      const leg = agent.legOf(invite, ok);
      if (side === 'us') {
        const destroyed = dialog.destroy();
        agent.respond(await agent.request('BYE', leg.callId), 200, 'OK');
        await destroyed;
      } else {
        const ended = new Promise<void>((resolve) => dialog.on('destroy', () => resolve()));
        expect((await agent.hangUp(leg)).status).toBe(200);
        await ended;
      }
      expect(bench.edge.status()).toMatchObject({ dialogs: 0 });
    }
  });

  test.each([302, 480, 486, 603])('that a phone refuses with %i rejects with that status, and the phone gets its ACK', async (status) => {
    const srf = await bench.client([]);
    const agent = await bench.phone('agent');
    const calling = srf.createUAC(uriOf(agent), { localSdp: SDP });
    const invite = await agent.request('INVITE');
    agent.respond(invite, status, 'No');
    await expect(calling).rejects.toMatchObject({ status });
    expect((await agent.request('ACK', invite.headers['call-id'])).headers.cseq.seq).toBe(invite.headers.cseq.seq);
    expect(bench.edge.status()).toMatchObject({ dialogs: 0 });
  });

  test('that is cancelled before the phone says anything is cancelled as soon as it does', async () => {
    const srf = await bench.client([]);
    const agent = await bench.phone('agent');
    const calling = srf.createUAC(uriOf(agent), { localSdp: SDP }, { cbRequest: (_fault, req) => { req.cancel(); } });
    const invite = await agent.request('INVITE');
    expect(agent.has((message) => message.method === 'CANCEL')).toBe(false);
    agent.respond(invite, 180, 'Ringing');
    const cancel = await agent.request('CANCEL', invite.headers['call-id']);
    expect(cancel.headers.via[0]?.params['branch']).toBe(invite.headers.via[0]?.params['branch']);
    agent.respond(cancel, 200, 'OK');
    agent.respond(invite, 487, 'Request Terminated');
    await expect(calling).rejects.toMatchObject({ status: 487 });
    await agent.request('ACK', invite.headers['call-id']);
  });

  test('whose 200 crosses our CANCEL is given to the client, and hung up by the edge when the client does not', async () => {
    const srf = await bench.client([]);
    const watcher = await bench.watcher();
    const agent = await bench.phone('agent');
    const calling = srf.createUAC(uriOf(agent), { localSdp: SDP }, { cbProvisional: () => undefined, cbRequest: (_fault, req) => { req.cancel(); } });
    const invite = await agent.request('INVITE');
    agent.respond(invite, 180, 'Ringing');
    await agent.request('CANCEL', invite.headers['call-id']);
    agent.respond(invite, 200, 'OK', OTHER_SDP);
    const dialog = await calling;
    await agent.request('ACK', invite.headers['call-id']);
    const ended = new Promise<void>((resolve) => dialog.on('destroy', () => resolve()));
    const bye = await agent.request('BYE', invite.headers['call-id']);
    expect(bye.headers['reason']).toBe('SIP;cause=200;text="Call completed elsewhere"');
    agent.respond(bye, 200, 'OK');
    await ended;
    await watcher.next((message) => 'event' in message && message.event === 'dialogEnded' && message.cause === 'cancel');
  });

  test('that nobody can be sent to is 503, one to a phone that never answers stays open until then', async () => {
    const srf = await bench.client([]);
    await expect(srf.createUAC('sip:agent@127.0.0.1:1;transport=tcp', { localSdp: SDP })).rejects.toMatchObject({ status: 503 });
    await expect(srf.createUAC('sip:agent@no-such-host.invalid', { localSdp: SDP })).rejects.toMatchObject({ status: 503 });
    await expect(srf.createUAC(`sip:loop@127.0.0.1:${bench.edge.sipPort}`, { localSdp: SDP })).rejects.toThrow('can not send request to myself');
    expect(bench.edge.status()).toMatchObject({ dialogs: 0, outgoing: 0 });
  });

  test('a second phone that answers the same INVITE is acknowledged and hung up', async () => {
    const srf = await bench.client([]);
    const first = await bench.phone('agent');
    const calling = srf.createUAC(uriOf(first), { localSdp: SDP });
    const invite = await first.request('INVITE');
    first.respond(invite, 200, 'OK', SDP);
    await calling;
    const other = await bench.phone('other');
    const late = other.respond(invite, 200, 'OK', SDP);
    const ack = await other.request('ACK', invite.headers['call-id']);
    expect(ack.headers.to.params['tag']).toBe(late.headers.to.params['tag']);
    const bye = await other.request('BYE', invite.headers['call-id']);
    other.respond(bye, 200, 'OK');
    expect(bench.edge.status()).toMatchObject({ dialogs: 1 });
    // The same 200 once more only brings the same ACK once more.
    other.send(late);
    await other.request('ACK', invite.headers['call-id']);
  });
});

test('createB2BUA joins a caller and an agent, and ending one ends the other', async () => {
  const agent = await bench.phone('agent');
  await bench.client([], (srf) => srf.invite((req, res) => {
    void srf.createB2BUA(req, res, uriOf(agent), {}).then(({ uas, uac }) => {
      uas.on('destroy', () => { void uac.destroy(); });
      uac.on('destroy', () => { void uas.destroy(); });
    });
  }));
  const caller = await bench.phone('caller');
  const leg = caller.invite('help-desk', SDP);
  const invite = await agent.request('INVITE');
  expect(invite.content).toBe(SDP);
  agent.respond(invite, 180, 'Ringing');
  expect((await caller.response('INVITE', (status) => status > 100, leg.callId)).status).toBe(180);
  agent.respond(invite, 200, 'OK', OTHER_SDP);
  expect((await caller.answered(leg)).content).toBe(OTHER_SDP);
  await agent.request('ACK');
  await caller.hangUp(leg);
  agent.respond(await agent.request('BYE'), 200, 'OK');
});

describe('when the client that made a dialog is gone', () => {
  test('another ends it with the dialog id alone, and gets what the network sends in it', async () => {
    const { srf, dialog } = await answering();
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    await caller.answered(leg);
    const { id } = await dialog;
    await bench.drop(srf);
    const asked = promised<string>();
    const second = await bench.client([], (client) => client.info((req, res) => { res.send(200); asked.settle(req.get('X-Question')); }));
    caller.send(caller.inDialog(leg, 'INFO', undefined, { 'x-question': 'anybody?' }));
    expect(await asked.value).toBe('anybody?');
    expect((await caller.response('INFO', () => true, leg.callId)).status).toBe(200);
    const done = promised<number>();
    const bye = await second.request('sip:placeholder', { method: 'BYE', stackDialogId: id });
    bye.on('response', (res) => done.settle(res.status));
    caller.respond(await caller.request('BYE', leg.callId), 200, 'OK');
    expect(await done.value).toBe(200);
    expect((await (await bench.watcher()).inventory()).dialogs).toEqual([]);
  });

  test('an INVITE it had not answered is told again to the next, under the same transaction id', async () => {
    const first = promised<string>();
    const silent = await bench.client([], (srf) => srf.invite((req) => first.settle(req.stackTxnId)));
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    const id = await first.value;
    await bench.drop(silent);
    const second = promised<string>();
    await bench.client([], (srf) => srf.invite((req, res) => { second.settle(req.stackTxnId); res.send(486); }));
    expect(await second.value).toBe(id);
    expect((await caller.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(486);
  });

  test('an INVITE of its own to a phone is cancelled, and a 200 that comes all the same is ended', async () => {
    const srf = await bench.client([]);
    const agent = await bench.phone('agent');
    srf.createUAC(uriOf(agent), { localSdp: SDP }).catch(() => undefined);
    const invite = await agent.request('INVITE');
    agent.respond(invite, 180, 'Ringing');
    await bench.drop(srf);
    await agent.request('CANCEL', invite.headers['call-id']);
    agent.respond(invite, 200, 'OK', SDP);
    await agent.request('ACK', invite.headers['call-id']);
    agent.respond(await agent.request('BYE', invite.headers['call-id']), 200, 'OK');
  });

  test('a BYE is answered 200 and kept, and INFO is answered 200', async () => {
    const { srf, dialog } = await answering();
    const watcher = await bench.watcher();
    const caller = await bench.phone('caller');
    const leg = caller.invite('help-desk', SDP);
    await caller.answered(leg);
    const { id } = await dialog;
    await bench.drop(srf);
    await watcher.next((message) => 'event' in message && message.event === 'engineGone');
    expect((await watcher.inventory()).dialogs).toEqual([expect.objectContaining({ id, role: 'uas', state: 'confirmed', owned: false, callId: leg.callId, remoteUri: 'sip:caller@127.0.0.1' })]);
    caller.send(caller.inDialog(leg, 'INFO'));
    expect((await caller.response('INFO', () => true, leg.callId)).status).toBe(200);
    expect((await caller.hangUp(leg)).status).toBe(200);
    await watcher.next((message) => 'event' in message && message.event === 'dialogEnded' && message.dialog === id && message.cause === 'bye');
    const { events, dialogs, engineConnected } = await watcher.inventory();
    expect([dialogs, engineConnected, events.map(({ cause }) => cause)]).toEqual([[], false, ['bye']]);
    await watcher.ask({ ask: 'forget', upTo: events[0]?.sequence });
    expect((await watcher.inventory()).events).toEqual([]);
  });
});

describe('epochs', () => {
  test('the higher one puts the lower one out, and the lower one is not let in again', async () => {
    const old = await bench.client(['epoch:7']);
    const closed = new Promise<void>((resolve) => old.on('close', () => resolve()));
    const answeredBy = promised<string>();
    await bench.client(['epoch:8'], (srf) => srf.invite((_req, res) => { answeredBy.settle('new'); res.send(486); }));
    await closed;
    await bench.drop(old);
    await expect(bench.client(['epoch:7'])).rejects.toThrow('failed to authenticate');
    await expect(bench.client([])).rejects.toThrow('failed to authenticate');
    const caller = await bench.phone('caller');
    caller.invite('help-desk', SDP);
    expect(await answeredBy.value).toBe('new');
    expect((await (await bench.watcher()).inventory()).epoch).toBe(8);
  });
});

test('the inventory port ends a call in either state, and refuses what it does not know', async () => {
  const rung = promised<void>();
  await bench.client([], (srf) => srf.invite((req, res) => { if (req.callingNumber === 'early') { res.send(180); rung.settle(); } else void srf.createUAS(req, res, { localSdp: SDP }); }));
  const watcher = await bench.watcher();
  const [talking, early] = [await bench.phone('talking'), await bench.phone('early')];
  const talk = talking.invite('x', SDP);
  await talking.answered(talk);
  const ring = early.invite('x', SDP);
  await rung.value;
  await early.response('INVITE', (status) => status === 180, ring.callId);
  const { dialogs } = await watcher.inventory();
  expect(dialogs.map(({ state }) => state).sort()).toEqual(['confirmed', 'early']);
  for (const { id } of dialogs) expect(await watcher.ask({ ask: 'end', dialog: id, reason: 'SIP;cause=200;text="swept"' })).toMatchObject({ ok: true });
  talking.respond(await talking.request('BYE', talk.callId), 200, 'OK');
  expect((await early.response('INVITE', (status) => status >= 200, ring.callId)).status).toBe(487);
  expect(await watcher.ask({ ask: 'end', dialog: 'no such' })).toMatchObject({ error: 'unknownDialog' });
  expect(await watcher.ask({ ask: 'sing' })).toMatchObject({ error: 'badRequest' });
});
