// Fetches a file that somebody sent to the chat, from where the channel says it lies: nowhere else, not for long, and not more than is allowed.
import { LIMITS } from '../storage/model/limits';
import { isLoopback } from './settings';

export type Fetched = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly because: 'elsewhere' | 'large' | 'unreachable' };

const PATIENCE_MS = 6_000;
/** Where Teams keeps files that people send. */
const KEEPERS = /\.(?:sharepoint\.com|sharepoint\.us|sharepoint-mil\.us|sharepoint\.cn)$/i;

/** @param local without an app id the only channel is the stand-in on this machine */
export function mayFetch(address: string, local: boolean): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return local ? protocol === 'http:' && isLoopback(hostname) : protocol === 'https:' && KEEPERS.test(hostname);
}

/** Never rejects. A redirect is not followed, for it might lead anywhere. */
export async function fetchFile(address: string, local: boolean, most = LIMITS.audioFileBytes.max): Promise<Fetched> {
  if (!mayFetch(address, local)) return { ok: false, because: 'elsewhere' };
  try {
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok || response.body === null) return { ok: false, because: 'unreachable' };
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > most) return { ok: false, because: 'large' };
      chunks.push(chunk);
    }
    return { ok: true, bytes: Buffer.concat(chunks) };
  } catch {
    return { ok: false, because: 'unreachable' };
  }
}
