// A form is sent twice while one of two bots is killed: it is applied once, and whoever sent it is told so.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ChangeEntry } from '../../storage/model/change';
import { buttonOf, inputsOf, textOf } from '../support/bot-world';
import { type KeptRunning } from '../support/fault-process';
import { ADA, LocalPage, startQuietly } from '../support/local-page';
import { eventually, type System } from '../support/system';
import { type World } from './fault';

const ROUNDS = 5;
const TRIES = 50;
const TRY_AGAIN_MS = 200;

/** In front of both bots, as a load balancer: each request goes to the next one; who cannot be reached is a 502. */
async function balance(bots: readonly KeptRunning[]): Promise<{ readonly url: string; close(): Promise<void> }> {
  let turn = 0;
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    const bot = bots[(turn += 1) % bots.length];
    const failed = (): void => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    };
    const onward = request({ host: '127.0.0.1', port: bot?.healthPort, path: incoming.url, method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', failed).pipe(response);
    });
    onward.on('error', failed);
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`, close: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }) };
}

/** Several rounds, each with a form of its own and the other bot killed. @throws when a form was applied more or less often than once */
export async function doubledForm({ faults, words }: World): Promise<void> {
  const { system, bots } = faults;
  const group = await system.group();
  const balancer = await balance(bots);
  const page = await startQuietly({ botUrl: balancer.url });
  try {
    const ada = new LocalPage(page, ADA);
    for (let round = 0; round < ROUNDS; round += 1) {
      const description = `Sent twice, round ${round + 1}`;
      const form = await formOf(ada, group.user, round);
      const button = buttonOf(form.card, 'group.save');
      const action = { verb: button.verb, data: { ...button.data, ...inputsOf(form.card), description } };
      const send = (): Promise<{ readonly kind?: string; readonly card?: unknown }> => ada.press(form.messageId, 'execute', { attachment: 0, action });
      const sent = [send(), send()];
      bots[round % bots.length]?.signal('SIGKILL');
      await Promise.all(sent.map((one) => one.catch(() => undefined)));
      await untilTold(send);
      const times = await timesApplied(system, description);
      if (times !== 1) throw new Error(`${description}: applied ${times} times`);
      for (const bot of bots) await eventually(`the ${bot.name} to be well`, () => bot.isWell());
    }
    words.push(`${ROUNDS} forms sent twice, each applied once`);
  } finally {
    await page.close();
    await balancer.close();
  }
}

interface OpenForm { readonly messageId: string; readonly card: unknown }

async function formOf(ada: LocalPage, group: string, round: number): Promise<OpenForm> {
  await ada.say(`edit ${group}`);
  return eventually(`form ${round + 1}`, async () => {
    const message = (await ada.messages()).at(-1);
    const card = message?.attachments[0]?.content;
    return message !== undefined && card !== undefined && textOf(card).includes('Welcome') ? { messageId: message.id, card } : null;
  });
}

/** A person presses again until the answer is a card. */
async function untilTold(send: () => Promise<{ readonly kind?: string; readonly card?: unknown }>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send().catch(() => null);
    if (answer?.kind === 'card' && /Saved|twice/.test(textOf(answer.card))) return;
    if (attempt === TRIES) throw new Error(`The form was answered ${JSON.stringify(answer).slice(0, 200)}`);
    await pause(TRY_AGAIN_MS);
  }
}

/** How many entries of the change log put these words where they were not before. */
async function timesApplied(system: System, words: string): Promise<number> {
  const entries = await system.connection.db.collection<ChangeEntry>('changes').find({ verb: 'group.change' }).toArray();
  return entries.filter(({ changes }) => changes.some(({ before, after }) => JSON.stringify(after).includes(words) && !JSON.stringify(before).includes(words))).length;
}
