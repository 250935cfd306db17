// What stands behind a pool, in lines for the command line. Pure.
import { wrongNow, type AlarmKind } from './alarms';
import { type InstructionOutcome } from './model/instruction';
import { type EngineStatus, type MemberStatus, type PoolStatus } from './model/pool-status';

const ALARM_WORDS: Readonly<Record<AlarmKind, string>> = {
  databaseAway: 'the database does not answer', noEngine: 'no engine is active: nobody answers calls', noStandby: 'no engine stands by', memberDown: 'a member of the database is down',
  memberBehind: 'a member of the database is behind', edgeDown: 'an edge is not connected', journalBacklog: 'what calls did is not written to the database',
};

export function poolStatusWords(status: PoolStatus): readonly string[] {
  const { pool, at, database, engines, edges, backlog, lastTakeover } = status;
  const ago = (time: Date): string => duration(at.getTime() - time.getTime());
  return [
    `Pool ${pool} at ${at.toISOString()}`,
    `Database: replica set ${database.replicaSet}, ${counted(database.members.length, 'member')}${database.members.length < 3 ? ': NO high availability' : ''}`,
    ...database.members.map(memberWords),
    ...(database.isDetailed ? [] : ['  health and lag are not known: the database user may not run replSetGetStatus (role clusterMonitor)']),
    `Engines: ${engines.length === 0 ? 'none has reported' : ''}`.trimEnd(),
    ...engines.map((engine) => `  ${engineWords(engine, ago)}`),
    `Edges: ${edges.length === 0 ? 'none that an active engine sees' : ''}`.trimEnd(),
    ...edges.map(({ address, connected, since, dialogs, anchors }) => `  ${address}: ${connected ? 'connected' : 'NOT connected'} for ${ago(since)}${dialogs === null ? '' : `, ${counted(dialogs, 'dialog')}`}${anchors === null ? '' : `, ${counted(anchors, 'anchor')}`}`),
    `To be written: ${backlog.records === 0 ? 'nothing' : `${backlog.records}${backlog.oldest === null ? '' : `, the oldest for ${ago(backlog.oldest)}`}`}`,
    `Last takeover: ${lastTakeover === null ? 'none known' : `${ago(lastTakeover.at)} ago (${lastTakeover.reason}), ${counted(lastTakeover.callsCarried, 'call')} carried on, ${lastTakeover.callsClosed} closed, in ${lastTakeover.tookMs} ms`}`,
    ...wrongNow(status).filter(({ alarm }) => alarm !== 'noStandby' || engines.length > 0).map(({ alarm, subject }) => `! ${ALARM_WORDS[alarm]}${subject === null ? '' : `: ${subject}`}`),
  ];
}

/** What came of asking for a drain. */
export function drainWords(outcome: InstructionOutcome): { readonly ok: boolean; readonly words: string } {
  switch (outcome.kind) {
    case 'done': return { ok: true, words: 'Drained: the engine that stood by has the calls now.' };
    case 'expired': return { ok: false, words: 'No engine answered in time. `response-group status` says which are there.' };
    case 'refused': return { ok: false, words: outcome.reason === 'noStandby' ? 'Refused: no engine stands by that could go on with the calls.' : `Refused: ${outcome.reason}.` };
  }
}

function memberWords({ name, role, healthy, lagMs }: MemberStatus): string {
  const health = healthy === null ? '' : healthy ? ', well' : ', NOT well';
  return `  ${name}: ${role === 'other' ? 'starting, recovering or not reached' : role}${health}${role !== 'secondary' || lagMs === null ? '' : `, ${(lagMs / 1_000).toFixed(1)} s behind`}`;
}

function engineWords({ host, pid, role, since, version, epoch, alive, at: reportedAt }: EngineStatus, ago: (time: Date) => string): string {
  const what = alive ? `${role === 'active' ? `active at epoch ${epoch ?? '?'}` : 'stands by'} for ${ago(since)}` : `silent for ${ago(reportedAt)}, was ${role === 'active' ? 'active' : 'standing by'}`;
  return `${host}, process ${pid}, release ${version}: ${what}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}
