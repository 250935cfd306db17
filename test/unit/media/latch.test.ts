// From where a party is believed to send, in virtual time: each row is who sends when, and whether they are let in.
import fc from 'fast-check';
import { Latch } from '../../../engine/edge/media/latch';

const ANNOUNCED = { address: '10.0.0.1', port: 4000 };
type Sender = 'announced' | 'stranger' | 'other';
const FROM: Readonly<Record<Sender, readonly [string, number]>> = { announced: ['10.0.0.1', 4000], stranger: ['192.0.2.7', 9000], other: ['10.0.0.1', 5000] };

function run(steps: ReadonlyArray<readonly [number, Sender]>, asAnnouncedOnly = false): boolean[] {
  const latch = new Latch();
  latch.announce(ANNOUNCED, asAnnouncedOnly);
  return steps.map(([atMs, sender]) => latch.accepts(...FROM[sender], atMs));
}

test.each<readonly [string, ReadonlyArray<readonly [number, Sender, boolean]>]>([
  ['the announced address is believed at once', [[0, 'announced', true], [20, 'announced', true]]],
  ['after the announced address nobody else is ever believed', [[0, 'announced', true], [20, 'stranger', false], [60_000, 'stranger', false], [60_020, 'announced', true]]],
  ['one stranger alone is believed after 300 ms', [[0, 'stranger', false], [299, 'stranger', false], [300, 'stranger', true], [320, 'stranger', true]]],
  ['a believed stranger is not replaced by another', [[0, 'stranger', false], [300, 'stranger', true], [301, 'other', false], [9_000, 'other', false]]],
  ['the announced address still takes over within 3 s', [[0, 'stranger', false], [300, 'stranger', true], [3_200, 'announced', true], [3_201, 'stranger', false]]],
  ['but not later', [[0, 'stranger', false], [300, 'stranger', true], [3_301, 'announced', false], [3_302, 'stranger', true]]],
  ['of two strangers who both go on, none is believed at first', [[0, 'stranger', false], [10, 'other', false], [200, 'stranger', false], [210, 'other', false], [400, 'stranger', false], [401, 'other', false]]],
  ['of two strangers, the one who is left is believed', [[0, 'stranger', false], [10, 'other', false], [200, 'other', false], [400, 'other', true]]],
  ['of two strangers who never stop, the first is believed after 3 s', [...Array.from({ length: 30 }, (_, index) => [[index * 100, 'stranger', false], [index * 100 + 1, 'other', false]] as const).flat(), [3_000, 'stranger', true], [3_001, 'other', false]]],
])('%s', (_what, steps) => {
  expect(run(steps.map(([atMs, sender]) => [atMs, sender] as const))).toEqual(steps.map(([, , believed]) => believed));
});

test('where nothing translates addresses, only the announced one is ever believed', () => {
  expect(run([[0, 'stranger'], [5_000, 'stranger'], [5_001, 'other'], [5_002, 'announced'], [5_003, 'stranger']], true)).toEqual([false, false, false, true, false]);
});

test('the same address announced again changes nothing; another one starts afresh', () => {
  const latch = new Latch();
  latch.announce(ANNOUNCED);
  expect(latch.accepts(...FROM.announced, 0)).toBe(true);
  latch.announce({ ...ANNOUNCED });
  expect(latch.locked).toEqual(ANNOUNCED);
  latch.announce({ address: '10.0.0.1', port: 5000 });
  expect(latch.locked).toBeNull();
  expect(latch.destination).toEqual({ address: '10.0.0.1', port: 5000 });
  expect(latch.accepts(...FROM.other, 10)).toBe(true);
});

test('nobody is believed while nobody is expected', () => {
  const latch = new Latch();
  expect(latch.accepts(...FROM.announced, 0)).toBe(false);
  latch.announce(null);
  expect(latch.accepts(...FROM.stranger, 5_000)).toBe(false);
  expect(latch.destination).toBeNull();
});

test('whoever sends, at most one sender is believed at a time, and the announced one for good', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 800 }), fc.constantFrom<Sender>('announced', 'stranger', 'other'));
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const latch = new Latch();
    latch.announce(ANNOUNCED);
    let nowMs = 0;
    let holder: Sender | null = null;
    for (const [laterMs, sender] of steps) {
      nowMs += laterMs;
      if (!latch.accepts(...FROM[sender], nowMs)) continue;
      if (holder !== null && holder !== sender) expect(sender).toBe('announced');
      if (holder === 'announced') expect(sender).toBe('announced');
      holder = sender;
    }
  }));
});

test('when another stands here, what the one before goes on to send is never believed, however long it is alone', () => {
  const latch = new Latch();
  latch.announce({ address: '10.0.0.1', port: 4000 });
  for (let atMs = 0; atMs <= 400; atMs += 20) latch.accepts('203.0.113.7', 5000, atMs);
  expect(latch.locked).toEqual({ address: '203.0.113.7', port: 5000 });
  latch.expectAnother();
  latch.announce({ address: '10.0.0.2', port: 4000 });
  for (let atMs = 400; atMs <= 8_000; atMs += 20) expect(latch.accepts('203.0.113.7', 5000, atMs)).toBe(false);
  expect(latch.destination).toEqual({ address: '10.0.0.2', port: 4000 });
  for (let atMs = 8_000; atMs <= 8_400; atMs += 20) latch.accepts('203.0.113.8', 5000, atMs);
  expect(latch.locked).toEqual({ address: '203.0.113.8', port: 5000 });
  // The one before comes back.
  latch.expectAnother();
  latch.announce({ address: '10.0.0.1', port: 4000 });
  for (let atMs = 8_400; atMs <= 8_800; atMs += 20) latch.accepts('203.0.113.7', 5000, atMs);
  expect(latch.locked).toEqual({ address: '203.0.113.7', port: 5000 });
});
