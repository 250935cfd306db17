// The manifest of the Teams app and its texts in each language, made from the settings.
import { COMMAND_LANGUAGES, commandIn, type CommandKey, type CommandLanguage } from '../bot/local-teams/commands';
import { ACCENT } from './icons';
import { type ManifestSettings } from './settings';
import { DESCRIPTIONS } from './texts';

/** The newest that the checker knows. */
const VERSION = '1.30';
const SCHEMAS = `https://developer.microsoft.com/json-schemas/teams/v${VERSION}`;

/*
 * Teams lists commands by where one talks, not by who one is: in a personal chat those of agents, managers and administrators together
 * (twelve at most), in a group chat and a channel those that show nothing but what everyone there may see. “help” tells each person theirs.
 */
const PERSONAL: readonly CommandKey[] = ['help', 'groups', 'live', 'edit', 'duty', 'onDuty', 'offDuty', 'pause', 'resume', 'pick', 'phone', 'who'];
const SHARED: readonly CommandKey[] = ['help', 'live'];
const LISTS: readonly { readonly scopes: readonly string[]; readonly keys: readonly CommandKey[] }[] = [{ scopes: ['personal'], keys: PERSONAL }, { scopes: ['team', 'groupChat'], keys: SHARED }];

export type Manifest = Readonly<Record<string, unknown>> & { readonly $schema: string; readonly manifestVersion: string; readonly id: string; readonly version: string };

const languageFile = (language: CommandLanguage): string => `${language}.json`;
const OTHERS = COMMAND_LANGUAGES.filter((one) => one !== 'en');

export function manifestFor(settings: ManifestSettings): Manifest {
  const { host } = new URL(settings.BOT_PUBLIC_URL);
  return {
    $schema: `${SCHEMAS}/MicrosoftTeams.schema.json`,
    manifestVersion: VERSION,
    version: settings.TEAMS_APP_VERSION,
    id: settings.TEAMS_APP_ID ?? settings.MICROSOFT_APP_ID,
    developer: { name: settings.TEAMS_DEVELOPER_NAME, websiteUrl: settings.TEAMS_DEVELOPER_URL, privacyUrl: settings.TEAMS_PRIVACY_URL, termsOfUseUrl: settings.TEAMS_TERMS_URL },
    name: { short: 'Response Group', full: 'Response Group' },
    description: DESCRIPTIONS.en,
    localizationInfo: { defaultLanguageTag: 'en', additionalLanguages: OTHERS.map((language) => ({ languageTag: language, file: languageFile(language) })) },
    icons: { color: 'color.png', outline: 'outline.png' },
    accentColor: `#${ACCENT.map((part) => part.toString(16).padStart(2, '0')).join('')}`,
    bots: [{
      botId: settings.MICROSOFT_APP_ID,
      scopes: ['personal', 'team', 'groupChat'],
      supportsFiles: true,
      isNotificationOnly: false,
      commandLists: LISTS.map(({ scopes, keys }) => ({ scopes, commands: keys.map((key) => commandIn('en', key)) })),
    }],
    permissions: ['identity', 'messageTeamMembers'],
    validDomains: [host],
  };
}

/** What a language replaces, by path into the manifest. */
export function textsFor(language: CommandLanguage): Readonly<Record<string, string>> {
  const { short, full } = DESCRIPTIONS[language];
  return {
    $schema: `${SCHEMAS}/MicrosoftTeams.Localization.schema.json`,
    'name.short': 'Response Group',
    'name.full': 'Response Group',
    'description.short': short,
    'description.full': full,
    ...Object.fromEntries(LISTS.flatMap(({ keys }, list) => keys.flatMap((key, index) => {
      const { title, description } = commandIn(language, key);
      const at = `bots[0].commandLists[${list}].commands[${index}]`;
      return [[`${at}.title`, title], [`${at}.description`, description]];
    }))),
  };
}

/** The files of the package beside the icons, by name. */
export function textFiles(settings: ManifestSettings): ReadonlyMap<string, object> {
  return new Map<string, object>([['manifest.json', manifestFor(settings)], ...OTHERS.map((language) => [languageFile(language), textsFor(language)] as const)]);
}
