// The draft in memory finds what the database would find, whatever was put and removed before, and tells the same changes as a draft over the database.
import { type Db } from 'mongodb';
import fc from 'fast-check';
import { emptyConfiguration } from '../../../storage/model/configuration';
import { queue, type Queue } from '../../../storage/model/queue';
import { WholeDraft } from '../../../storage/transfer/whole-draft';

/** Nothing here asks the database. */
const NO_DATABASE = undefined as unknown as Db;
const IDS = ['queue-a', 'queue-b', 'queue-c', 'queue-d'];
const NAMES = ['One', 'Two', 'Three'];

const anyQueue = fc.record({
  id: fc.constantFrom(...IDS), name: fc.constantFrom(...NAMES), agentGroupIds: fc.subarray(['group-a', 'group-b']), workflowId: fc.option(fc.constantFrom('workflow-a', 'workflow-b'), { nil: undefined }),
  timeoutTo: fc.option(fc.constantFrom(...IDS), { nil: null }),
}).map(({ timeoutTo, ...fields }): Queue => queue.parse({ ...fields, pool: 'east', version: 1, ...(timeoutTo === null ? {} : { timeoutAction: { kind: 'queue', queueId: timeoutTo } }) }));
type Step = { readonly put: Queue } | { readonly remove: string } | { readonly look: true };
const anyStep: fc.Arbitrary<Step> = fc.oneof(anyQueue.map((put) => ({ put })), fc.constantFrom(...IDS).map((remove) => ({ remove })), fc.constant({ look: true as const }));

const timeoutOf = ({ timeoutAction }: Queue): string | null => (timeoutAction.kind === 'queue' ? timeoutAction.queueId : null);
/** The shapes of questions that rules ask. */
const QUESTIONS: readonly (readonly [object, (one: Queue) => boolean])[] = [
  [{}, () => true],
  [{ name: 'Two' }, (one) => one.name === 'Two'],
  [{ _id: { $in: ['queue-a', 'queue-d', 'queue-x'] } }, (one) => one.id === 'queue-a' || one.id === 'queue-d'],
  [{ workflowId: 'workflow-a' }, (one) => one.workflowId === 'workflow-a'],
  [{ name: 'One', workflowId: null }, (one) => one.name === 'One' && one.workflowId === undefined],
  [{ agentGroupIds: { $in: ['group-b', 'group-x'] } }, (one) => one.agentGroupIds.includes('group-b')],
  [{ $or: [{ 'timeoutAction.queueId': { $in: ['queue-b', 'queue-c'] } }, { 'overflowAction.queueId': { $in: ['queue-b'] } }] }, (one) => ['queue-b', 'queue-c'].includes(timeoutOf(one) ?? '')],
];

test('It finds by index what a look at everything finds, however often it has changed in between', async () => {
  await fc.assert(fc.asyncProperty(fc.uniqueArray(anyQueue, { selector: (one) => one.id }), fc.array(anyStep, { maxLength: 12 }), async (first, steps) => {
    const configuration = emptyConfiguration('east');
    for (const one of first) configuration.objects.queues.set(one.id, one);
    const draft = new WholeDraft(NO_DATABASE, configuration);
    const expected = new Map(first.map((one) => [one.id, one]));
    const compare = async (): Promise<void> => {
      for (const [filter, isMeant] of QUESTIONS) {
        const found = (await draft.find('queues', filter)).map((one) => one.id).sort();
        expect([filter, found]).toEqual([filter, [...expected.values()].filter(isMeant).map((one) => one.id).sort()]);
      }
    };
    for (const one of steps) {
      if ('put' in one) { await draft.put('queues', one.put); expected.set(one.put.id, one.put); }
      else if ('remove' in one) { await draft.remove('queues', one.remove); expected.delete(one.remove); }
      else await compare();
    }
    await compare();

    const changes = draft.changes();
    const isSame = (before: Queue | undefined, after: Queue | undefined): boolean => JSON.stringify({ ...before, version: 0 }) === JSON.stringify({ ...after, version: 0 }) && (before === undefined) === (after === undefined);
    const was = new Map(first.map((one) => [one.id, one]));
    expect(changes.map(({ id }) => id).sort()).toEqual(IDS.filter((id) => !isSame(was.get(id), expected.get(id))));
    for (const { id, before, after } of changes) expect([before?.version ?? 0, after?.version ?? 0]).toEqual([was.has(id) ? 1 : 0, after === null ? 0 : was.has(id) ? 2 : 1]);
    expect(configuration.objects.queues.size).toBe(first.length);
  }));
});

test('A question in a form that no rule has asked yet is a defect, not an empty answer', async () => {
  const draft = new WholeDraft(NO_DATABASE, emptyConfiguration('east'));
  expect(() => draft.all('queues', { name: { $regex: 'x' } })).toThrow('No rule asks for $regex');
  expect(() => draft.all('queues', { $nor: [] })).toThrow('No rule asks for $nor');
});
