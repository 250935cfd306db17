// One pool on this machine: its database, then its processes. Each is kept alive; all of them are lost at once where the loss of a site is played.
import { StartFault } from './fault';
import { type ScreenFacts } from './screen';
import { SupervisedDatabase } from './database';
import { SupervisedReplicaSet } from './replica-set';
import { Supervised, type ScriptPlan, type Watcher } from './supervised';
import { chooseDatabase, examineExternalDatabase, rememberDatabase } from '../choice';
import { maskCredentials } from '../../process/environment';

export interface SiteOptions {
  /** Its own: nothing else has data there. */
  readonly dataDirectory: string;
  /** Where its database is; undefined: one that is started here. */
  readonly uri?: string | undefined;
  readonly wantsReplicaSet?: boolean | undefined;
  readonly python?: string | undefined;
  /** Where the embedded database is installed, if not in the data folder. */
  readonly virtualEnvironment?: string | undefined;
}

export interface SiteWatcher extends Watcher {
  /** Its database died and cannot be started again. */
  readonly failedForGood: (fault: unknown) => void;
}

type Database = NonNullable<ScreenFacts['database']>;
interface Stoppable { stop(): Promise<void>; kill(): Promise<void> }

export class Site {
  private running: Stoppable[] = [];
  private starting: Promise<unknown> = Promise.resolve();
  private plans: readonly ScriptPlan[] = [];
  private found: { readonly database: Database; readonly uri: string } | null = null;

  constructor(private readonly options: SiteOptions, private readonly watcher: SiteWatcher) {}

  /** Known once the database was started. */
  get uri(): string { return this.known.uri; }
  get database(): Database { return this.known.database; }

  /** `notice`: what a person must be told of the choice. @throws LocalDatabaseFault or StartFault */
  async startDatabase(say: (words: string) => void): Promise<{ readonly notice: string | null }> {
    // Ctrl-C may come while it starts; then it is waited for, and stopped.
    const starting = this.start(say);
    this.starting = starting.catch(() => undefined);
    return { notice: await starting };
  }

  /** All at once: each waits for what it needs by itself, and a warm start is not the sum of theirs. `isWell` is told of each. @throws StartFault */
  async startProcesses(plans: readonly ScriptPlan[], isWell: (name: string) => void): Promise<void> {
    this.plans = plans;
    const processes = plans.map((plan) => ({ plan, supervised: new Supervised(plan, this.watcher) }));
    this.running.push(...processes.map(({ supervised }) => supervised));
    await Promise.all(processes.map(async ({ plan, supervised }) => {
      await supervised.start();
      isWell(plan.name);
    }));
  }

  /** Last started, first stopped, so that the database goes when nobody writes to it any more. Goes on past a fault, then throws it. */
  async stop(): Promise<void> {
    await this.starting;
    let first: unknown;
    for (let one = this.running.pop(); one; one = this.running.pop()) await one.stop().catch((fault: unknown) => { first ??= fault; });
    if (first !== undefined) throw first as Error;
  }

  /** Everything of it ends at once, as in a power cut, and nothing is started again. */
  async lose(): Promise<void> {
    await this.starting;
    await Promise.all(this.running.splice(0).map((one) => one.kill()));
  }

  /** Starts again what was lost, on the same data and ports. Does nothing while it runs. @throws as the two starts */
  async comeBack(): Promise<void> {
    if (this.running.length > 0) return;
    const before = this.uri;
    await this.startDatabase(() => undefined);
    if (this.uri !== before) throw new StartFault('Its database has another port now, and everything else still looks for it where it was.');
    await this.startProcesses(this.plans, () => undefined);
  }

  private get known(): { readonly database: Database; readonly uri: string } {
    if (!this.found) throw new Error('The database of this site was not started.');
    return this.found;
  }

  private async start(progress: (words: string) => void): Promise<string | null> {
    const { dataDirectory, uri, wantsReplicaSet, python, virtualEnvironment } = this.options;
    const choice = await chooseDatabase(dataDirectory, uri, wantsReplicaSet);
    if (choice.kind === 'external') {
      progress('asking the one that MONGODB_URI names');
      this.found = { uri: choice.uri, database: { kind: 'external', shownUri: maskCredentials(choice.uri), ...await examineExternalDatabase(choice.uri) } };
    } else if (choice.kind === 'replica-set') {
      const database = await SupervisedReplicaSet.start({ dataDirectory, progress }, this.watcher);
      this.running.push(database);
      this.found = { uri: database.uri, database: { kind: 'replica-set', ports: database.ports } };
    } else {
      const database = await SupervisedDatabase.start({ dataDirectory, python, progress, ...(virtualEnvironment === undefined ? {} : { virtualEnvironment }) }, this.watcher);
      this.running.push(database);
      this.found = { uri: database.uri, database: { kind: 'embedded', port: database.port } };
    }
    await rememberDatabase(dataDirectory, choice.kind);
    return choice.notice;
  }
}
