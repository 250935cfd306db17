// How far a mirror is, in lines for the command line. Pure.
import { type MirrorStatus } from '../model/mirror';

/** A mirror that looks once a second and has found nothing for so long does not reach its source. */
const SILENT_AFTER_MS = 5_000;

export function mirrorWords({ pool, at, mirror }: MirrorStatus): readonly string[] {
  const { position, heard, lateAudio, copies, takeAnew } = mirror;
  return [
    `Pool ${pool} is mirrored here, up to change ${position.sequence}.`,
    ...(heard === null ? ['  It has not been heard from yet. Is the mirror process running, and does its database answer?'] : heardWords()),
    ...(takeAnew ? ['  It is to be copied as it is now.'] : []),
    ...(copies > 0 ? [`  Compared and copied in full: ${copies === 1 ? 'once' : `${copies} times`}.`] : []),
    ...lateAudio.map(({ fileName, since }) => `  ! a sound has not come yet: ${fileName}, for ${duration(at.getTime() - since.getTime())}`),
  ];

  function heardWords(): string[] {
    if (heard === null) return [];
    const silentMs = at.getTime() - heard.at.getTime();
    const missing = heard.head - position.sequence;
    const heardAgo = `Heard from ${duration(silentMs)} ago.`;
    if (heard.state === 'otherHistory') return [`  ! Nothing is taken from it: it does not know what was mirrored from it, as after its database was lost or an older copy put back. ${heardAgo}`, `    response-group pair --take-anew ${pool} takes it as it is now, and replaces what is here.`];
    const lag = missing <= 0 ? 'All of it has come.' : `Not come yet: ${missing === 1 ? 'one change' : `${missing} changes`}${heard.waitingSince === null ? '' : `, the oldest made ${duration(heard.sourceAt.getTime() - heard.waitingSince.getTime())} before that`}.`;
    if (silentMs < SILENT_AFTER_MS) return [`  ${lag} ${heardAgo}`];
    return [`  ! NOT heard from for ${duration(silentMs)}: what was changed there since is not here.`, `  When it was heard from last: ${lag}`];
  }
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}
