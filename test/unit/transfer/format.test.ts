// The export file without a database: what is written is read again, byte for byte; whatever else is refused at its line, with the reason, in little memory.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { emptyConfiguration, type Configuration } from '../../../storage/model/configuration';
import { canonicalJson } from '../../../storage/transfer/canonical';
import { BadFile, FILE_LIMITS, FORMAT_VERSION, readHeader, upgraded, UPGRADES, type Upgrade } from '../../../storage/transfer/format';
import { readExport, type Exported } from '../../../storage/transfer/read';
import { writeExport } from '../../../storage/transfer/write';
import { toneWav } from '../../support/wav';

/** As release 0.1.0 wrote it, with every kind of object. It is never made anew: a release must go on reading it. */
const FIRST = readFileSync(join(__dirname, '..', '..', 'fixtures', 'exports', 'version-1.rgs'));

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (bytes: Uint8Array | string, size = 65_536): Promise<Exported> => readExport(pieces(Buffer.from(bytes), size));

/** Lines with the last one that fits them. */
function file(lines: readonly string[], counts = { objects: lines.length - 1, sounds: 0 }): string {
  const body = lines.map((line) => `${line}\n`).join('');
  return `${body}${canonicalJson({ ...counts, sha256: createHash('sha256').update(body).digest('hex') })}\n`;
}
const HEADER = canonicalJson({ format: 'response-group export', version: 1, pool: 'east', owner: 'east', sipDomain: 'test.local' });
const object = (kind: string, fields: object): string => canonicalJson({ kind, object: fields });
const agent = (id: string, more: object = {}): string => object('agents', { id, name: 'Alice', sipUser: 'alice', personId: null, digest: null, ...more });

/** The configuration that a file holds, in the pool it is of. */
function configurationOf({ header, objects }: Exported): Configuration {
  const configuration = emptyConfiguration(header.owner);
  for (const one of objects) (configuration.objects[one.kind] as Map<string, object>).set(one.object.id, { ...one.object, pool: header.owner, version: 3 });
  return configuration;
}

test('A file of version 1 is read, with its sounds, however it is cut into pieces; written again it is the same bytes', async () => {
  const sounds = new Map<string, Buffer>();
  const whole = await readExport(pieces(FIRST, 1_000), (audioId, wav) => { sounds.set(audioId, wav); return Promise.resolve(); });
  expect(whole.header).toEqual({ format: 'response-group export', version: 1, pool: 'east', owner: 'east', sipDomain: 'response-group.example' });
  expect(new Set(whole.objects.map(({ kind }) => kind)).size).toBe(9);
  expect([...sounds.keys()]).toEqual(whole.audioIds);
  expect(whole.audioIds).toHaveLength(1);
  const duty = whole.objects.find((one) => one.kind === 'duties')?.object;
  expect(duty).toMatchObject({ since: new Date('2026-01-05T09:00:00.000Z'), pause: { until: null } });
  for (const size of [1, 7, 65_536]) expect((await read(FIRST, size)).objects).toEqual(whole.objects);
  const again: Buffer[] = [];
  for await (const piece of writeExport({ pool: 'east', sipDomain: whole.header.sipDomain, configuration: configurationOf(whole), readAudio: (audioId) => Promise.resolve(sounds.get(audioId) ?? null) })) again.push(piece);
  expect(Buffer.concat(again).toString()).toBe(FIRST.toString());
});

test('A byte that differs anywhere is noticed, and so is an end that is missing', async () => {
  await fc.assert(fc.asyncProperty(fc.nat(FIRST.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
    const changed = Buffer.from(FIRST);
    changed.writeUInt8((changed.readUInt8(at)) ^ flip, at);
    await expect(read(changed)).rejects.toThrow(BadFile);
    await expect(read(FIRST.subarray(0, at))).rejects.toThrow(BadFile);
  }), { numRuns: 60 });
});

const WAV = toneWav(440, 200, 8_000);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const withMusic = (audioId: string): string => object('settings', { id: 'east', defaultMusic: { audioId, fileName: '../../../etc/passwd', durationMs: 200 } });
const sound = (audio: string, bytes: number): string => canonicalJson({ audio, bytes });
const chunk = (bytes: Buffer): string => canonicalJson({ chunk: bytes.toString('base64') });
const deep = (depth: number): string => `${'{"kind":'.repeat(depth)}1${'}'.repeat(depth)}`;

test.each<[string, string | Buffer, string]>([
  ['an empty file', '', 'it is empty'],
  ['a zip', Buffer.from('PK\u0003\u0004\u0000\u0000'), 'no export of Response Group'],
  ['a compressed file, which might unfold without end', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x0a]), 'no export of Response Group'],
  ['a long line where the header should be', 'x'.repeat(FILE_LIMITS.headerBytes + 1), 'no export of Response Group'],
  ['other JSON', file(['{"hello":"world"}']), 'no export of Response Group'],
  ['a list', '[1]\n', 'no export of Response Group'],
  ['a newer version', file([HEADER.replace('"version":1', `"version":${FORMAT_VERSION + 1}`)]), `reads versions 1 to ${FORMAT_VERSION}`],
  ['a version that never was', file([HEADER.replace('"version":1', '"version":0')]), 'no export of Response Group'],
  ['a header with more', file([HEADER.replace('"owner"', '"more":1,"owner"')]), 'header does not fit'],
  ['a pool that is a path', file([HEADER.replace('"owner":"east"', '"owner":"../west"')]), 'header does not fit'],
  ['no last line', `${HEADER}\n${agent('agent-1')}\n`, 'cut off'],
  ['a wrong checksum', file([HEADER, agent('agent-1')]).replace('"name":"Alice"', '"name":"Mallory"'), 'checksum is wrong'],
  ['a wrong count', file([HEADER, agent('agent-1')], { objects: 2, sounds: 0 }), 'it says 2 objects and has 1'],
  ['more after the end', `${file([HEADER])}{}\n`, 'more after the last line'],
  ['a kind that is not', file([HEADER, object('planets', { id: 'x' })]), '"planets" is no kind'],
  ['a kind that every object has', file([HEADER, object('constructor', { id: 'x' })]), '"constructor" is no kind'],
  ['an id that is a path', file([HEADER, agent('../agent')]), 'does not fit'],
  ['a wrong type', file([HEADER, agent('agent-1', { name: 5 })]), 'name'],
  ['a field that is not known', file([HEADER, agent('agent-1', { nickname: 'Al' })]), 'nickname'],
  ['a field deep within that is not known', file([HEADER, object('businessHours', { id: 'hours-1', name: 'Office', monday: [{ open: '08:00', close: '17:00', lunch: true }] })]), 'monday.0.lunch'],
  ['a field that would change what objects are', file([HEADER, agent('agent-1').replace('"name"', '"__proto__":{"admin":true},"name"')]), '__proto__'],
  ['another pool slipped in', file([HEADER, agent('agent-1', { pool: 'west' })]), 'pool is not a field'],
  ['an operator where an id belongs', file([HEADER, agent('agent-1', { personId: { $gt: '' } })]), 'personId'],
  ['an object twice', file([HEADER, agent('agent-1'), agent('agent-1')]), 'there twice'],
  ['objects out of order', file([HEADER, agent('agent-2'), agent('agent-1')]), 'out of order'],
  ['objects within objects without end', file([HEADER, deep(200_000)]), 'must have a kind and an object'],
  ['no UTF-8', Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.from([0xff, 0xfe, 0x0a])]), 'no text in UTF-8'],
  ['a sound that nothing names', file([HEADER, sound(sha256(WAV), WAV.length), chunk(WAV)], { objects: 0, sounds: 1 }), 'nothing names the sound'],
  ['a sound that is another', file([HEADER, withMusic('0'.repeat(64)), sound('0'.repeat(64), WAV.length), chunk(WAV)], { objects: 1, sounds: 1 }), 'not what its SHA-256 says'],
  ['a sound that is none', file([HEADER, withMusic(sha256(Buffer.from('MZ'))), sound(sha256(Buffer.from('MZ')), 2), chunk(Buffer.from('MZ'))], { objects: 1, sounds: 1 }), 'must be a WAV file'],
  ['a sound that is too large', file([HEADER, withMusic('0'.repeat(64)), sound('0'.repeat(64), 1e9)], { objects: 1, sounds: 1 }), 'at most'],
  ['a sound in crumbs, each of which would take memory', file([HEADER, withMusic(sha256(WAV)), sound(sha256(WAV), WAV.length), chunk(WAV.subarray(0, 1))], { objects: 1, sounds: 1 }), 'wrong length'],
])('%s is refused', async (_what, bytes, reason) => {
  await expect(read(bytes)).rejects.toThrow(BadFile);
  await expect(read(bytes)).rejects.toThrow(reason);
});

test('The name of a sound is a label: where it looks like a path it stays a label', async () => {
  const whole = await read(file([HEADER, withMusic(sha256(WAV)), sound(sha256(WAV), WAV.length), chunk(WAV)], { objects: 1, sounds: 1 }));
  expect(whole.objects).toMatchObject([{ object: { defaultMusic: { fileName: '../../../etc/passwd' } } }]);
});

test('A file of a gigabyte, in one line or in many, is given up long before its end', async () => {
  const MEGABYTE = 1024 * 1024;
  let taken = 0;
  async function* endless(first: string, piece: Buffer): AsyncGenerator<Uint8Array> {
    yield Buffer.from(first);
    for (; taken < 1024; taken += 1) yield piece;
  }
  await expect(readExport(endless(`${HEADER}\n{"kind":"`, Buffer.alloc(MEGABYTE, 'a')))).rejects.toThrow(`longer than ${FILE_LIMITS.lineBytes} bytes`);
  expect(taken).toBeLessThanOrEqual(FILE_LIMITS.lineBytes / MEGABYTE + 1);
  taken = 0;
  // Each line is an object that fits; what ends it is how much of them there is.
  let id = 0;
  const said = { kind: 'disconnect', prompt: { text: 'x'.repeat(4096) } };
  const objects = function* (): Generator<Buffer> { for (;;) yield Buffer.from(`${object('queues', { id: `queue-${String(id += 1).padStart(8, '0')}`, name: 'Q', agentGroupIds: [], timeoutAction: said, overflowAction: said, noAgentsAction: said, leaveAction: said })}\n`); };
  async function* many(): AsyncGenerator<Uint8Array> { yield Buffer.from(`${HEADER}\n`); for (const one of objects()) { taken += one.length; if (taken > 1e9) return; yield one; } }
  await expect(readExport(many())).rejects.toThrow(`${FILE_LIMITS.objectBytes} bytes of them`);
  expect(taken).toBeLessThan(FILE_LIMITS.objectBytes + MEGABYTE);
});

test('Keys come in one order whatever order they were made in, and what was written is what was meant', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const shuffle = (one: unknown): unknown => (Array.isArray(one) ? one.map(shuffle) : typeof one === 'object' && one !== null ? Object.fromEntries(Object.entries(one).reverse().map(([key, inner]) => [key, shuffle(inner)])) : one);
    expect(canonicalJson(shuffle(value))).toBe(canonicalJson(value));
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
  }));
});

test('A file of an older version is led through every version since, and what is no more is left out', () => {
  const named: Upgrade = ({ kind, object: { title, ...rest } }) => ({ kind, object: { ...rest, name: title } });
  const without: Upgrade = (line) => (line.kind === 'faxes' ? null : line);
  const line = { kind: 'queues', object: { id: 'queue-1', title: 'Overnight' } };
  expect(upgraded(line, 1, [named, without])).toEqual({ kind: 'queues', object: { id: 'queue-1', name: 'Overnight' } });
  expect(upgraded(line, 2, [named, without])).toBe(line);
  expect(upgraded({ ...line, kind: 'faxes' }, 1, [named, without])).toBeNull();
  expect(UPGRADES).toHaveLength(FORMAT_VERSION - 1);
  expect(readHeader(JSON.parse(HEADER), 3).version).toBe(1);
});
