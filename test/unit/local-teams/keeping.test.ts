// Chats on disk: kept whole, never half, and never overwritten when they cannot be read.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chats } from '../../../bot/local-teams/chats';
import { createKeeper } from '../../../bot/local-teams/keeping';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'local-teams-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const people = [{ personId: 'ada', name: 'Ada', role: '', locale: 'en-US' }];
const failed = (fault: unknown): never => { throw fault; };

function run(act: (chats: Chats) => void) {
  let chats: Chats | null = null;
  const keeper = createKeeper(folder, () => chats?.all() ?? [], failed);
  chats = new Chats(people, keeper.kept, { now: () => new Date(5), changed: () => keeper.changed() });
  act(chats);
  keeper.close();
  return { keeper, chats };
}

test('what was said is there again after a restart, with views and reading', () => {
  const before = run((chats) => {
    const { id } = chats.add('a:ada', null, { text: 'hello', textFormat: 'markdown', attachments: [{ contentType: 'x', content: { a: [1] } }], suggestedActions: [] });
    chats.setView('a:ada', id, 'ada', { attachment: 0, card: { own: true }, revision: 0 });
    chats.markRead('a:ada', 'ada');
  });
  const after = run(() => undefined);
  expect(after.chats.all()).toEqual(before.chats.all());
});

test('only the finished file is left, readable by its owner alone', () => {
  run((chats) => chats.setInstalled('a:ada'));
  expect(readdirSync(folder)).toEqual(['chats.json']);
  expect(statSync(join(folder, 'chats.json')).mode & 0o777).toBe(0o600);
});

test.each(['', '{', '[]', '{"version":2,"chats":[]}', '{"version":1,"chats":[{"id":1}]}'])('a file of %j is put aside, each time under a new name', (text) => {
  for (const number of [1, 2]) {
    writeFileSync(join(folder, 'chats.json'), text);
    const { keeper } = run((chats) => chats.setInstalled('a:ada'));
    expect(keeper.putAside).toBe(join(folder, `chats.json.unreadable-${number}`));
    expect(readFileSync(keeper.putAside ?? '', 'utf8')).toBe(text);
  }
  expect(JSON.parse(readFileSync(join(folder, 'chats.json'), 'utf8'))).toMatchObject({ version: 1 });
});

test('without a folder nothing is kept', () => {
  const keeper = createKeeper(null, () => [], failed);
  keeper.changed();
  keeper.close();
  expect(keeper.kept).toEqual([]);
});
