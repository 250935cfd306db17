// What the queries answer: complete views for cards, already without anything the actor may not see.
import { type AgentActivity, type LiveGroup, type PhoneBinding } from '../model/live';
import { type Manager } from '../model/workflow';
import { type PoolSettings } from '../model/settings';
import { type Verb, type GroupForm, type GroupVersions } from './verbs';
import { type Warning } from './results';

export interface GroupName { readonly id: string; readonly displayName: string; readonly sipUser: string }

export interface WhoAmI {
  readonly personId: string | null;
  readonly name: string;
  readonly administrator: boolean;
  readonly manages: readonly GroupName[];
  readonly serves: readonly GroupName[];
  readonly agent: { readonly id: string; readonly name: string; readonly onDuty: boolean; readonly since: Date } | null;
}

/** What this actor may do with one group; cards hide the rest. */
export interface GroupRights {
  readonly change: boolean;
  /** SIP user, telephone number, managed or not, the list of managers. */
  readonly changeAddress: boolean;
  readonly delete: boolean;
  readonly addManager: boolean;
  readonly removeManager: boolean;
}

/** Whether what is saved is what callers meet. `engineAway`: no sign of an engine for 6 s. */
export type InForce = 'yes' | 'notYet' | 'engineAway';

export interface GroupSummary extends GroupName {
  /** `sip:user@domain` */
  readonly address: string;
  readonly telephoneNumber: string | null;
  readonly active: boolean;
  readonly managed: boolean;
  readonly agentCount: number;
  readonly onDutyCount: number;
  readonly waiting: number;
  readonly talking: number;
  readonly rights: GroupRights;
  readonly warnings: readonly Warning[];
}

export interface GroupView extends GroupSummary {
  /** Everything the edit form shows, under the same names. */
  readonly form: GroupForm;
  /** To be sent back with `group.change`. */
  readonly versions: GroupVersions;
  readonly agents: readonly { readonly id: string; readonly name: string; readonly onDuty: boolean }[];
  readonly managers: readonly Manager[];
  /** The change log sequence of the last edit of this group. */
  readonly savedSequence: number;
  readonly lastEdit: { readonly by: string; readonly at: Date } | null;
  readonly inForce: InForce;
  readonly live: LiveView;
}

export interface LiveAgentView { readonly id: string; readonly name: string; readonly activity: AgentActivity; readonly since: Date }

/** A group as it is now. Times are instants; the card counts seconds from `at`. */
export interface LiveView {
  readonly id: string;
  readonly displayName: string;
  readonly engineAlive: boolean;
  /** When the engine wrote this; `null`: it has not yet seen the group. */
  readonly at: Date | null;
  readonly callers: LiveGroup['callers'];
  /** Callers in welcome, waiting or ringing, and since when the first of them has been in the queue. */
  readonly waiting: number;
  readonly talking: number;
  readonly waitingSince: Date | null;
  readonly agents: readonly LiveAgentView[];
  readonly warnings: readonly Warning[];
}

export interface AgentView {
  readonly id: string;
  readonly name: string;
  readonly sipUser: string;
  /** The rest is `null` where the actor is neither an administrator, nor the agent, nor a manager of a group the agent serves. */
  readonly detail: AgentDetail | null;
}

export interface AgentDetail {
  readonly version: number;
  readonly personId: string | null;
  readonly hasPassword: boolean;
  readonly simulated: boolean;
  readonly onDuty: boolean;
  readonly since: Date;
  readonly registered: boolean;
  /** Only groups the actor may see. */
  readonly groups: readonly GroupName[];
}

/** The actor's own phone and duty. */
export interface MyAgent {
  readonly id: string;
  readonly name: string;
  readonly sipUser: string;
  readonly domain: string;
  readonly address: string;
  readonly hasPassword: boolean;
  readonly onDuty: boolean;
  readonly since: Date;
  readonly activity: AgentActivity | null;
  /** `null`: not registered, or the registration ran out. */
  readonly phone: Pick<PhoneBinding, 'source' | 'transport' | 'userAgent' | 'registeredAt' | 'expiresAt'> | null;
  readonly serves: readonly GroupName[];
}

/** One line of the history: who did what to which thing, when. Secrets show as "changed". */
export interface HistoryEntry {
  readonly entryId: string;
  readonly sequence: number;
  readonly at: Date;
  readonly by: string;
  /** The one who asks made this edit, so that it may be their "last edit"; names do not tell people apart. Duty and passwords are not edits. */
  readonly ownEdit: boolean;
  readonly verb: Verb;
  /** The thing's name, as a person knows it. */
  readonly subject: string;
  readonly workflowId: string | null;
  /** Named as on the forms; `agents` holds names. */
  readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
  /** The entry this one took back, and the one that took this one back. */
  readonly undoes: string | null;
  readonly undoneBy: string | null;
}

export interface SettingsView { readonly version: number; readonly settings: Pick<PoolSettings, 'gracePeriodSeconds' | 'callContextShown'> }
