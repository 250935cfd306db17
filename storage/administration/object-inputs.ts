// What each object by itself may be given: every field that a person sets, under the name it has in the model.
import { z } from 'zod';
import { agentGroup } from '../model/agent-group';
import { callAction } from '../model/call-action';
import { displayName, id, key, sipUser, telephoneNumber, text } from '../model/fields';
import { language } from '../model/languages';
import { LIMITS } from '../model/limits';
import { numberPolicy } from '../model/number-policy';
import { audioFile, prompt } from '../model/prompt';
import { queue } from '../model/queue';
import { businessHours, holidaySet } from '../model/schedule';
import { poolSettings } from '../model/settings';
import { trunk } from '../model/trunk';
import { manager, workflow } from '../model/workflow';
import { number, numberOrNone, orNone, yesOrNo } from './typed';
import { schemaRule } from '../model/rules';

// Fields come without the model's defaults: in a change, a field that was left out must stay left out.

export const managers = z.array(manager).max(64, schemaRule('tooMany', { max: 64 }, 'must have at most 64 managers'))
  .refine((listed) => new Set(listed.map((one) => one.personId)).size === listed.length, schemaRule('twice', {}, 'must name each manager once'));

export const workflowShape = {
  displayName,
  description: text(LIMITS.descriptionLength),
  sipUser,
  telephoneNumber: orNone(telephoneNumber),
  displayNumber: text(LIMITS.displayNumberLength),
  language,
  timeZone: workflow.shape.timeZone.removeDefault(),
  active: yesOrNo,
  agentAnonymity: yesOrNo,
  federation: yesOrNo,
  managed: yesOrNo,
  managers,
  managerPermissions: workflow.shape.managerPermissions.removeDefault(),
  welcome: prompt.nullable(),
  music: audioFile.nullable(),
  businessHoursId: orNone(id),
  closedAction: callAction,
  holidaySetIds: workflow.shape.holidaySetIds.removeDefault(),
  holidayAction: callAction,
  priority: number(LIMITS.priority),
  defaultAction: workflow.shape.defaultAction,
  questions: workflow.shape.questions.removeDefault(),
};

export const queueShape = {
  name: displayName,
  agentGroupIds: queue.shape.agentGroupIds,
  timeoutSeconds: numberOrNone(LIMITS.queueTimeoutSeconds, ' seconds'),
  timeoutAction: callAction,
  overflowThreshold: numberOrNone(LIMITS.overflowThreshold, ' waiting callers'),
  overflowCandidate: queue.shape.overflowCandidate.removeDefault(),
  overflowAction: callAction,
  noAgentsAction: callAction.nullable(),
  announceSeconds: numberOrNone(LIMITS.announceSeconds, ' seconds'),
  leaveKey: orNone(key),
  leaveAction: callAction,
  callBackKey: orNone(key),
};

export const agentGroupShape = {
  name: displayName,
  participation: agentGroup.shape.participation.removeDefault(),
  alertTimeSeconds: number(LIMITS.alertTimeSeconds, ' seconds'),
  routingMethod: agentGroup.shape.routingMethod.removeDefault(),
  wrapUpSeconds: number(LIMITS.wrapUpSeconds, ' seconds'),
  autoPauseAfter: numberOrNone(LIMITS.autoPauseAfter, ' unanswered offers'),
  /** In the order in which they stand in the group. */
  agentIds: agentGroup.shape.agentIds,
};

const day = businessHours.shape.monday.removeDefault();
export const businessHoursShape = { name: displayName, monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: day, sunday: day };

export const holidaySetShape = { name: displayName, holidays: holidaySet.shape.holidays };

export const trunkShape = {
  name: displayName,
  enabled: yesOrNo,
  host: trunk.shape.host,
  port: number(LIMITS.port),
  transport: trunk.shape.transport.removeDefault(),
  outgoing: yesOrNo,
  order: number(LIMITS.trunkOrder),
  username: orNone(trunk.shape.username.removeDefault().unwrap()),
  /** Empty: none. Left out of a change: as it was. */
  password: orNone(trunk.shape.password.removeDefault().unwrap()),
  register: yesOrNo,
  fromDomain: orNone(trunk.shape.fromDomain.removeDefault().unwrap()),
  identityNumber: orNone(telephoneNumber),
  checkSeconds: numberOrNone(LIMITS.trunkCheckSeconds, ' seconds'),
  sources: trunk.shape.sources.removeDefault(),
  federated: yesOrNo,
};

export const settingsShape = {
  gracePeriodSeconds: number(LIMITS.gracePeriodSeconds, ' seconds'),
  callContextShown: yesOrNo,
  defaultMusic: audioFile.nullable(),
  pickupCode: poolSettings.shape.pickupCode.removeDefault(),
  onDutyCode: poolSettings.shape.onDutyCode.removeDefault(),
  offDutyCode: poolSettings.shape.offDutyCode.removeDefault(),
  /** Always whole, so that nothing of it falls back to a default unseen. */
  numberPolicy: z.strictObject({
    allowedPrefixes: numberPolicy.shape.allowedPrefixes.removeDefault(),
    allowedDomains: numberPolicy.shape.allowedDomains.removeDefault(),
    emergencyNumbers: numberPolicy.shape.emergencyNumbers.removeDefault(),
  }),
};
