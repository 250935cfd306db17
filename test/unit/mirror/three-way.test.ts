// What two sites changed of one pool without knowing of each other: nothing that either said is lost, and what contradicts is asked about.
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { type ObjectChange } from '../../../storage/model/configuration';
import { conflictKey, mergeThreeWay, type MergeConflict, type Side } from '../../../storage/mirror/three-way';

type Thing = Readonly<Record<string, unknown>>;
type Things = ReadonlyMap<string, Thing>;
const FIELDS = ['name', 'timeoutSeconds', 'agentGroupIds'] as const;
const IDS = ['a', 'b', 'c', 'd'] as const;

const change = (kind: string, id: string, before: Thing | null, after: Thing | null): ObjectChange => ({ kind, id, before, after } as unknown as ObjectChange);
const thing = (id: string, more: Thing = {}): Thing => ({ id, pool: 'east', version: 1, name: id, timeoutSeconds: 10, agentGroupIds: [], ...more });
const undecided = (): null => null;

describe('One object', () => {
  const base = thing('q');
  const to = (...fields: Thing[]): ObjectChange[] => fields.map((more, i) => change('queues', 'q', i === 0 ? base : { ...base, ...fields[i - 1] }, { ...base, ...more, version: i + 2 }));
  const gone = change('queues', 'q', base, null);
  test.each<[string, ObjectChange[], ObjectChange[], Thing | null | undefined, string[]]>([
    ['changed there alone', [], to({ name: 'x' }), { name: 'x', timeoutSeconds: 10 }, []],
    ['changed here alone', to({ name: 'x' }), [], undefined, []],
    ['different fields', to({ name: 'x' }), to({ timeoutSeconds: 20 }), { name: 'x', timeoutSeconds: 20 }, []],
    ['the same change on both sides', to({ name: 'x' }), to({ name: 'x' }), undefined, []],
    ['the same field differently', to({ name: 'x' }), to({ name: 'y', timeoutSeconds: 20 }), { name: 'x', timeoutSeconds: 20 }, ['queues/q/name']],
    ['changed there and back', to({ name: 'x' }), to({ name: 'y' }, {}), undefined, []],
    ['removed there, untouched here', [], [gone], null, []],
    ['removed on both sides', [gone], [gone], undefined, []],
    ['removed there, changed here', to({ name: 'x' }), [gone], undefined, ['queues/q']],
    ['removed here, changed there', [gone], to({ name: 'x' }), undefined, ['queues/q']],
    ['removed there, changed here and back', to({ name: 'x' }, {}), [gone], null, []],
    ['made on both sides', [change('queues', 'q', null, base)], [change('queues', 'q', null, thing('q', { name: 'y' }))], undefined, ['queues/q/name']],
  ])('%s', (_what, ours, theirs, expected, conflicts) => {
    const merged = mergeThreeWay(ours, theirs, undecided);
    expect(merged.undecided.map(conflictKey)).toEqual(conflicts);
    const [one, ...more] = merged.changes;
    expect(more).toEqual([]);
    if (expected === undefined) expect(one).toBeUndefined();
    else if (expected === null) expect(one).toMatchObject({ after: null });
    else expect(one?.after).toMatchObject(expected);
  });

  test('A decision takes the value of either side; both are shown with what it was', () => {
    const [ours, theirs] = [to({ name: 'x' }), to({ name: 'y' })];
    const { undecided: [conflict] } = mergeThreeWay(ours, theirs, undecided);
    expect(conflict).toEqual({ kind: 'queues', id: 'q', field: 'name', name: 'x', base: 'q', ours: 'x', theirs: 'y' });
    expect(mergeThreeWay(ours, theirs, () => 'theirs')).toMatchObject({ changes: [{ after: { name: 'y' } }], undecided: [], decided: [{ kept: 'theirs' }] });
    expect(mergeThreeWay(ours, theirs, () => 'ours')).toMatchObject({ changes: [], decided: [{ kept: 'ours' }] });
    expect(mergeThreeWay([gone], theirs, () => 'theirs').changes).toMatchObject([{ before: null, after: { name: 'y' } }]);
    expect(mergeThreeWay(ours, [gone], () => 'theirs').changes).toMatchObject([{ before: { name: 'x' }, after: null }]);
  });

  test('Of duty that of the side that served counts; who is removed has none', () => {
    const duty = (onDuty: boolean): Thing => ({ id: 'u', pool: 'east', version: 1, agentId: 'u', onDuty });
    const agent = { id: 'u', pool: 'east', version: 1, name: 'Ada' };
    const on = change('duties', 'u', duty(false), duty(true));
    const stillOff = [change('duties', 'u', duty(false), { ...duty(false), pause: 'a' })];
    expect(mergeThreeWay(stillOff, [on], undecided)).toMatchObject({ changes: [{ after: { onDuty: true } }], undecided: [] });
    const removed = [change('agents', 'u', agent, null), change('duties', 'u', duty(false), null)];
    expect(mergeThreeWay(removed, [on], undecided)).toEqual({ changes: [], undecided: [], decided: [] });
    const kept = mergeThreeWay(removed, [on, change('agents', 'u', agent, { ...agent, name: 'Ada Park' })], () => 'theirs');
    expect(kept.changes).toMatchObject([{ kind: 'duties', after: { onDuty: true } }, { kind: 'agents', after: { name: 'Ada Park' } }]);
  });
});

/** One edit: an object made, removed, or one of its fields set. */
const edit = fc.record({ id: fc.constantFrom(...IDS), what: fc.constantFrom('remove', ...FIELDS), value: fc.nat(2) });
type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

function edited(from: Things, edits: readonly Edit[]): { readonly now: Things; readonly changes: readonly ObjectChange[] } {
  const now = new Map(from);
  const changes = edits.map(({ id, what, value }) => {
    const before = now.get(id) ?? null;
    const after = what === 'remove' ? null : { ...before ?? thing(id), [what]: what === 'agentGroupIds' ? [value] : value, version: Number(before?.['version'] ?? 0) + 1 };
    if (after === null) now.delete(id);
    else now.set(id, after);
    return change('queues', id, before, after);
  });
  return { now, changes };
}

function applied(to: Things, changes: readonly ObjectChange[]): Things {
  const now = new Map(to);
  for (const { id, before, after } of changes) {
    expect(now.get(id) ?? null).toEqual(before);
    if (after === null) now.delete(id);
    else now.set(id, after);
  }
  return now;
}

const plain = (things: Things): unknown => [...things].map(([id, { version: _version, ...rest }]) => [id, rest]).sort();
const begun: fc.Arbitrary<Things> = fc.subarray([...IDS]).map((ids) => new Map(ids.map((id) => [id, thing(id)])));
const history = fc.tuple(begun, fc.array(edit, { maxLength: 8 }), fc.array(edit, { maxLength: 8 }));

test('Whatever both sides did, in whatever order: each value that one side alone set is there, and exactly the others are asked about', () => {
  fc.assert(fc.property(history, fc.constantFrom<Side | null>('ours', 'theirs', null), ([base, our, their], kept) => {
    const [ours, theirs] = [edited(base, our), edited(base, their)];
    const asked: MergeConflict[] = [];
    const result = applied(ours.now, mergeThreeWay(ours.changes, theirs.changes, (conflict) => { asked.push(conflict); return kept; }).changes);
    const isAsked = (id: string, field: string | null): boolean => asked.some((one) => one.id === id && one.field === field);
    for (const id of IDS) {
      const [was, mine, his, is] = [base, ours.now, theirs.now, result].map((things) => things.get(id) ?? null);
      const same = (one: unknown, other: unknown): boolean => isDeepStrictEqual(one && { ...one as Thing, version: 0 }, other && { ...other as Thing, version: 0 });
      if (same(was, his)) expect(same(is, mine)).toBe(true);
      else if (same(was, mine)) expect(same(is, his)).toBe(true);
      else if (!mine || !his || !is) {
        expect(isAsked(id, null)).toBe(mine !== null || his !== null);
        expect(same(is, kept === 'theirs' ? his : mine)).toBe(true);
      } else {
        for (const field of FIELDS) {
          const [b, m, h] = [was?.[field], mine[field], his[field]];
          const contradicts = !isDeepStrictEqual(m, h) && (was === null || (!isDeepStrictEqual(b, m) && !isDeepStrictEqual(b, h)));
          expect(isAsked(id, field)).toBe(contradicts);
          expect(is[field]).toEqual(contradicts ? (kept === 'theirs' ? h : m) : was !== null && isDeepStrictEqual(b, h) ? m : h);
        }
      }
    }
  }), { numRuns: 150 });
});

test('Both sides come to the same, from whichever the other is merged into; and merging what was merged changes nothing', () => {
  fc.assert(fc.property(history, ([base, our, their]) => {
    const [ours, theirs] = [edited(base, our), edited(base, their)];
    const here = mergeThreeWay(ours.changes, theirs.changes, () => 'theirs').changes;
    const there = mergeThreeWay(theirs.changes, ours.changes, () => 'ours').changes;
    const merged = applied(ours.now, here);
    expect(plain(applied(theirs.now, there))).toEqual(plain(merged));
    expect(mergeThreeWay([...ours.changes, ...here], theirs.changes, () => 'theirs').changes).toEqual([]);
  }), { numRuns: 150 });
});
