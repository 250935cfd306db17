// Makes one change after the other, as an administrator would, and remembers which were acknowledged.
import { randomUUID } from 'node:crypto';
import { type Acting } from '../../storage/access';
import { type System } from '../support/system';

const OPERATOR: Acting = { kind: 'operator', name: 'faults' };
const PERIOD_MS = 250;
const MOST_CHANGES = 400;

export interface WriterReport {
  readonly acknowledged: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly doubled: number;
}

export class Writer {
  private readonly acknowledged = new Map<string, string>();
  private stopping = false;
  private readonly done: Promise<void>;

  constructor(private readonly system: System) { this.done = this.write(); }

  /** Writes no more, waits for the change under way, and looks for each. */
  async end(): Promise<WriterReport> {
    this.stopping = true;
    await this.done;
    const answer = await this.system.administration.agents(OPERATOR);
    if (!answer.ok) throw new Error(answer.message);
    const names = answer.value.map(({ name }) => name);
    const there = new Set(answer.value.map(({ id }) => id));
    return {
      acknowledged: this.acknowledged.size,
      lost: [...this.acknowledged.values()].filter((id) => !there.has(id)).length,
      doubled: [...this.acknowledged.keys()].filter((name) => names.filter((one) => one === name).length > 1).length,
    };
  }

  private async write(): Promise<void> {
    for (let number = 1; !this.stopping && number <= MOST_CHANGES; number += 1) {
      const name = `Change ${number}`;
      const requestId = randomUUID();
      // Who was not answered asks again for the same; an unanswered change may be there or not.
      while (!this.stopping) {
        const result = await this.system.administration.perform(OPERATOR, 'agent.create', { name, sipUser: `change${number}`, onDuty: false }, { requestId }).catch(() => null);
        if (result?.ok === true) this.acknowledged.set(name, result.value.id);
        else if (result?.code === 'alreadyDone') this.acknowledged.set(name, result.earlier.value.id);
        else if (result === null || result.code === 'unavailable') {
          await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
          continue;
        } else throw new Error(`${name} was refused: ${result.message}`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
  }
}
