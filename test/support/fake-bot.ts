// A bot by script, on the real CloudAdapter: what the stand-in for Teams is tested against without the product's bot.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Activity, CloudAdapter, ConfigurationBotFrameworkAuthentication, type ConversationReference, type TurnContext } from 'botbuilder';

export interface FakeBot {
  /** For BOT_URL. */
  readonly url: string;
  /** Every activity that came, in order. */
  readonly heard: Activity[];
  /** Runs for each activity; replaced by tests. Answer an invoke with `answerInvoke`. */
  script: (context: TurnContext) => Promise<void>;
  /** When set, every request is answered with this HTTP status and nothing else happens. */
  failWith: number | null;
  /** What `GET /audio` on the bot's address answers, as audio/wav. */
  sound: Buffer;
  /** Resolves with the first activity, also one that came already, for which `wanted` is true. */
  hears(wanted: (activity: Activity) => boolean): Promise<Activity>;
  /** A proactive turn, as `adapter.continueConversationAsync` gives it. */
  proactively(reference: Partial<ConversationReference>, logic: (context: TurnContext) => Promise<void>): Promise<void>;
  readonly adapter: CloudAdapter;
  close(): Promise<void>;
}

/** Answers an invoke with HTTP 200 and `body`. */
export async function answerInvoke(context: TurnContext, body: unknown): Promise<void> {
  await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } });
}

/** An adaptive card as an attachment. */
export const cardOf = (content: object) => ({ contentType: 'application/vnd.microsoft.card.adaptive', content });

/** The answer to `adaptiveCard/action` that shows a card to whoever pressed. */
export const cardAnswer = (card: object) => ({ statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: card });

/** @param port 0 picks a free one. */
export async function startFakeBot(port = 0): Promise<FakeBot> {
  const adapter = new CloudAdapter(new ConfigurationBotFrameworkAuthentication({}));
  const waiting = new Set<{ wanted: (activity: Activity) => boolean; resolve: (activity: Activity) => void }>();
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve); });

  const bot: FakeBot = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`,
    heard: [],
    script: async () => undefined,
    failWith: null,
    sound: Buffer.alloc(0),
    adapter,
    hears: (wanted) => new Promise((resolve) => {
      const already = bot.heard.find(wanted);
      if (already) resolve(already);
      else waiting.add({ wanted, resolve });
    }),
    proactively: (reference, logic) => adapter.continueConversationAsync('', reference, logic),
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'audio/wav' });
      response.end(bot.sound);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (bot.failWith !== null) {
      response.writeHead(bot.failWith);
      response.end();
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    await adapter.process({ body, headers: request.headers, method: request.method ?? 'POST' }, restifyLike(response), async (context) => {
      bot.heard.push(context.activity);
      for (const one of waiting) {
        if (!one.wanted(context.activity)) continue;
        waiting.delete(one);
        one.resolve(context.activity);
      }
      await bot.script(context);
    });
  }
  return bot;
}

/** The four methods that the adapter wants of a web framework's response. */
function restifyLike(response: ServerResponse) {
  return {
    socket: response.socket,
    status: (code: number) => { response.statusCode = code; },
    header: (name: string, value: unknown) => { response.setHeader(name, String(value)); },
    send: (body: unknown) => {
      response.setHeader('content-type', 'application/json');
      response.write(typeof body === 'string' ? body : JSON.stringify(body));
    },
    end: () => { response.end(); },
  };
}
