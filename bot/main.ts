// The process of the bot: reads its settings, connects, listens, and stops on a signal.
import { randomUUID } from 'node:crypto';
import { Administration } from '../storage/administration/administration';
import { readAudio } from '../storage/audio';
import { adoptCallCards, adoptMessages, claimCallCard, holdMessage, isMessageHeld, keepCallCard, letMessageGo, letMessagesGo } from '../storage/bot-cards';
import { beat, BOT_BEAT_MS, leave, livingBots } from '../storage/bots';
import { claimOnce } from '../storage/claims';
import { connect, isUnusable, type Connection } from '../storage/connect';
import { readFollowed } from '../storage/followed';
import { beginGuide, forgetGuide, keepGuide, readGuide } from '../storage/guides';
import { watchLive, type Watch } from '../storage/live';
import { findPeople, readPerson, RememberedPeople } from '../storage/people';
import { PoolWatch } from '../storage/pool-watch';
import { EnvironmentFault, maskedSettings } from '../storage/process/environment';
import { EXIT, stopOnSignal } from '../storage/process/exit';
import { createLog } from '../storage/process/log';
import { VERSION } from '../storage/process/root';
import { SharedTrip } from '../storage/shared-reading';
import { sharedSecret } from '../storage/shared-secret';
import { isDatabaseAway } from '../storage/transaction';
import { BotAdapter, createAuthentication } from './adapter';
import { type Services } from './asking';
import { AudioLinks } from './audio-links';
import { CallCards } from './call-cards';
import { Companions } from './companions';
import { Conversation } from './conversation';
import { ExportLinks, exportHistory } from './exports';
import { fetchFile } from './files';
import { Holds } from './holds';
import { showPressed } from './handlers/duty';
import { carryOutPress } from './handlers/kept-duty';
import { KeptDuties } from './kept-duties';
import { LiveCards } from './live-cards';
import { createPauses } from './pauses';
import { PoolAlarms } from './pool-alarms';
import { serveBot } from './server';
import { allowedTenants, BOT_VARIABLES, publicUrl, readBotSettings, type BotSettings } from './settings';

async function main(): Promise<void> {
  if (process.argv.includes('--version')) return void process.stdout.write(`${VERSION}\n`);
  const settings = readBotSettings();
  const shown = maskedSettings(BOT_VARIABLES, settings);
  if (process.argv.includes('--config')) return void process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  const log = createLog('bot', settings.LOG_LEVEL);
  const stop = await start(settings, log);
  stopOnSignal(stop, (fault) => log.error({ err: fault }, 'The bot could not stop cleanly.'));
  log.info({ settings: shown }, settings.MICROSOFT_APP_ID === undefined
    ? 'The bot listens to this machine only: no MICROSOFT_APP_ID is set, so nobody’s messages can be checked.'
    : 'The bot listens.');
}

/** Wires everything once; resolves to how it is stopped. */
async function start(settings: BotSettings, log: ReturnType<typeof createLog>): Promise<() => Promise<void>> {
  const connection = await connectPatiently(settings.MONGODB_URI, log);
  const { client, db } = connection;
  const pool = settings.POOL;
  const botId = randomUUID();
  const now = (): Date => new Date();
  const pauses = createPauses();
  const letGo = new SharedTrip((ids: readonly string[]) => letMessagesGo(db, ids), LET_GO_APART_MS);
  const remembered = new RememberedPeople(db);
  const holds = new Holds({
    messages: {
      hold: ({ id, token, until, follow }) => holdMessage(db, { _id: id, pool, bot: botId, token, until, follow }),
      letGo: (id, token) => (token === undefined ? letGo.ask([id]) : letMessageGo(db, id, token)),
      isHeld: (id, token) => isMessageHeld(db, id, token),
    },
    newId: randomUUID, log,
  });
  const administration = new Administration({ client, db, pool, sipDomain: settings.SIP_DOMAIN, log });
  void administration.follow();
  const authentication = createAuthentication(settings);
  // A managed identity has no password that bots could share. Where the database has just gone, addresses die with this process.
  const linkSecret = settings.MICROSOFT_APP_PASSWORD ?? await sharedSecret(db, `${pool}:links`).catch(() => null);
  const audioLinks = new AudioLinks(publicUrl(settings), linkSecret, now);
  const exportLinks = new ExportLinks(publicUrl(settings), linkSecret, now);
  const administrators: ReadonlySet<string> = new Set(settings.ADMINISTRATORS);
  const adapter = new BotAdapter({ authentication, appId: settings.MICROSOFT_APP_ID, log, answer: (turn) => conversation.answer(turn) });
  const isDatabaseThere = (): Promise<boolean> => db.command({ ping: 1 }, { timeoutMS: 2_000 }).then(() => true, () => false);
  const watch = (onChange: (workflowId: string | null) => void): Watch => watchLive({ db, log }, onChange);
  const liveCards = new LiveCards({ administration, administrators, chat: adapter, watch, now, pause: pauses.pause, log });
  const keptDuties = new KeptDuties({
    carryOut: (asking, press) => carryOutPress(services, asking, press),
    draw: async (asking, press, outcome) => (await showPressed(services, asking, press, outcome)).card,
    reachable: isDatabaseThere, chat: adapter, pause: pauses.pause, log,
  });
  const services: Services = {
    administration,
    people: {
      remember: (person) => remembered.remember(person),
      read: (personId) => readPerson(db, personId),
      find: (text, limit) => findPeople(db, text, limit),
    },
    guides: {
      read: (personId) => readGuide(db, pool, personId), begin: (personId, guide) => beginGuide(db, pool, personId, guide),
      keep: (personId, guide) => keepGuide(db, pool, personId, guide), forget: (personId, id) => forgetGuide(db, pool, personId, id),
    },
    chat: adapter,
    live: liveCards,
    kept: keptDuties,
    sipDomain: settings.SIP_DOMAIN,
    sipServer: settings.SIP_SERVER,
    audioUrl: (audioId) => audioLinks.url(audioId),
    exportUrl: (wanted) => exportLinks.url(wanted),
    fetchFile: (address) => fetchFile(address, settings.MICROSOFT_APP_ID === undefined),
    newId: randomUUID,
    once: (id) => claimOnce(db, id).catch((fault: unknown) => {
      if (isDatabaseAway(fault)) return 'away' as const;
      throw fault;
    }),
    now,
    pause: pauses.pause,
    log,
  };
  const callCards = new CallCards({
    read: (workflowIds) => readFollowed(db, pool, workflowIds), people: services.people, chat: adapter, watch, now, pause: pauses.pause, log,
    desk: { claim: (card) => claimCallCard(db, { ...card, pool, bot: botId }), keep: (card) => keepCallCard(db, { ...card, pool, bot: botId }), once: (id) => claimOnce(db, id) },
  });
  const companions = new Companions({
    beat: async () => {
      await beat(db, pool, botId);
      return livingBots(db, pool);
    },
    adopt: async (living) => {
      callCards.adopt(await adoptCallCards(db, pool, botId, living));
      for (const message of await adoptMessages(db, pool, botId, living, randomUUID)) if (message.follow) liveCards.adopt(message.follow, message.until, holds.adopt(message));
    },
    leave: () => leave(db, botId), pause: pauses.pause, log,
  });
  const poolWatch = new PoolWatch({ db, pool, log, now });
  const poolAlarms = new PoolAlarms({ look: () => poolWatch.look(), administrators, people: services.people, chat: adapter, pause: pauses.pause, log });
  const conversation = new Conversation({ services, holds, administrators });
  const server = await serveBot({
    gate: { authentication, appId: settings.MICROSOFT_APP_ID, tenants: allowedTenants(settings) },
    adapter, audioLinks, exportLinks, log,
    exportHistory: (wanted) => exportHistory({ administration, administrators }, wanted),
    readAudio: (audioId) => readAudio(db, audioId),
    health: async () => {
      const database = await isDatabaseThere() ? 'up' : 'away';
      return { ok: database === 'up', process: 'bot', version: VERSION, pool, database };
    },
  }, settings.BOT_ADDRESS, settings.BOT_PORT).catch(async (fault: unknown) => {
    await connection.close();
    throw fault;
  });
  companions.start(BOT_BEAT_MS);
  callCards.start();
  poolAlarms.start();
  return async () => {
    await server.close();
    holds.close();
    pauses.close();
    await keptDuties.close();
    await callCards.close();
    await poolAlarms.close();
    await companions.close();
    await connection.close();
  };
}

const DATABASE_RETRY_MS = 2_000;
/** Every press takes its message over; presses of so short a time do it together. */
const LET_GO_APART_MS = 10;

/** A database that is away may come back, so it is waited for. @throws DatabaseFault where waiting does not help */
async function connectPatiently(uri: string, log: ReturnType<typeof createLog>): Promise<Connection> {
  for (;;) {
    try {
      return await connect(uri, { appName: 'response-group-bot', forPeople: true });
    } catch (fault) {
      if (isUnusable(fault)) throw new DatabaseFault(fault);
      log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'The database at MONGODB_URI does not answer; waiting for it.');
      await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS));
    }
  }
}

class DatabaseFault extends Error {
  constructor(cause: unknown) {
    super(`The database at MONGODB_URI cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'DatabaseFault';
  }
}

main().catch((fault: unknown) => {
  const taken = fault instanceof Error && 'code' in fault && fault.code === 'EADDRINUSE';
  const words = taken
    ? `Port ${process.env['BOT_PORT'] || '3978'} on ${process.env['BOT_ADDRESS'] || '127.0.0.1'} is in use by another program. BOT_PORT moves the bot.`
    : fault instanceof Error ? fault.message : String(fault);
  process.stderr.write(`${words}\n`);
  process.exitCode = taken ? EXIT.portInUse : fault instanceof EnvironmentFault ? EXIT.usage : fault instanceof DatabaseFault ? EXIT.databaseUnusable : EXIT.failed;
});
