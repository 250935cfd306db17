// One clock for everything that plays: a frame every 20 ms against an absolute schedule, so that nothing drifts and lateness is made up.
import { FRAME_MS } from './outgoing-stream';

/** Something that wants to be called every 20 ms. */
export interface Playable {
  /** `skippedFrames` frames before this one will never be sent. Returns false when it is over. */
  playFrame(skippedFrames: number, nowMs: number): boolean;
}

/** Players are spread over this many phases of the 20 ms, so that neither the network nor whoever waits for this thread sees all callers served at once. */
const PHASES = 10;
const PHASE_MS = FRAME_MS / PHASES;
/** After a longer standstill what was missed is skipped: a listener's jitter buffer is not deeper. */
const MOST_CAUGHT_UP_MS = 100;

export class PlayClock {
  private readonly phases: Set<Playable>[] = Array.from({ length: PHASES }, () => new Set());
  /** Frames each phase has missed and not been told of. */
  private readonly skipped: number[] = new Array<number>(PHASES).fill(0);
  private readonly homes = new Map<Playable, Set<Playable>>();
  private timer: NodeJS.Timeout | null = null;
  private startMs = 0;
  /** The next phase to be played, counted from `startMs`. */
  private next = 0;

  /** `now` in monotonic milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  get size(): number {
    return this.homes.size;
  }

  /** Its first frame is due within 20 ms. */
  add(playable: Playable): void {
    if (this.homes.has(playable)) return;
    const home = this.phases.reduce((least, phase) => (phase.size < least.size ? phase : least));
    const first = home.size === 0;
    home.add(playable);
    this.homes.set(playable, home);
    if (this.timer && !first) return;
    if (!this.timer) this.begin();
    this.arm();
  }

  remove(playable: Playable): void {
    this.homes.get(playable)?.delete(playable);
    this.homes.delete(playable);
    if (this.homes.size > 0 || !this.timer) return;
    clearTimeout(this.timer);
    this.timer = null;
  }

  private begin(): void {
    this.startMs = this.now();
    this.next = 0;
    this.skipped.fill(0);
  }

  /** For the next phase in which anybody is: with few players the clock seldom wakes. */
  private arm(): void {
    if (this.timer) clearTimeout(this.timer);
    let phase = this.next;
    while (phase < this.next + PHASES && this.isEmpty(phase)) phase += 1;
    this.timer = setTimeout(() => this.wake(), Math.max(0, Math.ceil(this.startMs + phase * PHASE_MS - this.now())));
  }

  private isEmpty(phase: number): boolean {
    return this.phases[phase % PHASES]?.size === 0;
  }

  private wake(): void {
    const nowMs = this.now();
    const due = Math.floor((nowMs - this.startMs) / PHASE_MS);
    // Where nobody is nothing is late.
    for (; this.next < due && this.isEmpty(this.next); this.next += 1) this.skipped[this.next % PHASES] = 0;
    if ((due - this.next) * PHASE_MS > MOST_CAUGHT_UP_MS) {
      const frames = Math.floor((due - this.next) / PHASES);
      this.next += frames * PHASES;
      this.skipped.forEach((before, index) => { this.skipped[index] = before + frames; });
    }
    for (; this.next <= due && this.homes.size > 0; this.next += 1) {
      const index = this.next % PHASES;
      const phase = this.phases[index];
      if (phase) this.play(phase, this.skipped[index] ?? 0, nowMs);
      this.skipped[index] = 0;
    }
    if (this.timer && this.homes.size > 0) this.arm();
    else this.timer = null;
  }

  private play(phase: ReadonlySet<Playable>, skippedFrames: number, nowMs: number): void {
    for (const playable of phase) {
      if (!playable.playFrame(skippedFrames, nowMs)) this.remove(playable);
    }
  }
}
