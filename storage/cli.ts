#!/usr/bin/env node
// `response-group`: the verbs and queries of chat from a command line, for when chat is down and for scripts.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Argument, Command, CommanderError, Option } from 'commander';
import { pino } from 'pino';
import { z } from 'zod';
import { type Acting } from './access';
import { Administration } from './administration/administration';
import { type Answer, type Refusal, type Result } from './administration/results';
import { VERB_SCHEMAS, VERBS, type Verb, type VerbInput } from './administration/verbs';
import { SHOWN_KINDS, type ShownKind } from './administration/views';
import { connect, openUnchanged, type Connection } from './connect';
import { drainWords, poolStatusWords } from './status-words';
import { readRunning, type RunningSystem } from './local/machine/run-file';
import { conflictWords, failbackWords } from './mirror/failback-words';
import { failoverWords } from './mirror/failover-words';
import { mirrorWords } from './mirror/mirror-words';
import { readServing } from './mirror/serving';
import { type Side } from './mirror/three-way';
import { id } from './model/fields';
import { EnvironmentFault, readEnvironment, type Settings, type Variables } from './process/environment';
import { EXIT } from './process/exit';
import { ROOT, VERSION } from './process/root';
import { addTransferCommands } from './transfer/commands';

const CLI_VARIABLES = {
  MONGODB_URI: { schema: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://').optional(), describe: 'Where the database is. Without it: that of the machine that `npm start` runs here.' },
  POOL: { schema: id.optional(), describe: 'The pool to work on.' },
  PARTNER_MONGODB_URI: { schema: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://').optional(), describe: 'The database of the other site, to take a pool back from it.' },
  PARTNER_POOL: { schema: id.optional(), describe: 'The pool of the other site.' },
  SIP_DOMAIN: { schema: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,252})$/, 'must be a domain name in lower case').optional(), describe: 'The one SIP domain of the organisation.' },
} as const satisfies Variables;

/** Where everything is; a person who set nothing works on the machine that runs from `data`. @throws CliFault when there is none */
interface Place { readonly uri: string; readonly pool: string; readonly sipDomain: string }

/** Something the person at the command line can mend. */
class CliFault extends Error {
  constructor(message: string, readonly code: number = EXIT.usage) {
    super(message);
    this.name = 'CliFault';
  }
}

export interface Console {
  out(words: string): void;
  err(words: string): void;
  /** Everything that is piped in. */
  input(): Promise<string>;
  /** Asks a person; null where there is no terminal to ask at. */
  ask(question: string): Promise<string | null>;
}

const OPERATOR: Acting = { kind: 'operator', name: 'command line' };

/** Runs one command line; resolves to the exit code: 0 done, 1 refused or not found, 2 wrong use, 4 no database. */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv, terminal: Console): Promise<number> {
  let code: number = EXIT.stopped;
  const program = commandLine(env, terminal, (exit) => { code = exit; });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (fault) {
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? EXIT.stopped : EXIT.usage;
    if (fault instanceof CliFault || fault instanceof EnvironmentFault) {
      terminal.err(fault.message);
      return fault instanceof CliFault ? fault.code : EXIT.usage;
    }
    terminal.err(`The database cannot be used: ${fault instanceof Error ? fault.message : String(fault)}`);
    return EXIT.databaseUnusable;
  }
}

function commandLine(env: NodeJS.ProcessEnv, terminal: Console, exit: (code: number) => void): Command {
  const program = new Command('response-group').version(VERSION).description('Everything that chat can do, from a command line.').exitOverride()
    .configureOutput({ writeOut: (words) => { terminal.out(words.trimEnd()); }, writeErr: (words) => { terminal.err(words.trimEnd()); } })
    .addOption(new Option('--data <dir>', 'the folder of the machine that runs here').default(join(ROOT, '.local'), '.local'))
    .addOption(new Option('--as <name>', 'the name that the history shows').default('command line'));
  const asked = async <T>(ask: (administration: Administration, acting: Acting) => Promise<T>): Promise<T> => {
    const { data, as } = program.opts<{ data: string; as: string }>();
    return withAdministration(placeOf(env, data), (administration) => ask(administration, { ...OPERATOR, name: as }));
  };
  const shown = (answer: Answer<unknown>): void => {
    if (answer.ok) terminal.out(JSON.stringify(answer.value, null, 2));
    else terminal.err(answer.message);
    exit(answer.ok ? EXIT.stopped : answer.code === 'unavailable' ? EXIT.databaseUnusable : EXIT.failed);
  };
  const settled = <T>(answer: Answer<T>, wordsOf: (outcome: T) => { readonly ok: boolean; readonly words: string }): void => {
    if (!answer.ok) return shown(answer);
    const { ok, words } = wordsOf(answer.value);
    if (ok) terminal.out(words);
    else terminal.err(words);
    exit(ok ? EXIT.stopped : EXIT.failed);
  };

  const refusedWith = (refusal: Refusal | (Answer<unknown> & { readonly ok: false })): void => {
    terminal.err(refusal.message);
    if ('faults' in refusal) for (const { field, value, message } of refusal.faults) terminal.err(`  ${field}${typeof value === 'string' ? ` (${value})` : ''} ${message}`);
    exit(refusal.code === 'unavailable' ? EXIT.databaseUnusable : EXIT.failed);
  };

  program.command('verbs').description('lists the verbs; of one, what it takes, as JSON Schema').argument('[verb]').action((verb?: string) => {
    if (verb === undefined) terminal.out(VERBS.join('\n'));
    else terminal.out(JSON.stringify(z.toJSONSchema(VERB_SCHEMAS[knownVerb(verb)], { io: 'input', unrepresentable: 'any' }), null, 2));
  });
  program.command('do').description('carries out one verb; the input is JSON, @file, or - for what is piped in').argument('<verb>').argument('[input]', 'JSON', '{}')
    .option('--request <id>', 'a one-time id: the same id again does nothing')
    .action(async (verb: string, input: string, options: { request?: string }) => {
      const name = knownVerb(verb);
      const parsed = await readInput(input, terminal);
      const result = await asked((administration, acting) => administration.perform(acting, name, parsed as VerbInput<Verb>, options.request === undefined ? {} : { requestId: options.request }));
      tell(result, terminal);
      exit(result.ok || result.code === 'alreadyDone' ? EXIT.stopped : result.code === 'unavailable' ? EXIT.databaseUnusable : EXIT.failed);
    });
  program.command('groups').description('every group').action(async () => { shown(await asked((administration, acting) => administration.groups(acting))); });
  program.command('group').description('one group, as its form has it').argument('<id>').action(async (group: string) => { shown(await asked((administration, acting) => administration.group(acting, group))); });
  program.command('workflow').description('one workflow with its questions, and everything it leads to').argument('<id>').action(async (workflow: string) => { shown(await asked((administration, acting) => administration.workflow(acting, workflow))); });
  program.command('objects').description('every object of a kind').addArgument(new Argument('<kind>').choices(SHOWN_KINDS))
    .action(async (kind: ShownKind) => { shown(await asked((administration, acting) => administration.objects(acting, kind))); });
  program.command('keep').description('keeps a WAV file, and says what to put into a prompt or as music').argument('<file>').action(async (file: string) => {
    const bytes = await readFile(file).catch((fault: unknown) => { throw new CliFault(`${file} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`); });
    const kept = await asked((administration, acting) => administration.keepAudio(acting, basename(file), bytes));
    if (kept.ok) terminal.out(JSON.stringify(kept.value, null, 2));
    else terminal.err(kept.message);
    exit(kept.ok ? EXIT.stopped : kept.code === 'unavailable' ? EXIT.databaseUnusable : EXIT.failed);
  });
  program.command('live').description('who waits and who is free now').argument('<id>').action(async (group: string) => { shown(await asked((administration, acting) => administration.live(acting, group))); });
  program.command('agents').description('every agent').action(async () => { shown(await asked((administration, acting) => administration.agents(acting))); });
  program.command('settings').description('the settings of the pool').action(async () => { shown(await asked((administration, acting) => administration.settings(acting))); });
  program.command('status').description('members of the database, engines, edges, what waits to be written, the last takeover').option('--json', 'as data').action(async ({ json }: { json?: true }) => {
    const answer = await asked((administration, acting) => administration.status(acting));
    if (answer.ok && json !== true) terminal.out(poolStatusWords(answer.value).join('\n'));
    else shown(answer);
  });
  program.command('pair').description('which pools are mirrored into this database, and how far').option('--json', 'as data')
    .option('--take-anew <pool>', 'copy a pool that has forgotten what was mirrored from it as it is now').option('--yes', 'do not ask')
    .action(async ({ json, takeAnew, yes }: { json?: true; takeAnew?: string; yes?: true }) => {
      if (takeAnew !== undefined) {
        await confirmed(terminal, yes, `Replace what is mirrored here of pool ${takeAnew} by what that pool has now?`);
        settled(await asked((administration, acting) => administration.takeAnew(acting, takeAnew)), () => ({ ok: true, words: `Pool ${takeAnew} will be copied as it is now.` }));
        return;
      }
      const answer = await asked((administration, acting) => administration.mirrors(acting));
      if (answer.ok && json !== true) terminal.out(answer.value.length === 0 ? 'No pool is mirrored here.' : answer.value.flatMap(mirrorWords).join('\n'));
      else shown(answer);
    });
  program.command('failover').description('has the groups of a pool served by another: run it at the site that is to serve them').argument('<pool>', 'whose groups')
    .requiredOption('--to <pool>', 'who is to serve them: the pool of this site').option('--yes', 'do not ask')
    .option('--keep <pool>', 'taking a pool back: whose value counts wherever both sides changed something differently')
    .option('--decide <conflict=pool...>', 'the same for one of them, as it is listed', [])
    .option('--without-changes', 'taking a pool back: give up what was changed at its partner')
    .option('--anew', 'taking a pool back whose database was lost: make it as it is at its partner')
    .action(async (owner: string, { to, withoutChanges: without, anew, keep, decide, yes }: { to: string; withoutChanges?: true; anew?: true; keep?: string; decide: string[]; yes?: true }) => {
      const { data, as } = program.opts<{ data: string; as: string }>();
      const place = placeOf(env, data, to);
      if (to !== place.pool) throw new CliFault(`--to ${to}: this is the site of pool ${place.pool}. Run it at the site of pool ${to}, or say which with POOL.`);
      const acting = { ...OPERATOR, name: as };
      await withAdministration(place, async (administration, connection) => {
        if (owner === to) {
          const partner = partnerOf(env, data, to);
          if (partner.PARTNER_MONGODB_URI === undefined || partner.PARTNER_POOL === undefined) throw new CliFault('To take a pool back, PARTNER_MONGODB_URI and PARTNER_POOL must name the site that serves it.');
          const there = openUnchanged(partner.PARTNER_MONGODB_URI, { appName: 'response-group command line', forPeople: true });
          const other = { ...there, pool: partner.PARTNER_POOL };
          try {
            const given = { ...(without === true ? { without } : {}), ...(anew === true ? { anew } : {}), ...(keep === undefined ? {} : { keep: sideOf(keep, owner, other.pool) }) };
            const preview = await administration.previewFailback(acting, other, given);
            if (!preview.ok) return refusedWith(preview);
            terminal.out(failbackWords(preview.value).join('\n'));
            const decisions = new Map<string, Side>(decide.map((one) => decisionOf(one, owner, other.pool)));
            for (const conflict of preview.value.conflicts) {
              if (decisions.has(conflict.key)) continue;
              const typed = yes === true ? null : await terminal.ask(`${conflictWords(preview.value, conflict)}\nWhich counts? Type "${owner}" or "${other.pool}": `);
              if (typed === null || typed.trim() === '') throw new CliFault(`${conflict.key} was changed differently on both sides. Decide with --decide ${conflict.key}=${owner}, or =${other.pool}; or all of them with --keep.`, EXIT.failed);
              decisions.set(conflict.key, sideOf(typed.trim().toLowerCase(), owner, other.pool));
            }
            await confirmed(terminal, yes, `Have pool ${owner} serve its own groups again? Pool ${other.pool} goes on with the calls it has.`);
            const taken = await administration.failBack(acting, other, { ...given, ...(given.keep === undefined ? { keep: decisions } : {}) });
            if (!taken.ok) return refusedWith(taken);
          } finally {
            await there.close();
          }
        } else {
          const preview = await administration.previewFailover(acting, owner);
          if (!preview.ok) return shown(preview);
          terminal.out(failoverWords(preview.value).join('\n'));
          if (preview.value.servedBy === to) throw new CliFault(`Pool ${to} serves the groups of pool ${owner} already.`, EXIT.failed);
          await confirmed(terminal, yes, `Fail pool ${owner} over to pool ${to}?`);
          const decided = await administration.failOver(acting, owner);
          if (!decided.ok) return shown(decided);
        }
        const takenUpMs = await takenUpAfter(connection, owner);
        if (takenUpMs === null) terminal.err(`It is decided that pool ${to} serves the groups of pool ${owner}, but no engine here has taken that up within 10 s. \`response-group status\` says which are there.`);
        else terminal.out(`Pool ${to} serves the groups of pool ${owner}: its engine took them up ${takenUpMs} ms after it was decided.`);
        exit(takenUpMs === null ? EXIT.failed : EXIT.stopped);
      });
    });
  program.command('drain').description('moves the active engine to the one that stands by; no call is touched').option('--yes', 'do not ask').action(async ({ yes }: { yes?: true }) => {
    await confirmed(terminal, yes, 'Give all calls of the active engine to the one that stands by?');
    settled(await asked((administration, acting) => administration.ask(acting, { kind: 'drain' })), (outcome) => drainWords(outcome));
  });
  program.command('step-down').description('makes the primary of the database hand over to another member').option('--yes', 'do not ask').action(async ({ yes }: { yes?: true }) => {
    await confirmed(terminal, yes, 'Step the primary of the database down? Calls go on; changes wait for about 2 s.');
    settled(await asked((administration, acting) => administration.stepDown(acting)), (outcome) => (outcome.kind === 'refused'
      ? { ok: false, words: outcome.message }
      : { ok: true, words: outcome.to === null ? `${outcome.from} has stepped down; there is no new primary yet.` : `${outcome.from} has stepped down; ${outcome.to} is the primary.` }));
  });
  program.command('history').description('who changed what, newest first').option('--limit <n>', 'how many', '50').option('--group <id>', 'of one group')
    .action(async ({ limit, group }: { limit: string; group?: string }) => {
      shown(await asked((administration, acting) => administration.history(acting, { limit: wholeNumber('--limit', limit, 1, 1000), ...(group === undefined ? {} : { workflowId: group }) })));
    });
  addTransferCommands(program, {
    out: (words) => { terminal.out(words); }, err: (words) => { terminal.err(words); }, exit,
    confirmed: (yes, question) => confirmed(terminal, yes, question),
    opened: async (named, work) => {
      const { data, as } = program.opts<{ data: string; as: string }>();
      const { uri, pool, sipDomain } = placeOf(named === undefined ? env : { ...env, POOL: named }, data);
      // No person waits for each step of it, so an election is waited for.
      const connection = await connect(uri, { appName: 'response-group command line' });
      try {
        return await work({ client: connection.client, db: connection.db, pool, sipDomain, log: pino({ level: 'silent' }) }, { ...OPERATOR, name: as });
      } finally {
        await connection.close();
      }
    },
  });
  return program;
}

/** @throws CliFault unless a person says yes, or has said it already */
async function confirmed(terminal: Console, yes: true | undefined, question: string): Promise<void> {
  if (yes === true) return;
  const answer = await terminal.ask(`${question} Type "yes": `);
  if (answer === null) throw new CliFault('There is no terminal to ask at; add --yes if that is meant.');
  if (answer.trim().toLowerCase() !== 'yes') throw new CliFault('Nothing was done.');
}

/** `site`: of a pair that runs here, whose database; that of the pool to work on, where none is named. */
function placeOf(env: NodeJS.ProcessEnv, data: string, site?: string): Place {
  const settings = readEnvironment(CLI_VARIABLES, env);
  const running = runningAt(data, site ?? settings.POOL);
  const uri = settings.MONGODB_URI ?? running?.uri ?? null;
  if (uri === null) throw new CliFault(`Nothing runs from ${data}, and MONGODB_URI is not set. Start the machine, or say where the database is.`);
  return { uri, pool: settings.POOL ?? running?.pool ?? 'main', sipDomain: settings.SIP_DOMAIN ?? running?.sipDomain ?? 'response-group.local' };
}

/** @throws CliFault where neither pool is named */
function sideOf(named: string, owner: string, partner: string): Side {
  if (named === owner) return 'ours';
  if (named === partner) return 'theirs';
  throw new CliFault(`${JSON.stringify(named)}: must be ${owner} or ${partner}.`);
}

function decisionOf(typed: string, owner: string, partner: string): [string, Side] {
  const at = typed.lastIndexOf('=');
  if (at < 1) throw new CliFault(`--decide ${typed}: must be what is listed, =, and a pool.`);
  return [typed.slice(0, at), sideOf(typed.slice(at + 1), owner, partner)];
}

/** Each pool of a pair has a folder of its own in that of the machine. */
function runningAt(data: string, pool: string | undefined): RunningSystem | undefined {
  return (pool === undefined ? undefined : readRunning(join(data, pool))) ?? readRunning(data);
}

/** The other site, as it is set; else that of the pair that runs here. */
function partnerOf(env: NodeJS.ProcessEnv, data: string, pool: string): Pick<Settings<typeof CLI_VARIABLES>, 'PARTNER_MONGODB_URI' | 'PARTNER_POOL'> {
  const settings = readEnvironment(CLI_VARIABLES, env);
  if (settings.PARTNER_MONGODB_URI !== undefined || settings.MONGODB_URI !== undefined) return settings;
  const partner = runningAt(data, pool)?.partner;
  return { PARTNER_MONGODB_URI: partner?.uri, PARTNER_POOL: partner?.pool };
}

/** Waits for an engine to go by the last decision; null: none does. */
async function takenUpAfter({ db }: Connection, owner: string): Promise<number | null> {
  for (const until = Date.now() + TAKING_UP_MS; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const serving = await readServing(db, owner);
    if (serving?.takenUpAt) return Math.max(0, serving.takenUpAt.getTime() - serving.at.getTime());
  }
  return null;
}
const TAKING_UP_MS = 10_000;

async function withAdministration<T>({ uri, pool, sipDomain }: Place, ask: (administration: Administration, connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect(uri, { appName: 'response-group command line', forPeople: true });
  try {
    return await ask(new Administration({ client: connection.client, db: connection.db, pool, sipDomain, log: pino({ level: 'silent' }) }), connection);
  } finally {
    await connection.close();
  }
}

function knownVerb(typed: string): Verb {
  const found = VERBS.find((verb) => verb === typed);
  if (found === undefined) throw new CliFault(`There is no verb ${typed}. There are: ${VERBS.join(', ')}.`);
  return found;
}

async function readInput(typed: string, terminal: Console): Promise<unknown> {
  const text = typed === '-' ? await terminal.input() : typed.startsWith('@') ? await readFile(typed.slice(1), 'utf8').catch((fault: Error) => { throw new CliFault(`The file ${typed.slice(1)} cannot be read: ${fault.message}`); }) : typed;
  try {
    return JSON.parse(text) as unknown;
  } catch (fault) {
    throw new CliFault(`The input is not JSON: ${(fault as Error).message}`);
  }
}

function wholeNumber(name: string, typed: string, min: number, max: number): number {
  const value = Number(typed);
  if (!Number.isInteger(value) || value < min || value > max) throw new CliFault(`${name} ${typed}: must be a whole number from ${min} to ${max}.`);
  return value;
}

function tell(result: Result, terminal: Console): void {
  if (result.ok) {
    terminal.out(JSON.stringify({ value: result.value, entryId: result.entryId, sequence: result.sequence, warnings: result.warnings }, null, 2));
    return;
  }
  terminal.err(result.message);
  for (const { field, value, message } of result.faults) terminal.err(`  ${field} (${JSON.stringify(value)}): ${message}`);
}

if (require.main === module) {
  const terminal: Console = {
    out: (words) => { process.stdout.write(`${words}\n`); },
    err: (words) => { process.stderr.write(`${words}\n`); },
    input: async () => {
      const parts: Buffer[] = [];
      for await (const part of process.stdin) parts.push(part as Buffer);
      return Buffer.concat(parts).toString('utf8');
    },
    ask: async (question) => {
      if (!process.stdin.isTTY) return null;
      const asking = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await asking.question(question);
      } finally {
        asking.close();
      }
    },
  };
  void main(process.argv.slice(2), process.env, terminal).then((code) => { process.exitCode = code; });
}
