// What another engine does first with a call it has taken over: it asks once more for what was asked for, by the same names, because the
// engine before may not have come to it. Whoever has done it already does nothing.
import { sayPlace } from './announcements';
import { type Call, type Leg } from './call';
import { type Context, decided, touchCall } from './context';
import { dialOutside, ringAgent, whyNotRung } from './dialling';
import { agentOfLeg, askForEnd, nameOfLeg } from './offers';
import { playCallBack, playMusic, playPromptAgain, playRingback } from './sounds';
import { workflowOf } from './state';
import { type LegOutcome, type OfferId } from './types';

/** Any state but `asking`, where the question is asked anew. */
export function askedForAgain(context: Context, call: Call): void {
  const { callId, phase } = call;
  const latest = `${callId}.p${call.plays}`;
  for (const leg of call.legs.values()) if (leg.phase === 'ending') askForEnd(context, call, leg, leg.cause ?? 'callerGone');
  touchCall(context, call);
  switch (phase.state) {
    case 'arriving':
      context.effects.push({ type: 'answer', callId });
      return;
    case 'welcoming':
      playPromptAgain(context, call, phase.play, workflowOf(context.state, call)?.welcome ?? null);
      return;
    case 'leaving':
      if (phase.outcome !== 'callBack') playPromptAgain(context, call, phase.play, phase.action.prompt);
      else if (!phase.play.started) playCallBack(context, call, phase.play.playId);
      return;
    case 'queued':
    case 'offering':
      if (phase.waiting.announcement === null) playMusic(context, call, latest);
      else if (!phase.waiting.announcement.started) sayPlace(context, call, phase, phase.waiting.announcement.playId);
      return;
    case 'forwarding':
      playRingback(context, call, latest);
      return;
    case 'connecting':
      context.effects.push({ type: 'connect', callId, offerId: phase.winner });
      return;
    case 'transferring':
      context.effects.push({ type: 'separate', callId });
      playMusic(context, call, latest);
      return;
    case 'returning':
      context.effects.push({ type: 'welcomeBack', callId, offerId: phase.leg });
      return;
    case 'ending':
      if (!phase.callerGone) context.effects.push({ type: 'endCallerLeg', callId });
      return;
    case 'asking':
    case 'talking':
    case 'promised':
    case 'calling':
  }
}

/** A leg that rang when the engine that rang it ended: nobody asked for its end, and nobody let it ring in vain. */
export function isLost(leg: Pick<Leg, 'phase'>, outcome: LegOutcome): boolean { return leg.phase === 'ringing' && outcome === 'withdrawn'; }

/** Rings anew whom a lost leg rang; null where that cannot be. The lost leg must be over. */
export function dialAgain(context: Context, call: Call, leg: Leg): OfferId | null {
  const { target, agentId } = leg;
  decided(context, call, 'dialAgain', `the ring of ${nameOfLeg(context.state, leg)} was lost with the engine before`);
  if (target !== null) return dialOutside(context, call, target.to, target.replaces);
  const agent = agentOfLeg(context.state, { agentId });
  return agent === undefined || whyNotRung(agent) !== null ? null : ringAgent(context, call, agent);
}
