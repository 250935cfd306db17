// docs/licences.md is held against what is installed: every direct dependency, its version and its licence.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';
import { REQUIREMENTS } from '../../storage/local/virtual-environment';

const listed = new Map([...readFileSync(join(ROOT, 'docs', 'licences.md'), 'utf8').matchAll(/^\| ([^ |]+) \| ([^ |]+) \| ([^|]+?) \|/gm)]
  .map(([, name, version, licence]) => [name as string, { version: version as string, licence: licence as string }]));

interface Manifest { readonly version: string; readonly license?: string | { type: string }; readonly licenses?: ReadonlyArray<{ type: string }> }

test('every direct dependency is listed with the version and licence it has', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const wrong = Object.entries({ ...dependencies, ...devDependencies }).flatMap(([name, version]) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as Manifest;
    const licence = typeof manifest.license === 'string' ? manifest.license : manifest.license?.type ?? manifest.licenses?.map(({ type }) => type).join(' OR ') ?? 'not stated';
    const row = listed.get(name);
    return row?.version === version && row.licence.startsWith(licence) ? [] : [`| ${name} | ${version} | ${licence} |`];
  });
  expect(wrong).toEqual([]);
});

test('the embedded database is listed with the version that is pinned', () => {
  const [, version] = /^secantusdb==(\S+)/m.exec(readFileSync(REQUIREMENTS, 'utf8')) ?? [];
  expect(listed.get('SecantusDB')).toEqual({ version, licence: expect.stringContaining('GPL-2.0') });
});
