// The ring of free ports: each port with one holder, the one that was let go longest ago first, and counters that may wrap around.
import fc from 'fast-check';
import { FreePorts } from '../../../engine/edge/media/free-ports';

const all = (ports: FreePorts, holder = 0): number[] => Array.from({ length: ports.count }, () => ports.take(holder) ?? 0);

test.each([
  [10_000, 10_007, [10_000, 10_002, 10_004, 10_006]],
  [10_001, 10_007, [10_002, 10_004, 10_006]],
  [10_000, 10_006, [10_000, 10_002, 10_004]],
  [10_000, 10_001, [10_000]],
  [10_001, 10_002, []],
  [10_000, 9_000, []],
])('%i to %i: the pairs that lie wholly within', (min, max, pairs) => {
  const ports = FreePorts.ofRange(min, max);
  expect(all(ports)).toEqual(pairs);
  expect(ports.take(0)).toBeNull();
});

test('two threads that take and let go as they please: like one queue, also where the counters wrap around', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 0x7fff_fff0, 0xffff_fff0), fc.array(fc.record({ take: fc.boolean(), thread: fc.nat(1), which: fc.nat(20) }), { maxLength: 60 }), (pairs, from, steps) => {
    const ports = FreePorts.ofRange(20_000, 20_000 + 2 * pairs - 1);
    const views = [ports, new FreePorts(ports.memory)];
    const queue = all(ports);
    const words = new Int32Array(ports.memory.shared);
    // As many taken and put as after years of use, which is a multiple of the ring's size.
    [words[0], words[1]] = [from, from];
    for (const port of queue) ports.letGo(port);
    const held: number[] = [];
    for (const { take, thread, which } of steps) {
      const view = views[thread] ?? ports;
      if (take) {
        const port = view.take(thread);
        expect(port).toBe(queue.shift() ?? null);
        if (port !== null) held.push(port);
      } else if (held.length > 0) {
        const [port = 0] = held.splice(which % held.length, 1);
        view.letGo(port);
        queue.push(port);
      }
      expect(view.count).toBe(queue.length);
    }
  }));
});

test('what a thread held that is no more is free again, and nothing of anybody else', () => {
  const ports = FreePorts.ofRange(20_000, 20_009);
  const [one, other, third] = [ports.take(0), ports.take(1), ports.take(1)];
  ports.letGo(third ?? 0);
  ports.letGoAllOf(1);
  expect(all(ports)).toEqual([20_006, 20_008, third, other]);
  expect(one).toBe(20_000);
});
