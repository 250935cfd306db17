// The table of complaints in docs/call-flow.md: every test that it names is there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const rows = readFileSync(join(ROOT, 'docs', 'call-flow.md'), 'utf8').split('## What callers and agents of such systems complain about')[1]?.split('\n').flatMap((line) => {
  const [, complaint, tests] = /^\| (.+?) \| (.*test\/.+) \|$/.exec(line) ?? [];
  return complaint === undefined || tests === undefined ? [] : [[complaint, tests.split('<br>')] as const];
}) ?? [];

test('there are as many as the reference lists', () => { expect(rows.length).toBeGreaterThanOrEqual(14); });

test.each(rows)('%s', (_complaint, tests) => {
  const named = tests.flatMap((one) => { const [, path, title] = /^`(test\/[^`]+)`: (.+)$/.exec(one) ?? []; return path === undefined || title === undefined ? [] : [{ path, title }]; });
  expect(named).not.toEqual([]);
  for (const { path, title } of named) expect(readFileSync(join(ROOT, path), 'utf8').replaceAll("\\'", "'")).toContain(title);
});
