// What must be true of a pool between any two steps, computed from the plain facts and not from the core's own bookkeeping.
import { isFree } from '../../../../engine/core/agent';
import { type Call, comparePlaces, waits } from '../../../../engine/core/call';
import { type PoolState } from '../../../../engine/core/state';

/** Every deadline the phases, legs and agents speak of, in monotonic milliseconds. */
export function deadlinesOf(state: PoolState): number[] {
  const all: number[] = [];
  for (const { phase, legs } of state.calls.values()) {
    if (phase.state === 'welcoming' || phase.state === 'leaving') all.push(phase.play.endsAtMs);
    if (waits(phase)) {
      const timeout = state.configuration.objects.queues.get(phase.waiting.queueId)?.timeoutSeconds ?? null;
      if (timeout !== null) all.push(phase.waiting.joinedAtMs + timeout * 1000);
    }
    for (const leg of legs.values()) if (leg.phase === 'ringing') all.push(leg.alertEndsAtMs);
  }
  return all;
}

/** What is wrong with the pool, in words; empty when nothing is. */
export function faultsOf(state: PoolState, nowMs: number, wakeAtMs: number | null): string[] {
  return [...callFaults(state), ...agentFaults(state), ...waitingFaults(state, nowMs), ...timerFaults(state, nowMs, wakeAtMs), ...turnFaults(state)];
}

function callFaults(state: PoolState): string[] {
  const faults: string[] = [];
  const inSets = (sets: Iterable<{ readonly values: readonly Call[] }>, call: Call): number => [...sets].filter(({ values }) => values.includes(call)).length;
  for (const call of state.calls.values()) {
    const { phase, callId } = call;
    const waiting = waits(phase) ? 1 : 0;
    const queues = [...state.queues.values()];
    if (inSets(queues.map((queue) => queue.waiting), call) !== waiting) faults.push(`${callId} (${phase.state}) is not in exactly ${waiting} queues`);
    if (inSets(queues.map((queue) => queue.queued), call) !== (phase.state === 'queued' ? 1 : 0)) faults.push(`${callId} (${phase.state}) is wrongly among the queued`);
    if (inSets([...state.groups.values()].map(({ offered }) => offered), call) !== (phase.state === 'offering' ? 1 : 0)) faults.push(`${callId} (${phase.state}) is wrongly among the offered`);
    const legs = [...call.legs.values()];
    if (legs.some((leg) => leg.phase === 'ringing') !== (phase.state === 'offering')) faults.push(`${callId} is ${phase.state}, legs ${legs.map((leg) => leg.phase).join()}`);
    const winners = legs.filter((leg) => leg.phase === 'answered');
    const winner = phase.state === 'connecting' || phase.state === 'talking' ? phase.winner : null;
    if (winners.map(({ offerId }) => offerId).join() !== (winner ?? '')) faults.push(`${callId} is ${phase.state} with winners ${winners.map(({ offerId }) => offerId).join()}`);
    if (legs.some((leg) => (leg.phase === 'ending') !== (leg.cause !== null))) faults.push(`${callId} has a leg that ends without a cause`);
    if (phase.state === 'ending' && phase.callerGone && legs.length === 0) faults.push(`${callId} is over and still there`);
    if (state.workflows.get(call.workflowId)?.calls.has(call) !== true) faults.push(`${callId} is not among its workflow's calls`);
  }
  const ghosts = [...state.queues.values()].flatMap(({ waiting, queued }) => [...waiting.values, ...queued.values])
    .concat([...state.groups.values()].flatMap(({ offered }) => [...offered.values]), [...state.workflows.values()].flatMap(({ calls }) => [...calls]))
    .filter((call) => state.calls.get(call.callId) !== call);
  faults.push(...ghosts.map(({ callId }) => `${callId} is over but somewhere still`));
  for (const { waiting, queueId } of state.queues.values())
    waiting.values.forEach((call, index) => { const next = waiting.values[index + 1]; if (next !== undefined && comparePlaces(call.place, next.place) >= 0) faults.push(`${queueId} is out of order`); });
  return faults;
}

function agentFaults(state: PoolState): string[] {
  const faults: string[] = [];
  const holder = new Map<string, string>();
  for (const call of state.calls.values())
    for (const leg of call.legs.values()) {
      if (holder.has(leg.agentId)) faults.push(`${leg.agentId} has two legs: ${leg.offerId} and ${holder.get(leg.agentId)}`);
      holder.set(leg.agentId, leg.offerId);
    }
  for (const [testId, agentId] of state.tests) {
    if (holder.has(agentId)) faults.push(`${agentId} has a test beside ${holder.get(agentId)}`);
    holder.set(agentId, testId);
  }
  for (const agent of state.agents.values()) {
    const held = agent.leg === null ? undefined : agent.leg.kind === 'test' ? agent.leg.testId : agent.leg.offerId;
    if (held !== holder.get(agent.agentId)) faults.push(`${agent.agentId} holds ${held}, its calls say ${holder.get(agent.agentId)}`);
    holder.delete(agent.agentId);
    for (const seat of agent.seats.values()) if (state.groups.get(seat.groupId)?.seats.get(agent.agentId) !== seat) faults.push(`${agent.agentId} has a seat that is not in ${seat.groupId}`);
  }
  faults.push(...[...holder].map(([agentId, leg]) => `${leg} belongs to ${agentId}, who is not there`));
  return faults;
}

function waitingFaults(state: PoolState, nowMs: number): string[] {
  const faults: string[] = [];
  const { queues, agentGroups } = state.configuration.objects;
  for (const agent of state.agents.values()) {
    const free = isFree(agent, nowMs);
    for (const seat of agent.seats.values()) if (state.groups.get(seat.groupId)?.free.has(seat) !== free) faults.push(`${agent.agentId} is ${free ? '' : 'not '}free, ${seat.groupId} believes otherwise`);
  }
  for (const call of state.calls.values()) {
    if (call.phase.state !== 'queued') continue;
    const groupIds = queues.get(call.phase.waiting.queueId)?.agentGroupIds ?? [];
    const free = groupIds.flatMap((id) => agentGroups.get(id)?.agentIds ?? []).filter((id) => { const agent = state.agents.get(id); return agent !== undefined && isFree(agent, nowMs); });
    if (free.length > 0) faults.push(`${call.callId} waits while ${free.join()} is free`);
  }
  return faults;
}

function timerFaults(state: PoolState, nowMs: number, wakeAtMs: number | null): string[] {
  const pauses = [...state.agents.values()].flatMap(({ rest, wrapUp }) => [rest?.untilMs, wrapUp?.untilMs]).filter((ms): ms is number => ms !== undefined && ms > nowMs);
  const earliest = Math.min(...deadlinesOf(state), ...pauses);
  const faults = deadlinesOf(state).filter((ms) => ms <= nowMs).map((ms) => `a deadline at ${ms} was not met by ${nowMs}`);
  if (earliest !== Infinity && (wakeAtMs === null || wakeAtMs > earliest)) faults.push(`wants to be woken at ${wakeAtMs}, but ${earliest} is due`);
  if (wakeAtMs !== null && wakeAtMs <= nowMs) faults.push(`wants to be woken at ${wakeAtMs}, in the past`);
  if (state.unsettled.size > 0) faults.push('left something unsettled');
  return faults;
}

function turnFaults(state: PoolState): string[] {
  return [...state.groups.values()].flatMap(({ groupId, seats, turns }) => {
    const given = [...seats.values()].map(({ turn }) => turn).filter((turn) => turn > 0);
    const beyond = given.filter((turn) => turn > turns).map((turn) => `turn ${turn} of ${groupId} was never given: ${turns} were`);
    return new Set(given).size === given.length ? beyond : [...beyond, `${groupId} gave one turn twice: ${given.join()}`];
  });
}
