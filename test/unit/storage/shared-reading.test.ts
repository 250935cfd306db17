// One trip for all who ask before it begins: nobody gets an answer from before their question, and a fault reaches everybody who asked.
import { SharedTrip } from '../../../storage/shared-reading';

/** A trip that ends when told. */
function trips() {
  const begun: { readonly keys: readonly string[]; readonly end: (answer: number | Error) => void }[] = [];
  const trip = (keys: readonly string[]): Promise<number> => new Promise((resolve, reject) => { begun.push({ keys, end: (answer) => { if (answer instanceof Error) reject(answer); else resolve(answer); } }); });
  const begins = async (count: number): Promise<void> => { while (begun.length < count) await new Promise((resolve) => { setImmediate(resolve); }); };
  return { begun, trip, begins };
}

test('Who asks while a trip is under way gets the next one, together with all others who do', async () => {
  const { begun, trip, begins } = trips();
  const shared = new SharedTrip(trip, 0);
  const first = shared.ask(['a']);
  await begins(1);
  const others = [shared.ask(['b', 'c']), shared.ask(['c', 'd'])];
  begun[0]?.end(1);
  expect(await first).toBe(1);
  await begins(2);
  begun[1]?.end(2);
  expect(await Promise.all(others)).toEqual([2, 2]);
  expect(begun.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c', 'd']]);
});

test('A fault is the fault of those who asked for that trip, and of nobody after', async () => {
  const { begun, trip, begins } = trips();
  const shared = new SharedTrip(trip, 0);
  const failing = [shared.ask(), shared.ask()].map((one) => expect(one).rejects.toThrow('away'));
  await begins(1);
  const next = shared.ask();
  begun[0]?.end(new Error('away'));
  await Promise.all(failing);
  await begins(2);
  begun[1]?.end(7);
  expect(await next).toBe(7);
});
