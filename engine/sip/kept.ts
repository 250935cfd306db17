// What is written down of a call's dialogs, so that another engine can speak in them: the edge holds the dialogs themselves.
import { z } from 'zod';
import { type Now, type OfferId } from '../core/types';
import { type Agreement } from './session-timer';

const dialogName = z.object({ id: z.string(), callId: z.string(), localTag: z.string(), remoteTag: z.string() });

/** A dialog that stands. */
export const dialogKept = z.object({
  /** All parts of its name, for Replaces. */
  name: dialogName,
  /** Whether the INVITE was ours. */
  weBegan: z.boolean(),
  /** Whether a REFER from there is listened to. */
  mayRefer: z.boolean(),
  /** Their Allow. */
  theyAllow: z.string().nullable(),
  /** The session timer (RFC 4028), and when it was agreed on last. */
  timer: z.object({ seconds: z.number().positive(), refresher: z.enum(['us', 'them']), agreedAt: z.coerce.date() }).nullable(),
  /** What their offer, or our first 200, still awaits. */
  awaits: z.enum(['nothing', 'ack', 'answer']),
});
export type DialogKept = z.output<typeof dialogKept>;

const identity = z.object({ uri: z.string().nullable(), number: z.string(), name: z.string(), private: z.boolean(), maxForwards: z.number(), history: z.array(z.string()) });

export const sipKept = z.object({
  /** Null when the caller's leg is over. */
  caller: z.object({
    /** Of the INVITE, by which the edge tells it again; another than the call's where a phone took the caller's place. */
    inviteId: z.string(),
    identity,
    /** Before our 200 was confirmed: what the edge will call its dialog, and what our 200 says, or said, of it. */
    dialog: dialogKept,
    /** Whether our 200 was confirmed, and whether it was acknowledged. */
    state: z.enum(['invited', 'awaitingAck', 'up']),
  }).nullable(),
  /** Legs that have a dialog and were answered for calls. */
  legs: z.array(z.object({
    legId: z.string(),
    /** The leg's INVITE came to us by this id; null: it was ours. */
    inviteId: z.string().nullable(),
    dialog: dialogKept,
  })),
  /** Legs that ring: by which Call-IDs a phone that is answered has the call, unless it is to be asked first whether it takes it. */
  ringing: z.array(z.object({ legId: z.string(), mayRefer: z.boolean(), callIds: z.array(z.string()) })).default([]),
  /** REFERs that were accepted, and are told of until they are over. */
  transfers: z.array(z.object({ transferId: z.string(), legId: z.string(), dialogId: z.string(), event: z.string(), subscribed: z.boolean(), referredBy: z.string().nullable() })),
  /** How many REFERs each dialog has had, for the ids of the next. */
  refers: z.record(z.string(), z.int().positive()),
});
export type SipKept = z.output<typeof sipKept>;

/** An answered dialog that the edge has, in the words of the inventory. */
export interface StandingDialog { readonly id: string; readonly callId: string; readonly localTag: string; readonly remoteTag: string; readonly role: 'uas' | 'uac' }

export interface Standing {
  readonly byId: ReadonlyMap<string, StandingDialog>;
  /** Those that an engine began, by their SIP Call-ID. */
  readonly begun: ReadonlyMap<string, StandingDialog>;
}

export function standingOf(dialogs: readonly StandingDialog[]): Standing {
  return { byId: new Map(dialogs.map((dialog) => [dialog.id, dialog])), begun: new Map(dialogs.filter(({ role }) => role === 'uac').map((dialog) => [dialog.callId, dialog])) };
}

/** What `Switchboard.adopt` found. */
export interface Adopted {
  /** `up`: the dialog stands; `awaited`: an INVITE without a final answer, told again by the edge or given up after a while; `gone`: or never there, of who is being called back. */
  readonly caller: 'up' | 'awaited' | 'gone';
  /** Legs that stand. Every other leg of the call is over: whoever adopts tells the carrier `legEnded(legId, 'withdrawn')`. */
  readonly legs: ReadonlySet<OfferId>;
  /** Those of them that rang by what was written, and were answered in the moment after: whoever adopts tells the carrier so. */
  readonly answered: readonly OfferId[];
}

/** A caller's dialog that the edge knows and no journal tells of, in the words of the inventory. */
export interface StrayDialog {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly arrival: {
    readonly transactionId: string;
    readonly requestUri: string;
    readonly from: string;
    readonly to: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly source: { readonly address: string; readonly port: number; readonly protocol: string };
  };
}

type TimerKept = DialogKept['timer'];

export function timerOut(agreement: Agreement | null, agreedAtMs: number, now: Now): TimerKept {
  return agreement === null ? null : { ...agreement, agreedAt: new Date(now.civil.getTime() + agreedAtMs - now.monotonicMs) };
}

/** Never in the future, and no longer ago than the timer is long. */
export function agreedAgoMs(timer: NonNullable<TimerKept>, now: Now): number {
  return Math.min(Math.max(0, now.civil.getTime() - timer.agreedAt.getTime()), timer.seconds * 1_000);
}
