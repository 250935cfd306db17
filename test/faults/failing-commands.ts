// Has the database refuse every command that the program sends, one command after the other, in one way at a time.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient, type Document } from 'mongodb';
import { type Acting } from '../../storage/access';
import { connect } from '../../storage/connect';
import { type FaultSystem } from '../support/fault-system';
import { eventually } from '../support/system';
import { type World } from './fault';

/** Fails this often, as a step-down does to what is under way. */
const TIMES = 3;
/** How long a command is waited for before it is brought about. */
const EACH_MS = 1_500;
const LOOK_AGAIN_MS = 50;
const TAKEOVER_LIMIT_MS = 30_000;
const OPERATOR: Acting = { kind: 'operator', name: 'faults' };

export interface Failure { readonly name: string; readonly data: Document }

/** The error labels are the server's own business. */
export const FAILURES: readonly Failure[] = [
  { name: 'NotWritablePrimary', data: { errorCode: 10107 } },
  { name: 'network error', data: { closeConnection: true } },
  { name: 'WriteConcernFailed', data: { writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' } } },
];

/**
 * Every command seen at the proxies fails a few times, each after the one before is over; one that does not come by itself is brought about.
 * Says how often each failed, and what did not fail at all.
 */
export async function failEveryCommand({ faults, words, amiss }: World, failure: Failure): Promise<void> {
  const { commands } = faults;
  const failed = new Map<string, number>();
  const client = new MongoClient(faults.database.uri);
  try {
    const admin = client.db('admin');
    // What a process sends at its start alone, or an engine that takes over, is on the list only once it has been sent.
    await stir(faults);
    for (let command = untried(commands.names, failed); command !== undefined; command = untried(commands.names, failed)) {
      const before = commands.times(command);
      await admin.command({ configureFailPoint: 'failCommand', mode: { times: TIMES }, data: { failCommands: [command], ...failure.data } });
      const untilMs = performance.now() + EACH_MS;
      while (commands.times(command) < before + TIMES && performance.now() < untilMs) await pause(LOOK_AGAIN_MS);
      if (commands.times(command) === before) await stir(faults);
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
      failed.set(command, Math.min(TIMES, commands.times(command) - before));
    }
  } finally {
    await client.close();
  }
  words.push(`failed: ${[...failed].map(([command, times]) => `${command} ${times}`).join(', ')}`);
  const spared = [...failed].filter(([, times]) => times === 0).map(([command]) => command);
  if (spared.length > 0) amiss.push(`never failed: ${spared.join(', ')}`);
}

const untried = (names: readonly string[], tried: ReadonlyMap<string, number>): string | undefined => names.find((name) => !tried.has(name));

/**
 * What sends everything that is not sent all the time: the active engine is killed and another takes over, bots stop and start again, an
 * administrator looks at how things are and asks for what cannot be done, and a program meets an empty database.
 */
async function stir(faults: FaultSystem): Promise<void> {
  const { administration } = faults.system;
  const taken = faults.takenOver(faults.epoch, TAKEOVER_LIMIT_MS);
  (await faults.active()).signal('SIGKILL');
  for (const bot of faults.bots) bot.signal('SIGTERM');
  await administration.status(OPERATOR).catch(() => undefined);
  await administration.perform(OPERATOR, 'agent.delete', { id: 'nobody' }).catch(() => undefined);
  await startOnEmpty(faults);
  await taken;
  await eventually('everything to be well again', async () => (await Promise.all([...faults.engines, ...faults.bots].map((one) => one.isWell()))).every((well) => well));
}

/** As programs do, until it succeeds. */
async function startOnEmpty({ proxies, database }: FaultSystem): Promise<void> {
  const name = `empty-${randomUUID().slice(0, 8)}`;
  const uri = proxies === null ? database.uri.replace('/response-group', `/${name}`) : `mongodb://127.0.0.1:${proxies.botDatabase.port}/${name}?directConnection=true`;
  await eventually('a program to start on an empty database', async () => {
    const connection = await connect(uri, { appName: 'faults', forPeople: true }).catch(() => null);
    await connection?.db.dropDatabase();
    await connection?.close();
    return connection !== null;
  });
}
