// What a verb answers: what was done, or why not. Refusals are values; only a defect throws.
import { type AudioFile } from '../model/prompt';
import { ruleText, type Rule, type RuleCode, type RuleParams } from '../model/rules';
import { type Verb, type VerbValues } from './verbs';

/** One thing wrong with what was typed. `field` is the input's own name for it; `message` says what is allowed. */
export interface Fault {
  readonly field: string;
  readonly value: unknown;
  readonly message: string;
  /** The rule that was broken, for saying it in another language; missing where only the English words are known. */
  readonly rule?: Rule;
}

/** A fault of a known rule. */
export const faultOf = (field: string, value: unknown, code: RuleCode, params: RuleParams = {}): Fault => ({ field, value, message: ruleText(code, params), rule: { code, params } });

/** A field of a form that someone else changed after the form was opened. */
export interface StaleField {
  readonly field: string;
  /** What the form showed when it was opened, what stands there now, and what the person wanted. */
  readonly opened: unknown;
  readonly now: unknown;
  readonly wanted: unknown;
  readonly changedBy: string;
  readonly changedAt: Date;
}

/** True, and worth saying, but nothing is refused for it. */
export type Warning =
  /** The group takes calls and none of its agents is on duty. */
  | { readonly code: 'nobodyOnDuty'; readonly workflowId: string }
  /** Callers of an active group may ring for ever: it has neither a timeout nor an overflow threshold. */
  | { readonly code: 'waitsForever'; readonly workflowId: string }
  /** A managed group that names no manager. */
  | { readonly code: 'noManager'; readonly workflowId: string }
  /** The built-in voice does not speak the group's language, and something is to be said in it. `fields` name the prompts, like `welcome` or `questions.0.prompt`. */
  | { readonly code: 'voiceMissing'; readonly workflowId: string; readonly language: string; readonly fields?: readonly string[] }
  /** The questions go deeper than 3 levels, or one has more than 5 answers: callers lose their way. */
  | { readonly code: 'deepMenu'; readonly workflowId: string; readonly levels: number; readonly answers: number }
  /** The phone's address changed, so its old password no longer fits. */
  | { readonly code: 'passwordNeeded'; readonly agentId: string };

export interface Done<V extends Verb = Verb> {
  readonly ok: true;
  readonly value: VerbValues[V];
  /** The change log entry that holds it; `null` when nothing differed, so nothing was written. */
  readonly entryId: string | null;
  /** The sequence from which it holds; compare with `LivePool.inForce`. */
  readonly sequence: number;
  readonly warnings: readonly Warning[];
}

/**
 * - `notFound`: it does not exist, or this actor may not see it; never to be told apart.
 * - `notAllowed`: seen, but not for this actor to change.
 * - `invalid`: `faults` name each field.
 * - `conflict`: well-formed, but something else stands against it: an address in use, an agent still in a group, a later edit on top of the one to undo.
 * - `stale`: `stale` names each field that someone else changed in between; nothing was written.
 * - `alreadyDone`: this `requestId` was carried out before; `earlier` is what it answered (without a password).
 * - `unavailable`: the database did not answer in time; nothing is known to be written, and the same `requestId` may be sent again.
 */
export type Refusal<V extends Verb = Verb> =
  | { readonly ok: false; readonly code: 'notFound' | 'notAllowed' | 'invalid' | 'conflict' | 'unavailable'; readonly message: string; readonly faults: readonly Fault[] }
  | { readonly ok: false; readonly code: 'stale'; readonly message: string; readonly faults: readonly Fault[]; readonly stale: readonly StaleField[] }
  | { readonly ok: false; readonly code: 'alreadyDone'; readonly message: string; readonly faults: readonly Fault[]; readonly earlier: Done<V> };

export type Result<V extends Verb = Verb> = Done<V> | Refusal<V>;

/** Queries: a view, or that there is nothing this actor may see, or no database. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: 'notFound' | 'notAllowed' | 'unavailable'; readonly message: string };

/** An audio file that was kept, or why not; `invalid` says what is wrong with it and what is allowed. */
export type Kept = { readonly ok: true; readonly value: AudioFile } | { readonly ok: false; readonly code: 'invalid' | 'notAllowed' | 'unavailable'; readonly message: string; readonly faults: readonly Fault[] };

/** Thrown inside a transaction to abort it; `perform` turns it into a `Refusal`. Never leaves administration. */
export class Refused extends Error {
  constructor(readonly refusal: Exclude<Refusal, { code: 'alreadyDone' }>) {
    super(refusal.message);
    this.name = 'Refused';
  }
}

/** Refuses with a code, a sentence and the fields it is about. */
export function refuse(code: 'notFound' | 'notAllowed' | 'invalid' | 'conflict', message: string, faults: readonly Fault[] = []): Refused {
  return new Refused({ ok: false, code, message, faults });
}
