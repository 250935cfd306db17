// The faults that a running crowd meets, one at a time. docs/faults.md says what each stands for.
import { setTimeout as pause } from 'node:timers/promises';
import { type Proxies } from '../support/fault-system';
import { type ProxyMode } from '../support/fault-proxy';
import { eventually } from '../support/system';
import { doubledForm } from './bots';
import { type Fault, whileTakenOver, type World } from './fault';
import { FAILURES, failEveryCommand } from './failing-commands';
import { loseEdge } from './lost-edge';
import { smallDisk } from './small-disk';
import { stepDown, threeMembers } from './three-members';

/** What a slow election looks like (design, section 6). */
const ELECTION_MS = 12_000;
/** A lone engine has to be started again; a standby is there. */
const TAKEOVER_MS = { standby: 2_000, hang: 6_000, lone: 10_000 } as const;
/** Whoever is just being answered or joined hears nothing until an engine is there again, and a moment more. */
const MOMENT_MS = 1_500;
const HANG_MS = 5_000;
const CUT_MS = 4_000;

/** How often an engine is killed so that it is met in the middle of everything that calls do. */
const KILLS = 8;
const BETWEEN_KILLS_MS = 1_000;

const nothing = (): Promise<void> => Promise.resolve();
const killDatabase = (world: World): Promise<void> => world.faults.database.kill();
const restartDatabase = (world: World): Promise<void> => world.faults.database.restart();
const killEngine = async (world: World): Promise<void> => {
  const active = await world.faults.active();
  await whileTakenOver(world, () => { active.signal('SIGKILL'); });
};

/** Each time while the engines killed before are at work again, and the crowd calls on. */
const killEngines = async (world: World): Promise<void> => {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await killEngine(world);
    await eventually('both engines to be well', async () => (await Promise.all(world.faults.engines.map((engine) => engine.isWell()))).every((well) => well));
    await pause(BETWEEN_KILLS_MS);
  }
};

function cut(between: string, which: readonly (keyof Proxies)[], mode: ProxyMode, holdMs: number, expects: Fault['expects'] = {}): Fault {
  const set = (to: ProxyMode) => async ({ faults }: World): Promise<void> => { for (const name of which) faults.proxies?.[name].set(to); };
  return { name: `${between}: ${mode}`, system: { proxied: true }, begin: set(mode), holdMs, end: set('open'), expects };
}

/** SIGSTOP of whoever is active; awake again it must let go of everything. */
const hang = (name: string, standby: boolean, takeoverMs: number): Fault => {
  let frozen: { signal(signal: NodeJS.Signals): void } | null = null;
  return {
    name, system: { standby },
    begin: async (world) => {
      const active = frozen = await world.faults.active();
      if (standby) await whileTakenOver(world, () => { active.signal('SIGSTOP'); });
      else active.signal('SIGSTOP');
    },
    holdMs: HANG_MS,
    end: async () => { frozen?.signal('SIGCONT'); },
    expects: standby ? { takeoverMs, silenceMs: takeoverMs + MOMENT_MS } : { silenceMs: HANG_MS + MOMENT_MS },
  };
};

/** The clock of the active engine an hour on, then an hour behind, then right. */
const clockJumps: Fault = {
  name: 'engine: clock jumps ±1 h', system: { jumpingClock: true },
  begin: async ({ faults }) => { (await faults.active()).signal('SIGUSR2'); },
  holdMs: 5_000,
  end: async ({ faults }) => {
    const active = await faults.active();
    active.signal('SIGUSR2');
    await pause(5_000);
    active.signal('SIGUSR2');
  },
  expects: {},
};

/** For the tests of every day: the engine dies and another goes on, then there is no database for a moment. */
export const SHORTEST: Fault = {
  name: 'engine: kill -9, with standby; database: kill -9, back after 2 s', system: { standby: true },
  begin: async (world) => {
    await killEngine(world);
    await killDatabase(world);
  },
  holdMs: 2_000, end: restartDatabase, expects: { takeoverMs: TAKEOVER_MS.standby, silenceMs: TAKEOVER_MS.standby + MOMENT_MS },
};

export const FAULTS: readonly Fault[] = [
  { name: 'none', begin: nothing, holdMs: 5_000, end: nothing, expects: {} },
  { name: 'database: kill -9, back after 12 s', begin: killDatabase, holdMs: ELECTION_MS, end: restartDatabase, expects: {} },
  { name: 'engine: kill -9, alone', begin: killEngine, holdMs: 0, end: nothing, expects: { takeoverMs: TAKEOVER_MS.lone, silenceMs: TAKEOVER_MS.lone + MOMENT_MS } },
  { name: 'engine: kill -9, with standby', system: { standby: true }, begin: killEngine, holdMs: 0, end: nothing, expects: { takeoverMs: TAKEOVER_MS.standby, silenceMs: TAKEOVER_MS.standby + MOMENT_MS } },
  { name: `engine: kill -9 ${KILLS} times, with standby`, system: { standby: true }, begin: killEngines, holdMs: 0, end: nothing, expects: { takeoverMs: TAKEOVER_MS.standby, silenceMs: TAKEOVER_MS.standby + MOMENT_MS } },
  hang('engine: SIGSTOP 5 s, alone', false, TAKEOVER_MS.lone),
  hang('engine: SIGSTOP, SIGCONT, with standby', true, TAKEOVER_MS.hang),
  {
    // The engine's last changes are in its file alone, and while there is no primary nobody takes over.
    name: 'database and engine: both kill -9, 12 s', system: { standby: true },
    begin: async (world) => {
      await killDatabase(world);
      await pause(3_000);
      (await world.faults.active()).signal('SIGKILL');
    },
    holdMs: ELECTION_MS - 3_000, end: restartDatabase, expects: { refusals: true, silenceMs: ELECTION_MS + TAKEOVER_MS.standby + MOMENT_MS },
  },
  cut('engine–database', ['database'], 'cut', 8_000),
  cut('engine–database', ['database'], 'stall', 8_000),
  cut('engine–database', ['database'], 'halfOpen', 8_000),
  cut('engine–database', ['database'], 'slow', 8_000),
  // Shorter than an engine needs to take the edge for lost.
  cut('engine–edge, 1 s', ['sip', 'control'], 'cut', 1_000, { silenceMs: 1_000 + TAKEOVER_MS.standby + MOMENT_MS }),
  cut('engine–edge', ['sip', 'control'], 'cut', CUT_MS, { silenceMs: CUT_MS + TAKEOVER_MS.standby + MOMENT_MS }),
  cut('engine–edge', ['sip', 'control'], 'stall', CUT_MS, { silenceMs: CUT_MS + TAKEOVER_MS.standby + MOMENT_MS }),
  cut('engine–edge', ['sip', 'control'], 'halfOpen', CUT_MS, { silenceMs: CUT_MS + TAKEOVER_MS.standby + MOMENT_MS }),
  cut('engine–edge', ['sip', 'control'], 'slow', 8_000),
  cut('engine–media', ['media'], 'cut', CUT_MS, { silenceMs: CUT_MS + TAKEOVER_MS.standby + MOMENT_MS }),
  cut('engine–media', ['media'], 'stall', CUT_MS, { silenceMs: CUT_MS + TAKEOVER_MS.standby + MOMENT_MS }),
  cut('engine–media', ['media'], 'slow', 8_000),
  cut('bot–database', ['botDatabase'], 'cut', 8_000),
  cut('bot–database', ['botDatabase'], 'stall', 8_000),
  cut('bot–database', ['botDatabase'], 'halfOpen', 8_000),
  { name: 'disk of the journal file full, database gone 12 s', prepare: smallDisk, begin: killDatabase, holdMs: ELECTION_MS, end: restartDatabase, expects: {} },
  { name: 'three members: primary kill -9', prepare: threeMembers, begin: killDatabase, holdMs: ELECTION_MS, end: restartDatabase, expects: {} },
  { name: 'three members: primary steps down', prepare: threeMembers, begin: ({ faults }) => stepDown(faults.database.uri), holdMs: ELECTION_MS, end: nothing, expects: {} },
  clockJumps,
  { name: 'bot: kill -9 while a form is sent twice', system: { bots: 2 }, begin: doubledForm, holdMs: 0, end: nothing, expects: {} },
  { name: 'edge: kill -9', begin: loseEdge, holdMs: 0, end: nothing, expects: {} },
  // Engines and bots are started again in between, with what they send then failing as well.
  ...FAILURES.map((failure): Fault => ({ name: `failCommand: ${failure.name}`, system: { proxied: true, standby: true, bots: 1 }, begin: (world) => failEveryCommand(world, failure), holdMs: 0, end: nothing, expects: { silenceMs: TAKEOVER_MS.lone + MOMENT_MS } })),
];
