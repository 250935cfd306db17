// The engine process: real clocks, sockets and database given to the engine, and its life from start to stop.
import { readAudio } from '../storage/audio';
import { connect, isUnusable, type Connection } from '../storage/connect';
import { EnvironmentFault, maskedSettings, readEnvironment } from '../storage/process/environment';
import { EXIT, stopOnSignal } from '../storage/process/exit';
import { serveHealth, type HealthServer } from '../storage/process/health';
import { createLog, type Logger } from '../storage/process/log';
import { VERSION } from '../storage/process/root';
import { realTimers } from './calls/timers';
import { openInventory } from './continuity/inventory';
import { createMedia } from './media/media';
import { createSounds } from './media/sounds';
import { holderName, serve, type Serving } from './serve';
import { azureSpeechOf, ENGINE_VARIABLES, type EngineSettings } from './settings';

const DATABASE_RETRY_MS = 2_000;

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
  // drachtio-srf looks into the environment at every header it reads, and the live one is slow to answer: a copy is read like any object.
  process.env = { ...process.env };
  /** What there is to close, in the order in which it came; closed in the reverse order. */
  const closing: (() => Promise<void>)[] = [];
  let serving: Serving | null = null;
  let stopping = false;
  stopOnSignal(async () => {
    stopping = true;
    log.info({}, 'engine stops');
    for (const close of closing.reverse()) await close();
  }, (fault) => { log.error({ fault: wordsOf(fault) }, 'the engine could not stop cleanly'); });

  const health = await healthServer(settings, log, () => serving?.engine.health() ?? { ok: false, waitingFor: 'database' });
  closing.push(() => health.close());
  const media = createMedia({ host: settings.RTPENGINE_HOST, port: settings.RTPENGINE_PORT, log });
  closing.push(() => media.close());
  let audioFrom: Connection | null = null;
  const azureSpeech = azureSpeechOf(settings);
  const sounds = createSounds({
    mediaDirectory: settings.MEDIA_DIRECTORY, log,
    readAudio: async (audioId) => {
      if (audioFrom === null) throw new Error('the database has not answered yet');
      return readAudio(audioFrom.db, audioId);
    },
    ...(azureSpeech === undefined ? {} : { azureSpeech }),
  });
  closing.push(() => sounds.close());
  // The very first start composes the music; callers are let in once it is there, or has failed.
  const music = sounds.music(null).catch((fault: unknown) => { log.error({ fault: wordsOf(fault) }, 'there is no music on hold'); });

  const holder = holderName();
  // Without configuration there is nothing to serve, so the first time it waits for the database, as long as it takes.
  while (!stopping && serving === null) {
    let connection: Connection | null = null;
    try {
      const opened = (connection = await connect(settings.MONGODB_URI, { appName: 'response-group engine' }));
      audioFrom = opened;
      await music;
      const inventory = openInventory({ host: settings.DRACHTIO_HOST, port: settings.EDGE_CONTROL_PORT, secret: settings.DRACHTIO_SECRET, engine: holder }, { log, timers: realTimers });
      const begun = (serving = await serve(settings.POOL, opened, log, {
        holder, healthPort: settings.ENGINE_HEALTH_PORT, journalDirectory: settings.JOURNAL_DIRECTORY,
        domain: settings.SIP_DOMAIN,
        ...(settings.PARTNER_SIP === undefined ? {} : { partnerSip: settings.PARTNER_SIP }),
        digestAlgorithms: settings.DIGEST_ALGORITHMS,
        edge: { host: settings.DRACHTIO_HOST, port: settings.DRACHTIO_PORT, secret: settings.DRACHTIO_SECRET },
        inventory, media, sounds,
        timers: realTimers,
        civil: () => new Date(),
        fenced: (fault) => {
          log.fatal({ fault: fault.message }, 'a newer engine has taken over; this one ends');
          process.exit(EXIT.replaced);
        },
        handedOver: () => {
          log.info({}, 'the engine that stood by goes on; this one ends');
          process.exit(EXIT.replaced);
        },
      }).catch((fault: unknown) => {
        inventory.close();
        throw fault;
      }));
      closing.push(() => opened.close(), () => begun.close());
    } catch (fault) {
      await connection?.close();
      if (isUnusable(fault)) {
        log.fatal({ fault: wordsOf(fault), variable: 'MONGODB_URI' }, 'the database at MONGODB_URI cannot be used');
        process.exit(EXIT.databaseUnusable);
      }
      log.warn({ fault: wordsOf(fault) }, 'no configuration can be read from the database at MONGODB_URI; waiting for it');
      await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS));
    }
  }
}

function readSettings(): EngineSettings | null {
  try {
    const settings = readEnvironment(ENGINE_VARIABLES);
    azureSpeechOf(settings);
    return settings;
  } catch (fault) {
    if (!(fault instanceof EnvironmentFault)) throw fault;
    process.stderr.write(`${fault.message}\n`);
    process.exitCode = EXIT.usage;
    return null;
  }
}

async function healthServer(settings: EngineSettings, log: Logger, health: Parameters<typeof serveHealth>[2]): Promise<HealthServer> {
  const { ENGINE_HEALTH_PORT: port } = settings;
  try {
    return await serveHealth('127.0.0.1', port, health);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw fault;
    log.fatal({ port, variable: 'ENGINE_HEALTH_PORT' }, `port ${port} is in use; set ENGINE_HEALTH_PORT to another`);
    process.exit(EXIT.portInUse);
  }
}

function wordsOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}

main().catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exit(EXIT.failed);
});
