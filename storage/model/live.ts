// What the engine writes for people to see now, at most twice a second a group. Derived; nothing is ever decided from it.
import { type AnsweredQuestion } from './record';

/** What the engine sees of an agent; `offDuty` wins over everything but a call in progress. */
export type AgentActivity = 'free' | 'ringing' | 'talking' | 'wrappingUp' | 'resting' | 'paused' | 'unreachable' | 'offDuty';

export interface LiveCaller {
  readonly callId: string;
  readonly callerNumber: string;
  readonly callerName: string;
  /** `menu`: in an interactive workflow. `forwarding`: being connected to a number or address. `callBack`: not on the phone, to be called back in turn. */
  readonly state: 'welcome' | 'menu' | 'waiting' | 'ringing' | 'talking' | 'forwarding' | 'callBack';
  readonly priority: number;
  readonly queueId: string | null;
  /** What the caller answered, in order. */
  readonly answers: readonly AnsweredQuestion[];
  /** Agents whose phones ring for this caller now. */
  readonly ringing: readonly string[];
  readonly arrivedAt: Date;
  readonly joinedQueueAt: Date | null;
  readonly agentId: string | null;
}

export interface LiveAgent {
  readonly agentId: string;
  readonly activity: AgentActivity;
  readonly since: Date;
  /** Whether the duty makes the agent a member of any of the group's lists: of an informal one always, of a formal one when signed in there. */
  readonly signedIn: boolean;
}

/** One document a workflow, `_id` its id. */
export interface LiveGroup {
  readonly _id: string;
  readonly pool: string;
  readonly epoch: number;
  readonly revision: number;
  readonly at: Date;
  /** In waiting order; ringing counts as waiting. */
  readonly callers: readonly LiveCaller[];
  readonly agents: readonly LiveAgent[];
}

/** One document a pool, `_id` its name: what is in force, and that the engine is alive. */
export interface LivePool {
  readonly _id: string;
  readonly epoch: number;
  /** The change log sequence every decision since `at` obeys. */
  readonly inForce: number;
  readonly startedAt: Date;
  /** Written every 2 s while the engine lives. */
  readonly at: Date;
}

/** Where one phone registered from. */
export interface RegisteredPhone {
  /** The Contact URI to send INVITE to, and where the REGISTER came from. */
  readonly contact: string;
  readonly source: string;
  readonly transport: 'udp' | 'tcp';
  readonly userAgent: string;
  readonly registeredAt: Date;
  readonly expiresAt: Date;
  /** `+sip.instance` (RFC 5626): the same phone under whatever Contact. Absent where it names none. */
  readonly instance?: string;
}

/** One document an agent, `_id` its id: the phone that stays registered longest, so that the document ends with the last of them, and the others. Written behind by the registrar. */
export interface PhoneBinding extends RegisteredPhone {
  readonly _id: string;
  readonly pool: string;
  /** Absent in documents of earlier versions, which kept one phone an agent. */
  readonly others?: readonly RegisteredPhone[];
}
