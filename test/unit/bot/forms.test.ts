// What a group form remembers, what order agents come back in, and which fields count as changed.
import fc from 'fast-check';
import { moveAgent, placeInput, readOrder } from '../../../bot/forms/agent-order';
import { changesOf, fingerprints, readTyped, typedFrom } from '../../../bot/forms/group-form';
import { FORM_FIELDS, formToken, writeToken, type FormToken } from '../../../bot/forms/token';
import { groupForm } from '../../support/storage-views';

const AGENTS = ['a', 'b', 'c', 'd'].map((id) => ({ id, name: `Agent ${id}`, sipUser: `user-${id}` }));
const order = (inputs: Record<string, unknown>): string => readOrder(inputs, AGENTS).agentIds.join('');
const rows = (...places: (string | number)[]): Record<string, unknown> => Object.fromEntries(places.map((place, index) => [placeInput(index + 1, AGENTS[index]?.id ?? ''), place]));

describe('readOrder', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['unchanged', rows('1', '2', '3', '4'), 'abcd'], ['numbers for text', rows(1, 2, 3, 4), 'abcd'], ['the last to the front', rows('1', '2', '3', '1'), 'dabc'], ['the first to the end', rows('4', '2', '3', '4'), 'bcda'],
    ['the first between the second and the third', rows('2', '2', '3', '4'), 'bacd'], ['swapped', rows('2', '1', '3', '4'), 'bacd'], ['one cleared', rows('1', '', '3', '4'), 'acd'], ['all cleared', rows('', '', '', ''), ''],
    ['below one', rows('1', '2', '0', '4'), 'cabd'], ['far beyond', rows('99', '2', '3', '4'), 'bcda'], ['a fraction', rows('2.5', '2', '3', '4'), 'bacd'],
    ['some ticked', { ...rows('1', '2'), added: 'd,c' }, 'abdc'], ['one ticked who is listed', { ...rows('1', '2'), added: 'b' }, 'ab'],
    ['typed lines', { order: 'user-c\n sip:user-a@example.org \n\nagent b' }, 'cab'], ['typed twice', { order: 'user-c\nuser-c' }, 'c'],
  ])('of rows %s', (_what, inputs, expected) => {
    expect(order(inputs)).toBe(expected);
  });

  it.each<[Record<string, unknown>, string]>([[rows('x', '2'), 'x'], [{ order: 'user-a\nnobody here' }, 'nobody here']])('of %j names what it cannot read', (inputs, unreadable) => {
    expect(readOrder(inputs, AGENTS).unreadable).toBe(unreadable);
  });

  it('keeps every agent with a number exactly once, however they are numbered', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 4, maxLength: 4 }), (places) => order(rows(...places)).split('').sort().join('') === 'abcd'));
  });
});

describe('moveAgent', () => {
  it.each<[string, 'up' | 'down', string]>([['a', 'up', 'abc'], ['b', 'up', 'bac'], ['c', 'down', 'abc'], ['a', 'down', 'bac'], ['x', 'up', 'abc']])('of %s %s gives %s', (agent, step, expected) => {
    expect(moveAgent(['a', 'b', 'c'], agent, step).join('')).toBe(expected);
  });
});

const tokenOf = (shown: readonly string[], groupId: string | null = 'group-1'): FormToken => ({ groupId, requestId: 'request-00000001', versions: { workflow: 3, queue: 1, agentGroup: 12 }, shown });

describe('the token of a form', () => {
  it('is read as it was written', () => {
    for (const token of [tokenOf(fingerprints(typedFrom(groupForm()))), tokenOf([], null)]) expect(formToken.parse(writeToken(token))).toEqual(token);
  });

  it.each(['', 'x', 'group-1|request-00000001|1.1|', `${'x'.repeat(600)}`, 'group-1|request-00000001|1.1.1|short', "g'|request-00000001|1.1.1|", 'group-1|r|1.1.1|'])('refuses %j', (text) => {
    expect(formToken.safeParse(text).success).toBe(false);
  });
});

describe('changesOf', () => {
  const shown = typedFrom(groupForm());
  const token = tokenOf(fingerprints(shown));

  it('of a form sent back untouched is nothing, whatever a client does to line ends and spaces around', () => {
    const inputs = { ...shown.values, welcomeText: `${shown.values.welcomeText} `, ...Object.fromEntries(shown.agentIds.map((id, index) => [placeInput(index + 1, id), String(index + 1)])) };
    expect(changesOf(readTyped(inputs, shown, []), token)).toEqual({});
  });

  it('of one field changed is that field', () => {
    fc.assert(fc.property(fc.constantFrom(...FORM_FIELDS.filter((field) => field !== 'agentIds')), fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''), (field, text) => {
      const typed = { ...shown, values: { ...shown.values, [field]: `${shown.values[field]}${text}` } };
      return JSON.stringify(Object.keys(changesOf(typed, token))) === JSON.stringify([field]);
    }));
  });

  it('of another order is the agents', () => {
    expect(changesOf({ ...shown, agentIds: [...shown.agentIds].reverse() }, token)).toEqual({ agentIds: ['agent-carla', 'agent-bob', 'agent-alice'] });
  });

  it('of an input that was not on the card, or is a choice, is as it was shown; one of text that did not come was emptied', () => {
    const typed = readTyped({ displayName: 'New' }, shown, [], false);
    expect(typed.values).toMatchObject({ displayName: 'New', sipUser: 'help-desk', routingMethod: shown.values.routingMethod, welcomeText: '', timeoutSeconds: '' });
    expect(changesOf({ ...typed, agentIds: shown.agentIds }, token)).toMatchObject({ displayName: 'New', welcomeText: '' });
    expect(readTyped({}, shown, []).values).toEqual(shown.values);
    expect(changesOf(readTyped({ ...shown.values, displayName: 'New', ...rows('1') }, shown, []), token)).toHaveProperty('displayName', 'New');
  });
});
