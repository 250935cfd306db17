// Objects stored before a field existed, and pure ways through a workflow.
import fc from 'fast-check';
import { fallbackLoops } from '../../../storage/administration/loops';
import { completed, completedChange, OBJECT_SCHEMAS } from '../../../storage/kinds';
import { type ObjectKind } from '../../../storage/model/configuration';
import { type Queue } from '../../../storage/model/queue';
import { type Workflow } from '../../../storage/model/workflow';
import { reachedQueues, sizeOfMenu } from '../../../storage/reach';

const stored = { pool: 'p', version: 4 };
/** As the first release stored them. */
const OLD: Partial<Record<ObjectKind, object>> = {
  workflows: {
    ...stored, id: 'w', sipUser: 'desk', telephoneNumber: null, displayNumber: '', displayName: 'Desk', description: '', language: 'en-GB', timeZone: 'Europe/London', active: true, agentAnonymity: false,
    federation: false, managed: false, managers: [], welcome: { text: 'Hello' }, defaultAction: { kind: 'queue', queueId: 'q' },
  },
  queues: {
    ...stored, id: 'q', name: 'desk', agentGroupIds: ['g'], timeoutSeconds: 60, timeoutAction: { kind: 'disconnect', prompt: { text: 'Sorry' } }, overflowThreshold: null,
    overflowCandidate: 'newestCall', overflowAction: { kind: 'disconnect', prompt: null },
  },
  agentGroups: { ...stored, id: 'g', name: 'desk', participation: 'informal', alertTimeSeconds: 20, routingMethod: 'parallel', agentIds: ['a'] },
  agents: { ...stored, id: 'a', name: 'Alice', sipUser: 'alice', personId: null, digest: null, simulated: false },
  duties: { ...stored, id: 'a', agentId: 'a', onDuty: true, since: new Date(0) },
  settings: { ...stored, id: 'p', gracePeriodSeconds: 90, callContextShown: false },
};

describe('An object stored before a field existed', () => {
  test.each(Object.entries(OLD) as [ObjectKind, object][])('%s: is what its schema says, and keeps what it had', (kind, old) => {
    const now = completed(kind, old);
    expect(OBJECT_SCHEMAS[kind].safeParse(now)).toEqual({ success: true, data: now });
    expect(now).toMatchObject(old);
  });

  test('gets the defaults also inside of what it has', () => {
    expect(completed('workflows', OLD.workflows ?? {})).toMatchObject({ welcome: { text: 'Hello', audio: null }, questions: [], priority: 3, businessHoursId: null, closedAction: { kind: 'disconnect', prompt: null } });
    expect(completed('queues', OLD.queues ?? {})).toMatchObject({ timeoutAction: { prompt: { text: 'Sorry', audio: null } }, noAgentsAction: null, leaveKey: null });
    expect(completed('agents', OLD.agents ?? {}).contacts).toEqual([]);
  });

  test('is completed on both sides of a log entry, and stays absent where it was absent', () => {
    const change = completedChange({ kind: 'agents', id: 'a', before: null, after: OLD.agents as never });
    expect(change).toMatchObject({ before: null, after: { contacts: [] } });
  });

  test('with a field that no longer fits keeps that field, and has the others all the same', () => {
    expect(completed('agentGroups', { ...OLD.agentGroups, alertTimeSeconds: 5 })).toMatchObject({ alertTimeSeconds: 5, autoPauseAfter: null });
  });

  test('Completing what is complete changes nothing, and nothing that is stored makes it throw', () => {
    fc.assert(fc.property(fc.constantFrom(...Object.keys(OLD) as ObjectKind[]), fc.dictionary(fc.string(), fc.anything()), (kind, odd) => {
      const once = completed(kind, { ...odd, ...OLD[kind] });
      expect(completed(kind, once)).toEqual(once);
      completed(kind, odd);
    }));
  });
});

const to = (queueId: string) => ({ kind: 'queue', queueId, prompt: null });
const none = { kind: 'disconnect', prompt: null };
const queue = (id: string, next: readonly string[]): Queue => ({ id, timeoutAction: next[0] ? to(next[0]) : none, overflowAction: next[1] ? to(next[1]) : none, noAgentsAction: null, leaveAction: none, agentGroupIds: [] }) as unknown as Queue;

test('A workflow reaches each queue once, nearest first, whatever circles they make', () => {
  const queues = new Map([queue('a', ['b', 'c']), queue('b', ['a']), queue('c', ['d']), queue('d', []), queue('e', ['a'])].map((one) => [one.id, one]));
  const workflow = { defaultAction: { kind: 'queue', queueId: 'a' }, questions: [], closedAction: to('d'), holidayAction: none } as unknown as Workflow;
  expect(reachedQueues(workflow, queues).map((one) => one.id)).toEqual(['a', 'd', 'b', 'c']);
});

test('The depth of a menu is the longest of the shortest ways to its questions', () => {
  const question = (id: string, next: readonly string[]) => ({ id, fallback: null, answers: next.map((questionId) => ({ action: { kind: 'question', questionId } })) });
  const workflow = { defaultAction: { kind: 'question', questionId: 'a' }, questions: [question('a', ['b', 'c', 'a']), question('b', ['c']), question('c', ['a']), question('apart', ['a', 'a', 'a', 'a'])] } as unknown as Workflow;
  expect(sizeOfMenu(workflow)).toEqual({ levels: 2, answers: 4 });
});

test('A circle of fallbacks is told once, exactly when somebody who presses nothing would never leave', () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(7), { nil: null }), { minLength: 1, maxLength: 8 }), (next) => {
    const questions = next.map((to, i) => ({ id: `q${i}`, name: `Q${i}`, fallback: to === null || to >= next.length ? null : { kind: 'question', questionId: `q${to}` } }));
    // Who has gone on more often than there are questions goes round.
    const circles = new Set<string>();
    for (const start of questions) {
      let at: typeof start | undefined = start;
      for (let step = 0; step <= questions.length && at; step += 1) at = questions.find((one) => one.id === at?.fallback?.questionId);
      if (!at) continue;
      const round: string[] = [];
      for (let one: typeof start | undefined = at; one && !round.includes(one.id); one = questions.find((other) => other.id === one?.fallback?.questionId)) round.push(one.id);
      circles.add([...round].sort().join());
    }
    expect(fallbackLoops({ questions } as unknown as Workflow)).toHaveLength(circles.size);
  }));
});
