// Prompts and music from text to what a caller hears, and the files between: written once, checked, never half.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { WaveFile } from 'wavefile';
import { createMedia } from '../../../engine/media/media';
import { createSounds, type SoundOptions, type Sounds } from '../../../engine/media/sounds';
import { LANGUAGES } from '../../../storage/model/languages';
import { type AudioFile, type Prompt } from '../../../storage/model/prompt';
import { silentLog, startOwn } from '../../support/media-servers';
import { correlation, RtpPeer, sequenceFaults, sine, toneShare, unbroken } from '../../support/rtp-peer';

jest.setTimeout(60_000);

const WORKER = ['-r', join(__dirname, '..', '..', 'support', 'run-typescript.cjs')];
const WELCOME = 'Welcome to the help desk.';
const folder = mkdtempSync(join(tmpdir(), 'sounds-'));
const opened: Sounds[] = [];
const say = (text: string): Prompt => ({ text, audio: null });
function open(mediaDirectory = folder, readAudio: SoundOptions['readAudio'] = async () => null): Sounds {
  const sounds = createSounds({ mediaDirectory, log: silentLog, workerExecArgv: WORKER, readAudio });
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

describe('audio files', () => {
  const recorded = (hz: number, rate = 44_100): Buffer => {
    const wav = new WaveFile();
    wav.fromScratch(2, rate, '16', [1, 2].map(() => Array.from({ length: rate }, (_, index) => Math.round(3_000 * Math.sin((2 * Math.PI * hz * index) / rate)))));
    return Buffer.from(wav.toBuffer());
  };
  const kept = (bytes: Buffer): AudioFile => ({ audioId: createHash('sha256').update(bytes).digest('hex'), fileName: 'a file.wav', durationMs: 1000 });
  const store = new Map<string, Buffer>();
  const keep = (bytes: Buffer): AudioFile => {
    const audio = kept(bytes);
    store.set(audio.audioId, bytes);
    return audio;
  };
  let reads = 0;
  const withStore = (directory?: string): Sounds => open(directory, async (audioId) => {
    reads += 1;
    return store.get(audioId) ?? null;
  });
  const files = withStore();
  const pcmOf = (file: string): Int16Array => Int16Array.from(read(file).samples);

  test('the file wins over the text, and is heard as it was recorded, as loud as speech', async () => {
    const { file, durationMs } = await files.prompt({ text: WELCOME, audio: keep(recorded(900)) }, 'en-US');
    expect(durationMs).toBe(1000);
    expect(read(file).wav.fmt).toMatchObject({ sampleRate: 8000, numChannels: 1, bitsPerSample: 16 });
    expect(toneShare(pcmOf(file).subarray(200, 7_800), 900)).toBeGreaterThan(0.999);
  });

  test('is read once: asked again, also by another engine while it cannot be read, it is there', async () => {
    const prompt: Prompt = { text: '', audio: keep(recorded(1_000)) };
    const first = await files.prompt(prompt, 'ja-JP');
    const before = reads;
    expect(await files.prompt(prompt, 'ja-JP')).toEqual(first);
    expect(await open(folder, () => Promise.reject(new Error('no database'))).prompt(prompt, 'ja-JP')).toEqual(first);
    expect(reads).toBe(before);
  });

  test.each<readonly [string, SoundOptions['readAudio']]>([
    ['is not there', async () => null],
    ['cannot be read', () => Promise.reject(new Error('no database'))],
    ['is not what it was', async () => Buffer.from('something else')],
  ])('one that %s: its text is spoken instead; without a text, unavailable', async (_what, readAudio) => {
    const without = open(folder, readAudio);
    const audio = kept(recorded(1_111));
    expect(await without.prompt({ text: WELCOME, audio }, 'en-US')).toEqual(await sounds.prompt(say(WELCOME), 'en-US'));
    await expect(without.prompt({ text: '', audio }, 'en-US')).rejects.toMatchObject({ name: 'MediaFault', code: 'unavailable' });
    expect(await without.music(audio)).toEqual(await sounds.music(null));
  });

  test('one that is no sound: its text is spoken; without a text, refused and why; the next is rendered', async () => {
    const audio = keep(Buffer.from('ID3 not a WAV file at all'));
    expect(await files.prompt({ text: WELCOME, audio }, 'en-US')).toEqual(await sounds.prompt(say(WELCOME), 'en-US'));
    await expect(files.prompt({ text: '', audio }, 'en-US')).rejects.toMatchObject({ code: 'refused', message: 'This is not a WAV file.' });
    expect((await files.music(audio)).file).toBe((await sounds.music(null)).file);
    expect((await files.prompt({ text: '', audio: keep(recorded(1_200)) }, 'en-US')).durationMs).toBe(1000);
  });

  test('as music it is made to loop, and so is another sound than as a prompt', async () => {
    const audio = keep(recorded(1_001));
    const [{ file }, prompt] = [await files.music(audio), await files.prompt({ text: '', audio }, 'en-US')];
    expect(file).not.toBe(prompt.file);
    expect(pcmOf(file)).toHaveLength(8_000 - 320);
  });

  test('music of one’s own goes round for a caller without a gap', async () => {
    const { file } = await files.music(keep(recorded(1_003)));
    const server = await startOwn(folder);
    const media = createMedia({ host: server.host, port: server.port, log: silentLog });
    const caller = await RtpPeer.open('PCMA');
    try {
      caller.follow((await media.anchor('music', caller.sdp())).callerSdp);
      await media.play('music', file, true);
      await caller.until((heard) => heard.length >= 120, 'two passes and a half');
      expect(sequenceFaults(caller.heard)).toBe(0);
      for (const run of unbroken(caller.heard)) {
        const heard = caller.samples(run);
        for (let at = 0; at + 400 <= heard.length; at += 400) expect(toneShare(heard.subarray(at, at + 400), 1_003)).toBeGreaterThan(0.8);
      }
    } finally {
      caller.close();
      await media.close();
      await server.close();
    }
  });

  test('the longest file there may be, of the most samples, is rendered in time', async () => {
    const rate = 8_000;
    const wav = new WaveFile();
    wav.fromScratch(1, rate, '16', sine(440, 2_097_000));
    expect((await files.prompt({ text: '', audio: keep(Buffer.from(wav.toBuffer())) }, 'en-US')).durationMs).toBeGreaterThan(262_000);
  }, 240_000);
});

test('the tone of a phone that rings elsewhere is made once', async () => {
  const { file } = await sounds.ringback();
  expect(read(file).samples).toHaveLength(40_000);
  expect(await open().ringback()).toMatchObject({ file });
});
