// Keeps one process for rendering: jobs in turn, a limit on each, and a new process when one breaks.
// A process of its own, so that the voice (GPL) stays apart from the engine and its work never delays a call.
import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import { MediaFault } from '../calls/ports';

export type RenderJob =
  | { readonly kind: 'speech'; readonly text: string; readonly voice: string }
  /** What another voice said, as a WAV file: framed by the same silence as our own. */
  | { readonly kind: 'spoken'; readonly file: Uint8Array }
  /** A WAV file of somebody's, to be heard once, or for ever. */
  | { readonly kind: 'recording' | 'loop'; readonly file: Uint8Array }
  | { readonly kind: 'music' | 'ringback' };
/** Raised when the same job comes to sound different, so that it is rendered anew. */
export const SOUND_VERSIONS = { speech: 1, spoken: 1, recording: 1, loop: 1, music: 1, ringback: 1 } as const satisfies Record<RenderJob['kind'], number>;
export interface RenderRequest { readonly id: number; readonly job: RenderJob }
/** `samples` null: nothing to be heard. */
export type RenderAnswer = { readonly id: number; readonly samples: Int16Array | null } | { readonly id: number; readonly fault: string };

const BROKE = {
  speech: 'The voice broke over this text.', spoken: 'What the voice said cannot be read.', recording: 'The audio file cannot be read.', loop: 'The audio file cannot be read.',
  music: 'The music cannot be composed.', ringback: 'The tone cannot be composed.',
} as const satisfies Record<RenderJob['kind'], string>;

/** The longest text takes a few seconds on a slow machine. */
const LONGEST_JOB_MS = 60_000;
const WORKER = join(__dirname, `render-worker${extname(__filename)}`);

export class Renderer {
  private worker: ChildProcess | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private serial = 0;
  private closed = false;

  /** `execArgv` is how node runs the worker's file when that is TypeScript. */
  constructor(private readonly execArgv: readonly string[] = []) {}

  /** Resolves to 8 kHz samples, or null when nothing can be heard. @throws MediaFault 'refused', 'timeout' or 'unavailable' */
  render(job: RenderJob): Promise<Int16Array | null> {
    const done = this.last.then(() => this.perform(job));
    this.last = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.drop();
  }

  private async perform(job: RenderJob): Promise<Int16Array | null> {
    if (this.closed) throw new MediaFault('unavailable', 'Rendering has ended.');
    const worker = this.worker ?? this.start();
    this.serial += 1;
    const request: RenderRequest = { id: this.serial, job };
    hold(worker);
    let stop = (): void => undefined;
    try {
      const answer = await new Promise<RenderAnswer>((resolve, reject) => {
        const limit = setTimeout(() => reject(new MediaFault('timeout', `Rendering took longer than ${LONGEST_JOB_MS} ms.`)), LONGEST_JOB_MS);
        const onMessage = (message: RenderAnswer): void => { if (message.id === request.id) resolve(message); };
        const onError = (fault: unknown): void => reject(new MediaFault('refused', BROKE[request.job.kind], { cause: fault }));
        const onExit = (): void => reject(new MediaFault(this.closed ? 'unavailable' : 'refused', BROKE[request.job.kind]));
        worker.on('message', onMessage).on('error', onError).on('exit', onExit);
        stop = () => {
          clearTimeout(limit);
          worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        };
        worker.send(request, (fault) => { if (fault) onError(fault); });
      });
      if ('fault' in answer) throw new MediaFault('refused', job.kind === 'speech' ? `The voice cannot say it: ${answer.fault}` : answer.fault);
      return answer.samples;
    } catch (fault) {
      stop();
      await this.drop();
      throw fault;
    } finally {
      stop();
      letGo(worker);
    }
  }

  private start(): ChildProcess {
    const worker = fork(WORKER, [], { execArgv: [...this.execArgv], serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    worker.on('error', () => undefined);
    worker.on('exit', () => { if (this.worker === worker) this.worker = null; });
    this.worker = worker;
    return worker;
  }

  private async drop(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    if (worker === null || worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = new Promise((resolve) => { worker.once('exit', resolve); });
    worker.kill('SIGKILL');
    await gone;
  }
}

/** An idle voice keeps nobody from ending; one at work does. It ends by itself when the channel closes. */
function letGo(worker: ChildProcess): void {
  worker.unref();
  worker.channel?.unref();
}

function hold(worker: ChildProcess): void {
  worker.ref();
  worker.channel?.ref();
}
