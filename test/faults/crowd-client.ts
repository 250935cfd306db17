// Drives the crowd, which is a process of its own.
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';
import { eventually } from '../support/system';
import { type CrowdPlan, type CrowdReport } from './crowd';
import { type CrowdOrder } from './crowd-process';

export class CrowdClient {
  private lastId = 0;
  private readonly asked = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (fault: Error) => void }>();
  private readonly exited: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ id, value, fault }: { readonly id: number; readonly value?: unknown; readonly fault?: string }) => {
      const one = this.asked.get(id);
      this.asked.delete(id);
      if (fault === undefined) one?.resolve(value);
      else one?.reject(new Error(`The crowd failed: ${fault}`));
    });
    this.exited = new Promise((resolve) => child.once('exit', () => {
      for (const { reject } of this.asked.values()) reject(new Error('The crowd ended by itself.'));
      resolve();
    }));
  }

  static start(): CrowdClient { return new CrowdClient(fork(join(ROOT, 'dist', 'test', 'faults', 'crowd-process.js'), { execArgv: [] })); }

  /** Resolves when everybody who should wait waits, and everybody who should talk hears the other side. */
  async gather(plan: CrowdPlan): Promise<void> {
    await this.order({ do: 'begin', plan });
    let seen = '';
    await eventually('the crowd to wait and talk', async () => {
      const { waiting, talking } = await this.order({ do: 'present' }) as { readonly waiting: number; readonly talking: number };
      seen = `${waiting} waiting, ${talking} talking`;
      return waiting >= plan.waiting - plan.agents.waiting.length && talking >= plan.talking;
    }).catch((fault: unknown) => { throw new Error(`${String(fault)}: ${seen}`); });
  }

  /** Everybody hangs up; those who waited or talked call again. Resolves to the numbers of these callers. */
  async drop(): Promise<readonly number[]> { return await this.order({ do: 'drop' }) as readonly number[]; }

  async mark(): Promise<void> { await this.order({ do: 'mark' }); }

  async end(): Promise<CrowdReport> { return await this.order({ do: 'end' }) as CrowdReport; }

  async close(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }

  private order(order: CrowdOrder): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = (this.lastId += 1);
      this.asked.set(id, { resolve, reject });
      this.child.send({ id, order }, (fault) => {
        if (fault === null) return;
        this.asked.delete(id);
        reject(fault);
      });
    });
  }
}
