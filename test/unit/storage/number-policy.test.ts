// Which numbers and addresses may be called: the rows of test/fixtures/policy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { mayDial, NO_NUMBERS, numberPolicy } from '../../../storage/model/number-policy';

const { policy, rows } = z.strictObject({ policy: numberPolicy, rows: z.array(z.tuple([z.string(), z.enum(['emergency', 'prefix', 'domain']).nullable()])) })
  .parse(parse(readFileSync(join(__dirname, '..', '..', 'fixtures', 'policy', 'targets.yml'), 'utf8')));
const targetOf = (text: string) => (text.includes(':') ? { kind: 'uri', uri: text } as const : { kind: 'number', number: text } as const);

test.each(rows)('%s: %s', (text, because) => {
  expect(mayDial(policy, targetOf(text))).toEqual(because === null ? { allowed: true } : { allowed: false, because });
});

test('where nothing is set, nothing outside is called', () => {
  for (const [text] of rows) expect(mayDial(NO_NUMBERS, targetOf(text)).allowed).toBe(false);
});
