// The three members on this machine, each kept alive by itself, as a database of one address.
import { mkdir } from 'node:fs/promises';
import { findMongod } from '../mongod';
import { answers, initiate, parametersOf, planMembers, uriOf, type Member } from '../replica-set';
import { Supervised, type ProgramPlan, type Watcher } from './supervised';

/** A primary first lets go of its role, and a checkpoint is written. */
const STOP_PATIENCE_MS = 30_000;

export interface ReplicaSetOptions {
  readonly dataDirectory: string;
  readonly progress: (words: string) => void;
  /** The server's program; for tests. */
  readonly mongod?: string;
  readonly firstPort?: number;
}

export class SupervisedReplicaSet {
  private constructor(private readonly members: readonly Member[], private readonly supervised: readonly Supervised[]) {}

  /**
   * Starts all members, initiates the set where that has not been done, and waits for a primary. One that dies later is started again; the others go on.
   * @throws LocalDatabaseFault or StartFault; nothing runs then
   */
  static async start({ dataDirectory, progress, mongod, firstPort }: ReplicaSetOptions, watcher: Watcher): Promise<SupervisedReplicaSet> {
    const { command, version } = await findMongod(mongod);
    const members = await planMembers(dataDirectory, firstPort === undefined ? {} : { firstPort });
    await Promise.all(members.map(({ data }) => mkdir(data, { recursive: true, mode: 0o700 })));
    progress(`starting three members of MongoDB ${version}`);
    const set = new SupervisedReplicaSet(members, members.map((member) => new Supervised(planOf(member, command), watcher)));
    try {
      await Promise.all(set.supervised.map((one) => one.start()));
      progress('waiting for the members to elect a primary');
      await initiate(members);
      return set;
    } catch (fault) {
      await set.stop();
      throw fault;
    }
  }

  get uri(): string {
    return uriOf(this.members);
  }

  get ports(): readonly number[] {
    return this.members.map(({ port }) => port);
  }

  /** By member, for tests. */
  get pids(): ReadonlyArray<number | undefined> {
    return this.supervised.map(({ pid }) => pid);
  }

  async stop(): Promise<void> {
    await Promise.all(this.supervised.map((one) => one.stop()));
  }

  /** All members at once, as a power cut would. */
  async kill(): Promise<void> {
    await Promise.all(this.supervised.map((one) => one.kill()));
  }
}

function planOf(member: Member, command: string): ProgramPlan {
  const { PATH, HOME, LANG, TZ } = process.env;
  return {
    name: `database member ${member.number}`,
    program: command, parameters: parametersOf(member), mark: `--dbpath ${member.data}`,
    env: { PATH, HOME, LANG, TZ }, log: member.log,
    isWell: () => answers(member), stopPatienceMs: STOP_PATIENCE_MS,
  };
}
