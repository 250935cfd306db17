// What the app package is told by the environment of whoever makes it.
import { z } from 'zod';
import { readEnvironment, type Settings, type Variables } from '../storage/process/environment';

const guid = z.string({ error: 'must be set' }).trim().toLowerCase().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must look like 01234567-89ab-cdef-0123-456789abcdef');
/** The schema of the manifest lets `http://` pass; Teams does not. */
const https = (fallback: string) => z.url({ protocol: /^https$/, error: 'must be a URL that begins with https://' }).max(2048).default(fallback);
const HOME = 'https://example.org/response-group';

export const MANIFEST_VARIABLES = {
  MICROSOFT_APP_ID: { schema: guid, describe: 'The app id of the Azure bot.' },
  TEAMS_APP_ID: { schema: guid.optional(), describe: 'The id of the Teams app. Default: MICROSOFT_APP_ID.' },
  TEAMS_APP_VERSION: { schema: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/, 'must be like 1.0.0').default('1.0.0'), describe: 'Raise it with every package that is uploaded.' },
  BOT_PUBLIC_URL: { schema: z.url({ protocol: /^https$/, error: 'must be a URL like https://bot.example.org' }), describe: 'Where Teams and people’s clients reach the bot.' },
  TEAMS_DEVELOPER_NAME: { schema: z.string().trim().min(1).max(32, 'must have at most 32 characters').default('Response Group'), describe: 'Who offers the app, as people read it.' },
  TEAMS_DEVELOPER_URL: { schema: https(HOME), describe: 'The page of whoever offers the app.' },
  TEAMS_PRIVACY_URL: { schema: https(`${HOME}/privacy`), describe: 'The privacy statement.' },
  TEAMS_TERMS_URL: { schema: https(`${HOME}/terms`), describe: 'The terms of use.' },
  TEAMS_PACKAGE: { schema: z.string().min(1).default('.local/response-group-teams.zip'), describe: 'Where the package is written.' },
} as const satisfies Variables;

export type ManifestSettings = Settings<typeof MANIFEST_VARIABLES>;

/** @throws EnvironmentFault naming everything that is wrong at once. */
export const readManifestSettings = (env: NodeJS.ProcessEnv = process.env): ManifestSettings => readEnvironment(MANIFEST_VARIABLES, env);
