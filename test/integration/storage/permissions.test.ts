// What an administrator switches off for the managers of one workflow: each verb with only the permissions it needs, and with each of those missing.
import { type Result } from '../../../storage/administration/results';
import { type Verb, type VerbInput } from '../../../storage/administration/verbs';
import { MANAGER_PERMISSIONS, type ManagerPermission } from '../../../storage/model/workflow';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

async function organisation() {
  const { administration } = newPool(storage.connection);
  const max = person('Max');
  const { id: agentId } = await newAgent(administration, 'Alice');
  const managers = [{ personId: max.personId, name: 'Max' }];
  const { value: { id } } = await must(administration.perform(operator, 'group.create', smallForm({ managed: true, managers })));
  const { value: other } = await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Other', managed: true, managers })));
  const narrow = async (managerPermissions: readonly ManagerPermission[]) => {
    const { version } = await seen(administration.workflow(operator, id));
    await must(administration.perform(operator, 'workflow.change', { id, version, changes: { managerPermissions: [...managerPermissions] } }));
  };
  const made = async <V extends 'queue.create' | 'agentGroup.create' | 'businessHours.create' | 'holidaySet.create'>(verb: V, input: object = {}): Promise<{ id: string }> => {
    const done = await must(administration.perform(operator, verb, { name: newUser(), workflowId: id, ...input } as VerbInput<V>));
    return done.value;
  };
  return { administration, max, id, other: other.id, agentId, narrow, made };
}
type Organisation = Awaited<ReturnType<typeof organisation>>;

type Attempt = { [V in Verb]: { readonly verb: V; readonly input: VerbInput<V> } }[Verb];
const questions = () => [{ id: 'q', name: newUser(), prompt: { text: 'Which?' }, answers: [{ name: 'One', key: '1', action: { kind: 'disconnect' as const } }] }];
const workflowChange = (changes: () => VerbInput<'workflow.change'>['changes']) => async ({ administration, id }: Organisation): Promise<Attempt> => ({ verb: 'workflow.change', input: { id, version: (await seen(administration.workflow(operator, id))).version, changes: changes() } });
const groupChange = (changes: (org: Organisation) => VerbInput<'group.change'>['changes']) => async (org: Organisation): Promise<Attempt> => ({ verb: 'group.change', input: { id: org.id, versions: (await formed(org.administration, org.id)).versions, changes: changes(org) } });
const number = () => Math.floor(Math.random() * 60) + 11;

/** What a manager does, and every permission that it needs. */
const DEEDS: readonly (readonly [string, readonly ManagerPermission[], (org: Organisation) => Promise<Attempt>])[] = [
  ['group.change of the name', ['details'], groupChange(() => ({ displayName: newUser() }))],
  ['group.change of the welcome', ['prompts'], groupChange(() => ({ welcomeText: newUser() }))],
  ['group.change of the timeout', ['queues'], groupChange(() => ({ timeoutSeconds: number() }))],
  ['group.change of what is said at overflow', ['prompts'], groupChange(() => ({ overflowText: newUser() }))],
  ['group.change of the agents', ['agentGroups'], groupChange(({ agentId }) => ({ agentIds: [agentId], alertTimeSeconds: number() }))],
  ['group.change of name and welcome', ['details', 'prompts'], groupChange(() => ({ displayName: newUser(), welcomeText: newUser() }))],
  ['group.change of active', ['active', 'details'], async (org) => { const { form } = await formed(org.administration, org.id); return groupChange(() => ({ active: !form.active, description: newUser() }))(org); }],
  ['group.addManager', ['managers'], async ({ id }) => ({ verb: 'group.addManager', input: { id, manager: { personId: person('New').personId, name: 'New' } } })],
  ['workflow.change of the description', ['details'], workflowChange(() => ({ description: newUser() }))],
  ['workflow.change of the closed action', ['targets', 'prompts'], workflowChange(() => ({ closedAction: { kind: 'disconnect', prompt: { text: newUser() } }, holidayAction: { kind: 'sipUri', uri: `sip:${newUser()}@test.local` } }))],
  ['workflow.change of the questions', ['questions'], workflowChange(() => ({ questions: questions() }))],
  ['workflow.change of the hours', ['schedules'], async (org) => ({ verb: 'workflow.change', input: { id: org.id, version: (await seen(org.administration.workflow(operator, org.id))).version, changes: { businessHoursId: (await org.made('businessHours.create')).id } } })],
  ['queue.create', ['queues'], async ({ id }) => ({ verb: 'queue.create', input: { name: newUser(), workflowId: id } })],
  ['queue.copy', ['queues'], async (org) => ({ verb: 'queue.copy', input: { id: (await org.made('queue.create')).id, name: newUser() } })],
  ['queue.change of the key', ['queues'], async (org) => ({ verb: 'queue.change', input: { id: (await org.made('queue.create')).id, version: 1, changes: { leaveKey: '9' } } })],
  ['queue.change of a target', ['targets'], async (org) => ({ verb: 'queue.change', input: { id: (await org.made('queue.create')).id, version: 1, changes: { timeoutAction: { kind: 'sipUri', uri: 'sip:box@test.local' } } } })],
  ['queue.delete', ['queues'], async (org) => ({ verb: 'queue.delete', input: { id: (await org.made('queue.create')).id } })],
  ['agentGroup.create', ['agentGroups'], async ({ id }) => ({ verb: 'agentGroup.create', input: { name: newUser(), workflowId: id } })],
  ['agentGroup.copy', ['agentGroups'], async (org) => ({ verb: 'agentGroup.copy', input: { id: (await org.made('agentGroup.create')).id, name: newUser() } })],
  ['agentGroup.change', ['agentGroups'], async (org) => ({ verb: 'agentGroup.change', input: { id: (await org.made('agentGroup.create')).id, version: 1, changes: { agentIds: [org.agentId] } } })],
  ['agentGroup.delete', ['agentGroups'], async (org) => ({ verb: 'agentGroup.delete', input: { id: (await org.made('agentGroup.create')).id } })],
  ['businessHours.create', ['schedules'], async ({ id }) => ({ verb: 'businessHours.create', input: { name: newUser(), workflowId: id } })],
  ['businessHours.copy', ['schedules'], async (org) => ({ verb: 'businessHours.copy', input: { id: (await org.made('businessHours.create')).id, name: newUser() } })],
  ['businessHours.change', ['schedules'], async (org) => ({ verb: 'businessHours.change', input: { id: (await org.made('businessHours.create')).id, version: 1, changes: { name: newUser() } } })],
  ['businessHours.delete', ['schedules'], async (org) => ({ verb: 'businessHours.delete', input: { id: (await org.made('businessHours.create')).id } })],
  ['holidaySet.create', ['schedules'], async ({ id }) => ({ verb: 'holidaySet.create', input: { name: newUser(), holidays: [], workflowId: id } })],
  ['holidaySet.copy', ['schedules'], async (org) => ({ verb: 'holidaySet.copy', input: { id: (await org.made('holidaySet.create', { holidays: [] })).id, name: newUser() } })],
  ['holidaySet.change', ['schedules'], async (org) => ({ verb: 'holidaySet.change', input: { id: (await org.made('holidaySet.create', { holidays: [] })).id, version: 1, changes: { name: newUser() } } })],
  ['holidaySet.delete', ['schedules'], async (org) => ({ verb: 'holidaySet.delete', input: { id: (await org.made('holidaySet.create', { holidays: [] })).id } })],
];
const outcome = (result: Result): string => (result.ok ? 'ok' : result.code);

describe.each(DEEDS)('%s', (_title, needs, deed) => {
  let org: Organisation;
  beforeAll(async () => { org = await organisation(); });

  test.each(needs)('with all but "%s" is refused', async (missing) => {
    await org.narrow(MANAGER_PERMISSIONS.filter((one) => one !== missing));
    const { verb, input } = await deed(org);
    expect(outcome(await org.administration.perform(org.max, verb, input as never))).toBe('notAllowed');
  });

  // So that none of the others is needed.
  test('with what it needs and nothing else is done', async () => {
    await org.narrow(needs);
    const { verb, input } = await deed(org);
    expect(outcome(await org.administration.perform(org.max, verb, input as never))).toBe('ok');
  });
});

test('Every manager may still look, move callers and supervise; what is switched off is told to cards', async () => {
  const { administration, max, id, other, narrow } = await organisation();
  await narrow([]);
  expect((await seen(administration.group(max, id))).rights).toMatchObject({ change: false, addManager: false, permissions: [] });
  expect((await seen(administration.group(max, other))).rights).toMatchObject({ change: true, addManager: true, permissions: MANAGER_PERMISSIONS });
  expect((await seen(administration.live(max, id))).rights).toEqual({ moveCaller: true, setPriority: true });
  expect((await seen(administration.objects(max, 'queues'))).filter((one) => one.rights.change).map((one) => one.groups[0]?.id)).toEqual([other]);
});

test('What one workflow switches off does not reach another that the same person manages', async () => {
  const { administration, max, other, narrow } = await organisation();
  await narrow([]);
  const { versions } = await formed(administration, other);
  await must(administration.perform(max, 'group.change', { id: other, versions, changes: { displayName: newUser(), agentIds: [] } }));
});

test('A manager neither widens what was narrowed, nor undoes past it', async () => {
  const { administration, max, id, narrow } = await organisation();
  const { versions } = await formed(administration, id);
  const { entryId } = await must(administration.perform(max, 'group.change', { id, versions, changes: { welcomeText: 'Mine' } }));
  await must(administration.perform(max, 'change.undo', {}));
  await narrow(['details']);
  const { version } = await seen(administration.workflow(operator, id));
  expect(await administration.perform(max, 'workflow.change', { id, version, changes: { managerPermissions: [...MANAGER_PERMISSIONS] } })).toMatchObject({ code: 'notAllowed' });
  const undone = (await seen(administration.history(max, { workflowId: id }))).find((one) => one.undoes === entryId);
  expect(await administration.perform(max, 'change.undo', { entryId: undone?.entryId ?? '' })).toMatchObject({ ok: false, code: expect.stringMatching(/notAllowed|conflict/) });
});

test('An administrator is never narrowed, not even as a manager', async () => {
  const { administration, max, id, narrow } = await organisation();
  await narrow([]);
  const { versions } = await formed(administration, id);
  await must(administration.perform({ ...max, administrator: true }, 'group.change', { id, versions, changes: { displayName: newUser() } }));
});
