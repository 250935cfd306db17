// Routing methods: which of the agents that could be offered a call are, and why. Pure; one function each.
import { type RoutingMethod } from '../../storage/model/agent-group';

/** An agent who is free and was not tried for this call yet. */
export interface Candidate {
  readonly agentId: string;
  /** For the reason only. */
  readonly name: string;
  readonly idleSinceMs: number;
  /** Place in the agent group's list. */
  readonly position: number;
}

export interface Choice<C extends Candidate> {
  readonly chosen: readonly C[];
  /** The decision in words, as `longestIdle: alice idle 35 s, bob 12 s`. */
  readonly reason: string;
}

export interface RoutingRule {
  /** Whether an agent who becomes free while a caller is being offered joins the ring. */
  readonly joinsRing: boolean;
  /** Chooses at least one. `candidates` is not empty, in order: idle longest first, equals as in the list. */
  readonly choose: <C extends Candidate>(candidates: readonly C[], nowMs: number) => Choice<C>;
}

/** How many agents a reason names before it counts the others. */
const NAMED = 4;

function list<C>(items: readonly C[], say: (item: C) => string): string {
  const named = items.slice(0, NAMED).map(say).join(', ');
  return items.length > NAMED ? `${named} and ${items.length - NAMED} more` : named;
}

export const ROUTING: Readonly<Record<RoutingMethod, RoutingRule>> = {
  parallel: {
    joinsRing: true,
    choose: (candidates) => ({ chosen: candidates, reason: `parallel: ${list(candidates, ({ name }) => name)}` }),
  },
  longestIdle: {
    joinsRing: false,
    choose: (candidates, nowMs) => {
      const idle = ({ idleSinceMs }: Candidate): number => Math.max(0, Math.round((nowMs - idleSinceMs) / 1000));
      let first = true;
      const reason = list(candidates, (candidate) => {
        const words = first ? `${candidate.name} idle ${idle(candidate)} s` : `${candidate.name} ${idle(candidate)} s`;
        first = false;
        return words;
      });
      return { chosen: candidates.slice(0, 1), reason: `longestIdle: ${reason}` };
    },
  },
};
