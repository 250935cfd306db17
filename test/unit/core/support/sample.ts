// Small pools for the core's tests: objects with their defaults, and the updates that bring them in.
import { type Agent, agent, type Duty, duty } from '../../../../storage/model/agent';
import { type AgentGroup, agentGroup } from '../../../../storage/model/agent-group';
import { type ConfigurationUpdate, type ObjectChange } from '../../../../storage/model/configuration';
import { type Prompt } from '../../../../storage/model/prompt';
import { type Queue, queue } from '../../../../storage/model/queue';
import { type PoolSettings, poolSettings } from '../../../../storage/model/settings';
import { type Trunk, trunk } from '../../../../storage/model/trunk';
import { type Workflow, workflow } from '../../../../storage/model/workflow';
import { type Arrival } from '../../../../engine/core/types';

export const POOL = 'main';
const stored = (id: string) => ({ id, pool: POOL, version: 1 });

export const aWorkflow = (id: string, more: Partial<Workflow> = {}): Workflow =>
  ({ ...workflow.parse({ ...stored(id), sipUser: id, displayName: id, managed: false, managers: [], active: true, defaultAction: { kind: 'queue', queueId: `q-${id}` } }), ...more });
export const aQueue = (id: string, more: Partial<Queue> = {}): Queue => ({ ...queue.parse({ ...stored(id), name: id, agentGroupIds: [] }), ...more });
export const aGroup = (id: string, more: Partial<AgentGroup> = {}): AgentGroup => ({ ...agentGroup.parse({ ...stored(id), name: id, agentIds: [] }), ...more });
export const anAgent = (id: string, more: Partial<Agent> = {}): Agent => ({ ...agent.parse({ ...stored(id), name: id, sipUser: id, personId: null, digest: null }), ...more });
export const aDuty = (agentId: string, onDuty: boolean, more: Partial<Duty> = {}): Duty => ({ ...duty.parse({ ...stored(`duty-${agentId}`), agentId, onDuty, since: new Date(0) }), ...more });
export const someSettings = (more: Partial<PoolSettings> = {}): PoolSettings => ({ ...poolSettings.parse(stored(POOL)), ...more });

export const aTrunk: Trunk = trunk.parse({ ...stored('trunk'), name: 'trunk', host: 'trunk.example' });

/** What is said to a caller. */
export const said = (text: string): Prompt => ({ text, audio: null });
/** A caller from outside, or whoever `more` says. */
export const anArrival = (callId: string, dialledUser: string, more: Partial<Arrival> = {}): Arrival =>
  ({ callId, dialledUser, dialled: `sip:${dialledUser}@example.org`, callerNumber: '+4412345', callerName: 'Caller', agentId: null, trunk: null, timesHere: 0, ...more });

type Kind = ObjectChange['kind'];
type ObjectOf<K extends Kind> = NonNullable<Extract<ObjectChange, { kind: K }>['after']>;

/** Creates or replaces one object. */
export const put = <K extends Kind>(kind: K, after: ObjectOf<K>, before: ObjectOf<K> | null = null): ObjectChange => ({ kind, id: after.id, before, after }) as unknown as ObjectChange;
/** Deletes one; the object as it was, because that is what a change log says. */
export const drop = <K extends Kind>(kind: K, before: ObjectOf<K>): ObjectChange => ({ kind, id: before.id, before, after: null }) as unknown as ObjectChange;

/** Numbers the updates of one pool. */
export function updates(): (...changes: ObjectChange[]) => ConfigurationUpdate {
  let sequence = 0;
  return (...changes) => ({ sequence: (sequence += 1), changes });
}

/** An agent on duty, as two changes. */
export const onDuty = (...ids: readonly string[]): ObjectChange[] => ids.flatMap((id) => [put('agents', anAgent(id)), put('duties', aDuty(id, true))]);
