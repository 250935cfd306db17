// The pool card, and what administrators are told of its redundancy. Pure.
import { render, type Card } from '../../cards/render';
import { type Note, type OverviewView, type Tone } from '../../cards/views';
import { type Say } from '../../cards/words';
import { wrongNow, type AlarmKind, type Told } from '../../storage/alarms';
import { type EngineStatus, type MemberStatus, type PoolStatus } from '../../storage/model/pool-status';
import { type Asking, type Shown } from '../asking';
import { button, clientDateTime, NO_NOTE } from './common';

type Row = OverviewView['sections'][number]['rows'][number];
const SHOWN_MOST = 12;
/** A majority of three survives the loss of one. */
const MEMBERS_WANTED = 3;

export function poolCard(asking: Pick<Asking, 'say' | 'locale'>, status: PoolStatus, told: Note = NO_NOTE): Shown {
  const { say } = asking;
  const { database, engines, edges, backlog, lastTakeover } = status;
  const named = (text: string): string => say('sentence', { sentence: text });
  const row = (nameText: string, lines: readonly string[]): Row => ({ nameText, lines: lines.map((text) => ({ text })), actions: [], indent: '1px' });
  const section = (key: string, rows: readonly Row[]): OverviewView['sections'][number] => ({ titled: true, titleText: say(`pool.section.${key}`), rows: rows.length > 0 ? rows.slice(0, SHOWN_MOST) : [row(say('pool.none'), [])], actions: [] });
  const warnings = [
    ...wrongNow(status).map(({ alarm, subject }) => alarmText(say, alarm, subject)),
    ...(database.members.length < MEMBERS_WANTED ? [say('pool.few', { count: database.members.length })] : []),
    ...(database.isDetailed ? [] : [say('pool.unknown')]),
  ];
  return {
    card: render('overview', {
      titleText: say('pool.title'), introduced: true, introText: say('pool.intro'), note: told, warnings: warnings.map((text) => ({ text })),
      sections: [
        section('database', database.members.map((one) => row(named(one.name), memberLines(say, one)))),
        section('engines', engines.map((one) => row(named(one.host), engineLines(say, one)))),
        section('edges', edges.map((one) => row(named(one.address), [say(one.connected ? 'pool.edge.connected' : 'pool.edge.away', { when: clientDateTime(one.since) })]))),
        section('journal', [row(backlog.oldest === null ? say('pool.backlogNone') : say('pool.backlog', { count: backlog.records, when: clientDateTime(backlog.oldest) }), [
          lastTakeover === null ? say('pool.takeoverNone') : takeoverText(say, lastTakeover),
        ])]),
      ],
      actions: [button(say, 'refresh', 'pool', {}, 'positive'), button(say, 'drain', 'pool.drain'), button(say, 'stepDown', 'pool.stepDown')],
    }, asking.locale),
  };
}

function memberLines(say: Say, { role, healthy, lagMs }: MemberStatus): readonly string[] {
  return [
    role === 'secondary' && lagMs !== null ? say('pool.member.behind', { seconds: (lagMs / 1_000).toFixed(1) }) : say(`pool.member.${role}`),
    ...(healthy === false ? [say('pool.member.notWell')] : []),
  ];
}

function engineLines(say: Say, { alive, role, since, at, version, pid }: EngineStatus): readonly string[] {
  return [alive ? say(`pool.engine.${role}`, { when: clientDateTime(since) }) : say('pool.engine.silent', { when: clientDateTime(at) }), say('pool.engine.process', { version, pid: String(pid) })];
}

const takeoverText = (say: Say, { at, callsCarried, callsClosed }: NonNullable<PoolStatus['lastTakeover']>): string => say('pool.takeover', { when: clientDateTime(at), carried: callsCarried, closed: callsClosed });
const alarmText = (say: Say, alarm: AlarmKind, subject: string | null): string => say(`pool.alarm.${alarm}`, { subject: subject ?? '' });

/** One change of the redundancy, for one administrator. */
export function alarmCard(say: Say, locale: string, told: Told): Card {
  const show = (tone: Tone, titleText: string, lines: readonly string[]): Card =>
    render('notice', { tone, titleText, bodyText: '', details: lines.map((text) => ({ text })), actions: [button(say, 'pool', 'pool')] }, locale);
  if (told.kind === 'takeover') return show('warning', say('pool.told.takeover'), [takeoverText(say, told.takeover)]);
  const subject = told.subject ?? '';
  const what = told.kind === 'raised' ? alarmText(say, told.alarm, told.subject) : told.kind === 'cleared' ? say(`pool.over.${told.alarm}`, { subject }) : say('pool.told.was', { what: alarmText(say, told.alarm, told.subject) });
  return show(told.kind === 'raised' ? 'attention' : told.kind === 'cleared' ? 'good' : 'default', say(`pool.told.${told.kind}`), [what, say('pool.told.since', { when: clientDateTime(told.since) })]);
}
