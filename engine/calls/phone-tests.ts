// Rings an agent's own phone, for no caller, and says a sentence to whoever answers.
import { type LegOutcome } from '../core/types';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type Logger } from '../../storage/process/log';
import { type Anchors } from './anchors';
import { type MediaPort, type SipPort, type SoundPort, type Timers } from './ports';
import { within } from './serial';
import { ENGINE_LANGUAGE, TEXTS } from './texts';

export interface PhoneTestDeps {
  readonly media: MediaPort;
  readonly sounds: SoundPort;
  readonly timers: Timers;
  readonly log: Logger;
  readonly anchors: Anchors;
  sip(): SipPort;
  /** Exactly once a test: when the sentence is being said, or when it is certain that it never will be. */
  told(testId: string, outcome: InstructionOutcome): void;
  /** Exactly once a test, when the leg is over. */
  ended(testId: string): void;
}

const MS = { media: 4_000, ring: 14_000, longestTalk: 30_000, afterSentence: 400 } as const;

interface Test { told: boolean; cancelDeadline: (() => void) | null; over: boolean }

/** Why a phone test came to nothing, by how its leg ended. */
const REFUSALS: Readonly<Record<LegOutcome, InstructionOutcome>> = {
  declined: { kind: 'refused', reason: 'declined' },
  busy: { kind: 'refused', reason: 'busy' },
  noAnswer: { kind: 'refused', reason: 'noAnswer' },
  unreachable: { kind: 'refused', reason: 'unreachable' },
  failed: { kind: 'refused', reason: 'failed' },
  withdrawn: { kind: 'refused', reason: 'noAnswer' },
  /** Answered, and hung up before anything was said: the phone rings. */
  hungUp: { kind: 'done' },
};

/** The leg id is the test id: it belongs to no call. The anchor is made the other way round than for a caller: we offer. */
export class PhoneTests {
  private readonly tests = new Map<string, Test>();

  constructor(private readonly deps: PhoneTestDeps) {}

  has(testId: string): boolean { return this.tests.has(testId); }

  ring(testId: string, agentId: string): void {
    const test: Test = { told: false, cancelDeadline: null, over: false };
    this.tests.set(testId, test);
    this.deps.anchors.make(testId, this.deps.media.anchorOfferless(testId)).then(({ callerSdp }) => {
      test.cancelDeadline = this.deps.timers.after(MS.ring, () => { this.deps.sip().withdraw(testId, 'noAnswer'); });
      this.deps.sip().ring(testId, { branches: [{ to: { kind: 'registered', agentId }, sdp: callerSdp, confirm: false }], fromName: TEXTS[ENGINE_LANGUAGE].phoneTestFrom, fromUser: 'phone-test' });
    }).catch((fault: unknown) => {
      this.failed(fault);
      this.finish(testId, REFUSALS.failed);
    });
  }

  answered(testId: string, sdp: string): void {
    const test = this.tests.get(testId);
    if (test === undefined) return;
    this.endAfter(test, testId, MS.longestTalk);
    this.speak(testId, sdp).then((durationMs) => {
      this.tell(test, testId, { kind: 'done' });
      this.endAfter(test, testId, durationMs + MS.afterSentence);
    }, (fault: unknown) => {
      this.failed(fault);
      this.tell(test, testId, REFUSALS.failed);
      this.deps.sip().endLeg(testId);
    });
  }

  legEnded(testId: string, outcome: LegOutcome): void {
    this.finish(testId, REFUSALS[outcome]);
  }

  /** A new offer of the phone, which is the anchor's only side. @throws MediaFault */
  async renegotiate(testId: string, sdp: string): Promise<string> {
    return (await within(this.deps.timers, MS.media, 'renegotiate', this.deps.media.renegotiate(testId, 'caller', sdp))).sdp;
  }

  completeRenegotiation(testId: string, sdp: string): void {
    within(this.deps.timers, MS.media, 'renegotiate', this.deps.media.completeRenegotiation(testId, 'caller', sdp)).catch((fault: unknown) => { this.failed(fault); });
  }

  private async speak(testId: string, sdp: string): Promise<number> {
    const { media, sounds, timers } = this.deps;
    await within(timers, MS.media, 'complete', media.completeOfferless(testId, sdp));
    const { file } = await within(timers, MS.media, 'sound', sounds.prompt({ text: TEXTS[ENGINE_LANGUAGE].phoneTest, audio: null }, ENGINE_LANGUAGE));
    return (await within(timers, MS.media, 'play', media.play(testId, file, false))).durationMs;
  }

  private endAfter(test: Test, testId: string, ms: number): void {
    test.cancelDeadline?.();
    if (!test.over) test.cancelDeadline = this.deps.timers.after(ms, () => { this.deps.sip().endLeg(testId); });
  }

  private tell(test: Test, testId: string, outcome: InstructionOutcome): void {
    if (test.told) return;
    test.told = true;
    this.deps.told(testId, outcome);
  }

  private finish(testId: string, outcome: InstructionOutcome): void {
    const test = this.tests.get(testId);
    if (test === undefined) return;
    this.tests.delete(testId);
    test.over = true;
    test.cancelDeadline?.();
    void this.deps.anchors.release(testId);
    this.tell(test, testId, outcome);
    this.deps.ended(testId);
  }

  private failed(fault: unknown): void {
    this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'a phone test met a fault');
  }
}
