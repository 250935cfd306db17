// Pure: from what stands behind a pool at one moment, and what administrators were told before, to what they must be told now.
import { type TakeoverReport } from './model/engine-report';
import { type PoolStatus } from './model/pool-status';

export const ALARM_KINDS = ['databaseAway', 'noEngine', 'noStandby', 'memberDown', 'memberBehind', 'edgeDown', 'journalBacklog'] as const;
/** `memberDown` and `memberBehind` are about one member of the replica set, `edgeDown` about one edge; the others about the pool. */
export type AlarmKind = (typeof ALARM_KINDS)[number];

export type Told =
  | {
    /** `gone`: what it was about is not there any more, so it is neither wrong nor well. */
    readonly kind: 'raised' | 'cleared' | 'gone';
    readonly alarm: AlarmKind;
    /** The member's or the edge's name; null where it is about the pool. */
    readonly subject: string | null;
    /** Since when it has been so. */
    readonly since: Date;
  }
  | { readonly kind: 'takeover'; readonly takeover: TakeoverReport };

/** One thing that can be wrong, as administrators know it. */
export interface Watched {
  readonly alarm: AlarmKind;
  readonly subject: string | null;
  /** Whether the last thing told was that it is wrong. */
  readonly isTold: boolean;
  /** Since when the opposite of that has been seen without a break. */
  readonly changingSince: Date | null;
}

/** Plain data, so that it can be kept in the database: all bots tell once together, and one that starts again repeats nothing. */
export interface AlarmMemory {
  readonly watched: readonly Watched[];
  /** Only what was once there can be lost: who runs a single engine on purpose is not told every day that it is single. */
  readonly hadEngine: boolean;
  readonly hadStandby: boolean;
  /** When the last takeover that was told happened; null before the first look, which tells of none. */
  readonly takeoverAt: Date | null;
}

export const NOTHING_TOLD: AlarmMemory = { watched: [], hadEngine: false, hadStandby: false, takeoverAt: null };

/** How long it must be so before it is told: that it is wrong, and that it is well again. An election of 12 s and a process that is started again at once are not told. */
export const TOLD_AFTER_SECONDS: Readonly<Record<AlarmKind, { readonly wrong: number; readonly well: number }>> = {
  databaseAway: { wrong: 15, well: 2 },
  noEngine: { wrong: 5, well: 2 },
  noStandby: { wrong: 15, well: 5 },
  memberDown: { wrong: 15, well: 10 },
  memberBehind: { wrong: 30, well: 10 },
  edgeDown: { wrong: 5, well: 5 },
  journalBacklog: { wrong: 10, well: 5 },
};

/** Between the two it stays as it is. */
export const LAG_MS = { wrong: 10_000, well: 2_000 } as const;
export const BACKLOG_AGE_MS = { wrong: 10_000, well: 2_000 } as const;

/** `isWrong: null`: not known, or between the limits; what was told stands. */
interface Finding { readonly alarm: AlarmKind; readonly subject: string | null; readonly isWrong: boolean | null }

/** One look. `status: null`: the database did not answer. `now` is the looker's clock, which alone decides how long something has been so. */
export function look(memory: AlarmMemory, status: PoolStatus | null, now: Date): { readonly memory: AlarmMemory; readonly told: readonly Told[] } {
  const hadEngine = memory.hadEngine || (status?.engines.some((one) => one.alive) ?? false);
  const hadStandby = memory.hadStandby || (status !== null && hasStandby(status));
  const findings = status === null ? unknowing(memory) : [...findingsOf(status, hadEngine, hadStandby), ...unseenEdges(memory, status)];
  const told: Told[] = [];
  const watched: Watched[] = [];
  for (const finding of findings) {
    const before = memory.watched.find((one) => isSame(one, finding)) ?? { ...finding, isTold: false, changingSince: null };
    const { next, tell } = judge(before, finding.isWrong, now);
    if (next.isTold || next.changingSince !== null) watched.push(next);
    if (tell) told.push(tell);
  }
  for (const one of memory.watched) {
    if (one.isTold && !findings.some((finding) => isSame(one, finding))) told.push({ kind: 'gone', alarm: one.alarm, subject: one.subject, since: now });
  }
  let { takeoverAt } = memory;
  if (status !== null) {
    const takeover = status.lastTakeover;
    if (takeover && takeoverAt !== null && takeover.at > takeoverAt) told.push({ kind: 'takeover', takeover });
    takeoverAt = new Date(Math.max(takeover?.at.getTime() ?? 0, takeoverAt?.getTime() ?? 0));
  }
  return { memory: { watched, hadEngine, hadStandby, takeoverAt }, told };
}

/** What is wrong at this moment, whether told or not: for the card that shows the pool. */
export function wrongNow(status: PoolStatus): readonly { readonly alarm: AlarmKind; readonly subject: string | null }[] {
  return findingsOf(status, true, true).filter((one) => one.isWrong === true).map(({ alarm, subject }) => ({ alarm, subject }));
}

function judge(before: Watched, isWrong: boolean | null, now: Date): { readonly next: Watched; readonly tell: Told | null } {
  if (isWrong === null || isWrong === before.isTold) return { next: { ...before, changingSince: null }, tell: null };
  const since = before.changingSince ?? now;
  const seconds = TOLD_AFTER_SECONDS[before.alarm][isWrong ? 'wrong' : 'well'];
  if (now.getTime() - since.getTime() < seconds * 1_000) return { next: { ...before, changingSince: since }, tell: null };
  const { alarm, subject } = before;
  return { next: { alarm, subject, isTold: isWrong, changingSince: null }, tell: { kind: isWrong ? 'raised' : 'cleared', alarm, subject, since } };
}

function findingsOf(status: PoolStatus, hadEngine: boolean, hadStandby: boolean): readonly Finding[] {
  const isServed = hasActive(status);
  const age = status.backlog.oldest === null ? 0 : status.at.getTime() - status.backlog.oldest.getTime();
  const of = (alarm: AlarmKind, isWrong: boolean | null, subject: string | null = null): Finding => ({ alarm, subject, isWrong });
  return [
    of('databaseAway', false),
    of('noEngine', hadEngine ? !isServed : null),
    // Without an active engine there is something more urgent to say.
    of('noStandby', hadStandby && isServed ? !hasStandby(status) : null),
    ...status.database.members.flatMap(({ name, role, healthy, lagMs }) => [
      of('memberDown', healthy === null ? null : !healthy, name),
      ...(role === 'secondary' || role === 'primary' ? [of('memberBehind', lagMs === null ? null : between(lagMs, LAG_MS), name)] : []),
      ...(role === 'other' ? [of('memberBehind', null, name)] : []),
    ]),
    ...(isServed ? status.edges : []).map(({ address, connected }) => of('edgeDown', !connected, address)),
    of('journalBacklog', isServed ? between(age, BACKLOG_AGE_MS) : null),
  ];
}

/** The database does not answer, and nothing else is known. */
function unknowing(memory: AlarmMemory): readonly Finding[] {
  return [
    { alarm: 'databaseAway', subject: null, isWrong: true },
    ...memory.watched.filter(({ alarm }) => alarm !== 'databaseAway').map(({ alarm, subject }) => ({ alarm, subject, isWrong: null })),
  ];
}

/** Nobody looks at the edges while no engine is active. */
function unseenEdges(memory: AlarmMemory, status: PoolStatus): readonly Finding[] {
  if (hasActive(status)) return [];
  return memory.watched.filter(({ alarm }) => alarm === 'edgeDown').map(({ alarm, subject }) => ({ alarm, subject, isWrong: null }));
}

function between(value: number, limits: { readonly wrong: number; readonly well: number }): boolean | null {
  return value >= limits.wrong ? true : value <= limits.well ? false : null;
}

const hasActive = (status: PoolStatus): boolean => status.engines.some((one) => one.alive && one.role === 'active');
const hasStandby = (status: PoolStatus): boolean => status.engines.some((one) => one.alive && one.role === 'standby');
const isSame = (one: { readonly alarm: AlarmKind; readonly subject: string | null }, other: typeof one): boolean => one.alarm === other.alarm && one.subject === other.subject;
