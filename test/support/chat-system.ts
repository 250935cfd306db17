// Everything that people in chat meet: the real bot and the local chat page, with the sample organisation and no engine, or before a whole running system.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Administration } from '../../storage/administration/administration';
import { SAMPLE_PEOPLE, seedSample } from '../../storage/administration/sample';
import { connect, type Connection } from '../../storage/connect';
import { writeLiveGroups, writeLivePool } from '../../storage/live';
import { type LiveGroup } from '../../storage/model/live';
import { type Person } from '../../bot/local-teams/people';
import { type LocalTeamsServer } from '../../bot/local-teams/server';
import { testDatabase, type TestDatabase } from './database';
import { startQuietly } from './local-page';
import { freePort, runSource, type SourceProcess } from './source-process';
import { freeTcpPort, Process, type System } from './system';

const POOL = 'main';
const DOMAIN = 'response-group.test';
export const OPERATOR = { kind: 'operator', name: 'tests' } as const;
export const [ADA, MAX, ALICE, BOB, CARLA] = SAMPLE_PEOPLE.map(({ personId }) => personId) as [string, string, string, string, string];

export interface ChatSystem {
  readonly url: string;
  /** Where the bot takes activities. */
  readonly botUrl: string;
  readonly page: LocalTeamsServer;
  readonly administration: Administration;
  readonly connection: Connection;
  readonly database: TestDatabase;
  readonly bot: SourceProcess;
  /** The id of a sample group by its display name. */
  groupId(displayName: string): Promise<string>;
  /** Writes what an engine would: that it is there, and what is in force. */
  engineIs(inForce: number): Promise<void>;
  /** Writes what an engine would of one group; each call is newer than the one before. */
  live(group: Pick<LiveGroup, '_id' | 'callers' | 'agents'>): Promise<void>;
  stop(): Promise<void>;
}

/** `locale`: in which language each person's Teams is; English by default. */
export async function startChatSystem(locale: (personId: string) => string = () => 'en-US'): Promise<ChatSystem> {
  const database = await testDatabase();
  const connection = await connect(database.uri, { appName: 'chat-tests' });
  const log = pino({ level: 'silent' });
  const administration = new Administration({ client: connection.client, db: connection.db, pool: POOL, sipDomain: DOMAIN, log });
  await seedSample(administration);
  const port = await freePort();
  const bot = runSource('bot/main.ts', { MONGODB_URI: database.uri, BOT_PORT: String(port), ADMINISTRATORS: ADA, SIP_DOMAIN: DOMAIN, POOL, LOG_LEVEL: 'info' });
  await bot.writes('The bot listens');
  const people = SAMPLE_PEOPLE.map((person) => ({ ...person, locale: locale(person.personId) }));
  const botUrl = `http://127.0.0.1:${port}/api/messages`;
  const page = await startQuietly({ botUrl, people });
  let revision = 0;
  return {
    url: page.url, botUrl, page, administration, connection, database, bot,
    groupId: async (displayName) => {
      const groups = await administration.groups(OPERATOR);
      const found = groups.ok ? groups.value.find((group) => group.displayName === displayName) : undefined;
      if (!found) throw new Error(`There is no group called ${displayName}.`);
      return found.id;
    },
    engineIs: (inForce) => writeLivePool(connection.db, { _id: POOL, epoch: 1, inForce, startedAt: new Date() }),
    live: (group) => writeLiveGroups(connection.db, [{ pool: POOL, epoch: 1, revision: (revision += 1), at: new Date(), ...group }]),
    stop: async () => {
      await page.close();
      await bot.stop();
      await connection.close();
      await database.close();
    },
  };
}

export interface ChatFront {
  /** Of the local page. */
  readonly url: string;
  /** Where the bot takes activities. */
  readonly botUrl: string;
  /** Kills the bot in the middle of whatever it does, and starts it again. */
  restartBot(): Promise<void>;
  stop(): Promise<void>;
}

/** Bot and local page as the processes they are, before a running system. Ada is its administrator. */
export async function startChatFront(system: System, people: readonly Pick<Person, 'personId' | 'name' | 'role'>[]): Promise<ChatFront> {
  const [botPort, pagePort] = [await freeTcpPort(), await freeTcpPort()];
  const list = join(system.folder, 'people.json');
  writeFileSync(list, JSON.stringify(people.map((person) => ({ ...person, locale: 'en-US' }))));
  const startBot = (): Promise<Process> => Process.start('bot', 'bot/main.js', system.folder, botPort, {
    MONGODB_URI: system.uri, BOT_PORT: String(botPort), BOT_PUBLIC_URL: `http://127.0.0.1:${botPort}`, ADMINISTRATORS: ADA, SIP_DOMAIN: DOMAIN, POOL,
    SIP_SERVER: `${system.sip.host}:${system.sip.port}`,
  });
  let bot = await startBot();
  const page = await Process.start('local-teams', 'bot/local-teams/main.js', system.folder, pagePort, {
    LOCAL_TEAMS_PORT: String(pagePort), LOCAL_TEAMS_PEOPLE: list, BOT_URL: `http://127.0.0.1:${botPort}/api/messages`,
  }).catch(async (fault: unknown) => { await bot.stop(); throw fault; });
  return {
    url: `http://127.0.0.1:${pagePort}`, botUrl: `http://127.0.0.1:${botPort}/api/messages`,
    restartBot: async () => {
      await bot.stop('SIGKILL');
      bot = await startBot();
    },
    stop: async () => {
      await page.stop();
      await bot.stop();
    },
  };
}
