// The Teams app package: fits its schema, is the same bytes every time, and names only commands that are understood.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import Ajv from 'ajv';
import { COMMAND_KEYS, COMMAND_LANGUAGES, COMMANDS, commandIn } from '../../../bot/local-teams/commands';
import { readCommand } from '../../../bot/commands';
import { LANGUAGES } from '../../../cards/words';
import { colorIcon, outlineIcon } from '../../../manifest/icons';
import { manifestFor, textFiles, textsFor } from '../../../manifest/manifest';
import { packageFor } from '../../../manifest/package';
import { MANIFEST_VARIABLES, readManifestSettings } from '../../../manifest/settings';
import { ROOT } from '../../../storage/process/root';

const ENV = { MICROSOFT_APP_ID: '01234567-89ab-cdef-0123-456789abcdef', BOT_PUBLIC_URL: 'https://bot.example.org/x' };
const settings = readManifestSettings(ENV);
const schema = (name: string): object => JSON.parse(readFileSync(join(ROOT, 'node_modules', '@microsoft', 'app-manifest', 'build', 'json-schemas', 'teams', 'v1.30', name), 'utf8')) as object;

/** The checker loads modules in a way that jest cannot, so that it runs in a process of its own. */
function run(script: string, env: Readonly<Record<string, string>>): string {
  return execFileSync(process.execPath, ['-r', './test/support/run-typescript.cjs', '-e', script], { cwd: ROOT, env: { ...process.env, ...env }, encoding: 'utf8' });
}
const check = (env: Readonly<Record<string, string>>, change: string): string => run(
  `const manifest = { ...require('./manifest/manifest.ts').manifestFor(require('./manifest/settings.ts').readManifestSettings()), ${change} };
  require('./manifest/check.ts').checkManifest(manifest).then(() => console.log('good'), (fault) => console.log(fault.message));`, env).trim();

it('is accepted by the schema of the newest manifest', () => {
  expect(check(ENV, '')).toBe('good');
});

it('has texts in every language that their schema accepts', () => {
  const { $schema: _draft, ...localization } = schema('MicrosoftTeams.Localization.schema.json') as Record<string, unknown>;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(localization);
  for (const language of LANGUAGES.filter((one) => one !== 'en')) {
    validate(textsFor(language));
    expect([language, validate.errors]).toEqual([language, null]);
  }
});

it('is refused with its reasons where the manifest cannot be', () => {
  expect(check(ENV, "accentColor: 'blue', icons: {}")).toMatch(/does not fit its schema[\s\S]*(accentColor|icons)/);
});

it('is the same bytes every time, also in another time zone', async () => {
  const bytes = await packageFor(settings);
  expect(bytes.equals(await packageFor(settings))).toBe(true);
  const script = "require('./manifest/package.ts').packageFor(require('./manifest/settings.ts').readManifestSettings()).then((b) => process.stdout.write(require('crypto').createHash('sha256').update(b).digest('hex')))";
  const elsewhere = (zone: string): string => run(script, { ...ENV, TZ: zone });
  expect(elsewhere('Asia/Tokyo')).toBe(elsewhere('America/Lima'));
});

it('lists the bot with files, in personal chats, group chats and teams, and the domain of the bot alone', () => {
  expect(manifestFor(settings)).toMatchObject({
    id: ENV.MICROSOFT_APP_ID, validDomains: ['bot.example.org'], bots: [{ botId: ENV.MICROSOFT_APP_ID, supportsFiles: true, scopes: ['personal', 'team', 'groupChat'] }],
    localizationInfo: { defaultLanguageTag: 'en', additionalLanguages: ['de', 'fr', 'es', 'it'].map((languageTag) => ({ languageTag, file: `${languageTag}.json` })) },
  });
  expect([...textFiles(settings).keys()]).toEqual(['manifest.json', 'de.json', 'fr.json', 'es.json', 'it.json']);
});

it('replaces in every language exactly what the manifest has', () => {
  const manifest = manifestFor(settings);
  const at = (path: string): unknown => path.split(/[.[\]]+/).filter((part) => part !== '').reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], manifest);
  for (const [path, text] of Object.entries(textsFor('de'))) if (path !== '$schema') expect([path, typeof at(path), text === '']).toEqual([path, 'string', false]);
});

it('speaks the languages that the cards speak', () => {
  expect(COMMAND_LANGUAGES).toEqual(LANGUAGES);
});

describe.each(LANGUAGES)('the commands in %s', (language) => {
  it.each(COMMAND_KEYS)('%s is understood as what it is in English, and short enough', (key) => {
    const { title, description } = commandIn(language, key);
    const meant = readCommand(commandIn('en', key).title);
    expect(meant).not.toBeNull();
    expect(readCommand(title, language)).toEqual(meant);
    expect([title.length <= 32, description.length > 0 && description.length <= 128]).toEqual([true, true]);
  });

  it('are no two the same', () => {
    expect(new Set(COMMANDS[language].map(({ title }) => title)).size).toBe(COMMAND_KEYS.length);
  });
});

describe('the icons', () => {
  it.each([['color', colorIcon(), 192], ['outline', outlineIcon(), 32]] as const)('%s is a PNG of the size Teams asks for', (_name, bytes, size) => {
    expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([size, size]);
  });

  it('outline is white on nothing, with both seen', () => {
    const bytes = outlineIcon();
    const rows = inflateSync(bytes.subarray(41, 41 + bytes.readUInt32BE(33)));
    const points = Array.from({ length: 32 * 32 }, (_unused, i) => { const at = Math.floor(i / 32) * 129 + 1 + (i % 32) * 4; return [...rows.subarray(at, at + 4)]; });
    expect(points.every(([red, green, blue]) => red === 255 && green === 255 && blue === 255)).toBe(true);
    expect([points.some(([, , , shown]) => shown === 255), points.some(([, , , shown]) => shown === 0)]).toEqual([true, true]);
  });
});

it('settings that cannot be are all named at once', () => {
  expect(() => readManifestSettings({ BOT_PUBLIC_URL: 'http://bot.example.org', TEAMS_PRIVACY_URL: 'http://x.example' })).toThrow(/MICROSOFT_APP_ID[\s\S]*BOT_PUBLIC_URL[\s\S]*TEAMS_PRIVACY_URL/);
});

it('the page on Teams names every variable', () => {
  const page = readFileSync(join(ROOT, 'docs', 'teams.md'), 'utf8');
  expect(Object.keys(MANIFEST_VARIABLES).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
