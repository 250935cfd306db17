// Every state × every input: where it leads, that nothing throws, and that docs/states.md says the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CallInputType, type CallState } from '../../../engine/core/call';
import { type Next, SENT, TRANSITIONS } from '../../../engine/core/transitions';
import { INPUTS, inState } from './support/situations';

const STATES = Object.keys(TRANSITIONS) as CallState[];
const INPUT_TYPES = Object.keys(INPUTS) as CallInputType[];
const PAGE = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'states.md'), 'utf8');

/** What the core tells itself: brought about here by a change of configuration or an instruction, which does other things as well. */
const BY_CORE: readonly CallInputType[] = ['agentLeft', 'groupChanged', 'crowdedOut', 'agentsFree', 'noAgents', 'picked', 'moved', 'priorityChanged', 'takenOver', 'turnCame'];
/** Answered or cleared away in any state. */
const NEVER_NULL: readonly CallInputType[] = ['transferAsked', 'callerReplaced', 'agentReplaced'];

/** Inputs that time brings bring other things too, so what they lead to is followed step by step elsewhere. */
const BY_TIME: readonly CallInputType[] = ['promptOver', 'waitedTooLong', 'rangTooLong', 'announceDue', 'callBackDue'];

describe.each(STATES)('%s', (state) => {
  test.each(INPUT_TYPES)('%s leads only where the table says', (input) => {
    const edge = TRANSITIONS[state][input];
    const reached = new Set<Next>();
    for (const happen of INPUTS[input]) {
      const world = inState(state);
      happen(world);
      reached.add(world.state.calls.get(world.subject)?.phase.state ?? 'over');
    }
    // What an input leads to may lead on at once: back in the queue, free agents ring; two ends of legs end a call.
    const allowed = new Set<Next>([state]);
    const follow = (from: CallState, by: CallInputType): void => { for (const next of TRANSITIONS[from][by]?.to ?? []) { if (allowed.has(next)) continue; allowed.add(next); if (next === 'queued') follow('queued', 'agentsFree'); if (next !== 'over' && input === 'legEnded') follow(next, 'legEnded'); } };
    follow(state, input);
    if (allowed.has('queued')) follow('queued', 'agentsFree');
    if (BY_CORE.includes(input) && allowed.has('promised')) follow('promised', 'turnCame');
    if (BY_TIME.includes(input)) for (const time of BY_TIME) for (const from of [...allowed]) if (from !== 'over') follow(from, time);
    expect([...reached].filter((next) => !allowed.has(next))).toEqual([]);
    // An edge that leads away is gone by at least one of the ways the input comes about.
    if (edge !== null && !edge.to.includes(state)) expect([...reached].some((next) => next !== state)).toBe(true);
  });
});

test('a call that cannot know an input is not changed by it', () => {
  const changed: string[] = [];
  for (const state of STATES) for (const input of INPUT_TYPES) {
    if (TRANSITIONS[state][input] !== null || BY_TIME.includes(input) || BY_CORE.includes(input)) continue;
    for (const happen of INPUTS[input]) {
      const world = inState(state);
      const effects = happen(world);
      if (effects.length > 0 || world.last?.touchedCalls.has(world.subject) === true) changed.push(`${state} × ${input}`);
    }
  }
  expect(changed).toEqual([]);
});

test('a transfer or another phone in the place of one is answered in every state', () => {
  expect(STATES.flatMap((state) => NEVER_NULL.filter((input) => TRANSITIONS[state][input] === null))).toEqual([]);
});

test('docs/states.md shows the table as it is', () => {
  const rows = PAGE.split('\n').filter((line) => /^\| `/.test(line)).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')));
  const header = PAGE.split('\n').find((line) => line.startsWith('| Input |'))?.split('|').slice(2, -1).map((cell) => cell.trim());
  expect(header).toEqual(STATES);
  const shown = Object.fromEntries(rows.map(([input, ...cells]) => [input, cells]));
  const table = Object.fromEntries(INPUT_TYPES.map((input) => [input, STATES.map((state) => {
    const edge = TRANSITIONS[state][input];
    return edge === null ? '·' : inWords(edge.to, state);
  })]));
  expect(shown).toEqual(table);
});

/** `=`: the state stays; `sent on`: every state a group's flow or a call action leads to, among them perhaps this one. */
function inWords(to: readonly Next[], state: CallState): string {
  const sentOn = SENT.every((next) => to.includes(next) || next === state);
  const others = sentOn ? to.filter((next) => !SENT.includes(next as (typeof SENT)[number]) || next === state) : to;
  return [...others.map((next) => (next === state ? '=' : next)), ...(sentOn ? ['sent on'] : [])].join(' ');
}

test('the picture of docs/states.md numbers exactly the edges between different states', () => {
  const listed = [...PAGE.matchAll(/^(\d+)\. `(\w+)` → (?:`(\w+)`|sent on)/gm)].map(([, number, from = '', to]) => ({ number: Number(number), edges: (to === undefined ? SENT.filter((next) => next !== from) : [to]).map((next) => `${from} → ${next}`) }));
  expect(listed.map(({ number }) => number)).toEqual(listed.map((_, index) => index + 1));
  const edges = new Set(STATES.flatMap((from) => INPUT_TYPES.flatMap((input) => (TRANSITIONS[from][input]?.to ?? []).filter((to) => to !== from).map((to) => `${from} → ${to}`))));
  expect([...new Set(listed.flatMap(({ edges: one }) => one))].filter((edge) => edge !== 'new → arriving').sort()).toEqual([...edges].sort());
  const drawn = new Set([...(/```\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '').matchAll(/\((\d+)\)/g)].map(([, number]) => Number(number)));
  expect([...drawn].sort((a, b) => a - b)).toEqual(listed.map(({ number }) => number));
});
