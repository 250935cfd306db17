// Who asks, where, in which language; what a handler may use, and what it gives back.
import { type Card } from '../cards/render';
import { type Note } from '../cards/views';
import { type Say } from '../cards/words';
import { type Administration } from '../storage/administration/administration';
import { type ActingPerson } from '../storage/access';
import { type KeptGuide } from '../storage/guides';
import { type Person } from '../storage/people';
import { type Logger } from '../storage/process/log';
import { type ExportOf } from './exports';
import { type Fetched } from './files';
import { type Hold } from './holds';
import { type BotVerb, type DutyPress, type Sent } from './verbs';
import { type Chat, type Place } from './turn';

/** What the bot needs of storage for a person; a fake of it serves in tests. */
export type AdministrationPort = Pick<Administration, 'perform' | 'whoAmI' | 'groups' | 'groupNames' | 'agentNames' | 'objectNames' | 'group' | 'inForce' | 'live' | 'agents' | 'myAgent' | 'myCalls' | 'history' | 'change' | 'status' | 'stepDown' | 'ask' | 'settings' | 'objects' | 'workflow' | 'keepAudio'>;

/** People seen in chat. Every method rejects when the database is away. */
export interface PeoplePort {
  remember(person: Omit<Person, 'seenAt'>): Promise<void>;
  read(personId: string): Promise<Person | null>;
  find(text: string, limit: number): Promise<readonly Person[]>;
}

/** One live card to be kept up to date, in a message that nothing else is shown in. */
export interface LiveCard {
  readonly place: Place;
  readonly messageId: string;
  readonly workflowId: string;
  readonly acting: ActingPerson;
  readonly locale: string;
  readonly timeZone: string | null;
  readonly until: Date;
  readonly hold: Hold;
  /** What was just done; it stays on the card for a while. */
  readonly told: Note;
}
export interface LivePort {
  /** Until when a card that begins now is followed. */
  until(): Date;
  follow(card: LiveCard): void;
}

/** What people have typed so far of groups they make step by step. Every method rejects when the database is away. */
export interface GuidesPort {
  read(personId: string): Promise<KeptGuide | null>;
  /** The one that is begun already, if there is one. */
  begin(personId: string, guide: KeptGuide): Promise<KeptGuide>;
  /** `false`: it is over. */
  keep(personId: string, guide: KeptGuide): Promise<boolean>;
  forget(personId: string, id: string): Promise<void>;
}

/** What agents pressed about their own duty while the database was away. */
export interface KeptPort {
  /** Keeps it until it can be carried out, and shows then what came of it. `null`: no more can be kept. */
  keep(asking: Asking, press: DutyPress): { shownIn(messageId: string, hold: Hold): void } | null;
}

export interface Services {
  readonly administration: AdministrationPort;
  readonly people: PeoplePort;
  readonly guides: GuidesPort;
  readonly chat: Chat;
  readonly live: LivePort;
  readonly kept: KeptPort;
  readonly sipDomain: string;
  readonly sipServer: string;
  /** An address of a stored sound that only those shown it can use, for a while. */
  readonly audioUrl: (audioId: string) => string;
  /** An address of the history as a file, that only those shown it can use, for a while. */
  readonly exportUrl: (wanted: ExportOf) => string;
  /** A file that somebody sent, from where the channel says it lies. Never rejects. */
  readonly fetchFile: (address: string) => Promise<Fetched>;
  readonly newId: () => string;
  /** `true` for the first of all who ask with this id, whichever bot they ask; `away`: nobody knows, for the database does not answer. */
  readonly once: (id: string) => Promise<boolean | 'away'>;
  readonly now: () => Date;
  /** Resolves after `ms`, or when the bot stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

export interface Asking {
  readonly acting: ActingPerson;
  readonly say: Say;
  readonly locale: string;
  /** null also where others read the same card: each reader's client then writes moments on its own clock. */
  readonly timeZone: string | null;
  readonly chatId: string;
  readonly place: Place;
  /** The client asked by itself, so nothing may be sent or edited. */
  readonly automatic: boolean;
  /** The message whose card was pressed or asked for by itself; null: something was typed. */
  readonly messageId: string | null;
}

/** A card, and what goes on once a message shows it. */
export interface Shown {
  readonly card: Card;
  /** What a new message in a group chat shows instead, because anyone there sees it. */
  readonly shared?: Card | undefined;
  readonly after?: ((messageId: string, hold: Hold) => void) | undefined;
}

export type Handler<V extends BotVerb> = (services: Services, asking: Asking, sent: Sent<V>) => Promise<Shown>;
/** A verb without a handler does not compile. */
export type Handlers = { readonly [V in BotVerb]: Handler<V> };
