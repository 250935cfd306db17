// What it takes to tell agents of the calls on their phones: live groups, with the people behind the agents who ring or are paused. For the bot itself, which asks for nobody.
import { type Db } from 'mongodb';
import { Draft } from './administration/draft';
import { type Pause } from './model/agent';
import { type AgentActivity, type LiveCaller, type LiveGroup } from './model/live';
import { collectionOf } from './schema';

/** A group as it is now. `displayName` is empty where no phone rings. */
export interface FollowedGroup {
  readonly id: string;
  readonly displayName: string;
  readonly callers: readonly LiveCaller[];
  readonly agents: readonly FollowedAgent[];
}
export interface FollowedAgent {
  readonly id: string;
  /** Who the agent is in the directory, where the phone rings or the agent is paused; null: a phone without a person in chat. */
  readonly personId: string | null;
  readonly activity: AgentActivity;
  readonly pause: Pause | null;
}
/** `groups`: those asked for that there are. `callContextShown`: the pool's setting. */
export interface Followed { readonly callContextShown: boolean; readonly groups: readonly FollowedGroup[] }

const anything = (): boolean => true;
const rungIn = (group: LiveGroup): readonly string[] => group.callers.flatMap((caller) => caller.ringing);

/** Reads those groups, or all of the pool; names and people only where they matter. @throws the driver's fault */
export async function readFollowed(db: Db, pool: string, workflowIds: readonly string[] | 'all'): Promise<Followed> {
  const live = await collectionOf(db, 'liveGroups').find(workflowIds === 'all' ? { pool } : { pool, _id: { $in: [...workflowIds] } }).toArray();
  const draft = new Draft(db, pool);
  const ringing = live.filter((group) => rungIn(group).length > 0);
  const paused = live.flatMap((group) => group.agents.filter((agent) => agent.activity === 'paused').map((agent) => agent.agentId));
  const ids = [...new Set([...ringing.flatMap(rungIn), ...paused])];
  const [settings, workflows, agents, duties] = await Promise.all([
    ringing.length > 0 ? draft.get('settings', pool) : null,
    ringing.length > 0 ? draft.find('workflows', { _id: { $in: ringing.map((group) => group._id) } }, anything) : [],
    ids.length > 0 ? draft.find('agents', { _id: { $in: ids } }, anything) : [],
    paused.length > 0 ? draft.find('duties', { _id: { $in: paused } }, anything) : [],
  ]);
  const names = new Map(workflows.map((one) => [one.id, one.displayName]));
  const people = new Map(agents.map((one) => [one.id, one.personId]));
  const pauses = new Map(duties.map((one) => [one.agentId, one.pause]));
  return {
    callContextShown: settings?.callContextShown ?? true,
    groups: live.map((group) => ({
      id: group._id, displayName: names.get(group._id) ?? '', callers: group.callers,
      agents: group.agents.map(({ agentId, activity }) => ({ id: agentId, personId: people.get(agentId) ?? null, activity, pause: pauses.get(agentId) ?? null })),
    })),
  };
}
