// What a person types for hours, holidays, targets and answers, as text and back. Pure: what is read is what was shown.
import { type Language } from '../../cards/words';
import { type Contact } from '../../storage/model/agent';
import { type Answer } from '../../storage/model/question';
import { type AnswerAction } from '../../storage/model/call-action';
import { type Prompt } from '../../storage/model/prompt';
import { type Holiday, type OpenRange } from '../../storage/model/schedule';

/** A value, or what is wrong with the text, in words that follow it: “9 to 5” must be …. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly typed: string; readonly key: string };
const fault = (typed: string, key: string): { readonly ok: false; readonly typed: string; readonly key: string } => ({ ok: false, typed, key });

const linesOf = (text: string): readonly string[] => text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');

// Opening hours of one day.

const CLOCK = /^(\d{1,2})(?:[:.h](\d{2})|h)?$/;
const clock = (typed: string): string | null => {
  const [, hours = '', minutes = '00'] = CLOCK.exec(typed.trim()) ?? [];
  return hours === '' ? null : `${hours.padStart(2, '0')}:${minutes}`;
};

export const showRanges = (ranges: readonly OpenRange[]): string => ranges.map(({ open, close }) => `${open}-${close}`).join(', ');

const CLOSED: ReadonlySet<string> = new Set(['', '-', 'closed', 'geschlossen', 'zu', 'ferme', 'cerrado', 'chiuso']);
const ALL_DAY: ReadonlySet<string> = new Set(['all day', '24h', 'ganztagig', 'ganztags', 'toute la journee', 'todo el dia', 'tutto il giorno']);

/** `09:00-12:00, 13:00-17:00`; also `9-17`, `9.30–12`, `all day`; empty or `closed`: closed. The order and how many are for the model to judge. */
export function readRanges(text: string): Reading<OpenRange[]> {
  const typed = bare(text.trim());
  if (CLOSED.has(typed)) return { ok: true, value: [] };
  if (ALL_DAY.has(typed)) return { ok: true, value: [{ open: '00:00', close: '24:00' }] };
  const ranges: OpenRange[] = [];
  for (const part of typed.split(/\s*(?:,|;| (?:and|und|et|y|e) )\s*/)) {
    const [from = '', to = '', ...more] = part.split(/\s*(?:-|–|—| (?:to|bis|a) )\s*/);
    const [open, close] = [clock(from), clock(to)];
    if (open === null || close === null || more.length > 0) return fault(part, 'reading.range');
    ranges.push({ open, close });
  }
  return { ok: true, value: ranges };
}

// Holidays, one a line.

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;
const MIDNIGHT = 'T00:00';
function shiftDay(date: string, days: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return date;
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** Whether something lasts from one midnight to another, and what people call its last day. */
export const wholeDays = ({ start, end }: Pick<Holiday, 'start' | 'end'>): boolean => start.endsWith(MIDNIGHT) && end.endsWith(MIDNIGHT);
export const lastDayOf = (end: string): string => `${shiftDay(end.slice(0, 10), -1)}${MIDNIGHT}`;

/** Whole days are shown as dates, the last day included, as people say it. */
export function showHolidays(holidays: readonly Holiday[]): string {
  return holidays.map(({ name, start, end }) => {
    if (!wholeDays({ start, end })) return `${start} ${end} ${name}`;
    const [first, last] = [start.slice(0, 10), lastDayOf(end).slice(0, 10)];
    return first === last ? `${first} ${name}` : `${first} ${last} ${name}`;
  }).join('\n');
}

/** `2026-12-25 Christmas`, `2026-12-25 2026-12-26 Christmas` (both days), or with times: `2026-12-24T13:00 2026-12-25T00:00 Christmas Eve`. */
export function readHolidays(text: string): Reading<Holiday[]> {
  const holidays: Holiday[] = [];
  for (const line of linesOf(text)) {
    const [first = '', second = '', ...rest] = line.split(/\s+/);
    const isMoment = (word: string): boolean => DATE.test(word) || TIME.test(word);
    if (!isMoment(first)) return fault(line, 'reading.holiday');
    const name = (isMoment(second) ? rest : [second, ...rest]).join(' ').trim();
    const last = isMoment(second) ? second : first;
    if (name === '' || (last === first && TIME.test(first))) return fault(line, 'reading.holiday');
    holidays.push({ name, start: DATE.test(first) ? `${first}${MIDNIGHT}` : first, end: DATE.test(last) ? `${shiftDay(last, 1)}${MIDNIGHT}` : last });
  }
  return { ok: true, value: holidays };
}

// Names on lines, for lists of things in order.

/** What has an id and can be written by name. */
export interface Nameable { readonly id: string; readonly name: string; readonly alias?: string }

/** A name that two things share is written with its id, so that what is shown can be read. */
export function nameFor(id: string, known: readonly Nameable[]): string {
  const one = known.find((other) => other.id === id);
  if (!one) return id;
  const shared = known.filter((other) => plain(other.name) === plain(one.name)).length > 1;
  return shared ? one.alias ?? id : one.name;
}
const plain = (text: string): string => text.trim().toLowerCase();

export function idFor(typed: string, known: readonly Nameable[]): string | null {
  const wanted = plain(typed).replace(/^sip:/, '').replace(/@.*$/, '');
  const byAlias = known.find((one) => one.alias === wanted || one.id === wanted);
  if (byAlias) return byAlias.id;
  const byName = known.filter((one) => plain(one.name) === wanted || plain(one.name) === plain(typed));
  return byName.length === 1 ? byName[0]?.id ?? null : null;
}

export const showNames = (ids: readonly string[], known: readonly Nameable[]): string => ids.map((id) => nameFor(id, known)).join('\n');

export function readNames(text: string, known: readonly Nameable[], key: string): Reading<string[]> {
  const ids: string[] = [];
  for (const line of linesOf(text)) {
    const id = idFor(line, known);
    if (id === null) return fault(line, key);
    if (!ids.includes(id)) ids.push(id);
  }
  return { ok: true, value: ids };
}

// Where calls are sent.

/** What a target may name, in the words of which language. `questions` only inside an interactive workflow. */
export interface Reachable { readonly queues: readonly Nameable[]; readonly questions: readonly Nameable[]; readonly words: Language }
export type TargetKind = AnswerAction['kind'];

/** The part of a target that is neither its kind nor its message. */
export function showTarget(action: AnswerAction, reachable: Reachable): string {
  switch (action.kind) {
    case 'disconnect': return '';
    case 'number': return action.number;
    case 'sipUri':
    case 'voicemail': return action.uri;
    case 'queue': return nameFor(action.queueId, reachable.queues);
    case 'question': return nameFor(action.questionId, reachable.questions);
  }
}

/** Numbers and addresses are judged by the model, which says what they must look like. */
export function readTarget(kind: TargetKind, value: string, prompt: Prompt | null, reachable: Reachable): Reading<AnswerAction> {
  const typed = value.trim();
  switch (kind) {
    case 'disconnect': return { ok: true, value: { kind, prompt } };
    case 'number': return { ok: true, value: { kind, number: typed, prompt } };
    case 'sipUri':
    case 'voicemail': return { ok: true, value: { kind, uri: typed, prompt } };
    case 'queue': {
      const queueId = idFor(typed, reachable.queues);
      return queueId === null ? fault(typed, 'reading.queue') : { ok: true, value: { kind, queueId, prompt } };
    }
    case 'question': {
      const questionId = idFor(typed, reachable.questions);
      return questionId === null ? fault(typed, 'reading.question') : { ok: true, value: { kind, questionId, prompt } };
    }
  }
}

/** The words for the kinds of target in each language: the first is what is shown, and all are understood, with or without accents. */
export const TARGET_WORDS: Readonly<Record<Language, Readonly<Record<TargetKind, readonly string[]>>>> = {
  en: { disconnect: ['hang up', 'hangup', 'disconnect', 'end'], number: ['number'], sipUri: ['address'], voicemail: ['voicemail'], queue: ['queue'], question: ['question'] },
  de: { disconnect: ['auflegen'], number: ['Nummer'], sipUri: ['Adresse'], voicemail: ['Voicemail'], queue: ['Warteschlange'], question: ['Frage'] },
  fr: { disconnect: ['raccrocher'], number: ['numéro'], sipUri: ['adresse'], voicemail: ['messagerie'], queue: ['file'], question: ['question'] },
  es: { disconnect: ['colgar'], number: ['número'], sipUri: ['dirección'], voicemail: ['buzón'], queue: ['cola'], question: ['pregunta'] },
  it: { disconnect: ['riaggancia'], number: ['numero'], sipUri: ['indirizzo'], voicemail: ['segreteria'], queue: ['coda'], question: ['domanda'] },
};
function bare(text: string): string { return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase(); }
const means = (kind: TargetKind, word: string): boolean => Object.values(TARGET_WORDS).some((words) => words[kind].some((one) => bare(one) === word));
const KINDS = Object.keys(TARGET_WORDS.en) as readonly TargetKind[];

/** A target in one line: `queue Sales`, `question Language`, `number +44…`, `sip:…`, `voicemail sip:…`, `hang up`. */
export function showAction(action: AnswerAction, reachable: Reachable): string {
  const value = showTarget(action, reachable);
  const [word = ''] = TARGET_WORDS[reachable.words][action.kind];
  return action.kind === 'sipUri' ? value : `${word}${value === '' ? '' : ` ${value}`}`;
}

export function readAction(text: string, prompt: Prompt | null, reachable: Reachable): Reading<AnswerAction> {
  const typed = text.trim();
  if (means('disconnect', bare(typed))) return readTarget('disconnect', '', prompt, reachable);
  if (/^sips?:/i.test(typed)) return readTarget('sipUri', typed, prompt, reachable);
  if (/^(\+|tel:)/i.test(typed)) return readTarget('number', typed, prompt, reachable);
  const [, word = '', value = ''] = /^(\S+)\s+(.+)$/.exec(typed) ?? [];
  const kind = KINDS.find((one) => one !== 'disconnect' && means(one, bare(word)));
  return kind === undefined ? fault(typed, 'reading.action') : readTarget(kind, value, prompt, reachable);
}

// What is said before an answer's target, in quotes behind it: on one line, as everything about the answer is.

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('"', '”').trim();
const saidBefore = (prompt: Prompt | null): string => (prompt === null || prompt.text === '' ? '' : ` "${oneLine(prompt.text)}"`);
const QUOTED = /^(.*?)\s*["“„«‹](.*)["”“»›]\s*$/;

/** A recording, and words that read as they were shown, stay what they were. */
function promptBefore(said: string | undefined, before: Prompt | null): Prompt | null {
  const typed = said?.trim() ?? '';
  if (before !== null && oneLine(before.text) === oneLine(typed)) return before;
  const audio = before?.audio ?? null;
  return typed === '' && audio === null ? null : { text: typed, audio };
}

/** `1 Sales -> queue Sales`, or `1 Sales -> queue Sales "One moment."`, one a line. */
export const showAnswers = (answers: readonly Answer[], reachable: Reachable): string => answers.map(({ key, name, action }) => `${key} ${name} -> ${showAction(action, reachable)}${saidBefore(action.prompt)}`).join('\n');

/** A recording that an answer's action plays first stays with the answer of that key. */
export function readAnswers(text: string, before: readonly Answer[], reachable: Reachable): Reading<Answer[]> {
  const answers: Answer[] = [];
  for (const line of linesOf(text)) {
    const [, key = '', name = '', rest = ''] = /^([0-9*#])[.):]?\s+(.+?)\s*(?:->|→|=>)\s*(.+)$/.exec(line) ?? [];
    if (key === '') return fault(line, 'reading.answer');
    const [, target = rest, said] = QUOTED.exec(rest) ?? [];
    const action = readAction(target, promptBefore(said, before.find((one) => one.key === key)?.action.prompt ?? null), reachable);
    if (!action.ok) return fault(line, action.key);
    answers.push({ key, name: name.trim(), action: action.value });
  }
  return { ok: true, value: answers };
}

// Where else an agent is rung, one a line.

/** What stands behind an address where whoever answers is asked to press 1; understood in every language. */
export const PRESS_WORDS: Readonly<Record<Language, string>> = { en: 'press 1', de: 'Taste 1', fr: 'touche 1', es: 'tecla 1', it: 'tasto 1' };
const PRESSED = new RegExp(`\\s+(?:${Object.values(PRESS_WORDS).join('|')})$`, 'i');

/** `+441234567890 press 1`, `sip:alice@example.org`. */
export const showContacts = (contacts: readonly Contact[], words: Language): string => contacts.map((one) => `${one.kind === 'number' ? one.number : one.uri}${one.confirm ? ` ${PRESS_WORDS[words]}` : ''}`).join('\n');

/** What is no number and no address is for the model to refuse. */
export function readContacts(text: string): Reading<Contact[]> {
  return { ok: true, value: linesOf(text).map((line): Contact => {
    const address = line.replace(PRESSED, '');
    const confirm = address !== line;
    return /^sips?:/i.test(address) ? { kind: 'sipUri', uri: address, confirm } : { kind: 'number', number: address, confirm };
  }) };
}

/** One a line, or separated by commas. */
export const readWords = (text: string): string[] => text.split(/[\r\n,]+/).map((one) => one.trim()).filter((one) => one !== '');
