// Hours, holidays, targets and answers as they are typed: tables, and that whatever is shown is read as it was.
import fc from 'fast-check';
import { LANGUAGES } from '../../../cards/words';
import { idFor, readAction, readAnswers, readHolidays, readNames, readRanges, showAction, showAnswers, showHolidays, showNames, showRanges, type Reachable } from '../../../bot/forms/readings';
import { type AnswerAction } from '../../../storage/model/call-action';
import { type Holiday } from '../../../storage/model/schedule';

const reachable: Reachable = { queues: [{ id: 'queue-1', name: 'Sales' }, { id: 'queue-2', name: 'Help Desk' }], questions: [{ id: 'question-1', name: 'Language' }], words: 'en' };
const value = (reading: { readonly ok: boolean; readonly value?: unknown }): unknown => (reading.ok ? reading.value : reading);
const two = (count: number): string => String(count).padStart(2, '0');

describe('hours of a day', () => {
  it.each<[string, [string, string][]]>([
    ['09:00-12:00, 13:00-17:00', [['09:00', '12:00'], ['13:00', '17:00']]], ['9-17', [['09:00', '17:00']]], ['9.30–12 and 13:15 - 17', [['09:30', '12:00'], ['13:15', '17:00']]], ['8 to 18', [['08:00', '18:00']]],
    ['', []], ['closed', []], ['Closed ', []], ['all day', [['00:00', '24:00']]], ['00:00-24:00', [['00:00', '24:00']]], ['25-26', [['25:00', '26:00']]],
  ])('%j are %j', (typed, ranges) => {
    expect(value(readRanges(typed))).toEqual(ranges.map(([open, close]) => ({ open, close })));
  });

  it.each([['nine to five', 'nine to five'], ['9', '9'], ['9-12-15', '9-12-15'], ['09:00-12:00, later', 'later'], ['9:5-10', '9:5-10']])('%j are refused, naming %j', (typed, named) => {
    expect(readRanges(typed)).toEqual({ ok: false, typed: named, key: 'reading.range' });
  });

  it('are read as they were shown', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map(([hour, minute]) => `${two(hour)}:${two(minute)}`);
    fc.assert(fc.property(fc.array(fc.record({ open: time, close: time }), { maxLength: 2 }), (ranges) => { expect(value(readRanges(showRanges(ranges)))).toEqual(ranges); }));
  });
});

describe('holidays', () => {
  it.each<[string, Holiday[]]>([
    ['2026-12-25 Christmas', [{ name: 'Christmas', start: '2026-12-25T00:00', end: '2026-12-26T00:00' }]],
    ['2026-12-25 2026-12-26 Christmas', [{ name: 'Christmas', start: '2026-12-25T00:00', end: '2026-12-27T00:00' }]],
    ['2026-12-25T00:00 2026-12-26T00:00 Christmas Day', [{ name: 'Christmas Day', start: '2026-12-25T00:00', end: '2026-12-26T00:00' }]],
    ['2026-12-24T13:00 2026-12-24 Early close\n\n2026-12-31 New Year’s Eve', [{ name: 'Early close', start: '2026-12-24T13:00', end: '2026-12-25T00:00' }, { name: 'New Year’s Eve', start: '2026-12-31T00:00', end: '2027-01-01T00:00' }]],
    ['2028-02-29 Leap', [{ name: 'Leap', start: '2028-02-29T00:00', end: '2028-03-01T00:00' }]], ['', []],
  ])('%j are %j', (typed, holidays) => {
    expect(value(readHolidays(typed))).toEqual(holidays);
  });

  it.each(['Christmas', '2026-12-25', '25.12.2026 Christmas', '2026-12-24T13:00 Half a day', '2026-12-25 2026-12-26'])('%j is refused', (typed) => {
    expect(readHolidays(typed)).toEqual({ ok: false, typed, key: 'reading.holiday' });
  });

  it('are read as they were shown', () => {
    const moment = fc.tuple(fc.date({ min: new Date('2024-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }), fc.boolean()).map(([at, whole]) => (whole ? `${at.toISOString().slice(0, 10)}T00:00` : at.toISOString().slice(0, 16)));
    const name = fc.constantFrom('Christmas', 'New Year’s Eve', 'A  B'.replace('  ', ' '), 'Fête');
    fc.assert(fc.property(fc.array(fc.tuple(moment, moment, name).filter(([start, end]) => start < end).map(([start, end, of]) => ({ name: of, start, end })), { maxLength: 5 }), (holidays) => {
      expect(value(readHolidays(showHolidays(holidays)))).toEqual(holidays);
    }));
  });
});

describe('a target on one line', () => {
  it.each<[string, AnswerAction]>([
    ['queue sales', { kind: 'queue', queueId: 'queue-1', prompt: null }], ['Queue Help Desk', { kind: 'queue', queueId: 'queue-2', prompt: null }], ['question Language', { kind: 'question', questionId: 'question-1', prompt: null }],
    ['number +44 1234', { kind: 'number', number: '+44 1234', prompt: null }], ['+441234', { kind: 'number', number: '+441234', prompt: null }], ['sip:a@b.example', { kind: 'sipUri', uri: 'sip:a@b.example', prompt: null }],
    ['voicemail sip:box@b.example', { kind: 'voicemail', uri: 'sip:box@b.example', prompt: null }], ['hang up', { kind: 'disconnect', prompt: null }], ['Disconnect', { kind: 'disconnect', prompt: null }],
  ])('%j is %j, and is shown so that it can be read', (typed, action) => {
    expect(value(readAction(typed, null, reachable))).toEqual(action);
    expect(value(readAction(showAction(action, reachable), null, reachable))).toEqual(action);
  });

  it.each([['queue nowhere', 'reading.queue'], ['question what', 'reading.question'], ['somewhere', 'reading.action'], ['', 'reading.action']])('%j is refused: %s', (typed, key) => {
    expect(readAction(typed, null, reachable)).toMatchObject({ ok: false, key });
  });
});

describe('answers', () => {
  const before = value(readAnswers('1 Sales -> queue sales\n* Again → question language', [], reachable)) as never;

  it('are one a line, and are shown so that they can be read', () => {
    expect(showAnswers(before, reachable)).toBe('1 Sales -> queue Sales\n* Again -> question Language');
    expect(value(readAnswers(showAnswers(before, reachable), before, reachable))).toEqual(before);
  });

  it.each([['"One moment."'], ['“One moment.”'], ['„One moment.“'], ['«One moment.»']])('say first what stands behind them in quotes, like %s', (quoted) => {
    const [answer] = value(readAnswers(`1 Sales -> queue sales ${quoted}`, [], reachable)) as { action: unknown }[];
    expect(answer?.action).toEqual({ kind: 'queue', queueId: 'queue-1', prompt: { text: 'One moment.', audio: null } });
  });

  it.each([[{ text: 'One moment.', audio: null }], [{ text: 'One "moment".\nThank you.', audio: null }], [{ text: '', audio: { audioId: 'a'.repeat(64), fileName: 'a.wav', durationMs: 1 } }], [{ text: 'Words', audio: { audioId: 'a'.repeat(64), fileName: 'a.wav', durationMs: 1 } }]])('keep the message %j that an action plays first, also where name and target change', (prompt) => {
    const spoken = [{ key: '1', name: 'Sales', action: { kind: 'queue' as const, queueId: 'queue-1', prompt } }];
    expect(value(readAnswers(showAnswers(spoken, reachable).replace('Sales ->', 'Sales team ->').replace('queue Sales', 'queue help desk'), spoken, reachable))).toEqual([{ key: '1', name: 'Sales team', action: { kind: 'queue', queueId: 'queue-2', prompt } }]);
  });

  it('say nothing any more once their message is taken out', () => {
    const spoken = [{ key: '1', name: 'Sales', action: { kind: 'queue' as const, queueId: 'queue-1', prompt: { text: 'One moment.', audio: null } } }];
    expect(value(readAnswers('1 Sales -> queue sales', spoken, reachable))).toEqual([{ key: '1', name: 'Sales', action: { kind: 'queue', queueId: 'queue-1', prompt: null } }]);
  });

  it.each(LANGUAGES)('are shown in %s so that they can be read', (words) => {
    const all = value(readAnswers('1 A -> queue sales "Hi."\n2 B -> question language\n3 C -> number +441234567890\n4 D -> sip:a@b.example\n5 E -> voicemail sip:b@b.example\n6 F -> hang up', [], reachable)) as never;
    const shown = showAnswers(all, { ...reachable, words });
    expect(value(readAnswers(shown, [], { ...reachable, words }))).toEqual(all);
    if (words !== 'en') expect(shown).not.toMatch(/hang up|queue /);
  });

  it.each(['Sales -> queue sales', '1 -> queue sales', '1 Sales', 'x Sales -> queue sales', '1 Sales -> queue nowhere'])('%j is refused, naming the line', (line) => {
    expect(readAnswers(line, [], reachable)).toMatchObject({ ok: false, typed: line });
  });
});

describe('names on lines', () => {
  const known = [{ id: 'a-1', name: 'Alice Moreau', alias: 'alice' }, { id: 'a-2', name: 'Sam', alias: 'sam' }, { id: 'a-3', name: 'Sam', alias: 'sam.two' }];
  it('are read by name, address or id, and are shown so that they can be read', () => {
    expect(value(readNames('alice moreau\nsip:sam.two@x\na-2\nAlice Moreau', known, 'k'))).toEqual(['a-1', 'a-3', 'a-2']);
    expect(value(readNames(showNames(['a-3', 'a-1', 'a-2'], known), known, 'k'))).toEqual(['a-3', 'a-1', 'a-2']);
    expect(idFor('Sam', known)).toBe('a-2');
    expect(readNames('Nobody', known, 'k')).toEqual({ ok: false, typed: 'Nobody', key: 'k' });
  });
});

describe('a target in the words that the hints of other languages name', () => {
  it.each([['warteschlange Sales', 'queue'], ['file Sales', 'queue'], ['cola Sales', 'queue'], ['Coda Sales', 'queue'], ['frage Language', 'question'], ['pregunta Language', 'question'], ['domanda Language', 'question'], ['nummer +441234567890', 'number'], ['numéro +331234567890', 'number'], ['buzón sip:box@example.org', 'voicemail'], ['messagerie sip:box@example.org', 'voicemail'], ['segreteria sip:box@example.org', 'voicemail'], ['Auflegen', 'disconnect'], ['raccrocher', 'disconnect'], ['colgar', 'disconnect'], ['riaggancia', 'disconnect'], ['hang up', 'disconnect']])('%s leads to a %s', (typed, kind) => {
    expect(value(readAction(typed, null, reachable))).toMatchObject({ kind });
  });
});
