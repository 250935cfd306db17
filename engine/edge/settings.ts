// The edge's environment: the only place of this process that reads it.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { port, type Settings, type Variables } from '../../storage/process/environment';
import { ROOT } from '../../storage/process/root';
import { isNetwork } from './networks';

const address = (fallback: string) => z.ipv4('must be an IPv4 address').default(fallback);

const networks = z.string().default('').transform((typed) => typed.split(/[\s,]+/).filter((part) => part !== '').map((part) => part.toLowerCase()))
  .refine((list) => list.every(isNetwork), 'must be addresses or networks with commas between them, such as 192.0.2.0/24,198.51.100.7');

const whole = (fallback: number, most: number) => {
  const rule = `must be a whole number from 0 to ${most}`;
  return z.coerce.number(rule).int(rule).min(0, rule).max(most, rule).default(fallback);
};

const PORT = 'must be a port from 1 to 65535';
const THREADS = 'must be a whole number from 0 to 16';

export const EDGE_VARIABLES = {
  LOG_LEVEL: { schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), describe: 'How much is logged.' },
  SIP_ADDRESS: { schema: address('127.0.0.1'), describe: 'The address on which SIP and RTP are spoken.' },
  SIP_PORT: { schema: port(5060), describe: 'The port of SIP, UDP and TCP alike.' },
  SIP_TLS_PORT: { schema: z.coerce.number(PORT).int(PORT).min(1, PORT).max(65_535, PORT).optional(), describe: 'The port of SIP over TLS. When not set, TLS is not spoken.' },
  SIP_TLS_CERTIFICATE: { schema: z.string().min(1).optional(), describe: 'The file (PEM) with the certificate of SIP over TLS, and those it was signed with. When not set, one of our own, made at the first start.' },
  SIP_TLS_KEY: { schema: z.string().min(1).optional(), describe: 'The file (PEM) with its key.' },
  SIP_TLS_AUTHORITIES: { schema: z.string().min(1).optional(), describe: 'The file (PEM) of who may have signed the certificates of peers we connect to over TLS. When not set, whom the machine trusts.' },
  SIP_TLS_DIRECTORY: { schema: z.string().min(1).default(join(ROOT, '.local', 'tls')), describe: 'Where our own certificate and its key are kept.' },
  SIP_EXTERNAL_ADDRESS: { schema: z.string().min(1).optional(), describe: 'What callers and phones are told as our address (Via, Contact, SDP). SIP_ADDRESS when not set.' },
  SIP_CALLERS: { schema: networks, describe: 'Networks whose calls are let in, beside those of the trunks that engines know: addresses or networks, with commas. This machine is always let in.' },
  SIP_STRANGERS: { schema: z.enum(['refuse', 'silence', 'allow'], 'must be refuse, silence or allow').default('refuse'), describe: 'What becomes of a call that comes from no such network and from no address where a phone registered: 403, no answer at all, or it is let in.' },
  SIP_SOURCE_RATE: { schema: whole(100, 100_000), describe: 'SIP messages that one unknown address may send a second, twice as many at once; a known network 20 times as many, this machine any number. More is dropped unread. 0: no limit.' },
  SIP_OVERLOAD_MS: { schema: whole(500, 60_000), describe: 'When the event loop is late by more milliseconds five times in a row, new calls get 503 with Retry-After until it is not. 0: never.' },
  SIP_LOCKOUT_FAILURES: { schema: whole(10, 1_000), describe: 'Wrong passwords in ten minutes after which an address may not register an account, and five times as many for any account. 0: never.' },
  SIP_LOCKOUT_SECONDS: { schema: whole(600, 86_400), describe: 'For how long it may not.' },
  DRACHTIO_ADDRESS: { schema: address('127.0.0.1'), describe: 'Where the edge listens for engines, on both control ports.' },
  DRACHTIO_PORT: { schema: port(9022), describe: 'The port on which engines drive SIP, in the drachtio protocol.' },
  DRACHTIO_SECRET: { schema: z.string('must be set').min(1), describe: 'What an engine must know to be let in.', secret: true },
  EDGE_CONTROL_PORT: { schema: port(9023), describe: 'The port on which the edge tells which dialogs and media exist.' },
  NG_ADDRESS: { schema: address('127.0.0.1'), describe: 'Where media is driven from, in the NG protocol.' },
  NG_PORT: { schema: port(22222), describe: 'The port of the NG protocol, UDP and TCP alike.' },
  CONTROL_SOURCES: { schema: networks, describe: 'Who may connect to DRACHTIO_PORT, EDGE_CONTROL_PORT and NG_PORT beside this machine: addresses or networks, with commas.' },
  RTP_PORT_MIN: { schema: port(10000), describe: 'The lowest RTP port.' },
  RTP_PORT_MAX: { schema: port(19999), describe: 'The highest RTP port.' },
  MEDIA_THREADS: {
    schema: z.coerce.number(THREADS).int(THREADS).min(0, THREADS).max(16, THREADS).optional(),
    describe: 'How many threads carry RTP, beside the one of SIP; 0: that one does. When not set, half of the processors, at least 1 and at most 4.',
  },
  MEDIA_DIRECTORY: { schema: z.string().min(1).default(join(ROOT, '.local', 'media')), describe: 'The folder of sounds; nothing outside it is played.' },
  EDGE_HEALTH_PORT: { schema: port(9024), describe: 'The port of /healthz.' },
} as const satisfies Variables;

type Read = Settings<typeof EDGE_VARIABLES>;

/** The environment as read, with what depends on other settings or the machine filled in. */
export type EdgeSettings = Omit<Read, 'SIP_EXTERNAL_ADDRESS' | 'MEDIA_THREADS'> & { readonly SIP_EXTERNAL_ADDRESS: string; readonly MEDIA_THREADS: number };

export function withDefaults(read: Read, processors = availableParallelism()): EdgeSettings {
  return Object.freeze({
    ...read,
    SIP_EXTERNAL_ADDRESS: read.SIP_EXTERNAL_ADDRESS ?? read.SIP_ADDRESS,
    MEDIA_THREADS: read.MEDIA_THREADS ?? Math.min(4, Math.max(1, Math.floor(processors / 2))),
  });
}
