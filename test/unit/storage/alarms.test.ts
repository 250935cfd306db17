// What administrators are told of lost redundancy: each row is a course of events, and all that is told of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ALARM_KINDS, look, NOTHING_TOLD, TOLD_AFTER_SECONDS, wrongNow, type AlarmMemory, type Told } from '../../../storage/alarms';
import { type EngineReport, type TakeoverReport } from '../../../storage/model/engine-report';
import { type MemberStatus, type PoolStatus } from '../../../storage/model/pool-status';
import { ROOT } from '../../../storage/process/root';

const START = Date.UTC(2026, 10, 23, 12);
const at = (seconds: number): Date => new Date(START + seconds * 1_000);
const engine = (id: string, role: EngineReport['role'], alive = true): PoolStatus['engines'][number] => ({
  _id: id, pool: 'main', host: 'one', pid: 1, role, since: at(0), version: '0.1.0', healthPort: 9025, epoch: null, edges: [], backlog: { records: 0, oldest: null }, takeover: null, at: at(0), alive,
});
const member = (name: string, more: Partial<MemberStatus> = {}): MemberStatus => ({ name, role: 'secondary', healthy: true, lagMs: 0, ...more });
const MEMBERS = [member('a', { role: 'primary' }), member('b'), member('c')];
const edge = (connected: boolean) => ({ address: 'e:9022', connected, since: at(0), dialogs: null, anchors: null });
const takeover = (seconds: number): TakeoverReport => ({ at: at(seconds), reason: 'ownerGone', callsCarried: 9, callsClosed: 0, tookMs: 50 });

interface State { engines: PoolStatus['engines']; members: readonly MemberStatus[]; edges: PoolStatus['edges']; backlogSeconds: number; takeover: TakeoverReport | null; away: boolean }
const WELL: State = { engines: [engine('x', 'active'), engine('y', 'standby')], members: MEMBERS, edges: [edge(true)], backlogSeconds: 0, takeover: null, away: false };

/** Looks every second; a state holds until the next that is given. Answers what was told, as `seconds kind alarm subject`. */
function course(changes: Readonly<Record<number, Partial<State>>>, until: number): string[] {
  let state = WELL;
  let memory: AlarmMemory = NOTHING_TOLD;
  const told: string[] = [];
  for (let second = 0; second <= until; second += 1) {
    state = { ...state, ...changes[second] };
    const { engines, members, edges, backlogSeconds, takeover: lastTakeover, away } = state;
    const status: PoolStatus = {
      pool: 'main', at: at(second), database: { replicaSet: 'rs0', isDetailed: true, members }, engines, edges, lastTakeover,
      backlog: { records: backlogSeconds, oldest: backlogSeconds === 0 ? null : at(second - backlogSeconds) },
    };
    const seen = look(memory, away ? null : status, at(second));
    // As a database keeps it and hands it back to whoever looks next.
    memory = seen.memory;
    told.push(...seen.told.map((one) => `${second} ${wordsOf(one)}`));
  }
  return told;
}
const wordsOf = (one: Told): string => (one.kind === 'takeover' ? `takeover of ${one.takeover.callsCarried}` : [one.kind, one.alarm, one.subject ?? ''].join(' ').trim());

const onlyActive = { engines: [engine('x', 'active'), engine('y', 'standby', false)] };
const noEngine = { engines: [engine('x', 'active', false), engine('y', 'standby', false)] };
const without = (name: string, how: Partial<MemberStatus>): Partial<State> => ({ members: MEMBERS.map((one) => (one.name === name ? { ...one, ...how } : one)) });
const down = { role: 'other', healthy: false, lagMs: null } as const;

test.each<[string, Readonly<Record<number, Partial<State>>>, number, string[]]>([
  ['nothing happens: nothing', {}, 100, []],
  ['the standby dies and stays away: that redundancy is lost', { 10: onlyActive }, 100, ['25 raised noStandby']],
  ['it comes back: that too', { 10: onlyActive, 40: WELL }, 100, ['25 raised noStandby', '45 cleared noStandby']],
  ['it is started again at once: nothing', { 10: onlyActive, 20: WELL }, 100, []],
  ['it flaps faster than that: nothing', { 10: onlyActive, 20: WELL, 22: onlyActive, 34: WELL, 36: onlyActive, 50: WELL }, 100, []],
  ['once lost, it flaps: lost until it stays', { 10: onlyActive, 40: WELL, 42: onlyActive, 60: WELL, 63: onlyActive, 70: WELL }, 100, ['25 raised noStandby', '75 cleared noStandby']],
  ['a single engine that never had another: nothing', { 0: { engines: [engine('x', 'active')] } }, 100, []],
  ['no engine at all: that, and not the missing standby as well', { 10: noEngine, 60: WELL }, 100, ['15 raised noEngine', '62 cleared noEngine']],
  ['the bot is up before the first engine: nothing', { 0: { engines: [] }, 60: WELL }, 100, []],
  ['a takeover with the former active back as standby: the takeover alone', { 10: { ...onlyActive, takeover: takeover(10) }, 14: { ...WELL, takeover: takeover(10) } }, 100, ['10 takeover of 9']],
  ['a takeover of before the first look: nothing', { 0: { takeover: takeover(-5) } }, 20, []],
  ['a member dies and returns', { 10: without('b', down), 50: WELL }, 100, ['25 raised memberDown b', '60 cleared memberDown b']],
  ['two members die: each by name', { 10: without('b', down), 12: { members: [MEMBERS[0] as MemberStatus, member('b', down), member('c', down)] } }, 60, ['25 raised memberDown b', '27 raised memberDown c']],
  ['a dead member is taken out of the set: gone, neither down nor well', { 10: without('b', down), 50: { members: [member('a', { role: 'primary' }), member('c')] } }, 100, ['25 raised memberDown b', '50 gone memberDown b']],
  ['health may not be asked: nothing', { 0: { members: MEMBERS.map((one) => ({ ...one, healthy: null, lagMs: null })) } }, 60, []],
  ['a member falls behind and catches up', { 10: without('c', { lagMs: 11_000 }), 60: without('c', { lagMs: 1_000 }) }, 100, ['40 raised memberBehind c', '70 cleared memberBehind c']],
  ['a member is behind, less than is told: nothing', { 10: without('c', { lagMs: 9_000 }) }, 100, []],
  ['a member that was behind is nearly there: it stands until it is', { 10: without('c', { lagMs: 11_000 }), 60: without('c', { lagMs: 5_000 }), 80: without('c', { lagMs: 0 }) }, 100, ['40 raised memberBehind c', '90 cleared memberBehind c']],
  ['an edge is lost and back', { 10: { edges: [edge(false)] }, 30: WELL }, 60, ['15 raised edgeDown e:9022', '35 cleared edgeDown e:9022']],
  ['an edge is lost, and then nobody looks at it for a while: it stands', { 10: { edges: [edge(false)] }, 20: { ...noEngine, edges: [] }, 40: { ...WELL, edges: [edge(false)] }, 50: WELL }, 80, ['15 raised edgeDown e:9022', '25 raised noEngine', '42 cleared noEngine', '55 cleared edgeDown e:9022']],
  ['the journal cannot be written and catches up', { 10: { backlogSeconds: 12 }, 40: { backlogSeconds: 0 } }, 60, ['20 raised journalBacklog', '45 cleared journalBacklog']],
  ['an election: nothing', { 10: { away: true }, 22: { away: false } }, 60, []],
  ['no primary for longer', { 10: { away: true }, 60: { away: false } }, 80, ['25 raised databaseAway', '62 cleared databaseAway']],
  ['the database is away while the standby is: what was told stands, what was not known is looked at anew', { 10: onlyActive, 30: { away: true }, 60: WELL }, 80, ['25 raised noStandby', '45 raised databaseAway', '62 cleared databaseAway', '65 cleared noStandby']],
])('%s', (_, changes, until, expected) => {
  expect(course(changes, until)).toEqual(expected);
});

test('What is told is told in turn: raised, then cleared or gone, whatever happens', () => {
  const states: fc.Arbitrary<Partial<State>> = fc.constantFrom<Partial<State>>(WELL, onlyActive, noEngine, without('b', down), without('c', { lagMs: 20_000 }), { members: [member('a', { role: 'primary' })] }, { edges: [edge(false)] }, { edges: [] }, { backlogSeconds: 60 }, { away: true }, { away: false });
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), states), { maxLength: 30 }), (changes) => {
    const standing = new Set<string>();
    for (const words of course(Object.fromEntries(changes), 300)) {
      const [, kind, ...what] = words.split(' ');
      const name = what.join(' ');
      if (kind === 'raised') {
        expect(standing.has(name)).toBe(false);
        standing.add(name);
      } else expect(standing.delete(name)).toBe(true);
    }
  }), { numRuns: 200 });
});

test('Once all is well for long enough, nothing stands', () => {
  const longest = Math.max(...Object.values(TOLD_AFTER_SECONDS).map(({ well }) => well));
  const told = course({ 10: { ...onlyActive, ...without('b', down), edges: [edge(false)], backlogSeconds: 60 }, 60: WELL }, 60 + longest);
  expect(told.filter((words) => words.includes('raised'))).toHaveLength(4);
  expect(told.filter((words) => words.includes('cleared'))).toHaveLength(4);
});

test('What is wrong at this moment is shown at once, told or not', () => {
  const { engines, members, edges } = { ...WELL, ...onlyActive, ...without('b', down) };
  const status = { pool: 'main', at: at(0), database: { replicaSet: 'rs0', isDetailed: true, members }, engines, edges, backlog: { records: 0, oldest: null }, lastTakeover: null };
  expect(wrongNow(status)).toEqual([{ alarm: 'noStandby', subject: null }, { alarm: 'memberDown', subject: 'b' }]);
});

test('docs/high-availability.md has the times of the code', () => {
  const text = readFileSync(join(ROOT, 'docs', 'high-availability.md'), 'utf8');
  const rows = [...text.matchAll(/^\| .* \| (\d+) s \| (\d+) s \|$/gm)].map(([, wrong, well]) => ({ wrong: Number(wrong), well: Number(well) }));
  expect(rows).toEqual(ALARM_KINDS.map((kind) => TOLD_AFTER_SECONDS[kind]));
});
