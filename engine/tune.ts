// What a call sounds like now: read from the core for whoever plays music on hold or speaks to an agent about it.
import { DEFAULTS } from '../storage/model/limits';
import { type Tune } from './calls/playing';
import { type PoolState, settingsOf, workflowOf } from './core/state';
import { type CallId } from './core/types';

/** The language and music of the call's workflow; where it has none, the pool's music, then that of the product. */
export function tuneOf(state: PoolState, callId: CallId): Tune {
  const call = state.calls.get(callId);
  const workflow = call === undefined ? null : workflowOf(state, call);
  return { language: workflow?.language ?? DEFAULTS.language, music: workflow?.music ?? settingsOf(state)?.defaultMusic ?? null };
}
