// Holds the source against the architecture: which rooms there are, who may import whom, and no cycles.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const ROOMS = ['bot', 'cards', 'engine', 'storage'];

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return name.endsWith('.ts') && !name.endsWith('.d.ts') ? [path] : [];
  });
}

/** Relative imports of one file, as paths from the root; imports of types alone count for direction, not for cycles. */
function imports(file: string): Array<{ readonly to: string; readonly typeOnly: boolean }> {
  const text = readFileSync(file, 'utf8');
  const found: Array<{ to: string; typeOnly: boolean }> = [];
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?)\s*(?:from\s+)?'(\.[^']+)'/gms)) {
    const names = /\{([^}]*)\}/s.exec(match[2] ?? '')?.[1]?.split(',').map((name) => name.trim()).filter(Boolean) ?? [];
    const typeOnly = match[1] !== undefined || (names.length > 0 && names.every((name) => name.startsWith('type ')));
    const target = resolve(dirname(file), match[3] as string);
    found.push({ to: relative(ROOT, target.endsWith('.json') ? target : `${target}.ts`), typeOnly });
  }
  return found;
}

const files = new Map(ROOMS.flatMap((room) => sources(join(ROOT, room))).map((file) => [relative(ROOT, file), imports(file)]));

test('the top level holds the rooms and nothing that a newcomer must ask about', () => {
  const visible = readdirSync(ROOT).filter((name) => !name.startsWith('.') && !['node_modules', 'dist', 'coverage'].includes(name));
  const known = ['bot', 'cards', 'engine', 'manifest', 'storage', 'test', 'docs', 'start.ts', 'package.json', 'package-lock.json', 'tsconfig.json', 'eslint.config.mjs', 'README.md', 'CHANGELOG.md'];
  expect(visible.filter((name) => !known.includes(name))).toEqual([]);
});

test('there is source to look at, and its imports are found', () => {
  expect(files.size).toBeGreaterThan(20);
  expect([...files.values()].flat().length).toBeGreaterThan(20);
});

test('every relative import leads to a file that is there', () => {
  const lost = [...files].flatMap(([file, list]) => list.filter(({ to }) => !to.endsWith('.json') && !files.has(to)).map(({ to }) => `${file} → ${to}`));
  expect(lost).toEqual([]);
});

test('no room imports another against the architecture', () => {
  const allowed = (from: string, to: string): boolean => {
    const [a, b] = [from.split('/')[0], to.split('/')[0]];
    if (from.startsWith('engine/edge/')) return to.startsWith('engine/edge/') || to.startsWith('storage/process/');
    if (to.startsWith('engine/edge/')) return false;
    if (from.startsWith('engine/core/')) return to.startsWith('engine/core/') || to.startsWith('storage/model/');
    if (from.startsWith('bot/local-teams/')) return to.startsWith('bot/local-teams/') || to.startsWith('storage/process/');
    if (to.startsWith('bot/local-teams/')) return false;
    if (a === b) return true;
    if (a === 'bot') return b === 'cards' || b === 'storage';
    return a === 'engine' && b === 'storage';
  };
  const against = [...files].flatMap(([file, list]) => list.filter(({ to }) => !allowed(file, to)).map(({ to }) => `${file} → ${to}`));
  expect(against).toEqual([]);
});

test('only one room knows each outside library', () => {
  const owners: Array<[RegExp, RegExp]> = [
    [/from '(botbuilder|botframework-[a-z]+|restify)'/, /^bot\//],
    [/from 'drachtio-srf'/, /^engine\/sip\//],
    [/from 'mongodb'/, /^storage\//],
    [/from 'adaptivecards-templating'/, /^cards\//],
  ];
  const strays = [...files.keys()].flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8').split('\n').filter((line) => !line.startsWith('import type') && !/^import \{ type [^,]+ \} from/.test(line)).join('\n');
    return owners.filter(([library, room]) => library.test(text) && !room.test(file)).map(([library]) => `${file}: ${library.source}`);
  });
  expect(strays).toEqual([]);
});

test('no file imports itself through others', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') { cycles.push([...path.slice(path.indexOf(file)), file].join(' → ')); return; }
    state.set(file, 'open');
    for (const { to, typeOnly } of files.get(file) ?? []) if (!typeOnly && files.has(to)) walk(to, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of files.keys()) walk(file, []);
  expect(cycles).toEqual([]);
});
