// Which keys are told of, packet by packet: the vectors, and what holds for any loss and any order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { KeyPresses } from '../../../engine/edge/media/key-presses';

type Row = readonly [event: number, timestamp: number, duration: number, ...flags: string[]] | 'lost';
interface Vector { readonly title: string; readonly packets: readonly Row[]; readonly told: readonly (readonly [packet: number, event: number])[] }

const vectors = parse(readFileSync(join(__dirname, '..', '..', 'fixtures', 'media', 'key-presses.yml'), 'utf8')) as readonly Vector[];

function packet([event, timestamp, duration, ...flags]: Exclude<Row, 'lost'>, sequence: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes[0] = 0x80;
  bytes[1] = 101 | (flags.includes('m') ? 0x80 : 0);
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(flags.includes('other') ? 2 : 1, 8);
  bytes[12] = event;
  bytes[13] = (flags.includes('e') ? 0x80 : 0) | 10;
  bytes.writeUInt16BE(duration, 14);
  return bytes;
}

test.each(vectors.map((vector) => [vector.title, vector] as const))('%s', (_title, { packets, told }) => {
  const keys = new KeyPresses();
  const heard = packets.flatMap((row, index) => {
    const press = row === 'lost' ? null : keys.heard(packet(row, 65_533 + index), 12);
    return press ? [[index, press.event]] : [];
  });
  expect(heard).toEqual(told);
});

test('whatever is lost, as long as one packet of a press arrives, every press is told once and in order', () => {
  const press = fc.record({ event: fc.integer({ min: 0, max: 15 }), starts: fc.integer({ min: 1, max: 12 }), pause: fc.integer({ min: 160, max: 20_000 }), arrives: fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }) });
  fc.assert(fc.property(fc.array(press, { minLength: 1, maxLength: 20 }), fc.integer({ min: 0, max: 0xffff_ffff }), (presses, from) => {
    const keys = new KeyPresses();
    const [heard, wanted]: [number[], number[]] = [[], []];
    let [timestamp, sequence] = [from, from & 0xffff];
    for (const { event, starts, pause, arrives } of presses) {
      let any = false;
      for (let index = 1; index <= starts + 3; index += 1) {
        const row = packet([event, timestamp, Math.min(index, starts) * 160, ...(index === 1 ? ['m'] : []), ...(index > starts ? ['e'] : [])], sequence);
        sequence += 1;
        if (!arrives[index - 1]) continue;
        any = true;
        const told = keys.heard(row, 12);
        if (told) heard.push(told.event);
      }
      if (any) wanted.push(event);
      timestamp += starts * 160 + pause;
      // Between two presses there is sound.
      sequence += Math.ceil(pause / 160) + 3;
    }
    expect(heard).toEqual(wanted);
  }), { numRuns: 300 });
});

test('packets of one press in any order, any of them twice: told once', () => {
  const rows = Array.from({ length: 8 }, (_, index) => packet([3, 5000, Math.min(index + 1, 5) * 160, ...(index === 0 ? ['m'] : []), ...(index > 4 ? ['e'] : [])], index));
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 24 }), (order) => {
    const keys = new KeyPresses();
    expect(order.filter((index) => keys.heard(rows[index] ?? Buffer.alloc(0), 12) !== null)).toHaveLength(1);
  }));
});

test('any bytes are survived, and too short ones tell nothing', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 40 }), fc.integer({ min: 12, max: 60 }), (bytes, offset) => {
    const press = new KeyPresses().heard(Buffer.from(bytes), offset);
    if (bytes.length < offset + 4) expect(press).toBeNull();
  }));
});
