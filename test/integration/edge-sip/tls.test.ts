// SIP over TLS: a certificate of our own, a phone that checks it, a call between two edges, and one whose certificate nobody vouches for.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { makeCredentials, ownCredentials } from '../../../engine/edge/sip/own-certificate';
import { Baresip } from '../../support/baresip';
import { describeWith } from '../../support/needs';
import { audioSdp } from '../../support/phone';
import { request } from '../../unit/edge/support';
import { Bench, type Client, type Dialog } from './support';

const SDP = audioSdp(40_000);
const folder = mkdtempSync(join(tmpdir(), 'edge-tls-'));
const certificate = join(folder, 'edge-certificate.pem');
const benches: Bench[] = [];

beforeAll(() => { ownCredentials(folder, '127.0.0.1', Date.now()); });
afterEach(async () => { for (const bench of benches.splice(0)) await bench.close(); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

async function secured(authorities: string | undefined = certificate): Promise<{ readonly bench: Bench; readonly port: number }> {
  const bench = await Bench.open({ SIP_TLS_PORT: 0, SIP_TLS_DIRECTORY: folder, ...(authorities === undefined ? {} : { SIP_TLS_AUTHORITIES: authorities }) });
  benches.push(bench);
  return { bench, port: bench.edge.tlsPort ?? 0 };
}

const answering = (bench: Bench, answered: (dialog: Dialog) => void = () => undefined): Promise<Client> =>
  bench.client([], (srf) => srf.invite((req, res) => { void srf.createUAS(req, res, { localSdp: SDP }).then(answered); }));

test.each(['127.0.0.1', 'sip.example.org', '2001:db8::7'])('a certificate of our own for %s proves that name, and only who starts us reads its key', (host) => {
  const { cert, key } = makeCredentials(host, Date.now());
  const read = new X509Certificate(cert);
  expect([host.includes('example') ? read.checkHost(host) : read.checkIP(host), read.checkHost('other.example.org'), read.verify(read.publicKey), key.startsWith('-----BEGIN PRIVATE KEY')]).toEqual([host, undefined, true, true]);
  expect(new Date(read.validTo).getTime()).toBeGreaterThan(Date.now() + 9 * 365 * 86_400_000);
  expect([ownCredentials(folder, host, 0).cert, statSync(join(folder, 'edge-key.pem')).mode & 0o777]).toEqual([readFileSync(certificate, 'utf8'), 0o600]);
});

test('a request over TLS is answered over the same connection, and what answers can be called back at is TLS', async () => {
  const { bench, port } = await secured();
  await answering(bench);
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca: readFileSync(certificate) });
  await new Promise<void>((resolve, reject) => { socket.once('secureConnect', resolve); socket.once('error', reject); });
  let said = '';
  const ok = new Promise<void>((resolve) => { socket.on('data', (data: Buffer) => { said += data.toString(); if (/SIP\/2\.0 200/.test(said)) resolve(); }); });
  socket.write(request('INVITE', { uri: `sips:help-desk@127.0.0.1:${port}`, via: 'SIP/2.0/TLS 127.0.0.1:5099;branch=z9hG4bK-tls;alias', body: SDP, extra: ['Content-Type: application/sdp'] }));
  await ok;
  expect(said).toMatch(new RegExp(`\r\nContact: <sips?:[^>]*127\\.0\\.0\\.1:${port};transport=tls>`));
  socket.destroy();
});

test('two edges call each other over TLS; one whose certificate is signed by nobody we trust is not called', async () => {
  const [caller, callee] = [await secured(), await secured()];
  let met: (dialog: Dialog) => void = () => undefined;
  const theirs = new Promise<Dialog>((resolve) => { met = resolve; });
  await answering(callee.bench, (dialog) => met(dialog));
  const srf = await caller.bench.client([]);
  const dialog = await srf.createUAC(`sips:agent@127.0.0.1:${callee.port}`, { localSdp: SDP });
  expect(dialog.remote.sdp).toContain('m=audio 40000');
  const over = new Promise<void>((resolve) => { dialog.on('destroy', () => resolve()); });
  // Their BYE goes to our Contact, over the connection that stands.
  await (await theirs).destroy();
  await over;

  const stranger = join(folder, 'nobody.pem');
  writeFileSync(stranger, makeCredentials('127.0.0.1', Date.now()).cert);
  const wary = await secured(stranger);
  const other = await wary.bench.client([]);
  await expect(other.createUAC(`sip:agent@127.0.0.1:${callee.port};transport=tls`, { localSdp: SDP })).rejects.toMatchObject({ status: 503 });
}, 60_000);

describeWith(['baresip'], 'baresip over TLS', () => {
  test('calls, and is hung up over its own connection', async () => {
    const { bench, port } = await secured();
    const standing = new Promise<Dialog>((resolve) => { void answering(bench, resolve); });
    const phone = await Baresip.start({ server: { host: '127.0.0.1', port, domain: '127.0.0.1' }, user: 'caller', toneHz: 440, tls: { authorities: certificate } });
    try {
      phone.dial(`sip:help-desk@127.0.0.1:${port};transport=tls`);
      const dialog = await standing;
      await phone.hears(/Call established/);
      await dialog.destroy();
      await phone.hears(/session closed|terminated/i);
    } finally {
      await phone.stop();
    }
  }, 60_000);
});
