// The ordered set and the deadlines, each held against the simplest thing that does the same.
import fc from 'fast-check';
import { Deadlines } from '../../../engine/core/deadlines';
import { OrderedSet } from '../../../engine/core/ordered-set';

test('an ordered set has what was added and not deleted, once, in order', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(40))), (acts) => {
    const items = Array.from({ length: 41 }, (_, key) => ({ key }));
    const set = new OrderedSet<{ key: number }>((a, b) => a.key - b.key);
    const model = new Set<number>();
    for (const [add, key] of acts) {
      const item = items[key] as { key: number };
      if (add) { set.add(item); model.add(key); } else { set.delete(item); model.delete(key); }
      const expected = [...model].sort((a, b) => a - b);
      expect(set.values.map((each) => each.key)).toEqual(expected);
      expect([set.size, set.first?.key, set.has(item)]).toEqual([expected.length, expected[0], model.has(key)]);
    }
  }));
});

test('an ordered set does not mistake another item of the same key for its own', () => {
  const set = new OrderedSet<{ key: number }>((a, b) => a.key - b.key);
  const item = { key: 1 };
  set.add(item);
  set.delete({ key: 1 });
  expect([set.has(item), set.has({ key: 1 })]).toEqual([true, false]);
});

test('deadlines come due in order of time, then of being set; moved and dropped ones as they were left', () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), name: fc.nat(12), atMs: fc.nat(50) }),
    fc.record({ kind: fc.constant('clear' as const), name: fc.nat(12), atMs: fc.constant(0) }),
    fc.record({ kind: fc.constant('take' as const), name: fc.constant(0), atMs: fc.nat(60) }),
  );
  fc.assert(fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
    const deadlines = new Deadlines<number>();
    let model: { name: number; atMs: number; order: number }[] = [];
    const sorted = () => [...model].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    acts.forEach(({ kind, name, atMs }, order) => {
      if (kind === 'take') {
        const first = sorted()[0];
        const expected = first !== undefined && first.atMs <= atMs ? first.name : undefined;
        expect(deadlines.takeDue(atMs)).toBe(expected);
        model = model.filter((each) => each.name !== expected);
      } else {
        model = model.filter((each) => each.name !== name);
        if (kind === 'set') { deadlines.set(`d${name}`, atMs, name); model.push({ name, atMs, order }); } else deadlines.clear(`d${name}`);
      }
      expect([deadlines.size, deadlines.nextMs]).toEqual([model.length, sorted()[0]?.atMs ?? null]);
      expect(deadlines.atMs(`d${name}`)).toBe(model.find((each) => each.name === name)?.atMs ?? null);
    });
  }));
});
