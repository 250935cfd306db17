// Every call action after every reason: the rows and columns of test/fixtures/actions-matrix.yml.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { flowStory, FlowStoryWorld } from './support/flow-story';
import { inWords } from './support/polite-world';

const partial = z.record(z.string(), z.unknown());
const { reasons, targets } = z.strictObject({
  reasons: z.record(z.string(), z.strictObject({
    hours: partial.default({}), holidays: partial.default({}), workflow: partial.default({}), queue: partial.default({}), unregistered: z.array(z.string()).default([]), offDuty: z.array(z.string()).default([]),
    action: z.string(), story: z.array(z.tuple([z.number(), z.string()])).min(1), outcome: z.string(),
  })),
  targets: z.record(z.string(), z.strictObject({ only: z.array(z.string()).optional(), action: partial, see: z.array(z.string()) })),
}).parse(parse(readFileSync(join(__dirname, '..', '..', 'fixtures', 'actions-matrix.yml'), 'utf8')));
type Reason = (typeof reasons)[string];

const NOWHERE = { kind: 'disconnect' };
const question = (id: string, text: string, action: unknown, fallback: unknown) => ({ id, name: text, prompt: { text }, attempts: 1, fallback, answers: [{ name: 'One', key: '1', action }] });

/** The reason with that action in its place. */
function storyOf({ hours, holidays, workflow, queue, unregistered, offDuty, action: place, story }: Reason, action: object) {
  const [object = '', field = ''] = place.split('.');
  const asked = workflow['defaultAction'] === undefined ? {} : { questions: [question('main', 'First', field === 'answer' ? action : NOWHERE, field === 'fallback' ? action : null), question('second', 'Second', NOWHERE, null)] };
  return flowStory.parse({
    title: '', hours, holidays, unregistered, offDuty, workflow: { ...workflow, ...asked, ...(object === 'workflow' ? { [field]: action } : {}) }, queue: { ...queue, ...(object === 'queue' ? { [field]: action } : {}) },
    story: story.map(([at, what]) => ({ at, do: what, see: [] })),
  });
}

const rows = Object.entries(reasons).flatMap(([reason, given]) => Object.entries(targets).filter(([, { only }]) => only?.includes(reason) ?? true).flatMap(([target, { action, see }]) =>
  [null, 'Sorry'].map((message) => ({ title: `${reason}, ${message === null ? '' : 'with a message, '}then ${target}`, given, action, see, message }))));

test('there are rows', () => { expect(rows.length).toBeGreaterThan(100); });

test.each(rows.map((row) => [row.title, row] as const))('%s', (_title, { given, action, see, message }) => {
  const { story, ...rest } = storyOf(given, { ...action, prompt: message === null ? null : { text: message } });
  const world = new FlowStoryWorld({ ...rest, story });
  const agentOf = (offerId: string): string => world.effects.flatMap((effect) => (effect.type === 'offer' && effect.offerId === offerId ? [effect.agentId] : []))[0] ?? offerId;
  const ofCall = (words: readonly string[]): string[] => words.filter((one) => one.startsWith('c1: ') && !one.endsWith(': answer'));
  const scenes = story.map((scene) => ofCall(inWords(world.play(scene), agentOf)));
  const expected = see.map((words) => words.replace('{outcome}', given.outcome));
  if (message === null) { expect(scenes.at(-1)).toEqual(expected); return; }
  expect(scenes.at(-1)?.at(-1)).toBe(`c1: play "${message}"`);
  const after = { at: (story.at(-1)?.at ?? 0) + 3, do: 'wait', arrival: {}, see: [] };
  expect(ofCall(inWords(world.play(after), agentOf))).toEqual(expected);
});
