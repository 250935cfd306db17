// An agent as the engine sees one: phone, leg, rests; and when that adds up to being free.
import { type Agent } from '../../storage/model/agent';
import { type AgentActivity } from '../../storage/model/live';
import { type CallId, type OfferId } from './types';

/** The agent's one leg, whatever group or purpose it is for. Gone only when its final outcome was processed. */
export type AgentLeg =
  | { readonly kind: 'offer'; readonly callId: CallId; readonly offerId: OfferId; talking: boolean }
  | { readonly kind: 'test'; readonly testId: string };

/** Why an agent is not offered a call for a while. */
export type RestCause = 'declined' | 'noAnswer' | 'busy' | 'unreachable' | 'connectFailed';

export interface Pause { readonly untilMs: number; readonly originalMs: number }
export interface Rest extends Pause { readonly because: RestCause }

/** A place in an agent group's list. */
export class Seat {
  /** `turn`: the number of the group's latest offer to this agent, counted from 1 over the whole group; 0: none that is remembered. */
  constructor(readonly agent: AgentState, readonly groupId: string, readonly position: number, public turn: number) {}
  get agentId(): string { return this.agent.agentId; }
  /** What the log calls the agent. */
  get name(): string { return this.agent.agent?.sipUser ?? this.agent.agentId; }
  get idleSinceMs(): number { return this.agent.idleSinceMs; }
}

/** Idle longest first; equals in the order of the list. */
export function compareSeats(a: Seat, b: Seat): number {
  return a.idleSinceMs - b.idleSinceMs || a.position - b.position;
}

export interface AgentState {
  readonly agentId: string;
  /** null: not configured (deleted, or known by phone or list only). */
  agent: Agent | null;
  onDuty: boolean;
  reachable: boolean;
  leg: AgentLeg | null;
  /**
   * Since when this agent waits for a turn. A turn is used up by talking (idle begins after wrap-up), declining, being busy or
   * not answering, so that one who left the desk is not rung first for ever. A ring taken back does not count.
   */
  idleSinceMs: number;
  rest: Rest | null;
  wrapUp: Pause | null;
  /** By agent group. */
  readonly seats: Map<string, Seat>;
  /** Whether the seats are among the free ones of their groups; kept by `refresh`. */
  free: boolean;
  activity: AgentActivity;
  activitySince: Date;
}

/** How long an agent rests after an offer that came to nothing. The grace period after a decline is a pool setting. */
export const REST_MS = { noAnswer: 5_000, busy: 10_000, unreachable: 30_000, connectFailed: 10_000 } as const satisfies Record<Exclude<RestCause, 'declined'>, number>;

/** When the present pauses are over; a time in the past when there are none. */
export function pausedUntilMs(agent: AgentState): number {
  return Math.max(agent.rest?.untilMs ?? -Infinity, agent.wrapUp?.untilMs ?? -Infinity);
}

/** Free: configured, on duty, phone reachable, no leg, wrap-up and rest over. */
export function isFree(agent: AgentState, nowMs: number): boolean {
  return agent.agent !== null && agent.onDuty && agent.reachable && agent.leg === null && pausedUntilMs(agent) <= nowMs;
}

/** What people see of an agent; off duty wins over everything but a leg. */
export function activityOf(agent: AgentState, nowMs: number): AgentActivity {
  if (agent.leg !== null) return agent.leg.kind === 'offer' && agent.leg.talking ? 'talking' : 'ringing';
  if (agent.agent === null || !agent.onDuty) return 'offDuty';
  if ((agent.wrapUp?.untilMs ?? -Infinity) > nowMs) return 'wrappingUp';
  const resting = agent.rest !== null && agent.rest.untilMs > nowMs;
  if (!agent.reachable || (resting && agent.rest?.because === 'unreachable')) return 'unreachable';
  return resting ? 'resting' : 'free';
}
