// What people type in five languages: each phrase is its own command, English is understood beside every language, and no two are taken for each other.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LANGUAGES, wordsFor, type Language } from '../../../cards/words';
import { plainWords, PHRASES, readCommand, readPause } from '../../../bot/commands';
import { LISTS_OF, LOOSE_OF, PHRASES_OF } from '../../../bot/phrases';

const OTHERS = LANGUAGES.filter((one): one is Exclude<Language, 'en'> => one !== 'en');
const VALUES: Readonly<Record<string, string>> = { group: 'zyx desk', to: 'qrst', name: 'jkl', priority: '2', words: '10', search: 'jkl' };
const filled = (phrase: string): string => phrase.replace(/\{(\w+)\}/g, (_slot, name: string) => VALUES[name] ?? '');
const slots = (phrase: string): Readonly<Record<string, string>> => Object.fromEntries([...phrase.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, VALUES[name] ?? '']));
const rows = (table: Readonly<Partial<Record<string, readonly string[]>>>): readonly (readonly [string, string])[] => Object.entries(table).flatMap(([command, phrases]) => (phrases ?? []).map((phrase) => [command, phrase] as const));

describe.each(OTHERS)('typed in %s', (language) => {
  it.each([...rows(PHRASES_OF[language]), ...rows(LOOSE_OF[language])])('%s: %j', (command, phrase) => {
    expect(plainWords(phrase)).toBe(phrase);
    expect(readCommand(filled(phrase), language)).toMatchObject({ command, ...slots(phrase) });
  });

  it.each(rows(LISTS_OF[language]))('the list of %s: %j', (kind, phrase) => {
    expect(readCommand(phrase, language)).toEqual({ command: 'objects', kind });
  });

  it('English is read as it is by somebody who reads English', () => {
    for (const [command, phrases] of PHRASES) {
      for (const phrase of phrases) expect([phrase, readCommand(filled(phrase), language)]).toEqual([phrase, readCommand(filled(phrase), 'en')]);
      expect(phrases.length > 0 && command).toBe(command);
    }
  });

  it('has words for every command that English has', () => {
    expect(PHRASES.map(([command]) => command).filter((command) => PHRASES_OF[language][command] === undefined)).toEqual([]);
  });

  if (language === 'de') {
    it('the phrase with fewer slips is meant', () => {
      expect([readCommand('dienst beennen', 'de'), readCommand('dienst begnnen', 'de')]).toMatchObject([{ command: 'offDuty' }, { command: 'onDuty' }]);
    });
  }

  it('one wrong letter never puts on duty whom it should put off, nor the other way', () => {
    for (const [wanted, never] of [['onDuty', 'offDuty'], ['offDuty', 'onDuty'], ['signIn', 'signOut'], ['signOut', 'signIn']] as const) {
      const phrases = [...PHRASES_OF[language][wanted] ?? [], ...PHRASES.find(([command]) => command === wanted)?.[1] ?? []].map(filled);
      fc.assert(fc.property(fc.constantFrom(...phrases), fc.nat(60), fc.constantFrom('', ...'abcdefghijklmnopqrstuvwxyz'), fc.boolean(), (phrase, at, letter, instead) => {
        const slip = phrase.slice(0, at) + letter + phrase.slice(at + (instead ? 1 : 0));
        return slip === phrase || readCommand(slip, language)?.command !== never || readCommand(slip, 'en')?.command === never;
      }), { numRuns: 600 });
    }
  });
});

/** Which command the words on a line of help stand for. */
const HELP: Readonly<Record<string, unknown>> = {
  groups: { command: 'groups' }, live: { command: 'live', group: 'help desk' }, edit: { command: 'edit', group: 'help desk' }, duty: { command: 'duty' }, phone: { command: 'phone' }, who: { command: 'who' }, undo: { command: 'undo' },
  newGroup: { command: 'newGroup' }, newAgent: { command: 'newAgent' }, agents: { command: 'agents', search: '' }, managers: { command: 'managers', group: 'help desk' }, flow: { command: 'flow', group: 'help desk' },
  team: { command: 'team', group: 'help desk' }, pause: { command: 'pause' }, pick: { command: 'pick', group: '' }, hours: { command: 'objects', kind: 'businessHours' }, settings: { command: 'settings' },
  history: { command: 'history' }, pool: { command: 'pool' }, calls: { command: 'calls' },
};

describe.each(LANGUAGES)('the help card in %s', (language) => {
  it.each(Object.entries(HELP))('names words for %s that are understood', (key, command) => {
    expect(readCommand(wordsFor(language)(`help.command.${key}.typed`, { group: 'Help Desk' }), language)).toMatchObject(command as object);
  });
});

it('every command that English help names is held here', () => {
  const english = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'cards', 'catalogue', 'en.json'), 'utf8')) as { help: { command: object } };
  for (const key of Object.keys(english.help.command)) for (const language of LANGUAGES) expect([language, key, readCommand(wordsFor(language)(`help.command.${key}.typed`, { group: 'Help Desk' }), language)]).not.toEqual([language, key, null]);
});

describe('what people write', () => {
  it.each<[Language, string, unknown]>([
    ['de', 'Hilfe!', { command: 'help' }], ['de', 'Rückgängig', { command: 'undo' }], ['de', 'Bitte Help Desk bearbeiten', { command: 'edit', group: 'help desk' }], ['de', 'dienst an', { command: 'onDuty' }], ['de', 'Außer Dienst', { command: 'offDuty' }], ['de', 'feierabend', { command: 'offDuty' }],
    ['de', 'Melde Bob an Verkauf an', { command: 'signIn', name: 'bob', group: 'verkauf' }], ['de', 'verschiebe am längsten wartenden in Verkauf nach Help Desk', { command: 'move', group: 'verkauf', to: 'help desk' }], ['de', 'Geschäftszeiten', { command: 'objects', kind: 'businessHours' }], ['de', 'meine grupen', { command: 'groups' }], ['de', 'on duty', { command: 'onDuty' }],
    ['fr', 'Qui suis-je ?', { command: 'who' }], ['fr', 'hors service', { command: 'offDuty' }], ['fr', 'heures d’ouverture', { command: 'objects', kind: 'businessHours' }], ['fr', 'mes groupes svp', { command: 'groups' }], ['fr', 'déplacer le plus ancien de ventes vers support', { command: 'move', group: 'ventes', to: 'support' }], ['fr', 'prendre mon service', { command: 'onDuty' }], ['fr', 'reprendre', { command: 'resume', name: '' }],
    ['es', '¿Quién soy?', { command: 'who' }], ['es', 'fuera de servicio', { command: 'offDuty' }], ['es', 'capturar la más antigua en ventas', { command: 'pick', group: 'ventas' }], ['es', 'Configuración', { command: 'settings' }], ['es', 'por favor deshacer', { command: 'undo' }],
    ['it', 'chi è in servizio?', { command: 'team', group: '' }], ['it', 'fuori servizio', { command: 'offDuty' }], ['it', 'sposta la più vecchia da vendite a assistenza', { command: 'move', group: 'vendite', to: 'assistenza' }], ['it', 'riprendi', { command: 'resume', name: '' }], ['it', 'priorità 1 per vendite', { command: 'priority', priority: '1', group: 'vendite' }],
    ['en', 'dienst an', null], ['de', 'hors service', null],
  ])('in %s, %j', (language, typed, command) => {
    expect(readCommand(typed, language)).toEqual(command);
  });

  it.each<[Language, string, object]>([
    ['de', 'bob fur 2 stunden wegen arzt', { name: 'bob', minutes: 120, reason: 'arzt' }], ['de', '10 minuten mittagessen', { name: '', minutes: 10, reason: 'mittagessen' }], ['fr', 'alice pendant 1 heure', { name: 'alice', minutes: 60 }], ['fr', '15 minutes pour dejeuner', { minutes: 15, reason: 'dejeuner' }],
    ['es', '2 horas comida', { minutes: 120, reason: 'comida' }], ['it', 'per 5 minuti', { name: '', minutes: 5 }], ['en', 'per 10 minutes', { name: 'per', minutes: 10 }], ['it', '1 ora pranzo', { minutes: 60, reason: 'pranzo' }], ['de', '2 hours', { minutes: 120 }],
  ])('in %s, a pause: %j', (language, words, expected) => {
    expect(readPause(words, language)).toMatchObject(expected);
  });
});
