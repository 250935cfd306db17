// An agent as the engine sees one: phone, leg, rests, pause; and when that adds up to being free.
import { type Agent } from '../../storage/model/agent';
import { type AgentGroup } from '../../storage/model/agent-group';
import { type AgentActivity } from '../../storage/model/live';
import { type CallId, type OfferId } from './types';

/** The agent's one leg, whatever group or purpose it is for. Gone only when its final outcome was processed. */
export type AgentLeg =
  | { readonly kind: 'offer'; readonly callId: CallId; readonly offerId: OfferId; talking: boolean }
  | { readonly kind: 'test'; readonly testId: string };

/** Why an agent is not offered a call for a while. */
export type RestCause = 'declined' | 'noAnswer' | 'busy' | 'unreachable' | 'connectFailed';

/** A stretch of time without offers. */
export interface Spell { readonly untilMs: number; readonly originalMs: number }
export interface Rest extends Spell { readonly because: RestCause }

/** A pause that somebody chose, as the duty says. */
export interface Pause {
  /** null: until it is taken back. */
  readonly untilMs: number | null;
}

/** A place in an agent group's list. */
export class Seat {
  /** Whether it is among the free ones of its group; kept by `refresh`. */
  free = false;
  /** Whether its agent is signed in to the group, and counted there; kept by `refresh`. */
  signedIn = false;

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
  /** Formal agent groups the agent is signed in to, by the duty. */
  formal: ReadonlySet<string>;
  pause: Pause | null;
  /** Paused here for unanswered offers, so many, while the duty does not say so yet. */
  autoPause: { readonly at: Date; readonly unanswered: number } | null;
  /** The duty that the agent's own phone has dialled, while the duty does not say so yet. `requestId`: the call that did it. */
  dialled: { readonly onDuty: boolean; readonly at: Date; readonly requestId: string } | null;
  /** Offers in a row left unanswered, since the last answer, decline or pause for it. */
  unanswered: number;
  /** Whether a phone of the agent is registered. */
  reachable: boolean;
  leg: AgentLeg | null;
  /** Calls that the agent's own phone made here and that are not over; they keep it as busy as a leg does. */
  readonly calling: Set<CallId>;
  /**
   * Since when this agent waits for a turn. A turn is used up by talking (idle begins after wrap-up), declining, being busy or
   * not answering, so that one who left the desk is not rung first for ever. A ring taken back does not count.
   */
  idleSinceMs: number;
  rest: Rest | null;
  wrapUp: Spell | null;
  /** By agent group. */
  readonly seats: Map<string, Seat>;
  /** Kept by `refresh`. */
  free: boolean;
  activity: AgentActivity;
  activitySince: Date;
}

/** How long an agent rests after an offer that came to nothing. The grace period after a decline is a pool setting. */
export const REST_MS = { noAnswer: 5_000, busy: 10_000, unreachable: 30_000, connectFailed: 10_000 } as const satisfies Record<Exclude<RestCause, 'declined'>, number>;

/** Whether a pause is in force, whoever it is from. */
export function isPaused({ pause, autoPause }: AgentState, nowMs: number): boolean {
  return autoPause !== null || (pause !== null && (pause.untilMs === null || pause.untilMs > nowMs));
}

/** When next something about this agent ends by itself: a rest, wrap-up or pause; null: nothing does. */
export function nextEndMs({ rest, wrapUp, pause }: AgentState): number | null {
  const ends = [rest?.untilMs, wrapUp?.untilMs, pause?.untilMs].filter((ms): ms is number => ms !== undefined && ms !== null);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Whether an offer could reach the agent: a phone is registered, or there is another contact. */
export function canBeRung(agent: AgentState): boolean {
  return agent.reachable || (agent.agent !== null && agent.agent.contacts.length > 0);
}

/** Whether the agent has a leg or a call already. */
export function isEngaged({ leg, calling }: AgentState): boolean {
  return leg !== null || calling.size > 0;
}

/** Signed in to a group of the agent's: on duty, and for a formal one also signed in there. A pause or a silent phone does not change it. */
export function isSignedIn(agent: AgentState, group: AgentGroup | null, groupId: string): boolean {
  return agent.agent !== null && agent.onDuty && group !== null && (group.participation === 'informal' || agent.formal.has(groupId));
}

/** Free: configured, on duty, not paused, can be rung, no leg, wrap-up and rest over. For a formal group the agent is signed in there as well. */
export function isFree(agent: AgentState, nowMs: number): boolean {
  const over = (spell: Spell | null): boolean => spell === null || spell.untilMs <= nowMs;
  return agent.agent !== null && agent.onDuty && !isPaused(agent, nowMs) && canBeRung(agent) && !isEngaged(agent) && over(agent.rest) && over(agent.wrapUp);
}

/** What people see of an agent; off duty wins over everything but a call, a pause over what would end by itself. */
export function activityOf(agent: AgentState, nowMs: number): AgentActivity {
  if (agent.leg !== null) return agent.leg.kind === 'offer' && agent.leg.talking ? 'talking' : 'ringing';
  if (agent.calling.size > 0) return 'talking';
  if (agent.agent === null || !agent.onDuty) return 'offDuty';
  if (isPaused(agent, nowMs)) return 'paused';
  if ((agent.wrapUp?.untilMs ?? -Infinity) > nowMs) return 'wrappingUp';
  const resting = agent.rest !== null && agent.rest.untilMs > nowMs;
  if (!canBeRung(agent) || (resting && agent.rest?.because === 'unreachable')) return 'unreachable';
  return resting ? 'resting' : 'free';
}
