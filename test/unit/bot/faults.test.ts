// What is wrong with a field, in the reader's language: every rule of storage has its words in every catalogue.
import { LANGUAGES, wordsFor } from '../../../cards/words';
import { faultText } from '../../../bot/views/common';
import { faultOf, type Fault } from '../../../storage/administration/results';
import { faultsOf } from '../../../storage/administration/faults';
import { agentGroup } from '../../../storage/model/agent-group';
import { queue } from '../../../storage/model/queue';
import { RULE_WORDS, ruleText, type RuleCode } from '../../../storage/model/rules';

const CODES = Object.keys(RULE_WORDS) as RuleCode[];
const PARAMS = { min: 1, max: 5, by: 'Sales', way: 'A → B', prefixes: '+44', domains: 'example.org', queue: 'Night', one: 'Sales', other: 'Night', value: '+44', subject: 'Sales', groups: 'Sales', megabytes: 4, bytes: 2, channels: 1, bits: 16 };

it.each(CODES)('the rule %s is said in every language, in English as storage says it', (code) => {
  expect(wordsFor('en').plain(`fault.${code}`, PARAMS)).toBe(ruleText(code, PARAMS));
  const said = LANGUAGES.map((language) => wordsFor(language)(`fault.${code}`, PARAMS));
  expect(new Set(said).size).toBe(LANGUAGES.length);
});

describe('faults of schemas', () => {
  const faults = (schema: typeof agentGroup | typeof queue, change: object): readonly Fault[] => {
    const input = { id: 'x', pool: 'main', version: 1, name: 'n', agentIds: [], agentGroupIds: [], ...change };
    const parsed = schema.safeParse(input);
    return parsed.success ? [] : faultsOf(parsed.error, input);
  };
  it.each<[string, typeof agentGroup | typeof queue, object, string]>([
    ['de', agentGroup, { alertTimeSeconds: 5 }, 'Benachrichtigungszeit (Sekunden): „5“ muss zwischen 10 und 180 liegen.'],
    ['fr', queue, { timeoutSeconds: 70_000 }, 'Délai d’attente (secondes)\u00a0: «\u00a070000\u00a0» doit être compris entre 10 et 65\u202f535.'],
    ['es', agentGroup, { name: '' }, 'Nombre: no puede estar vacío.'],
    ['it', agentGroup, { name: 'a<b' }, 'Nome: «a<b» non può contenere <, > o un’interruzione di riga.'],
    ['de', queue, { overflowThreshold: 1.5 }, 'Überlaufschwelle (wartende Anrufer): „1.5“ muss eine ganze Zahl von 0 bis 1.000 sein.'],
  ])('in %s', (language, schema, change, text) => {
    const unescaped = (sentence: string): string => sentence.replace(/\\(.)/g, '$1').replace(/\u2060/g, '');
    expect(faults(schema, change).map((fault) => unescaped(faultText(wordsFor(language), fault)))).toEqual([text]);
  });

  it('without a known rule stay English', () => {
    expect(faultText(wordsFor('de'), { field: 'name', value: 'x', message: 'is odd' })).toBe('Name: „x“ is odd.');
  });
});

it('a thing that is still used says so of itself, with the name escaped once', () => {
  expect(faultText(wordsFor('de'), faultOf('id', 'queue-1', 'usedByGroup', { by: 'Help [x](y)' }))).toBe('Dies wird noch von der Gruppe Help \\[x\\]\\(y\\) verwendet.');
});
