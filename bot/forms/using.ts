// How what was just made becomes part of a group: hours and holidays of the group, an agent group of its main queue. Pure.
import { type VerbInput } from '../../storage/administration/verbs';
import { type WorkflowView } from '../../storage/administration/views';
import { type FormKind } from './kinds';

/** A queue is led to by an answer or a limit, which is for its maker to say. */
export type UsableKind = 'businessHours' | 'holidaySet' | 'agentGroup' | 'queue';
const USABLE: readonly string[] = ['businessHours', 'holidaySet', 'agentGroup', 'queue'];
export const isUsable = (kind: FormKind): kind is UsableKind => USABLE.includes(kind);

/** As many groups as a note can offer. */
export const GROUPS_OFFERED = 4;

type Use = { readonly [V in 'workflow.change' | 'queue.change']: { readonly verb: V; readonly input: VerbInput<V> } }['workflow.change' | 'queue.change'];

/** The change that makes the group use it; null where it does already, where there is no place for it, or where this person may not. */
export function usedIn(kind: UsableKind, id: string, view: WorkflowView): Use | null {
  const { workflow, rights } = view;
  const [queue] = view.queues;
  const ofGroup = (changes: VerbInput<'workflow.change'>['changes']): Use | null => (rights.change && rights.permissions.includes('schedules') ? { verb: 'workflow.change', input: { id: view.id, version: view.version, changes } } : null);
  switch (kind) {
    case 'businessHours': return workflow.businessHoursId === id ? null : ofGroup({ businessHoursId: id });
    case 'holidaySet': return workflow.holidaySetIds.includes(id) ? null : ofGroup({ holidaySetIds: [...workflow.holidaySetIds, id] });
    case 'agentGroup': return queue === undefined || !queue.rights.change || queue.object.agentGroupIds.includes(id) ? null : { verb: 'queue.change', input: { id: queue.id, version: queue.version, changes: { agentGroupIds: [...queue.object.agentGroupIds, id] } } };
    case 'queue': return null;
  }
}
