// One fault, from a quiet system to a verdict: a crowd gathers, the fault comes and goes, everybody hangs up, and what is left is counted.
import { setTimeout as pause } from 'node:timers/promises';
import { type LiveGroup } from '../../storage/model/live';
import { type CallRecord } from '../../storage/model/record';
import { startFaultSystem, type FaultSystem, type FaultSystemOptions } from '../support/fault-system';
import { type System } from '../support/system';
import { KINDS, type CallerNote, type CrowdPlan, type CrowdReport, type Kind, type Login } from './crowd';
import { CrowdClient } from './crowd-client';
import { type Fault, type World } from './fault';
import { Writer, type WriterReport } from './writer';

export interface Size {
  readonly waiting: number;
  readonly talking: number;
  readonly callsPerSecond: number;
  /** How long the crowd goes on after the fault is over. */
  readonly afterMs: number;
  /** The longest silence anybody may hear. */
  readonly silenceMs: number;
  /** Whether takeovers are held against their limits; else against `silenceMs`. */
  readonly strictTakeovers: boolean;
}

/** One line of the table. Times in ms. */
export interface Row {
  readonly fault: string;
  readonly skipped?: string;
  readonly calls: number;
  readonly records: number;
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  readonly changes: number;
  readonly changesLost: number;
  readonly stuck: number;
  readonly outOfOrder: number;
  readonly silenceWaiting: number;
  readonly silenceTalking: number;
  readonly takeoverMs: number | null;
  /** So much of the silences may be the crowd's own. */
  readonly lagMs: number;
  /** What is not as it should be, in words; empty: all expectations hold. */
  readonly failed: readonly string[];
  readonly words: readonly string[];
}

const PATIENCE_MS = 20_000;
/** So that the fault meets a steady crowd. */
const SETTLE_MS = 1_000;
/** Callers who came closer together than this may be served in any order. */
const SAME_TIME_MS = 50;
/** Calls, four RTP ports each, that the passing may have at once, even when they pile up for a while. */
const PILED_SECONDS = 40;
const WAITING_AGENTS_SHARE = 0.05;
const PASSING_SECONDS = 2.5;

/** `interrupted`: ends the run early; what it started is stopped all the same. */
export async function runFault(fault: Fault, size: Size, interrupted?: AbortSignal): Promise<Row> {
  const prepared = await fault.prepare?.();
  if (typeof prepared === 'string') return { ...EMPTY, fault: fault.name, skipped: prepared };
  const closing: (() => Promise<void>)[] = [];
  if (prepared !== undefined) closing.unshift(() => prepared.close());
  const interruption = new Promise<never>((_resolve, reject) => { interrupted?.addEventListener('abort', () => { reject(new Error('interrupted')); }); });
  try {
    return await Promise.race([interruption, runPrepared(fault, size, prepared?.system ?? {}, closing)]);
  } finally {
    for (const close of closing) await close();
  }
}

/** `closing` is given whatever must be closed, the latest first. */
async function runPrepared(fault: Fault, size: Size, prepared: Omit<FaultSystemOptions, 'rtpPorts'>, closing: (() => Promise<void>)[]): Promise<Row> {
  const rtpPorts = Math.min(3_800, 4 * (2 * size.waiting + 2 * size.talking + PILED_SECONDS * size.callsPerSecond));
  const faults = await startFaultSystem({ ...fault.system, ...prepared, rtpPorts });
  closing.unshift(() => faults.stop());
  const groups = await prepareGroups(faults.system, size);
  const crowd = CrowdClient.start();
  closing.unshift(() => crowd.close());
  await crowd.gather(planOf(faults.system, groups, size));
  const writer = new Writer(faults.system);
  closing.unshift(async () => { await writer.end().catch(() => undefined); });
  const world: World = { faults, crowd, takeovers: [], words: [], amiss: [] };
  await pause(SETTLE_MS);
  await crowd.mark();
  await fault.begin(world);
  await pause(fault.holdMs);
  await fault.end(world);
  await within(PATIENCE_MS, async () => (await faults.active()).isWell());
  await pause(size.afterMs);
  const report = await crowd.end();
  return judge(fault, size, world, groups, report, await writer.end());
}

const EMPTY: Omit<Row, 'fault'> = {
  calls: 0, records: 0, lost: 0, doubled: 0, refused: 0, changes: 0, changesLost: 0, stuck: 0, outOfOrder: 0, silenceWaiting: 0, silenceTalking: 0, takeoverMs: null, lagMs: 0, failed: [], words: [],
};

interface MadeGroup { readonly id: string; readonly user: string; readonly agents: readonly Login[] }
type Groups = Readonly<Record<Kind, MadeGroup>>;

async function prepareGroups(system: System, size: Size): Promise<Groups> {
  const counts: Record<Kind, number> = { waiting: Math.max(1, Math.ceil(size.waiting * WAITING_AGENTS_SHARE)), talking: size.talking, passing: Math.ceil(size.callsPerSecond * PASSING_SECONDS) + 1 };
  const made = await system.agents(counts.waiting + counts.talking + counts.passing);
  let from = 0;
  const groups: Partial<Record<Kind, MadeGroup>> = {};
  for (const kind of KINDS) {
    const agents = made.slice(from, from += counts[kind]);
    groups[kind] = { ...await system.group({ agentIds: agents.map(({ id }) => id), routingMethod: 'longestIdle', wrapUpSeconds: 0 }), agents };
  }
  return groups as Groups;
}

function planOf({ sip }: System, groups: Groups, size: Size): CrowdPlan {
  const each = <T>(of: (group: MadeGroup) => T): Record<Kind, T> => ({ waiting: of(groups.waiting), talking: of(groups.talking), passing: of(groups.passing) });
  return { server: sip, groups: each(({ user }) => user), agents: each(({ agents }) => agents.map(({ user, password }) => ({ user, password }))), waiting: size.waiting, talking: size.talking, callsPerSecond: size.callsPerSecond };
}

/** Looks again until it is so; false when it never was. */
async function within(ms: number, look: () => Promise<boolean>): Promise<boolean> {
  for (const untilMs = performance.now() + ms; ;) {
    if (await look().catch(() => false)) return true;
    if (performance.now() > untilMs) return false;
    await pause(100);
  }
}

async function judge(fault: Fault, size: Size, { faults, takeovers, words, amiss }: World, groups: Groups, crowd: CrowdReport, writer: WriterReport): Promise<Row> {
  const workflowIds = KINDS.map((kind) => groups[kind].id);
  const answered = crowd.callers.filter(({ fate }) => fate !== 'refused');
  const counted = await recordsOf(faults, answered);
  const [stuck, callsLeft] = [await stuckAgents(faults, workflowIds), await callsLeftIn(faults)];
  const withoutRecord = answered.filter(({ number }) => !counted.has(number)).length;
  const cut = crowd.callers.filter(({ fate }) => fate === 'cut');
  const refused = crowd.callers.filter(({ fate }) => fate === 'refused');
  const row: Omit<Row, 'failed'> = {
    fault: fault.name, calls: crowd.callers.length, records: [...counted.values()].reduce((sum, count) => sum + count, 0),
    lost: cut.length + crowd.agentsCut + crowd.agentsLetGo + withoutRecord, doubled: [...counted.values()].filter((count) => count > 1).length + crowd.agentsDoubled + crowd.callersDoubled,
    refused: refused.length, changes: writer.acknowledged, changesLost: writer.lost + writer.doubled, stuck: stuck.length + crowd.legsLeft + callsLeft, outOfOrder: outOfOrder(crowd.callers),
    silenceWaiting: longest(crowd.callers, ({ silences }) => silences.waiting), silenceTalking: Math.round(Math.max(crowd.agentSilenceMs, longest(crowd.callers.filter(({ kind }) => kind === 'talking'), ({ silences }) => silences.talking))),
    takeoverMs: takeovers.length === 0 ? null : Math.max(...takeovers), lagMs: Math.round(crowd.lagMs),
    words: [...words, ...crowd.remarks, ...mostSilent(crowd.callers, size.silenceMs), ...said('cut', cut.length, cut[0]?.words), ...said('agents cut', crowd.agentsCut), ...said('agents let go, their callers given to others', crowd.agentsLetGo), ...said('without record', withoutRecord), ...said('with two records', [...counted.values()].filter((count) => count > 1).length),
      ...said('offered to an agent who had a call', crowd.agentsDoubled), ...said('given to two agents', crowd.callersDoubled), ...said('agents not free', stuck.length, stuck.join(', ')), ...said('legs left', crowd.legsLeft), ...said('calls left', callsLeft), ...said('refused', refused.length, refused[0]?.words)],
  };
  return { ...row, failed: [...failures(fault, size, row), ...amiss] };
}

const said = (what: string, count: number, words?: string): string[] => (count === 0 ? [] : [`${count} ${what}${words === undefined ? '' : ` (${words})`}`]);
/** Who heard nothing for longer than anybody may, by the name that the caller's record has. */
function mostSilent(callers: readonly CallerNote[], limitMs: number): string[] {
  const [first] = [...callers].sort((a, b) => b.silences.waiting - a.silences.waiting);
  return first === undefined || first.silences.waiting <= limitMs ? [] : [`Caller ${first.number} (${first.kind}) heard nothing for ${Math.round(first.silences.waiting)} ms`];
}
const longest = (callers: readonly CallerNote[], of: (caller: CallerNote) => number): number => Math.round(callers.reduce((most, caller) => Math.max(most, of(caller)), 0));

function failures(fault: Fault, size: Size, row: Omit<Row, 'failed'>): string[] {
  const talkingMs = size.silenceMs + row.lagMs;
  const waitingMs = Math.max(size.silenceMs, fault.expects.silenceMs ?? 0) + row.lagMs;
  const takeoverMs = fault.expects.takeoverMs === undefined ? null : size.strictTakeovers ? fault.expects.takeoverMs : Math.max(fault.expects.takeoverMs, size.silenceMs);
  return [
    ...(row.lost > 0 ? ['calls lost'] : []), ...(row.doubled > 0 ? ['doubled'] : []), ...(row.refused > 0 && fault.expects.refusals !== true ? ['callers refused'] : []),
    ...(row.changesLost > 0 ? ['changes lost'] : []), ...(row.stuck > 0 ? ['stuck'] : []), ...(row.outOfOrder > 0 ? ['order not kept'] : []),
    ...(row.silenceWaiting > waitingMs ? [`waiting callers heard nothing for more than ${waitingMs} ms`] : []), ...(row.silenceTalking > talkingMs ? [`talking callers heard nothing for more than ${talkingMs} ms`] : []),
    ...(takeoverMs !== null && (row.takeoverMs ?? Infinity) > takeoverMs ? [`no takeover within ${takeoverMs} ms`] : []),
  ];
}

/** How many records there are of each caller, once there is one of each, or time is up: the journal is written behind the calls. */
async function recordsOf({ system }: FaultSystem, callers: readonly CallerNote[]): Promise<ReadonlyMap<number, number>> {
  let counted = new Map<number, number>();
  await within(PATIENCE_MS, async () => {
    const records = await system.connection.db.collection<CallRecord>('records').find({ callerName: /^Caller \d+$/ }, { projection: { callerName: 1 } }).toArray();
    counted = new Map();
    for (const { callerName } of records) counted.set(Number(callerName.slice('Caller '.length)), (counted.get(Number(callerName.slice('Caller '.length))) ?? 0) + 1);
    return callers.every(({ number }) => counted.has(number));
  });
  return counted;
}

/** What agents do whom the engine does not see free although nobody calls any more; `unseen` for a group that is not shown at all. */
async function stuckAgents({ system }: FaultSystem, workflowIds: readonly string[]): Promise<readonly string[]> {
  let stuck: readonly string[] = [];
  await within(PATIENCE_MS, async () => {
    const groups = await system.connection.db.collection<LiveGroup>('liveGroups').find({ _id: { $in: [...workflowIds] } }).toArray();
    const unseen = Array.from({ length: workflowIds.length - groups.length }, () => 'unseen');
    stuck = [...groups.flatMap(({ agents }) => agents).map(({ activity }) => activity).filter((activity) => activity !== 'free'), ...unseen];
    return stuck.length === 0;
  });
  return stuck;
}

async function callsLeftIn(faults: FaultSystem): Promise<number> {
  let left = 0;
  await within(PATIENCE_MS, async () => {
    left = Number((await (await faults.active()).health())['calls']);
    return left === 0;
  });
  return left;
}

/** How many of those who waited were rung for before somebody who had come earlier. */
function outOfOrder(callers: readonly CallerNote[]): number {
  const served = callers.filter(({ kind, rungAtMs }) => kind === 'waiting' && rungAtMs !== null).sort((a, b) => (a.rungAtMs ?? 0) - (b.rungAtMs ?? 0));
  let latestMs = -Infinity;
  let late = 0;
  for (const { placedAtMs } of served) {
    if (placedAtMs < latestMs - SAME_TIME_MS) late += 1;
    latestMs = Math.max(latestMs, placedAtMs);
  }
  return late;
}
