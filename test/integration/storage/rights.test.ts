// Every verb as every role, on one's own group, on someone else's, and on one that is not managed: what storage answers, whatever a card showed.
import { type Acting } from '../../../storage/access';
import { type Administration } from '../../../storage/administration/administration';
import { type Result } from '../../../storage/administration/results';
import { VERBS, type Verb, type VerbInput } from '../../../storage/administration/verbs';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const PLACES = ['own', 'foreign', 'unmanaged'] as const;
type Place = (typeof PLACES)[number];
const ROLES = ['administrator', 'operator', 'manager', 'agent', 'stranger', 'engine'] as const;
type Role = (typeof ROLES)[number];

/** Two managed groups and one that is not; `manager` manages `own` (and is written into `unmanaged`'s past), `agent` serves `own`. */
async function organisation() {
  const { administration, pool } = newPool(storage.connection);
  const max = person('Max');
  const agent = await newAgent(administration, 'Alice');
  const colleague = await newAgent(administration, 'Bob');
  const make = async (form: Partial<VerbInput<'group.create'>>) => (await must(administration.perform(operator, 'group.create', smallForm(form)))).value.id;
  const manager = { personId: max.personId, name: max.name };
  const groups: Record<Place, string> = {
    own: await make({ displayName: 'Own', managed: true, managers: [manager], agentIds: [agent.id] }),
    foreign: await make({ displayName: 'Foreign secret', managed: true, managers: [{ personId: person('Other').personId, name: 'Other' }], agentIds: [colleague.id] }),
    unmanaged: await make({ displayName: 'Unmanaged secret', agentIds: [colleague.id] }),
  };
  const actors: Record<Role, Acting> = { administrator: person('Ada', true), operator, manager: max, agent: agent.acting, stranger: person('Stranger'), engine: { kind: 'engine', name: 'Engine' } };
  return { administration, pool, groups, actors, agentOf: { own: agent.id, foreign: colleague.id, unmanaged: colleague.id }, spare: (await newAgent(administration, 'Carla')).id };
}
type Organisation = Awaited<ReturnType<typeof organisation>>;

/** For each verb, an input on the given place that would change something. */
const INPUTS: { readonly [V in Verb]: (org: Organisation, place: Place) => Promise<VerbInput<V>> } = {
  'group.create': async () => smallForm(),
  'group.change': async ({ administration, groups }, place) => ({ id: groups[place], versions: (await formed(administration, groups[place])).versions, changes: { description: newUser() } }),
  'group.delete': async ({ groups }, place) => ({ id: groups[place] }),
  'group.addManager': async ({ groups }, place) => ({ id: groups[place], manager: { personId: person('New').personId, name: 'New' } }),
  'group.removeManager': async ({ administration, groups }, place) => ({ id: groups[place], personId: (await formed(administration, groups[place])).managers[0]?.personId ?? person('Nobody').personId }),
  'agent.create': async () => ({ name: 'New', sipUser: newUser() }),
  'agent.change': async ({ administration, agentOf }, place) => ({ id: agentOf[place], version: (await seen(administration.agents(operator))).find((one) => one.id === agentOf[place])?.detail?.version ?? 0, changes: { name: newUser() } }),
  'agent.delete': async ({ spare }) => ({ id: spare }),
  'agent.resetPassword': async ({ agentOf }, place) => ({ agentId: agentOf[place] }),
  'duty.set': async ({ agentOf }, place) => ({ agentId: agentOf[place], onDuty: false }),
  // An edit that only an administrator makes, and so takes back.
  'change.undo': async ({ administration, groups }, place) => {
    const { versions } = await formed(administration, groups[place]);
    const { entryId } = await must(administration.perform(operator, 'group.change', { id: groups[place], versions, changes: { sipUser: newUser() } }));
    return { entryId: entryId ?? '' };
  },
  'settings.change': async () => ({ version: 0, changes: { gracePeriodSeconds: 90 } }),
};

type Outcome = 'ok' | 'notAllowed' | 'notFound' | 'conflict';
/** Dismissing a manager where there are none changes nothing, so nothing is logged. */
const changesNothing = (verb: Verb, place: Place): boolean => verb === 'group.removeManager' && place === 'unmanaged';
/** Deletions last, so that one organisation serves all verbs. */
const IN_ORDER = [...VERBS].sort((one, other) => Number(one.endsWith('.delete')) - Number(other.endsWith('.delete')));

/** What the reference says of each. */
function expected(role: Role, verb: Verb, place: Place): Outcome {
  if (role === 'administrator' || role === 'operator') return verb === 'group.addManager' && place === 'unmanaged' ? 'conflict' : 'ok';
  const isManager = role === 'manager';
  const isOwn = role === 'agent' && place === 'own';
  switch (verb) {
    case 'group.create': case 'agent.create': case 'settings.change': return 'notAllowed';
    case 'group.change': case 'group.addManager': return place === 'own' && isManager ? 'ok' : place === 'own' && role === 'agent' ? 'notAllowed' : 'notFound';
    case 'group.delete': case 'group.removeManager': case 'change.undo': return place === 'own' && (isManager || role === 'agent') ? 'notAllowed' : 'notFound';
    case 'duty.set': return role === 'engine' || isOwn ? 'ok' : isManager ? 'notAllowed' : 'notFound';
    case 'agent.resetPassword': return isOwn ? 'ok' : isManager ? 'notAllowed' : 'notFound';
    case 'agent.change': return isManager || isOwn ? 'notAllowed' : 'notFound';
    case 'agent.delete': return isManager ? 'notAllowed' : 'notFound';
  }
}

const outcomeOf = (result: Result): string => (result.ok ? 'ok' : result.code);
async function attempt<V extends Verb>({ administration }: Organisation, acting: Acting, verb: V, input: VerbInput<V>): Promise<Result> {
  return administration.perform(acting, verb, input);
}

describe.each(ROLES)('As %s', (role) => {
  describe.each(PLACES)('on the group "%s"', (place) => {
    let org: Organisation;
    beforeAll(async () => { org = await organisation(); });

    test.each(IN_ORDER)('%s', async (verb) => {
      const input = await INPUTS[verb](org, place);
      const before = await log(org);
      const result = await attempt(org, org.actors[role], verb, input as never);
      expect([verb, outcomeOf(result)]).toEqual([verb, expected(role, verb, place)]);
      expect(await log(org)).toBe(before + (result.ok && !changesNothing(verb, place) ? 1 : 0));
      if (result.ok) return;
      expect(role === 'operator' || role === 'administrator' ? '' : JSON.stringify(result)).not.toContain('secret');
    });
  });
});

const log = ({ pool }: Organisation): Promise<number> => storage.connection.db.collection('changes').countDocuments({ pool });

describe('A manager', () => {
  let org: Organisation;
  beforeAll(async () => { org = await organisation(); });
  const change = async (changes: VerbInput<'group.change'>['changes']) => {
    const { versions } = await formed(org.administration, org.groups.own);
    return org.administration.perform(org.actors.manager, 'group.change', { id: org.groups.own, versions, changes });
  };

  test.each<[string, object]>([
    ['sipUser', { sipUser: 'mine' }], ['telephoneNumber', { telephoneNumber: '+4499999' }], ['managed', { managed: false }], ['managers', { managers: [] }],
  ])('may not change %s, not even beside what they may', async (_field, changes) => {
    expect(outcomeOf(await change({ ...changes, description: 'smuggled' }))).toBe('notAllowed');
    expect((await formed(org.administration, org.groups.own)).form.description).not.toBe('smuggled');
  });

  test.each<[string, object]>([
    ['displayName', { displayName: 'Renamed' }], ['description', { description: 'x' }], ['displayNumber', { displayNumber: '1' }], ['language', { language: 'de-DE' }],
    ['timeZone', { timeZone: 'Europe/Paris' }], ['welcomeText', { welcomeText: 'Hi' }], ['routingMethod', { routingMethod: 'longestIdle' }], ['alertTimeSeconds', { alertTimeSeconds: 11 }], ['wrapUpSeconds', { wrapUpSeconds: 11 }],
    ['timeoutSeconds', { timeoutSeconds: 11 }], ['timeoutText', { timeoutText: 'x' }], ['overflowThreshold', { overflowThreshold: 1 }], ['overflowText', { overflowText: 'x' }],
    ['agentIds', { agentIds: [] }], ['active', { active: false }],
  ])('may change %s', async (_field, changes) => {
    expect(outcomeOf(await change(changes))).toBe('ok');
  });

  test('may send back the address as it was', async () => {
    const { form } = await formed(org.administration, org.groups.own);
    expect(outcomeOf(await change({ ...form, description: 'the whole form' }))).toBe('ok');
  });

  test('takes back their own edit, but not an administrator\'s change of the address', async () => {
    await must(change({ description: 'theirs' }));
    expect(outcomeOf(await org.administration.perform(org.actors.manager, 'change.undo', {}))).toBe('ok');
    const { versions } = await formed(org.administration, org.groups.own);
    const { entryId } = await must(org.administration.perform(operator, 'group.change', { id: org.groups.own, versions, changes: { sipUser: newUser() } }));
    expect(outcomeOf(await org.administration.perform(org.actors.manager, 'change.undo', { entryId: entryId ?? '' }))).toBe('notAllowed');
  });
});

describe('Queries', () => {
  let org: Organisation;
  beforeAll(async () => { org = await organisation(); });

  test.each<[Role, string[]]>([['administrator', ['Foreign secret', 'Own', 'Unmanaged secret']], ['manager', ['Own']], ['agent', ['Own']], ['stranger', []], ['engine', []]])('%s sees the groups %j', async (role, names) => {
    expect((await seen(org.administration.groups(org.actors[role]))).map((one) => one.displayName)).toEqual(names);
  });

  test.each<Role>(['manager', 'agent', 'stranger'])('%s finds no trace of a group that is not theirs', async (role) => {
    const acting = org.actors[role];
    const answers = await Promise.all([
      org.administration.whoAmI(acting), org.administration.groups(acting), org.administration.agents(acting), org.administration.history(acting), org.administration.myAgent(acting),
      ...(['foreign', 'unmanaged'] as const).flatMap((place) => [org.administration.group(acting, org.groups[place]), org.administration.live(acting, org.groups[place]), org.administration.history(acting, { workflowId: org.groups[place] })]),
    ]);
    expect(JSON.stringify(answers)).not.toContain('secret');
    expect(answers.slice(5).map((answer) => answer.ok || answer.code)).toEqual(Array.from({ length: 6 }, () => 'notFound'));
    expect(await org.administration.group(acting, 'workflow-that-never-was')).toEqual(answers[5]);
  });

  test('A manager knows every agent by name, and in detail those of their groups alone', async () => {
    const agents = await seen(org.administration.agents(org.actors.manager));
    expect(agents.map((one) => [one.name, one.detail !== null])).toEqual([['Alice', true], ['Bob', false], ['Carla', false]]);
  });

  test('An agent sees themselves alone, and no group\'s history', async () => {
    expect((await seen(org.administration.agents(org.actors.agent))).map((one) => one.name)).toEqual(['Alice']);
    expect((await seen(org.administration.history(org.actors.agent))).map((one) => [one.verb, one.subject])).toEqual([['agent.create', 'Alice']]);
    expect(await org.administration.history(org.actors.agent, { workflowId: org.groups.own })).toMatchObject({ code: 'notFound' });
  });

  test('The engine is asked to ring one\'s own phone only, and to speak for those who manage', async () => {
    const ask = (role: Role, request: Parameters<Administration['ask']>[1]) => org.administration.ask(org.actors[role], request);
    expect(await ask('agent', { kind: 'ringPhone', agentId: org.agentOf.foreign })).toMatchObject({ code: 'notFound' });
    expect(await ask('manager', { kind: 'ringPhone', agentId: org.agentOf.own })).toMatchObject({ code: 'notAllowed' });
    expect(await ask('agent', { kind: 'renderPrompt', text: 'x', language: 'en-US' })).toMatchObject({ code: 'notAllowed' });
  });
});
