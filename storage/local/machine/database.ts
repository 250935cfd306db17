// The embedded database, kept alive like every other process: started again when it dies, on the same port and data.
import { join, resolve } from 'node:path';
import { startEmbeddedDatabase, type EmbeddedDatabase, type EmbeddedDatabaseOptions } from '../embedded';
import { type Watcher } from './supervised';

const BACKOFF_MS = [500, 2_000, 10_000] as const;
const STEADY_MS = 60_000;

export interface DatabaseWatcher extends Watcher {
  /** It died and cannot be started again; nothing of ours can go on for long. */
  readonly failedForGood: (fault: unknown) => void;
}

export class SupervisedDatabase {
  private stopping = false;
  private deaths = 0;
  private startedAt = Date.now();
  private restart: NodeJS.Timeout | undefined;
  private restarting: Promise<void> = Promise.resolve();

  private constructor(private database: EmbeddedDatabase, private readonly options: EmbeddedDatabaseOptions, private readonly watcher: DatabaseWatcher) {}

  /** @throws LocalDatabaseFault when the first start fails */
  static async start(options: EmbeddedDatabaseOptions, watcher: DatabaseWatcher): Promise<SupervisedDatabase> {
    const supervised = new SupervisedDatabase(await startEmbeddedDatabase(options), options, watcher);
    supervised.watch();
    return supervised;
  }

  get uri(): string {
    return this.database.uri;
  }

  get port(): number {
    return this.database.port;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    await this.restarting;
    await this.database.stop();
  }

  /** Ends it for good and at once, as a power cut would. */
  async kill(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    await this.restarting;
    await this.database.kill();
  }

  private watch(): void {
    this.startedAt = Date.now();
    this.watcher.started('database', this.database.pid, `--storage-path ${join(resolve(this.options.dataDirectory), 'database')}`);
    void this.database.exited.then((words) => this.died(words));
  }

  private died(words: string): void {
    if (this.stopping) return;
    this.deaths = Date.now() - this.startedAt > STEADY_MS ? 1 : this.deaths + 1;
    const delay = BACKOFF_MS[this.deaths - 1];
    if (delay === undefined) {
      this.watcher.failedForGood(new Error(`The embedded database died ${this.deaths} times in a row (${words}).`));
      return;
    }
    this.watcher.notice(`The database ended (${words}); starting it again in ${delay / 1000} s. Calls go on meanwhile.`);
    this.restart = setTimeout(() => { this.restarting = this.startAgain(); }, delay);
  }

  private async startAgain(): Promise<void> {
    const { port } = this.database;
    try {
      this.database = await startEmbeddedDatabase({ ...this.options, progress: () => undefined });
    } catch (fault) {
      this.watcher.failedForGood(fault);
      return;
    }
    if (this.database.port !== port) {
      this.watcher.failedForGood(new Error(`Port ${port} was taken while the embedded database was down, and everything else still looks for it there.`));
      return;
    }
    this.watcher.notice('The database runs again; what was acknowledged is there.');
    this.watch();
  }
}
