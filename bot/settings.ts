// What the bot is told by its environment, and the combinations that would be unsafe.
import { isIP } from 'node:net';
import { z } from 'zod';
import { personId } from '../storage/model/fields';
import { EnvironmentFault, port, readEnvironment, type Settings, type Variables } from '../storage/process/environment';

const guid = z.string().trim().toLowerCase().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must look like 01234567-89ab-cdef-0123-456789abcdef');
const listOf = <T extends z.ZodType<unknown, string>>(item: T) =>
  z.string().default('').transform((typed) => typed.split(',').map((one) => one.trim()).filter((one) => one !== '')).pipe(z.array(item));

export const BOT_VARIABLES = {
  LOG_LEVEL: { schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), describe: 'How much is logged.' },
  POOL: { schema: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must have 1–64 lower-case letters, digits and hyphens').default('main'), describe: 'The pool this bot serves.' },
  MONGODB_URI: { schema: z.string({ error: 'must be set' }).regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://'), describe: 'The replica set that holds everything.', secret: false },
  ADMINISTRATORS: { schema: listOf(personId), describe: 'Directory object ids of the administrators, separated by commas.' },
  BOT_ADDRESS: { schema: z.string().trim().min(1).default('127.0.0.1'), describe: 'The address the bot listens on. Without MICROSOFT_APP_ID only loopback.' },
  BOT_PORT: { schema: port(3978), describe: 'The port the bot listens on.' },
  BOT_PUBLIC_URL: { schema: z.url({ protocol: /^https?$/, error: 'must be a URL like https://bot.example.org' }).transform((url) => url.replace(/\/+$/, '')).optional(), describe: 'Where people’s clients reach the bot, for sounds to listen to. Default: BOT_ADDRESS and BOT_PORT.' },
  MICROSOFT_APP_ID: { schema: guid.optional(), describe: 'The app id of the Azure bot. Without it only this machine may talk to the bot.' },
  MICROSOFT_APP_TYPE: { schema: z.enum(['SingleTenant', 'UserAssignedMSI'], { error: 'must be SingleTenant or UserAssignedMSI' }).optional(), describe: 'The kind of the Azure bot; needed with MICROSOFT_APP_ID.' },
  MICROSOFT_APP_TENANT_ID: { schema: guid.optional(), describe: 'The tenant of the Azure bot; needed with MICROSOFT_APP_ID.' },
  MICROSOFT_APP_PASSWORD: { schema: z.string().optional(), describe: 'The client secret of a SingleTenant bot.', secret: true },
  TENANTS: { schema: listOf(guid), describe: 'Tenants whose people may use the bot, separated by commas. Default: MICROSOFT_APP_TENANT_ID.' },
  SIP_DOMAIN: { schema: z.string().trim().toLowerCase().regex(/^[a-z0-9.-]+$/, 'must be a domain name').default('response-group.local'), describe: 'The organisation’s one SIP domain, shown on cards.' },
  SIP_SERVER: { schema: z.string().trim().min(1).default('127.0.0.1:5060'), describe: 'host:port that people enter into their phones.' },
} as const satisfies Variables;

export type BotSettings = Settings<typeof BOT_VARIABLES>;

/** Whether an address can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

/**
 * Reads and checks everything at once.
 * @throws EnvironmentFault for single faults, and for combinations under which strangers could speak as anyone.
 */
export function readBotSettings(env: NodeJS.ProcessEnv = process.env): BotSettings {
  const settings = readEnvironment(BOT_VARIABLES, env);
  const faults: string[] = [];
  if (settings.MICROSOFT_APP_ID === undefined) {
    if (!isLoopback(settings.BOT_ADDRESS)) {
      faults.push(`BOT_ADDRESS (${JSON.stringify(settings.BOT_ADDRESS)}): without MICROSOFT_APP_ID the bot believes whoever speaks to it, so it listens on 127.0.0.1, ::1 or localhost only. Set MICROSOFT_APP_ID to open it.`);
    }
    for (const name of ['MICROSOFT_APP_TYPE', 'MICROSOFT_APP_TENANT_ID', 'MICROSOFT_APP_PASSWORD'] as const) {
      if (settings[name] !== undefined) faults.push(`MICROSOFT_APP_ID (not set): must be set when ${name} is.`);
    }
  } else {
    if (settings.MICROSOFT_APP_TYPE === undefined) faults.push('MICROSOFT_APP_TYPE (not set): must be SingleTenant or UserAssignedMSI when MICROSOFT_APP_ID is set.');
    if (settings.MICROSOFT_APP_TENANT_ID === undefined) faults.push('MICROSOFT_APP_TENANT_ID (not set): must be set when MICROSOFT_APP_ID is.');
    if (settings.MICROSOFT_APP_TYPE === 'SingleTenant' && settings.MICROSOFT_APP_PASSWORD === undefined) faults.push('MICROSOFT_APP_PASSWORD (not set): must be set for SingleTenant.');
    if (settings.MICROSOFT_APP_TYPE === 'UserAssignedMSI' && settings.MICROSOFT_APP_PASSWORD !== undefined) faults.push('MICROSOFT_APP_PASSWORD (set): must not be set for UserAssignedMSI.');
  }
  if (faults.length > 0) throw new EnvironmentFault(faults);
  return settings;
}

/** The tenants whose people may use the bot. */
export function allowedTenants(settings: BotSettings): ReadonlySet<string> {
  const named = settings.TENANTS.length > 0 ? settings.TENANTS : settings.MICROSOFT_APP_TENANT_ID === undefined ? [] : [settings.MICROSOFT_APP_TENANT_ID];
  return new Set(named);
}

/** Where people’s clients reach the bot, without a slash at the end. */
export function publicUrl(settings: BotSettings): string {
  const host = settings.BOT_ADDRESS.includes(':') ? `[${settings.BOT_ADDRESS}]` : settings.BOT_ADDRESS;
  return settings.BOT_PUBLIC_URL ?? `http://${host}:${settings.BOT_PORT}`;
}

