// The one command, as a process: what it refuses in words, and one machine from empty to running to stopped to running again.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedDatabase } from '../../storage/local/embedded';
import { ROOT, VERSION } from '../../storage/process/root';
import { Phone } from '../support/phone';
import { freePorts, shareInstalledDatabase, StartRun } from '../support/start';

jest.setTimeout(180_000);
let data: string;
const runs: StartRun[] = [];
const begin = (parameters: readonly string[], env: NodeJS.ProcessEnv = {}, script?: string): StartRun => {
  const run = StartRun.begin(parameters, env, script);
  runs.push(run);
  return run;
};
beforeEach(() => { data = mkdtempSync(join(tmpdir(), 'start-')); });
afterEach(async () => {
  for (const run of runs.splice(0)) if (run.child.exitCode === null) await run.interrupt();
  rmSync(data, { recursive: true, force: true });
});

test.each([
  [['--version'], 0, new RegExp(`^${VERSION.replaceAll('.', '\\.')}\n$`)],
  [['--help'], 0, /--data <dir>[^]*--fresh[^]*SIP_PORT[^]*MONGODB_URI/],
  [['--frehs'], 2, /unknown option '--frehs'/],
  [['somewhere'], 2, /too many arguments/],
])('%j ends with %i and says so', async (parameters, exitCode, words) => {
  const run = begin(parameters);
  expect(await run.exited).toBe(exitCode);
  expect(run.said).toMatch(words);
});

test('faults in the settings of all processes are listed at once, and nothing is started', async () => {
  const run = begin(['--data', data], { SIP_PORT: '99999', LOCAL_TEAMS_PORT: 'none', BOT_ADDRESS: '0.0.0.0', MONGODB_URI: 'http://db' });
  expect(await run.exited).toBe(2);
  for (const words of ['SIP_PORT ("99999")', 'LOCAL_TEAMS_PORT ("none")', 'BOT_ADDRESS ("0.0.0.0")', 'MONGODB_URI ("http://db")']) expect(run.said).toContain(words);
  expect(run.said.match(/MONGODB_URI \(/g)).toHaveLength(1);
  expect(existsSync(join(data, 'database'))).toBe(false);
});

test('a port in use is named with the variable that moves it; exit code 3, and nothing is started', async () => {
  const taker = createServer();
  await new Promise<void>((resolve) => taker.listen(0, '127.0.0.1', resolve));
  const { port } = taker.address() as AddressInfo;
  const run = begin(['--data', data], { ...await freePorts(), BOT_PORT: String(port) });
  expect(await run.exited).toBe(3);
  expect(run.said).toContain(`Port ${port} (the bot, TCP on 127.0.0.1) is in use. Set BOT_PORT to another port`);
  expect(readdirSync(data)).toEqual(['secrets.json']);
  taker.close();
});

test('a data folder that cannot be made is told', async () => {
  writeFileSync(join(data, 'file'), '');
  const run = begin(['--data', join(data, 'file', 'folder')]);
  expect(await run.exited).toBe(2);
  expect(run.said).toContain('cannot be written');
});

test.each([
  ['too old', 'echo "probe 3 8 1 1"', 'is Python 3.8, which is too old'],
  ['without venv', 'echo "probe 3 11 1 0"', 'its ensurepip module is missing'],
  ['broken', 'exit 127', 'No Python was found'],
])('a Python that is %s is told, with what to do; exit code 2', async (_what, body, words) => {
  const python = join(data, 'bin', 'python3');
  mkdirSync(join(data, 'bin'));
  writeFileSync(python, `#!/bin/sh\n${body}\n`);
  chmodSync(python, 0o755);
  const run = begin(['--data', join(data, 'local')], { ...await freePorts(), PATH: join(data, 'bin') });
  expect(await run.exited).toBe(2);
  expect(run.said).toContain(words);
  expect(run.said).toContain('MONGODB_URI');
});

test('an unreachable MONGODB_URI is told without its password; exit code 4, and no Python is asked for', async () => {
  const hangsUp = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => hangsUp.listen(0, '127.0.0.1', resolve));
  const run = begin(['--data', data], { ...await freePorts(), PATH: '', MONGODB_URI: `mongodb://someone:hidden@127.0.0.1:${(hangsUp.address() as AddressInfo).port}/x` });
  expect(await run.exited).toBe(4);
  expect(run.said).toContain('Check that it is running');
  expect(run.said).not.toContain('hidden');
  hangsUp.close();
});

test('--replica-set without a mongod is refused with what to do, and nothing else is used in its place; exit code 2', async () => {
  const run = begin(['--data', data, '--replica-set'], { ...await freePorts(), PATH: '' });
  expect(await run.exited).toBe(2);
  expect(run.said).toMatch(/there is no mongod on the PATH[^]*MONGODB_URI/);
  expect(readdirSync(data)).toEqual(['secrets.json']);
});

test('--fresh without a terminal to ask at deletes nothing', async () => {
  mkdirSync(join(data, 'database'));
  writeFileSync(join(data, 'database', 'something'), 'kept');
  const run = begin(['--data', data, '--fresh']);
  expect(await run.exited).toBe(2);
  expect(run.said).toContain('add --yes');
  expect(readFileSync(join(data, 'database', 'something'), 'utf8')).toBe('kept');
});

describe('one machine', () => {
  const phonesOf = (folder: string): Array<{ user: string; password: string }> => JSON.parse(readFileSync(join(folder, 'sample-phones.json'), 'utf8')) as Array<{ user: string; password: string }>;

  test('starts from nothing, serves a phone, keeps a second start out, stops, and finds everything again', async () => {
    shareInstalledDatabase(data);
    const env: NodeJS.ProcessEnv = { ...await freePorts(), RTP_PORT_MIN: '21000', RTP_PORT_MAX: '21999' };
    const first = begin(['--data', data], env);
    await first.ready();
    for (const words of ['NO high availability', 'Ada Park', 'manager of Help Desk', 'sip:help-desk@', 'sip:sales@', 'npm run traffic']) expect(first.said).toContain(words);
    expect(statSync(join(data, 'sample-phones.json')).mode & 0o077).toBe(0);
    expect(statSync(join(data, 'secrets.json')).mode & 0o077).toBe(0);
    const alice = phonesOf(data).find(({ user }) => user === 'alice');
    expect(first.said).toContain(alice?.password as string);
    expect((await fetch(`http://127.0.0.1:${env['LOCAL_TEAMS_PORT']}/`)).ok).toBe(true);

    const second = begin(['--data', data], env);
    expect(await second.exited).toBe(2);
    expect(second.said).toContain('already runs from');

    const register = async (): Promise<number | undefined> => {
      const phone = await Phone.open('alice', { host: '127.0.0.1', port: Number(env['SIP_PORT']), domain: 'response-group.local' });
      try {
        return (await phone.register(alice?.password as string)).status;
      } finally {
        await phone.close();
      }
    };
    expect(await register()).toBe(200);
    expect(await first.interrupt()).toBe(0);
    expect(existsSync(join(data, 'run.json'))).toBe(false);

    // Whatever small file is damaged meanwhile, the next start says so, loses nothing, and runs.
    for (const name of ['secrets.json', 'people.json', 'run.json', 'database-port', 'database.pid']) writeFileSync(join(data, name), Buffer.from([0, 255, 7]));
    const third = begin(['--data', data], env);
    await third.ready();
    expect(third.said).toContain('secrets.json was damaged');
    expect(third.said).toContain(alice?.password as string);
    expect(readdirSync(data)).toEqual(expect.arrayContaining(['secrets.json.damaged-1', 'run.json.damaged-1']));
    expect(await register()).toBe(200);
    expect(await third.interrupt()).toBe(0);
  });

  test('with --standby the death of the active engine is seen on the screen, and the other goes on; a drain gives it back', async () => {
    shareInstalledDatabase(data);
    const run = begin(['--data', data, '--standby'], { ...await freePorts(), RTP_PORT_MIN: '24000', RTP_PORT_MAX: '24999' });
    await run.ready();
    // On a busy machine neither may be active yet when everything runs.
    await run.hears(/the (engine|second engine) is active/i);
    const active = /the (engine|second engine) is active/i.exec(run.said)?.[1] ?? 'neither';
    const standby = active === 'engine' ? 'second engine' : 'engine';
    await run.hears(new RegExp(`the ${standby} stands by`, 'i'));
    const { children } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as { children: { name: string; pid: number }[] };
    process.kill(children.find(({ name }) => name === active)?.pid as number, 'SIGKILL');
    await run.hears(`The ${active} ended by SIGKILL`);
    await run.hears(new RegExp(`the ${standby} is active`, 'i'));
    await run.hears(`The ${active} runs again`);
    await run.hears(new RegExp(`the ${active} stands by[^\n]*the ${standby} is active|the ${standby} is active[^\n]*the ${active} stands by`, 'i'));

    const drain = begin(['--data', data, 'drain', '--yes'], {}, 'storage/cli.js');
    expect(await drain.exited).toBe(0);
    await run.hears(`The ${standby} was replaced by another`);
    await run.hears(`The ${standby} runs again`);
    expect(await run.interrupt()).toBe(0);
  });

  test('traffic calls and answers with marked agents, and removes them, also those of a run that was killed', async () => {
    shareInstalledDatabase(data);
    const system = begin(['--data', data], { ...await freePorts(), RTP_PORT_MIN: '23000', RTP_PORT_MAX: '23999' });
    await system.ready();
    const traffic = (parameters: readonly string[]): StartRun => begin(['--data', data, ...parameters], {}, 'test/traffic/main.js');

    const killed = traffic(['--agents', '2', '--group', 'sales']);
    await killed.hears('2 simulated agents answer in Sales');
    killed.child.kill('SIGKILL');
    await killed.exited;

    const second = traffic(['--agents', '3', '--calls-per-minute', '60']);
    await second.hears('2 simulated agents of an interrupted run were removed');
    await second.hears('3 simulated agents answer in Help Desk');
    await second.hears(/, [1-9]\d* answered/);
    expect(await second.interrupt()).toBe(0);
    expect(second.said).toContain('Everything is hung up; 3 simulated agents are removed.');
    expect(second.said).not.toMatch(/refused|[1-9]\d* gave up/);

    const nowhere = traffic(['--group', 'nobody']);
    expect(await nowhere.exited).toBe(1);
    expect(nowhere.said).toContain('Active groups: help-desk, sales');
    expect(await system.interrupt()).toBe(0);
    const idle = traffic([]);
    expect(await idle.exited).toBe(1);
    expect(idle.said).toContain('Start it first, in another terminal: npm start');
  });

  test('with MONGODB_URI nothing is seeded, the named administrator can speak, and it says how available that is', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    const database = await startEmbeddedDatabase({ dataDirectory: elsewhere, virtualEnvironment: join(ROOT, '.local', 'database-venv'), port: 'any' });
    try {
      const administrator = '11111111-2222-4333-8444-555555555555';
      const env = { ...await freePorts(), RTP_PORT_MIN: '22300', RTP_PORT_MAX: '22999', MONGODB_URI: database.uri, ADMINISTRATORS: administrator };
      const run = begin(['--data', data], env);
      await run.ready();
      expect(run.said).toMatch(/replica set secantus, 1 member\)\n +NO high availability/);
      expect(run.said).toContain('none yet: write "help"');
      expect(run.said).toMatch(new RegExp(`Administrator +administrator +http.*${administrator}`));
      expect(readdirSync(data)).not.toContain('database-venv');
      expect(readdirSync(data)).not.toContain('sample-phones.json');
      expect(await run.interrupt()).toBe(0);

      const without = begin(['--data', data], { ...env, MONGODB_URI: '' });
      expect(await without.exited).toBe(2);
      expect(without.said).toContain('MONGODB_URI is not set now');
    } finally {
      await database.stop();
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});
