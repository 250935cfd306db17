// Keeps a mirror going for ever: steps while there is something new, waits for the source to ring, and writes down what it heard.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { type MirrorHeard } from '../model/mirror';
import { type Logger } from '../process/log';
import { step, type Step } from './mirror';
import { type MirrorReceiver, type MirrorSource } from './ports';
import { Sounds } from './sounds';

export interface FollowDeps {
  readonly source: MirrorSource & { watch(ring: () => void): { close(): Promise<void> }; examine(mark: string): Promise<void> };
  readonly receiver: MirrorReceiver & { heard(heard: Omit<MirrorHeard, 'at'>): Promise<void>; mark(): Promise<string> };
  /** Takes over what the partner has decided of who serves whom; before anything is said to have been heard. */
  readonly agree?: () => Promise<void>;
  readonly log: Logger;
}

export interface Following {
  /** How the last look ended; null before the first. */
  readonly last: { readonly ok: boolean; readonly words: string } | null;
  close(): Promise<void>;
}

/** Between two looks at a source that is silent: also how often what was heard is written down. */
const LOOK_MS = 1_000;

/** A source that is gone is looked for again each second; the receiver is held up by nothing of it. */
export function follow({ source, receiver, agree, log }: FollowDeps): Following {
  const stopping = new AbortController();
  let rung = new AbortController();
  let last: Following['last'] = null;
  const sounds = new Sounds({ source, receiver, log });
  const bell = source.watch(() => { rung.abort(); });

  const look = async (): Promise<Step> => {
    const done = await step({ source, receiver, bring: (audioIds) => sounds.bring(audioIds) });
    if (done.kind === 'applied' || done.kind === 'copied') sounds.ring();
    if (done.kind === 'copied') log.warn({ head: done.head }, 'the log of the source did not reach back; everything was compared and copied');
    return done;
  };
  const tell = (outcome: NonNullable<Following['last']>): void => {
    if (last === null || last.ok !== outcome.ok) log[outcome.ok ? 'info' : 'warn']({ outcome: outcome.words }, outcome.ok ? 'the mirror follows its source' : 'the mirror cannot follow its source');
    last = outcome;
  };
  const running = (async () => {
    let toldMs = 0;
    let isKnown = false;
    while (!stopping.signal.aborted) {
      rung = new AbortController();
      try {
        // Again after each fault: another database may answer there now.
        if (!isKnown) await source.examine(await receiver.mark());
        isKnown = true;
        await agree?.();
        const { kind, head, sourceAt, waitingSince } = await look();
        if (kind === 'otherHistory') tell({ ok: false, words: 'the source does not know what was mirrored from it' });
        else tell({ ok: true, words: kind === 'held' ? 'the pool is served here' : 'follows' });
        const isBusy = kind === 'applied' || kind === 'copied' || kind === 'overtaken';
        if (!isBusy || Date.now() - toldMs > LOOK_MS) {
          toldMs = Date.now();
          await receiver.heard({ sourceAt, head, waitingSince, state: kind === 'otherHistory' ? kind : 'follows' });
        }
        if (isBusy) continue;
      } catch (fault) {
        isKnown = false;
        tell({ ok: false, words: fault instanceof Error ? fault.message : String(fault) });
      }
      await pauseFor(LOOK_MS, undefined, { signal: rung.signal }).catch(() => undefined);
    }
  })();
  return {
    get last() { return last; },
    close: async () => {
      stopping.abort();
      rung.abort();
      await bell.close();
      await Promise.all([running, sounds.close()]);
    },
  };
}
