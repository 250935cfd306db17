// Two pools on one machine, as a person runs them: started, one of them lost and answered for by the other, come back, taken back, stopped.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audioSdp, Phone } from '../support/phone';
import { freePairPorts, shareInstalledDatabase, StartRun } from '../support/start';
import { eventually } from '../support/system';

jest.setTimeout(300_000);
const DOMAIN = 'response-group.local';
let data: string;
const runs: StartRun[] = [];
const phones: Phone[] = [];
const begin = (parameters: readonly string[], env: NodeJS.ProcessEnv = {}, script?: string): StartRun => {
  const run = StartRun.begin(parameters, env, script);
  runs.push(run);
  return run;
};
beforeEach(() => { data = mkdtempSync(join(tmpdir(), 'pair-')); });
afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.close()));
  for (const run of runs.splice(0)) if (run.child.exitCode === null) await run.interrupt();
  rmSync(data, { recursive: true, force: true });
});

/** The command line on that machine, without any variable. Resolves to what it said. */
async function order(...parameters: string[]): Promise<string> {
  const run = begin(['--data', data, ...parameters], {}, 'storage/cli.js');
  const code = await run.exited;
  return `${code}: ${run.said}`;
}

test('A pool is lost with all its processes, the other answers for it; it comes back, sends callers there, and is taken back', async () => {
  shareInstalledDatabase(data);
  const env: NodeJS.ProcessEnv = { ...await freePairPorts(), RTP_PORT_MIN: '26000', RTP_PORT_MAX: '26999' };
  const run = begin(['--data', data, '--pair'], env);
  await run.ready();
  for (const words of ['east  SIP', 'west  SIP', 'Type “lose east”']) expect(run.said).toContain(words);
  expect(await begin(['--data', data, '--pair'], env).exited).toBe(2);

  const [alice] = JSON.parse(readFileSync(join(data, 'sample-phones.json'), 'utf8')) as { user: string; password: string }[];
  const [east, west] = [env['SIP_PORT'], env['WEST_SIP_PORT']].map((port) => ({ host: '127.0.0.1', port: Number(port), domain: DOMAIN }));
  if (!alice || !east || !west) throw new Error('There is nobody to call.');
  const calling = async (server: typeof east): Promise<number> => {
    const caller = await Phone.open('caller', server);
    try {
      const call = caller.invite('help-desk', audioSdp(30_002));
      const status = await caller.answered(call).then(() => 200, (fault: Error) => Number(/was answered (\d+)/.exec(fault.message)?.[1] ?? 0));
      if (status === 200) await caller.hangUp(call);
      return status;
    } finally {
      await caller.close();
    }
  };
  // One phone, registered with both.
  const atBoth = await Promise.all([east, west].map((server) => Phone.open(alice.user, server)));
  phones.push(...atBoth);
  for (const phone of atBoth) await eventually('the phone to be known', async () => (await phone.register(alice.password)).status === 200);
  expect(await calling(east)).toBe(200);
  await eventually('the mirror to have come', async () => (await order('pair', '--json')).includes('"state": "follows"'));

  const preview = await order('failover', 'east', '--to', 'west');
  expect(preview).toContain('Agents: 3, of whom 1 have a phone that is registered here now.');

  run.type('lose east');
  await run.hears('All of east is dead');
  expect(await order('failover', 'east', '--to', 'west', '--yes')).toMatch(/^0: [^]*does not answer[^]*Pool west serves the groups of pool east: its engine took them up/);
  await eventually('a call to be answered at west', async () => await calling(west) === 200);

  // The lost pool is changed where it is served.
  const change = begin(['--data', join(data, 'west'), 'do', 'agent.create', '{"name":"Dora","sipUser":"dora"}'], { POOL: 'east' }, 'storage/cli.js');
  expect(await change.exited).toBe(0);

  run.type('back east');
  await run.hears('All of east runs again');
  // It heard of it, and sends callers where they are answered.
  await eventually('east to send callers to west', async () => await calling(east) === 302);
  expect(await order('failover', 'east', '--to', 'east', '--yes')).toMatch(/^0: [^]*brought here:\n *agents Dora: added[^]*Pool east serves the groups of pool east/);
  expect(await order('agents')).toContain('"Dora"');
  await eventually('a call to be answered at east', async () => await calling(east) === 200);

  // One process of a pool that dies is started again, and nothing of the other is touched.
  const { children } = JSON.parse(readFileSync(join(data, 'west', 'run.json'), 'utf8')) as { children: { name: string; pid: number }[] };
  for (const { pid } of children) process.kill(pid, 'SIGKILL');
  expect(await calling(east)).toBe(200);
  for (const name of ['edge of west', 'engine of west', 'mirror of west']) await run.hears(`The ${name} runs again`);
  expect(await run.interrupt()).toBe(0);
  for (const folder of [data, join(data, 'east'), join(data, 'west')]) expect(existsSync(join(folder, 'run.json'))).toBe(false);
});
