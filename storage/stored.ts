// Documents as the database holds them: the model's objects, and what only this database needs to know beside them.
import { type Binary } from 'mongodb';
import { type AlarmMemory } from './alarms';
import { type ChangeEntry } from './model/change';
import { type ObjectKind, type ObjectKinds } from './model/configuration';
import { type EngineReport } from './model/engine-report';
import { type Instruction } from './model/instruction';
import { type LiveCaller, type LiveGroup, type LivePool, type PhoneBinding } from './model/live';
import { type MirrorState } from './model/mirror';
import { type CallRecord } from './model/record';
import { type Serving } from './model/serving';

/** An object of the configuration as it is stored: under its own id. */
export type StoredObject<K extends ObjectKind> = ObjectKinds[K] & { _id: string };
/** `_id` is the pool. The first write of every administration transaction, so that no two of a pool ever overlap. */
export interface Counter {
  readonly _id: string;
  readonly sequence: number;
  /** The token of the last change that was made by a verb: with it, the same number of another history is told apart. */
  readonly last?: string;
  /** Of the last decision who serves the pool that was written here. */
  readonly servingEpoch?: number;
  /** Somebody changes the pool as a whole (transfer/in-force.ts), and nobody else anything until `until`: `count` entries from `from` on, of which `done` are in place; 0: none has begun. */
  readonly held?: { readonly holder: string; readonly until: Date; readonly from: number; readonly count: number; readonly done: number };
}

/** What a log entry is about, as a person names it. */
export interface Subject {
  readonly kind: 'group' | 'agent' | 'settings' | OwnedNoun | 'trunk';
  readonly id: string;
  readonly name: string;
  /** The workflows that an object by itself belonged to then: their managers see the entry. */
  readonly workflowIds?: readonly string[];
}
/** Objects that belong to workflows, by the name their verbs have. */
export type OwnedNoun = 'queue' | 'agentGroup' | 'businessHours' | 'holidaySet';

/** A log entry as stored: with what only this database needs to know of it. */
export interface StoredChange extends ChangeEntry {
  readonly subject: Subject;
  /** What was answered, without secrets, for a request that comes again. */
  readonly value: unknown;
  /** Made anew by each call of `perform`, which recognises by it what an attempt of its own has written. */
  readonly token: string;
  /** When somebody wanted it, where it could be carried out only later. */
  readonly pressedAt?: Date;
}

/** `begunAt`: when an engine took it up, in database time. */
export type StoredInstruction = Instruction & { readonly begunAt: Date | null };

export interface StoredLease {
  /** The pool. */
  readonly _id: string;
  readonly epoch: number;
  /** Unique to one engine process. */
  readonly holder: string;
  /** Database time of the last renewal. */
  readonly renewedAt: Date;
  /** Whether the holder has given it up: nobody need wait. Absent in documents of earlier versions. */
  readonly released?: boolean;
  /** The session of the holder's transactions, for whoever takes over: one left open by a holder that died would lock what it touched for a minute. */
  readonly session?: Binary | null;
}

export type JournalBody = Readonly<Record<string, unknown>>;

export interface StoredJournalEntry {
  /** The call's or the agent's id. */
  readonly _id: string;
  readonly pool: string;
  readonly epoch: number;
  readonly revision: number;
  /** null: a tombstone. */
  readonly body: JournalBody | null;
  readonly ended: boolean;
  readonly endedAt: Date | null;
}

export interface Person {
  /** The directory object id, in lower case. */
  readonly _id: string;
  readonly name: string;
  readonly locale: string;
  /** The IANA zone of the person's client, as last seen; missing or null where it told none. */
  readonly timeZone?: string | null;
  /** What the chat adapter needs to write first; opaque here. */
  readonly conversation: Readonly<Record<string, unknown>> | null;
  readonly seenAt: Date;
}

/** `_id`: `lease` of the one that says who migrates now, `step:N` of what step N left. */
export type StoredMigration =
  | { readonly _id: string; readonly kind: 'lease'; readonly holder: string | null; readonly until: Date }
  | {
    readonly _id: string; readonly kind: 'step'; readonly step: number; readonly name: string;
    /** The oldest step that a program must know to work on what this one left. */
    readonly readableFrom: number;
    /** Database time, the process and its release. */
    readonly doneAt: Date; readonly by: string; readonly version: string;
  };

/** `_id` is the pool. What administrators were told of its redundancy. */
export interface StoredAlarms { readonly _id: string; readonly revision: number; readonly memory: AlarmMemory }

/** A bot that lives, by its own id; `at` in database time. */
export interface StoredBot { readonly _id: string; readonly pool: string; readonly at: Date }

/** A secret that bots share. `_id` says what for. */
export interface StoredSecret { readonly _id: string; readonly value: string }

/** Something that is done or told once; `_id` says what. */
export interface StoredClaim { readonly _id: string; readonly at: Date }

/** When somebody last wanted something of their own duty that left no other trace. `_id`: pool and person. */
export interface StoredDutyWish { readonly _id: string; readonly at: Date }

/** Where a bot writes outside of a turn; `reference` is opaque here. */
export interface StoredPlace { readonly conversationId: string; readonly personal: boolean; readonly reference: Readonly<Record<string, unknown>> }

/** A message that a bot edits by itself until something else is shown in it. `_id`: conversation and message. */
export interface StoredHeldMessage {
  readonly _id: string;
  readonly pool: string;
  readonly bot: string;
  /** Changes hands with the message: whoever has it may edit. */
  readonly token: string;
  readonly at: Date;
  /** Nobody edits it after this. */
  readonly until: Date;
  /** What another bot needs to go on with a live group; null: nobody goes on. */
  readonly follow: {
    readonly place: StoredPlace; readonly messageId: string; readonly workflowId: string;
    readonly personId: string; readonly name: string; readonly locale: string; readonly timeZone: string | null;
  } | null;
}

/** The card of one call on one agent's phone. `_id`: call and agent. */
export interface StoredCallCard {
  readonly _id: string;
  readonly pool: string;
  readonly bot: string;
  readonly at: Date;
  /** The call has left, so that the card stays as it is. */
  readonly over: boolean;
  readonly groupId: string;
  readonly groupName: string;
  readonly agentId: string;
  readonly personId: string;
  readonly caller: LiveCaller;
  /** What the card says the call is to this agent, and since when. */
  readonly state: string;
  readonly since: Date;
  readonly waitedMs: number;
  /** null: on its way to the channel, or lost with the bot that sent it. */
  readonly message: { readonly place: StoredPlace; readonly messageId: string; readonly locale: string; readonly timeZone: string | null } | null;
}

/** What somebody has typed so far of a group that is made step by step; nothing of it is configuration yet. `_id`: pool and person, for each makes one at a time. */
export interface StoredGuide {
  readonly _id: string;
  readonly guideId: string;
  /** The chat's own; opaque here. */
  readonly state: string;
  readonly at: Date;
}

/** Every collection beside the configuration's, by name. */
export interface Collections {
  changes: StoredChange;
  counters: Counter;
  /** Entries of mirrored histories that their pools have forgotten, as after an older copy was restored there. */
  changesAside: StoredChange;
  mirrors: MirrorState;
  serving: Serving;
  liveGroups: LiveGroup;
  livePools: LivePool;
  engines: EngineReport;
  migrations: StoredMigration;
  alarms: StoredAlarms;
  bots: StoredBot;
  claims: StoredClaim;
  dutyWishes: StoredDutyWish;
  secrets: StoredSecret;
  guides: StoredGuide;
  heldMessages: StoredHeldMessage;
  callCards: StoredCallCard;
  bindings: PhoneBinding;
  instructions: StoredInstruction;
  records: CallRecord;
  people: Person;
  leases: StoredLease;
  journalCalls: StoredJournalEntry;
  journalAgents: StoredJournalEntry;
}
