// What a caller of a group meets: holiday, closing time, the welcome, and then the queue or the menu.
import { holidayNow, isOpen } from '../../storage/model/opening';
import { type Workflow } from '../../storage/model/workflow';
import { type Call } from './call';
import { type Context, touchCall } from './context';
import { move } from './phases';
import { ask } from './questions';
import { playPrompt } from './sounds';
import { workflowOf, workflowState } from './state';
import { type Arrival } from './types';
import { groupIsGone, join } from './waiting';

/** Why a group takes no call of this caller, if it does not. */
export function whyNotTaken(workflow: Workflow, arrival: Arrival): { readonly status: 403 | 480; readonly reason: string } | null {
  if (arrival.trunk?.federated === true && !workflow.federation) return { status: 403, reason: 'the group is not enabled for federation' };
  return workflow.active ? null : { status: 480, reason: 'the group is not active' };
}

/**
 * The caller is with this workflow now. Holidays come first, then hours, both at the civil time `at` in the workflow's zone; then the
 * welcome, unless the caller comes by an agent's transfer.
 */
export function enterGroup(context: Context, call: Call, workflow: Workflow, at: Date, welcome: boolean): void {
  passTo(context, call, workflow.id);
  const { holidaySets, businessHours } = context.state.configuration.objects;
  const holiday = holidayNow(workflow.holidaySetIds.flatMap((id) => holidaySets.get(id) ?? []), workflow.timeZone, at);
  if (holiday !== null) { context.turnAway(call, 'holiday', workflow.holidayAction, holiday.name); return; }
  const hours = workflow.businessHoursId === null ? undefined : businessHours.get(workflow.businessHoursId);
  if (hours !== undefined && !isOpen(hours, workflow.timeZone, at)) { context.turnAway(call, 'closed', workflow.closedAction, `outside ${hours.name}`); return; }
  if (welcome && workflow.welcome !== null) move(context, call, { state: 'welcoming', play: playPrompt(context, call, workflow.welcome) });
  else welcomed(context, call);
}

/** After the welcome: the default action. */
export function welcomed(context: Context, call: Call): void {
  const action = workflowOf(context.state, call)?.defaultAction;
  if (action === undefined) groupIsGone(context, call);
  else if (action.kind === 'queue') join(context, call, action.queueId);
  else ask(context, call, action.questionId);
}

/** Other people see the call from now on. */
export function passTo(context: Context, call: Call, workflowId: string): void {
  if (call.workflowId === workflowId) return;
  touchCall(context, call);
  if (call.workflowId !== null) context.state.workflows.get(call.workflowId)?.calls.delete(call);
  call.workflowId = workflowId;
  workflowState(context.state, workflowId).calls.add(call);
  touchCall(context, call);
}
