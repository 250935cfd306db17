// What storage's integration tests share: one database a file, one pool a test, and a small organisation made through the verbs.
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { type Acting } from '../../../storage/access';
import { Administration } from '../../../storage/administration/administration';
import { type Answer, type Done, type Result } from '../../../storage/administration/results';
import { type GroupForm, type GroupVersions, type Verb, type VerbInput } from '../../../storage/administration/verbs';
import { type GroupView } from '../../../storage/administration/views';
import { connect, type Connection } from '../../../storage/connect';
import { testDatabase, type TestDatabase } from '../../support/database';

/** Generous, for machines that do much else at the same time; nothing here waits for time to pass. */
jest.setTimeout(60_000);

/** A first run on a machine installs the database. */
export const SETUP_MS = 300_000;
export const SIP_DOMAIN = 'test.local';
export const silent = pino({ level: 'silent' });

export const operator: Acting = { kind: 'operator', name: 'Operator' };
export const person = (name: string, administrator = false): Acting & { kind: 'person' } => ({ kind: 'person', personId: randomUUID(), name, administrator });

export interface Storage {
  readonly database: TestDatabase;
  readonly connection: Connection;
  /** Closes `one` with the storage at the latest, so that a test that fails leaves nothing running. */
  closing<T extends { close(): Promise<void> }>(one: T): T;
  close(): Promise<void>;
}

export async function openStorage(): Promise<Storage> {
  const database = await testDatabase();
  const connection = await connect(database.uri, { appName: 'tests', forPeople: true });
  const opened: { close(): Promise<void> }[] = [];
  return {
    database,
    connection,
    closing: (one) => { opened.push(one); return one; },
    close: async () => {
      for (const one of opened.reverse()) await one.close();
      await connection.close();
      await database.close();
    },
  };
}

/** An administration over a pool of its own, so that tests of one file do not meet. */
export function newPool(connection: Connection): { readonly pool: string; readonly administration: Administration } {
  const pool = `pool-${randomUUID().slice(0, 8)}`;
  return { pool, administration: new Administration({ ...connection, pool, sipDomain: SIP_DOMAIN, log: silent }) };
}

/** The result of a verb that must succeed. */
export async function must<V extends Verb>(result: Promise<Result<V>>): Promise<Done<V>> {
  const settled = await result;
  if (!settled.ok) throw new Error(`${settled.code}: ${settled.message}`);
  return settled;
}

/** What a query that must succeed answers. */
export async function seen<T>(answer: Promise<Answer<T>>): Promise<T> {
  const settled = await answer;
  if (!settled.ok) throw new Error(`${settled.code}: ${settled.message}`);
  return settled.value;
}

/** A group that has the form, as an administrator sees it. */
export async function formed(administration: Administration, id: string): Promise<GroupView & { readonly form: GroupForm; readonly versions: GroupVersions }> {
  const view = await seen(administration.group(operator, id));
  const { form, versions } = view;
  if (!form || !versions) throw new Error(`The group ${id} has no form.`);
  return { ...view, form, versions };
}

let users = 0;
/** A SIP user nobody has. */
export const newUser = (): string => `user${users += 1}`;

/** A group's smallest form. */
export const smallForm = (more: Partial<VerbInput<'group.create'>> = {}): VerbInput<'group.create'> => ({ displayName: 'Help Desk', sipUser: newUser(), ...more });

/** A person with a phone. */
export async function newAgent(administration: Administration, name: string): Promise<{ readonly acting: Acting & { kind: 'person' }; readonly id: string }> {
  const acting = person(name);
  const { value } = await must(administration.perform(operator, 'agent.create', { name, sipUser: newUser(), personId: acting.personId }));
  return { acting, id: value.id };
}
