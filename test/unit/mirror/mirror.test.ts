// A mirror among random changes, cuts and deaths: what is there is always what the source was at one moment, each change came once and in order, and in the end all of it.
import fc from 'fast-check';
import { audioNamedIn } from '../../../storage/mirror/audio-named';
import { resumption, step, type Step } from '../../../storage/mirror/mirror';
import { BEFORE_ALL } from '../../../storage/model/mirror';
import { type StoredChange } from '../../../storage/stored';
import { Fate, MemoryReceiver, MemorySource, plain, type Death } from './support/memory-ends';

const entry = (sequence: number, token = `t${sequence}`): StoredChange => ({ sequence, token }) as StoredChange;
const at = (sequence: number, token = `t${sequence}`) => ({ sequence, token });

test.each([
  ['goes on after the last entry seen', at(3), 5, [entry(3), entry(4), entry(5)], 'continues', [4, 5]],
  ['has nothing new', at(5), 5, [entry(5)], 'continues', []],
  ['begins at the beginning', BEFORE_ALL, 2, [entry(1), entry(2)], 'continues', [1, 2]],
  ['finds nothing at all', BEFORE_ALL, 0, [], 'continues', []],
  ['has nothing new, and a log that was cut behind what was seen', at(5), 5, [], 'continues', []],
  ['finds a log that begins later', at(3), 9, [entry(7), entry(8), entry(9)], 'tooShort', null],
  ['finds a log whose first entries were cut before it ever looked', BEFORE_ALL, 9, [entry(8), entry(9)], 'tooShort', null],
  ['finds a log of which nothing is left', at(3), 9, [], 'tooShort', null],
  ['finds another entry of the same number', at(3), 5, [entry(3, 'other'), entry(4), entry(5)], 'otherHistory', null],
  ['finds a source that counts less', at(3), 2, [], 'otherHistory', null],
  ['finds a source that is empty', at(3), 0, [], 'otherHistory', null],
])('A mirror that %s', (_title, from, head, entries, kind, numbers) => {
  const found = resumption(from, { head, entries });
  expect(found.kind).toBe(kind);
  if (found.kind === 'continues') expect(found.entries.map(({ sequence }) => sequence)).toEqual(numbers);
});

const death: fc.Arbitrary<Death> = fc.constantFrom<Death[]>(null, null, null, 'before', 'after');
const fates = fc.array(fc.record({ death, turns: fc.nat(3) }), { maxLength: 5 });
const acts = fc.array(fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constant('change' as const), id: fc.constantFrom('a', 'b', 'c', 'd'), sound: fc.option(fc.nat(7)), isRemoved: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('step' as const), receivers: fc.integer({ min: 1, max: 2 }), source: fates, receiver: fates, brings: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('part' as const), id: fc.constantFrom('a', 'b', 'c', 'd'), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('trim' as const), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restore' as const), count: fc.nat(4) }) },
), { minLength: 1, maxLength: 60, size: 'max' });

test('Whatever is changed, cut, restored or dies, in whatever order', async () => {
  const seen = new Set<string>();
  await fc.assert(fc.asyncProperty(acts, async (given) => {
    const source = new MemorySource();
    const receiver = new MemoryReceiver();
    const bring = async (audioIds: readonly string[]): Promise<void> => {
      for (const audioId of audioIds) if (await source.audio(audioId)) await receiver.keepAudio(audioId);
    };
    const holds = (): void => {
      // One moment of the source, whichever history that moment is of.
      expect(plain(receiver.configuration)).toBe(source.states.get(receiver.at.token));
      for (const { audioId } of audioNamedIn([...receiver.configuration.objects.queues.values()])) expect(receiver.kept.has(audioId) || receiver.late.has(audioId)).toBe(true);
      receiver.applied.forEach((one, i) => {
        const before = receiver.applied[i - 1];
        if (one !== 'whole' && before !== 'whole') expect(one.sequence).toBe((before?.sequence ?? 0) + 1);
      });
      expect(new Set(receiver.applied.filter((one) => one !== 'whole').map(({ token }) => token)).size).toBe(receiver.applied.filter((one) => one !== 'whole').length);
    };
    for (const one of given) {
      // Nobody changes anything else between the parts of one thing.
      if (source.isHeld && one.act !== 'step' && one.act !== 'part') continue;
      if (one.act === 'part') source.part(one.id, one.count);
      else if (one.act === 'change') source.change(one.id, one.sound, one.isRemoved);
      else if (one.act === 'trim') source.trim(one.count);
      else if (one.act === 'restore') source.restore(one.count);
      else {
        source.fate = new Fate([...one.source]);
        receiver.fate = new Fate([...one.receiver]);
        const steps = Array.from({ length: one.receivers }, () => step({ source, receiver, bring: one.brings ? bring : () => Promise.resolve() }));
        for (const done of await Promise.allSettled(steps)) seen.add(done.status === 'fulfilled' ? done.value.kind : (done.reason as Error).message);
      }
      holds();
    }
    source.fate = new Fate();
    receiver.fate = new Fate();
    while (source.isHeld) source.part('a', 1);
    const behind = plain(receiver.configuration);
    let last: Step['kind'];
    do last = (await step({ source, receiver, bring })).kind; while (last !== 'idle' && last !== 'otherHistory');
    if (last === 'otherHistory') {
      // What was mirrored may be the last good copy: nothing of it is touched until somebody says so.
      expect(plain(receiver.configuration)).toBe(behind);
      receiver.takeAnew = true;
      do last = (await step({ source, receiver, bring })).kind; while (last !== 'idle');
    }
    holds();
    expect(plain(receiver.configuration)).toBe(plain(source.configuration));
    await bring([...receiver.late.keys()]);
    expect(receiver.late.size).toBe(0);
  }), { numRuns: 100 });
  // A property that never meets what it is about shows nothing.
  expect([...seen].sort()).toEqual(['applied', 'copied', 'died after', 'died before', 'idle', 'otherHistory', 'overtaken']);
});

test('Sounds are found wherever an object names them, each once', () => {
  const sound = (n: number) => ({ audioId: String(n).repeat(64).slice(0, 64), fileName: `${n}.wav`, durationMs: 5 });
  expect(audioNamedIn([{ music: sound(1), welcome: { text: '', audio: sound(2) }, questions: [{ answers: [{ action: { prompt: { audio: sound(1) } } }] }], at: new Date() }, null])).toEqual([sound(1), sound(2)]);
});
