// The history as people ask for it and read it: words, days, differences, files.
import { render } from '../../../cards/render';
import { wordsFor } from '../../../cards/words';
import { asCsv, ExportLinks, type ExportOf } from '../../../bot/exports';
import { EVERYTHING, instantsOf, readDays, readHistoryWords } from '../../../bot/forms/history-words';
import { differenceLines } from '../../../bot/views/difference';
import { describeChange } from '../../../storage/administration/describe';
import { agentGroup } from '../../../storage/model/agent-group';
import { type ObjectChange } from '../../../storage/model/configuration';
import { queue } from '../../../storage/model/queue';
import { businessHours, holidaySet } from '../../../storage/model/schedule';
import { poolSettings } from '../../../storage/model/settings';
import { trunk } from '../../../storage/model/trunk';
import { agent, duty } from '../../../storage/model/agent';
import { workflow } from '../../../storage/model/workflow';
import { historyEntry, PEOPLE } from '../../support/storage-views';

/** A Monday, half past midnight in Berlin, and still Sunday in UTC. */
const NOW = new Date('2026-11-22T23:30:00Z');

describe('The days of', () => {
  test.each<[string, string, string]>([
    ['today', '2026-11-23', '2026-11-23'], ['yesterday', '2026-11-22', '2026-11-22'], ['this week', '2026-11-23', '2026-11-29'], ['last week', '2026-11-16', '2026-11-22'], ['last month', '2026-10-01', '2026-10-31'],
    ['last 3 days', '2026-11-20', '2026-11-23'], ['since 2026-11-01', '2026-11-01', ''], ['2026-11-05', '2026-11-05', '2026-11-05'], ['from 2026-11-01 to 2026-11-05', '2026-11-01', '2026-11-05'], ['this year', '2026-01-01', '2026-12-31'],
  ])('%s', (words, from, to) => {
    expect(readDays(words, NOW, 'Europe/Berlin')).toEqual({ from, to });
  });

  test.each(['sales', 'last', '2026-13-01', 'since then', '2026-11-01 to never', ''])('"%s" are none', (words) => {
    expect(readDays(words, NOW, 'Europe/Berlin')).toBeNull();
  });

  test('a day begins and ends where the reader is, also when clocks change', () => {
    expect(instantsOf({ from: '2026-10-25', to: '2026-10-25' }, 'Europe/Berlin')).toEqual({ from: new Date('2026-10-24T22:00:00Z'), to: new Date('2026-10-25T23:00:00Z') });
    expect(instantsOf({ from: '', to: 'nonsense' }, 'UTC')).toEqual({});
  });
});

test.each<[string, { about: string; by: string; from: string; to: string }]>([
  ['', { about: '', by: '', from: '', to: '' }],
  ['of sales', { about: 'sales', by: '', from: '', to: '' }],
  ['help desk', { about: 'help desk', by: '', from: '', to: '' }],
  ['by max', { about: '', by: 'max', from: '', to: '' }],
  ['by max last week', { about: '', by: 'max', from: '2026-11-16', to: '2026-11-22' }],
  ['of help desk by max reuter in last 3 days', { about: 'help desk', by: 'max reuter', from: '2026-11-20', to: '2026-11-23' }],
  ['yesterday', { about: '', by: '', from: '2026-11-22', to: '2026-11-22' }],
  ['of sales since 2026-11-01', { about: 'sales', by: '', from: '2026-11-01', to: '' }],
])('“history %s” asks for %j', (typed, expected) => {
  expect(readHistoryWords(typed, NOW, 'Europe/Berlin')).toEqual(expected);
});

describe('A difference', () => {
  const say = wordsFor('en', 'UTC');
  test.each<[string, unknown, unknown, string]>([
    ['alertTimeSeconds', 20, 30, '**Alert time (seconds)**: 20 → 30'],
    ['description', '', 'New *and* better', '**Description**: New \\*and\\* better'],
    ['description', 'Old', '', '**Description**: no longer Old'],
    ['agents', ['Alice', 'Bob', 'Carla'], ['Carla', 'Alice', 'Dan'], '**Agents**: added Dan; removed Bob; Carla moved from place 3 to 1'],
    ['agents', [], ['Alice', 'Bob'], '**Agents**: Alice and Bob'],
    ['active', false, true, '**Active**: no → yes'],
    ['routingMethod', 'serial', 'attendant', `**Routing method**: ${say('routing.short.serial')} → ${say('routing.short.attendant')}`],
    ['timeoutAction', { action: 'disconnect', to: '', said: '' }, { action: 'queue', to: 'Sales', said: 'Moved on' }, '**At the timeout**: hang up → “Moved on”, then queue Sales'],
    ['noAgentsAction', null, { action: 'queue', to: '', said: '' }, '**With nobody signed in**: queue something that is no longer there'],
    ['holidays', [], [{ holiday: 'Christmas', start: '2026-12-25T00:00', end: '2026-12-27T00:00' }, { holiday: 'Eve', start: '2026-12-24T13:00', end: '2026-12-25T00:00' }], '**Holidays**: Christmas, Dec 25, 2026 – Dec 26, 2026 and Eve, Dec 24, 2026, 1:00 PM – Dec 25, 2026, 12:00 AM'],
    ['contacts', [{ contact: 'sip:a@b.example', confirmed: false }], [{ contact: 'sip:a@b.example', confirmed: false }, { contact: '+441234567890', confirmed: true }], '**Also rung**: added \\+441234567890 (confirmed with the key 1)'],
    ['password', null, 'set', '**Password**: was set'],
    ['password', 'set', 'set', '**Password**: was changed'],
    ['agents', ['Alice'], ['Alice', { gone: 'agent-1' }], '**Agents**: added something that is no longer there'],
    ['overflowThreshold', 1000, 900, '**Overflow threshold (waiting callers)**: 1,000 → 900'],
    ['port', 5060, 5061, '**Port**: 5060 → 5061'],
    ['monday', '', '09:00–17:00', `**${say('form.field.monday')}**: 09:00–17:00`],
  ])('%s: %j → %j', (field, before, after, line) => {
    expect(differenceLines(say, [{ field, before, after }]).map((one) => one.replace(/[\u2068\u2069]/g, ''))).toEqual([line]);
  });

  test('of a question names it, and its answers by key', () => {
    const laptops = { key: '1', name: 'Laptops', action: 'queue', to: 'Help', said: '' };
    const [line] = differenceLines(say, [{ field: 'answers', of: 'Product', before: [laptops], after: [laptops, { key: '2', name: 'Bye', action: 'disconnect', to: '', said: '' }] }]);
    expect(line).toBe('**Question Product: Answers**: added 2 Bye → hang up');
  });

  test('has words for every field of every kind of object', () => {
    const stored = { id: 'x', pool: 'p', version: 1, name: 'N' };
    const said = { kind: 'disconnect' as const, prompt: { text: 'Sorry', audio: { audioId: 'a'.repeat(64), fileName: 'sorry.wav', durationMs: 1 } } };
    const objects = {
      workflows: workflow.parse({ ...stored, sipUser: 'w', displayName: 'W', managed: true, managers: [{ personId: PEOPLE.max.personId, name: 'Max' }], defaultAction: { kind: 'question', questionId: 'q' }, welcome: said.prompt, music: said.prompt.audio, telephoneNumber: '+441234567890', displayNumber: '1', description: 'd', businessHoursId: 'h', holidaySetIds: ['s'], closedAction: said, holidayAction: said, questions: [{ id: 'q', name: 'Q', prompt: said.prompt, invalidPrompt: said.prompt, noAnswerPrompt: said.prompt, fallback: said, answers: [{ key: '1', name: 'One', action: said }] }] }),
      queues: queue.parse({ ...stored, agentGroupIds: ['g'], timeoutSeconds: 30, timeoutAction: said, overflowThreshold: 3, overflowAction: said, noAgentsAction: said, announceSeconds: 60, leaveKey: '9', leaveAction: said }),
      agentGroups: agentGroup.parse({ ...stored, agentIds: ['a'], autoPauseAfter: 3 }),
      agents: agent.parse({ ...stored, sipUser: 'a', personId: PEOPLE.max.personId, digest: { realm: 'x', md5: '0'.repeat(32), sha256: '0'.repeat(64) }, contacts: [{ kind: 'number', number: '+441234567890' }] }),
      duties: duty.parse({ ...stored, agentId: 'a', onDuty: true, since: NOW, pause: { reason: 'Lunch', since: NOW, until: NOW, by: 'agent' }, signedIn: ['g'] }),
      settings: poolSettings.parse({ ...stored, defaultMusic: said.prompt.audio, numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: ['example.org'], emergencyNumbers: ['112'] } }),
      businessHours: businessHours.parse({ ...stored, ...Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [day, [{ open: '09:00', close: '17:00' }]])) }),
      holidaySets: holidaySet.parse({ ...stored, holidays: [{ name: 'New Year', start: '2027-01-01T00:00', end: '2027-01-02T00:00' }] }),
      trunks: trunk.parse({ ...stored, host: 'trunk.example.org', username: 'u', password: 'secret', fromDomain: 'example.org', identityNumber: '+441234567890', sources: ['192.0.2.0/24'] }),
    };
    const fields = Object.entries(objects).flatMap(([kind, after]) => describeChange({ kind, id: 'x', before: null, after } as unknown as ObjectChange));
    expect(fields.length).toBeGreaterThan(70);
    const lines = differenceLines(say, fields);
    // A field without a label would stand there under the name that the model has.
    expect(lines.filter((line) => /^\*\*(?:Question Q: )?[a-z]/.test(line))).toEqual([]);
    expect(lines.join('\n')).not.toContain('secret');
    for (const [kind, after] of Object.entries(objects)) expect(differenceLines(say, describeChange({ kind, id: 'x', before: after, after: null } as unknown as ObjectChange)).length).toBeGreaterThan(0);
    expect(() => render('notice', { tone: 'default', titleText: 't', bodyText: '', actions: [], details: lines.map((text) => ({ text })) }, 'en')).not.toThrow();
  });
});

describe('The file', () => {
  test('as CSV has a line a field, quotes what must be, and reckons with nothing', () => {
    const csv = asCsv([historyEntry({ by: '=HYPERLINK("x")', subject: 'Help, "Desk"', fields: [{ field: 'agents', before: ['A'], after: ['A', 'B'] }, { field: 'answers', of: 'Product', before: null, after: [{ key: '1', name: 'Yes', action: 'queue', to: 'Sales', said: 'Hi' }] }] })]);
    expect(csv).toBe('\ufefftime,by,change,subject,field,part,before,after,entry,takes back,taken back by\r\n'
      + '2026-11-23T14:03:10.000Z,"\'=HYPERLINK(""x"")",group.change,"Help, ""Desk""",agents,,A,A | B,main:12,,\r\n'
      + '2026-11-23T14:03:10.000Z,"\'=HYPERLINK(""x"")",group.change,"Help, ""Desk""",answers,Product,,1 Yes → queue Sales (Hi),main:12,,\r\n');
  });

  const wanted: ExportOf = { personId: PEOPLE.max.personId, name: 'Max', zone: 'UTC', format: 'csv', filter: { ...EVERYTHING, by: 'Ada' } };
  const clock = { now: NOW };
  const links = new ExportLinks('https://bot.example.org', 'secret', () => clock.now);
  const partsOf = (url: string): [string, string | null, string | null] => { const { searchParams } = new URL(url); return [searchParams.get('what') ?? '', searchParams.get('exp'), searchParams.get('sig')]; };

  test('has an address that stands for just that, for a while, and that cannot be altered', () => {
    const [what, expires, signature] = partsOf(links.url(wanted));
    expect(links.read(what, expires, signature)).toEqual(wanted);
    const other = Buffer.from(JSON.stringify({ ...wanted, personId: PEOPLE.ada.personId })).toString('base64url');
    expect(links.read(other, expires, signature)).toBeNull();
    expect(links.read(what, String(Number(expires) + 1), signature)).toBeNull();
    expect(links.read(what, expires, `${signature?.slice(0, -1)}A`)).toBeNull();
    expect(new ExportLinks('https://bot.example.org', 'another', () => clock.now).read(what, expires, signature)).toBeNull();
    clock.now = new Date(NOW.getTime() + 16 * 60_000);
    expect(links.read(what, expires, signature)).toBeNull();
  });
});
