// How many threads carry RTP: what the environment says, else what the machine has.
import { EDGE_VARIABLES, withDefaults } from '../../../engine/edge/settings';
import { readEnvironment } from '../../../storage/process/environment';

const threads = (typed: string | undefined, processors = 2): number => withDefaults(readEnvironment(EDGE_VARIABLES, { DRACHTIO_SECRET: 's', MEDIA_THREADS: typed }), processors).MEDIA_THREADS;

test.each([[1, 1], [2, 1], [3, 1], [4, 2], [8, 4], [64, 4]])('%i processors: %i threads', (processors, expected) => {
  expect(threads(undefined, processors)).toBe(expected);
  expect(threads('', processors)).toBe(expected);
});

test.each([['0', 0], ['3', 3], ['16', 16]])('MEDIA_THREADS=%s: %i, whatever the machine has', (typed, expected) => {
  expect(threads(typed)).toBe(expected);
});

test.each(['-1', '17', '1.5', 'many'])('MEDIA_THREADS=%s: refused, with what is allowed', (typed) => {
  expect(() => threads(typed)).toThrow(`MEDIA_THREADS ("${typed}"): must be a whole number from 0 to 16`);
});
