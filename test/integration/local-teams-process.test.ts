// The stand-in as the process it is: what it refuses to start with, how it says so, and how it ends.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../storage/process/exit';
import { VERSION } from '../../storage/process/root';
import { LocalPage } from '../support/local-page';
import { freePort, runSource, type SourceProcess } from '../support/source-process';

jest.setTimeout(60_000);

let folder: string;
let people: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-teams-'));
  people = join(folder, 'people.json');
  writeFileSync(people, JSON.stringify([{ personId: 'ada', name: 'Ada Park' }]));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (env: Record<string, string>, ...args: string[]): SourceProcess => runSource('bot/local-teams/main.ts', env, args);

test('--version says the version', async () => {
  const asked = run({}, '--version');
  expect(await asked.ended).toBe(EXIT.stopped);
  expect(asked.output().out).toBe(`${VERSION}\n`);
});

test('--config says every variable', async () => {
  const asked = run({ LOCAL_TEAMS_PEOPLE: people, LOCAL_TEAMS_PORT: '4000' }, '--config');
  expect(await asked.ended).toBe(EXIT.stopped);
  expect(JSON.parse(asked.output().out)).toMatchObject({ LOCAL_TEAMS_PEOPLE: people, LOCAL_TEAMS_PORT: 4000, LOG_LEVEL: 'info' });
});

test.each<[string, (port: number) => Record<string, string>, number, RegExp]>([
  ['nothing set', () => ({}), EXIT.usage, /LOCAL_TEAMS_PEOPLE \(not set\)/],
  ['an app id', () => ({ LOCAL_TEAMS_PEOPLE: people, MICROSOFT_APP_ID: '01234567-89ab-cdef-0123-456789abcdef' }), EXIT.usage, /MICROSOFT_APP_ID/],
  ['people that cannot be read', () => ({ LOCAL_TEAMS_PEOPLE: join(folder, 'none.json') }), EXIT.usage, /none\.json/],
  ['a port in use', (port) => ({ LOCAL_TEAMS_PEOPLE: people, LOCAL_TEAMS_PORT: String(port) }), EXIT.portInUse, /Port \d+ .* in use.*LOCAL_TEAMS_PORT/],
])('with %s it does not start and says why', async (_title, env, code, words) => {
  const other = createServer();
  await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve); });
  const started = run(env((other.address() as AddressInfo).port));
  expect(await started.ended).toBe(code);
  expect(started.output().err).toMatch(words);
  await new Promise((resolve) => { other.close(resolve); });
});

test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('on %s it keeps what was said and ends well, also under an open page', async (signal) => {
  const port = await freePort();
  const server = run({ LOCAL_TEAMS_PEOPLE: people, LOCAL_TEAMS_PORT: String(port), LOCAL_TEAMS_DATA: join(folder, 'chats'), BOT_URL: `http://127.0.0.1:${await freePort()}/api/messages` });
  await server.writes('the chat page is open');
  const url = `http://127.0.0.1:${port}`;
  expect(await fetch(`${url}/healthz`).then((response) => response.json())).toEqual({ ok: true, version: VERSION });
  const ada = new LocalPage({ url }, 'ada');
  const follow = await ada.follow();
  await ada.say('nobody but us here', '19:everybody@thread.v2');
  expect(await server.stop(signal)).toBe(EXIT.stopped);
  follow.close();
  expect(readFileSync(join(folder, 'chats', 'chats.json'), 'utf8')).toContain('nobody but us here');
  expect(server.output().err).toBe('');
  expect(server.output().out).not.toContain('nobody but us here');
});

test('it listens on the loopback address alone', async () => {
  const port = await freePort();
  const server = run({ LOCAL_TEAMS_PEOPLE: people, LOCAL_TEAMS_PORT: String(port) });
  await server.writes('the chat page is open');
  const opens = (host: string): Promise<boolean> => new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
  expect(await opens('127.0.0.1')).toBe(true);
  const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []).map(({ address }) => address).filter((address) => address !== '127.0.0.1');
  for (const host of ['::1', ...others]) expect([host, await opens(host)]).toEqual([host, false]);
  await server.stop();
});
