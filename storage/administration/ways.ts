// Where groups and queues lead a caller who presses nothing: by the clock, by what a group begins with, by a queue's limits.
import { type AnswerAction } from '../model/call-action';
import { userDialled } from '../model/own-address';
import { type Queue } from '../model/queue';
import { type Workflow } from '../model/workflow';
import { actionsOfQueue } from '../reach';
import { type Standing } from './at-once';
import { type Draft } from './draft';

/** Of a group or a queue; `to` is a queue by its id, or what is dialled among ours. `when` null: whatever the clock says. */
export interface Way { readonly field: string; readonly when: Standing | null; readonly to: { readonly queueId: string } | { readonly user: string } }
export type Place = { readonly ways: readonly Way[] } & ({ readonly kind: 'workflows'; readonly object: Workflow } | { readonly kind: 'queues'; readonly object: Queue });

export const keyOf = ({ kind, object }: Pick<Place, 'kind' | 'object'>): string => `${kind}/${object.id}`;

/** Actions of a queue that are carried out without the caller's doing. */
export const WITHOUT_A_KEY = ['timeoutAction', 'overflowAction', 'noAgentsAction'];

export function placeOf(kind: Place['kind'], object: Workflow | Queue, sipDomain: string): Place {
  if (kind === 'queues') return { kind, object: object as Queue, ways: actionsOfQueue(object as Queue).filter(({ field }) => WITHOUT_A_KEY.includes(field)).flatMap(({ field, action }) => wayOf(field, null, action, sipDomain)) };
  const { closedAction, holidayAction, defaultAction } = object as Workflow;
  return {
    kind, object: object as Workflow,
    ways: [
      ...defaultAction.kind === 'queue' ? [{ field: 'defaultAction', when: 'open', to: { queueId: defaultAction.queueId } } as const] : afterQuestions(object as Workflow, defaultAction.questionId, sipDomain),
      ...wayOf('closedAction', 'closed', closedAction, sipDomain), ...wayOf('holidayAction', 'holiday', holidayAction, sipDomain),
    ],
  };
}

/** Where whoever answers no question ends up: the first fallback on the way that leads out of the questions. */
function afterQuestions({ questions }: Workflow, first: string, sipDomain: string): Way[] {
  const asked = new Set<string>();
  for (let id = first; !asked.has(id);) {
    asked.add(id);
    const at = questions.findIndex((one) => one.id === id);
    const fallback = questions[at]?.fallback ?? null;
    if (fallback === null) return [];
    if (fallback.kind !== 'question') return wayOf(`questions.${at}.fallback`, 'open', fallback, sipDomain);
    id = fallback.questionId;
  }
  return [];
}

function wayOf(field: string, when: Standing | null, action: AnswerAction | null, sipDomain: string): Way[] {
  switch (action?.kind) {
    case 'queue': return [{ field: `${field}.queueId`, when, to: { queueId: action.queueId } }];
    case 'number': return [{ field: `${field}.number`, when, to: { user: action.number } }];
    case 'sipUri':
    case 'voicemail': {
      const user = userDialled({ kind: 'uri', uri: action.uri }, sipDomain);
      return user === null ? [] : [{ field: `${field}.uri`, when, to: { user: user.toLowerCase() } }];
    }
    default: return [];
  }
}

/** All places that these lead to, however far, by their keys; and by which key a way's end is one of them. A handful of readings for each step of the way, however many places. */
export async function placesFrom(draft: Draft, starts: readonly Place[], sipDomain: string): Promise<{ readonly places: ReadonlyMap<string, Place>; readonly endOf: (way: Way) => string | null }> {
  const places = new Map<string, Place>();
  const users = new Map<string, string | null>();
  for (let next = starts; next.length > 0;) {
    for (const one of next) places.set(keyOf(one), one);
    const ends = next.flatMap(({ ways }) => ways.map(({ to }) => to));
    const queueIds = [...new Set(ends.flatMap((to) => ('queueId' in to && !places.has(`queues/${to.queueId}`) ? [to.queueId] : [])))];
    const dialled = [...new Set(ends.flatMap((to) => ('user' in to && !users.has(to.user) ? [to.user] : [])))];
    const queues = queueIds.length === 0 ? [] : await draft.find('queues', { _id: { $in: queueIds } }, (one) => queueIds.includes(one.id));
    const workflows = await dialledAs(draft, dialled);
    for (const user of dialled) users.set(user, null);
    for (const { sipUser, telephoneNumber, id } of workflows) for (const user of [sipUser, telephoneNumber]) if (user !== null) users.set(user, `workflows/${id}`);
    next = [...queues.map((one) => placeOf('queues', one, sipDomain)), ...workflows.map((one) => placeOf('workflows', one, sipDomain))].filter((one) => !places.has(keyOf(one)));
  }
  return { places, endOf: ({ to }) => ('queueId' in to ? `queues/${to.queueId}` : users.get(to.user) ?? null) };
}

async function dialledAs(draft: Draft, users: readonly string[]): Promise<Workflow[]> {
  const numbers = users.filter((one) => one.startsWith('+'));
  const names = users.filter((one) => !one.startsWith('+'));
  const byName = names.length === 0 ? [] : await draft.find('workflows', { sipUser: { $in: names } }, (one) => names.includes(one.sipUser));
  const byNumber = numbers.length === 0 ? [] : await draft.find('workflows', { telephoneNumber: { $in: numbers } }, (one) => one.telephoneNumber !== null && numbers.includes(one.telephoneNumber));
  return [...byName, ...byNumber];
}

/** The ways by which a circle may have been closed: those that were not there, or all, where the clock or the address is another. */
export function newWays(before: Place, after: Place): readonly Way[] {
  const met = (place: Place): string => (place.kind === 'queues' ? '' : JSON.stringify([place.object.sipUser, place.object.telephoneNumber, place.object.timeZone, place.object.businessHoursId, place.object.holidaySetIds]));
  if (met(before) !== met(after)) return after.ways;
  const known = new Set(before.ways.map((way) => JSON.stringify(way)));
  return after.ways.filter((way) => !known.has(JSON.stringify(way)));
}
