// The sample organisation of a newcomer's machine, made through the same verbs that people use.
import { type Acting } from '../access';
import { type Administration } from './administration';
import { type Done } from './results';
import { type Verb, type VerbInput } from './verbs';

export interface SamplePerson { readonly personId: string; readonly name: string; readonly role: 'administrator' | 'manager' | 'agent' }

/** Directory object ids are made up and always the same, so that a page may know them. */
export const SAMPLE_PEOPLE = [
  { personId: '5a3b1e00-0000-4000-8000-000000000001', name: 'Ada Park', role: 'administrator' },
  { personId: '5a3b1e00-0000-4000-8000-000000000002', name: 'Max Reuter', role: 'manager' },
  { personId: '5a3b1e00-0000-4000-8000-000000000003', name: 'Alice Moreau', role: 'agent' },
  { personId: '5a3b1e00-0000-4000-8000-000000000004', name: 'Bob Okafor', role: 'agent' },
  { personId: '5a3b1e00-0000-4000-8000-000000000005', name: 'Carla Diaz', role: 'agent' },
] as const satisfies readonly SamplePerson[];

/** The phone of one agent. `password` is told here and nowhere else. */
export interface SamplePhone { readonly agentId: string; readonly personId: string; readonly name: string; readonly sipUser: string; readonly password: string }

const SEEDER: Acting = { kind: 'operator', name: 'Sample organisation' };
const PHONES = [['Alice Moreau', 'alice'], ['Bob Okafor', 'bob'], ['Carla Diaz', 'carla']] as const;
const MANAGER = SAMPLE_PEOPLE[1];

/**
 * Makes the sample organisation in an empty pool and answers the phones with their passwords. One that was begun and cut off is completed;
 * in a pool that holds anything else, or is complete, nothing is touched and `null` is answered.
 * @throws Error when the database is away
 */
export async function seedSample(administration: Administration): Promise<readonly SamplePhone[] | null> {
  const history = await administration.history(SEEDER, { limit: 200 });
  if (!history.ok) throw new Error(`The sample organisation could not be made: ${history.message}`);
  const isComplete = history.value.some((entry) => entry.verb === 'group.create' && entry.subject === 'Sales');
  if (isComplete || history.value.some((entry) => entry.by !== SEEDER.name)) return null;

  const phones: SamplePhone[] = [];
  for (const [name, sipUser] of PHONES) {
    const personId = SAMPLE_PEOPLE.find((person) => person.name === name)?.personId ?? null;
    const { id } = (await done(administration, 'agent.create', { name, sipUser, personId, onDuty: true }, `sample-agent-${sipUser}`)).value;
    const { password } = (await done(administration, 'agent.resetPassword', { agentId: id })).value;
    phones.push({ agentId: id, personId: personId ?? '', name, sipUser, password: password ?? '' });
  }
  const agentIds = phones.map((phone) => phone.agentId);
  await done(administration, 'group.create', {
    displayName: 'Help Desk', description: 'Computers, phones and accounts', sipUser: 'help-desk', managed: true, managers: [{ personId: MANAGER.personId, name: MANAGER.name }],
    welcomeText: 'Welcome to the help desk. Please hold the line; someone will be with you shortly.', routingMethod: 'parallel', agentIds,
    timeoutSeconds: 300, timeoutText: 'Nobody could take your call. Please try again later.',
  }, 'sample-help-desk');
  await done(administration, 'group.create', {
    displayName: 'Sales', description: 'Orders and offers', sipUser: 'sales', managed: false, active: true, routingMethod: 'longestIdle', agentIds,
    overflowThreshold: 10, overflowText: 'All lines are busy. Please call again in a few minutes.',
  }, 'sample-sales');
  return phones;
}

async function done<V extends Verb>(administration: Administration, verb: V, input: VerbInput<V>, requestId?: string): Promise<Done<V>> {
  const result = await administration.perform(SEEDER, verb, input, requestId === undefined ? {} : { requestId });
  if (result.ok) return result;
  if (result.code === 'alreadyDone') return result.earlier;
  throw new Error(`The sample organisation could not be made: ${result.message}`);
}
