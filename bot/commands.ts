// What somebody typed, as a command: simple and forgiving. Pure.
import { distance } from 'fastest-levenshtein';
import { type Language } from '../cards/words';
import { LISTS_OF, LOOSE_OF, PHRASES_OF, SMALL_WORDS } from './phrases';

export type Command =
  | { readonly command: 'help' | 'who' | 'groups' | 'duty' | 'onDuty' | 'offDuty' | 'phone' | 'ring' | 'newGroup' | 'guide' | 'newAgent' | 'undo' | 'settings' | 'pool' | 'calls' }
  | { readonly command: 'objects'; readonly kind: string }
  | { readonly command: 'agents'; readonly search: string }
  | { readonly command: GroupCommand; readonly group: string }
  | { readonly command: 'move'; readonly group: string; readonly to: string }
  | { readonly command: 'priority'; readonly group: string; readonly priority: string }
  | { readonly command: 'pause' | 'history'; readonly words: string }
  | { readonly command: 'resume'; readonly name: string }
  | { readonly command: 'signIn' | 'signOut'; readonly group: string; readonly name: string };

/** Those that are about one group, whose name may be left out. */
type GroupCommand = 'show' | 'edit' | 'live' | 'managers' | 'team' | 'pick' | 'flow' | 'walk';
export type CommandName = Command['command'];

/**
 * Words that mean each command. `{name}` takes one word or more; at the end of a phrase it may be missing.
 * The first phrase that fits is meant, so that the longer ones stand before those they contain.
 */
export const PHRASES: readonly (readonly [CommandName, readonly string[]])[] = [
  ['help', ['help', 'hello', 'hi', 'hey', 'start', 'menu', 'what can i do', '?']],
  ['who', ['who am i', 'whoami', 'me']],
  ['groups', ['my groups', 'groups', 'list', 'list groups', 'show groups', 'show my groups']],
  ['onDuty', ['on duty', 'go on duty', 'duty on', 'sign in', 'i am on duty']],
  ['offDuty', ['off duty', 'go off duty', 'duty off', 'sign out', 'i am off duty']],
  ['duty', ['my duty', 'duty', 'am i on duty']],
  ['ring', ['ring my phone', 'ring phone', 'test my phone', 'ring']],
  ['phone', ['my phone', 'phone', 'show my phone']],
  ['newGroup', ['new group', 'create group', 'add group']],
  ['guide', ['new group in steps', 'new group step by step', 'new menu', 'guide me', 'new interactive group']],
  ['newAgent', ['new agent', 'create agent', 'add agent']],
  ['calls', ['my calls today', 'my calls', 'calls today']],
  ['pool', ['pool status', 'status of the pool', 'pool', 'redundancy', 'high availability']],
  ['settings', ['settings', 'pool settings', 'number policy', 'allowed numbers']],
  ['walk', ['walk through {group}', 'walk {group}']],
  ['flow', ['questions of {group}', 'questions {group}', 'flow of {group}', 'flow {group}', 'menu of {group}', 'call flow {group}']],
  ['history', ['history {words}', 'show history {words}', 'changes {words}', 'audit log {words}', 'audit {words}', 'who changed {words}']],
  ['undo', ['undo', 'undo last edit', 'take back']],
  ['signIn', ['sign in to {group}', 'sign me in to {group}', 'sign {name} in to {group}', 'sign in {name} to {group}']],
  ['signOut', ['sign out of {group}', 'sign me out of {group}', 'sign {name} out of {group}', 'sign out {name} of {group}']],
  ['pick', ['pick longest waiting in {group}', 'pick the longest waiting in {group}', 'pick longest in {group}', 'pick next in {group}', 'pick longest waiting', 'pick next', 'pick in {group}', 'pick']],
  ['move', ['move longest waiting in {group} to {to}', 'move the longest waiting in {group} to {to}', 'move longest in {group} to {to}', 'move next in {group} to {to}', 'move longest waiting to {to}']],
  ['priority', ['priority {priority} for longest waiting in {group}', 'priority {priority} for the longest waiting in {group}', 'priority {priority} longest waiting in {group}', 'priority {priority} for longest in {group}', 'priority {priority} in {group}', 'priority {priority} for {group}']],
  ['resume', ['resume {name}', 'unpause {name}', 'end pause {name}']],
  ['pause', ['pause me {words}', 'pause {words}', 'take a break']],
  ['team', ['agents of {group}', 'agents in {group}', 'team {group}', 'who is on duty in {group}', 'who is on duty']],
  ['managers', ['managers of {group}', 'managers {group}', 'manager {group}']],
  ['agents', ['agents {search}', 'my agents', 'list agents', 'show agents']],
  ['live', ['live queue {group}', 'live {group}', 'watch {group}', 'queue {group}']],
  ['edit', ['edit {group}', 'change {group}']],
  ['show', ['show {group}', 'open {group}', 'group {group}']],
];

/** Tried last, for their open end would take what another phrase says with a slip. */
const LOOSE: typeof PHRASES = [['pick', ['pick {group}']]];
/** No command has more words; whatever does is not looked through. */
const WORDS_MOST = 40;

/** Lists of objects, by the words for each. */
const LISTS: readonly (readonly [string, readonly string[]])[] = [
  ['businessHours', ['business hours', 'hours', 'opening hours', 'show business hours']], ['holidaySet', ['holidays', 'holiday sets', 'show holidays']], ['queue', ['queues', 'list queues', 'show queues']],
  ['agentGroup', ['agent groups', 'list agent groups', 'show agent groups']], ['trunk', ['trunks', 'list trunks', 'show trunks']],
];

/** What a command carries where its words leave it out. */
const LEFT_OUT: Partial<Record<CommandName, Readonly<Record<string, string>>>> = {
  agents: { search: '' }, show: { group: '' }, edit: { group: '' }, live: { group: '' }, managers: { group: '' }, team: { group: '' }, flow: { group: '' }, walk: { group: '' }, pick: { group: '' },
  move: { group: '' }, pause: { words: '' }, history: { words: '' }, resume: { name: '' }, signIn: { name: '' }, signOut: { name: '' },
};

/** Small letters, no accents, no punctuation at the ends, one space between words, no word of politeness. */
export function plainWords(typed: string): string {
  return typed.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/ß/g, 'ss').replace(/[’ʼ`´]/g, "'").replace(/[\s\u00a0]+/g, ' ').trim()
    .replace(/^[/!¡¿]+/, '').replace(/[.!,;:]+$/, '').replace(/(?<=\S) ?\?+$/, '').replace(POLITE_FIRST, '').replace(POLITE_LAST, '').trim();
}
const POLITE = Object.values(SMALL_WORDS).flatMap((one) => one.please).join('|');
const POLITE_FIRST = new RegExp(`^(?:${POLITE}),? `);
const POLITE_LAST = new RegExp(`,? (?:${POLITE})$`);

/** How many slips a word of this length may have. */
const slips = (word: string): number => (word.length <= 3 ? 0 : word.length <= 6 ? 1 : 2);
/** Two letters the wrong way round are one slip, as a typist sees it. */
function alike(one: string, other: string, most = 2): boolean {
  const allowed = Math.min(slips(one), slips(other), most);
  if (distance(one, other) <= allowed) return true;
  if (allowed === 0 || one.length !== other.length) return false;
  const first = [...one].findIndex((letter, index) => letter !== other[index]);
  const swapped = one.slice(0, first) + (one[first + 1] ?? '') + (one[first] ?? '') + one.slice(first + 2);
  return distance(swapped, other) < allowed;
}

/** Word by word, so that each may have its own slip. */
function alikeWords(one: string, other: string): boolean {
  const [ones, others] = [one.split(' '), other.split(' ')];
  return ones.length === others.length ? ones.every((word, index) => alike(word, others[index] ?? '')) : alike(one, other);
}

/** How many words of a phrase stand as they are. */
const fixedWords = (phrase: string): number => phrase.split(' ').filter((word) => !word.startsWith('{')).length;

/** The phrases of English and of one other language together, in the order of commands, so that a longer phrase of either stands before what it contains. */
interface Spoken { readonly phrases: typeof PHRASES; readonly loose: typeof PHRASES; readonly lists: typeof LISTS }
const ENGLISH: Spoken = { phrases: PHRASES, loose: LOOSE, lists: LISTS };
const SPOKEN: Readonly<Record<Language, Spoken>> = { en: ENGLISH, de: besideEnglish('de'), fr: besideEnglish('fr'), es: besideEnglish('es'), it: besideEnglish('it') };
function besideEnglish(language: Exclude<Language, 'en'>): Spoken {
  const own = LISTS_OF[language] as Readonly<Record<string, readonly string[]>>;
  const joined = (table: typeof PHRASES, more: (typeof PHRASES_OF)['de']): typeof PHRASES => table.map(([command, phrases]) => [command, [...more[command] ?? [], ...phrases].sort((one, other) => fixedWords(other) - fixedWords(one))]);
  return { phrases: joined(PHRASES, PHRASES_OF[language]), loose: joined(LOOSE, LOOSE_OF[language]), lists: LISTS.map(([kind, phrases]) => [kind, [...own[kind] ?? [], ...phrases]]) };
}

/**
 * The command that was meant by somebody of that language, or null. English is always understood. An exact phrase wins over one with a slip in a
 * word, and that over one with two: “beennen” is nearer to “beenden” than to “beginnen”, which is the opposite.
 */
export function readCommand(typed: string, language: Language = 'en'): Command | null {
  const { phrases, loose, lists } = SPOKEN[language];
  const words = plainWords(typed);
  if (words === '') return null;
  const said = words.split(' ');
  if (said.length > WORDS_MOST) return null;
  const list = lists.find(([, known]) => known.includes(words));
  if (list) return { command: 'objects', kind: list[0] };
  const [once, twice] = [1, 2].map((most) => (one: string, other: string) => alike(one, other, most)) as [Same, Same];
  return match(phrases, said, (one, other) => one === other) ?? match(phrases, said, once) ?? match(phrases, said, twice) ?? match(loose, said, twice);
}

type Same = (one: string, other: string) => boolean;

function match(table: typeof PHRASES, said: readonly string[], same: Same): Command | null {
  for (const [command, phrases] of table) {
    for (const phrase of phrases) {
      const taken = fits(said, phrase.split(' '), same);
      if (taken) return { command, ...LEFT_OUT[command], ...taken } as Command;
    }
  }
  return null;
}

/** What each `{name}` of a phrase stands for, the shortest first; null when the phrase does not fit. */
function fits(said: readonly string[], phrase: readonly string[], same: Same): Readonly<Record<string, string>> | null {
  const [wanted, ...rest] = phrase;
  if (wanted === undefined) return said.length === 0 ? {} : null;
  const slot = /^\{(\w+)\}$/.exec(wanted)?.[1];
  if (slot === undefined) return said[0] !== undefined && same(wanted, said[0]) ? fits(said.slice(1), rest, same) : null;
  if (rest.length === 0) return { [slot]: said.join(' ') };
  for (let length = 1; length < said.length; length++) {
    const behind = fits(said.slice(length), rest, same);
    if (behind) return { [slot]: said.slice(0, length).join(' '), ...behind };
  }
  return null;
}

/** How a pause is told in English and in one other language. */
interface PauseGrammar { readonly duration: RegExp; readonly before: RegExp; readonly because: RegExp; readonly hours: ReadonlySet<string> }
const PAUSES: Readonly<Record<Language, PauseGrammar>> = { en: pausesIn('en'), de: pausesIn('de'), fr: pausesIn('fr'), es: pausesIn('es'), it: pausesIn('it') };
function pausesIn(language: Language): PauseGrammar {
  const both = (which: 'before' | 'because' | 'minutes' | 'hours'): readonly string[] => [...new Set([...SMALL_WORDS.en[which], ...SMALL_WORDS[language][which]])];
  const before = `(?:${both('before').join('|')})`;
  const units = [...both('minutes'), ...both('hours')].join('|');
  return { duration: new RegExp(`^(?:(.*?) )??(?:${before} )?(\\d{1,4})(?: ?(${units}))?(?: (.*))?$`), before: new RegExp(`^${before} `), because: new RegExp(`^(?:${both('because').join('|')}) `), hours: new Set(both('hours')) };
}

/** What was said after “pause”: whom, for how long (null: until it is taken back), and why. Without a duration the words may be either a name or a reason. */
export interface PauseWords { readonly name: string; readonly minutes: number | null; readonly reason: string; readonly either: string }

export function readPause(words: string, language: Language = 'en'): PauseWords {
  const { duration, before, because, hours } = PAUSES[language];
  const match = duration.exec(words.trim());
  if (!match) return { name: '', minutes: null, reason: '', either: words.replace(before, '').trim() };
  const [, name = '', count, unit = 'm', reason = ''] = match;
  return { name, minutes: Number(count) * (hours.has(unit) ? 60 : 1), reason: reason.replace(because, ''), either: '' };
}

/** Something with a name and an address, such as a group. */
export interface Named { readonly displayName: string; readonly sipUser: string }

/** Of thousands of groups, each is reduced to plain words once. */
const plainOf = new WeakMap<Named, readonly string[]>();
function plainNames(one: Named): readonly string[] {
  const known = plainOf.get(one) ?? [plainWords(one.displayName), one.sipUser, one.sipUser.replace(/[-._]/g, ' ')];
  plainOf.set(one, known);
  return known;
}

/**
 * Those that were meant by a name: exactly that name or address; else those that begin with it or have a word that does; else those that
 * contain it; else those that differ by a slip.
 */
export function findNamed<T extends Named>(typed: string, all: readonly T[]): readonly T[] {
  const wanted = plainWords(typed.replace(/^sip:/i, '').replace(/@.*$/, ''));
  if (wanted === '') return [];
  const steps: readonly ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => name.startsWith(wanted) || ` ${name}`.includes(` ${wanted}`),
    (name) => name.includes(wanted),
    (name) => alikeWords(name, wanted) || (wanted.length > 3 && name.split(' ').some((word) => alike(word, wanted))),
  ];
  for (const step of steps) {
    const found = all.filter((one) => plainNames(one).some(step));
    if (found.length > 0) return found;
  }
  return [];
}
