// The core's surroundings at their worst: every answer allowed by the contract, in any order, late, crossing, twice. Keeps its own books.
import { agentJournal, callJournal, journalAgent, journalCall, restoreAgent, restoreCall } from '../../../../engine/core/journal';
import { createState, type PoolState, step } from '../../../../engine/core/step';
import { type Arrival, type CoreEvent, type Effect, type LegOutcome, type Now, type StepResult, type TransferTarget } from '../../../../engine/core/types';
import { updateOf } from '../../../../engine/core/configuration';
import { liveGroup } from '../../../../engine/core/view';
import { type Call, comparePlaces, transferOf, waits } from '../../../../engine/core/call';
import { type AgentGroup, routingMethod, type RoutingMethod } from '../../../../storage/model/agent-group';
import { type ObjectChange } from '../../../../storage/model/configuration';
import { type Queue } from '../../../../storage/model/queue';
import { type Workflow } from '../../../../storage/model/workflow';
import { faultsOf } from './invariants';
import { DOMAIN, HOURS, menu, otherSchedule, otherTargets, settings, TransferBooks, transferTargets } from './wild-flow';
import { anyAgent, anyDuty, InstructionBooks, otherManners, otherRules, PICKUP } from './wild-queue';
import { aDuty, aGroup, anAgent, anArrival, aQueue, aTrunk, aWorkflow, drop, POOL, put, said, updates } from './sample';

/** What fast-check chooses of each step: which of the possible things happens, and how. */
export interface Whim { readonly pick: number; readonly how: number; readonly wait: number }

interface OfferBook { callId: string; readonly offerId: string; readonly agentId: string | null; answered: boolean; asked: 'withdraw' | 'endAgentLeg' | null; asks: number; ended: boolean; connectAsked: boolean; connectTold: boolean; readonly ofGroup: boolean }
interface CallBook { readonly callId: string; answered: boolean; gone: boolean; endAsked: boolean; released: boolean; records: number; arrived: boolean; refused: boolean; readonly plays: { readonly playId: string; readonly repeat: boolean; told: boolean }[] }

const AGENTS = ['alice', 'bob', 'carla', 'dan'];
const WORKFLOWS = ['help', 'sales', 'menu'];
const START = Date.UTC(2026, 0, 5, 9);
/** What means something anew each time it is told. */
const ONCE: ReadonlySet<CoreEvent['type']> = new Set<CoreEvent['type']>(['wake', 'pickCaller', 'moveCaller', 'setPriority', 'phoneChanged', 'phoneTest', 'keyPressed', 'transferAsked', 'callerReplaced', 'agentReplaced', 'connected', 'connectFailed']);
const DEAD: LegOutcome[] = ['declined', 'busy', 'noAnswer', 'noAnswer', 'noAnswer', 'unreachable', 'failed', 'withdrawn'];

/** What begins or ends an offer, or anybody else's leg. */
const REASONED: ReadonlySet<Effect['type']> = new Set<Effect['type']>(['offer', 'dial', 'callBack', 'takeLeg', 'moveLeg', 'withdraw', 'endAgentLeg']);

/** Fails with the faults, if there are any. Said many thousand times, so it is no `expect`. */
function none(faults: readonly string[], when: string): void {
  if (faults.length > 0) throw new Error(`after ${when}: ${faults.join('; ')}`);
}

/** Priority, then first come, as the clock and not the core says; in the same millisecond the id decides. */
function cameBefore(a: Call, b: Call): boolean {
  if (a.place.priority !== b.place.priority) return a.place.priority < b.place.priority;
  // Who was given another's place has that one's, which the clock of the arrival does not know.
  if ([a, b].some((call) => call.place.arrival !== call.arrivedAt.getTime())) return comparePlaces(a.place, b.place) < 0;
  const [atA, atB] = [a.arrivedAt.getTime(), b.arrivedAt.getTime()];
  return atA < atB || (atA === atB && a.callId < b.callId);
}

/** What an effect asks for, however often. Where an announcement says the place anew, it is the same announcement. */
function nameOf(effect: Effect): string {
  const { type } = effect;
  return `${type} ${'callId' in effect ? effect.callId : ''} ${'offerId' in effect ? effect.offerId : ''} ${'playId' in effect ? effect.playId : ''}`;
}

export class WildWorld {
  state: PoolState = createState(POOL, { domain: DOMAIN });
  nowMs = 0;
  wakeAtMs: number | null = null;
  /** Everything posted, to be played again. */
  readonly history: { readonly event: CoreEvent; readonly now: Now }[] = [];
  readonly results: StepResult[] = [];
  readonly seenStates = new Set<string>();
  takeovers = 0;
  /** Offers that were held against the order of a list. */
  inOrder = 0;
  private rounds = 0;
  private readonly offers = new Map<string, OfferBook>();
  private readonly calls = new Map<string, CallBook>();
  private readonly tests = new Set<string>();
  readonly transfers = new TransferBooks();
  readonly instructions = new InstructionBooks();
  /** Callers who were picked, by chat or by phone. */
  picks = 0;
  pauses = 0;
  /** Callers who were called back and picked up. */
  returns = 0;
  /** By agent group: who was offered a call, latest last, of those in its list. */
  private readonly turns = new Map<string, string[]>();
  private readonly update = updates();
  private readonly workflows = new Map<string, Workflow>();
  private readonly queues = new Map<string, Queue>();
  private readonly groups = new Map<string, AgentGroup>();
  private count = 0;
  /** How everything looked after the last step; as text, to be compared. */
  private present = new Map<string, string>();

  /** `methods`: how the two agent groups route to begin with. */
  constructor([first, second]: readonly [RoutingMethod, RoutingMethod]) {
    for (const group of [aGroup('g1', { agentIds: ['alice', 'bob'], routingMethod: first, autoPauseAfter: 1 }), aGroup('g2', { agentIds: ['bob', 'carla', 'dan'], routingMethod: second, wrapUpSeconds: 7, autoPauseAfter: 1 })]) this.groups.set(group.id, group);
    for (const queue of [aQueue('q-help', { agentGroupIds: ['g1', 'g2'], callBackKey: '0', timeoutSeconds: 40, timeoutAction: { kind: 'disconnect', prompt: said('late') } }), aQueue('q-sales', { agentGroupIds: ['g2'], callBackKey: '0', overflowThreshold: 2 })]) this.queues.set(queue.id, queue);
    for (const workflow of [aWorkflow('help', { welcome: said('welcome') }), aWorkflow('sales', { telephoneNumber: '+44100' }), menu()]) this.workflows.set(workflow.id, workflow);
    this.configure(put('settings', settings()), put('trunks', aTrunk), ...HOURS.map((each) => put('businessHours', each)), ...[...this.workflows.values()].map((each) => put('workflows', each)), ...[...this.queues.values()].map((each) => put('queues', each)),
      ...[...this.groups.values()].map((each) => put('agentGroups', each)), ...AGENTS.flatMap((id) => [put('agents', anAgent(id)), put('duties', aDuty(id, true))]));
    for (const agentId of AGENTS) this.post({ type: 'phoneChanged', agentId, reachable: true });
  }

  get now(): Now { return { monotonicMs: this.nowMs, civil: new Date(START + this.nowMs) }; }

  /** One whim: something that can happen now happens. */
  live({ pick, how, wait }: Whim): void {
    this.nowMs += wait;
    const possible = this.possible(how);
    (possible[pick % possible.length] as () => void)();
  }

  /** Lets everything come to its end: nobody calls any more, everybody hangs up, whatever was asked for happens. */
  finish(): void {
    while (this.state.calls.size > 0 || this.tests.size > 0 || this.wakeAtMs !== null) {
      if ((this.rounds += 1) > 50) break;
      for (const call of this.calls.values()) if (call.arrived && !call.refused && !call.gone) this.callerGone(call, 'hungUp');
      for (const offer of [...this.offers.values()]) if (!offer.ended) this.legEnded(offer, offer.answered ? 'hungUp' : 'withdrawn');
      for (const testId of this.tests) this.post({ type: 'phoneTestEnded', testId });
      this.tests.clear();
      this.nowMs += 700_000;
      this.post({ type: 'wake' });
    }
    const left = { calls: [...this.state.calls.keys()], agents: [...this.state.agents.values()].filter(({ leg }) => leg !== null).map(({ agentId }) => agentId), deadlines: this.state.callDeadlines.size + this.state.agentDeadlines.size };
    expect(left).toEqual({ calls: [], agents: [], deadlines: 0 });
    const unfinished = [...this.calls.values()].filter(({ records, released, refused }) => records !== 1 || released === refused);
    expect(unfinished).toEqual([]);
    expect(this.transfers.open).toEqual([]);
    expect(this.instructions.open).toEqual([]);
    expect([...this.state.agents.values()].filter(({ calling }) => calling.size > 0)).toEqual([]);
    expect(this.state.movedLegs.size).toBe(0);
  }

  /** Another engine takes over, with what the journal says. */
  takeOver(): void {
    if (this.tests.size > 0) return;
    this.post({ type: 'wake' });
    const { now, state: old } = this;
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    const state = createState(POOL, { domain: DOMAIN });
    step(state, { type: 'configurationChanged', update: updateOf(old.configuration) }, now);
    for (const { agentId, reachable } of old.agents.values()) if (reachable) step(state, { type: 'phoneChanged', agentId, reachable }, now);
    for (const agentId of old.agents.keys()) { const journal = journalAgent(old, agentId, now); if (journal !== null) restoreAgent(state, agentJournal.parse(plain(journal)), now); }
    for (const callId of old.calls.keys()) { const journal = journalCall(old, callId, now); if (journal !== null) restoreCall(state, callJournal.parse(plain(journal)), now); }
    const asking = new Set([...old.calls.values()].flatMap(({ callId, phase }) => (phase.state === 'asking' ? [callId] : [])));
    const { effects, wakeAtMs } = step(state, { type: 'wake' }, now);
    // Nothing had changed, so the new state says what the old one said, and asks for nothing but what was asked for; but who was asked something is asked again.
    const others = effects.filter((effect) => !('callId' in effect) || !asking.has(effect.callId));
    const asked = new Set(this.results.flatMap((result) => result.effects.map(nameOf)));
    expect(others.filter((effect) => effect.type !== 'pauseAgent' && !asked.has(nameOf(effect)))).toEqual([]);
    expect(faultsOf(state, this.nowMs, wakeAtMs)).toEqual([]);
    if (asking.size === 0) {
      expect([...old.calls.keys()].map((id) => journalCall(state, id, now))).toEqual([...old.calls.keys()].map((id) => journalCall(old, id, now)));
      expect([...old.agents.keys()].map((id) => journalAgent(state, id, now))).toEqual([...old.agents.keys()].map((id) => journalAgent(old, id, now)));
      for (const id of WORKFLOWS) expect(liveGroup(state, id, now)).toEqual(liveGroup(old, id, now));
      expect(wakeAtMs).toEqual(this.wakeAtMs);
    }
    for (const callId of old.over) state.over.add(callId);
    // Of agents who are deleted nothing is remembered.
    this.keepTurns((agentId) => state.configuration.objects.agents.has(agentId));
    this.state = state;
    this.wakeAtMs = wakeAtMs;
    for (const effect of effects) if (!asked.has(nameOf(effect))) this.note(effect);
    this.present = this.snapshot();
    this.takeovers += 1;
  }

  private possible(how: number): (() => void)[] {
    const acts: (() => void)[] = [];
    const one = <T>(list: readonly T[]): T => list[how % list.length] as T;
    acts.push(() => { this.arrive(one(['help', 'help', 'HELP', 'sales', '+44100', 'nobody', 'menu'])); });
    acts.push(() => { this.arrive(one(['carla', 'dan', 'sales', '+44700', '+33700', 'menu', 'alice', 'nobody']), { agentId: one(AGENTS), callerNumber: one(AGENTS) }); });
    acts.push(() => { this.arrive(one(['help', 'sales', 'carla']), { timesHere: how % 5, trunk: { id: 'partner', federated: how % 2 === 0 }, callerNumber: one(['alice', '+44555']) }); });
    acts.push(() => { this.arrive(one(['help', 'sales']), { trunk: { id: 'trunk', federated: false }, callerNumber: one(['+44700100', '+44700200', '+44700300', '+33700100', '']) }); });
    acts.push(() => { this.post({ type: 'wake' }); });
    acts.push(() => { this.reconfigure(how); });
    acts.push(() => { const after = anyDuty(one(AGENTS), how >> 2, this.now.civil); this.configure(put('duties', after, this.state.configuration.objects.duties.get(after.id) ?? null)); });
    acts.push(() => { this.post(this.instructions.any(how, this.callsToName(), AGENTS)); });
    acts.push(() => { this.arrive(PICKUP, { agentId: one(AGENTS), callerNumber: one(AGENTS) }); });
    acts.push(() => { this.post({ type: 'phoneChanged', agentId: one(AGENTS), reachable: how % 3 !== 0 }); });
    acts.push(() => { this.again(how); });
    acts.push(() => { this.nonsense(how); });
    acts.push(() => { this.takeOver(); });
    acts.push(() => { const testId = `t${(this.count += 1)}`; this.post({ type: 'phoneTest', testId, agentId: one([...AGENTS, 'nobody']) }); });
    for (const testId of this.tests) acts.push(() => { this.tests.delete(testId); this.post({ type: 'phoneTestEnded', testId }); });
    for (const call of this.calls.values()) {
      if (!call.arrived || call.refused || call.gone) continue;
      if (!call.answered) acts.push(...[1, 2, 3].map(() => () => { call.answered = true; this.post({ type: 'callerAnswered', callId: call.callId }); }), () => { this.callerGone(call, one(['cancelled', 'failed'])); });
      else acts.push(() => { this.callerGone(call, call.endAsked ? 'endedByUs' : one(['hungUp', 'hungUp', 'failed', 'endedByUs'])); });
      if (call.answered) {
        const { callId } = call;
        for (const key of ['0', '1', String(how % 10)]) acts.push(() => { this.post({ type: 'keyPressed', callId, key }); });
        acts.push(() => { this.post({ type: 'callerReplaced', callId, callerNumber: `+44${how}`, callerName: '' }); });
      }
      for (const play of call.plays) {
        if (play.told) continue;
        const { callId } = call;
        acts.push(() => { play.told = true; this.post(how % 4 === 0 ? { type: 'playFailed', callId, playId: play.playId } : { type: 'playStarted', callId, playId: play.playId, durationMs: play.repeat ? null : (how % 7) * 1000 }); });
      }
    }
    for (const offer of this.offers.values()) {
      if (offer.ended) continue;
      const { callId, offerId } = offer;
      if (!offer.answered) {
        acts.push(() => { this.post({ type: 'offerRinging', callId, offerId }); });
        // Also when a withdrawal was asked for: the 200 was reported before it could be sent.
        // More often than not, or nobody would ever talk.
        for (let often = 0; often < 3; often += 1) acts.push(() => { offer.answered = true; this.post({ type: 'offerAnswered', callId, offerId }); });
        acts.push(() => { this.legEnded(offer, one(DEAD)); });
      } else {
        acts.push(() => { this.legEnded(offer, one(['hungUp', 'hungUp', 'failed', 'withdrawn'])); });
        acts.push(() => { this.replaceAgent(offer, one([null, ...AGENTS])); });
      }
      // Also by phones that are not connected to any caller.
      const targets = transferTargets([...this.calls.keys()].slice(-4));
      for (const by of offer.connectTold ? [1, 3, 7, 11, 13, 17] : [1]) acts.push(() => { this.post({ type: 'transferAsked', callId, offerId, transferId: this.transfers.ask(), target: targets[Math.floor(how / by) % targets.length] as TransferTarget }); });
      if (offer.connectAsked && !offer.connectTold) {
        for (let often = 0; often < 6; often += 1) acts.push(() => { offer.connectTold = true; this.post({ type: 'connected', callId, offerId }); });
        acts.push(() => { offer.connectTold = true; this.post({ type: 'connectFailed', callId, offerId }); });
      }
    }
    return acts;
  }

  /** Another phone has taken the place of an agent's: of the old dialog nothing more is told. */
  private replaceAgent(old: OfferBook, agentId: string | null): void {
    const offerId = `x${(this.count += 1)}`;
    old.ended = true;
    this.offers.set(offerId, { callId: old.callId, offerId, agentId, answered: true, asked: null, ended: false, connectAsked: true, connectTold: true, ofGroup: false, asks: 0 });
    this.post({ type: 'agentReplaced', callId: old.callId, offerId: old.offerId, newOfferId: offerId, agentId });
  }

  /** Callers whom an instruction may name: those who wait, most of all. */
  private callsToName(): string[] {
    const waiting = [...this.state.calls.values()].flatMap(({ callId, phase }) => (waits(phase) ? [callId] : []));
    return [...waiting, ...waiting, ...[...this.calls.keys()].slice(-2)];
  }

  private arrive(dialledUser: string, more: Partial<Arrival> = {}): void {
    const callId = `c${(this.count += 1)}`;
    this.calls.set(callId, { callId, answered: false, gone: false, endAsked: false, released: false, records: 0, arrived: true, refused: false, plays: [] });
    this.post({ type: 'callArrived', arrival: anArrival(callId, dialledUser, more) });
  }

  private callerGone(call: CallBook, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void {
    call.gone = true;
    this.post({ type: 'callerGone', callId: call.callId, cause });
  }

  private legEnded(offer: OfferBook, outcome: LegOutcome): void {
    offer.ended = true;
    this.post({ type: 'legEnded', callId: offer.callId, offerId: offer.offerId, outcome });
  }

  /** Something that happened to a call is told a second time, at a moment when nothing is due: nothing may come of it. */
  private again(how: number): void {
    this.post({ type: 'wake' });
    const past = this.history.map(({ event }) => event).filter(({ type }) => !ONCE.has(type));
    const event = past[how % past.length];
    if (event === undefined) return;
    const { effects, touchedCalls, touchedAgents } = this.post(event);
    expect({ event, effects, touched: [...touchedCalls, ...touchedAgents] }).toEqual({ event, effects: [], touched: [] });
  }

  private nonsense(how: number): void {
    this.post({ type: 'wake' });
    const callId = how % 2 === 0 ? 'c-unknown' : (([...this.calls.keys()])[how % Math.max(1, this.calls.size)] ?? 'c-unknown');
    const offerId = `${callId}.9999`;
    const events: CoreEvent[] = [
      { type: 'offerAnswered', callId, offerId }, { type: 'legEnded', callId, offerId, outcome: 'declined' }, { type: 'connected', callId, offerId }, { type: 'connectFailed', callId, offerId },
      { type: 'playStarted', callId, playId: 'none', durationMs: 5 }, { type: 'playFailed', callId, playId: 'none' }, { type: 'callerGone', callId: 'c-unknown', cause: 'hungUp' }, { type: 'callerAnswered', callId: 'c-unknown' },
      { type: 'phoneTestEnded', testId: 'none' }, { type: 'phoneChanged', agentId: 'nobody', reachable: false },
    ];
    const event = events[how % events.length] as CoreEvent;
    expect({ event, effects: this.post(event).effects }).toEqual({ event, effects: [] });
  }

  private reconfigure(how: number): void {
    const one = <T>(list: readonly T[], by = 1): T => list[Math.floor(how / by) % list.length] as T;
    const groupId = one(['g1', 'g2'], 3);
    const queueId = one(['q-help', 'q-sales'], 3);
    const workflowId = one(['help', 'sales'], 3);
    const group = this.groups.get(groupId) as AgentGroup;
    const queue = this.queues.get(queueId) as Queue;
    const workflow = this.workflows.get(workflowId) as Workflow;
    const some = AGENTS.filter((_, index) => ((how >> 3) & (1 << index)) !== 0);
    const inGroup = (more: Partial<AgentGroup>): ObjectChange => { this.groups.set(groupId, { ...group, ...more }); return put('agentGroups', { ...group, ...more }); };
    const inQueue = (more: Partial<Queue>): ObjectChange => { this.queues.set(queueId, { ...queue, ...more }); return put('queues', { ...queue, ...more }); };
    const changes: (() => ObjectChange)[] = [
      () => inGroup({ agentIds: how % 2 === 0 ? some : [...some].reverse() }),
      () => inGroup({ routingMethod: one(routingMethod.options, 5) }),
      () => inGroup({ alertTimeSeconds: one([10, 30, 180], 5), wrapUpSeconds: one([0, 20], 7) }),
      () => inQueue({ timeoutSeconds: one([null, 10, 60], 5) }),
      () => inQueue({ overflowThreshold: one([null, 0, 1, 3], 5), overflowCandidate: one(['newestCall', 'oldestCall'], 7), overflowAction: { kind: 'disconnect', prompt: one([null, said('full')], 11) } }),
      () => inQueue(otherTargets(how)), () => inQueue(otherTargets(how)), () => inQueue(otherRules(how)), () => inQueue(otherRules(how)), () => inGroup(otherManners(how)), () => inGroup(otherManners(how)),
      () => { const other = { ...workflow, ...otherSchedule(how) }; this.workflows.set(workflowId, other); return put('workflows', other); },
      () => { const other = { ...menu(), ...otherSchedule(how) }; return put('workflows', other); },
      () => inQueue({ agentGroupIds: one([['g1'], ['g2', 'g1'], ['g1', 'g2'], []], 5) }),
      () => put('workflows', { ...workflow, active: one([true, true, false], 5) }),
      () => drop('workflows', workflow), () => put('workflows', workflow), () => put('workflows', workflow),
      () => drop('queues', queue), () => put('queues', queue), () => put('queues', queue),
      () => drop('agentGroups', group), () => put('agentGroups', group), () => put('agentGroups', group),
      () => drop('agents', anAgent(one(AGENTS, 5))), () => put('agents', anyAgent(one(AGENTS, 5), how >> 4)), () => put('agents', anyAgent(one(AGENTS, 5), how >> 4)),
    ];
    this.configure((one(changes, 2))());
  }

  private configure(...changes: ObjectChange[]): void { this.post({ type: 'configurationChanged', update: this.update(...changes) }); }

  private post(event: CoreEvent): StepResult {
    const { now, state } = this;
    const before = this.present;
    const wasDue = this.wakeAtMs !== null && this.wakeAtMs <= now.monotonicMs;
    const waitedBefore = [...state.calls.values()].filter(({ phase }) => phase.state === 'queued');
    this.history.push({ event, now });
    const result = step(state, event, now);
    this.results.push(result);
    this.wakeAtMs = result.wakeAtMs;
    for (const call of state.calls.values()) this.seenStates.add(call.phase.state);
    none(faultsOf(state, this.nowMs, result.wakeAtMs), event.type);
    this.checkTouched(before, result);
    this.checkReasons(result.effects);
    for (const effect of result.effects) this.note(effect);
    this.checkOrder(waitedBefore, result.effects);
    this.checkTurns(result.effects, wasDue);
    return result;
  }

  /** No phone begins or ceases to ring without a word of why. Asked for once more, or the call over already: that was said before. */
  private checkReasons(effects: readonly Effect[]): void {
    const told = new Set(effects.flatMap((effect) => (effect.type === 'decided' ? [effect.callId] : [])));
    for (const effect of effects) {
      if (!REASONED.has(effect.type) || !('offerId' in effect) || told.has(effect.callId) || this.offers.get(effect.offerId)?.asked != null) continue;
      if (this.calls.get(effect.callId)?.released !== true) throw new Error(`${effect.type} of ${effect.offerId} without a reason`);
    }
  }

  /** Nobody who waited before and waits still was passed over for somebody with a later place. */
  private checkOrder(waited: readonly { readonly callId: string }[], effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'offer') continue;
      const served = this.state.calls.get(effect.callId);
      const leg = served?.legs.get(effect.offerId);
      if (served === undefined || leg === undefined || leg.groupId === null || leg.picked) continue;
      for (const { callId } of waited) {
        const call = this.state.calls.get(callId);
        if (call === undefined || !waits(call.phase) || call.phase.state !== 'queued') continue;
        const mine = this.state.queues.get(call.phase.waiting.queueId)?.groups.some(({ seats, group }) => seats.get(effect.agentId)?.signedIn === true && group?.routingMethod !== 'attendant') === true;
        if (mine && cameBefore(call, served)) throw new Error(`${effect.agentId} rings for ${effect.callId}, but ${callId} waited longer`);
      }
    }
  }

  /**
   * Nobody is passed over who was free and untried, and stood nearer: to the top (serial), or below the one offered last (round robin).
   * Where much was due in one step, who is free after it was perhaps not when the offer was made, so that only turns are written down.
   */
  private checkTurns(effects: readonly Effect[], wasDue: boolean): void {
    const { agentGroups } = this.state.configuration.objects;
    this.keepTurns((agentId, groupId) => agentGroups.get(groupId)?.agentIds.includes(agentId) === true);
    for (const effect of effects) {
      if (effect.type !== 'offer' && effect.type !== 'takeLeg') continue;
      const { agentId, callId, offerId } = effect;
      const call = this.state.calls.get(callId);
      const leg = call?.legs.get(offerId);
      if (leg !== undefined && leg.groupId === null) continue;
      const group = agentGroups.get(leg?.groupId ?? '');
      if (call === undefined || group === undefined) throw new Error(`${offerId} rings for nobody`);
      const turns = this.turns.get(group.id) ?? [];
      this.turns.set(group.id, [...turns.filter((id) => id !== agentId), agentId]);
      if (leg?.picked === true) this.picks += 1;
      if (leg?.picked === true || wasDue || call.phase.state !== 'offering' || (group.routingMethod !== 'serial' && group.routingMethod !== 'roundRobin')) continue;
      const { tried } = call.phase.waiting;
      const last = turns.at(-1);
      const cut = group.routingMethod === 'roundRobin' && last !== undefined ? group.agentIds.indexOf(last) + 1 : 0;
      const order = [...group.agentIds.slice(cut), ...group.agentIds.slice(0, cut)];
      const passed = order.slice(0, order.indexOf(agentId)).filter((id) => this.state.agents.get(id)?.seats.get(group.id)?.free === true && !tried.has(id));
      if (passed.length > 0) throw new Error(`${agentId} rings by ${group.routingMethod} of ${order.join()}, but ${passed.join()} came first; last ${last}`);
      this.inOrder += 1;
    }
  }

  private keepTurns(keep: (agentId: string, groupId: string) => boolean): void {
    for (const [groupId, turns] of this.turns) this.turns.set(groupId, turns.filter((agentId) => keep(agentId, groupId)));
  }

  private snapshot(): Map<string, string> {
    const { state, now } = this;
    const entries: [string, string][] = [];
    for (const id of state.calls.keys()) entries.push([`call ${id}`, JSON.stringify(journalCall(state, id, now))]);
    for (const id of state.agents.keys()) { const journal = journalAgent(state, id, now); if (journal !== null) entries.push([`agent ${id}`, JSON.stringify(journal)]); }
    for (const id of WORKFLOWS) { const { callers, agents } = liveGroup(state, id, now); entries.push([`workflow ${id}`, JSON.stringify({ callers, agents: agents.map(({ agentId, since }) => ({ agentId, since, activity: state.agents.get(agentId)?.activity })) })]); }
    return new Map(entries);
  }

  /** Whatever changed was said to have changed; else the journal or the screen would stay behind. */
  private checkTouched(before: Map<string, string>, result: StepResult): void {
    const touched = new Set([...[...result.touchedCalls].map((id) => `call ${id}`), ...[...result.touchedAgents].map((id) => `agent ${id}`), ...[...result.touchedWorkflows].map((id) => `workflow ${id}`)]);
    const after = this.snapshot();
    this.present = after;
    const silent = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key) && !touched.has(key));
    none(silent.map((key) => `${key} was ${before.get(key)}, is ${after.get(key)}, and was not touched`), 'step');
  }

  /** The world's own books: each effect is held against what was asked for before. */
  private note(effect: Effect): void {
    if (effect.type === 'ringTest') { this.tests.add(effect.testId); return; }
    if (effect.type === 'refuseTest') return;
    if (effect.type === 'pauseAgent') { this.pauses += 1; return; }
    if (effect.type === 'setDuty') return;
    if (effect.type === 'instructionDone') { this.instructions.note(effect); return; }
    if (effect.type === 'acceptTransfer' || effect.type === 'refuseTransfer' || effect.type === 'transferProgress') { this.transfers.note(effect); return; }
    const call = this.bookOf(effect.type === 'record' ? effect.record._id : effect.callId);
    // A phone that takes a place in a call that is over is let go.
    if (effect.type !== 'endAgentLeg' && (call.released || (call.refused && effect.type !== 'record'))) throw new Error(`${effect.type} after the end of ${call.callId}`);
    const mine = [...this.offers.values()].filter(({ callId }) => callId === call.callId);
    const dialled = (): OfferBook[] => mine.filter(({ ended, offerId }) => !ended && offerId.startsWith(`${call.callId}.`));
    switch (effect.type) {
      case 'refuse': call.refused = true; return;
      case 'play': call.plays.push({ playId: effect.playId, repeat: effect.repeat, told: false }); return;
      case 'dial': this.noteLeg(call, effect.offerId, null); return;
      case 'callBack':
        expect({ gone: call.gone, open: dialled() }).toEqual({ gone: true, open: [] });
        this.offers.set(effect.offerId, { callId: call.callId, offerId: effect.offerId, agentId: null, answered: false, asked: null, asks: 0, ended: false, connectAsked: false, connectTold: false, ofGroup: false });
        return;
      case 'callBackOver': expect({ gone: call.gone, open: dialled() }).toEqual({ gone: true, open: [] }); return;
      case 'welcomeBack': {
        const offer = this.offers.get(effect.offerId) as OfferBook;
        expect({ gone: call.gone, answered: offer.answered, ended: offer.ended, asked: offer.asked }).toEqual({ gone: true, answered: true, ended: false, asked: null });
        // What was our leg is the caller's, and nothing more is told of it as a leg.
        offer.ended = true;
        Object.assign(call, { gone: false, arrived: true, answered: false });
        this.returns += 1;
        return;
      }
      case 'offer': this.noteLeg(call, effect.offerId, effect.agentId); return;
      case 'withdraw':
      case 'endAgentLeg': {
        const offer = this.offers.get(effect.offerId) as OfferBook;
        expect({ again: offer.asked === effect.type, ended: offer.ended }).toEqual({ again: false, ended: false });
        offer.asked = effect.type;
        return;
      }
      case 'moveLeg': {
        const offer = this.offers.get(effect.offerId) as OfferBook;
        expect({ from: offer.callId, answered: offer.answered, ended: offer.ended, asked: offer.asked }).toEqual({ from: effect.fromCallId, answered: true, ended: false, asked: null });
        offer.callId = effect.callId;
        return;
      }
      case 'connect': {
        const offer = this.offers.get(effect.offerId) as OfferBook;
        expect({ answered: offer.answered, ended: offer.ended, asked: offer.asked }).toEqual({ answered: true, ended: false, asked: null });
        // Exactly one winner: whoever else was connected before was ended, is being ended, or transfers.
        const phase = this.state.calls.get(call.callId)?.phase;
        const from = phase === undefined ? null : transferOf(phase)?.from;
        expect(mine.filter((each) => each !== offer && each.connectAsked && !each.ended && each.asked === null && each.offerId !== from)).toEqual([]);
        offer.connectAsked = true;
        offer.connectTold = false;
        return;
      }
      case 'endCallerLeg': expect({ twice: call.endAsked, gone: call.gone }).toEqual({ twice: false, gone: false }); call.endAsked = true; return;
      case 'record': {
        call.records += 1;
        expect(call.records).toBe(1);
        expect(mine.filter(({ ended }) => !ended)).toEqual([]);
        const offered = [...this.offers.values()].filter(({ offerId, ofGroup }) => ofGroup && offerId.startsWith(`${call.callId}.`));
        if (!call.refused) expect(effect.record.offers.map(({ attempt }) => `${call.callId}.${attempt}`)).toEqual(offered.map(({ offerId }) => offerId).slice(-200));
        expect(effect.record.offers.filter(({ endedAt }) => endedAt === null)).toEqual([]);
        expect(effect.record.outcome === 'answered' || effect.record.outcome === 'forwarded').toBe(effect.record.connectedAt !== null);
        return;
      }
      case 'release': expect({ records: call.records, gone: call.gone }).toEqual({ records: 1, gone: true }); call.released = true; return;
      case 'takeLeg':
        // The phone that dialled in is a leg from now on, and no caller.
        this.calls.delete(effect.legId);
        this.noteLeg(call, effect.offerId, effect.agentId);
        return;
      case 'separate':
      case 'answer':
      case 'decided': return;
    }
  }

  /** A call back begins by itself, with nobody on the phone. */
  private bookOf(callId: string): CallBook {
    const book = this.calls.get(callId) ?? { callId, answered: false, gone: true, endAsked: false, released: false, records: 0, arrived: false, refused: false, plays: [] };
    if (!this.calls.has(callId) && !callId.endsWith('-back')) throw new Error(`nobody knows of ${callId}`);
    this.calls.set(callId, book);
    return book;
  }

  private noteLeg(call: CallBook, offerId: string, agentId: string | null): void {
    if (agentId !== null) expect([...this.offers.values()].filter((each) => each.agentId === agentId && !each.ended && this.isHeld(each))).toEqual([]);
    expect(call.gone || call.endAsked).toBe(false);
    expect(this.offers.has(offerId)).toBe(false);
    const ofGroup = agentId !== null && this.state.calls.get(call.callId)?.legs.get(offerId)?.groupId !== null;
    this.offers.set(offerId, { callId: call.callId, offerId, agentId, answered: false, asked: null, asks: 0, ended: false, connectAsked: false, connectTold: false, ofGroup });
  }

  /** A phone that took a place while its agent had another leg is nobody's, as far as the core knows. */
  private isHeld({ callId, offerId, agentId }: OfferBook): boolean { return this.state.calls.get(callId)?.legs.get(offerId)?.agentId === agentId; }
}
