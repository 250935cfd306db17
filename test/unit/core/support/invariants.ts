// What must be true of a pool between any two steps, computed from the plain facts and not from the core's own bookkeeping.
import { isFree } from '../../../../engine/core/agent';
import { type Call, callBackDueMs, comparePlaces, isCalledBack, playOf, transferOf, waits } from '../../../../engine/core/call';
import { type PoolState } from '../../../../engine/core/state';

/** Every deadline the phases, legs and agents speak of, in monotonic milliseconds. */
export function deadlinesOf(state: PoolState): number[] {
  const all: number[] = [];
  for (const { phase, legs } of state.calls.values()) {
    const play = playOf(phase);
    if (play !== null) all.push(play.endsAtMs);
    if (waits(phase)) {
      const { joinedAtMs, announcedAtMs, announcement } = phase.waiting;
      const queue = state.configuration.objects.queues.get(phase.waiting.queueId);
      if (queue?.timeoutSeconds != null) all.push(joinedAtMs + queue.timeoutSeconds * 1000);
      if (announcement !== null) all.push(announcement.endsAtMs);
      else if (queue?.announceSeconds != null) all.push(announcedAtMs + queue.announceSeconds * 1000);
    }
    if (phase.state === 'promised') all.push(callBackDueMs(phase));
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
  const countIn = (sets: Iterable<{ readonly values: readonly Call[] }>): ((call: Call) => number) => {
    const times = new Map<Call, number>();
    for (const { values } of sets) for (const call of values) times.set(call, (times.get(call) ?? 0) + 1);
    return (call) => times.get(call) ?? 0;
  };
  const queues = [...state.queues.values()];
  const inWaiting = countIn(queues.map((queue) => queue.waiting));
  const inQueued = countIn(queues.map((queue) => queue.queued));
  const inOffered = countIn([...state.groups.values()].map(({ offered }) => offered));
  const inCallBacks = countIn(queues.map(({ callBacks }) => callBacks));
  for (const call of state.calls.values()) {
    const { phase, callId } = call;
    const waiting = waits(phase) ? 1 : 0;
    if (inWaiting(call) !== waiting) faults.push(`${callId} (${phase.state}) is not in exactly ${waiting} queues`);
    if (inQueued(call) !== (phase.state === 'queued' ? 1 : 0)) faults.push(`${callId} (${phase.state}) is wrongly among the queued`);
    if (inOffered(call) !== (phase.state === 'offering' ? 1 : 0)) faults.push(`${callId} (${phase.state}) is wrongly among the offered`);
    if (inCallBacks(call) !== (isCalledBack(phase) ? 1 : 0)) faults.push(`${callId} (${phase.state}) is wrongly among the call backs`);
    if (isCalledBack(phase) && !state.queues.get(phase.queueId)?.callBacks.has(call)) faults.push(`${callId} is to be called back for another queue`);
    const legs = [...call.legs.values()];
    const ringing = legs.filter((leg) => leg.phase === 'ringing').map(({ offerId }) => offerId);
    const target = phase.state === 'forwarding' ? phase.leg : phase.state === 'transferring' ? phase.target : phase.state === 'calling' && call.legs.get(phase.leg)?.phase !== 'ending' ? phase.leg : '';
    if (phase.state === 'offering' ? ringing.length === 0 : ringing.join() !== target) faults.push(`${callId} is ${phase.state}, ${ringing.join()} ring`);
    const answered = legs.filter((leg) => leg.phase === 'answered').map(({ offerId }) => offerId);
    const winner = phase.state === 'connecting' || phase.state === 'talking' ? [phase.winner] : [];
    const transferor = transferOf(phase)?.from;
    if (answered.filter((offerId) => offerId !== transferor).join() !== winner.join()) faults.push(`${callId} is ${phase.state} with winners ${answered.join()}`);
    if (state.callDeadlines.atMs(`announce ${callId}`) !== null && waiting === 0) faults.push(`${callId} (${phase.state}) is to hear an announcement`);
    if (picksOf(call) > 0 && ringing.length !== 1) faults.push(`${callId} is picked, and others ring for it`);
    if (legs.some((leg) => (leg.phase === 'ending') !== (leg.cause !== null))) faults.push(`${callId} has a leg that ends without a cause`);
    if (phase.state === 'ending' && phase.callerGone && legs.length === 0) faults.push(`${callId} is over and still there`);
    if (call.workflowId !== null && state.workflows.get(call.workflowId)?.calls.has(call) !== true) faults.push(`${callId} is not among its workflow's calls`);
  }
  const ghosts = [...state.queues.values()].flatMap(({ waiting, queued, callBacks }) => [...waiting.values, ...queued.values, ...callBacks.values])
    .concat([...state.groups.values()].flatMap(({ offered }) => [...offered.values]), [...state.workflows.values()].flatMap(({ calls }) => [...calls]))
    .filter((call) => state.calls.get(call.callId) !== call);
  faults.push(...ghosts.map(({ callId }) => `${callId} is over but somewhere still`));
  for (const { waiting, queueId } of state.queues.values())
    waiting.values.forEach((call, index) => { const next = waiting.values[index + 1]; if (next !== undefined && comparePlaces(call.place, next.place) >= 0) faults.push(`${queueId} is out of order`); });
  return faults;
}

function picksOf({ legs }: Call): number { return [...legs.values()].filter(({ picked, phase }) => picked && phase === 'ringing').length; }

/** By the configuration alone. */
function signedIn({ configuration: { objects } }: PoolState): (agentId: string, groupId: string) => boolean {
  const duties = new Map([...objects.duties.values()].map((duty) => [duty.agentId, duty]));
  return (agentId, groupId) => {
    const duty = duties.get(agentId);
    const group = objects.agentGroups.get(groupId);
    return objects.agents.has(agentId) && duty?.onDuty === true && group !== undefined && (group.participation === 'informal' || duty.signedIn.includes(groupId));
  };
}

function agentFaults(state: PoolState): string[] {
  const faults: string[] = [];
  const holder = new Map<string, string>();
  for (const call of state.calls.values())
    for (const leg of call.legs.values()) {
      if (leg.agentId === null) continue;
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
  const isSignedIn = signedIn(state);
  const { queues, agentGroups } = state.configuration.objects;
  for (const agent of state.agents.values()) {
    const free = isFree(agent, nowMs);
    for (const seat of agent.seats.values()) {
      const serves = free && isSignedIn(agent.agentId, seat.groupId);
      if (state.groups.get(seat.groupId)?.free.has(seat) !== serves) faults.push(`${agent.agentId} is ${serves ? '' : 'not '}free, ${seat.groupId} believes otherwise`);
    }
  }
  for (const { groupId, signedIn } of state.groups.values()) {
    const counted = (agentGroups.get(groupId)?.agentIds ?? []).filter((id) => isSignedIn(id, groupId)).length;
    if (counted !== signedIn) faults.push(`${counted} are signed in to ${groupId}, not ${signedIn}`);
  }
  for (const [queueId, call] of firstDue(state)) faults.push(...uncalled(state, call, queueId, nowMs));
  for (const call of state.calls.values()) {
    if (!waits(call.phase)) continue;
    const queue = queues.get(call.phase.waiting.queueId);
    const groupIds = queue?.agentGroupIds ?? [];
    if (queue?.noAgentsAction != null && !groupIds.some((groupId) => (agentGroups.get(groupId)?.agentIds ?? []).some((id) => isSignedIn(id, groupId)))) faults.push(`${call.callId} waits where no agent is signed in`);
    if (call.phase.state !== 'queued') continue;
    const ringing = groupIds.filter((id) => agentGroups.get(id)?.routingMethod !== 'attendant');
    const free = ringing.flatMap((groupId) => (agentGroups.get(groupId)?.agentIds ?? []).filter((id) => { const agent = state.agents.get(id); return agent !== undefined && isFree(agent, nowMs) && isSignedIn(id, groupId); }));
    if (free.length > 0) faults.push(`${call.callId} waits while ${free.join()} is free`);
  }
  return faults;
}

/** Whether this caller could be called back: the phone is free, and nobody said when it may be rung again. */
function isDue(state: PoolState, { callId, phase }: Call): boolean { return phase.state === 'promised' && phase.retry === null && !state.calls.has(callId.replace(/-back$/, '')); }

/** By queue, the first of those who could be called back: whoever comes after stands behind. */
function firstDue(state: PoolState): ReadonlyMap<string, Call> {
  const first = new Map<string, Call>();
  for (const call of state.calls.values()) {
    if (call.phase.state !== 'promised' || !isDue(state, call)) continue;
    const other = first.get(call.phase.queueId);
    if (other === undefined || comparePlaces(call.place, other.place) < 0) first.set(call.phase.queueId, call);
  }
  return first;
}

/** Nobody stands before this caller, who could be called back for an agent who is free, and is not. */
function uncalled(state: PoolState, call: Call, queueId: string, nowMs: number): string[] {
  const isSignedIn = signedIn(state);
  const { agentGroups, queues } = state.configuration.objects;
  const inQueue = (other: Call): boolean => (waits(other.phase) ? other.phase.waiting.queueId : isCalledBack(other.phase) ? other.phase.queueId : null) === queueId;
  const others = [...state.calls.values()].filter((other) => other !== call && inQueue(other));
  const before = others.filter((other) => comparePlaces(other.place, call.place) < 0 && other.phase.state === 'queued');
  const called = others.filter(({ phase }) => phase.state === 'calling' || phase.state === 'returning');
  const listed = new Set((queues.get(queueId)?.agentGroupIds ?? []).flatMap((id) => (agentGroups.get(id)?.agentIds ?? []).filter((agentId) => isSignedIn(agentId, id))));
  const free = [...listed].filter((id) => { const agent = state.agents.get(id); return agent !== undefined && isFree(agent, nowMs); });
  return before.length === 0 && free.length > called.length ? [`${call.callId} is not called back while ${free.join()} is free`] : [];
}

function timerFaults(state: PoolState, nowMs: number, wakeAtMs: number | null): string[] {
  const pauses = [...state.agents.values()].flatMap(({ rest, wrapUp, pause }) => [rest?.untilMs, wrapUp?.untilMs, pause?.untilMs]).filter((ms): ms is number => ms != null);
  const earliest = Math.min(...deadlinesOf(state), ...pauses);
  const faults = [...deadlinesOf(state), ...pauses].filter((ms) => ms <= nowMs).map((ms) => `a deadline at ${ms} was not met by ${nowMs}`);
  const kept = deadlinesOf(state).length;
  if (state.callDeadlines.size !== kept) faults.push(`keeps ${state.callDeadlines.size} deadlines of calls, which speak of ${kept}`);
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
