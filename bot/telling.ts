// Writes to a person in their own chat without being asked: only where they have written to the bot before.
import { wordsFor, type Say } from '../cards/words';
import { type Card } from '../cards/render';
import { type PeoplePort } from './asking';
import { type Chat, type Place } from './turn';

export interface TellingDeps {
  readonly people: Pick<PeoplePort, 'read'>;
  readonly chat: Pick<Chat, 'send'>;
}

/** Where and how somebody is written to. */
export interface Reached { readonly place: Place; readonly locale: string; readonly timeZone: string | null }
export interface Told extends Reached { readonly messageId: string }

/** Sends a card in the person's language. `null`: their chat is not known, or the channel gave no id. Rejects with what the database or the channel answered. */
export async function tell(deps: TellingDeps, personId: string, draw: (say: Say, locale: string) => Card): Promise<Told | null> {
  const reached = await reach(deps, personId);
  if (reached === null) return null;
  const messageId = await deps.chat.send(reached.place, draw(wordsOf(reached), reached.locale));
  return messageId === null ? null : { ...reached, messageId };
}

/** `null`: their chat is not known. Rejects with what the database answered. */
export async function reach({ people }: Pick<TellingDeps, 'people'>, personId: string): Promise<Reached | null> {
  const person = await people.read(personId);
  if (!person?.conversation) return null;
  return { place: { conversationId: conversationIdOf(person.conversation), personal: true, reference: person.conversation }, locale: person.locale, timeZone: person.timeZone ?? null };
}

export const wordsOf = ({ locale, timeZone }: Pick<Reached, 'locale' | 'timeZone'>): Say => wordsFor(locale, timeZone);

function conversationIdOf(reference: Readonly<Record<string, unknown>>): string {
  const { conversation } = reference as { readonly conversation?: { readonly id?: unknown } };
  return typeof conversation?.id === 'string' ? conversation.id : '';
}
