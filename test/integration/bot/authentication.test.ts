// Who may speak to the bot: signed tokens against local keys, web pages and other machines without an app id, and bodies that are none.
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { request } from 'node:http';
import { ConfigurationBotFrameworkAuthentication } from 'botbuilder';
import { sign, type SignOptions } from 'jsonwebtoken';
import { AudioLinks } from '../../../bot/audio-links';
import { ExportLinks } from '../../../bot/exports';
import { admit } from '../../../bot/gate';
import { serveBot, type BotServer } from '../../../bot/server';
import { createLog } from '../../../storage/process/log';
import { startBotWorld, type BotWorld } from '../../support/bot-world';

const APP_ID = '11111111-0000-4000-8000-000000000001';
const TENANT = '22222222-0000-4000-8000-000000000001';
const ISSUER = 'https://issuer.example';
const SERVICE_URL = 'https://smba.example/emea/';
const good = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Serves OpenID metadata and keys, as the Bot Framework does. */
async function keyServer(): Promise<{ server: Server; url: string }> {
  const key = (kid: string, endorsements: string[]): object => ({ ...good.publicKey.export({ format: 'jwk' }), kid, endorsements });
  const server = createServer((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    response.end(JSON.stringify(incoming.url === '/keys' ? { keys: [key('good', ['msteams']), key('other', ['skype'])] } : { issuer: ISSUER, jwks_uri: `${base}/keys`, id_token_signing_alg_values_supported: ['RS256'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata` };
}

const authenticationFor = (url: string): ConfigurationBotFrameworkAuthentication => new ConfigurationBotFrameworkAuthentication({
  MicrosoftAppId: APP_ID, MicrosoftAppType: 'SingleTenant', MicrosoftAppTenantId: TENANT, MicrosoftAppPassword: 'secret',
  ToBotFromChannelOpenIdMetadataUrl: url, ToBotFromChannelTokenIssuer: ISSUER, ToBotFromEmulatorOpenIdMetadataUrl: url,
  ToChannelFromBotLoginUrl: 'https://login.example', ToChannelFromBotOAuthScope: 'https://api.example', OAuthUrl: 'https://token.example', CallerId: '', ValidateAuthority: true,
});

function token(claims: Record<string, unknown> = {}, { key = good.privateKey, kid = 'good', ...options }: { key?: KeyObject; kid?: string } & SignOptions = {}): string {
  return `Bearer ${sign({ serviceurl: SERVICE_URL, aud: APP_ID, iss: ISSUER, ...claims }, key, { algorithm: 'RS256', keyid: kid, ...('exp' in claims ? {} : { expiresIn: 600 }), ...options })}`;
}
const activity = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'message', text: 'help', channelId: 'msteams', serviceUrl: SERVICE_URL, id: '1', from: { id: '29:x', name: 'Ada' }, recipient: { id: '28:bot' },
  conversation: { id: 'a:1', conversationType: 'personal', tenantId: TENANT }, channelData: { tenant: { id: TENANT } }, ...changes,
});

describe('with an app id', () => {
  let keys: Awaited<ReturnType<typeof keyServer>>;
  let bot: BotServer;
  let reached: unknown[];
  beforeAll(async () => {
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    keys = await keyServer();
    const log = createLog('bot', 'silent');
    const authentication = authenticationFor(keys.url);
    bot = await serveBot({
      gate: { authentication, appId: APP_ID, tenants: new Set([TENANT]) }, log, audioLinks: new AudioLinks('http://127.0.0.1', null, () => new Date()),
      adapter: { process: async (incoming, response) => { reached.push(incoming.body); (response as unknown as { send(status: number): void }).send(200); } },
      exportLinks: new ExportLinks('https://bot.example.org', 'secret', () => new Date()), exportHistory: async () => null,
      readAudio: async () => null, health: async () => ({ ok: true }),
    }, '127.0.0.1', 0);
  });
  beforeEach(() => { reached = []; });
  afterAll(async () => {
    jest.restoreAllMocks();
    await bot.close();
    keys.server.closeAllConnections();
    keys.server.close();
  });
  const post = (body: unknown, authorization: string | null): Promise<Response> => fetch(`http://127.0.0.1:${bot.port}/api/messages`, {
    method: 'POST', headers: { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) }, body: JSON.stringify(body),
  });

  it('a good token is let in', async () => {
    expect((await post(activity(), token())).status).toBe(200);
    expect(reached).toHaveLength(1);
  });

  it.each<[string, string | null, number, Record<string, unknown>?]>([
    ['no token', null, 401], ['an empty token', '', 401], ['no bearer', 'Basic eDp5', 401], ['not a token', 'Bearer x.y.z', 401], ['a token of one part', 'Bearer x', 401],
    ['the wrong audience', token({ aud: '99999999-0000-4000-8000-000000000009' }), 401],
    ['an expired token', token({ exp: Math.floor(Date.now() / 1000) - 3600 }), 401],
    ['the wrong service URL', token({ serviceurl: 'https://elsewhere.example/' }), 401],
    ['a key not endorsed for Teams', token({}, { kid: 'other' }), 401],
    ['an unknown key', token({}, { kid: 'nobody' }), 401],
    ['the wrong issuer', token({ iss: 'https://evil.example' }), 401],
    ['the wrong signature', token({}, { key: stranger.privateKey }), 401],
    ['no signature', `Bearer ${Buffer.from('{"alg":"none","kid":"good"}').toString('base64url')}.${token().split('.')[1] ?? ''}.`, 401],
    ['a symmetric signature made with the public key', `Bearer ${sign({ serviceurl: SERVICE_URL, aud: APP_ID, iss: ISSUER }, createHash('sha256').update(good.publicKey.export({ type: 'spki', format: 'pem' })).digest(), { algorithm: 'HS256', keyid: 'good', expiresIn: 600 })}`, 401],
    ['a token that claims to come from another bot', token({ ver: '2.0', azp: '99999999-0000-4000-8000-000000000009', iss: 'https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0' }), 401],
    ['another tenant', token(), 403, { conversation: { id: 'a:1', tenantId: '33333333-0000-4000-8000-000000000009' }, channelData: {} }],
    ['two tenants that differ', token(), 403, { channelData: { tenant: { id: '33333333-0000-4000-8000-000000000009' } } }],
    ['no tenant', token(), 403, { conversation: { id: 'a:1' }, channelData: {} }],
    ['another channel', token(), 403, { channelId: 'emulator' }],
    ['a channel that is checked by the environment alone', token(), 403, { channelId: 'AseChannel' }],
    ['no service URL', token(), 400, { serviceUrl: '' }],
    ['no sender', token(), 400, { from: null }],
  ])('%s is turned away', async (_what, authorization, status, changes = {}) => {
    const answer = await post(activity(changes), authorization);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toMatch(/127\.0\.0\.1|https?:/);
    expect(reached).toEqual([]);
  });

  it('keys that cannot be fetched are 503: the caller may try again', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const knock = { body: activity(), headers: { 'content-type': 'application/json', authorization: token() } };
    expect(await admit({ authentication: authenticationFor(`http://127.0.0.1:${port}/metadata`), appId: APP_ID, tenants: new Set([TENANT]) }, knock)).toMatchObject({ ok: false, status: 503 });
  });

  it('keys that do not come in time are 503', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/metadata`;
    const knock = { body: activity(), headers: { 'content-type': 'application/json', authorization: token() } };
    expect(await admit({ authentication: authenticationFor(url), appId: APP_ID, tenants: new Set([TENANT]), timeoutMs: 50 }, knock)).toMatchObject({ ok: false, status: 503 });
    silent.closeAllConnections();
    silent.close();
  });
});

describe('without an app id', () => {
  let world: BotWorld;
  beforeAll(async () => { world = await startBotWorld(); });
  afterAll(() => world.stop());

  it.each<[string, Record<string, string>, number]>([
    ['a program of this machine', {}, 200],
    ['a web page', { origin: 'https://evil.example' }, 403],
    ['a web page of this machine', { origin: 'http://127.0.0.1:3979' }, 403],
    ['a browser', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a form of a web page', { 'content-type': 'text/plain' }, 415],
    ['a body that only looks like JSON', { 'content-type': 'application/jsonx' }, 415],
  ])('%s is answered %3$d', async (_who, headers, status) => {
    expect((await world.post(world.activity('ada', { type: 'message', text: 'who am i' }), headers)).status).toBe(status);
  });

  it('a name that was made to point here is turned away', async () => {
    const body = JSON.stringify(world.activity('ada', { type: 'message', text: 'who am i' }));
    const status = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: world.server.port, path: '/api/messages', method: 'POST', headers: { host: 'evil.example:3978', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', reject).end(body);
    });
    expect(status).toBe(403);
  });

  it('a service elsewhere is turned away, for cards would be sent there', async () => {
    expect((await world.post({ ...world.activity('ada', { type: 'message', text: 'x' }), serviceUrl: 'https://evil.example/' })).status).toBe(403);
  });

  it.each<[string, string, number]>([
    ['{}', '{}', 400], ['nothing', '', 400], ['null', 'null', 400], ['a list', '[]', 400], ['half of it', '{"type":', 400], ['a number', '7', 400],
    ['a type that is no text', '{"type":{}}', 400], ['too much', JSON.stringify({ type: 'message', text: 'x'.repeat(300_000) }), 413],
  ])('the body %s is answered %3$d', async (_what, body, status) => {
    expect((await world.post(body)).status).toBe(status);
  });

  it.each([['broken', Buffer.from('not gzip at all')], ['a bomb', gzipSync(Buffer.alloc(2_000_000, 32))]])('a compressed body, %s, is not inflated and ends nothing', async (_what, body) => {
    const answer = await fetch(`${world.url}/api/messages`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body });
    expect(answer.status).toBe(415);
    expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
  });

  it.each(['/audio/x', `/audio/${'a'.repeat(64)}`, `/audio/${'a'.repeat(64)}?exp=9999999999999&sig=x`, '/audio/..%2f..%2fetc'])('the sound at %s without a good signature is refused', async (path) => {
    expect((await fetch(`${world.url}${path}`)).status).toBe(403);
  });
});
