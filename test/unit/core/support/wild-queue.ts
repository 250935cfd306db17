// What the wild world draws on for waiting: duties with pauses and sign-ins, queues and agent groups with every rule, and books of instructions.
import { type Agent, type Duty } from '../../../../storage/model/agent';
import { type AgentGroup } from '../../../../storage/model/agent-group';
import { type Queue } from '../../../../storage/model/queue';
import { type CoreEvent, type Effect } from '../../../../engine/core/types';
import { aDuty, anAgent } from './sample';
import { ACTIONS } from './wild-flow';

/** What an agent dials to pick. */
export const PICKUP = '*8';

type InstructionEvent = Extract<CoreEvent, { readonly instructionId: string }>;

const pick = <T>(list: readonly T[], how: number, by: number): T => list[Math.floor(how / by) % list.length] as T;

/** On or off duty, signed in to some groups, paused or not, for a while or until further notice. */
export function anyDuty(agentId: string, how: number, now: Date): Duty {
  const seconds = pick([undefined, undefined, undefined, undefined, undefined, null, 20, -1], how, 3);
  const pause = seconds === undefined ? null : { reason: 'coffee', since: now, until: seconds === null ? null : new Date(now.getTime() + seconds * 1000), by: pick(['agent', 'supervisor', 'unanswered'] as const, how, 5) };
  return aDuty(agentId, how % 6 !== 0, { pause, signedIn: pick([[], ['g1'], ['g2'], ['g1', 'g2'], ['g1', 'g2'], ['g1', 'g2']], how, 7) });
}

/** With or without another contact than the phones that register. */
export const anyAgent = (agentId: string, how: number): Agent => anAgent(agentId, how % 2 === 0 ? {} : { contacts: [{ kind: 'number', number: '+44123', confirm: true }] });

export function otherRules(how: number): Partial<Queue> {
  return { noAgentsAction: pick([...ACTIONS.map(() => null), ...ACTIONS], how, 3), announceSeconds: pick([null, 15, 20], how, 5) };
}

export function otherManners(how: number): Partial<AgentGroup> {
  return { participation: pick(['informal', 'informal', 'formal'], how, 3), autoPauseAfter: pick([null, 1, 2], how, 5) };
}

/** Every instruction is answered once, in the step that it is given in. */
export class InstructionBooks {
  private readonly asked = new Set<string>();
  private count = 0;
  readonly seen = new Set<string>();

  /** One that may make sense, or not. */
  any(how: number, calls: readonly string[], agents: readonly string[]): InstructionEvent {
    const instructionId = `i${(this.count += 1)}`;
    this.asked.add(instructionId);
    const callId = pick([...calls, 'c-unknown'], how, 3);
    switch (how % 3) {
      case 0: return { type: 'pickCaller', instructionId, callId, agentId: pick([...agents, 'nobody'], how, 7) };
      case 1: return { type: 'moveCaller', instructionId, callId, queueId: pick(['q-help', 'q-sales', 'q-gone'], how, 7) };
      default: return { type: 'setPriority', instructionId, callId, priority: pick([1, 2, 3, 4, 5, 9], how, 7) };
    }
  }

  note({ instructionId, outcome }: Extract<Effect, { readonly type: 'instructionDone' }>): void {
    if (!this.asked.delete(instructionId)) throw new Error(`${instructionId} was answered, and was not asked or was answered before`);
    this.seen.add(outcome.kind === 'refused' ? outcome.reason : outcome.kind);
  }

  /** Those nobody answered. */
  get open(): string[] { return [...this.asked]; }
}
