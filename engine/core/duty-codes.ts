// Agents go on and off duty by dialling a code from their own phone: it holds at once, also while there is neither database nor chat.
import { DEFAULTS } from '../../storage/model/limits';
import { type AgentState } from './agent';
import { type Call } from './call';
import { dutyDialled } from './configuration';
import { type Context, touchAgent } from './context';
import { type PoolState, settingsOf } from './state';
import { type Arrival } from './types';

const SPOKEN = { on: 'You are on duty. Calls of your groups ring here.', off: 'You are off duty. No calls of your groups ring here.' } as const;

/** Whether the agent's own phone has dialled to go on duty or off it; null: it dialled something else, or is nobody's own. */
export function dutyDialledIn(state: PoolState, { agentId, dialledUser }: Arrival): boolean | null {
  if (agentId === null) return null;
  const { onDutyCode, offDutyCode } = settingsOf(state) ?? DEFAULTS;
  const dialled = dialledUser.toLowerCase();
  return dialled === onDutyCode ? true : dialled === offDutyCode ? false : null;
}

export function dialDuty(context: Context, agent: AgentState, onDuty: boolean, { callId }: Arrival): void {
  agent.dialled = { onDuty, at: context.now.civil, requestId: callId };
  dutyDialled(context, agent, onDuty);
  askForDuty(context, agent);
}

/** Asks that what was dialled be written, if that is not known to be done. */
export function askForDuty({ effects }: Context, { agentId, dialled }: AgentState): void {
  if (dialled !== null) effects.push({ type: 'setDuty', agentId, onDuty: dialled.onDuty, dialledAt: dialled.at, requestId: dialled.requestId });
}

/** It is written, or never will be. */
export function dutyWritten(context: Context, agent: AgentState | undefined, requestId: string): void {
  if (agent === undefined || agent.dialled?.requestId !== requestId) return;
  agent.dialled = null;
  touchAgent(context, agent);
}

/** The agent hears what holds now, and the call ends. */
export function confirmDuty(context: Context, call: Call, onDuty: boolean): void {
  context.turnAway(call, 'dutyCode', { kind: 'disconnect', prompt: { text: onDuty ? SPOKEN.on : SPOKEN.off, audio: null } }, `the agent dialled to go ${onDuty ? 'on' : 'off'} duty`);
}
