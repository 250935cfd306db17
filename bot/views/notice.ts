// Cards that say one thing: what was done, what went wrong, what is about to be done.
import { render } from '../../cards/render';
import { type Button, type Tone } from '../../cards/views';
import { type Refusal } from '../../storage/administration/results';
import { type Asking, type Shown } from '../asking';
import { button, escapedSentence, faultText } from './common';

/** Texts are from the catalogue; `details` stand one a line. */
export function notice(asking: Asking, tone: Tone, titleText: string, bodyText: string, actions: readonly Button[] = [], details: readonly string[] = []): Shown {
  return { card: render('notice', { tone, titleText, bodyText, actions, details: details.map((text) => ({ text })) }, asking.locale) };
}

/** Why there is nothing else to show; `again` tries the same once more. */
export function refused(asking: Asking, refusal: Pick<Refusal, 'code' | 'message' | 'faults'> | { readonly code: 'notFound' | 'notAllowed' | 'unavailable'; readonly message: string }, again: Button | null = null): Shown {
  const { say } = asking;
  const home = button(say, 'groups', 'groups');
  const faults = 'faults' in refusal ? refusal.faults : [];
  switch (refusal.code) {
    case 'unavailable': return notice(asking, 'attention', say('error.unavailableTitle'), say('error.unavailable'), [again ? { ...again, title: say('button.tryAgain') } : { ...home, title: say('button.tryAgain') }]);
    case 'notFound': return notice(asking, 'warning', say('error.notFoundTitle'), say('error.notFound'), [home]);
    case 'notAllowed': return notice(asking, 'warning', say('error.title'), say('error.notAllowed'), [home]);
    case 'alreadyDone': return notice(asking, 'accent', say('error.alreadyDone'), '', [home]);
    case 'invalid':
    case 'conflict':
    case 'stale':
      // Storage's own sentence repeats the faults in English; where each can be said by its rule, they alone are.
      return notice(asking, 'warning', say('error.title'), faults.length > 0 && faults.every((fault) => fault.rule !== undefined) ? say('error.refused') : escapedSentence(say, refusal.message), [home], faults.map((fault) => faultText(say, fault)));
  }
}
