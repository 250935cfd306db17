// The command line: every verb and the views of objects by themselves, over a real database.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WaveFile } from 'wavefile';
import { main } from '../../../storage/cli';
import { serveInstructions, settleInstruction } from '../../../storage/instructions';
import { DatabaseReceiver } from '../../../storage/mirror/database-receiver';
import { type InstructionRequest } from '../../../storage/model/instruction';
import { openStorage, SETUP_MS, silent, type Storage } from './support';

let storage: Storage;
let folder: string;
beforeAll(async () => {
  storage = await openStorage();
  folder = await mkdtemp(join(tmpdir(), 'response-group-cli-'));
}, SETUP_MS);
afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a person types when asked; null: there is nobody to ask. */
let typed: string | null = null;

async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (words: string) => { out.push(words); }, err: (words: string) => { err.push(words); }, input: () => Promise.resolve(''), ask: () => Promise.resolve(typed) };
  const code = await main(argv, { MONGODB_URI: storage.database.uri, POOL: 'cli', SIP_DOMAIN: 'test.local' }, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('A queue is made, led to, and shown with its workflow; an audio file is kept, a wrong one is refused with the reason', async () => {
  expect(await run('do', 'queue.create', '{"name":"Overnight","timeoutSeconds":60}')).toMatchObject({ code: 0 });
  const [queue] = JSON.parse((await run('objects', 'queues')).out) as { id: string }[];
  expect(await run('do', 'workflow.create', JSON.stringify({ displayName: 'Night', sipUser: 'night', defaultAction: { kind: 'queue', queueId: queue?.id } }))).toMatchObject({ code: 0 });
  const [group] = JSON.parse((await run('groups')).out) as { id: string }[];
  expect(JSON.parse((await run('workflow', group?.id ?? '')).out)).toMatchObject({ type: 'huntGroup', queues: [{ name: 'Overnight', groups: [{ displayName: 'Night' }] }] });

  const [good, bad] = [join(folder, 'hello.wav'), join(folder, 'notes.txt')];
  const file = new WaveFile();
  file.fromScratch(1, 8_000, '16', new Int16Array(4_000));
  await writeFile(good, file.toBuffer());
  await writeFile(bad, 'This is no audio.');
  expect(JSON.parse((await run('keep', good)).out)).toMatchObject({ fileName: 'hello.wav', durationMs: 500 });
  expect(await run('keep', bad)).toMatchObject({ code: 1, err: expect.stringContaining('must be a WAV file') });
  expect(await run('keep', join(folder, 'absent.wav'))).toMatchObject({ code: 2, err: expect.stringContaining('absent.wav') });
  expect(await run('objects', 'planets')).toMatchObject({ code: 2, err: expect.stringContaining('queues') });
});

test('Every verb tells what it takes', async () => {
  const verbs = (await run('verbs')).out.split('\n');
  for (const verb of verbs) expect([verb, JSON.parse((await run('verbs', verb)).out)]).toMatchObject([verb, { type: 'object' }]);
  expect(verbs).toContain('workflow.change');
});

test('Status says what stands behind the pool, in lines or as data', async () => {
  expect(await run('status')).toMatchObject({ code: 0, out: expect.stringMatching(/Pool cli at .*[^]*1 member: NO high availability[^]*Engines: none has reported/) });
  expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ pool: 'cli', engines: [], database: { members: [{ role: 'primary' }] } });
});

test('Pair says which pools are mirrored here and how far, and has one copied anew when that is confirmed', async () => {
  expect(await run('pair')).toMatchObject({ code: 0, out: 'No pool is mirrored here.' });
  expect(await run('pair', '--take-anew', 'east', '--yes')).toMatchObject({ code: 1, err: 'No pool east is mirrored here.' });
  await new DatabaseReceiver(storage.connection, 'east').position();
  expect(await run('pair')).toMatchObject({ code: 0, out: expect.stringMatching(/^Pool east is mirrored here, up to change 0/) });
  typed = 'no';
  expect(await run('pair', '--take-anew', 'east')).toMatchObject({ code: 2, err: 'Nothing was done.' });
  typed = 'yes';
  expect(await run('pair', '--take-anew', 'east')).toMatchObject({ code: 0 });
  typed = null;
  expect(JSON.parse((await run('pair', '--json')).out)).toMatchObject([{ pool: 'east', mirror: { takeAnew: true } }]);
});

test('Stepping down asks first, and is refused in words where there is one member', async () => {
  typed = null;
  expect(await run('step-down')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  typed = 'no';
  expect(await run('step-down')).toMatchObject({ code: 2, err: 'Nothing was done.' });
  typed = 'yes';
  expect(await run('step-down')).toMatchObject({ code: 1, err: expect.stringContaining('has one member') });
  typed = null;
  expect(await run('step-down', '--yes')).toMatchObject({ code: 1 });
});

test('Draining asks first, and hands the instruction to the engine that serves', async () => {
  typed = null;
  expect(await run('drain')).toMatchObject({ code: 2 });
  const { db } = storage.connection;
  const asked: InstructionRequest[] = [];
  storage.closing(serveInstructions({ db, log: silent }, 'cli', ({ _id, request }) => {
    asked.push(request);
    void settleInstruction(db, _id, asked.length === 1 ? { kind: 'refused', reason: 'noStandby' } : { kind: 'done' });
  }));
  expect(await run('drain', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('no engine stands by') });
  expect(await run('drain', '--yes')).toMatchObject({ code: 0, out: expect.stringContaining('Drained') });
  expect(asked).toEqual([{ kind: 'drain' }, { kind: 'drain' }]);
});
