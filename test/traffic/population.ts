// Simulated agents, added and removed through administration like any other, and marked so that no one takes them for people.
import { type Acting } from '../../storage/access';
import { type Administration } from '../../storage/administration/administration';
import { type Done, type Result } from '../../storage/administration/results';
import { type Verb, type VerbInput } from '../../storage/administration/verbs';

const ACTING: Acting = { kind: 'operator', name: 'npm run traffic' };
const TRIES = 5;

export interface SimulatedAgent { readonly id: string; readonly user: string; readonly password: string }
export interface Group { readonly id: string; readonly displayName: string; readonly sipUser: string }

/** A refusal of administration, in its own words. */
export class TrafficFault extends Error {
  readonly code = 'TRAFFIC';
}

export class Population {
  constructor(private readonly administration: Administration) {}

  /** The group to call: the one named, or the first active one. @throws TrafficFault in words */
  async group(sipUser: string | undefined): Promise<Group> {
    const answer = await this.administration.groups(ACTING);
    if (!answer.ok) throw new TrafficFault(answer.message);
    const active = answer.value.filter((group) => group.active);
    const found = sipUser === undefined ? active.find((group) => group.sipUser === 'help-desk') ?? active[0] : active.find((group) => group.sipUser === sipUser);
    if (found) return found;
    const offered = active.map((group) => group.sipUser).join(', ') || 'none; create one in chat first';
    throw new TrafficFault(`There is no active group ${sipUser === undefined ? '' : `"${sipUser}"`}. Active groups: ${offered}.`);
  }

  /** Removes simulated agents that an interrupted run left behind; resolves with their number. */
  async removeAll(): Promise<number> {
    const answer = await this.administration.agents(ACTING);
    if (!answer.ok) throw new TrafficFault(answer.message);
    const simulated = answer.value.filter(({ detail }) => detail?.simulated === true);
    const ids = new Set(simulated.map(({ id }) => id));
    const groups = new Set(simulated.flatMap(({ detail }) => detail?.groups.map(({ id }) => id) ?? []));
    for (const groupId of groups) await this.changeAgents(groupId, (agentIds) => agentIds.filter((id) => !ids.has(id)));
    for (const id of ids) await this.perform('agent.delete', { id });
    return ids.size;
  }

  /** Makes `count` agents on duty and puts them at the end of the group's list. */
  async add(count: number, group: Group): Promise<SimulatedAgent[]> {
    const agents: SimulatedAgent[] = [];
    for (let number = 1; number <= count; number += 1) {
      const user = `simulated-${number}`;
      const { value: { id } } = await this.perform('agent.create', { name: `Simulated ${number}`, sipUser: user, simulated: true, onDuty: true });
      const { value: { password } } = await this.perform('agent.resetPassword', { agentId: id });
      if (password === null) throw new TrafficFault(`No password was made for ${user}.`);
      agents.push({ id, user, password });
    }
    await this.changeAgents(group.id, (agentIds) => [...agentIds, ...agents.map(({ id }) => id)]);
    return agents;
  }

  /** Someone may edit the same group in chat meanwhile, so a stale version is read again. */
  private async changeAgents(groupId: string, change: (agentIds: readonly string[]) => string[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const view = await this.administration.group(ACTING, groupId);
      if (!view.ok) throw new TrafficFault(view.message);
      const { versions, form } = view.value;
      if (versions === null || form === null) throw new TrafficFault('The group has no queue of its own to add agents to.');
      const result = await this.administration.perform(ACTING, 'group.change', { id: groupId, versions, changes: { agentIds: change(form.agentIds) } });
      if (result.ok) return;
      if (result.code !== 'stale' || attempt === TRIES) throw new TrafficFault(`The group could not be changed: ${wordsOf(result)}`);
    }
  }

  private async perform<V extends Verb>(verb: V, input: VerbInput<V>): Promise<Done<V>> {
    const result = await this.administration.perform(ACTING, verb, input);
    if (!result.ok) throw new TrafficFault(`${verb} was refused: ${wordsOf(result)}`);
    return result;
  }
}

function wordsOf(result: Exclude<Result, { ok: true }>): string {
  return [result.message, ...result.faults.map(({ field, message }) => `${field} ${message}`)].join('; ');
}
