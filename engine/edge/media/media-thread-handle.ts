// One media thread from the outside: what it is asked and answers, whether it is well, and its end.
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type NgDictionary, type NgReply } from './bencode';
import { type AnchorInfo } from './media-work';
import { type FromThread, type ThreadStart, type ToThread } from './thread-messages';

export type Answered = (reply: NgReply, anchor: AnchorInfo | null) => void;

export interface MediaThreadEvents {
  readonly heard: (message: Exclude<FromThread, { kind: 'ready' | 'reply' }>) => void;
  /** It ended, asked to or not; everything it had not answered was answered with an error before. */
  readonly died: (fault: Error) => void;
}

const FILE = join(__dirname, `media-thread${extname(__filename)}`);
const PING: NgDictionary = new Map([['command', 'ping']]);
/** Looked after this often without an answer, it hangs. Looks are counted, not seconds, so that a machine that slept accuses nobody. */
const MOST_UNANSWERED = 5;
const CLOSE_PATIENCE_MS = 2_000;

export class MediaThread {
  /** How many calls it has; kept by who hands them out. */
  calls = 0;
  /** @throws what it died of before it was ready. */
  readonly ready: Promise<void>;
  private readonly worker: Worker;
  private readonly asked = new Map<number, Answered>();
  private readonly exited: Promise<void>;
  private serial = 0;
  private unanswered = 0;

  constructor(start: ThreadStart, execArgv: readonly string[], events: MediaThreadEvents) {
    const worker = new Worker(FILE, { workerData: start, execArgv: [...execArgv], name: `media ${start.thread}` });
    this.worker = worker;
    let fault: Error | null = null;
    this.ready = new Promise((resolve, reject) => {
      worker.on('exit', () => reject(fault ?? new Error('A media thread ended.')));
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'reply') this.answered(message.id, message.reply, message.anchor);
        else events.heard(message);
      });
    });
    worker.on('error', (error) => { fault = error; });
    this.exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        for (const id of [...this.asked.keys()]) this.answered(id, { result: 'error', 'error-reason': 'The media thread ended' }, null);
        resolve();
        events.died(fault ?? new Error(`A media thread ended with code ${code}.`));
      });
    });
    // Who does not wait for it hears of its death all the same.
    this.ready.catch(() => undefined);
  }

  /** `answered` is called once, in the order in which the thread answers. */
  ask(request: NgDictionary, answered: Answered): void {
    this.serial += 1;
    this.asked.set(this.serial, answered);
    this.say({ kind: 'request', id: this.serial, request });
  }

  /** Asks whether it is well, and ends it when it has not said so for long. */
  look(): void {
    if (this.unanswered >= MOST_UNANSWERED) {
      void this.worker.terminate();
      return;
    }
    this.unanswered += 1;
    this.ask(PING, () => { this.unanswered = 0; });
  }

  /** Resolves when it has let go of everything. */
  async close(): Promise<void> {
    this.say({ kind: 'close' });
    const limit = setTimeout(() => { void this.worker.terminate(); }, CLOSE_PATIENCE_MS);
    await this.exited;
    clearTimeout(limit);
  }

  private say(message: ToThread): void {
    this.worker.postMessage(message);
  }

  private answered(id: number, reply: NgReply, anchor: AnchorInfo | null): void {
    const answered = this.asked.get(id);
    this.asked.delete(id);
    answered?.(reply, anchor);
  }
}
