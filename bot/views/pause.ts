// What is said of pauses: the line on a card, the form, and the word to an agent whom somebody else paused. Pure.
import { Span } from '../../cards/formats';
import { render, type Card } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type Say } from '../../cards/words';
import { type Pause } from '../../storage/model/agent';
import { type Asking, type Shown } from '../asking';
import { button, clientTime, NO_NOTE, submitButton } from './common';

/** `Paused until 14:15: Lunch`, in words for the agent (`duty`) or for others (`team`). */
export function pauseText(say: Say, of: 'duty' | 'team', { reason, until }: Pick<Pause, 'reason' | 'until'>): string {
  const key = `${of}.paused${until === null ? '' : 'Until'}${reason === '' ? 'Plain' : ''}`;
  return say(key, { reason, until: until === null ? '' : clientTime(until) });
}

/** What a person may choose; empty: until it is taken back. */
const LENGTHS = [1, 5, 10, 15, 30, 45, 60, 120] as const;

/** `agentId` empty: one's own pause. `groupId`: the group whose agents are shown afterwards. */
export interface PauseOf { readonly agentId: string; readonly groupId: string; readonly name: string; readonly requestId: string }

export function pauseForm({ say, locale }: Pick<Asking, 'say' | 'locale'>, of: PauseOf, values = { minutes: '15', reason: '' }, told: Note = NO_NOTE): Shown {
  const { agentId, groupId, requestId } = of;
  return {
    card: render('pause', {
      note: told,
      titleText: agentId === '' ? say('pause.title') : say('pause.titleOf', { name: of.name }),
      values,
      lengths: [
        ...LENGTHS.map((minutes) => ({ value: String(minutes), title: say('pause.length', { time: new Span(minutes * 60) }) })),
        { value: 'open', title: say('pause.open') },
      ],
      actions: [
        submitButton(say, 'pauseNow', 'duty.pauseNow', { agentId, groupId, requestId }, 'positive'),
        agentId === '' ? button(say, 'cancel', 'duty') : button(say, 'cancel', 'team', { groupId }),
      ],
    }, locale),
  };
}

/** For the agent who was paused; `by`: the supervisor's name, null for unanswered calls. */
export function pausedCard(say: Say, locale: string, pause: Pick<Pause, 'reason' | 'until'>, by: string | null): Card {
  const details = [
    ...(by === null ? [say('pause.told.unansweredBody')] : []),
    ...(pause.reason === '' || by === null ? [] : [say('pause.told.reason', { reason: pause.reason })]),
    pause.until === null ? say('pause.told.open') : say('pause.told.until', { until: clientTime(pause.until) }),
  ];
  return render('notice', {
    tone: 'warning', titleText: by === null ? say('pause.told.unanswered') : say('pause.told.supervisor', { by }), bodyText: '', details: details.map((text) => ({ text })),
    actions: [button(say, 'resume', 'duty.resume', { agentId: '', groupId: '' }, 'positive'), button(say, 'duty', 'duty')],
  }, locale);
}

/** For an agent whom a supervisor did something else to. */
export function toldCard(say: Say, locale: string, what: 'resumed' | 'onDuty' | 'offDuty' | 'signedIn' | 'signedOut', by: string, group = ''): Card {
  return render('notice', { tone: 'accent', titleText: say(`pause.told.${what}`, { by, group }), bodyText: '', details: [], actions: [button(say, 'duty', 'duty')] }, locale);
}
