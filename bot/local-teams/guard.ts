// Who may talk to the local server at all: decides by Host, Origin and Fetch metadata, before anything is read.

/** The part of a request that the decision needs; header values as Node gives them. */
export interface Asking {
  readonly method: string;
  readonly pathname: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly contentType: string | undefined;
}

export interface Refusal { readonly status: 403 | 415; readonly words: string }

/** Which door a path is behind: the page's own API, the bot's connector API, or what anybody on this machine may read. */
export type Door = 'page' | 'connector' | 'open';

export function doorOf(pathname: string): Door {
  if (pathname.startsWith('/api/')) return 'page';
  if (pathname.startsWith('/v3/')) return 'connector';
  return 'open';
}

/**
 * - Every request: Host is ours. A page that points its own name at 127.0.0.1 (DNS rebinding) sends that name as Host.
 * - Any Origin that is sent must be ours; whatever a browser says was started by another site is refused.
 * - Page API: what changes something must carry our Origin. Browsers send one with every POST, forms too.
 * - Connector API: for the bot, which is no browser; so anything a browser sent is refused, ours too. A bot without
 *   app id authenticates nothing, so this is as much as can be asked of it.
 * - A body must be JSON, which no form can send.
 * @param port the port this server listens on.
 */
export function refuse(asking: Asking, port: number): Refusal | null {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const host = asking.host?.toLowerCase();
  if (host === undefined || !hosts.includes(host)) return { status: 403, words: 'This server answers to its own address only.' };
  const ours = `http://${host}`;
  const door = doorOf(asking.pathname);
  if (asking.origin !== undefined && asking.origin !== ours) return { status: 403, words: 'Pages from elsewhere may not talk to this server.' };
  if (door === 'connector' && (asking.origin !== undefined || asking.fetchSite !== undefined)) {
    return { status: 403, words: 'The connector API is for the bot, not for browsers.' };
  }
  if (door === 'page' && asking.fetchSite !== undefined && !['same-origin', 'none'].includes(asking.fetchSite)) {
    return { status: 403, words: 'Pages from elsewhere may not talk to this server.' };
  }
  const reads = asking.method === 'GET' || asking.method === 'HEAD';
  if (door === 'page' && !reads && asking.origin === undefined) return { status: 403, words: 'Only the chat page may do this.' };
  if ((asking.method === 'POST' || asking.method === 'PUT') && !/^application\/json\s*(;|$)/i.test(asking.contentType ?? '')) {
    return { status: 415, words: 'The body must be application/json.' };
  }
  return null;
}

/**
 * The headers of every answer.
 * @param botOrigin the bot's origin, from which cards may show images and play sound, by either name of this machine.
 */
export function securityHeaders(botOrigin: string): Readonly<Record<string, string>> {
  const { port } = new URL(botOrigin);
  const bot = [...new Set([botOrigin, `http://127.0.0.1:${port}`, `http://localhost:${port}`])].join(' ');
  return {
    'content-security-policy': [
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
      `img-src 'self' data: https: ${bot}`, `media-src 'self' ${bot}`,
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'x-dns-prefetch-control': 'off',
    'x-permitted-cross-domain-policies': 'none',
    'cache-control': 'no-store',
  };
}
