// What earlier releases journalled is gone on with by this one; and what a later one adds does not keep this one from going on.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { recordOfLeftover, wholeBodyOf } from '../../../engine/continuity/documents';
import { type CallState } from '../../../engine/core/call';
import { agentJournal, journalCall, restoreAgent, restoreCall } from '../../../engine/core/journal';
import { createState } from '../../../engine/core/step';
import { type Now } from '../../../engine/core/types';
import { mediaKept } from '../../../engine/media/kept';
import { fromExtendedJson } from '../../../storage/extended-json';
import { type JournalEntry } from '../../../storage/journal';
import { ROOT } from '../../../storage/process/root';

interface Release { readonly release: string; readonly calls: Readonly<Record<string, JournalEntry>>; readonly agents: readonly JournalEntry[] }

const FOLDER = join(ROOT, 'test', 'fixtures', 'journal');
const RELEASES = readdirSync(FOLDER).filter((name) => name.endsWith('.json')).map((name) => fromExtendedJson(readFileSync(join(FOLDER, name), 'utf8')) as Release);
const CALLS = RELEASES.flatMap(({ release, calls }) => Object.entries(calls).map(([state, entry]): [string, CallState, JournalEntry] => [release, state as CallState, entry]));

/** Objects whose keys are data: of these a later release has no more fields than this one. */
const MAPS = new Set(['dialogs', 'refers', 'turns']);

/** The same with a field more in every object. */
function withMore(value: unknown, more: Readonly<Record<string, unknown>>, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => withMore(each, more));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, withMore(field, more, key)]);
  return { ...(MAPS.has(name) ? {} : more), ...Object.fromEntries(fields) };
}

/** All that is made of an entry. */
function read(entry: JournalEntry) {
  const { media, ...body } = wholeBodyOf(entry) ?? { media: null };
  return { body, media: media === null ? null : mediaKept.parse(media) };
}

test('there are releases to go on from', () => { expect(RELEASES.map(({ release }) => release)).toContain('0.1.0'); });

describe.each(CALLS)('release %s, a call that was %s', (_release, state, entry) => {
  test('is restored in that state with its legs, and can be written again', () => {
    const { body } = read(entry);
    if (!('call' in body)) throw new Error('it cannot be read');
    const pool = createState('main');
    const now: Now = { monotonicMs: 1_000, civil: new Date(body.call.arrivedAt.getTime() + 1_000) };
    restoreCall(pool, body.call, now);
    const again = journalCall(pool, entry.id, now);
    expect(again).toMatchObject({ callId: entry.id, phase: { state }, legs: body.call.legs.map(({ offerId, phase }) => ({ offerId, phase })), record: body.call.record, place: body.call.place });
  });

  test('is closed truthfully where it cannot go on', () => {
    expect(recordOfLeftover(entry, 'main', [], new Date(0))).toMatchObject({ _id: entry.id, pool: 'main', outcome: expect.any(String) });
  });

  test('says the same with whatever a later release adds to it', () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }), fc.jsonValue(), (name, value) => {
      const body = withMore(entry.body, { [`later ${name}`]: value }) as JournalEntry['body'];
      expect(read({ ...entry, body })).toEqual(read(entry));
    }), { numRuns: 20 });
  });
});

test.each(RELEASES.flatMap(({ release, agents }) => agents.map((entry): [string, JournalEntry] => [release, entry])))('release %s, an agent: is remembered, also with whatever a later release adds', (_release, entry) => {
  const remembered = agentJournal.parse(entry.body);
  expect(agentJournal.parse(withMore(entry.body, { 'of a later release': [1] }))).toEqual(remembered);
  restoreAgent(createState('main'), remembered, { monotonicMs: 0, civil: remembered.activitySince });
});
