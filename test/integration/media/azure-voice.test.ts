// Azure Speech against a stand-in for its REST interface: what is asked, what comes of each answer, and what is never said aloud.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { WaveFile } from 'wavefile';
import { AZURE_VOICES, ssml } from '../../../engine/media/azure-voice';
import { createSounds, type Sounds } from '../../../engine/media/sounds';
import { LANGUAGE_NAMES } from '../../../storage/model/languages';
import { type Prompt } from '../../../storage/model/prompt';
import { sine, toneShare } from '../../support/rtp-peer';

jest.setTimeout(60_000);

const WORKER = ['-r', join(__dirname, '..', '..', 'support', 'run-typescript.cjs')];
const KEY = 'a-key-that-nobody-may-see';
const SPOKEN_HZ = 600;
const folder = mkdtempSync(join(tmpdir(), 'azure-'));
const say = (text: string): Prompt => ({ text, audio: null });

interface Asked { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }
type Answer = (response: ServerResponse, asked: Asked) => void;

const asked: Asked[] = [];
const waits: number[] = [];
let answers: Answer[] = [];
let logged = '';
let server: Server;
let sounds: Sounds;

const spoken = (rate = 8_000): Answer => (response) => {
  const wav = new WaveFile();
  wav.fromScratch(1, rate, '16', Array.from(sine((SPOKEN_HZ * 8_000) / rate, rate)));
  response.writeHead(200, { 'Content-Type': 'audio/x-wav' });
  response.end(Buffer.from(wav.toBuffer()));
};
const refuses = (status: number, headers: Record<string, string> = {}): Answer => (response) => { response.writeHead(status, headers); response.end('no'); };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; }).on('end', () => {
      const one = { url: request.url ?? '', headers: request.headers, body };
      asked.push(one);
      (answers.shift() ?? spoken())(response, one);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const log = pino({ level: 'trace' }, new Writable({ write: (chunk: Buffer, _encoding, done) => { logged += chunk.toString(); done(); } }));
  sounds = createSounds({
    mediaDirectory: folder, log, workerExecArgv: WORKER, readAudio: async () => null,
    azureSpeech: { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: KEY, timeoutMs: 6_000, wait: async (ms) => { waits.push(ms); } },
  });
});
afterAll(async () => {
  await sounds.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked.length = 0;
  waits.length = 0;
  answers = [];
  logged = '';
});
// Whatever happens.
afterEach(() => expect(logged).not.toContain(KEY));

const share = (file: string): number => toneShare(Int16Array.from(new WaveFile(readFileSync(file)).getSamples(false, Float64Array)).subarray(3_200, 8_000), SPOKEN_HZ);

test('a text is asked as SSML with the key in its header, and heard as it was said, framed like every prompt', async () => {
  const { file, durationMs } = await sounds.prompt(say('Tom & "Jerry" <say> it’s 5 > 4'), 'en-US');
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    url: '/cognitiveservices/v1',
    headers: { 'ocp-apim-subscription-key': KEY, 'content-type': 'application/ssml+xml', 'x-microsoft-outputformat': 'riff-8khz-16bit-mono-pcm', 'user-agent': 'response-group' },
    body: '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US"><voice name="en-US-JennyNeural">Tom &amp; &quot;Jerry&quot; &lt;say&gt; it’s 5 &gt; 4</voice></speak>',
  });
  expect(share(file)).toBeGreaterThan(0.999);
  expect(durationMs).toBe(1_500);
});

test('what comes at another rate is brought to ours', async () => {
  answers = [spoken(16_000)];
  expect(share((await sounds.prompt(say('wide'), 'en-US')).file)).toBeGreaterThan(0.999);
});

test.each(LANGUAGE_NAMES.map((language) => [language]))('%s has a voice, and it is asked for', async (language) => {
  await sounds.prompt(say('one two three'), language);
  expect(asked[0]?.body).toContain(`xml:lang="${language}"><voice name="${language}-${AZURE_VOICES[language]}">`);
});

test('the same text again is not asked again', async () => {
  const first = await sounds.prompt(say('only once'), 'en-US');
  expect(await sounds.prompt(say('only once'), 'en-US')).toEqual(first);
  expect(asked).toHaveLength(1);
});

test('nothing in a text is markup, and what XML cannot hold is a space', () => {
  expect(ssml('</voice>&amp;\u0000\u001b\ud800x😀', 'en-US', 'v')).toContain('<voice name="v">&lt;/voice&gt;&amp;amp;   x😀</voice>');
});

test.each([
  ['asked too often, with a time to wait', [refuses(429, { 'Retry-After': '2' })], [2_000]],
  ['asked too often, with a time that is too long', [refuses(429, { 'Retry-After': '3600' })], [5_000]],
  ['out of order, twice', [refuses(503), refuses(500)], [500, 1_000]],
  ['cut off', [((response) => { response.writeHead(200, { 'Content-Length': '99999' }); response.write('RIFF'); response.destroy(); }) satisfies Answer], [500]],
])('%s: asked again, a little later', async (what, first, waited) => {
  answers = [...first];
  expect(share((await sounds.prompt(say(what), 'en-US')).file)).toBeGreaterThan(0.999);
  expect(waits).toEqual(waited);
});

test('out of order for good: asked three times, then the built-in voice speaks, and the next text does not wait; where that cannot, unavailable', async () => {
  const before = await sounds.prompt(say('One from before.'), 'en-US');
  asked.length = 0;
  answers = [refuses(503), refuses(503), refuses(503)];
  expect((await sounds.prompt(say('Nobody is there.'), 'en-US')).durationMs).toBeGreaterThan(500);
  expect(asked).toHaveLength(3);
  await sounds.prompt(say('Still nobody.'), 'en-US');
  expect(asked).toHaveLength(3);
  expect(await sounds.prompt(say('One from before.'), 'en-US')).toEqual(before);
  answers = [refuses(502), refuses(502), refuses(502)];
  await expect(sounds.prompt(say('誰もいません'), 'ja-JP')).rejects.toMatchObject({ name: 'MediaFault', code: 'unavailable', message: 'Azure Speech answered 502.' });
  // It is there again, which the first text that needs it finds out.
  await sounds.prompt(say('また'), 'ja-JP');
  asked.length = 0;
  expect(share((await sounds.prompt(say('Still nobody?'), 'en-US')).file)).toBeGreaterThan(0.999);
  expect(asked).toHaveLength(1);
});

test('a key that is refused: told plainly, asked once', async () => {
  answers = [refuses(401)];
  await expect(sounds.prompt(say('鍵'), 'ja-JP')).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(/^Azure Speech refuses the key \(401\): AZURE_SPEECH_KEY must be/) });
  expect(asked).toHaveLength(1);
  answers = [refuses(401)];
  expect((await sounds.prompt(say('Wrong key.'), 'en-US')).durationMs).toBeGreaterThan(500);
  expect(logged).toContain('Azure Speech refuses the key (401)');
});

test('what is no sound: refused, and the next text is spoken', async () => {
  answers = [(response) => { response.end('{"error":"later"}'); }];
  await expect(sounds.prompt(say('壊'), 'ja-JP')).rejects.toMatchObject({ code: 'refused', message: 'This is not a WAV file.' });
  expect(share((await sounds.prompt(say('よし'), 'ja-JP')).file)).toBeGreaterThan(0.999);
});

test('a redirect is not followed, since it would carry the key away', async () => {
  answers = Array.from({ length: 3 }, () => refuses(302, { Location: '/elsewhere' }));
  await expect(sounds.prompt(say('外'), 'ja-JP')).rejects.toMatchObject({ code: 'unavailable' });
  expect(asked.every(({ url }) => url === '/cognitiveservices/v1')).toBe(true);
});

test('no answer: timeout, after three tries', async () => {
  answers = Array.from({ length: 3 }, () => () => undefined);
  await expect(sounds.prompt(say('静'), 'ja-JP')).rejects.toMatchObject({ code: 'timeout' });
  expect(asked).toHaveLength(3);
});
