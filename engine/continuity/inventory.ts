// Asks the edge what exists (docs/edge.md), over a small connection of its own, JSON lines both ways.
import { createConnection, type Socket } from 'node:net';
import { z } from 'zod';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

/** What a caller's INVITE told of who arrived. Header names in lower case, several lines of one name joined by commas. */
const arrival = z.object({
  transactionId: z.string(), requestUri: z.string(), from: z.string(), to: z.string(), headers: z.record(z.string(), z.string()),
  source: z.object({ address: z.string(), port: z.number(), protocol: z.string() }),
});
const dialog = z.object({
  id: z.string(), callId: z.string(), localTag: z.string().default(''), remoteTag: z.string().default(''), /** Whom it is with, parameters left out. */ remoteUri: z.string().default(''), role: z.enum(['uas', 'uac']), state: z.enum(['early', 'confirmed', 'ending']), createdAtMs: z.number(), owned: z.boolean(), arrival: arrival.nullable().default(null),
});
const anchor = z.object({ callId: z.string(), createdAtMs: z.number(), playing: z.boolean() });
const keptEvent = z.object({ sequence: z.number(), atMs: z.number(), event: z.literal('dialogEnded'), dialog: z.string(), callId: z.string(), cause: z.string() });
const owner = z.object({ epoch: z.number(), engine: z.string(), connected: z.boolean(), responsive: z.boolean(), sinceMs: z.number() });
const inventory = z.object({
  edge: z.string().default(''), epoch: z.number(), engineConnected: z.boolean(), owner: owner.optional(), startedAtMs: z.number(),
  dialogs: z.array(dialog), anchors: z.array(anchor), events: z.array(keptEvent),
}).transform((read) => ({
  // An edge of the release before knows no more of its owner than this.
  ...read, owner: read.owner ?? { epoch: read.epoch, engine: '', connected: read.engineConnected, responsive: true, sinceMs: read.startedAtMs },
}));
export type Inventory = z.output<typeof inventory>;
export type KeptEvent = z.output<typeof keptEvent>;
export type ArrivalInfo = z.output<typeof arrival>;
/**
 * How it stands with the engine that holds the edge, or held it last (epoch 0: none yet): whether its SIP connection stands, and
 * whether it answers pings. `sinceMs`: since when that is so, by the edge's civil clock.
 */
export type Owner = z.output<typeof owner>;

const hello = z.object({ hello: z.object({ version: z.string(), startedAtMs: z.number(), edge: z.string().default(''), owner: owner.optional() }) });
const ping = z.object({ ping: z.number() });
const ownerEvent = z.object({ event: z.enum(['engineHere', 'engineGone', 'engineUnresponsive', 'engineResponsive']), owner });
const answer = z.object({ id: z.number(), inventory: inventory.optional(), owner: owner.optional(), ok: z.literal(true).optional(), error: z.string().optional() });
type Answer = z.output<typeof answer>;

/** The edge could not be asked, or said no. */
export class InventoryFault extends Error {
  constructor(readonly code: 'down' | 'timeout' | 'refused', message: string) {
    super(message);
    this.name = 'InventoryFault';
  }
}

export interface InventoryOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Which engine this is, for people and for the other engines. Without it the edge does not ping us, and nobody learns that we hang. */
  readonly engine?: string;
}
export interface InventoryDeps { readonly log: Logger; readonly timers: Timers }

/**
 * What the latest try to reach the edge came to. `refused`: nobody listens there, so many times in a row; the edge is not running. `silent`:
 * no answer, which says nothing of the edge. `startedAtMs`: the same for as long as the edge has lost nothing.
 */
export type Reach = { readonly kind: 'there'; readonly startedAtMs: number } | { readonly kind: 'refused'; readonly times: number } | { readonly kind: 'silent' };

export interface EdgeInventory {
  /** All that exists. @throws InventoryFault */
  read(): Promise<Inventory>;
  /** Ends a dialog by whatever its state needs. One that is gone is success. @throws InventoryFault */
  end(dialogId: string, reason: string): Promise<void>;
  /** Drops kept events up to this sequence number. @throws InventoryFault */
  forget(upTo: number): Promise<void>;
  /** Says which lease epoch this engine holds, now and whenever it connects again; null, as in the beginning: it stands by. */
  hold(epoch: number | null): void;
  /** Says whose calls the edge lets in, as networks: now, and whenever it connects again. Only the engine that holds the edge is listened to. */
  callers?(networks: () => readonly string[]): void;
  /** How it stands with the engine that holds the edge, as told last; null while the edge cannot be reached or has never told. */
  readonly owner: Owner | null;
  /** Calls whenever `owner` changed, with what each try to reach the edge came to, and with every dialog that ended while no engine was told. Returns how to stop. */
  watch(watcher: EdgeWatcher): () => void;
  close(): void;
}

export interface EdgeWatcher {
  owner?(owner: Owner | null): void;
  reached?(reach: Reach): void;
  ended?(event: KeptEvent): void;
}

/** After so many looks without a word from the edge, asked at each, it is gone. Looks, not time: who was stopped itself has missed one. */
const SILENT_LOOKS = 3;
const MS = { answer: 2_000, retry: 500, look: 500 } as const;
/** Longer lines are not ours: 100,000 dialogs fit. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Connects in the background, and again whenever the connection is lost. */
export function openInventory(options: InventoryOptions, deps: InventoryDeps): EdgeInventory {
  const client = new InventoryClient(options, deps);
  client.connect();
  return client;
}

class InventoryClient implements EdgeInventory {
  owner: Owner | null = null;
  private socket: Socket | null = null;
  private ready = false;
  private closed = false;
  private lastId = 0;
  private epoch: number | null = null;
  private networks: (() => readonly string[]) | null = null;
  private silentLooks = 0;
  private refusals = 0;
  private cancelLook: () => void = () => undefined;
  private readonly waiting = new Map<number, { settle(answer: Answer): void; fail(fault: InventoryFault): void }>();
  private readonly whenReady = new Set<() => void>();
  private readonly watchers = new Set<EdgeWatcher>();

  constructor(private readonly options: InventoryOptions, private readonly deps: InventoryDeps) {}

  connect(): void {
    const { host, port, secret, engine } = this.options;
    const socket = createConnection({ host, port });
    this.socket = socket;
    socket.setNoDelay(true).setEncoding('utf8');
    socket.on('connect', () => {
      this.refusals = 0;
      this.write({ secret, ...(engine === undefined ? {} : { engine, epoch: this.epoch }) });
    });
    let text = '';
    socket.on('data', (chunk: string) => {
      this.silentLooks = 0;
      text += chunk;
      if (text.length > LONGEST_LINE) socket.destroy();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.line(line);
    });
    socket.on('error', (fault: NodeJS.ErrnoException) => {
      this.refusals = fault.code === 'ECONNREFUSED' ? this.refusals + 1 : 0;
      this.deps.log.debug({ fault: fault.message }, 'connection to the inventory of the edge failed');
    });
    socket.on('close', () => {
      this.ready = false;
      this.cancelLook();
      for (const each of [...this.waiting.values()]) each.fail(new InventoryFault('down', 'the connection to the edge was lost'));
      if (this.closed) return;
      if (this.owner !== null) this.told(null);
      this.reached(this.refusals > 0 ? { kind: 'refused', times: this.refusals } : { kind: 'silent' });
      this.deps.timers.after(MS.retry, () => { if (!this.closed) this.connect(); });
    });
    this.silentLooks = 0;
    this.look();
  }

  /** A silent connection is a dead one: an edge that hangs, or a network that swallows everything. */
  private look(): void {
    this.cancelLook = this.deps.timers.after(MS.look, () => {
      this.silentLooks += 1;
      if (this.ready) this.write({ id: 0, ask: 'ping' });
      if (this.silentLooks > SILENT_LOOKS) this.socket?.destroy();
      else this.look();
    });
  }

  hold(epoch: number | null): void {
    this.epoch = epoch;
    if (this.ready && this.options.engine !== undefined) this.write({ id: 0, ask: 'hold', epoch });
  }

  callers(networks: () => readonly string[]): void {
    this.networks = networks;
    if (this.ready) this.write({ id: 0, ask: 'callers', networks: networks() });
  }

  watch(watcher: EdgeWatcher): () => void {
    this.watchers.add(watcher);
    return () => { this.watchers.delete(watcher); };
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
        this.whenReady.delete(go);
      };
      const fail = (fault: InventoryFault): void => {
        settled();
        reject(fault);
      };
      const go = (): void => {
        this.waiting.set(id, { settle: (given) => { settled(); resolve(given); }, fail });
        this.write({ id, ...question });
      };
      const cancelDeadline = this.deps.timers.after(MS.answer, () => { fail(new InventoryFault('timeout', 'the edge did not answer what exists')); });
      if (this.ready) go();
      else this.whenReady.add(go);
    });
  }

  private line(text: string): void {
    const said = parsed(text);
    const pinged = ping.safeParse(said);
    if (pinged.success) {
      this.write({ pong: pinged.data.ping });
      return;
    }
    const given = answer.safeParse(said);
    if (given.success) {
      this.waiting.get(given.data.id)?.settle(given.data);
      return;
    }
    const greeted = hello.safeParse(said);
    if (greeted.success) {
      this.ready = true;
      // It may have changed since the greeting went out.
      if (this.epoch !== null) this.hold(this.epoch);
      if (this.networks !== null) this.callers(this.networks);
      if (greeted.data.hello.owner !== undefined) this.told(greeted.data.hello.owner);
      this.reached({ kind: 'there', startedAtMs: greeted.data.hello.startedAtMs });
      for (const go of [...this.whenReady]) {
        this.whenReady.delete(go);
        go();
      }
      return;
    }
    const changed = ownerEvent.safeParse(said);
    if (changed.success) {
      this.told(changed.data.owner);
      return;
    }
    const ended = keptEvent.safeParse(said);
    if (ended.success) for (const watcher of [...this.watchers]) watcher.ended?.(ended.data);
  }

  private told(now: Owner | null): void {
    this.owner = now;
    for (const watcher of [...this.watchers]) watcher.owner?.(now);
  }

  private reached(reach: Reach): void {
    for (const watcher of [...this.watchers]) watcher.reached?.(reach);
  }

  private write(message: Record<string, unknown>): void {
    this.socket?.write(`${JSON.stringify(message)}\n`);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
