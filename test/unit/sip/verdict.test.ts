// The verdict table: what each final status of a phone means, before and after it rang.
import { VERDICTS, verdictOf } from '../../../engine/sip/verdict';

test.each([
  [301, 'declined', 'declined'], [302, 'declined', 'declined'], [380, 'declined', 'declined'],
  [400, 'failed', 'failed'], [401, 'failed', 'failed'], [403, 'declined', 'declined'], [404, 'unreachable', 'unreachable'], [407, 'failed', 'failed'],
  [408, 'unreachable', 'noAnswer'], [410, 'unreachable', 'unreachable'], [415, 'failed', 'failed'], [430, 'unreachable', 'unreachable'],
  [480, 'unreachable', 'noAnswer'], [481, 'failed', 'failed'], [486, 'busy', 'busy'], [487, 'noAnswer', 'noAnswer'], [488, 'failed', 'failed'],
  [500, 'failed', 'failed'], [502, 'unreachable', 'unreachable'], [503, 'unreachable', 'unreachable'], [504, 'unreachable', 'unreachable'],
  [600, 'busy', 'busy'], [603, 'declined', 'declined'], [604, 'unreachable', 'unreachable'], [606, 'failed', 'failed'], [607, 'declined', 'declined'], [608, 'declined', 'declined'], [699, 'declined', 'declined'],
  [700, 'failed', 'failed'],
])('%i: %s, and %s after ringing', (status, before, after) => {
  expect(verdictOf(status, false).outcome).toBe(before);
  expect(verdictOf(status, true).outcome).toBe(after);
});

test('a trunk that forbids a call speaks for nobody who was called', () => {
  expect([verdictOf(403, false, true).outcome, verdictOf(403, true, true).outcome, verdictOf(486, false, true).outcome]).toEqual(['failed', 'declined', 'busy']);
});

test('every row says why', () => {
  for (const [status, { because }] of Object.entries(VERDICTS)) expect([status, because.length]).toEqual([status, expect.any(Number)]);
  expect(Object.values(VERDICTS).every(({ because }) => because.length > 5)).toBe(true);
});
