// The engine process: real clocks, sockets and database given to the engine, and its life from start to stop.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { connect, type Connection } from '../storage/connect';
import { asUpdate, openFeed, type Feed } from '../storage/feed';
import { type ConfigurationUpdate } from '../storage/model/configuration';
import { type Instruction } from '../storage/model/instruction';
import { storeAudio } from '../storage/audio';
import { readBindings, removeBinding, writeBinding } from '../storage/bindings';
import { serveInstructions } from '../storage/instructions';
import { takeLease, type Journal } from '../storage/journal';
import { removeLiveGroups, writeLiveGroups, writeLivePool } from '../storage/live';
import { EnvironmentFault, maskedSettings, readEnvironment } from '../storage/process/environment';
import { EXIT, stopOnSignal } from '../storage/process/exit';
import { serveHealth, type HealthServer } from '../storage/process/health';
import { createLog, type Logger } from '../storage/process/log';
import { VERSION } from '../storage/process/root';
import { realTimers } from './calls/timers';
import { openInventory } from './continuity/inventory';
import { Engine } from './engine';
import { createMedia } from './media/media';
import { createSounds } from './media/sounds';
import { ENGINE_VARIABLES, type EngineSettings } from './settings';

const DATABASE_RETRY_MS = 2_000;

/** What there is to close, in the order in which it came. */
type Closing = (() => Promise<void>)[];

async function main(): Promise<void> {
  if (process.argv.includes('--version')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const settings = readSettings();
  if (settings === null) return;
  if (process.argv.includes('--config')) {
    process.stdout.write(`${JSON.stringify(maskedSettings(ENGINE_VARIABLES, settings), null, 2)}\n`);
    return;
  }
  const log = createLog('engine', settings.LOG_LEVEL);
  log.info({ version: VERSION, settings: maskedSettings(ENGINE_VARIABLES, settings) }, 'engine starts');
  await run(settings, log);
}

async function run(settings: EngineSettings, log: Logger): Promise<void> {
  const closing: Closing = [];
  let engine: Engine | null = null;
  let stopping = false;
  stopOnSignal(async () => {
    stopping = true;
    log.info({}, 'engine stops');
    for (const close of closing.reverse()) await close();
  }, (fault) => { log.error({ fault: String(fault) }, 'the engine could not stop cleanly'); });

  const health = await serveHealth('127.0.0.1', settings.ENGINE_HEALTH_PORT, () => engine?.health() ?? { ok: false, waitingFor: 'database' }).catch((fault: unknown) => portInUse(fault, settings, log));
  if (health === null) return;
  closing.push(() => health.close());

  const connection = await connected(settings, log, () => stopping);
  if (connection === null) return;
  closing.push(() => connection.close());
  const media = createMedia({ host: settings.RTPENGINE_HOST, port: settings.RTPENGINE_PORT, log });
  closing.push(() => media.close());
  const sounds = createSounds({ mediaDirectory: settings.MEDIA_DIRECTORY, log });
  closing.push(() => sounds.close());

  const begun = await begin(settings, connection, log, (journal) => new Engine({
    domain: settings.SIP_DOMAIN,
    edge: { host: settings.DRACHTIO_HOST, port: settings.DRACHTIO_PORT, secret: settings.DRACHTIO_SECRET },
    inventory: openInventory({ host: settings.DRACHTIO_HOST, port: settings.EDGE_CONTROL_PORT, secret: settings.DRACHTIO_SECRET }, { log, timers: realTimers }),
    media, sounds, log,
    timers: realTimers,
    civil: () => new Date(),
    storage: storageOf(connection, journal),
    fenced: (fault) => {
      log.fatal({ fault: fault.message }, 'a newer engine has taken over; this one ends');
      process.exit(EXIT.replaced);
    },
  }));
  closing.push(() => begun.close(), () => begun.engine.stop());
  engine = begun.engine;
}

/** Takes the lease, reads what there is, and lets the engine begin with it. */
async function begin(settings: EngineSettings, connection: Connection, log: Logger, make: (journal: Journal) => Engine): Promise<{ readonly engine: Engine; close(): Promise<void> }> {
  const { client, db } = connection;
  const journal = await takeLease(connection, settings.POOL, `${hostname()}:${process.pid}`);
  if (journal === null) throw new Error('The lease could not be taken.');
  const engine = make(journal);
  let begun = false;
  const early: ConfigurationUpdate[] = [];
  const feed: Feed = await openFeed({ client, db, log }, settings.POOL, (update) => {
    if (begun) engine.configurationChanged(update);
    else early.push(update);
  });
  const [bindings, { calls, agents }] = await Promise.all([readBindings(db, settings.POOL), journal.readAll()]);
  engine.begin({ configuration: asUpdate(feed.initial), bindings, calls, agents });
  begun = true;
  for (const update of early) engine.configurationChanged(update);
  const instructions = serveInstructions({ db, log }, settings.POOL, (instruction: Instruction) => { engine.instruct(instruction); });
  log.info({ epoch: journal.epoch, inForce: feed.initial.sequence }, 'engine serves');
  return { engine, close: async () => { await Promise.all([instructions.close(), feed.close()]); } };
}

function storageOf({ db }: Connection, journal: Journal) {
  return {
    journal,
    live: {
      writeGroups: (groups: Parameters<typeof writeLiveGroups>[1]) => writeLiveGroups(db, groups),
      removeGroups: (ids: readonly string[]) => removeLiveGroups(db, ids),
      writePool: (pool: Parameters<typeof writeLivePool>[1]) => writeLivePool(db, pool),
    },
    bindings: {
      write: (binding: Parameters<typeof writeBinding>[1]) => writeBinding(db, binding),
      remove: (agentId: string) => removeBinding(db, agentId),
    },
    keepAudio: async (file: string) => storeAudio(db, await readFile(file)),
  };
}

/** Waits for the database as long as it takes: without configuration there is nothing to serve. Null when told to stop meanwhile. */
async function connected(settings: EngineSettings, log: Logger, stopping: () => boolean): Promise<Connection | null> {
  while (!stopping()) {
    try {
      return await connect(settings.MONGODB_URI, { appName: 'response-group engine' });
    } catch (fault) {
      log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'no database at MONGODB_URI; waiting for it');
      await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS));
    }
  }
  return null;
}

function readSettings(): EngineSettings | null {
  try {
    return readEnvironment(ENGINE_VARIABLES);
  } catch (fault) {
    if (!(fault instanceof EnvironmentFault)) throw fault;
    process.stderr.write(`${fault.message}\n`);
    process.exitCode = EXIT.usage;
    return null;
  }
}

function portInUse(fault: unknown, settings: EngineSettings, log: Logger): HealthServer | null {
  if ((fault as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw fault;
  log.fatal({ port: settings.ENGINE_HEALTH_PORT, variable: 'ENGINE_HEALTH_PORT' }, `port ${settings.ENGINE_HEALTH_PORT} is in use; set ENGINE_HEALTH_PORT to another`);
  process.exit(EXIT.portInUse);
}

main().catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exit(EXIT.failed);
});
