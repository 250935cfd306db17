// What the queries answer: complete views for cards, already without anything the actor may not see.
import { type Contact, type Pause } from '../model/agent';
import { type ObjectKinds } from '../model/configuration';
import { type AgentActivity, type LiveCaller, type LiveGroup, type PhoneBinding } from '../model/live';
import { type PoolSettings } from '../model/settings';
import { type Trunk } from '../model/trunk';
import { type Manager, type ManagerPermission, type Workflow } from '../model/workflow';
import { type Subject } from '../stored';
import { type FieldChange } from './describe';
import { type Verb, type GroupForm, type GroupVersions } from './verbs';
import { type Fault, type Warning } from './results';

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
  /** SIP user, telephone number, hunt group or interactive, managed or not, the list of managers, open to federated callers or not. */
  readonly changeAddress: boolean;
  readonly delete: boolean;
  readonly addManager: boolean;
  readonly removeManager: boolean;
  readonly copy: boolean;
  /** What of it, and of what belongs to it, this actor may change. */
  readonly permissions: readonly ManagerPermission[];
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
  /** `interactive`: callers are asked questions first, and the form is about the queue that the first answers lead to. */
  readonly type: 'huntGroup' | 'interactive';
  /** Everything the edit form shows, under the same names. `null`: the workflow leads to no queue with an agent group, so it is changed with `workflow.change` alone. */
  readonly form: GroupForm | null;
  /** To be sent back with `group.change`; `null` exactly where `form` is. */
  readonly versions: GroupVersions | null;
  /** Those of the form's agent group, in its order. */
  readonly agents: readonly { readonly id: string; readonly name: string; readonly onDuty: boolean }[];
  readonly managers: readonly Manager[];
  /** The change log sequence of the last edit of this group. */
  readonly savedSequence: number;
  readonly lastEdit: { readonly by: string; readonly at: Date } | null;
  readonly inForce: InForce;
  readonly live: LiveView;
}

export interface LiveAgentView {
  readonly id: string;
  readonly name: string;
  readonly activity: AgentActivity;
  readonly since: Date;
  /** `false`: serves formal agent groups alone, and is signed in to none of them. */
  readonly signedIn: boolean;
  readonly pause: Pause | null;
}

/** A group as it is now. Times are instants; the card counts seconds from `at`. */
export interface LiveView {
  readonly id: string;
  readonly displayName: string;
  readonly engineAlive: boolean;
  /** When the engine wrote this; `null`: it has not yet seen the group. */
  readonly at: Date | null;
  readonly callers: LiveGroup['callers'];
  /** Callers in welcome, in a menu, waiting or ringing, and since when the first of them has been in the queue. */
  readonly waiting: number;
  readonly talking: number;
  readonly waitingSince: Date | null;
  readonly agents: readonly LiveAgentView[];
  /** The queues that callers of this group may wait in, the main one first. */
  readonly queues: readonly { readonly id: string; readonly name: string }[];
  /** What this actor may do with its waiting callers. */
  readonly rights: { readonly moveCaller: boolean; readonly setPriority: boolean };
  readonly warnings: readonly Warning[];
}

export interface AgentName { readonly id: string; readonly name: string; readonly sipUser: string }

/** Named things that a form may refer to, as far as the actor may see them. */
export type ObjectNames = { readonly [K in 'queues' | 'agentGroups' | 'businessHours' | 'holidaySets']: readonly { readonly id: string; readonly name: string }[] };

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
  readonly contacts: readonly Contact[];
  readonly pause: Pause | null;
  /** Formal agent groups that list the agent, of groups the actor may see. */
  readonly formalGroups: readonly FormalGroup[];
  /** Only groups the actor may see. */
  readonly groups: readonly GroupName[];
}

export interface FormalGroup { readonly id: string; readonly name: string; readonly signedIn: boolean }

/** A caller whom this agent may pick. */
export interface PickableCaller extends Pick<LiveCaller, 'callId' | 'callerNumber' | 'callerName' | 'state' | 'priority' | 'answers' | 'arrivedAt' | 'joinedQueueAt'> {
  readonly group: GroupName;
  readonly queue: { readonly id: string; readonly name: string };
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
  readonly contacts: readonly Contact[];
  readonly pause: Pause | null;
  /** Formal agent groups that list this agent. */
  readonly formalGroups: readonly FormalGroup[];
  /** In waiting order: who waits (or rings already) in the queues of attendant groups that list this agent. */
  readonly pickable: readonly PickableCaller[];
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
  readonly subjectKind: Subject['kind'];
  readonly workflowId: string | null;
  /** Named as on the forms; lists of things hold their names. */
  readonly fields: readonly FieldChange[];
  /** The entry this one took back, and the one that took this one back. */
  readonly undoes: string | null;
  readonly undoneBy: string | null;
}

/** Which entries; what is left out does not narrow. */
export interface HistoryOptions {
  readonly limit?: number;
  readonly workflowId?: string;
  /** Part of the name of what was changed, and of who did it, in whatever case. */
  readonly about?: string;
  readonly by?: string;
  /** From `from` until just before `to`. */
  readonly from?: Date;
  readonly to?: Date;
  /** Only entries before this sequence number: the next page after the one that ended with it. */
  readonly before?: number;
}

/** One entry, and whether who asks may take it back as things stand. `notYours`: seen, but not theirs to take back. `inTheWay`: `message` says what, and who. */
export interface ChangeView extends HistoryEntry {
  readonly undo: { readonly possible: true } | { readonly possible: false; readonly because: 'notYours' | 'inTheWay'; readonly message: string; readonly faults: readonly Fault[] };
}

export interface SettingsView { readonly version: number; readonly settings: Omit<PoolSettings, 'id' | 'pool' | 'version'> }

/** An object as it is shown; a trunk without its password. */
export interface ShownObjects extends Pick<ObjectKinds, 'queues' | 'agentGroups' | 'businessHours' | 'holidaySets'> {
  trunks: Omit<Trunk, 'password'> & { readonly hasPassword: boolean };
}
export type ShownKind = keyof ShownObjects;
export const SHOWN_KINDS = ['queues', 'agentGroups', 'businessHours', 'holidaySets', 'trunks'] as const satisfies readonly ShownKind[];

/** One object by itself: `version` goes back with its change verb. */
export interface ObjectView<K extends ShownKind> {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly object: ShownObjects[K];
  /** Groups this actor may see that use it, or that it was made for. */
  readonly groups: readonly GroupName[];
  readonly rights: { readonly change: boolean; readonly delete: boolean; readonly copy: boolean };
}

/** A workflow with everything it leads to. */
export interface WorkflowView {
  readonly id: string;
  readonly version: number;
  readonly type: 'huntGroup' | 'interactive';
  readonly address: string;
  readonly workflow: Workflow;
  /** Every queue that its actions lead to, also through other queues; the main one first. */
  readonly queues: readonly ObjectView<'queues'>[];
  readonly agentGroups: readonly ObjectView<'agentGroups'>[];
  readonly businessHours: ObjectView<'businessHours'> | null;
  readonly holidaySets: readonly ObjectView<'holidaySets'>[];
  readonly rights: GroupRights;
  readonly warnings: readonly Warning[];
}
