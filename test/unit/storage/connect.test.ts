// The limits of a connection, against what docs/high-availability.md says of them, and against one another.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoServerError, MongoWriteConcernError } from 'mongodb';
import { clientOptions } from '../../../storage/connect';
import { ROOT } from '../../../storage/process/root';
import { isDatabaseAway } from '../../../storage/transaction';

const engine = clientOptions({ appName: 'engine' });
const people = clientOptions({ appName: 'bot', forPeople: true });
const ELECTION_MS = 12_000;
const limitOf = (writeConcern: unknown): number => (writeConcern as { wtimeoutMS: number }).wtimeoutMS;

test('The engine waits through an election; a person is told before it is over', () => {
  expect(engine.serverSelectionTimeoutMS).toBeGreaterThan(ELECTION_MS);
  expect(people.serverSelectionTimeoutMS).toBeLessThan(ELECTION_MS);
});

test('A majority that does not answer is told before the socket gives up, and a socket is never given up before', () => {
  for (const options of [engine, people]) expect(limitOf(options.writeConcern)).toBeLessThan(options.socketTimeoutMS as number);
});

test('What was acknowledged or read cannot be taken back by an election', () => {
  for (const options of [engine, people]) {
    expect(options).toMatchObject({ writeConcern: { w: 'majority' }, readConcern: { level: 'majority' }, readPreference: 'primary', retryWrites: true, retryReads: true });
  }
});

test('A majority that did not answer in time is no defect', () => {
  expect(isDatabaseAway(Object.assign(new MongoServerError({ message: 'waiting for replication timed out' }), { code: 64 }))).toBe(true);
  expect(isDatabaseAway(new MongoWriteConcernError({ ok: 1, writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } }))).toBe(true);
});

test('docs/high-availability.md has the figures of the code', () => {
  const table = readFileSync(join(ROOT, 'docs', 'high-availability.md'), 'utf8');
  const rows: Readonly<Record<string, readonly (number | undefined)[]>> = {
    serverSelectionTimeoutMS: [engine.serverSelectionTimeoutMS, people.serverSelectionTimeoutMS],
    socketTimeoutMS: [engine.socketTimeoutMS, people.socketTimeoutMS],
    wtimeoutMS: [limitOf(engine.writeConcern), limitOf(people.writeConcern)],
    connectTimeoutMS: [engine.connectTimeoutMS, people.connectTimeoutMS],
    heartbeatFrequencyMS: [engine.heartbeatFrequencyMS, people.heartbeatFrequencyMS],
  };
  for (const [name, [ofEngine, ofPeople]] of Object.entries(rows)) {
    expect(table).toMatch(new RegExp(`\\| \`${name}\` \\| ${(ofEngine ?? 0) / 1_000} s \\| ${(ofPeople ?? 0) / 1_000} s \\|`));
  }
});
