// Runs the stories of test/fixtures/questions, actions and transfers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { flowStory, FlowStoryWorld } from './support/flow-story';
import { inWords } from './support/polite-world';

const FIXTURES = join(__dirname, '..', '..', 'fixtures');
const files = ['questions', 'actions', 'transfers'].flatMap((folder) => readdirSync(join(FIXTURES, folder)).filter((name) => name.endsWith('.yml')).map((name) => join(folder, name)));

test('there are stories', () => { expect(files.length).toBeGreaterThanOrEqual(3); });

describe.each(files)('%s', (file) => {
  const stories = z.array(flowStory).parse(parse(readFileSync(join(FIXTURES, file), 'utf8'), { merge: true }));
  test.each(stories.map((each) => [each.title, each] as const))('%s', (_title, given) => {
    const world = new FlowStoryWorld(given);
    const agentOf = (offerId: string): string => world.effects.flatMap((effect) => (effect.type === 'offer' && effect.offerId === offerId ? [effect.agentId] : []))[0] ?? offerId;
    for (const scene of given.story) {
      const effects = world.play(scene);
      const see = inWords(effects, agentOf).filter((words) => !words.endsWith(': answer'));
      expect({ at: scene.at, see }).toEqual({ at: scene.at, see: scene.see });
      if (scene.why !== undefined) expect(effects.flatMap((effect) => (effect.type === 'decided' ? [effect.reason] : []))).toEqual(scene.why);
      if (scene.record !== undefined) expect(effects.findLast(({ type }) => type === 'record')).toMatchObject({ record: scene.record });
    }
  });
});

test('a caller is transferred 16 times and no more', () => {
  const world = new FlowStoryWorld(flowStory.parse({ title: '', story: [{ at: 0, see: [] }] }));
  const play = (what: string): string[] => inWords(world.play({ at: world.nowMs / 1000 + 1, do: what, arrival: {}, see: [] }), (id) => id);
  play('c1 calls help');
  play('alice answers');
  for (let count = 1; count <= 16; count += 1) {
    const [from, to] = count % 2 === 1 ? ['alice', 'carla'] : ['carla', 'alice'];
    expect(play(`${from} transfers to ${to}`)).toContain(`t${count}: accepted`);
    expect(play(`${to} answers`)).toContain(`t${count}: 200`);
  }
  expect(play('alice transfers to carla')).toEqual(['t17: refused 403']);
  expect(play('alice transfers to sales')).toEqual(['t18: refused 403']);
});

test('a menu may be as deep as it likes, and a caller is asked 100 times at most', () => {
  const questions = Array.from({ length: 150 }, (_, index) => ({ id: `q${index}`, name: `Q${index}`, prompt: { text: `q${index}` }, answers: [{ name: 'on', key: '1', action: { kind: 'question', questionId: `q${index + 1}` } }] }));
  const world = new FlowStoryWorld(flowStory.parse({ title: '', workflow: { defaultAction: { kind: 'question', questionId: 'q0' }, questions }, story: [{ at: 0, see: [] }] }));
  const play = (what: string): string[] => inWords(world.play({ at: world.nowMs / 1000 + 1, do: what, arrival: {}, see: [] }), (id) => id);
  expect(play('c1 calls help')).toContain('c1: play "q0"');
  for (let depth = 1; depth < 100; depth += 1) expect(play('c1 presses 1')).toEqual([`c1: play "q${depth}"`]);
  expect(play('c1 presses 1')).toEqual(['c1: end caller', 'c1: noChoice by system']);
  const record = world.effects.flatMap((effect) => (effect.type === 'record' ? [effect.record] : []))[0];
  // All answers are kept, and the latest steps.
  expect([record?.answers?.length, record?.steps?.length, record?.steps?.at(-1)?.to]).toEqual([100, 50, 'question:q100']);
});
