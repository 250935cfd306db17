// A duty pressed while the database is away: the card that says it is kept and carries it, and how it is carried out later.
import { render } from '../../cards/render';
import { type Asking, type Services, type Shown } from '../asking';
import { type DutyOutcome } from '../kept-duties';
import { type DutyPress } from '../verbs';
import { button, clientDateTime, NO_NOTE, refreshFor } from '../views/common';
import { refused } from '../views/notice';

/** What was wanted longer ago is not wanted any more. */
const KEPT_MOST_MS = 12 * 3_600_000;
const MINUTE_MS = 60_000;

/** Carries out what was pressed at its time, at most once however often it is tried and by however many bots. */
export async function carryOutPress({ administration, now }: Pick<Services, 'administration' | 'now'>, { acting }: Pick<Asking, 'acting'>, { press, requestId, at }: DutyPress): Promise<DutyOutcome> {
  const passedMs = Math.max(0, now().getTime() - at.getTime());
  const input = stillWanted(press, passedMs);
  if (input === null || passedMs > KEPT_MOST_MS) return 'overtaken';
  // A card can be forged, and nobody presses tomorrow's duty today.
  const pressedAt = at > now() ? now() : at;
  const done = await administration.perform(acting, press.verb, input, { requestId, pressedAt });
  if (done.ok || done.code === 'alreadyDone') return 'applied';
  if (done.code === 'unavailable') return 'away';
  return done.code === 'notFound' || done.code === 'notAllowed' ? 'notAnAgent' : 'overtaken';
}

/** A pause counts from when it was pressed; null: it would be over. */
function stillWanted(press: DutyPress['press'], passedMs: number): DutyPress['press']['input'] | null {
  if (press.verb !== 'duty.pause' || press.input.untilMinutes === undefined) return press.input;
  const minutes = Number(press.input.untilMinutes);
  if (!Number.isFinite(minutes)) return press.input;
  const left = Math.ceil(minutes - passedMs / MINUTE_MS);
  return left < 1 ? null : { ...press.input, untilMinutes: String(left) };
}

/** Keeps it in this process, and on the card, which tries it again by itself when it comes into view. */
export function keep(services: Services, asking: Asking, press: DutyPress): Shown {
  const { say } = asking;
  const data = { ...press, at: press.at.toISOString() };
  const kept = services.kept.keep(asking, press);
  if (kept === null) return refused(asking, { code: 'unavailable', message: '' }, button(say, 'tryAgain', 'duty.kept', data));
  return {
    card: render('duty', {
      note: NO_NOTE, tone: 'warning', titleText: say('duty.kept.title'), nowText: say('duty.kept.what', pressWords(asking, press)),
      paused: false, pauseText: '', effectText: say('duty.kept.effect'), formal: false, groups: [], picking: false, callers: [],
      actions: [button(say, 'tryAgain', 'duty.kept', data, 'positive')], moreActions: [button(say, 'duty', 'duty')], refresh: refreshFor(asking, 'duty.kept', data),
    }, asking.locale),
    after: (messageId, hold) => kept.shownIn(messageId, hold),
  };
}

export function pressWords({ say }: Pick<Asking, 'say'>, { press, at }: DutyPress): { readonly what: string; readonly when: ReturnType<typeof clientDateTime> } {
  return { what: say(`duty.kept.press.${press.verb === 'duty.set' ? (press.input.onDuty ? 'on' : 'off') : press.verb.slice('duty.'.length)}`), when: clientDateTime(at) };
}
