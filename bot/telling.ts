// Writes to a person in their own chat without being asked: only where they have written to the bot before.
import { wordsFor, type Say } from '../cards/words';
import { type Card } from '../cards/render';
import { type PeoplePort } from './asking';
import { type Chat, type Place } from './turn';

export interface TellingDeps {
  readonly people: Pick<PeoplePort, 'read'>;
  readonly chat: Pick<Chat, 'send'>;
}

export interface Told { readonly place: Place; readonly messageId: string; readonly say: Say; readonly locale: string }

/** Sends a card in the person's language. `null`: their chat is not known, or the channel gave no id. Rejects with what the database or the channel answered. */
export async function tell(deps: TellingDeps, personId: string, draw: (say: Say, locale: string) => Card): Promise<Told | null> {
  const person = await deps.people.read(personId);
  if (!person?.conversation) return null;
  const place: Place = { conversationId: conversationIdOf(person.conversation), personal: true, reference: person.conversation };
  const say = wordsFor(person.locale, person.timeZone ?? null);
  const messageId = await deps.chat.send(place, draw(say, person.locale));
  return messageId === null ? null : { place, messageId, say, locale: person.locale };
}

function conversationIdOf(reference: Readonly<Record<string, unknown>>): string {
  const { conversation } = reference as { readonly conversation?: { readonly id?: unknown } };
  return typeof conversation?.id === 'string' ? conversation.id : '';
}
