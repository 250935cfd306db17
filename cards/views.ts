// View models: everything a card shows, already decided. Gates are positive booleans; every field is always there.

/** A button. `data` travels back with the verb; `inputs` says whether what was typed travels too. */
export interface Button {
  readonly title: string;
  readonly verb: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly style: 'default' | 'positive' | 'destructive';
  readonly inputs: 'auto' | 'none';
}

export type Tone = 'default' | 'emphasis' | 'good' | 'accent' | 'warning' | 'attention';
export type TextColor = 'Default' | 'Good' | 'Accent' | 'Warning' | 'Attention';

/** Automatic refresh for at most 60 people; `userIds` are chat ids, not directory ids. */
export interface Refresh { readonly shown: boolean; readonly verb: string; readonly data: Readonly<Record<string, unknown>>; readonly userIds: readonly string[] }

/** A sentence beside an input or on top of a card. */
export interface Note { readonly shown: boolean; readonly text: string; readonly tone: Tone }
/** What is wrong with one input. */
export interface Fault { readonly shown: boolean; readonly text: string }
export interface Choice { readonly title: string; readonly value: string }

/** Texts ending in `Text` are from the catalogue and escaped; names are as typed, and escaped by the template. */
export interface NoticeView { readonly tone: Tone; readonly titleText: string; readonly bodyText: string; readonly details: readonly { readonly text: string }[]; readonly actions: readonly Button[] }

export interface HelpView {
  readonly name: string;
  readonly roleText: string;
  readonly sections: readonly { readonly titleText: string; readonly commands: readonly { readonly command: string; readonly text: string; readonly verb: string; readonly data: Readonly<Record<string, unknown>> }[] }[];
}

/** Texts are escaped already, but for `values`, which stand in inputs. */
export interface HistoryView {
  readonly titleText: string;
  readonly note: Note;
  /** Whether the filter is open from the start. */
  readonly filtered: boolean;
  readonly values: { readonly about: string; readonly by: string; readonly from: string; readonly to: string };
  readonly filterActions: readonly Button[];
  readonly empty: boolean;
  readonly rows: readonly { readonly whatText: string; readonly whoText: string; readonly lines: readonly { readonly text: string }[]; readonly actions: readonly Button[] }[];
  readonly actions: readonly Button[];
  readonly exported: boolean;
  readonly csvUrl: string;
  readonly jsonUrl: string;
}

export interface WhoView {
  readonly name: string;
  readonly personId: string;
  readonly roles: readonly { readonly text: string }[];
  readonly actions: readonly Button[];
}

export interface GroupsView {
  readonly note: Note;
  readonly empty: boolean;
  readonly groups: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly activeText: string;
    readonly active: boolean;
    readonly inactive: boolean;
    readonly waitingText: string;
    readonly waitingColor: TextColor;
    readonly dutyText: string;
    readonly warned: boolean;
    readonly warningText: string;
  }[];
  readonly actions: readonly Button[];
  readonly refresh: Refresh;
}

export interface GroupView {
  readonly note: Note;
  readonly name: string;
  readonly address: string;
  readonly numbered: boolean;
  readonly number: string;
  readonly described: boolean;
  readonly description: string;
  readonly activeText: string;
  readonly activeColor: TextColor;
  /** Saved, or already in force. */
  readonly forceText: string;
  readonly forceColor: TextColor;
  readonly warnings: readonly { readonly text: string }[];
  readonly counted: boolean;
  readonly waiting: number;
  readonly talking: number;
  readonly free: number;
  readonly onDuty: number;
  readonly agentCount: number;
  readonly facts: readonly { readonly title: string; readonly value: string }[];
  /** Two rows, for a narrow chat shows no more than four side by side. */
  readonly actions: readonly Button[];
  readonly moreActions: readonly Button[];
  readonly refresh: Refresh;
}

export interface GroupFormView {
  readonly titleText: string;
  readonly introText: string;
  readonly note: Note;
  readonly changes: readonly { readonly text: string }[];
  readonly creating: boolean;
  /** Administrators set the address and the number. */
  readonly addressed: boolean;
  readonly sipUserHintText: string;
  readonly alertTimeHintText: string;
  readonly wrapUpHintText: string;
  readonly timeoutHintText: string;
  readonly overflowHintText: string;
  readonly values: {
    readonly displayName: string; readonly description: string; readonly sipUser: string; readonly telephoneNumber: string;
    readonly welcomeText: string; readonly language: string; readonly routingMethod: string; readonly alertTimeSeconds: string; readonly wrapUpSeconds: string;
    readonly timeoutSeconds: string; readonly timeoutText: string;
    readonly overflowThreshold: string; readonly overflowText: string;
    readonly active: string; readonly managed: string; readonly added: string; readonly order: string;
  };
  readonly faults: Readonly<Record<'displayName' | 'description' | 'sipUser' | 'telephoneNumber' | 'welcomeText' | 'language' | 'routingMethod' | 'alertTimeSeconds' | 'wrapUpSeconds' | 'timeoutSeconds' | 'timeoutText' | 'overflowThreshold' | 'overflowText' | 'agentIds' | 'active', Fault>>;
  readonly languages: readonly Choice[];
  /** What was asked to be heard. */
  readonly heard: { readonly shown: boolean; readonly url: string };
  readonly hear: Button;
  /** One row an agent, when there are few enough; else the order is typed. */
  readonly rows: readonly { readonly inputId: string; readonly place: string; readonly name: string; readonly address: string; readonly up: Button; readonly down: Button; readonly movesUp: boolean; readonly movesDown: boolean }[];
  readonly listed: boolean;
  readonly typedOrder: boolean;
  readonly addable: boolean;
  readonly candidates: readonly Choice[];
  readonly noAgents: boolean;
  /** What few groups need, one row an input; open from the start where something in it is wrong. */
  readonly more: readonly {
    readonly isText: boolean; readonly isToggle: boolean; readonly isChoice: boolean; readonly id: string; readonly label: string; readonly value: string; readonly choices: readonly Choice[];
    readonly fault: Fault; readonly hinted: boolean; readonly hintText: string;
  }[];
  readonly moreShown: boolean;
  readonly actions: readonly Button[];
}

export interface LiveView {
  readonly note: Note;
  readonly name: string;
  readonly waiting: number;
  readonly waitingColor: TextColor;
  readonly longestText: string;
  readonly talking: number;
  readonly free: number;
  readonly quiet: boolean;
  readonly callers: readonly {
    readonly place: string; readonly who: string; readonly stateText: string; readonly timeText: string; readonly color: TextColor;
    /** A priority other than the usual one. */
    readonly marked: boolean; readonly markText: string; readonly answered: boolean; readonly answersText: string; readonly actions: readonly Button[];
  }[];
  readonly moreCallers: boolean;
  readonly moreCallersText: string;
  readonly unstaffed: boolean;
  readonly unstaffedText: string;
  readonly agents: readonly { readonly name: string; readonly stateText: string; readonly color: TextColor; readonly timeText: string }[];
  readonly moreAgents: boolean;
  readonly moreAgentsText: string;
  readonly footText: string;
  readonly actions: readonly Button[];
  readonly refresh: Refresh;
}

/** The shared face of a card in a group chat: nothing that anyone there may not see. */
export interface SharedView { readonly titleText: string; readonly bodyText: string; readonly refresh: Refresh }

/** One waiting caller, and what may be done. */
export interface CallerView {
  readonly who: string;
  readonly groupText: string;
  readonly facts: readonly { readonly title: string; readonly value: string }[];
  readonly movable: boolean;
  readonly prioritized: boolean;
  readonly values: { readonly queueId: string; readonly priority: string };
  readonly queues: readonly Choice[];
  readonly priorities: readonly Choice[];
  readonly move: Button;
  readonly setPriority: Button;
  readonly note: Note;
  readonly actions: readonly Button[];
}

/** The call on an agent's phone. */
export interface CallView {
  readonly tone: Tone;
  readonly titleText: string;
  readonly stateText: string;
  readonly who: string;
  readonly facts: readonly { readonly title: string; readonly value: string }[];
  readonly answered: boolean;
  readonly answers: readonly { readonly title: string; readonly value: string }[];
  readonly actions: readonly Button[];
}

export interface DutyView {
  readonly note: Note;
  readonly titleText: string;
  readonly tone: Tone;
  readonly nowText: string;
  readonly paused: boolean;
  readonly pauseText: string;
  readonly effectText: string;
  /** Formal agent groups, each signed in to and out of. */
  readonly formal: boolean;
  readonly groups: readonly { readonly name: string; readonly stateText: string; readonly color: TextColor; readonly actions: readonly Button[] }[];
  readonly picking: boolean;
  readonly callers: readonly { readonly who: string; readonly waitText: string; readonly actions: readonly Button[] }[];
  readonly actions: readonly Button[];
  readonly moreActions: readonly Button[];
  readonly refresh: Refresh;
}

export interface PauseView {
  readonly titleText: string;
  readonly note: Note;
  readonly values: { readonly minutes: string; readonly reason: string };
  readonly lengths: readonly Choice[];
  readonly actions: readonly Button[];
}

/** The agents of a group, for whoever supervises them. */
export interface TeamView {
  readonly note: Note;
  readonly name: string;
  readonly empty: boolean;
  readonly agents: readonly { readonly name: string; readonly stateText: string; readonly color: TextColor; readonly dutyText: string; readonly signs: boolean; readonly signText: string; readonly actions: readonly Button[] }[];
  readonly more: boolean;
  readonly moreText: string;
  readonly actions: readonly Button[];
}

export interface PhoneView {
  readonly note: Note;
  readonly name: string;
  readonly facts: readonly { readonly title: string; readonly value: string }[];
  readonly registered: boolean;
  readonly unregistered: boolean;
  readonly registrationText: string;
  readonly revealed: boolean;
  readonly password: string;
  readonly actions: readonly Button[];
  readonly refresh: Refresh;
}

export interface AgentFormView {
  readonly titleText: string;
  readonly introText: string;
  readonly note: Note;
  readonly domain: string;
  readonly values: { readonly name: string; readonly sipUser: string; readonly known: string; readonly personId: string };
  readonly faults: Readonly<Record<'name' | 'sipUser' | 'personId', Fault>>;
  readonly people: readonly Choice[];
  readonly peopleKnown: boolean;
  readonly actions: readonly Button[];
}

export interface AgentsView {
  readonly note: Note;
  readonly empty: boolean;
  readonly agents: readonly { readonly name: string; readonly address: string; readonly stateText: string; readonly color: TextColor; readonly edit: Button; readonly contacts: Button; readonly reset: Button; readonly remove: Button }[];
  readonly moreText: string;
  readonly more: boolean;
  readonly actions: readonly Button[];
}

export interface ManagersView {
  readonly note: Note;
  readonly groupName: string;
  readonly empty: boolean;
  readonly managers: readonly { readonly name: string; readonly personId: string; readonly removable: boolean; readonly remove: Button }[];
  readonly addable: boolean;
  readonly values: { readonly known: string; readonly personId: string; readonly name: string };
  readonly faults: Readonly<Record<'personId' | 'name', Fault>>;
  readonly people: readonly Choice[];
  readonly peopleKnown: boolean;
  readonly actions: readonly Button[];
}

export interface FirstRunView {
  readonly note: Note;
  readonly name: string;
  readonly domain: string;
  readonly values: { readonly agentName: string; readonly agentUser: string; readonly groupName: string; readonly groupUser: string };
  readonly faults: Readonly<Record<'agentName' | 'agentUser' | 'groupName' | 'groupUser', Fault>>;
  readonly actions: readonly Button[];
}

/** The form of any object, one row an input. */
export interface ObjectFormView {
  readonly titleText: string;
  readonly introText: string;
  readonly note: Note;
  readonly changes: readonly { readonly text: string }[];
  readonly rows: readonly {
    readonly parted: boolean; readonly partText: string;
    readonly isText: boolean; readonly isLines: boolean; readonly isPassword: boolean; readonly isToggle: boolean; readonly isChoice: boolean;
    readonly id: string; readonly label: string; readonly value: string; readonly choices: readonly Choice[];
    readonly fault: Fault;
    readonly hinted: boolean; readonly hintText: string;
    /** A recording is played in place of the words. */
    readonly sounds: boolean; readonly soundText: string;
    readonly hearable: boolean; readonly hear: Button;
    readonly heard: { readonly shown: boolean; readonly url: string };
  }[];
  readonly actions: readonly Button[];
}

/** A recording that was sent, and one choice of where it goes. */
export interface RecordingView {
  readonly note: Note;
  readonly fileName: string;
  readonly timeText: string;
  readonly url: string;
  readonly id: string;
  readonly labelText: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly choosable: boolean;
  readonly actions: readonly Button[];
}

/** Things one below the other, each with what can be done; the texts are escaped already. */
export interface OverviewView {
  readonly titleText: string;
  readonly introduced: boolean;
  readonly introText: string;
  readonly note: Note;
  readonly warnings: readonly { readonly text: string }[];
  readonly sections: readonly {
    readonly titled: boolean; readonly titleText: string;
    readonly rows: readonly { readonly nameText: string; readonly lines: readonly { readonly text: string }[]; readonly actions: readonly Button[]; readonly indent: string }[];
    readonly actions: readonly Button[];
  }[];
  readonly actions: readonly Button[];
}
