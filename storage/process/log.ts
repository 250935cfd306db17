// One logger a process: static messages, fields beside them, personal data and secrets redacted by path.
import { pino, type Logger } from 'pino';

export type { Logger };

/** Paths that never reach a log: whatever a person typed as a secret, and whatever names a caller. */
export const REDACTED_PATHS = [
  'password', '*.password', 'secret', '*.secret', 'authorization', '*.authorization', 'headers.authorization',
  'callerNumber', '*.callerNumber', 'callerName', '*.callerName', 'sdp', '*.sdp',
];

/** Writes JSON lines to standard output; `start.ts` or a service manager puts them where they belong. */
export function createLog(process_: string, level: string, destination?: { write(line: string): void }): Logger {
  const options = { name: process_, level, redact: { paths: REDACTED_PATHS, censor: '[redacted]' } };
  return destination ? pino(options, destination) : pino(options);
}
