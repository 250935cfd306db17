// Every environment variable the stand-in for Teams reads, parsed once.
import { z } from 'zod';
import { port, readEnvironment, type Settings, type Variables } from '../../storage/process/environment';

export const LOCAL_TEAMS_VARIABLES = {
  LOG_LEVEL: { schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'), describe: 'How much is logged.' },
  LOCAL_TEAMS_PORT: { schema: port(3979), describe: 'The port of the chat page; it always listens on 127.0.0.1 only.' },
  LOCAL_TEAMS_PEOPLE: { schema: z.string('is required'), describe: 'Path of a JSON file with the people of the switcher: [{personId, name, role, locale}].' },
  LOCAL_TEAMS_DATA: { schema: z.string().optional(), describe: 'Folder that keeps the conversations; without it they are forgotten at the end.' },
  BOT_URL: {
    schema: z.url({ protocol: /^https?$/, hostname: /^(127\.0\.0\.1|localhost|\[::1\])$/, error: 'must be an http address on this machine' })
      .default('http://127.0.0.1:3978/api/messages'),
    describe: 'Where the bot takes activities.',
  },
  MICROSOFT_APP_ID: {
    schema: z.undefined('must not be set'),
    describe: 'With an app id the bot is open to the real Teams; this stand-in proves nobody’s identity and never runs beside it.',
  },
} as const satisfies Variables;

export type LocalTeamsSettings = Settings<typeof LOCAL_TEAMS_VARIABLES>;

/** @throws EnvironmentFault listing every fault. */
export function readLocalTeamsSettings(env: NodeJS.ProcessEnv = process.env): LocalTeamsSettings {
  return readEnvironment(LOCAL_TEAMS_VARIABLES, env);
}
