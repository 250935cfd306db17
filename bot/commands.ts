// What somebody typed, as a command: simple and forgiving. Pure.
import { distance } from 'fastest-levenshtein';

export type Command =
  | { readonly command: 'help' | 'who' | 'groups' | 'duty' | 'onDuty' | 'offDuty' | 'phone' | 'ring' | 'newGroup' | 'newAgent' | 'undo' }
  | { readonly command: 'agents'; readonly search: string }
  | { readonly command: 'show' | 'edit' | 'live' | 'managers'; readonly group: string };

export type CommandName = Command['command'];

/** Words that mean each command, the first as shown in help. A trailing `*` takes the rest as a name. */
const PHRASES: readonly (readonly [CommandName, readonly string[]])[] = [
  ['help', ['help', 'hello', 'hi', 'hey', 'start', 'menu', 'what can i do', '?']],
  ['who', ['who am i', 'whoami', 'me']],
  ['groups', ['my groups', 'groups', 'list', 'list groups', 'show groups', 'show my groups']],
  ['onDuty', ['on duty', 'go on duty', 'duty on', 'sign in', 'i am on duty']],
  ['offDuty', ['off duty', 'go off duty', 'duty off', 'sign out', 'i am off duty']],
  ['duty', ['my duty', 'duty', 'am i on duty']],
  ['ring', ['ring my phone', 'ring phone', 'test my phone', 'ring']],
  ['phone', ['my phone', 'phone', 'show my phone']],
  ['newGroup', ['new group', 'create group', 'add group']],
  ['newAgent', ['new agent', 'create agent', 'add agent']],
  ['undo', ['undo', 'undo last edit', 'take back']],
  ['managers', ['managers of *', 'managers *', 'manager *']],
  ['agents', ['agents *', 'my agents', 'list agents', 'show agents']],
  ['live', ['live queue *', 'live *', 'watch *', 'queue *']],
  ['edit', ['edit *', 'change *']],
  ['show', ['show *', 'open *', 'group *']],
];

const TAKING_GROUP = new Set<CommandName>(['managers', 'live', 'edit', 'show']);

/** Small letters, no accents, no punctuation at the ends, one space between words, no word of politeness. */
export function plainWords(typed: string): string {
  return typed.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[\s\u00a0]+/g, ' ').trim()
    .replace(/^[/!]+/, '').replace(/[.!,;:]+$/, '').replace(/(?<=\S)\?+$/, '').replace(/^please /, '').replace(/ please$/, '').trim();
}

/** How many slips a word of this length may have. */
const slips = (word: string): number => (word.length <= 3 ? 0 : word.length <= 6 ? 1 : 2);
/** Two letters the wrong way round are one slip, as a typist sees it. */
function alike(one: string, other: string): boolean {
  const allowed = Math.min(slips(one), slips(other));
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

/** The command that was meant, or null. An exact phrase wins over one with a slip. */
export function readCommand(typed: string): Command | null {
  const words = plainWords(typed);
  if (words === '') return null;
  return match(words, (one, other) => one === other) ?? match(words, alike);
}

function match(words: string, same: (one: string, other: string) => boolean): Command | null {
  for (const [command, phrases] of PHRASES) {
    for (const phrase of phrases) {
      const rest = fits(words, phrase, same);
      if (rest === null) continue;
      if (TAKING_GROUP.has(command)) return { command, group: rest } as Command;
      if (command === 'agents') return { command, search: rest };
      return { command } as Command;
    }
  }
  return null;
}

/** What `*` stands for; '' when the phrase has none, or nothing follows; null when it does not fit. */
function fits(words: string, phrase: string, same: (one: string, other: string) => boolean): string | null {
  const open = phrase.endsWith(' *');
  const wanted = (open ? phrase.slice(0, -2) : phrase).split(' ');
  const said = words.split(' ');
  if (said.length < wanted.length || (!open && said.length !== wanted.length)) return null;
  if (!wanted.every((word, index) => same(word, said[index] ?? ''))) return null;
  return said.slice(wanted.length).join(' ');
}

/** Something with a name and an address, such as a group. */
export interface Named { readonly displayName: string; readonly sipUser: string }

/**
 * Those that were meant by a name: exactly that name or address; else those that begin with it or have a word that does; else those that
 * contain it; else those that differ by a slip.
 */
export function findNamed<T extends Named>(typed: string, all: readonly T[]): readonly T[] {
  const wanted = plainWords(typed.replace(/^sip:/i, '').replace(/@.*$/, ''));
  if (wanted === '') return [];
  const names = (one: T): readonly string[] => [plainWords(one.displayName), one.sipUser, one.sipUser.replace(/[-._]/g, ' ')];
  const steps: readonly ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => name.startsWith(wanted) || ` ${name}`.includes(` ${wanted}`),
    (name) => name.includes(wanted),
    (name) => alikeWords(name, wanted) || (wanted.length > 3 && name.split(' ').some((word) => alike(word, wanted))),
  ];
  for (const step of steps) {
    const found = all.filter((one) => names(one).some(step));
    if (found.length > 0) return found;
  }
  return [];
}
