// The inventory port: tells which dialogs and anchors exist, ends a dialog on request, and pushes what happens while nobody listens.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { type AnchorInfo } from '../media/server';
import { bareUri } from '../sip/dialog';
import { type UserAgent } from '../sip/user-agent';
import { type Continuity } from './continuity';
import { type Engines } from './engines';
import { type Inventory, type InventoryMessage, type InventoryQuestion } from './inventory-types';
import { sameSecret } from './session';

export interface InventoryDeps {
  readonly address: string;
  /** 0 picks one. */
  readonly port: number;
  readonly secret: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly agent: UserAgent;
  readonly engines: Engines;
  readonly continuity: Continuity;
  readonly anchors: () => AnchorInfo[];
}

const MAX_LINE_CHARACTERS = 65_536;
const HELLO_MS = 5_000;
const MAX_CLIENTS = 50;

const id = z.number().int();
const Question = z.discriminatedUnion('ask', [
  z.object({ id, ask: z.literal('inventory') }),
  z.object({ id, ask: z.literal('end'), dialog: z.string(), reason: z.string().regex(/^[^\r\n]*$/).optional() }),
  z.object({ id, ask: z.literal('forget'), upTo: z.number().int() }),
  z.object({ id, ask: z.literal('ping') }),
]);
const Hello = z.object({ secret: z.string() });

export class InventoryPort {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly listeners = new Set<Socket>();

  constructor(private readonly deps: InventoryDeps) {
    this.server = createServer((socket) => this.accept(socket));
  }

  /** Returns the port. @throws the listen error. */
  async open(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.deps.port, this.deps.address, () => { this.server.off('error', reject); resolve(); });
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    for (const socket of this.sockets) socket.destroy();
    await stopped;
  }

  /** Tells everybody who said hello. */
  announce(message: InventoryMessage): void {
    for (const socket of this.listeners) write(socket, message);
  }

  private accept(socket: Socket): void {
    if (this.sockets.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    const hello = setTimeout(() => socket.destroy(), HELLO_MS);
    let pending = '';
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(hello);
      this.sockets.delete(socket);
      this.listeners.delete(socket);
    });
    socket.on('data', (data: string) => {
      const lines = (pending + data).split('\n');
      pending = lines.pop() ?? '';
      if (pending.length > MAX_LINE_CHARACTERS) socket.destroy();
      for (const line of lines) {
        if (socket.destroyed) return;
        if (this.listeners.has(socket)) write(socket, this.answer(line));
        else if (this.greets(line)) {
          clearTimeout(hello);
          this.listeners.add(socket);
          write(socket, { hello: { version: this.deps.version, startedAtMs: this.deps.startedAtMs } });
        } else socket.destroy();
      }
    });
  }

  private greets(line: string): boolean {
    const hello = Hello.safeParse(parseJson(line));
    return hello.success && sameSecret(hello.data.secret, this.deps.secret);
  }

  private answer(line: string): InventoryMessage {
    const json = parseJson(line);
    const asked = Question.safeParse(json);
    if (!asked.success) {
      const named = z.object({ id }).safeParse(json);
      return { id: named.success ? named.data.id : 0, error: 'badRequest' };
    }
    const question = asked.data as InventoryQuestion;
    switch (question.ask) {
      case 'inventory': return { id: question.id, inventory: this.inventory() };
      case 'end': return this.deps.agent.end(question.dialog, question.reason ?? '', 'asked') ? { id: question.id, ok: true } : { id: question.id, error: 'unknownDialog' };
      case 'forget':
        this.deps.continuity.forget(question.upTo);
        return { id: question.id, ok: true };
      case 'ping': return { id: question.id, ok: true };
    }
  }

  private inventory(): Inventory {
    const { agent, engines, continuity, anchors, startedAtMs } = this.deps;
    const dialogs = [...agent.dialogs.values()].map(({ id: name, callId, role, state, localTag, remoteTag, remoteAddress, createdAtMs, owner }) => (
      { id: name, callId, role, state, localTag, remoteTag, remoteUri: bareUri(remoteAddress), createdAtMs, owned: engines.has(owner) }));
    return { epoch: engines.epoch, engineConnected: engines.connected, startedAtMs, dialogs, anchors: anchors(), events: continuity.keptEvents };
  }
}

function write(socket: Socket, message: InventoryMessage): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
