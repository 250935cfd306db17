// What the caller hears: asks for prompts and music, and matches what comes back with what was asked for.
import { DEFAULTS } from '../../storage/model/limits';
import { type Prompt } from '../../storage/model/prompt';
import { type Call, type Play } from './call';
import { type Context } from './context';
import { PLAY_MUST_START_MS } from './phases';
import { settingsOf, workflowOf } from './state';

/** Names the next sound of a call. */
export function nextPlayId(call: Call): string {
  call.plays += 1;
  return `${call.callId}.p${call.plays}`;
}

/** Asks for a prompt in the workflow's language. Until it starts, its deadline is that for starting. */
export function playPrompt(context: Context, call: Call, prompt: Prompt): Play {
  const playId = nextPlayId(call);
  context.effects.push({ type: 'play', callId: call.callId, playId, sound: { kind: 'prompt', prompt, language: languageOf(context, call) }, repeat: false });
  return { playId, started: false, endsAtMs: context.now.monotonicMs + PLAY_MUST_START_MS, originalMs: PLAY_MUST_START_MS };
}

/** Says that the caller will be called back. */
export function playCallBack(context: Context, call: Call, playId = nextPlayId(call)): Play {
  context.effects.push({ type: 'play', callId: call.callId, playId, sound: { kind: 'callBack', promised: true, language: languageOf(context, call) }, repeat: false });
  return { playId, started: false, endsAtMs: context.now.monotonicMs + PLAY_MUST_START_MS, originalMs: PLAY_MUST_START_MS };
}

/** Asks once more for a prompt that was asked for and has not begun. */
export function playPromptAgain(context: Context, call: Call, { playId, started }: Play, prompt: Prompt | null): void {
  if (!started && prompt !== null) context.effects.push({ type: 'play', callId: call.callId, playId, sound: { kind: 'prompt', prompt, language: languageOf(context, call) }, repeat: false });
}

/** The prompt began: it is over after its duration. A sound that claims to repeat for ever counts as not begun. */
export function startedPlay(context: Context, play: Play, durationMs: number | null): Play {
  if (durationMs === null || !Number.isFinite(durationMs) || play.started) return play;
  const originalMs = Math.max(0, durationMs);
  return { playId: play.playId, started: true, endsAtMs: context.now.monotonicMs + originalMs, originalMs };
}

/** Asks for music, for callers who wait; it plays on through rings. The workflow's, else the pool's, else the product's. */
export function playMusic(context: Context, call: Call, playId = nextPlayId(call)): void {
  const audio = workflowOf(context.state, call)?.music ?? settingsOf(context.state)?.defaultMusic ?? null;
  context.effects.push({ type: 'play', callId: call.callId, playId, sound: { kind: 'music', audio }, repeat: true });
}

/** Asks for the tone of a phone that rings elsewhere. */
export function playRingback(context: Context, call: Call, playId = nextPlayId(call)): void {
  context.effects.push({ type: 'play', callId: call.callId, playId, sound: { kind: 'ringback' }, repeat: true });
}

/** The language this caller is spoken to in. */
export function languageOf(context: Context, call: Call): string { return workflowOf(context.state, call)?.language ?? DEFAULTS.language; }
