// Prompts and music from text to what a caller hears, and the files between: written once, checked, never half.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { WaveFile } from 'wavefile';
import { createMedia } from '../../../engine/media/media';
import { createSounds, type Sounds } from '../../../engine/media/sounds';
import { LANGUAGES } from '../../../storage/model/languages';
import { type Prompt } from '../../../storage/model/prompt';
import { silentLog, startOwn } from '../../support/media-servers';
import { correlation, RtpPeer, sequenceFaults } from '../../support/rtp-peer';

jest.setTimeout(60_000);

const WORKER = ['-r', join(__dirname, '..', '..', 'support', 'run-typescript.cjs')];
const WELCOME = 'Welcome to the help desk.';
const folder = mkdtempSync(join(tmpdir(), 'sounds-'));
const opened: Sounds[] = [];
const say = (text: string): Prompt => ({ text, audio: null });
function open(mediaDirectory = folder): Sounds {
  const sounds = createSounds({ mediaDirectory, log: silentLog, workerExecArgv: WORKER, readAudio: async () => null });
  opened.push(sounds);
  return sounds;
}
afterAll(async () => {
  await Promise.all(opened.map((sounds) => sounds.close()));
  rmSync(folder, { recursive: true, force: true });
});

function read(file: string): { readonly samples: Float64Array; readonly wav: WaveFile } {
  const wav = new WaveFile(readFileSync(file));
  return { wav, samples: wav.getSamples() };
}

const sounds = open();

test('a prompt is a WAV file named by its content: 8 kHz, mono, 16 bit, in whole packets, neither silent nor clipped', async () => {
  const { file, audioId, durationMs } = await sounds.prompt(say(WELCOME), 'en-US');
  expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(audioId);
  expect(basename(file)).toBe(`${audioId}.wav`);
  const { wav, samples } = read(file);
  expect(wav.fmt).toMatchObject({ sampleRate: 8000, numChannels: 1, bitsPerSample: 16, audioFormat: 1 });
  expect(samples.length).toBe(durationMs * 8);
  expect(durationMs % 20).toBe(0);
  expect(durationMs).toBeGreaterThan(1000);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(peak).toBeGreaterThan(3_000);
  expect(peak).toBeLessThan(24_000);
  // The silence that frames it.
  expect(samples.subarray(0, 1600).every((sample) => sample === 0)).toBe(true);
  expect(samples.subarray(-2400).every((sample) => sample === 0)).toBe(true);
});

test('what a caller hears is the prompt that was rendered', async () => {
  const { file, durationMs } = await sounds.prompt(say(WELCOME), 'en-US');
  const server = await startOwn(folder);
  const media = createMedia({ host: server.host, port: server.port, log: silentLog });
  const caller = await RtpPeer.open('PCMU');
  try {
    caller.follow((await media.anchor('prompt', caller.sdp())).callerSdp);
    expect(await media.play('prompt', file, false)).toEqual({ durationMs });
    await caller.until((heard) => heard.length >= durationMs / 20, 'the whole prompt');
    expect(sequenceFaults(caller.heard)).toBe(0);
    const wanted = Int16Array.from(read(file).samples);
    expect(correlation(caller.samples(), wanted).value).toBeGreaterThan(0.95);
    // The measure would notice another prompt of the same voice.
    const other = Int16Array.from(read((await sounds.prompt(say('Please call again tomorrow.'), 'en-US')).file).samples);
    expect(correlation(caller.samples(), other.subarray(0, wanted.length)).value).toBeLessThan(0.5);
  } finally {
    caller.close();
    await media.close();
    await server.close();
  }
});

test('the same text again, at once, later, or from another engine, is the same file; another language is another', async () => {
  const another = open();
  const all = await Promise.all([sounds.prompt(say(WELCOME), 'en-US'), sounds.prompt(say(WELCOME), 'en-US'), another.prompt(say(WELCOME), 'en-US')]);
  expect(new Set(all.map(({ file }) => file)).size).toBe(1);
  expect((await sounds.prompt(say(WELCOME), 'en-GB')).file).not.toBe(all[0]?.file);
});

test('a file that was damaged or removed is rendered again, to the same content', async () => {
  const first = await sounds.prompt(say('One moment.'), 'en-US');
  truncateSync(first.file, 100);
  expect(await sounds.prompt(say('One moment.'), 'en-US')).toEqual(first);
  expect(read(first.file).samples.length).toBe(first.durationMs * 8);
  rmSync(first.file);
  expect(await open().prompt(say('One moment.'), 'en-US')).toEqual(first);
  const bytes = readFileSync(first.file);
  bytes[1000] = (bytes[1000] ?? 0) ^ 0xff;
  writeFileSync(first.file, bytes);
  expect(await open().prompt(say('One moment.'), 'en-US')).toEqual(first);
  expect(createHash('sha256').update(readFileSync(first.file)).digest('hex')).toBe(first.audioId);
});

test('nothing half-written stays behind', async () => {
  await sounds.music(null);
  expect(readdirSync(folder).filter((name) => !/^[0-9a-f]{64}\.(wav|json)$/.test(name))).toEqual([]);
});

test.each([
  ['only dots', '...', 'en-US'], ['only spaces', '   ', 'en-US'], ['nothing', '', 'en-US'], ['more than 4096 characters', 'x'.repeat(4097), 'en-US'],
  ['a language the voice does not speak', 'こんにちは', 'ja-JP'], ['a language nobody knows', 'hello', 'xx-XX'], ['the name of a prototype', 'hello', 'constructor'],
])('%s: refused', async (_what, text, language) => {
  await expect(sounds.prompt(say(text), language)).rejects.toMatchObject({ name: 'MediaFault', code: 'refused' });
});

test.each([['-v de'], ['--help'], ['[[h@lo]]'], ['<speak>hello</speak>'], ['line\none\u0000two'], ['"; rm -rf /'], ['😀 hello']])('%j is spoken as text', async (text) => {
  expect((await sounds.prompt(say(text), 'en-US')).durationMs).toBeGreaterThan(500);
});

test('after a text that breaks the voice the next one is spoken', async () => {
  await expect(sounds.prompt(say('…'), 'en-US')).rejects.toMatchObject({ code: 'refused' });
  expect((await sounds.prompt(say('Still here.'), 'en-US')).durationMs).toBeGreaterThan(500);
});

test.each(Object.entries(LANGUAGES).filter(([, voice]) => voice !== null).map(([language]) => [language]))('%s is spoken', async (language) => {
  expect((await sounds.prompt(say('123'), language)).durationMs).toBeGreaterThan(500);
});

test('a folder that cannot be written: unavailable', async () => {
  const blocked = join(folder, 'blocked');
  writeFileSync(blocked, '');
  await expect(open(join(blocked, 'media')).prompt(say(WELCOME), 'en-US')).rejects.toMatchObject({ name: 'MediaFault', code: 'unavailable' });
  rmSync(blocked);
});

test('after closing: unavailable', async () => {
  const closed = open();
  await closed.close();
  await expect(closed.prompt(say('Nobody says this.'), 'en-US')).rejects.toMatchObject({ code: 'unavailable' });
});
