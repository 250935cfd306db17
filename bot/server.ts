// The bot's web server: activities in, health, and sounds to listen to. Nothing is believed before the gate has let it in.
import { createServer, plugins, type Next, type Request, type Response, type Server } from 'restify';
import { type AddressInfo } from 'node:net';
import { type Health } from '../storage/process/health';
import { type Logger } from '../storage/process/log';
import { type BotAdapter } from './adapter';
import { type AudioLinks } from './audio-links';
import { type ExportFile, type ExportLinks, type ExportOf } from './exports';
import { admit, type GateDeps } from './gate';

/** A form with every text at its longest stays well below this. */
const BODY_MOST_BYTES = 262_144;

/** The typings lack `maxBodySize`, which the body reader inside obeys. */
const PARSING: plugins.JsonBodyParserOptions & { readonly maxBodySize: number } = { mapParams: false, maxBodySize: BODY_MOST_BYTES };

export interface ServerDeps {
  readonly gate: GateDeps;
  readonly adapter: Pick<BotAdapter, 'process'>;
  readonly audioLinks: AudioLinks;
  /** `null` when there is no such sound. Rejects when the database is away. */
  readonly readAudio: (audioId: string) => Promise<Buffer | null>;
  readonly exportLinks: ExportLinks;
  /** `null`: nothing of it is that person's to see, or the database is away. */
  readonly exportHistory: (wanted: ExportOf) => Promise<ExportFile | null>;
  readonly health: () => Promise<Health>;
  readonly log: Logger;
}

export interface BotServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on `address:port` (0 picks one). @throws the listen error, code EADDRINUSE when the port is taken. */
export async function serveBot(deps: ServerDeps, address: string, port: number): Promise<BotServer> {
  const server: Server = createServer({ maxParamLength: 2_000, name: 'response-group' });
  server.pre(onlyPlainJson);
  server.use(plugins.queryParser({ mapParams: false }));

  server.post('/api/messages', plugins.jsonBodyParser(PARSING), async (request: Request, response: Response) => {
    const admission = await admit(deps.gate, { body: request.body as unknown, headers: request.headers });
    if (!admission.ok) {
      deps.log.warn({ status: admission.status, reason: admission.reason }, 'A request was turned away.');
      response.send(admission.status, { error: admission.reason });
      return;
    }
    await deps.adapter.process(request as never, response as never);
  });

  server.get('/healthz', async (_request: Request, response: Response) => {
    const health = await deps.health();
    response.send(health.ok ? 200 : 503, health);
  });

  server.get('/audio/:id', async (request: Request, response: Response) => {
    const { id } = request.params as Record<string, unknown>;
    const { exp, sig } = request.query as Record<string, unknown>;
    if (!deps.audioLinks.good(id, exp, sig)) {
      response.send(403, { error: 'this address is not valid, or no longer' });
      return;
    }
    try {
      const wav = await deps.readAudio(String(id));
      if (wav === null) response.send(404, { error: 'there is no such sound' });
      else response.sendRaw(200, wav, { 'Content-Type': 'audio/wav', 'Content-Length': String(wav.length), 'Cache-Control': 'private, no-store', 'X-Content-Type-Options': 'nosniff' });
    } catch (fault) {
      deps.log.warn({ err: fault }, 'A sound could not be read.');
      response.send(503, { error: 'the database does not answer' });
    }
  });

  server.get('/export', async (request: Request, response: Response) => {
    const { what, exp, sig } = request.query as Record<string, unknown>;
    const wanted = deps.exportLinks.read(what, exp, sig);
    if (wanted === null) {
      response.send(403, { error: 'this address is not valid, or no longer' });
      return;
    }
    const file = await deps.exportHistory(wanted);
    if (file === null) response.send(503, { error: 'nothing can be shown now' });
    else response.sendRaw(200, file.body, { 'Content-Type': file.type, 'Content-Disposition': `attachment; filename="${file.name}"`, 'Cache-Control': 'private, no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
  });

  server.on('uncaughtException', (_request: unknown, response: Response, _route: unknown, fault: unknown) => {
    deps.log.error({ err: fault }, 'A request met a defect.');
    if (!response.headersSent) response.send(500, { error: 'a defect; it is in the log' });
  });

  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      const http = server.server as unknown as { closeIdleConnections?: () => void };
      http.closeIdleConnections?.();
    }),
  };
}

/** restify would inflate a compressed body without a limit, and a broken one would end the process; nobody has reason to send one. */
function onlyPlainJson(request: Request, response: Response, next: Next): void {
  if (request.method === 'POST') {
    const refuse = (status: number, error: string): void => { response.send(status, { error }); next(false); };
    if (request.headers['content-encoding'] !== undefined) return refuse(415, 'compressed bodies are not taken');
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return refuse(415, 'only application/json is taken');
    if (Number(request.headers['content-length'] ?? 0) > BODY_MOST_BYTES) return refuse(413, `at most ${BODY_MOST_BYTES} bytes are taken`);
  }
  next();
}
