// The people of the switcher: who may be played on the local page, read from a JSON file.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const Person = z.object({
  /** The directory object id that the bot will see as `from.aadObjectId`. */
  personId: z.string().min(1).max(128),
  name: z.string().min(1).max(128),
  /** Shown in the switcher only: “administrator”, “manager of Help Desk”. Never sent to the bot. */
  role: z.string().max(128).default(''),
  locale: z.string().regex(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, 'is not a language tag').default('en-US'),
});
export type Person = z.output<typeof Person>;

const People = z.array(Person).min(1, 'names nobody').superRefine((people, context) => {
  const seen = new Set<string>();
  for (const { personId } of people) {
    if (seen.has(personId)) context.addIssue({ code: 'custom', message: `names ${personId} twice` });
    seen.add(personId);
  }
});

/** The file of people cannot be used; the message names the file and what is wrong with it. */
export class PeopleFault extends Error {
  readonly code = 'PEOPLE';
  constructor(path: string, reason: string, cause?: unknown) {
    super(`LOCAL_TEAMS_PEOPLE (${path}) cannot be used: ${reason}.`, { cause });
    this.name = 'PeopleFault';
  }
}

/** @throws PeopleFault */
export function readPeople(path: string): readonly Person[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (fault) {
    throw new PeopleFault(path, 'the file cannot be read', fault);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (fault) {
    throw new PeopleFault(path, 'it is not JSON', fault);
  }
  const parsed = People.safeParse(json);
  if (!parsed.success) {
    throw new PeopleFault(path, parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'} ${issue.message}`).join('; '));
  }
  return Object.freeze(parsed.data);
}
