// Ways round in a circle that no key of a caller breaks: through queues by their limits, through groups by the clock and what they begin with, among questions by their fallbacks.
import { type ObjectChange } from '../model/configuration';
import { type Queue } from '../model/queue';
import { type Workflow } from '../model/workflow';
import { actionsOfQueue } from '../reach';
import { type Clock, mayBe, momentsOf } from './at-once';
import { nameOf, type Checking } from './checking';
import { targetOf } from './owners';
import { faultOf, type Fault } from './results';
import { keyOf, newWays, placeOf, placesFrom, type Place, type Way } from './ways';

/** What a change may have put in a circle, and by which of its ways; with the field to blame where that is not the way's own. */
interface Touched { readonly place: Place; readonly ways: readonly Way[]; readonly field: string | null }
/** A place on the way, and by which of its ways one goes on. */
interface Step { readonly place: Place; readonly way: Way }

/** A fault for each action of the queue that leads to the queue itself. */
export function selfLoops(queue: Queue): Fault[] {
  return actionsOfQueue(queue).flatMap(({ field, action }) => (action.kind === 'queue' && action.queueId === queue.id ? [faultOf(`${field}.queueId`, queue.name, 'leadsToItself')] : []));
}

/**
 * A fault for each circle that these changes close, at the action of what was changed, with the way round. Every configured way counts, also where nothing says
 * yet when it is taken; but groups whose hours and holidays never let a call go round at one moment are in no circle. One that stood there before
 * keeps nobody from changing something else: the engine ends such calls.
 */
export async function circleFaults(checking: Checking, changes: readonly ObjectChange[]): Promise<Fault[]> {
  const { draft, sipDomain } = checking;
  const starts: Touched[] = [];
  for (const change of changes) starts.push(...await touchedBy(checking, change));
  if (starts.length === 0) return [];
  const { places, endOf } = await placesFrom(draft, starts.map(({ place }) => place), sipDomain);
  const round = insideOf(places, endOf);
  if (round.size === 0) return [];
  const clocks = await clocksOf(checking, [...round.values()]);
  const moments = momentsOf([...clocks.values()], checking.now);
  const told = new Set<string>();
  const faults: Fault[] = [];
  for (const { place, ways, field } of starts) {
    for (const way of round.has(keyOf(place)) ? ways : []) {
      const end = endOf(way);
      if (end === null || !round.has(end) || (place.kind === 'queues' && end === keyOf(place))) continue;
      const steps = wayRound({ place, way }, round, endOf, clocks, moments);
      const circle = steps?.map((one) => keyOf(one.place)).sort().join() ?? '';
      if (steps === null || told.has(circle)) continue;
      // Of an import, those alone that no release ever took.
      if (checking.whole === true && steps.some((one) => one.place.kind !== 'queues')) continue;
      told.add(circle);
      const names = await namesOf(checking, [...steps, ...steps.slice(0, 1)]);
      faults.push(faultOf(field ?? way.field, names[1] ?? '', 'circle', { way: names.join(' → ') }));
    }
  }
  return faults;
}

async function touchedBy({ draft, sipDomain }: Checking, change: ObjectChange): Promise<Touched[]> {
  const { kind, id, before, after } = change;
  if (after === null) return [];
  const using = (workflows: readonly Workflow[]): Touched[] => workflows.map((one) => placeOf('workflows', one, sipDomain)).map((place) => ({ place, ways: place.ways, field: 'id' }));
  switch (kind) {
    case 'workflows':
    case 'queues': {
      const place = placeOf(kind, after, sipDomain);
      return [{ place, ways: before === null ? place.ways : newWays(placeOf(kind, before, sipDomain), place), field: null }].filter(({ ways }) => ways.length > 0);
    }
    case 'businessHours': return before === null ? [] : using(await draft.find('workflows', { businessHoursId: id }, (one) => one.businessHoursId === id));
    case 'holidaySets': return before === null ? [] : using(await draft.find('workflows', { holidaySetIds: id }, (one) => one.holidaySetIds.includes(id)));
    default: return [];
  }
}

/** Only those that some circle could go through: whatever leads nowhere, or is led to from nowhere, is taken away until nothing of that kind is left. */
function insideOf(places: ReadonlyMap<string, Place>, endOf: (way: Way) => string | null): Map<string, Place> {
  const left = new Map(places);
  const leads = ({ ways }: Place): boolean => ways.some((way) => left.has(endOf(way) ?? ''));
  for (let size = -1; size !== left.size;) {
    size = left.size;
    for (const [key, place] of left) if (!leads(place)) left.delete(key);
    const reached = new Set([...left.values()].flatMap(({ ways }) => ways.map(endOf)));
    for (const key of [...left.keys()]) if (!reached.has(key)) left.delete(key);
  }
  return left;
}

async function clocksOf({ draft }: Checking, places: readonly Place[]): Promise<Map<string, Clock>> {
  const workflows = places.flatMap((place) => (place.kind === 'workflows' ? [place.object] : []));
  const hourIds = [...new Set(workflows.flatMap((one) => one.businessHoursId ?? []))];
  const setIds = [...new Set(workflows.flatMap((one) => one.holidaySetIds))];
  const hours = new Map((hourIds.length === 0 ? [] : await draft.find('businessHours', { _id: { $in: hourIds } }, (one) => hourIds.includes(one.id))).map((one) => [one.id, one]));
  const sets = new Map((setIds.length === 0 ? [] : await draft.find('holidaySets', { _id: { $in: setIds } }, (one) => setIds.includes(one.id))).map((one) => [one.id, one]));
  return new Map(workflows.map((one) => [`workflows/${one.id}`, { zone: one.timeZone, hours: hours.get(one.businessHoursId ?? '') ?? null, sets: one.holidaySetIds.flatMap((id) => sets.get(id) ?? []) }]));
}

/** The shortest way that leads back to where it begins, all of it at one moment; null: none ever does. */
function wayRound(first: Step, round: ReadonlyMap<string, Place>, endOf: (way: Way) => string | null, clocks: ReadonlyMap<string, Clock>, moments: readonly Date[]): Step[] | null {
  for (const at of moments) {
    const taken = new Map<string, boolean>();
    const mayTake = ({ place, way: { when } }: Step): boolean => {
      const clock = when === null ? undefined : clocks.get(keyOf(place));
      if (when === null || clock === undefined) return true;
      const known = taken.get(`${keyOf(place)} ${when}`) ?? mayBe(when, clock, at);
      taken.set(`${keyOf(place)} ${when}`, known);
      return known;
    };
    if (!mayTake(first)) continue;
    const met = new Set<string>();
    let ways: readonly (readonly Step[])[] = [[first]];
    while (ways.length > 0) {
      const further: Step[][] = [];
      for (const steps of ways) {
        const key = endOf((steps.at(-1) as Step).way);
        if (key === keyOf(first.place)) return [...steps];
        const place = key === null || met.has(key) ? undefined : round.get(key);
        if (place === undefined) continue;
        met.add(key as string);
        for (const way of place.ways) if (mayTake({ place, way })) further.push([...steps, { place, way }]);
      }
      ways = further;
    }
  }
  return null;
}

/** As the reader may know them: what is not theirs to see is "…". */
async function namesOf({ draft, roles }: Checking, steps: readonly Step[]): Promise<string[]> {
  const names: string[] = [];
  for (const { place } of steps) {
    if (place.kind === 'workflows') { names.push(nameOf(roles, place.object) ?? '…'); continue; }
    const isSeen = roles.administrator || (await targetOf(draft, 'queue', place.object)).workflowIds.some((id) => roles.manages.has(id) || roles.serves.has(id));
    names.push(isSeen ? place.object.name : '…');
  }
  return names.filter((name, at) => name !== '…' || names[at - 1] !== '…');
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
