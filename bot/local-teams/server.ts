// The HTTP server of the stand-in: guards every request, then hands it to the page's API, the connector or a file.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { VERSION } from '../../storage/process/root';
import { type Logger } from '../../storage/process/log';
import { createBotLink } from './bot-link';
import { type ChatEvent, Chats, unreadOfAll } from './chats';
import { answerConnector } from './connector';
import { doorOf, refuse, securityHeaders } from './guard';
import { createKeeper } from './keeping';
import { LivePages } from './live-pages';
import { createPageApi } from './page-api';
import { type Person } from './people';
import { SentFiles } from './sent-files';
import { staticFile } from './static-files';
import { Teams } from './teams';

export interface LocalTeamsOptions {
  /** 0 picks a free one. The address is 127.0.0.1, always. */
  readonly port: number;
  readonly people: readonly Person[];
  readonly botUrl: string;
  /** Where chats are kept; null keeps them in memory only. */
  readonly folder: string | null;
  readonly log: Logger;
  /** Teams' own limits unless a test shortens them: 15 s for a message, 10 s for an invoke. */
  readonly messageTimeoutMs?: number;
  readonly invokeTimeoutMs?: number;
}

export interface LocalTeamsServer {
  readonly port: number;
  /** The page's address, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Keeps what is not kept yet and frees the port. */
  close(): Promise<void>;
}

/** No request of the page or the bot is larger, in bytes. */
const BODY_BYTES = 512 * 1024;
/** But for a file that somebody sends: larger than what the bot takes, so that its refusal can be seen. */
const FILE_BODY_BYTES = 8 * 1024 * 1024;

/** @throws the listen error, code EADDRINUSE when the port is taken; the file system's error when `folder` cannot be made. */
export async function startLocalTeams(options: LocalTeamsOptions): Promise<LocalTeamsServer> {
  const { log } = options;
  const pages = new LivePages();
  let chats: Chats | null = null;
  const keeper = createKeeper(options.folder, () => chats?.all() ?? [], (fault) => log.error({ fault }, 'the chats could not be kept'));
  if (keeper.putAside) log.warn({ file: keeper.putAside }, 'the kept chats could not be read; they were put aside and the chats start empty');
  const now = (): Date => new Date();
  const tell = (event: ChatEvent): void => {
    pages.tell(event);
    if (chats && (event.kind === 'message' || event.kind === 'delete' || event.kind === 'read')) pages.tellUnread(unreadOfAll(chats));
  };
  chats = new Chats(options.people, keeper.kept, {
    now,
    changed: (event) => {
      if (event) tell(event);
      keeper.changed();
    },
  });
  let port = options.port;
  const files = new SentFiles();
  const teams = new Teams({
    chats,
    bot: createBotLink(options.botUrl),
    serviceUrl: () => `http://127.0.0.1:${port}/`,
    files,
    now,
    messageTimeoutMs: options.messageTimeoutMs ?? 15_000,
    invokeTimeoutMs: options.invokeTimeoutMs ?? 10_000,
  });
  const pageApi = createPageApi(chats, teams);
  const headers = securityHeaders(new URL(options.botUrl).origin);
  const parts = { chats, pages, pageApi, files, headers, port: () => port };

  const server = createServer((request, response) => {
    handle(parts, request, response).catch((fault: unknown) => {
      log.error({ fault, method: request.method }, 'a request failed');
      if (response.headersSent) response.destroy();
      else answer(response, 500, { error: 'The chat page’s server failed; its log says why.' });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      teams.close();
      pages.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      keeper.close();
    },
  };
}

interface Parts {
  readonly chats: Chats;
  readonly files: SentFiles;
  readonly pages: LivePages;
  readonly pageApi: ReturnType<typeof createPageApi>;
  readonly headers: Readonly<Record<string, string>>;
  readonly port: () => number;
}

async function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(parts.headers)) response.setHeader(name, value);
  const method = request.method ?? 'GET';
  const target = locate(request.url);
  if (!target) return answer(response, 400, { error: 'The address cannot be read.' });
  const { pathname, segments, query } = target;
  const { headers } = request;
  const refusal = refuse({
    method, pathname, host: headers.host, origin: headers.origin, contentType: headers['content-type'],
    fetchSite: typeof headers['sec-fetch-site'] === 'string' ? headers['sec-fetch-site'] : undefined,
  }, parts.port());
  if (refusal) {
    // The body is not read: the connection ends with the answer.
    response.setHeader('connection', 'close');
    return answer(response, refusal.status, { error: refusal.words });
  }
  const door = doorOf(pathname);
  if (door === 'open' && segments[0] === 'files') return serveSent(parts.files, method, segments[1] ?? '', response);
  if (door === 'open') return serveFile(method, pathname, response);
  if (pathname === '/api/events') {
    const person = parts.chats.person(query.get('as') ?? '');
    if (method !== 'GET' || !person) return answer(response, 400, { error: 'Nobody of this id is in the switcher.' });
    return parts.pages.join(response, person.personId, unreadOfAll(parts.chats));
  }
  let body: unknown;
  if (method === 'POST' || method === 'PUT') {
    const most = door === 'page' && segments.at(-1) === 'file' ? FILE_BODY_BYTES : BODY_BYTES;
    const read = await readJson(request, most);
    if (read.kind !== 'json') {
      response.setHeader('connection', 'close');
      return read.kind === 'large' ? answer(response, 413, { error: `At most ${most} bytes.` }) : answer(response, 400, { error: 'The body is not JSON.' });
    }
    body = read.value;
  }
  const answered = door === 'connector'
    ? answerConnector(parts.chats, method, segments, body)
    : await parts.pageApi.answer(method, segments.slice(1), query.get('as'), body);
  answer(response, answered.status, answered.body);
}

function serveFile(method: string, pathname: string, response: ServerResponse): void {
  if (method !== 'GET' && method !== 'HEAD') return answer(response, 405, { error: 'Only GET.' });
  if (pathname === '/healthz') return answer(response, 200, { ok: true, version: VERSION });
  const file = staticFile(pathname);
  if (!file) return answer(response, 404, { error: 'There is nothing here.' });
  response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length });
  response.end(method === 'HEAD' ? undefined : file.bytes);
}

function serveSent(files: SentFiles, method: string, id: string, response: ServerResponse): void {
  const bytes = method === 'GET' ? files.get(id) : null;
  if (!bytes) return answer(response, 404, { error: 'There is nothing here.' });
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  response.end(bytes);
}

function answer(response: ServerResponse, status: number, body?: unknown): void {
  if (body === undefined) {
    response.writeHead(status);
    response.end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** The decoded parts of a request's target; null when it is malformed. */
function locate(url: string | undefined): { pathname: string; segments: string[]; query: URLSearchParams } | null {
  try {
    const { pathname, searchParams } = new URL(`http://local${url ?? '/'}`);
    return { pathname, segments: pathname.split('/').filter((part) => part !== '').map(decodeURIComponent), query: searchParams };
  } catch {
    return null;
  }
}

async function readJson(request: IncomingMessage, most: number): Promise<{ kind: 'json'; value: unknown } | { kind: 'large' } | { kind: 'malformed' }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return { kind: 'large' };
    chunks.push(chunk);
  }
  try {
    return { kind: 'json', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
  } catch {
    return { kind: 'malformed' };
  }
}
