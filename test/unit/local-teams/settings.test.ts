// What the process is told: its environment, its people, and the commands it offers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCommand } from '../../../bot/commands';
import { COMMAND_LANGUAGES, COMMANDS } from '../../../bot/local-teams/commands';
import { readPeople } from '../../../bot/local-teams/people';
import { readLocalTeamsSettings } from '../../../bot/local-teams/settings';

test('defaults are the newcomer’s machine', () => {
  expect(readLocalTeamsSettings({ LOCAL_TEAMS_PEOPLE: 'people.json' })).toMatchObject({ LOCAL_TEAMS_PORT: 3979, BOT_URL: 'http://127.0.0.1:3978/api/messages' });
});

test.each([
  ['an app id', { MICROSOFT_APP_ID: '01234567-89ab-cdef-0123-456789abcdef' }, /MICROSOFT_APP_ID/],
  ['a bot elsewhere', { BOT_URL: 'https://bot.example.org/api/messages' }, /BOT_URL .*on this machine/],
  ['a bot by a name that only looks local', { BOT_URL: 'http://localhost.example.org/' }, /BOT_URL/],
  ['a port out of range', { LOCAL_TEAMS_PORT: '70000' }, /LOCAL_TEAMS_PORT/],
  ['nobody to play', { LOCAL_TEAMS_PEOPLE: '' }, /LOCAL_TEAMS_PEOPLE/],
])('%s is refused by name', (_title, env, words) => {
  expect(() => readLocalTeamsSettings({ LOCAL_TEAMS_PEOPLE: 'people.json', ...env })).toThrow(words);
});

describe('people', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'local-teams-')); });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const read = (text: string) => {
    writeFileSync(join(folder, 'people.json'), text);
    return readPeople(join(folder, 'people.json'));
  };

  test('role and locale may be left out', () => {
    expect(read('[{"personId":"ada","name":"Ada"}]')).toEqual([{ personId: 'ada', name: 'Ada', role: '', locale: 'en-US' }]);
  });

  test.each([
    ['not JSON', '[', /not JSON/],
    ['nobody', '[]', /names nobody/],
    ['the same person twice', '[{"personId":"a","name":"A"},{"personId":"a","name":"B"}]', /names a twice/],
    ['a person without a name', '[{"personId":"a"}]', /0\.name/],
    ['a language that is none', '[{"personId":"a","name":"A","locale":"englisch!"}]', /language tag/],
  ])('%s is refused with the file’s name', (_title, text, words) => {
    expect(() => read(text)).toThrow(words);
    expect(() => read(text)).toThrow('people.json');
  });

  test('a file that is not there is refused with its name', () => {
    expect(() => readPeople(join(folder, 'none.json'))).toThrow(/none\.json.*cannot be read/);
  });
});

test('the bot understands every command that the page offers', () => {
  for (const language of COMMAND_LANGUAGES) expect(COMMANDS[language].filter(({ title }) => readCommand(title, language) === null)).toEqual([]);
});
