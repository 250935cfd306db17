// Ways round in a circle that no key of a caller breaks: among queues by their limits, among questions by their fallbacks.
import { type Queue } from '../model/queue';
import { type Workflow } from '../model/workflow';
import { actionsOfQueue } from '../reach';
import { type Draft } from './draft';
import { faultOf, type Fault } from './results';

/** Actions that are carried out without the caller's doing. */
const WITHOUT_A_KEY = ['timeoutAction', 'overflowAction', 'noAgentsAction'];

const stepsFrom = (queue: Queue) => actionsOfQueue(queue).flatMap(({ field, action }) => (action.kind === 'queue' ? [{ field, to: action.queueId }] : []));

/** A fault for each action of the queue that leads back to it, with the way it takes. */
export async function queueLoops(draft: Draft, start: Queue): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { field, to } of stepsFrom(start)) {
    if (to === start.id) faults.push(faultOf(`${field}.queueId`, start.name, 'leadsToItself'));
    else if (WITHOUT_A_KEY.includes(field)) {
      const way = await wayBack(draft, start, to);
      if (way) faults.push(faultOf(`${field}.queueId`, way[1] ?? '', 'circle', { way: way.join(' → ') }));
    }
  }
  return faults;
}

/** The names of the queues on the way from `start` through `first` back to `start`; `null` when there is none. */
async function wayBack(draft: Draft, start: Queue, first: string): Promise<string[] | null> {
  const met = new Set<string>();
  const ways: { readonly id: string; readonly names: readonly string[] }[] = [{ id: first, names: [start.name] }];
  for (let way = ways.pop(); way; way = ways.pop()) {
    if (way.id === start.id) return [...way.names, start.name];
    const queue = met.has(way.id) ? null : await draft.get('queues', way.id);
    met.add(way.id);
    if (queue) for (const { field, to } of stepsFrom(queue)) if (WITHOUT_A_KEY.includes(field)) ways.push({ id: to, names: [...way.names, queue.name] });
  }
  return null;
}

/** A fault for each circle of fallbacks: who presses nothing would be asked for ever. */
export function fallbackLoops({ questions }: Workflow): Fault[] {
  const next = new Map(questions.map((one) => [one.id, one.fallback?.kind === 'question' ? one.fallback.questionId : null]));
  const nameOf = new Map(questions.map((one) => [one.id, one.name]));
  const told = new Set<string>();
  return questions.flatMap(({ id }, i): Fault[] => {
    const way = [id];
    for (let at = next.get(id) ?? null; at !== null && !way.includes(at); at = next.get(at) ?? null) way.push(at);
    // Only who stands in the circle is told of it, and each circle once.
    if (next.get(way.at(-1) ?? '') !== id || way.some((one) => told.has(one))) return [];
    for (const one of way) told.add(one);
    return [faultOf(`questions.${i}.fallback.questionId`, next.get(id) ?? '', 'circle', { way: [...way, id].map((one) => nameOf.get(one) ?? one).join(' → ') })];
  });
}
