// The objects of a Response Group as the reference has them: defaults and ranges of test/fixtures/reference.yml, held against the schemas.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { OBJECT_SCHEMAS } from '../../../storage/kinds';
import { type ObjectKind } from '../../../storage/model/configuration';

const fields = z.record(z.string(), z.array(z.unknown()));
const rows = z.array(z.strictObject({ row: z.string(), kind: z.string(), in: z.string().optional(), least: z.record(z.string(), z.unknown()), defaults: z.record(z.string(), z.unknown()), takes: fields, refuses: fields }))
  .parse(parse(readFileSync(join(__dirname, '..', '..', 'fixtures', 'reference.yml'), 'utf8')));
type Row = (typeof rows)[number];

/** The shorthands of the file, written out; a text of letters that an id may have too. */
function written(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [first, count, each] = value as unknown[];
    if (first === 'text') return 'a'.repeat(Number(count));
    return first === 'list' ? Array.from({ length: Number(count) }, () => each) : value.map(written);
  }
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one)])) : value;
}

const STORED = { id: 'x', pool: 'main', version: 1 };
const WORKFLOW = { sipUser: 'help', displayName: 'Help', managed: false, managers: [], defaultAction: { kind: 'queue', queueId: 'queue-a' } };
const QUESTION = { id: 'top', name: 'Top', prompt: { text: 'Which?' } };

/** The whole object around a part that is not stored by itself. */
function around(place: string | undefined, part: object): object {
  switch (place) {
    case undefined: return part;
    case 'questions': return { ...WORKFLOW, questions: [part] };
    case 'questions.0.answers': return { ...WORKFLOW, questions: [{ ...QUESTION, answers: [part] }] };
    default: return { ...WORKFLOW, [place]: part };
  }
}
const parsed = ({ kind, in: place, least }: Row, more: object = {}) => OBJECT_SCHEMAS[kind as ObjectKind].safeParse({ ...STORED, ...around(place, { ...least, ...more }) });
const partOf = (object: unknown, place: string | undefined): unknown => (place === undefined ? object : [...place.split('.'), ...(place === 'welcome' ? [] : ['0'])].reduce((at, step) => (at as Record<string, unknown>)[step], object));

describe.each(rows.map((row) => [row.row, row] as const))('%s', (_name, row) => {
  test('told nothing it has its defaults', () => {
    const { success, data } = parsed(row);
    expect(success).toBe(true);
    expect(partOf(data, row.in)).toMatchObject(row.defaults);
  });

  test.each(Object.entries(row.takes))('takes as %s what is in its range', (field, values) => {
    for (const value of values) expect({ value, taken: parsed(row, { [field]: written(value) }).success }).toEqual({ value, taken: true });
  });

  test.each(Object.entries(row.refuses))('refuses as %s what is not', (field, values) => {
    for (const value of values) expect({ value, taken: parsed(row, { [field]: written(value) }).success }).toEqual({ value, taken: false });
  });
});
