// Bencode at both ends of NG: what is written is read, what is cut is waited for, what is garbage is refused, and nothing goes round for ever.
import { decode, encode } from 'bencode';
import fc from 'fast-check';
import { MalformedBencode, readBencode, writeBencode, type NgReply, type NgValue } from '../../../engine/edge/media/bencode';
import { BrokenStream, endOfValue } from '../../../engine/media/bencode-stream';

const { value: anything } = fc.letrec<{ value: NgReply }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', maxDepth: 4 },
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 4 })),
}));

/** Maps as plain objects, to compare. */
function plain(value: NgValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...(value as ReadonlyMap<string, NgValue>)].map(([key, item]) => [key, plain(item)]));
  return Array.isArray(value) ? value.map((item: NgValue) => plain(item)) : value;
}

/** Pieces that bencode is made of, in any order: nearer to the edge than random bytes. */
const nearly = fc.array(fc.constantFrom('d', 'l', 'i', 'e', '0:', '3:abc', '1:', '-1:', 'i0e', 'i-7e', '99999999999999999999:', '-', '9', ' ', '4:', 'x', ':'), { maxLength: 30 }).map((words) => Buffer.from(words.join('')));
const garbage = fc.oneof(nearly, fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)));

test('what the edge writes, it reads again, and so does the npm package', () => {
  fc.assert(fc.property(anything, (value) => {
    const written = writeBencode(value);
    const read = readBencode(written);
    expect(read && plain(read.value)).toEqual(value);
    expect(read?.end).toBe(written.length);
    expect(decode(written, 'utf8')).toEqual(value);
  }));
});

test('what the npm package writes, the edge reads', () => {
  fc.assert(fc.property(anything, (value) => {
    const read = readBencode(encode(value));
    expect(read && plain(read.value)).toEqual(value);
  }));
});

test('a value that is not whole yet is waited for, wherever it was cut', () => {
  fc.assert(fc.property(anything, (value) => {
    const written = writeBencode(value);
    for (let end = 0; end < written.length; end += 1) {
      expect(readBencode(written.subarray(0, end))).toBeNull();
      expect(endOfValue(written.subarray(0, end), 0)).toBeNull();
    }
  }));
});

test('values that stand one behind another are told apart, at both ends', () => {
  fc.assert(fc.property(fc.array(anything, { minLength: 1, maxLength: 5 }), (values) => {
    const stream = Buffer.concat(values.map(writeBencode));
    let [server, client] = [0, 0];
    for (const value of values) {
      const read = readBencode(stream, server);
      expect(read && plain(read.value)).toEqual(value);
      server = read?.end ?? 0;
      client = endOfValue(stream, client) ?? 0;
      expect(client).toBe(server);
    }
    expect(server).toBe(stream.length);
  }));
});

test('garbage is a value, not whole, or refused, and both ends agree on which', () => {
  fc.assert(fc.property(garbage, (bytes) => {
    let server: number | 'more' | 'refused';
    try {
      server = readBencode(bytes)?.end ?? 'more';
    } catch (fault) {
      expect(fault).toBeInstanceOf(MalformedBencode);
      server = 'refused';
    }
    let client: number | 'more' | 'refused';
    try {
      client = endOfValue(bytes, 0) ?? 'more';
    } catch (fault) {
      expect(fault).toBeInstanceOf(BrokenStream);
      client = 'refused';
    }
    if (typeof server === 'number' || typeof client === 'number') expect(client).toBe(server);
  }), { numRuns: 2000 });
});

test.each([
  ['a length below zero', 'l-3:e'], ['a number with a fraction', 'i1.5e'], ['a number without digits', 'ie'], ['a number beyond what is exact', 'i99999999999999999999e'],
  ['a key that is a number', 'di1e1:ae'], ['a dictionary without its last value', 'd1:ae'], ['lists without end', 'l'.repeat(1000)],
])('%s: refused at both ends', (_what, text) => {
  expect(() => readBencode(Buffer.from(text))).toThrow(MalformedBencode);
  expect(() => endOfValue(Buffer.from(text), 0)).toThrow(BrokenStream);
});

test('a key that names a prototype is a key like any other', () => {
  const read = readBencode(Buffer.from('d9:__proto__1:xe'));
  expect(read?.value).toEqual(new Map([['__proto__', 'x']]));
});
