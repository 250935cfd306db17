// Turns the environment into what each process gets: one place where they are told of each other.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { BOT_VARIABLES, isLoopback, readBotSettings, type BotSettings } from '../bot/settings';
import { LOCAL_TEAMS_VARIABLES } from '../bot/local-teams/settings';
import { EDGE_VARIABLES, withDefaults, type EdgeSettings } from '../engine/edge/settings';
import { ENGINE_VARIABLES, type EngineSettings } from '../engine/settings';
import { EnvironmentFault, readEnvironment, type Settings, type Variables } from '../storage/process/environment';
import { readKept, writeKept } from './kept-file';
import { type NeededPort } from './ports';
import { START_VARIABLES, type StartSettings } from './settings';
import { type ProcessPlan } from './supervised';

/** Stands in for the database's address until it is known; every process is given the real one. */
const NOT_YET = 'mongodb://127.0.0.1/';
const LOOPBACK = '127.0.0.1';

const secretsFile = z.object({ drachtioSecret: z.string().min(16) });

export interface Arrangement {
  readonly start: StartSettings;
  readonly edge: EdgeSettings;
  readonly engine: EngineSettings;
  readonly bot: BotSettings;
  /** Null where an app id is set: the local page never runs beside the real Teams. */
  readonly localTeams: Settings<typeof LOCAL_TEAMS_VARIABLES> | null;
  readonly ports: readonly NeededPort[];
  /** The processes in the order in which they are started, once the database's address is known. */
  plans(uri: string): readonly ProcessPlan[];
}

export interface ArrangementOptions {
  readonly dataDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Who administers where `ADMINISTRATORS` is not set and the bot serves only this machine. */
  readonly localAdministrator: string;
  readonly notice: (words: string) => void;
}

export const peopleFile = (dataDirectory: string): string => join(dataDirectory, 'people.json');

/**
 * Reads the environment of every process, before anything is started.
 * @throws EnvironmentFault listing every fault of every process, each once
 */
export function arrange({ dataDirectory, env, localAdministrator, notice }: ArrangementOptions): Arrangement {
  const shared: NodeJS.ProcessEnv = {
    ...env,
    MEDIA_DIRECTORY: env['MEDIA_DIRECTORY'] || join(dataDirectory, 'media'),
    DRACHTIO_SECRET: env['DRACHTIO_SECRET'] || keptSecret(dataDirectory, notice),
    MONGODB_URI: NOT_YET,
  };
  const isLocal = !env['MICROSOFT_APP_ID'];
  if (isLocal && !env['ADMINISTRATORS']) shared['ADMINISTRATORS'] = localAdministrator;

  const faults = new Set<string>();
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (fault) {
      if (!(fault instanceof EnvironmentFault)) throw fault;
      for (const one of fault.faults) faults.add(one);
      return undefined;
    }
  };
  const start = collect(() => readEnvironment(START_VARIABLES, env));
  const edge = collect(() => withDefaults(readEnvironment(EDGE_VARIABLES, shared)));
  const engineEnv = engineEnvironment(shared, edge);
  const engine = collect(() => readEnvironment(ENGINE_VARIABLES, engineEnv));
  const botEnv = botEnvironment(shared, edge);
  const bot = collect(() => readBotSettings(botEnv));
  const localEnv = localTeamsEnvironment(shared, bot, dataDirectory);
  const localTeams = isLocal ? collect(() => readEnvironment(LOCAL_TEAMS_VARIABLES, localEnv)) : null;
  if (faults.size > 0 || !start || !edge || !engine || !bot || localTeams === undefined) throw new EnvironmentFault([...faults]);

  const log = (name: string): string => join(dataDirectory, 'logs', `${name}.log`);
  // Beside this file as compiled: what was built together runs together.
  const script = (path: string): string => join(__dirname, '..', path);
  const health = (address: string, port: number): string => `http://${reachable(address)}:${port}/healthz`;
  return {
    start, edge, engine, bot, localTeams,
    ports: neededPorts(edge, engine, bot, localTeams),
    plans: (uri) => {
      const its = (variables: Variables, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv => onlyOf(variables, { ...given, MONGODB_URI: uri });
      return [
        { name: 'edge', script: script('engine/edge/main.js'), env: its(EDGE_VARIABLES, shared), healthUrl: health(LOOPBACK, edge.EDGE_HEALTH_PORT), log: log('edge') },
        { name: 'engine', script: script('engine/main.js'), env: its(ENGINE_VARIABLES, engineEnv), healthUrl: health(LOOPBACK, engine.ENGINE_HEALTH_PORT), log: log('engine') },
        { name: 'bot', script: script('bot/main.js'), env: its(BOT_VARIABLES, botEnv), healthUrl: health(bot.BOT_ADDRESS, bot.BOT_PORT), log: log('bot') },
        ...(localTeams ? [{
          name: 'local Teams', script: script('bot/local-teams/main.js'), env: its(LOCAL_TEAMS_VARIABLES, localEnv), healthUrl: health(LOOPBACK, localTeams.LOCAL_TEAMS_PORT), log: log('local-teams'),
        }] : []),
      ];
    },
  };
}

/** Leaves out what only other processes read, so that the bot's password is not in the edge's environment. */
function onlyOf(variables: Variables, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const known = new Set<string>(Object.values(ALL_VARIABLES).flatMap((table) => Object.keys(table)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !known.has(name) || name in variables));
}

/** The engine finds the edge where the edge listens. */
function engineEnvironment(shared: NodeJS.ProcessEnv, edge: EdgeSettings | undefined): NodeJS.ProcessEnv {
  return {
    ...shared,
    DRACHTIO_HOST: shared['DRACHTIO_HOST'] || reachable(edge?.DRACHTIO_ADDRESS ?? LOOPBACK),
    RTPENGINE_HOST: shared['RTPENGINE_HOST'] || reachable(edge?.NG_ADDRESS ?? LOOPBACK),
    RTPENGINE_PORT: shared['RTPENGINE_PORT'] || String(edge?.NG_PORT ?? ''),
  };
}

function botEnvironment(shared: NodeJS.ProcessEnv, edge: EdgeSettings | undefined): NodeJS.ProcessEnv {
  return { ...shared, SIP_SERVER: shared['SIP_SERVER'] || (edge ? `${edge.SIP_EXTERNAL_ADDRESS}:${edge.SIP_PORT}` : '') };
}

function localTeamsEnvironment(shared: NodeJS.ProcessEnv, bot: BotSettings | undefined, dataDirectory: string): NodeJS.ProcessEnv {
  return {
    ...shared,
    ...(bot ? { BOT_URL: `http://${isLoopback(bot.BOT_ADDRESS) ? bracketed(bot.BOT_ADDRESS) : LOOPBACK}:${bot.BOT_PORT}/api/messages` } : {}),
    LOCAL_TEAMS_PEOPLE: peopleFile(dataDirectory),
    LOCAL_TEAMS_DATA: join(dataDirectory, 'chats'),
  };
}

function neededPorts(edge: EdgeSettings, engine: EngineSettings, bot: BotSettings, localTeams: Arrangement['localTeams']): NeededPort[] {
  return [
    { variable: 'SIP_PORT', purpose: 'SIP', address: edge.SIP_ADDRESS, port: edge.SIP_PORT, transports: ['udp', 'tcp'] },
    { variable: 'DRACHTIO_PORT', purpose: 'the engine’s way to SIP', address: edge.DRACHTIO_ADDRESS, port: edge.DRACHTIO_PORT, transports: ['tcp'] },
    { variable: 'EDGE_CONTROL_PORT', purpose: 'the edge’s inventory', address: edge.DRACHTIO_ADDRESS, port: edge.EDGE_CONTROL_PORT, transports: ['tcp'] },
    { variable: 'NG_PORT', purpose: 'the engine’s way to media', address: edge.NG_ADDRESS, port: edge.NG_PORT, transports: ['udp', 'tcp'] },
    { variable: 'EDGE_HEALTH_PORT', purpose: 'health of the edge', address: LOOPBACK, port: edge.EDGE_HEALTH_PORT, transports: ['tcp'] },
    { variable: 'ENGINE_HEALTH_PORT', purpose: 'health of the engine', address: LOOPBACK, port: engine.ENGINE_HEALTH_PORT, transports: ['tcp'] },
    { variable: 'BOT_PORT', purpose: 'the bot', address: bot.BOT_ADDRESS, port: bot.BOT_PORT, transports: ['tcp'] },
    ...(localTeams ? [{ variable: 'LOCAL_TEAMS_PORT', purpose: 'the chat page', address: LOOPBACK, port: localTeams.LOCAL_TEAMS_PORT, transports: ['tcp'] as const }] : []),
  ];
}

/** Where something that listens on `address` can be reached from this machine. */
function reachable(address: string): string {
  return address === '0.0.0.0' || address === '::' ? LOOPBACK : bracketed(address);
}

function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

/** The password between edge and engine; made once. A damaged file is put aside, since a new secret serves as well. */
function keptSecret(dataDirectory: string, notice: (words: string) => void): string {
  const path = join(dataDirectory, 'secrets.json');
  const { value, putAside } = readKept(path, secretsFile);
  if (value) return value.drachtioSecret;
  if (putAside) notice(`The file ${path} was damaged. It is now ${putAside}, and new secrets were made.`);
  const drachtioSecret = randomBytes(24).toString('base64url');
  writeKept(path, { drachtioSecret });
  return drachtioSecret;
}

/** Every variable that a process started here reads, for the README's table and for `--help`. */
export const ALL_VARIABLES = {
  start: START_VARIABLES, edge: EDGE_VARIABLES, engine: ENGINE_VARIABLES, bot: BOT_VARIABLES, 'local Teams': LOCAL_TEAMS_VARIABLES,
} as const;
