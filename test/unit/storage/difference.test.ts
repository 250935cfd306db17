// How two lists differ, and which of a manager's permissions a change needs.
import fc from 'fast-check';
import { listDifference } from '../../../storage/administration/difference';
import { DISCONNECT } from '../../../storage/model/call-action';
import { queue } from '../../../storage/model/queue';
import { MANAGER_PERMISSIONS, workflow } from '../../../storage/model/workflow';
import { permissionsNeeded } from '../../../storage/permissions';

describe('listDifference', () => {
  test.each<[string, string, string, object]>([
    ['nothing', 'abc', 'abc', {}],
    ['one added', 'ac', 'abc', { added: ['b'] }],
    ['one removed', 'abc', 'ac', { removed: ['b'] }],
    ['one to the front', 'abcd', 'dabc', { moved: [{ item: 'd', from: 4, to: 1 }] }],
    ['one to the end', 'abcd', 'bcda', { moved: [{ item: 'a', from: 1, to: 4 }] }],
    ['two that changed places are one that moved', 'ab', 'ba', { moved: [{ item: 'a', from: 1, to: 2 }] }],
    ['one that stood there twice', 'aab', 'ab', { removed: ['a'] }],
    ['all at once', 'abc', 'cxa', { added: ['x'], removed: ['b'], moved: [{ item: 'c', from: 3, to: 1 }] }],
  ])('%s: %s → %s', (_what, before, after, expected) => {
    const found = listDifference([...before], [...after]);
    // Of two that changed places either may be said to have moved.
    if (before === 'ab') expect([found.added, found.removed, found.moved.length]).toEqual([[], [], 1]);
    else expect(found).toEqual({ added: [], removed: [], moved: [], ...expected });
  });

  test('accounts for every item, and moves no more than it must', () => {
    const list = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 10 });
    fc.assert(fc.property(list, list, (before, after) => {
      const { added, removed, moved } = listDifference(before, after);
      const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
      expect(sorted([...before, ...added])).toEqual(sorted([...after, ...removed]));
      for (const { item, from, to } of moved) expect([before[from - 1], after[to - 1]]).toEqual([item, item]);
      const movedTo = new Set(moved.map((one) => one.to));
      expect(movedTo.size).toBe(moved.length);
      expect(moved.length).toBeLessThanOrEqual(Math.max(0, after.length - added.length - 1));
    }));
  });

  test('says that nothing moved where the order of those that stayed is the same', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(), { maxLength: 12 }), fc.infiniteStream(fc.boolean()), (before, keeps) => {
      const after = before.filter(() => keeps.next().value);
      expect(listDifference(before, after).moved).toEqual([]);
    }));
  });
});

describe('The permissions a change needs', () => {
  const stored = { pool: 'p', version: 1 };
  const one = workflow.parse({ ...stored, id: 'w', sipUser: 'w', displayName: 'W', managed: true, managers: [], defaultAction: { kind: 'queue', queueId: 'q' } });
  const two = queue.parse({ ...stored, id: 'q', name: 'Q', agentGroupIds: ['g'] });
  const said = { ...DISCONNECT, prompt: { text: 'Sorry', audio: null } };
  const elsewhere = { kind: 'number' as const, number: '+441234567890', prompt: null };

  test.each<[string, object, readonly string[]]>([
    ['nothing', {}, []], ['its version', { version: 2 }, []], ['name', { displayName: 'X' }, ['details']], ['description and priority', { description: 'x', priority: 1 }, ['details']], ['welcome', { welcome: said.prompt }, ['prompts']],
    ['hours', { businessHoursId: 'h' }, ['schedules']], ['what is said when closed', { closedAction: said }, ['prompts']], ['where calls go when closed', { closedAction: elsewhere }, ['targets']],
    ['both', { holidayAction: { ...elsewhere, prompt: said.prompt } }, ['targets', 'prompts']], ['active', { active: true }, ['active']], ['managers', { managers: [{ personId: 'x', name: 'x' }] }, ['managers']],
    ['the default action', { defaultAction: { kind: 'queue', queueId: 'other' } }, ['targets']], ['the address, which is no manager\'s', { sipUser: 'x' }, []],
  ])('of a workflow: %s', (_what, changed, expected) => {
    expect(permissionsNeeded({ kind: 'workflows', id: 'w', before: one, after: { ...one, ...changed } })).toEqual(expected);
  });

  test.each<[string, object, readonly string[]]>([
    ['timeout', { timeoutSeconds: 30 }, ['queues']], ['what is said at the timeout', { timeoutAction: said }, ['prompts']], ['where it leads', { timeoutAction: elsewhere }, ['targets']],
    ['an action that was none', { noAgentsAction: said }, ['targets', 'prompts']],
  ])('of a queue: %s', (_what, changed, expected) => {
    expect(permissionsNeeded({ kind: 'queues', id: 'q', before: two, after: { ...two, ...changed } })).toEqual(expected);
  });

  test('are all of those that exist, over all that can be changed', () => {
    const everything = { ...one, displayName: 'X', welcome: said.prompt, businessHoursId: 'h', closedAction: elsewhere, active: true, managers: [{ personId: 'x', name: 'x' }], questions: [{}] } as unknown as typeof one;
    const found = [...permissionsNeeded({ kind: 'workflows', id: 'w', before: one, after: everything }), ...permissionsNeeded({ kind: 'queues', id: 'q', before: two, after: null }), ...permissionsNeeded({ kind: 'agentGroups', id: 'g', before: null, after: null })];
    expect(new Set(found)).toEqual(new Set(MANAGER_PERMISSIONS));
  });
});
