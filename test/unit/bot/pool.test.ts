// The pool card, what administrators are told of its redundancy, and what an engine may refuse: readable by clients, and in words in every language.
import { LANGUAGES, wordsFor } from '../../../cards/words';
import { RING_REASONS } from '../../../bot/handlers/phone';
import { alarmCard, poolCard } from '../../../bot/views/pool';
import { ALARM_KINDS, type Told } from '../../../storage/alarms';
import { REFUSAL_REASONS } from '../../../storage/model/instruction';
import { type PoolStatus } from '../../../storage/model/pool-status';
import { textOf } from '../../support/bot-world';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';
import { NOW, poolStatus, secondsAgo } from '../../support/storage-views';

const NOTHING: PoolStatus = { pool: 'main', at: NOW, database: { replicaSet: 'rs0', isDetailed: false, members: [] }, engines: [], edges: [], backlog: { records: 0, oldest: null }, lastTakeover: null };
const many = <T>(one: T, count: number): readonly T[] => Array.from({ length: count }, () => one);
const [MEMBER, ENGINE, EDGE] = [poolStatus().database.members[1], poolStatus().engines[0], poolStatus().edges[0]];
const CROWDED = poolStatus({ engines: ENGINE ? many(ENGINE, 40) : [], edges: EDGE ? many(EDGE, 40) : [], database: { replicaSet: 'rs0', isDetailed: true, members: MEMBER ? many(MEMBER, 50) : [] } });
const HOSTILE = poolStatus({ engines: ENGINE ? [{ ...ENGINE, host: '[click](https://evil.example) **x** ${name}' }] : [] });

beforeAll(() => { schemaComplaints({}); }, 120_000);

describe.each(LANGUAGES)('in %s', (language) => {
  const asking = { say: wordsFor(language, 'Europe/Berlin'), locale: language };
  const fits = (card: Parameters<typeof schemaComplaints>[0]): void => {
    expect([schemaComplaints(card), parserComplaints(card), JSON.stringify(card).includes('${')]).toEqual([[], [], false]);
    expect(JSON.stringify(card).length).toBeLessThan(28_000);
  };

  it.each<[string, PoolStatus]>([['well', poolStatus()], ['of which nothing is known', NOTHING], ['with more than a card can show', CROWDED]])('the card of a pool %s can be read by clients', (_what, status) => {
    fits(poolCard(asking, status).card);
  });

  it.each(ALARM_KINDS)('%s is told when it begins, when it is over, and when there is nothing left that it could be about', (alarm) => {
    const cards = (['raised', 'cleared', 'gone'] as const).map((kind) => alarmCard(asking.say, language, { kind, alarm, subject: 'b:27017', since: NOW }));
    cards.forEach(fits);
    expect(new Set(cards.map(textOf)).size).toBe(3);
  });

  it('a takeover is told', () => {
    fits(alarmCard(asking.say, language, { kind: 'takeover', takeover: { at: NOW, reason: 'ownerGone', callsCarried: 160, callsClosed: 2, tookMs: 380 } }));
  });

  it.each(REFUSAL_REASONS)('an engine that refuses for the reason %s is told in words of its own', (reason) => {
    const told = asking.say(`caller.outcome.refused.${reason}`);
    expect(told.length).toBeGreaterThan(10);
    if (language !== 'en') expect(told).not.toBe(wordsFor('en')(`caller.outcome.refused.${reason}`));
  });

  it.each([...RING_REASONS])('a test ring that is refused for the reason %s is told in words', (reason) => {
    expect(asking.say(`phone.ring.${reason}`).length).toBeGreaterThan(10);
  });
});

describe('in English the card', () => {
  const asking = { say: wordsFor('en', 'UTC'), locale: 'en' };
  const text = (status: PoolStatus): string => textOf(poolCard(asking, status).card);

  it('names members with role and lag, engines, edges, what waits to be written, and the last takeover', () => {
    const shown = text(poolStatus());
    for (const words of ['a:27017', 'Primary', 'b:27017', '1.2 s behind', 'one', 'Active since', 'Stands by since', '127.0.0.1:9022', 'Connected since', 'Waiting to be written: 4', 'Calls that went on: 160']) expect(shown).toContain(words);
    expect(shown).not.toMatch(/no engine stands by/i);
  });

  it.each<[string, Partial<PoolStatus>, RegExp]>([
    ['no standby', { engines: ENGINE ? [ENGINE] : [] }, /no engine stands by/i], ['no engine', { engines: [] }, /no engine is active/i],
    ['a member that is down', { database: { ...poolStatus().database, members: [{ name: 'c:27017', role: 'other', healthy: false, lagMs: null }] } }, /c:27017.*down/i],
    ['two members', { database: { ...poolStatus().database, members: poolStatus().database.members.slice(0, 2) } }, /fewer than three members \(2\)/i],
    ['an edge away', { edges: EDGE ? [{ ...EDGE, connected: false }] : [] }, /127\.0\.0\.1:9022 is not connected/i],
    ['a backlog', { backlog: { records: 9, oldest: secondsAgo(60) } }, /not yet written/i],
  ])('warns of %s', (_what, changes, words) => {
    expect(text(poolStatus(changes))).toMatch(words);
  });

  it('shows a hostile name as it is', () => {
    const { card } = poolCard(asking, HOSTILE);
    expect(textOf(card)).toContain('[click](https://evil.example) **x** ${name}');
    expect(JSON.stringify(card)).not.toContain('[click](https://evil.example)');
  });

  it.each<[Told, string]>([
    [{ kind: 'raised', alarm: 'noStandby', subject: null, since: NOW }, 'attention'], [{ kind: 'cleared', alarm: 'noStandby', subject: null, since: NOW }, 'good'],
  ])('of %j has the colour of the news', (told, tone) => {
    expect(JSON.stringify(alarmCard(asking.say, 'en', told))).toContain(`"style":"${tone}"`);
  });
});
