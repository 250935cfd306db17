// Choosing a person: from those who have written to the bot, or by directory object id.
import { type Choice } from '../../cards/views';
import { type Asking, type Services } from '../asking';

export const PEOPLE_OFFERED = 50;

/** Nobody to choose from is no fault: an id can always be typed. */
export async function knownPeople(services: Services): Promise<readonly Choice[]> {
  try {
    const people = await services.people.find('', PEOPLE_OFFERED);
    return people.filter((one) => one.name !== '').map((one) => ({ title: one.name, value: one._id }));
  } catch {
    return [];
  }
}

export interface ChosenPerson { readonly personId: string; readonly name: string }
export type Choosing = { readonly ok: true; readonly person: ChosenPerson | null } | { readonly ok: false; readonly message: string };

/** Who was chosen, typed, or neither. The name is the directory's where the person is known, else what was typed. */
export async function chosenPerson(services: Services, asking: Asking, sent: { readonly known: string; readonly personId: string; readonly name: string }): Promise<Choosing> {
  const typed = sent.personId.trim().toLowerCase();
  const known = sent.known.trim().toLowerCase();
  if (typed !== '' && known !== '' && typed !== known) return { ok: false, message: asking.say('error.twoPeople') };
  const personId = known === '' ? typed : known;
  if (personId === '') return { ok: true, person: null };
  const seen = await services.people.read(personId).catch(() => null);
  return { ok: true, person: { personId, name: seen?.name ?? sent.name.trim() } };
}
