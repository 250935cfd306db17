// Small pools for the core's tests: objects with their defaults, and the updates that bring them in.
import { type Agent, agent, type Duty, duty } from '../../../../storage/model/agent';
import { type AgentGroup, agentGroup } from '../../../../storage/model/agent-group';
import { type ConfigurationUpdate, type ObjectChange } from '../../../../storage/model/configuration';
import { type Queue, queue } from '../../../../storage/model/queue';
import { type PoolSettings, poolSettings } from '../../../../storage/model/settings';
import { type Workflow, workflow } from '../../../../storage/model/workflow';

export const POOL = 'main';
const stored = (id: string) => ({ id, pool: POOL, version: 1 });

export const aWorkflow = (id: string, more: Partial<Workflow> = {}): Workflow =>
  ({ ...workflow.parse({ ...stored(id), sipUser: id, displayName: id, managed: false, managers: [], active: true, defaultAction: { kind: 'queue', queueId: `q-${id}` } }), ...more });
export const aQueue = (id: string, more: Partial<Queue> = {}): Queue => ({ ...queue.parse({ ...stored(id), name: id, agentGroupIds: [] }), ...more });
export const aGroup = (id: string, more: Partial<AgentGroup> = {}): AgentGroup => ({ ...agentGroup.parse({ ...stored(id), name: id, agentIds: [] }), ...more });
export const anAgent = (id: string): Agent => agent.parse({ ...stored(id), name: id, sipUser: id, personId: null, digest: null });
export const aDuty = (agentId: string, onDuty: boolean): Duty => duty.parse({ ...stored(`duty-${agentId}`), agentId, onDuty, since: new Date(0) });
export const someSettings = (more: Partial<PoolSettings> = {}): PoolSettings => ({ ...poolSettings.parse(stored(POOL)), ...more });

type Kind = ObjectChange['kind'];
type ObjectOf<K extends Kind> = NonNullable<Extract<ObjectChange, { kind: K }>['after']>;

/** Creates or replaces one object. */
export const put = <K extends Kind>(kind: K, after: ObjectOf<K>): ObjectChange => ({ kind, id: after.id, before: null, after }) as unknown as ObjectChange;
/** Deletes one; the object as it was, because that is what a change log says. */
export const drop = <K extends Kind>(kind: K, before: ObjectOf<K>): ObjectChange => ({ kind, id: before.id, before, after: null }) as unknown as ObjectChange;

/** Numbers the updates of one pool. */
export function updates(): (...changes: ObjectChange[]) => ConfigurationUpdate {
  let sequence = 0;
  return (...changes) => ({ sequence: (sequence += 1), changes });
}

/** An agent on duty, as two changes. */
export const onDuty = (...ids: readonly string[]): ObjectChange[] => ids.flatMap((id) => [put('agents', anAgent(id)), put('duties', aDuty(id, true))]);
