// The inventory port: tells which dialogs and anchors exist, ends a dialog on request, and pushes what happens while nobody listens.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { isNetwork, mayControl, Networks } from '../networks';
import { type AnchorInfo } from '../media/media-work';
import { type DialogInfo, type Inventory, type InventoryMessage, type InventoryQuestion, type KeptEvent } from './inventory-types';
import { type NamedClient, type OwnerWatch } from './owner';
import { sameSecret } from './session';

export interface InventoryDeps {
  readonly address: string;
  /** 0 picks one. */
  readonly port: number;
  readonly secret: string;
  /** Who may connect beside this machine. */
  readonly allowed?: Networks;
  readonly version: string;
  /** Which edge this is. */
  readonly edge: string;
  readonly startedAtMs: number;
  readonly owner: OwnerWatch;
  readonly dialogs: () => DialogInfo[];
  readonly anchors: () => AnchorInfo[];
  readonly events: () => readonly KeptEvent[];
  /** Ends a dialog; false when there is no such dialog. */
  readonly end: (dialog: string, reason: string) => boolean;
  /** Drops kept events up to and including this sequence number. */
  readonly forget: (upTo: number) => void;
  /** An engine says whose calls are let in. */
  readonly callersAre?: (networks: readonly string[]) => void;
}

const MAX_LINE_CHARACTERS = 65_536;
const HELLO_MS = 5_000;
const MAX_CLIENTS = 50;
const MAX_NETWORKS = 4_000;
const NOBODY_ELSE = new Networks([]);

/** A client that reads nothing for so long that this much waits is gone. */
const MAX_UNREAD_BYTES = 64 * 1_048_576;

const id = z.number().int();
const epoch = z.number().int().min(0).nullable();
const Question = z.discriminatedUnion('ask', [
  z.object({ id, ask: z.literal('inventory') }),
  z.object({ id, ask: z.literal('owner') }),
  z.object({ id, ask: z.literal('hold'), epoch }),
  z.object({ id, ask: z.literal('end'), dialog: z.string(), reason: z.string().regex(/^[^\r\n]*$/).optional() }),
  z.object({ id, ask: z.literal('forget'), upTo: z.number().int() }),
  z.object({ id, ask: z.literal('callers'), networks: z.array(z.string().max(60).refine(isNetwork)).max(MAX_NETWORKS) }),
  z.object({ id, ask: z.literal('ping') }),
]);
const Hello = z.object({ secret: z.string(), engine: z.string().min(1).max(200).optional(), epoch: epoch.default(null) });
const Pong = z.object({ pong: z.number().int() });

export class InventoryPort {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** Who said hello, and as what when it named itself. */
  private readonly listeners = new Map<Socket, NamedClient | null>();

  constructor(private readonly deps: InventoryDeps) {
    this.server = createServer((socket) => this.accept(socket));
  }

  /** Returns the port. @throws the listen error. */
  async open(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.deps.port, this.deps.address, () => { this.server.off('error', reject); resolve(); });
    });
    this.deps.owner.start();
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.deps.owner.stop();
    const stopped = new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    for (const socket of this.sockets) socket.destroy();
    await stopped;
  }

  /** Tells everybody who said hello. */
  announce(message: InventoryMessage): void {
    for (const socket of this.listeners.keys()) write(socket, message);
  }

  private accept(socket: Socket): void {
    if (this.sockets.size >= MAX_CLIENTS || !mayControl(this.deps.allowed ?? NOBODY_ELSE, socket.remoteAddress, socket.localAddress)) {
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
      const client = this.listeners.get(socket);
      if (client) this.deps.owner.left(client);
      this.listeners.delete(socket);
    });
    socket.on('data', (data: string) => {
      const lines = (pending + data).split('\n');
      pending = lines.pop() ?? '';
      if (pending.length > MAX_LINE_CHARACTERS) socket.destroy();
      for (const line of lines) {
        if (socket.destroyed) return;
        if (this.listeners.has(socket)) this.take(socket, line);
        else if (this.greeted(socket, line)) clearTimeout(hello);
        else socket.destroy();
      }
    });
  }

  private greeted(socket: Socket, line: string): boolean {
    const hello = Hello.safeParse(parseJson(line));
    if (!hello.success || !sameSecret(hello.data.secret, this.deps.secret)) return false;
    const { engine, epoch: held } = hello.data;
    const client = engine === undefined ? null : { engine, epoch: held, ping: (number: number) => write(socket, { ping: number }) };
    this.listeners.set(socket, client);
    if (client) this.deps.owner.joined(client);
    const { version, startedAtMs, edge, owner } = this.deps;
    write(socket, { hello: { version, startedAtMs, edge, owner: owner.state } });
    return true;
  }

  private take(socket: Socket, line: string): void {
    const json = parseJson(line);
    const client = this.listeners.get(socket) ?? null;
    if (Pong.safeParse(json).success) {
      if (client) this.deps.owner.answered(client);
    } else write(socket, this.answer(json, client));
  }

  private answer(json: unknown, client: NamedClient | null): InventoryMessage {
    const asked = Question.safeParse(json);
    const named = z.object({ id }).safeParse(json);
    const refused = { id: named.success ? named.data.id : 0, error: 'badRequest' } as const;
    if (!asked.success) return refused;
    const question = asked.data as InventoryQuestion;
    const done = { id: question.id, ok: true } as const;
    switch (question.ask) {
      case 'inventory': return { id: question.id, inventory: this.inventory() };
      case 'owner': return { id: question.id, owner: this.deps.owner.state };
      case 'hold':
        if (!client) return refused;
        this.deps.owner.holds(client, question.epoch);
        return done;
      case 'end': return this.deps.end(question.dialog, question.reason ?? '') ? done : { id: question.id, error: 'unknownDialog' };
      case 'forget':
        this.deps.forget(question.upTo);
        return done;
      case 'callers':
        // One that stands by does not yet decide.
        if (!client || client.epoch === null || client.epoch < this.deps.owner.state.epoch) return refused;
        this.deps.callersAre?.(question.networks);
        return done;
      case 'ping': return done;
    }
  }

  private inventory(): Inventory {
    const { edge, owner: { state: owner }, startedAtMs, dialogs, anchors, events } = this.deps;
    return { edge, owner, epoch: owner.epoch, engineConnected: owner.connected, startedAtMs, dialogs: dialogs(), anchors: anchors(), events: events() };
  }
}

function write(socket: Socket, message: InventoryMessage): void {
  if (socket.destroyed) return;
  socket.write(`${JSON.stringify(message)}\n`);
  if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
