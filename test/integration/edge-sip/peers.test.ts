// Peers that share no code with the edge make whole calls through it: sipp, and the old `sip` package with its own transactions.
import sip, { type Message } from 'sip';
import { describeWith } from '../../support/needs';
import { audioSdp } from '../../support/phone';
import { freePort, sipp } from '../../support/sipp';
import { Bench } from './support';

const SDP = audioSdp(40_000);
let bench: Bench;

beforeEach(async () => { bench = await Bench.open(); });
afterEach(async () => {
  await bench.close();
  expect(bench.faults).toEqual([]);
});

/** Joins each caller with the phone at this address, and ends one when the other ends. */
async function joining(uri: string): Promise<void> {
  await bench.client([], (srf) => srf.invite((req, res) => {
    void srf.createB2BUA(req, res, uri, {}).then(({ uas, uac }) => {
      uas.on('destroy', () => { void uac.destroy(); });
      uac.on('destroy', () => { void uas.destroy(); });
      // ACK and BYE may have come in one piece, before anybody could listen.
      if (!uas.connected && uac.connected) void uac.destroy();
    });
  }));
}

describeWith(['sipp'], 'sipp as caller and as agent', () => {
  test.each([[false, false, 20], [true, false, 5], [false, true, 5], [true, true, 5]])('caller over TCP: %s, agent over TCP: %s, %i calls end as they should', async (callerTcp, agentTcp, calls) => {
    const port = await freePort();
    const agent = sipp('uas-answer-expect-bye', { server: bench.server, port, calls, tcp: agentTcp });
    await joining(`sip:agent@127.0.0.1:${port}${agentTcp ? ';transport=tcp' : ''}`);
    const caller = sipp('uac-expect-200-then-hang-up', { server: bench.server, service: 'help-desk', calls, tcp: callerTcp });
    await Promise.all([caller.done, agent.done]);
    expect(bench.edge.status()).toMatchObject({ dialogs: 0, incoming: 0 });
  }, 60_000);

  test.each([['uac-expect-404', 404], ['uac-expect-480', 480]] as const)('%s', async (scenario, status) => {
    await bench.client([], (srf) => srf.invite((_req, res) => res.send(status)));
    await sipp(scenario, { server: bench.server, service: 'nobody' }).done;
  }, 60_000);
});

interface Stack { send(message: Message, told?: (response: Message) => void): void; destroy(): void }
const createStack = (sip as unknown as { create(options: { port: number; address: string; publicAddress: string; tcp: boolean; ws?: unknown }, requested: (request: Message) => void): Stack; makeResponse(request: Message, status: number, reason: string): Message });

/** A phone with transactions of its own. It takes its own host name for itself, so that must not be the edge's address. */
async function independent(requested: (request: Message, stack: Stack) => void): Promise<{ readonly stack: Stack; readonly port: number }> {
  const port = await freePort();
  const stack: Stack = createStack.create({ port, address: '127.0.0.1', publicAddress: 'phone.test', tcp: false }, (request) => requested(request, stack));
  return { stack, port };
}

test('the sip package calls, is answered, joined with another of its kind, and hangs up', async () => {
  const agentHeard: string[] = [];
  const agent = await independent((request, stack) => {
    agentHeard.push(request.method ?? '');
    if (request.method === 'ACK') return;
    const response = createStack.makeResponse(request, 200, 'OK');
    if (request.method === 'INVITE') {
      response.headers.to.params['tag'] = 'agent';
      response.headers.contact = [{ uri: `sip:agent@127.0.0.1:${agent.port}`, params: {} }];
      response.headers['content-type'] = 'application/sdp';
      response.content = SDP;
    }
    stack.send(response);
  });
  await joining(`sip:agent@127.0.0.1:${agent.port}`);
  const caller = await independent(() => undefined);
  try {
    const headers = (method: string, seq: number, tag?: string): Message['headers'] => ({
      via: [], to: { uri: `sip:help-desk@127.0.0.1:${bench.edge.sipPort}`, params: tag === undefined ? {} : { tag } }, from: { uri: `sip:caller@127.0.0.1:${caller.port}`, params: { tag: 'caller' } },
      'call-id': 'independent-1', cseq: { seq, method }, contact: [{ uri: `sip:caller@127.0.0.1:${caller.port}`, params: {} }], 'content-type': 'application/sdp',
    });
    const uri = `sip:help-desk@127.0.0.1:${bench.edge.sipPort}`;
    const ok = await new Promise<Message>((resolve) => { caller.stack.send({ method: 'INVITE', uri, headers: headers('INVITE', 1), content: SDP }, (response) => { if ((response.status ?? 0) >= 200) resolve(response); }); });
    expect([ok.status, ok.content]).toEqual([200, SDP]);
    const target = ok.headers.contact?.[0]?.uri ?? '';
    const tag = ok.headers.to.params['tag'] ?? '';
    caller.stack.send({ method: 'ACK', uri: target, headers: headers('ACK', 1, tag) });
    const bye = await new Promise<Message>((resolve) => { caller.stack.send({ method: 'BYE', uri: target, headers: headers('BYE', 2, tag) }, resolve); });
    expect(bye.status).toBe(200);
    const watcher = await bench.watcher();
    while ((await watcher.inventory()).dialogs.length > 0);
    expect(agentHeard.slice(0, 2)).toEqual(['INVITE', 'ACK']);
    expect(agentHeard.slice(2)).toEqual(['BYE']);
  } finally {
    caller.stack.destroy();
    agent.stack.destroy();
  }
});
