// The card of a call on an agent's phone: who calls which group, how long they waited, what they answered, and what became of it. Pure.
import { render, type Card } from '../../cards/render';
import { type Tone } from '../../cards/views';
import { type LiveCaller } from '../../storage/model/live';
import { type Asking } from '../asking';
import { button, callerText, clientTime, duration } from './common';

/**
 * What the call is to this agent. `elsewhere`: someone else took it. `missed`: this phone stopped ringing and the caller still waits.
 * `gone`: the caller left before anybody answered, or was sent elsewhere.
 */
export type CallState = 'ringing' | 'talking' | 'ended' | 'elsewhere' | 'missed' | 'gone';

export interface CallOnPhone {
  readonly groupId: string;
  readonly groupName: string;
  readonly caller: Pick<LiveCaller, 'callerName' | 'callerNumber' | 'answers' | 'priority'>;
  readonly state: CallState;
  /** Since when it is so. */
  readonly at: Date;
  /** How long the caller had waited when this phone rang, or until it was answered. */
  readonly waitedMs: number;
}

const TONES: Readonly<Record<CallState, Tone>> = { ringing: 'accent', talking: 'good', ended: 'emphasis', elsewhere: 'emphasis', missed: 'warning', gone: 'emphasis' };
/** A caller answers at most as many questions as fit a card that is read at a glance. */
const ANSWERS_SHOWN = 10;

export function callCard({ say, locale }: Pick<Asking, 'say' | 'locale'>, call: CallOnPhone): Card {
  const { caller } = call;
  return render('call', {
    tone: TONES[call.state],
    titleText: say('call.title', { group: call.groupName }),
    stateText: say(`call.state.${call.state}`, { when: clientTime(call.at) }),
    // The number stands below where there is a name.
    who: callerText(say, caller.callerName === '' ? caller : { ...caller, callerNumber: '' }),
    facts: [
      ...(caller.callerNumber !== '' && caller.callerName !== '' ? [{ title: say('call.number'), value: say('sentence', { sentence: caller.callerNumber }) }] : []),
      { title: say('call.waited'), value: duration(0, call.waitedMs) },
      ...(caller.priority === 3 ? [] : [{ title: say('call.priority'), value: String(caller.priority) }]),
    ],
    answered: caller.answers.length > 0,
    answers: caller.answers.slice(-ANSWERS_SHOWN).map(({ question, answer }) => ({ title: say('sentence', { sentence: question }), value: say('sentence', { sentence: answer }) })),
    actions: [button(say, 'live', 'live', { groupId: call.groupId }), ...(call.state === 'missed' ? [button(say, 'duty', 'duty')] : [])],
  }, locale);
}
