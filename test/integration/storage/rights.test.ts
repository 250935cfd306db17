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
  const forms: Record<Place, Partial<VerbInput<'group.create'>>> = {
    own: { displayName: 'Own', managed: true, managers: [{ personId: max.personId, name: max.name }], agentIds: [agent.id] },
    foreign: { displayName: 'Foreign secret', managed: true, managers: [{ personId: person('Other').personId, name: 'Other' }], agentIds: [colleague.id] },
    unmanaged: { displayName: 'Unmanaged secret', agentIds: [colleague.id] },
  };
  const make = async (place: Place) => (await must(administration.perform(operator, 'group.create', smallForm({ participation: 'formal', ...forms[place] })))).value.id;
  const groups: Record<Place, string> = { own: await make('own'), foreign: await make('foreign'), unmanaged: await make('unmanaged') };
  const agentGroupOf = async (place: Place) => (await seen(administration.workflow(operator, groups[place]))).agentGroups[0]?.id ?? '';
  const actors: Record<Role, Acting> = { administrator: person('Ada', true), operator, manager: max, agent: agent.acting, stranger: person('Stranger'), engine: { kind: 'engine', name: 'Engine' } };
  return { administration, pool, groups, make, actors, agentGroups: { own: await agentGroupOf('own'), foreign: await agentGroupOf('foreign'), unmanaged: await agentGroupOf('unmanaged') }, agentOf: { own: agent.id, foreign: colleague.id, unmanaged: colleague.id }, spare: (await newAgent(administration, 'Carla')).id };
}
type Organisation = Awaited<ReturnType<typeof organisation>>;

/** What an operator makes or does beforehand, so that there is something to change. */
async function first<V extends Verb>({ administration }: Organisation, verb: V, input: VerbInput<V>): Promise<string> {
  const { value } = await must(administration.perform(operator, verb, input));
  return 'id' in value ? value.id : '';
}
const queueOf = (org: Organisation, place: Place) => first(org, 'queue.create', { name: newUser(), workflowId: org.groups[place] });
const agentGroupOf = (org: Organisation, place: Place) => first(org, 'agentGroup.create', { name: newUser(), workflowId: org.groups[place] });
const hoursOf = (org: Organisation, place: Place) => first(org, 'businessHours.create', { name: newUser(), workflowId: org.groups[place] });
const holidaysOf = (org: Organisation, place: Place) => first(org, 'holidaySet.create', { name: newUser(), holidays: [], workflowId: org.groups[place] });
const trunk = (org: Organisation) => first(org, 'trunk.create', { name: newUser(), host: 'trunk.example.com' });

/** For each verb, an input on the given place that would change something. */
const INPUTS: { readonly [V in Verb]: (org: Organisation, place: Place) => Promise<VerbInput<V>> } = {
  'group.create': async () => smallForm(),
  'group.change': async ({ administration, groups }, place) => ({ id: groups[place], versions: (await formed(administration, groups[place])).versions, changes: { description: newUser() } }),
  'group.delete': async ({ groups }, place) => ({ id: groups[place] }),
  'group.addManager': async ({ groups }, place) => ({ id: groups[place], manager: { personId: person('New').personId, name: 'New' } }),
  'group.removeManager': async ({ administration, groups }, place) => ({ id: groups[place], personId: (await formed(administration, groups[place])).managers[0]?.personId ?? person('Nobody').personId }),
  'workflow.create': async (org) => ({ displayName: 'New', sipUser: newUser(), defaultAction: { kind: 'queue', queueId: await first(org, 'queue.create', { name: newUser() }) } }),
  'workflow.build': async () => ({ workflow: { displayName: 'New', sipUser: newUser(), defaultAction: { kind: 'queue', queueId: 'q' } }, queues: [{ id: 'q', name: newUser() }] }),
  'workflow.copy': async ({ groups }, place) => ({ id: groups[place], name: newUser(), sipUser: newUser() }),
  'workflow.change': async ({ administration, groups }, place) => ({ id: groups[place], version: (await seen(administration.workflow(operator, groups[place]))).version, changes: { description: newUser() } }),
  'workflow.delete': async ({ make }, place) => ({ id: await make(place) }),
  'queue.create': async ({ groups }, place) => ({ name: newUser(), workflowId: groups[place] }),
  'queue.copy': async (org, place) => ({ id: await queueOf(org, place), name: newUser() }),
  'queue.change': async (org, place) => ({ id: await queueOf(org, place), version: 1, changes: { timeoutSeconds: 60 } }),
  'queue.delete': async (org, place) => ({ id: await queueOf(org, place) }),
  'agentGroup.create': async ({ groups }, place) => ({ name: newUser(), workflowId: groups[place] }),
  'agentGroup.copy': async (org, place) => ({ id: await agentGroupOf(org, place), name: newUser() }),
  'agentGroup.change': async (org, place) => ({ id: await agentGroupOf(org, place), version: 1, changes: { alertTimeSeconds: 60 } }),
  'agentGroup.delete': async (org, place) => ({ id: await agentGroupOf(org, place) }),
  'businessHours.create': async ({ groups }, place) => ({ name: newUser(), workflowId: groups[place] }),
  'businessHours.copy': async (org, place) => ({ id: await hoursOf(org, place), name: newUser() }),
  'businessHours.change': async (org, place) => ({ id: await hoursOf(org, place), version: 1, changes: { monday: [{ open: '08:00', close: '17:00' }] } }),
  'businessHours.delete': async (org, place) => ({ id: await hoursOf(org, place) }),
  'holidaySet.create': async ({ groups }, place) => ({ name: newUser(), holidays: [], workflowId: groups[place] }),
  'holidaySet.copy': async (org, place) => ({ id: await holidaysOf(org, place), name: newUser() }),
  'holidaySet.change': async (org, place) => ({ id: await holidaysOf(org, place), version: 1, changes: { holidays: [{ name: 'New Year', start: '2027-01-01T00:00', end: '2027-01-02T00:00' }] } }),
  'holidaySet.delete': async (org, place) => ({ id: await holidaysOf(org, place) }),
  'trunk.create': async () => ({ name: newUser(), host: 'trunk.example.com' }),
  'trunk.copy': async (org) => ({ id: await trunk(org), name: newUser() }),
  'trunk.change': async (org) => ({ id: await trunk(org), version: 1, changes: { port: 5070 } }),
  'trunk.delete': async (org) => ({ id: await trunk(org) }),
  'agent.create': async () => ({ name: 'New', sipUser: newUser() }),
  'agent.change': async ({ administration, agentOf }, place) => ({ id: agentOf[place], version: (await seen(administration.agents(operator))).find((one) => one.id === agentOf[place])?.detail?.version ?? 0, changes: { name: newUser() } }),
  'agent.delete': async ({ spare }) => ({ id: spare }),
  'agent.resetPassword': async ({ agentOf }, place) => ({ agentId: agentOf[place] }),
  'duty.set': async ({ agentOf }, place) => ({ agentId: agentOf[place], onDuty: false }),
  'duty.pause': async (org, place) => {
    await first(org, 'duty.set', { agentId: org.agentOf[place], onDuty: true });
    return { agentId: org.agentOf[place], reason: newUser() };
  },
  'duty.resume': async (org, place) => {
    await first(org, 'duty.set', { agentId: org.agentOf[place], onDuty: true });
    await first(org, 'duty.pause', { agentId: org.agentOf[place] });
    return { agentId: org.agentOf[place] };
  },
  'duty.signIn': async (org, place) => {
    const input = { agentId: org.agentOf[place], agentGroupId: org.agentGroups[place] };
    await first(org, 'duty.signOut', input);
    return input;
  },
  'duty.signOut': async (org, place) => {
    const input = { agentId: org.agentOf[place], agentGroupId: org.agentGroups[place] };
    await first(org, 'duty.signIn', input);
    return input;
  },
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
/** Deletions last, and that of the group last of all, so that one organisation serves all verbs. */
const rank = (verb: Verb): number => (verb === 'group.delete' ? 2 : verb.endsWith('.delete') ? 1 : 0);
const IN_ORDER = [...VERBS].sort((one, other) => rank(one) - rank(other));

/** What the reference says of each. */
function expected(role: Role, verb: Verb, place: Place): Outcome {
  if (role === 'administrator' || role === 'operator') return verb === 'group.addManager' && place === 'unmanaged' ? 'conflict' : 'ok';
  const isManager = role === 'manager';
  const isOwn = role === 'agent' && place === 'own';
  switch (verb) {
    case 'group.create': case 'workflow.create': case 'workflow.build': case 'agent.create': case 'settings.change': case 'trunk.create': case 'trunk.copy': case 'trunk.change': case 'trunk.delete': return 'notAllowed';
    case 'queue.copy': case 'agentGroup.copy': case 'businessHours.copy': case 'holidaySet.copy':
    case 'queue.create': case 'queue.change': case 'queue.delete': case 'agentGroup.create': case 'agentGroup.change': case 'agentGroup.delete':
    case 'businessHours.create': case 'businessHours.change': case 'businessHours.delete': case 'holidaySet.create': case 'holidaySet.change': case 'holidaySet.delete':
    case 'group.change': case 'workflow.change': case 'group.addManager': return place === 'own' && isManager ? 'ok' : place === 'own' && role === 'agent' ? 'notAllowed' : 'notFound';
    case 'group.delete': case 'workflow.delete': case 'workflow.copy': case 'group.removeManager': case 'change.undo': return place === 'own' && (isManager || role === 'agent') ? 'notAllowed' : 'notFound';
    case 'duty.set': return role === 'engine' || isOwn ? 'ok' : isManager ? 'notAllowed' : 'notFound';
    case 'duty.pause': case 'duty.resume': case 'duty.signIn': case 'duty.signOut':
      return (role === 'engine' && verb === 'duty.pause') || isOwn || (isManager && place === 'own') ? 'ok' : isManager ? 'notAllowed' : 'notFound';
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
    ['sipUser', { sipUser: 'mine' }], ['telephoneNumber', { telephoneNumber: '+4499999' }], ['managed', { managed: false }], ['managers', { managers: [] }], ['federation', { federation: true }],
  ])('may not change %s, not even beside what they may', async (_field, changes) => {
    expect(outcomeOf(await change({ ...changes, description: 'smuggled' }))).toBe('notAllowed');
    expect((await formed(org.administration, org.groups.own)).form.description).not.toBe('smuggled');
  });

  test.each<[string, object]>([
    ['displayName', { displayName: 'Renamed' }], ['description', { description: 'x' }], ['displayNumber', { displayNumber: '1' }], ['language', { language: 'de-DE' }],
    ['timeZone', { timeZone: 'Europe/Paris' }], ['welcomeText', { welcomeText: 'Hi' }], ['routingMethod', { routingMethod: 'longestIdle' }], ['alertTimeSeconds', { alertTimeSeconds: 11 }], ['wrapUpSeconds', { wrapUpSeconds: 11 }],
    ['timeoutSeconds', { timeoutSeconds: 11 }], ['timeoutText', { timeoutText: 'x' }], ['overflowThreshold', { overflowThreshold: 1 }], ['overflowText', { overflowText: 'x' }],
    ['agentIds', { agentIds: [] }], ['active', { active: false }], ['participation', { participation: 'informal' }], ['autoPauseAfter', { autoPauseAfter: 3 }], ['overflowCandidate', { overflowCandidate: 'oldestCall' }],
    ['priority', { priority: 1 }], ['announceSeconds', { announceSeconds: 60 }], ['agentAnonymity', { agentAnonymity: true }],
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

describe('A manager who changes the workflow by itself', () => {
  let org: Organisation;
  beforeAll(async () => { org = await organisation(); });
  const change = async (changes: object) => {
    const { version } = await seen(org.administration.workflow(operator, org.groups.own));
    return org.administration.perform(org.actors.manager, 'workflow.change', { id: org.groups.own, version, changes });
  };
  const questions = [{ id: 'q', name: 'Q', prompt: { text: 'Which?' }, answers: [{ name: 'One', key: '1', action: { kind: 'disconnect' } }] }];

  test.each<[string, object]>([
    ['the SIP user', { sipUser: 'mine' }], ['the telephone number', { telephoneNumber: '+4499999' }], ['whether it is managed', { managed: false }], ['the managers', { managers: [] }], ['federation', { federation: true }],
    ['the type', { questions, defaultAction: { kind: 'question', questionId: 'q' } }],
  ])('may not change %s, not even beside what they may', async (_what, changes) => {
    expect(outcomeOf(await change({ ...changes, description: 'smuggled' }))).toBe('notAllowed');
  });

  test.each<[string, object]>([
    ['the display name', { displayName: 'Renamed' }], ['the display number', { displayNumber: '1' }], ['the welcome', { welcome: { text: 'Hi' } }], ['questions', { questions }], ['the closed action', { closedAction: { kind: 'disconnect', prompt: { text: 'Closed' } } }],
    ['the holiday action', { holidayAction: { kind: 'disconnect', prompt: { text: 'Holiday' } } }], ['the priority', { priority: 2 }], ['anonymity', { agentAnonymity: true }], ['whether it is active', { active: false }], ['the time zone', { timeZone: 'Europe/Paris' }],
  ])('may change %s', async (_what, changes) => {
    expect(outcomeOf(await change(changes))).toBe('ok');
  });

  test('observes their own business hours and shared holidays', async () => {
    const { value: hours } = await must(org.administration.perform(org.actors.manager, 'businessHours.create', { name: 'Ours', workflowId: org.groups.own }));
    const { value: holidays } = await must(org.administration.perform(operator, 'holidaySet.create', { name: 'Everybody\'s', holidays: [] }));
    expect(outcomeOf(await change({ businessHoursId: hours.id, holidaySetIds: [holidays.id] }))).toBe('ok');
    expect((await seen(org.administration.objects(org.actors.manager, 'holidaySets'))).map((one) => [one.name, one.rights])).toEqual([['Everybody\'s', { change: false, delete: false, copy: true }]]);
    expect(outcomeOf(await org.administration.perform(org.actors.manager, 'holidaySet.change', { id: holidays.id, version: 1, changes: { name: 'Mine' } }))).toBe('notAllowed');
  });

  test('makes nothing that belongs to no group', async () => {
    for (const verb of ['queue.create', 'agentGroup.create', 'businessHours.create'] as const) expect([verb, outcomeOf(await org.administration.perform(org.actors.manager, verb, { name: newUser() }))]).toEqual([verb, 'notAllowed']);
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
      org.administration.objects(acting, 'queues'), org.administration.objects(acting, 'agentGroups'),
      ...(['foreign', 'unmanaged'] as const).flatMap((place) => [org.administration.group(acting, org.groups[place]), org.administration.workflow(acting, org.groups[place]), org.administration.live(acting, org.groups[place]), org.administration.history(acting, { workflowId: org.groups[place] })]),
    ]);
    expect(JSON.stringify(answers)).not.toContain('secret');
    expect(answers.slice(7).map((answer) => answer.ok || answer.code)).toEqual(Array.from({ length: 8 }, () => 'notFound'));
    expect(await org.administration.group(acting, 'workflow-that-never-was')).toEqual(answers[7]);
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
