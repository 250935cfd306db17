// README.md is held against the code: its table of variables, its commands, and the files it names.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';
import { environmentTable } from '../support/environment-table';

const README = join(ROOT, 'README.md');
const TABLE = /(<!-- environment -->\n)[^]*?(\n<!-- \/environment -->)/;
const text = (): string => readFileSync(README, 'utf8');

test('the table of variables says what each process reads, with its default (UPDATE_README=1 writes it)', () => {
  const table = environmentTable();
  if (process.env['UPDATE_README']) writeFileSync(README, text().replace(TABLE, (_all, before: string, after: string) => `${before}${table}${after}`));
  expect(TABLE.exec(text())?.[0]).toBe(`<!-- environment -->\n${table}\n<!-- /environment -->`);
});

test('every command it shows is one that package.json has', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const shown = [...text().matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name]) => name as string).filter((name) => name !== 'ci');
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.filter((name) => !(name in scripts))).toEqual([]);
});

test('every file it links to is there', () => {
  const links = [...text().matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, path]) => path as string);
  expect(links.length).toBeGreaterThan(2);
  expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
