// The state of a pool: its configuration, and the calls, agents, queues and agent groups as they are now.
import { type AgentGroup } from '../../storage/model/agent-group';
import { type Configuration, emptyConfiguration } from '../../storage/model/configuration';
import { type Queue } from '../../storage/model/queue';
import { type PoolSettings } from '../../storage/model/settings';
import { type Workflow } from '../../storage/model/workflow';
import { type AgentState, compareSeats, type Seat } from './agent';
import { type Call, comparePlaces } from './call';
import { Deadlines } from './deadlines';
import { OrderedSet } from './ordered-set';
import { type CallId, type OfferId } from './types';

/** What is due for one call. */
export type CallDue =
  | { readonly type: 'promptOver' | 'waitedTooLong' | 'announceDue' | 'callBackDue'; readonly callId: CallId }
  | { readonly type: 'rangTooLong'; readonly callId: CallId; readonly offerId: OfferId };

export interface WorkflowState {
  readonly workflowId: string;
  workflow: Workflow | null;
  /** Every queue it leads to, also by way of other queues. */
  queueIds: readonly string[];
  /** Its calls until they are over, in order of arrival here. */
  readonly calls: Set<Call>;
}

export interface QueueState {
  readonly queueId: string;
  queue: Queue | null;
  /** In the order in which they are tried. */
  groups: GroupState[];
  /** Workflows that lead here. */
  readonly workflowIds: Set<string>;
  /** Everybody who waits here, rung for or not. */
  readonly waiting: OrderedSet<Call>;
  /** Of these, those nobody is rung for. */
  readonly queued: OrderedSet<Call>;
  /** Everybody with a place here who is to be called back and is not on the phone. */
  readonly callBacks: OrderedSet<Call>;
  /** When its latest callers were connected, in monotonic milliseconds, oldest first; at most `PACE_KEPT`. */
  readonly connectedAtMs: number[];
}

export interface GroupState {
  readonly groupId: string;
  group: AgentGroup | null;
  readonly seats: Map<string, Seat>;
  /** Seats of free agents, idle longest first. */
  readonly free: OrderedSet<Seat>;
  /** How many of its agents are signed in to it. */
  signedIn: number;
  /** Calls this group's phones ring for. */
  readonly offered: OrderedSet<Call>;
  /** The number of its latest offer; which seat it was made to, the seats say. */
  turns: number;
  /** Queues that use it. */
  readonly queueIds: Set<string>;
}

/** How many connected callers of a queue its pace is reckoned from. */
export const PACE_KEPT = 20;

/** The seat that was offered a call last, of those still in the list: where round robin goes on from. */
export function lastTurn(group: GroupState): Seat | null {
  let last: Seat | null = null;
  for (const seat of group.seats.values()) if (seat.turn > (last?.turn ?? 0)) last = seat;
  return last;
}

/** One pool. Changed by `step` alone; everybody else reads. */
export interface PoolState {
  readonly pool: string;
  /** Our own SIP domain, in lower case: addresses in it are groups and agents of ours. null: none is known. */
  readonly domain: string | null;
  readonly configuration: Configuration;
  /** Workflow ids by dialled user: SIP user in lower case, or number with its plus. */
  readonly addresses: Map<string, string>;
  /** Agent ids by SIP user. */
  readonly agentUsers: Map<string, string>;
  readonly workflows: Map<string, WorkflowState>;
  readonly queues: Map<string, QueueState>;
  readonly groups: Map<string, GroupState>;
  readonly agents: Map<string, AgentState>;
  readonly calls: Map<CallId, Call>;
  /** Agent ids by running phone test. */
  readonly tests: Map<string, string>;
  /** Where a leg is now that came from another call, by its offer: what is still told under the old call is meant for the new one. */
  readonly movedLegs: Map<OfferId, CallId>;
  readonly callDeadlines: Deadlines<CallDue>;
  /** When an agent's pauses are over; by agent id. */
  readonly agentDeadlines: Deadlines<string>;
  /** Queues where a caller and a free agent may have to be brought together before the step ends. */
  readonly unsettled: Set<string>;
  /** Restored calls and agents that no step has looked at yet. */
  readonly restored: { readonly calls: Set<Call>; readonly agents: Set<AgentState> };
  /** The latest arrival, so that a clock set back does not let anyone jump the queue. */
  lastArrival: number;
  /** Ids of calls that are over, oldest first, so that a late duplicate of their arrival changes nothing. Bounded. */
  readonly over: Set<CallId>;
}

/** An empty pool: everything else enters as events. `domain`: the SIP domain whose addresses are resolved here. */
export function createState(pool: string, options: { readonly domain?: string | null } = {}): PoolState {
  return {
    pool, domain: options.domain?.toLowerCase() ?? null, configuration: emptyConfiguration(pool), addresses: new Map(), agentUsers: new Map(),
    workflows: new Map(), queues: new Map(), groups: new Map(), agents: new Map(), calls: new Map(), tests: new Map(), movedLegs: new Map(),
    callDeadlines: new Deadlines(), agentDeadlines: new Deadlines(), unsettled: new Set(), restored: { calls: new Set(), agents: new Set() }, lastArrival: 0, over: new Set(),
  };
}

/** The workflow a call is with, as it is configured now; null: none, or deleted. */
export function workflowOf(state: PoolState, { workflowId }: Pick<Call, 'workflowId'>): Workflow | null {
  return workflowId === null ? null : state.workflows.get(workflowId)?.workflow ?? null;
}

/** The pool's settings; null where nobody has set any. */
export function settingsOf(state: PoolState): PoolSettings | null {
  for (const settings of state.configuration.objects.settings.values()) if (settings.pool === state.pool) return settings;
  return null;
}

const existing = <V>(map: Map<string, V>, id: string, make: () => V): V => {
  const found = map.get(id);
  if (found !== undefined) return found;
  const made = make();
  map.set(id, made);
  return made;
};

const inOrderOfWaiting = (a: Call, b: Call): number => comparePlaces(a.place, b.place);

/** The state of one object, made when first spoken of: lists may name what is configured later. */
export const workflowState = (state: PoolState, workflowId: string): WorkflowState =>
  existing(state.workflows, workflowId, () => ({ workflowId, workflow: null, queueIds: [], calls: new Set() }));
export const queueState = (state: PoolState, queueId: string): QueueState =>
  existing(state.queues, queueId, () => ({ queueId, queue: null, groups: [], workflowIds: new Set(), waiting: new OrderedSet(inOrderOfWaiting), queued: new OrderedSet(inOrderOfWaiting), callBacks: new OrderedSet(inOrderOfWaiting), connectedAtMs: [] }));
export const groupState = (state: PoolState, groupId: string): GroupState =>
  existing(state.groups, groupId, () => ({ groupId, group: null, seats: new Map(), free: new OrderedSet(compareSeats), signedIn: 0, offered: new OrderedSet(inOrderOfWaiting), turns: 0, queueIds: new Set() }));
export const agentState = (state: PoolState, agentId: string, now: { readonly monotonicMs: number; readonly civil: Date }): AgentState =>
  existing(state.agents, agentId, () => ({
    agentId, agent: null, onDuty: false, formal: new Set(), pause: null, autoPause: null, dialled: null, unanswered: 0, reachable: false, leg: null, calling: new Set(),
    idleSinceMs: now.monotonicMs, rest: null, wrapUp: null,
    seats: new Map(), free: false, activity: 'offDuty', activitySince: now.civil,
  }));
