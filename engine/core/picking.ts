// Agents pick callers: by instruction from chat, or by dialling the pick-up code. Only where an agent group's method is attendant.
import { canBeRung, isEngaged, isSignedIn, type AgentState, type Seat } from './agent';
import { type Call, comparePlaces, type InputOf, type PhaseOf, waits } from './call';
import { type Context, decided } from './context';
import { rememberOver } from './ending';
import { endLegs, isPicked, offerTo } from './offers';
import { move } from './phases';
import { ROUTING } from './routing';
import { type GroupState, type PoolState, queueState } from './state';
import { type Arrival, type CoreEvent } from './types';
import { answerInstruction, type Refused } from './instructions';

type PickCaller = Extract<CoreEvent, { readonly type: 'pickCaller' }>;

/** Why a dialled pick-up is refused, in SIP's words. */
export interface PickRefusal { readonly status: 480 | 486; readonly reason: string }

/** The agent asks from chat for one caller: the agent's phone rings at once, or the instruction is refused. */
export function pickCaller(context: Context, { instructionId, callId, agentId }: PickCaller): void {
  const refused = refusalOf(context, callId, agentId);
  answerInstruction(context, instructionId, refused);
}

function refusalOf(context: Context, callId: string, agentId: string): Refused | null {
  const { state } = context;
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.agent === null) return 'unknownAgent';
  const call = state.calls.get(callId);
  if (call === undefined || !waits(call.phase)) return 'notWaiting';
  if (!agent.onDuty) return 'offDuty';
  const seat = seatFor(state, call.phase.waiting.queueId, agent);
  if (seat === null) return 'notServing';
  if (isPicked(call)) return 'alreadyPicked';
  if (isEngaged(agent)) return 'busy';
  if (!canBeRung(agent)) return 'unreachable';
  context.tell(call, { type: 'picked', groupId: seat.groupId, seat, legId: null, reason: `${seat.name} picked` });
  return null;
}

/**
 * The agent's own phone has dialled the pick-up code: it takes the first caller who waits for an attendant group the agent serves, and
 * the arrival is no call of its own. Returns why not, for the arrival to be refused with; null when it was taken.
 */
export function pickByPhone(context: Context, { callId }: Arrival, agent: AgentState): PickRefusal | null {
  const { state } = context;
  if (agent.agent === null || !agent.onDuty) return { status: 480, reason: 'the agent is off duty' };
  if (isEngaged(agent)) return { status: 486, reason: 'the agent has a call already' };
  const first = firstToPick(state, agent);
  if (first === null) return { status: 480, reason: 'nobody waits to be picked' };
  rememberOver(state, callId);
  context.tell(first.call, { type: 'picked', groupId: first.seat.groupId, seat: first.seat, legId: callId, reason: `${first.seat.name} dialled the pick-up code` });
  return null;
}

/** Who waits longest of those this agent may pick. */
function firstToPick(state: PoolState, agent: AgentState): { readonly call: Call; readonly seat: Seat } | null {
  let first: { readonly call: Call; readonly seat: Seat } | null = null;
  for (const { groupId } of agent.seats.values()) {
    for (const queueId of state.groups.get(groupId)?.queueIds ?? []) {
      const seat = seatFor(state, queueId, agent);
      if (seat === null) continue;
      const call = queueState(state, queueId).waiting.values.find((each) => !isPicked(each));
      if (call !== undefined && (first === null || comparePlaces(call.place, first.call.place) < 0)) first = { call, seat };
    }
  }
  return first;
}

/** The agent's seat in the first attendant group of the queue that the agent serves. */
function seatFor(state: PoolState, queueId: string, agent: AgentState): Seat | null {
  for (const { groupId, group } of state.queues.get(queueId)?.groups ?? []) {
    const seat = agent.seats.get(groupId);
    if (seat !== undefined && isAttended(group) && isSignedIn(agent, group, groupId)) return seat;
  }
  return null;
}

const isAttended = (group: GroupState['group']): boolean => group !== null && !ROUTING[group.routingMethod].rings;

/** Whoever rang for this caller stops; the agent who picked is the one to talk. */
export function picked(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>, { groupId, seat, legId, reason }: InputOf<'picked'>): void {
  decided(context, call, 'pick', reason);
  endLegs(context, call, 'completedElsewhere');
  offerTo(context, call, phase.waiting, groupId, seat, { picked: true, legId });
  move(context, call, { state: 'offering', waiting: phase.waiting, groupId });
}
