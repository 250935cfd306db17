// Letting somebody hear what callers will: the engine's own voice says the words.
import { type Asking, type Services } from '../asking';
import { HEAR_WAIT_MS } from './groups';
import { within } from './within';

/** Where the words can be heard, or the key of what is told instead. */
export type Heard = { readonly ok: true; readonly url: string } | { readonly ok: false; readonly key: string; readonly tone: 'warning' | 'attention' };

export async function hearWords(services: Services, asking: Asking, words: string, language: string): Promise<Heard> {
  const not = (key: string, tone: 'warning' | 'attention' = 'warning'): Heard => ({ ok: false, key, tone });
  const text = words.trim();
  if (text === '') return not('groupForm.heardNothing');
  const outcome = await within(HEAR_WAIT_MS, services.administration.ask(asking.acting, { kind: 'renderPrompt', text, language }));
  if (outcome === 'late') return not('groupForm.heardLate');
  if (!outcome.ok) return outcome.code === 'unavailable' ? not('error.unavailableForm', 'attention') : not('error.notAllowed', 'attention');
  if (outcome.value.kind === 'expired') return not('groupForm.heardLate');
  if (outcome.value.kind === 'refused') return not(outcome.value.reason === 'cannotRender' ? 'groupForm.heardCannot' : 'groupForm.heardUnavailable');
  return outcome.value.audioId === undefined ? not('groupForm.heardUnavailable') : { ok: true, url: services.audioUrl(outcome.value.audioId) };
}
