// A database of three real members, whose primary a run kills or has step down. Skipped where there is no mongod.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Document } from 'mongodb';
import { answers, initiate, parametersOf, planMembers, uriOf, type Member } from '../../storage/local/replica-set';
import { type TestDatabase } from '../support/database';
import { type FaultSystemOptions } from '../support/fault-system';
import { serverPorts } from '../support/fault-ports';
import { onPath } from '../support/needs';
import { eventually } from '../support/system';

class ThreeMembers implements TestDatabase {
  private readonly running = new Map<number, ChildProcess>();
  private killed: Member | null = null;

  constructor(private readonly folder: string, private readonly members: readonly Member[]) {}

  get uri(): string { return uriOf(this.members); }

  async begin(): Promise<void> {
    await Promise.all(this.members.map((member) => this.start(member)));
    await initiate(this.members);
  }

  /** Whoever is primary now, as a power cut would. */
  async kill(): Promise<void> {
    const primary = await this.primary();
    this.killed = primary;
    await this.end(primary, 'SIGKILL');
  }

  /** Whoever was killed comes back. */
  async restart(): Promise<void> {
    if (this.killed !== null) await this.start(this.killed);
    this.killed = null;
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => this.end(member, 'SIGTERM')));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async start(member: Member): Promise<void> {
    mkdirSync(member.data, { recursive: true });
    this.running.set(member.number, spawn('mongod', parametersOf(member), { stdio: 'ignore' }));
    await eventually(`member ${member.number} to answer`, () => answers(member));
  }

  private async end({ number }: Member, signal: NodeJS.Signals): Promise<void> {
    const child = this.running.get(number);
    this.running.delete(number);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  private async primary(): Promise<Member> {
    const { primary } = await onPrimary(this.uri, { hello: 1 });
    const member = this.members.find(({ port }) => String(primary).endsWith(`:${port}`));
    if (member === undefined) throw new Error(`No member of ours is the primary ${String(primary)}.`);
    return member;
  }
}

async function onPrimary(uri: string, command: Document): Promise<Document> {
  const client = new MongoClient(uri);
  try {
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}

/** The members, running; or why that cannot be. */
export async function threeMembers(): Promise<{ readonly system: Omit<FaultSystemOptions, 'rtpPorts'>; close(): Promise<void> } | string> {
  if (!onPath('mongod')) return 'there is no mongod on the PATH';
  const folder = await mkdtemp(join(tmpdir(), 'rg-three-members-'));
  const [firstPort] = await serverPorts(1);
  const database = new ThreeMembers(folder, await planMembers(folder, { ...(firstPort === undefined ? {} : { firstPort }) }));
  try {
    await database.begin();
  } catch (fault) {
    await database.close();
    throw fault;
  }
  return { system: { database }, close: () => database.close() };
}

/** The primary makes way for another; clients are told so at once. */
export async function stepDown(uri: string): Promise<void> {
  await onPrimary(uri, { replSetStepDown: 60, secondaryCatchUpPeriodSecs: 10 });
}
