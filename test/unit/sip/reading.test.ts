// What INFO, REFER, Replaces and session timers say, told as vectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readInfo } from '../../../engine/sip/keys';
import { readReferTo } from '../../../engine/sip/refer';
import { Dialogs, parseReplaces } from '../../../engine/sip/replaces';
import { type Agreement, agreedBy, answerTerms, hasToken, leastOf, offerTerms, SessionTimer } from '../../../engine/sip/session-timer';
import { combine, PRECEDENCE } from '../../../engine/sip/outcomes';
import { type LegOutcome } from '../../../engine/core/types';
import { ManualTimers } from '../../support/manual-timers';

const vectors = (name: string): unknown => parse(readFileSync(join(__dirname, '../../fixtures/sip', `${name}.yml`), 'utf8'));
type Lines = Readonly<Record<string, string>>;
const message = (lines: Lines): { header(name: string): string | null } => ({ header: (name) => lines[name.toLowerCase()] ?? null });

interface InfoVector { readonly type: string | null; readonly body: string; readonly package?: string; readonly key?: string; readonly ignored?: boolean; readonly status?: number }
describe('INFO', () => {
  test.each((vectors('info') as InfoVector[]).map((each) => [`${each.type ?? 'no type'} ${JSON.stringify(each.body)}`, each] as const))('%s', (_title, { type, body, key, status, ...more }) => {
    const said = readInfo({ body, ...message({ ...(type === null ? {} : { 'content-type': type }), ...(more.package === undefined ? {} : { 'info-package': more.package }) }) });
    if (key !== undefined) expect(said).toEqual({ kind: 'key', key });
    else if (status !== undefined) expect(said).toMatchObject({ kind: 'refused', status });
    else expect(said).toEqual({ kind: 'ignored' });
  });
});

interface ReferVector { readonly header: string | null; readonly is?: unknown; readonly refused?: number }
describe('Refer-To', () => {
  const isOurs = (uri: { readonly host: string; readonly port: number | null }): boolean => uri.host === 'ours.test' || (uri.host === '192.0.2.1' && uri.port === 5070);
  test.each((vectors('refer-to') as ReferVector[]).map((each) => [each.header ?? 'none', each] as const))('%s', (_title, { header, is, refused }) => {
    if (refused === undefined) expect(readReferTo(header, isOurs)).toEqual(is);
    else expect(readReferTo(header, isOurs)).toMatchObject({ kind: 'refused', status: refused });
  });

  test('whatever it holds is answered, never thrown', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (one, other) => { expect(readReferTo(`<sip:${one}?Replaces=${other}>`, isOurs).kind).toMatch(/own|outside|refused/); }));
  });
});

describe('Replaces', () => {
  test.each([
    ['a;to-tag=1;from-tag=2', { callId: 'a', toTag: '1', fromTag: '2', earlyOnly: false }], [' a@b ; From-Tag=2 ; to-tag=1 ; EARLY-ONLY', { callId: 'a@b', toTag: '1', fromTag: '2', earlyOnly: true }],
    ['a;to-tag=1', null], ['a', null], ['', null], [';to-tag=1;from-tag=2', null], ['a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2', null], ['a b;to-tag=1;from-tag=2', null],
  ])('%j', (text, is) => { expect(parseReplaces(text)).toEqual(is); });

  test('names a dialog by all three of its parts, from our side; one that has just ended is remembered for a while', async () => {
    const timers = new ManualTimers();
    const dialogs = new Dialogs<string>(timers);
    const named = { callId: 'a', toTag: 'ours', fromTag: 'theirs', earlyOnly: false };
    dialogs.add({ id: 'd', callId: 'a', localTag: 'ours', remoteTag: 'theirs' }, 'owner');
    expect(dialogs.find(named)).toBe('owner');
    for (const wrong of [{ callId: 'b' }, { toTag: 'theirs', fromTag: 'ours' }, { toTag: 'other' }, { fromTag: 'other' }]) expect(dialogs.find({ ...named, ...wrong })).toBeNull();
    dialogs.remove('d');
    dialogs.remove('d');
    expect([dialogs.find(named), dialogs.get('d'), dialogs.ids().size]).toEqual(['ended', undefined, 0]);
    await timers.pass(32_001);
    expect(dialogs.find(named)).toBeNull();
  });
});

interface TimerVectors {
  readonly answers: readonly { readonly says: string; readonly request: Lines; readonly held?: Agreement; readonly status: number; readonly headers: Lines; readonly agreement?: Agreement | null }[];
  readonly agreed: readonly { readonly says: string; readonly response: Lines; readonly agreement: Agreement | null }[];
  readonly offers: readonly { readonly held: Agreement | null; readonly least?: number; readonly headers: Lines }[];
}
describe('a session timer', () => {
  const { answers, agreed, offers } = vectors('session-timers') as TimerVectors;
  test.each(answers.map((each) => [`${each.says}${each.held === undefined ? '' : ' (once agreed)'}`, each] as const))('a request that says %s', (_title, { request, held, status, headers, agreement }) => {
    const terms = answerTerms(message(request), held ?? null);
    expect(terms).toEqual(status === 200 ? { kind: 'agreed', headers, agreement } : { kind: 'refused', status, headers });
  });
  test.each(agreed.map((each) => [each.says, each] as const))('an answer that says %s', (_title, { response, agreement }) => { expect(agreedBy(message(response))).toEqual(agreement); });
  test.each(offers)('a request of ours %j', ({ held, least, headers }) => { expect(offerTerms(held, least)).toEqual(headers); });

  test('a 422 is worth another try where it names more than was asked', () => {
    expect([leastOf(message({ 'min-se': '3600' }), 1_800), leastOf(message({ 'min-se': '90' }), 1_800), leastOf(message({}), 90)]).toEqual([3_600, null, null]);
  });

  test('tokens are found in a list in any case', () => {
    expect([hasToken('INVITE, update ,BYE', 'UPDATE'), hasToken('INVITE,UPDATES', 'UPDATE'), hasToken(null, 'UPDATE')]).toEqual([true, false, false]);
  });

  test.each<[Agreement, string[]]>([
    [{ seconds: 1_800, refresher: 'us' }, ['refresh at 900', 'expired at 1768']], [{ seconds: 1_800, refresher: 'them' }, ['expired at 1768']], [{ seconds: 90, refresher: 'them' }, ['expired at 60']], [{ seconds: 96, refresher: 'us' }, ['refresh at 48', 'expired at 64']],
  ])('%j', async (agreement, expected) => {
    const timers = new ManualTimers();
    const began = timers.nowMs();
    const happened: string[] = [];
    const note = (what: string): void => { happened.push(`${what} at ${(timers.nowMs() - began) / 1_000}`); };
    const timer = new SessionTimer(timers, { refresh: () => { note('refresh'); }, expired: () => { note('expired'); } });
    timer.agree(agreement);
    await timers.pass(3_600_000);
    expect(happened).toEqual(expected);
    timer.agree(agreement);
    timer.stop();
    expect([timers.pending, timer.agreement]).toEqual([0, null]);
  });
});

describe('the outcome of a leg that rang several phones', () => {
  const outcomes = PRECEDENCE.map(({ outcome }) => outcome);
  test('every way it can end unanswered has its row, once', () => {
    expect([...outcomes].sort()).toEqual(['busy', 'declined', 'failed', 'noAnswer', 'unreachable', 'withdrawn']);
  });

  test.each<[LegOutcome[], boolean, LegOutcome]>([
    [['busy', 'declined'], false, 'declined'], [['noAnswer', 'busy'], false, 'busy'], [['unreachable', 'failed', 'noAnswer'], false, 'noAnswer'], [['unreachable', 'failed'], false, 'failed'], [['unreachable', 'unreachable'], false, 'unreachable'],
    [[], false, 'unreachable'], [['withdrawn', 'declined'], false, 'declined'], [['withdrawn', 'unreachable'], true, 'withdrawn'], [['unreachable'], true, 'unreachable'], [[], true, 'withdrawn'],
  ])('%j, taken back: %s → %s', (of, withdrawn, outcome) => { expect(combine(of, withdrawn)).toBe(outcome); });

  test('does not depend on the order in which they end', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...outcomes)), fc.boolean(), (of, withdrawn) => { expect(combine([...of].reverse(), withdrawn)).toBe(combine(of, withdrawn)); }));
  });
});
