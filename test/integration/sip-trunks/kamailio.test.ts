// A trunk that is somebody else's software: Kamailio as registrar and proxy, with a phone behind it as the world outside.
import { until } from '../../support/engine';
import { KAMAILIO_ACCOUNT, Kamailio, type KamailioOptions } from '../../support/kamailio';
import { describeWith } from '../../support/needs';
import { audioSdp, Phone } from '../../support/phone';
import { freePort } from '../../support/sipp';
import { SipSide, trunkAt } from '../../support/sip-side';

const SDP = audioSdp(40_000);

describeWith(['kamailio'], 'Kamailio as a trunk', () => {
  let side: SipSide;
  let kamailio: Kamailio;
  let outside: Phone;
  const opened: (() => Promise<void>)[] = [];

  const start = async (options: Omit<KamailioOptions, 'gatewayPort'>): Promise<void> => {
    side = await SipSide.start();
    const gatewayPort = await freePort();
    kamailio = await Kamailio.start({ ...options, gatewayPort });
    opened.push(() => kamailio.stop());
    outside = await Phone.open('outside', { host: '127.0.0.1', port: kamailio.port, domain: 'trunk.test' }, gatewayPort);
    opened.push(() => outside.close());
  };
  const registered = (): Promise<unknown> => until('the registration', () => side.trunks.health[0]?.registration === 'registered').catch((fault: unknown) => { throw new Error(`${String(fault)}\n${kamailio.log}`); });

  afterEach(async () => {
    await side.stop();
    for (const stop of opened.splice(0)) await stop();
  });

  test.each([['MD5', 'udp'], ['SHA-256', 'udp'], ['MD5', 'tcp']] as const)('%s over %s: registered; a call comes to where we registered; another goes out with a challenge; taken back', async (algorithm, transport) => {
    await start({ algorithm });
    side.trunks.configure([trunkAt(kamailio.port, { ...KAMAILIO_ACCOUNT, transport, register: true, checkSeconds: 30 })]);
    await registered();

    // In: to the Contact, with the number in To.
    side.act = (incoming) => { if (incoming.method === 'INVITE') incoming.respond(486); };
    const call = outside.invite('+441632960100@trunk.test', SDP, { 'p-asserted-identity': '"Al" <sip:+441632960001@trunk.test>' });
    expect((await outside.response('INVITE', (status) => status >= 200, call.callId)).status).toBe(486);
    expect(side.arrivals.arrived(await side.came('INVITE'))?.arrival).toMatchObject({ dialledUser: '+441632960100', callerNumber: '+441632960001', callerName: 'Al', trunk: { id: `t${kamailio.port}` } });

    // Out: challenged, answered, ended through the proxy.
    const invited = side.invite(side.route({ caller: { uri: null, number: '', name: '', private: true, maxForwards: 9, history: [] } }), SDP);
    const invite = await outside.next('the call out', (message) => message.method === 'INVITE');
    expect([invite.uri, invite.headers.cseq.seq, invite.headers['privacy'], invite.headers['max-forwards']]).toEqual([`sip:+441632960999@127.0.0.1:${kamailio.port};user=phone`, 2, 'id', '8']);
    outside.respond(invite, 200, 'OK', SDP);
    const { statuses, reply } = await invited;
    expect(statuses.filter((status) => status > 100)).toEqual([407, 200]);
    await outside.request('ACK', invite.headers['call-id']);
    const ended = side.bye(reply.dialogId ?? '');
    outside.respond(await outside.request('BYE', invite.headers['call-id']), 200, 'OK');
    expect(await ended).toBe(200);
    expect(side.trunks.health).toEqual([{ trunkId: `t${kamailio.port}`, name: `Trunk ${kamailio.port}`, well: true, registration: 'registered' }]);

    // Taken back: the next call finds nobody.
    await side.trunks.stop();
    const late = outside.invite('+441632960100@trunk.test', SDP);
    expect((await outside.response('INVITE', (status) => status >= 200, late.callId)).status).toBe(480);
  });

  test('a wrong password: refused after one answer, and told so', async () => {
    await start({ algorithm: 'MD5' });
    side.trunks.configure([trunkAt(kamailio.port, { ...KAMAILIO_ACCOUNT, password: 'wrong', register: true })]);
    await until('the refusal', () => side.trunks.health[0]?.registration === 'refused');
    expect((await side.invite(side.route(), SDP)).statuses.filter((status) => status > 100)).toEqual([407, 407]);
  });

  test('a registration granted for a moment is refreshed in time, with nonces that grow stale between', async () => {
    await start({ algorithm: 'MD5', expires: 10, nonceSeconds: 1 });
    side.trunks.configure([trunkAt(kamailio.port, { ...KAMAILIO_ACCOUNT, register: true })]);
    await registered();
    side.act = (incoming) => { if (incoming.method === 'INVITE') incoming.respond(486); };
    const grantedUntil = Date.now() + 10_000;
    await until('the first grant to be over', () => Date.now() > grantedUntil + 1_000);
    const call = outside.invite('+441632960100@trunk.test', SDP);
    expect((await outside.response('INVITE', (status) => status >= 200, call.callId)).status).toBe(486);
    expect(side.trunks.health[0]?.registration).toBe('registered');
  }, 30_000);
});
