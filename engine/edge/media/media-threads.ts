// The media threads as the edge sees them: each call stays with one, what they have is known here, and one that dies is replaced.
import { type Logger } from '../../../storage/process/log';
import { type NgDictionary, type NgReply } from './bencode';
import { type FreePorts } from './free-ports';
import { MediaThread } from './media-thread-handle';
import { type AnchorInfo, type MediaEvents, type MediaWork } from './media-work';
import { listLimit, text } from './ng-request';
import { type FromThread, type ThreadStart } from './thread-messages';

export interface MediaThreadsOptions extends MediaEvents {
  readonly count: number;
  readonly ports: FreePorts;
  readonly start: Omit<ThreadStart, 'thread' | 'ports'>;
  readonly log: Logger;
  /** How node runs a thread's file when that is TypeScript. */
  readonly execArgv: readonly string[];
  /** Anchors are gone that nobody deleted: their thread died, and another has taken its place. */
  readonly forgotten: () => void;
  /** Threads die one after another, so that replacing them helps nobody. */
  readonly lost: (fault: Error) => void;
}

interface KnownCall {
  readonly thread: MediaThread;
  /** Requests that are not answered yet. */
  asked: number;
  anchor: AnchorInfo | null;
}

/** So many may die within a minute. */
const MOST_DEATHS = 3;
const DEATHS_COUNT_FOR_MS = 60_000;
/** Each thread is asked this often whether it is well; a thread that hangs makes calls silent. */
const LOOK_EVERY_MS = 1_000;

export class MediaThreads implements MediaWork {
  private readonly threads: MediaThread[] = [];
  private readonly calls = new Map<string, KnownCall>();
  private readonly looks: NodeJS.Timeout;
  private deathsAtMs: readonly number[] = [];
  private closing = false;

  private constructor(private readonly options: MediaThreadsOptions) {
    for (let number = 0; number < options.count; number += 1) this.threads.push(this.begin(number));
    this.looks = setInterval(() => { for (const thread of this.threads) thread.look(); }, LOOK_EVERY_MS);
    this.looks.unref();
  }

  /** @throws what a thread died of before it was ready. */
  static async start(options: MediaThreadsOptions): Promise<MediaThreads> {
    const made = new MediaThreads(options);
    try {
      await Promise.all(made.threads.map(({ ready }) => ready));
      return made;
    } catch (fault) {
      await made.close();
      throw fault;
    }
  }

  async handle(request: NgDictionary): Promise<NgReply> {
    switch (text(request, 'command')) {
      case 'list': return { result: 'ok', calls: this.list().map(({ callId }) => callId).slice(0, listLimit(request)) };
      // Who asks whether media is well means all of it.
      case 'ping':
        await Promise.all(this.threads.map((thread) => this.ask(thread, request)));
        return { result: 'pong' };
      default: return this.forward(request);
    }
  }

  list(): AnchorInfo[] {
    return [...this.calls.values()].flatMap(({ anchor }) => anchor ?? []);
  }

  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.looks);
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private ask(thread: MediaThread, request: NgDictionary): Promise<NgReply> {
    return new Promise((resolve) => { thread.ask(request, resolve); });
  }

  private forward(request: NgDictionary): Promise<NgReply> {
    const callId = text(request, 'call-id');
    if (callId === undefined) return this.ask(this.idlest(), request);
    const call = this.calls.get(callId) ?? this.place(callId);
    call.asked += 1;
    return new Promise((resolve) => {
      call.thread.ask(request, (reply, anchor) => {
        call.asked -= 1;
        this.now(callId, call, anchor);
        resolve(reply);
      });
    });
  }

  private place(callId: string): KnownCall {
    const call: KnownCall = { thread: this.idlest(), asked: 0, anchor: null };
    call.thread.calls += 1;
    this.calls.set(callId, call);
    return call;
  }

  /** What a call has now; of one that has nothing and is not asked about nothing is kept, so that it may begin anywhere. */
  private now(callId: string, call: KnownCall, anchor: AnchorInfo | null): void {
    if (this.calls.get(callId) !== call) return;
    call.anchor = anchor;
    if (anchor !== null || call.asked > 0) return;
    this.calls.delete(callId);
    call.thread.calls -= 1;
  }

  private idlest(): MediaThread {
    return this.threads.reduce((least, thread) => (thread.calls < least.calls ? thread : least));
  }

  private begin(number: number): MediaThread {
    const { start, ports, execArgv } = this.options;
    const thread: MediaThread = new MediaThread({ ...start, thread: number, ports: ports.memory }, execArgv, {
      heard: (message) => this.heard(message),
      died: (fault) => this.died(number, thread, fault),
    });
    return thread;
  }

  private heard(message: Exclude<FromThread, { kind: 'ready' | 'reply' }>): void {
    const { tell, failed } = this.options;
    if (message.kind === 'notice') tell(message.notice);
    else if (message.kind === 'failed') failed(message.fault, message.callId);
    else {
      const call = this.calls.get(message.callId);
      if (call) this.now(message.callId, call, message.anchor);
    }
  }

  private died(number: number, thread: MediaThread, fault: Error): void {
    const { log, ports, forgotten, lost } = this.options;
    const gone = [...this.calls].filter(([, call]) => call.thread === thread);
    for (const [callId] of gone) this.calls.delete(callId);
    ports.letGoAllOf(number);
    if (this.closing) return;
    log.error({ err: fault, thread: number, calls: gone.length }, 'A media thread died; another takes its place, and engines put its calls on new anchors');
    const nowMs = performance.now();
    this.deathsAtMs = [...this.deathsAtMs.filter((atMs) => nowMs - atMs < DEATHS_COUNT_FOR_MS), nowMs];
    if (this.deathsAtMs.length > MOST_DEATHS) {
      lost(new Error('Media threads die one after another.', { cause: fault }));
      return;
    }
    this.threads[number] = this.begin(number);
    forgotten();
  }
}
