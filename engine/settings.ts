// The engine's environment: the only place of this process that reads it.
import { join } from 'node:path';
import { z } from 'zod';
import { EnvironmentFault, port, type Settings, type Variables } from '../storage/process/environment';
import { ROOT } from '../storage/process/root';
import { id } from '../storage/model/fields';

const host = (fallback: string) => z.string().min(1).default(fallback);

export const ENGINE_VARIABLES = {
  LOG_LEVEL: { schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), describe: 'How much is logged.' },
  POOL: { schema: id.default('main'), describe: 'The pool whose groups this engine serves.' },
  MONGODB_URI: { schema: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://'), describe: 'Where the database is; it must be a replica set.' },
  DRACHTIO_HOST: { schema: host('127.0.0.1'), describe: 'Where the edge (or drachtio-server) listens for engines.' },
  DRACHTIO_PORT: { schema: port(9022), describe: 'The port on which engines drive SIP, in the drachtio protocol.' },
  DRACHTIO_SECRET: { schema: z.string().min(1, 'must be set'), describe: 'What the edge wants to hear before it lets an engine in.', secret: true },
  EDGE_CONTROL_PORT: { schema: port(9023), describe: 'The port, on DRACHTIO_HOST, on which the edge tells what exists.' },
  RTPENGINE_HOST: { schema: host('127.0.0.1'), describe: 'Where media is driven, in the NG protocol over TCP.' },
  RTPENGINE_PORT: { schema: port(22222), describe: 'The port, on RTPENGINE_HOST, of the NG protocol over TCP.' },
  MEDIA_DIRECTORY: { schema: z.string().min(1).default(join(ROOT, '.local', 'media')), describe: 'The folder of sounds, shared with the edge (or rtpengine).' },
  JOURNAL_DIRECTORY: { schema: z.string().min(1).default(join(ROOT, '.local', 'journal')), describe: 'The folder where calls are written down while the database is away; an engine that starts writes to the database what is left there.' },
  SIP_DOMAIN: { schema: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,252})$/, 'must be a domain name in lower case').default('response-group.local'), describe: 'The one SIP domain of the organisation, and the realm in which phones authenticate.' },
  DIGEST_ALGORITHMS: {
    schema: z.string().default('MD5').transform((list) => list.split(',').map((name) => name.trim().toUpperCase())).pipe(z.array(z.enum(['MD5', 'SHA-256'], 'must be MD5, SHA-256 or both, with a comma between')).min(1)),
    describe: 'What registering phones are offered, the preferred first: MD5, SHA-256 or both. Many phones fail when SHA-256 is offered at all.',
  },
  SPEECH: { schema: z.enum(['local', 'azure'], { error: 'must be local or azure' }).default('local'), describe: 'Who speaks: the voice that comes with the product, or Azure Speech, for which that voice steps in while it cannot be had.' },
  AZURE_SPEECH_KEY: { schema: z.string().min(1).optional(), describe: 'The key of the Azure Speech resource; needed where SPEECH is azure.', secret: true },
  AZURE_SPEECH_REGION: { schema: z.string().regex(/^[a-z0-9]+$/, 'must be the name of a region, like westeurope').optional(), describe: 'The region of the Azure Speech resource; needed where SPEECH is azure, unless AZURE_SPEECH_ENDPOINT is set.' },
  AZURE_SPEECH_ENDPOINT: { schema: z.string().regex(/^https?:\/\/[^\s/]+$/, 'must be http:// or https:// with a host, and nothing after it').optional(), describe: 'Where Azure Speech is in place of its region: a private endpoint, or a container of your own.' },
  PARTNER_SIP: {
    schema: z.string().regex(/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i, 'must be a host, or host:port').optional(),
    describe: 'The host, or host:port, of SIP at the partner pool, where callers are sent whose group the partner serves. Without it they are refused for a while (503).',
  },
  ENGINE_HEALTH_PORT: { schema: port(9025), describe: 'The port of /healthz.' },
} as const satisfies Variables;

export type EngineSettings = Settings<typeof ENGINE_VARIABLES>;

/**
 * Where Azure Speech is and how to get in; undefined where the local voice speaks alone.
 * @throws EnvironmentFault where something that Azure needs is missing.
 */
export function azureSpeechOf(settings: Pick<EngineSettings, 'SPEECH' | 'AZURE_SPEECH_KEY' | 'AZURE_SPEECH_REGION' | 'AZURE_SPEECH_ENDPOINT'>): { readonly endpoint: string; readonly key: string } | undefined {
  if (settings.SPEECH !== 'azure') return undefined;
  const { AZURE_SPEECH_KEY: key, AZURE_SPEECH_REGION: region } = settings;
  const endpoint = settings.AZURE_SPEECH_ENDPOINT ?? (region === undefined ? undefined : `https://${region}.tts.speech.microsoft.com`);
  if (key !== undefined && endpoint !== undefined) return { endpoint, key };
  throw new EnvironmentFault([
    ...(key === undefined ? ['AZURE_SPEECH_KEY (not set): must be set where SPEECH is azure.'] : []),
    ...(endpoint === undefined ? ['AZURE_SPEECH_REGION (not set): it or AZURE_SPEECH_ENDPOINT must be set where SPEECH is azure.'] : []),
  ]);
}
