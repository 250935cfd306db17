// An object of a file as it is called in another pool: its own id and every id it names.
import { type AnswerAction } from '../model/call-action';
import { type FileObject } from './format';

/** By `kind/id` of the file. What is not there keeps its id. */
export type NewIds = Map<string, string>;

/** The settings are called after their pool. */
export function anew({ kind, object }: FileObject, ids: NewIds, pool: string): FileObject['object'] {
  const of = (referred: string, id: string): string => ids.get(`${referred}/${id}`) ?? id;
  const owned = (one: { readonly workflowId?: string | null | undefined }): object => (one.workflowId == null ? {} : { workflowId: of('workflows', one.workflowId) });
  const leading = <A extends AnswerAction | null>(action: A): A => (action?.kind === 'queue' ? { ...action, queueId: of('queues', action.queueId) } : action);
  switch (kind) {
    case 'settings': return { ...object, id: pool };
    case 'trunks':
    case 'agents': return { ...object, id: of(kind, object.id) };
    case 'duties': return { ...object, id: of('agents', object.id), agentId: of('agents', object.agentId), signedIn: object.signedIn.map((id) => of('agentGroups', id)) };
    case 'businessHours':
    case 'holidaySets': return { ...object, ...owned(object), id: of(kind, object.id) };
    // One agent may stand for two of the file's.
    case 'agentGroups': return { ...object, ...owned(object), id: of(kind, object.id), agentIds: [...new Set(object.agentIds.map((id) => of('agents', id)))] };
    case 'queues': return {
      ...object, ...owned(object), id: of(kind, object.id), agentGroupIds: object.agentGroupIds.map((id) => of('agentGroups', id)),
      timeoutAction: leading(object.timeoutAction), overflowAction: leading(object.overflowAction), noAgentsAction: leading(object.noAgentsAction), leaveAction: leading(object.leaveAction),
    };
    case 'workflows': return {
      ...object, id: of(kind, object.id),
      defaultAction: object.defaultAction.kind === 'queue' ? { ...object.defaultAction, queueId: of('queues', object.defaultAction.queueId) } : object.defaultAction,
      businessHoursId: object.businessHoursId && of('businessHours', object.businessHoursId), holidaySetIds: object.holidaySetIds.map((id) => of('holidaySets', id)),
      closedAction: leading(object.closedAction), holidayAction: leading(object.holidayAction),
      questions: object.questions.map((one) => ({ ...one, fallback: leading(one.fallback), answers: one.answers.map((answer) => ({ ...answer, action: leading(answer.action) })) })),
    };
  }
}
