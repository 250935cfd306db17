// Has the database refuse every command that the program sends, one command after the other, in one way at a time.
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient, type Document } from 'mongodb';
import { type World } from './fault';

/** Fails this often, as a step-down does to what is under way. */
const TIMES = 3;
/** How long each command is watched. */
const EACH_MS = 1_200;

export interface Failure { readonly name: string; readonly data: (command: string) => Document }

/** A real server adds these labels itself. */
const labels = (command: string): readonly string[] => (command === 'commitTransaction' ? ['RetryableWriteError'] : ['RetryableWriteError', 'TransientTransactionError']);

export const FAILURES: readonly Failure[] = [
  { name: 'NotWritablePrimary', data: (command) => ({ errorCode: 10107, errorLabels: labels(command) }) },
  { name: 'network error', data: () => ({ closeConnection: true }) },
  { name: 'WriteConcernFailed', data: () => ({ writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' } }) },
];

/** Every command seen at the proxies so far fails a few times, each after the one before is over. */
export async function failEveryCommand({ faults, words }: World, failure: Failure): Promise<void> {
  const commands = faults.commands.names;
  const client = new MongoClient(faults.database.uri);
  try {
    const admin = client.db('admin');
    for (const command of commands) {
      await admin.command({ configureFailPoint: 'failCommand', mode: { times: TIMES }, data: { failCommands: [command], ...failure.data(command) } });
      await pause(EACH_MS);
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
    }
  } finally {
    await client.close();
  }
  words.push(`on ${commands.join(', ')}`);
}
