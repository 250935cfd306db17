// Asks the edge what exists (docs/edge.md), over a small connection of its own, JSON lines both ways.
import { createConnection, type Socket } from 'node:net';
import { z } from 'zod';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

const dialog = z.object({ id: z.string(), callId: z.string(), role: z.enum(['uas', 'uac']), state: z.enum(['early', 'confirmed', 'ending']), createdAtMs: z.number(), owned: z.boolean() });
const anchor = z.object({ callId: z.string(), createdAtMs: z.number(), playing: z.boolean() });
const keptEvent = z.object({ sequence: z.number(), atMs: z.number(), event: z.literal('dialogEnded'), dialog: z.string(), callId: z.string(), cause: z.string() });
const inventory = z.object({
  epoch: z.number(), engineConnected: z.boolean(), startedAtMs: z.number(),
  dialogs: z.array(dialog), anchors: z.array(anchor), events: z.array(keptEvent),
});
export type Inventory = z.output<typeof inventory>;

const hello = z.object({ hello: z.object({ version: z.string(), startedAtMs: z.number() }) });
const answer = z.object({ id: z.number(), inventory: inventory.optional(), ok: z.literal(true).optional(), error: z.string().optional() });
type Answer = z.output<typeof answer>;

/** The edge could not be asked, or said no. */
export class InventoryFault extends Error {
  constructor(readonly code: 'down' | 'timeout' | 'refused', message: string) {
    super(message);
    this.name = 'InventoryFault';
  }
}

export interface InventoryOptions { readonly host: string; readonly port: number; readonly secret: string }
export interface InventoryDeps { readonly log: Logger; readonly timers: Timers }

export interface EdgeInventory {
  /** All that exists. @throws InventoryFault */
  read(): Promise<Inventory>;
  /** Ends a dialog by whatever its state needs. One that is gone is success. @throws InventoryFault */
  end(dialogId: string, reason: string): Promise<void>;
  /** Drops kept events up to this sequence number. @throws InventoryFault */
  forget(upTo: number): Promise<void>;
  close(): void;
}

const MS = { answer: 2_000, retry: 1_000 } as const;
/** Longer lines are not ours: 100,000 dialogs fit. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Connects in the background, and again whenever the connection is lost. */
export function openInventory(options: InventoryOptions, deps: InventoryDeps): EdgeInventory {
  const client = new InventoryClient(options, deps);
  client.connect();
  return client;
}

class InventoryClient implements EdgeInventory {
  private socket: Socket | null = null;
  private ready = false;
  private closed = false;
  private lastId = 0;
  private readonly waiting = new Map<number, { settle(answer: Answer): void; fail(fault: InventoryFault): void }>();
  private readonly whenReady: { go(): void; fail(fault: InventoryFault): void }[] = [];

  constructor(private readonly options: InventoryOptions, private readonly deps: InventoryDeps) {}

  connect(): void {
    const socket = createConnection({ host: this.options.host, port: this.options.port });
    this.socket = socket;
    socket.setNoDelay(true).setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify({ secret: this.options.secret })}\n`));
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > LONGEST_LINE) socket.destroy();
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.line(text.slice(0, end));
        text = text.slice(end + 1);
      }
    });
    socket.on('error', (fault) => { this.deps.log.debug({ fault: fault.message }, 'connection to the inventory of the edge failed'); });
    socket.on('close', () => {
      this.ready = false;
      for (const each of this.waiting.values()) each.fail(new InventoryFault('down', 'the connection to the edge was lost'));
      if (!this.closed) this.deps.timers.after(MS.retry, () => { if (!this.closed) this.connect(); });
    });
  }

  async read(): Promise<Inventory> {
    const { inventory: read } = await this.ask({ ask: 'inventory' });
    if (read === undefined) throw new InventoryFault('refused', 'the edge did not send its inventory');
    return read;
  }

  async end(dialogId: string, reason: string): Promise<void> {
    const { error } = await this.ask({ ask: 'end', dialog: dialogId, reason });
    if (error !== undefined && error !== 'unknownDialog') throw new InventoryFault('refused', `the edge would not end a dialog: ${error}`);
  }

  async forget(upTo: number): Promise<void> {
    await this.ask({ ask: 'forget', upTo });
  }

  close(): void {
    this.closed = true;
    this.socket?.destroy();
  }

  private async ask(question: Record<string, unknown>): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const id = (this.lastId += 1);
      const settled = (): void => {
        cancelDeadline();
        this.waiting.delete(id);
      };
      const fail = (fault: InventoryFault): void => {
        settled();
        reject(fault);
      };
      const cancelDeadline = this.deps.timers.after(MS.answer, () => { fail(new InventoryFault('timeout', 'the edge did not answer what exists')); });
      const go = (): void => {
        if (this.closed) return;
        this.waiting.set(id, { settle: (given) => { settled(); resolve(given); }, fail });
        this.socket?.write(`${JSON.stringify({ id, ...question })}\n`);
      };
      if (this.ready) go();
      else this.whenReady.push({ go, fail });
    });
  }

  private line(text: string): void {
    const said = parsed(text);
    const given = answer.safeParse(said);
    if (given.success) this.waiting.get(given.data.id)?.settle(given.data);
    else if (hello.safeParse(said).success) {
      this.ready = true;
      for (const each of this.whenReady.splice(0)) each.go();
    }
    // Anything else is pushed news; nothing is decided from it yet.
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
