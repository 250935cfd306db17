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

/** What a choice goes by, beside the candidates. */
export interface Moment {
  readonly nowMs: number;
  /** Whom this agent group last offered a call to, of those still in its list. */
  readonly last: () => Pick<Candidate, 'name' | 'position'> | null;
}

export interface Choice<C extends Candidate> {
  readonly chosen: readonly C[];
  /** The decision in words, as `longestIdle: alice idle 35 s, bob 12 s`. */
  readonly reason: string;
}

export interface RoutingRule {
  /** Whether an agent who becomes free while a caller is being offered joins the ring. */
  readonly joinsRing: boolean;
  /** Whether it rings anybody; else agents pick. */
  readonly rings: boolean;
  /** Chooses at least one where it rings at all. `candidates` is not empty, in order: idle longest first, equals as in the list. */
  readonly choose: <C extends Candidate>(candidates: readonly C[], moment: Moment) => Choice<C>;
}

/** How many agents a reason names before it counts the others. */
const NAMED = 4;

/** `items` begins with the first ones in order, of `of` in all. */
function list<C>(items: readonly C[], say: (item: C) => string, of = items.length): string {
  const named = items.slice(0, NAMED).map(say).join(', ');
  return of > NAMED ? `${named} and ${of - NAMED} more` : named;
}

/** The first few in an order, as many as a reason names: cheaper than sorting hundreds of free agents for one of them. */
function firstFew<C>(items: readonly C[], compare: (a: C, b: C) => number): C[] {
  const few: C[] = [];
  for (const item of items) {
    let index = few.length;
    while (index > 0 && compare(item, few[index - 1] as C) < 0) index -= 1;
    if (index >= NAMED) continue;
    few.splice(index, 0, item);
    if (few.length > NAMED) few.pop();
  }
  return few;
}

const byPosition = (a: Candidate, b: Candidate): number => a.position - b.position;

export const ROUTING: Readonly<Record<RoutingMethod, RoutingRule>> = {
  parallel: {
    joinsRing: true,
    rings: true,
    choose: (candidates) => ({ chosen: candidates, reason: `parallel: ${list(candidates, ({ name }) => name)}` }),
  },
  longestIdle: {
    joinsRing: false,
    rings: true,
    choose: (candidates, { nowMs }) => {
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
  roundRobin: {
    joinsRing: false,
    rings: true,
    choose: (candidates, moment) => {
      const last = moment.last();
      // Below the last one in the list, then on from its top. Wherever that one was moved to, the turn goes on from there.
      const passed = ({ position }: Candidate): number => (last === null || position > last.position ? 0 : 1);
      const inTurn = firstFew(candidates, (a, b) => passed(a) - passed(b) || byPosition(a, b));
      const after = last === null ? '' : ` after ${last.name}`;
      return { chosen: inTurn.slice(0, 1), reason: `roundRobin${after}: ${list(inTurn, ({ name }) => name, candidates.length)}` };
    },
  },
  serial: {
    joinsRing: false,
    rings: true,
    choose: (candidates) => {
      const fromTop = firstFew(candidates, byPosition);
      return { chosen: fromTop.slice(0, 1), reason: `serial: ${list(fromTop, ({ name }) => name, candidates.length)}` };
    },
  },
  attendant: {
    joinsRing: false,
    rings: false,
    choose: () => ({ chosen: [], reason: 'attendant: agents pick' }),
  },
};
