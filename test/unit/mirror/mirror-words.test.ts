// What the command line says of a mirror, in each state it can be in.
import { mirrorWords } from '../../../storage/mirror/mirror-words';
import { readMirrorSettings } from '../../../storage/mirror/settings';
import { type MirrorHeard, type MirrorState } from '../../../storage/model/mirror';

const at = new Date('2026-03-01T12:00:00Z');
const before = (seconds: number): Date => new Date(at.getTime() - seconds * 1_000);
const heard = (more: Partial<MirrorHeard> = {}): MirrorHeard => ({ at: before(1), sourceAt: before(2), head: 9, waitingSince: null, state: 'follows', ...more });
const words = (more: Partial<MirrorState>): string => mirrorWords({ pool: 'east', at, mirror: { _id: 'east', position: { sequence: 9, token: 't' }, madeAt: null, copies: 0, takeAnew: false, lateAudio: [], heard: heard(), ...more } }).join('\n');

test.each([
  ['all has come', {}, 'Pool east is mirrored here, up to change 9.\n  All of it has come. Heard from 1 s ago.'],
  ['never heard from', { heard: null }, 'not been heard from yet'],
  ['behind', { heard: heard({ head: 12, waitingSince: before(5) }) }, '3 changes, the oldest made 3 s before that. Heard'],
  ['one behind', { heard: heard({ head: 10 }) }, 'Not come yet: one change. Heard'],
  ['silent', { heard: heard({ at: before(180) }) }, '! NOT heard from for 3 min: what was changed there since is not here.\n  When it was heard from last: All of it has come.'],
  ['forgotten', { heard: heard({ head: 0, state: 'otherHistory' }) }, 'response-group pair --take-anew east'],
  ['copied', { copies: 2 }, 'in full: 2 times.'],
  ['to be copied', { takeAnew: true }, 'is to be copied as it is now'],
  ['late sounds', { lateAudio: [{ audioId: 'a', fileName: 'music.wav', durationMs: 1, since: before(8_000) }] }, '! a sound has not come yet: music.wav, for 2 h'],
] satisfies [string, Partial<MirrorState>, string][])('%s', (_title, more, expected) => {
  expect(words(more)).toContain(expected);
});

test('A mirror of its own pool is refused, and what is missing is named', () => {
  const env = { MONGODB_URI: 'mongodb://here/', PARTNER_MONGODB_URI: 'mongodb://there/', POOL: 'east' };
  expect(() => readMirrorSettings({ ...env, PARTNER_POOL: 'east' })).toThrow(/PARTNER_POOL \("east"\): must name another pool than POOL/);
  expect(() => readMirrorSettings({ POOL: 'east' })).toThrow(/MONGODB_URI[^]*PARTNER_POOL[^]*PARTNER_MONGODB_URI/);
  expect(readMirrorSettings({ ...env, PARTNER_POOL: 'west' })).toMatchObject({ POOL: 'east', PARTNER_POOL: 'west', MIRROR_HEALTH_PORT: 9029 });
});
