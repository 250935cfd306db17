// Wrong input in every field of every form: named beside the field with what is allowed, kept as it was typed, and nothing saved.
import { type z } from 'zod';
import { faultsOf } from '../../storage/administration/faults';
import { type Result } from '../../storage/administration/results';
import { VERB_SCHEMAS, VERBS, type Verb } from '../../storage/administration/verbs';
import { buttonOf, inputsOf, startBotWorld, textOf, type BotWorld, type CardJson } from '../support/bot-world';
import { everyCard } from '../support/every-card';

jest.setTimeout(600_000);

const HELP = 'group-help';
/** As much as a request may hold beside everything else. */
const HUGE = 'x'.repeat(200_000);
const WRONG: Readonly<Record<string, string>> = {
  empty: '', spaces: '   ', long: 'y'.repeat(5_000), huge: HUGE, words: 'neither a number nor an address', number: '-7', fraction: '1.5', control: 'a\u0000b\u0007c', tag: '<script>alert(1)</script>',
  markdown: '[x](https://evil.example) **b**', rightToLeft: '\u202eשלום', emoji: '👩‍💻'.repeat(3), expression: '${name} {{DATE(2026-01-01)}}',
};
/** Fields of free text, in which little is wrong. */
const LONGEST: readonly string[] = ['long', 'huge'];

interface Form { readonly verb: string; readonly data: Record<string, unknown>; readonly save: string; readonly card: CardJson }

let world: BotWorld;
beforeAll(async () => {
  world = await startBotWorld();
  await everyCard(world, 'en-GB');
  world.administration.away = false;
  // What a real storage says of each input before it looks at anything else.
  for (const verb of VERBS) world.administration.answers[verb] = ((input: unknown) => judged(verb, input));
}, 300_000);
afterAll(() => world.stop());

function judged(verb: Verb, input: unknown): Result {
  const parsed = (VERB_SCHEMAS[verb] as z.ZodType).safeParse(input);
  if (!parsed.success) return { ok: false, code: 'invalid', message: 'no', faults: faultsOf(parsed.error, input) };
  return { ok: true, value: { id: 'made', agentId: 'made', sipUser: 'made', domain: 'a.example', password: 'made' } as never, entryId: 'main:1', sequence: 1, warnings: [] };
}

/** Ids of the inputs that somebody types into. */
function typedInto(card: unknown): readonly string[] {
  if (Array.isArray(card)) return card.flatMap(typedInto);
  if (typeof card !== 'object' || card === null) return [];
  const { type, id } = card as CardJson;
  return [...(type === 'Input.Text' && typeof id === 'string' ? [id] : []), ...Object.values(card).flatMap(typedInto)];
}

const FORMS: readonly (readonly [string, string, Record<string, unknown>, string])[] = [
  ...(['businessHours', 'holidaySet', 'queue', 'agentGroup', 'trunk'] as const).map((kind) => [`new ${kind}`, 'object.new', { kind, groupId: '' }, 'object.save'] as const),
  ['question', 'object.edit', { kind: 'question', id: 'question-2', groupId: HELP }, 'object.save'],
  ['workflow', 'object.edit', { kind: 'workflow', id: HELP, groupId: HELP }, 'object.save'],
  ['settings', 'settings', {}, 'object.save'],
  ['contacts', 'object.edit', { kind: 'agent', id: 'agent-alice', groupId: '' }, 'object.save'],
  ['copy of a group', 'object.edit', { kind: 'workflowCopy', id: HELP, groupId: '' }, 'object.save'],
  ['copy of a trunk', 'object.edit', { kind: 'trunkCopy', id: 'trunk-carrier', groupId: '' }, 'object.save'],
  ['new group', 'group.new', {}, 'group.save'],
  ['group', 'group.edit', { groupId: HELP }, 'group.save'],
  ['new agent', 'agent.new', {}, 'agent.create'],
];

test.each(FORMS)('of the form of a %s', async (_what, verb, data, save) => {
  const open = async (): Promise<Form> => ({ verb, data, save, card: (await world.press('ada', verb, data)).card });
  const fields = typedInto((await open()).card);
  expect(fields.length).toBeGreaterThan(0);
  const never: string[] = [];
  for (const field of fields) {
    const refused: string[] = [];
    for (const [name, value] of Object.entries(WRONG)) {
      const { card } = await open();
      const before = world.administration.performed.length;
      const pressed = await world.press('ada', save, { ...buttonOf(card, save).data, ...inputsOf(card), ...rest(card), ...led(field), [field]: value });
      const text = textOf(pressed.card);
      // Never a defect, and never a form that nobody can read.
      expect([field, name, pressed.statusCode, text.includes('could not be read')]).toEqual([field, name, 200, false]);
      const made = world.administration.performed.slice(before);
      const saved = made.some((one) => judged(one.verb, one.input).ok);
      const shown = inputsOf(pressed.card);
      if (saved || !(field in shown)) continue;
      refused.push(name);
      expect([field, name, shown[field]?.trim()]).toEqual([field, name, value.trim()]);
      expect([field, name, /must|is no|names no|not an agent|needed|choose|be one of/.test(text)]).toEqual([field, name, true]);
    }
    if (!LONGEST.some((name) => refused.includes(name)) && !refused.includes('words')) never.push(field);
  }
  // Every field refuses something.
  expect(never).toEqual([]);
});

/** Where a call goes to a number, so that its value and its words count. */
function led(field: string): Record<string, string> {
  const base = /^(\w+)-(?:value|text)$/.exec(field)?.[1];
  return base === undefined ? {} : { [base]: 'number', [`${base}-value`]: '+441234567890' };
}

/** What a form must have before any one field can be judged by itself. */
function rest(card: CardJson): Record<string, string> {
  const inputs = inputsOf(card);
  const needed: Record<string, string> = { name: 'Desk', displayName: 'Desk', sipUser: 'desk', host: 'a.example' };
  return Object.fromEntries(Object.entries(needed).filter(([field]) => field in inputs && inputs[field] === ''));
}
