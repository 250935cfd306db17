// Export and import over a real database: the same bytes, all or nothing whoever dies, taken back like any edit, and nothing changed by a file that is refused.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db } from 'mongodb';
import { Refused } from '../../../storage/administration/results';
import { keptAudio } from '../../../storage/audio';
import { PoolHeld, readConfiguration } from '../../../storage/changes';
import { main } from '../../../storage/cli';
import { openFeed } from '../../../storage/feed';
import { OBJECT_KINDS } from '../../../storage/model/configuration';
import { canonicalJson } from '../../../storage/transfer/canonical';
import { Hold, settle } from '../../../storage/transfer/in-force';
import { Transfer, type FileSource, type ImportRequest } from '../../../storage/transfer/transfer';
import { toneWav } from '../../support/wav';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from './support';

let storage: Storage;
let folder: string;
beforeAll(async () => {
  storage = await openStorage();
  folder = await mkdtemp(join(tmpdir(), 'response-group-transfer-'));
}, SETUP_MS);
afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const PLAIN: ImportRequest = { overwriteOwner: false, replaceSettings: false, resolveConflicts: false };
const OURS: ImportRequest = { ...PLAIN, overwriteOwner: true };
const WHOLE: ImportRequest = { ...OURS, replaceSettings: true };
const deps = (pool: string) => ({ ...storage.connection, pool, sipDomain: SIP_DOMAIN, log: silent });
const transferOf = (pool: string): Transfer => new Transfer(deps(pool));
const source = (bytes: Uint8Array): FileSource => async function* () { yield bytes; };
const configurationOf = (pool: string) => readConfiguration(storage.connection.client, storage.connection.db, pool);

async function exported(pool: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of (await transferOf(pool).export(operator, pool)).pieces) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function imported(pool: string, file: Buffer, request: ImportRequest, transfer = transferOf(pool)) {
  return transfer.import(operator, source(file), 'east.rgs', request, await transfer.preview(operator, source(file), request));
}

/** An agent with a password, a group with a sound, and one that asks a question. */
async function organisation() {
  const { pool, administration } = newPool(storage.connection);
  const alice = await newAgent(administration, 'Alice');
  await must(administration.perform(operator, 'agent.resetPassword', { agentId: alice.id }));
  const manager = person('Max');
  const desk = (await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Help Desk', agentIds: [alice.id], timeoutSeconds: 60, managed: true, managers: [{ personId: manager.personId, name: 'Max' }] })))).value.id;
  const kept = await administration.keepAudio(operator, 'tone.wav', tone(pool));
  if (!kept.ok) throw new Error(kept.message);
  const { workflow: { version } } = await seen(administration.workflow(operator, desk));
  await must(administration.perform(operator, 'workflow.change', { id: desk, version, changes: { music: kept.value } }));
  const hours = (await must(administration.perform(operator, 'businessHours.create', { name: 'Office', monday: [{ open: '08:00', close: '17:00' }] }))).value.id;
  const queue = (await must(administration.perform(operator, 'queue.create', { name: 'Overflow', timeoutSeconds: 30 }))).value.id;
  const ask = { id: 'question-1', name: 'Which', prompt: { text: 'Press 1.' }, answers: [{ name: 'One', key: '1', action: { kind: 'queue' as const, queueId: queue } }] };
  await must(administration.perform(operator, 'workflow.create', { displayName: 'Menu', sipUser: newUser(), businessHoursId: hours, defaultAction: { kind: 'question', questionId: 'question-1' }, questions: [ask] }));
  await must(administration.perform(operator, 'settings.change', { version: 0, changes: { gracePeriodSeconds: 90 } }));
  await must(administration.perform(operator, 'trunk.create', { name: 'Carrier', host: 'carrier.example', password: 'secret' }));
  return { pool, administration, alice, desk, manager, audioId: kept.value.audioId };
}

/** A sound of its own for each pool. */
function tone(pool: string): Buffer {
  const wav = Buffer.from(toneWav(440, 200, 8_000));
  createHash('sha256').update(pool).digest().copy(wav, wav.length - 32);
  return wav;
}


test('The same configuration is the same bytes, and what was removed after its export comes back by import and by undo', async () => {
  const { pool, administration, desk, audioId } = await organisation();
  const file = await exported(pool);
  const { form, versions } = await formed(administration, desk);
  await must(administration.perform(operator, 'group.change', { id: desk, versions, changes: { description: 'Other' } }));
  expect((await exported(pool)).equals(file)).toBe(false);
  await must(administration.perform(operator, 'group.change', { id: desk, versions: (await formed(administration, desk)).versions, changes: { description: form.description } }));
  expect((await exported(pool)).equals(file)).toBe(true);

  const { configuration } = await transferOf(pool).export(operator, pool);
  await must(administration.perform(operator, 'group.change', { id: desk, versions: (await formed(administration, desk)).versions, changes: { description: 'Late' } }));
  await expect(transferOf(pool).remove(operator, configuration)).rejects.toThrow('since it was read');
  await must(administration.perform(operator, 'change.undo', {}));
  const removed = await transferOf(pool).remove(operator, configuration);
  expect(await seen(administration.groups(operator))).toEqual([]);
  expect((await configurationOf(pool)).objects.settings.size).toBe(1);

  const { entryId, planned } = await imported(pool, file, PLAIN);
  expect(planned).toMatchObject({ added: 7, changed: 0, unchanged: 0, groups: { added: 2 }, leftOut: 2, conflicts: [] });
  expect((await exported(pool)).equals(file)).toBe(true);
  expect(await imported(pool, file, WHOLE)).toMatchObject({ entryId: null, planned: { added: 0, changed: 0, unchanged: 9 } });

  const [last] = await seen(administration.history(operator, { limit: 1 }));
  expect(last).toMatchObject({ entryId, verb: 'configuration.import', subject: 'east.rgs', undoneBy: null });
  expect(await seen(administration.change(operator, entryId ?? ''))).toMatchObject({ undo: { possible: true } });
  await must(administration.perform(operator, 'change.undo', {}));
  expect(await seen(administration.groups(operator))).toEqual([]);
  await must(administration.perform(operator, 'change.undo', { entryId: removed.entryId ?? '' }));
  const back = (await configurationOf(pool)).objects;
  expect([back.workflows.get(desk)?.music?.audioId, back.agents.size, back.duties.size]).toEqual([audioId, 1, 1]);
});

test('Imported beside its original, a configuration gets ids of its own; names in use are refused or numbered; later edits stand in the way of undoing', async () => {
  const { pool: east } = await organisation();
  const file = await exported(east);
  const { pool: west, administration } = newPool(storage.connection);
  await must(administration.perform(operator, 'queue.create', { name: 'Overflow', timeoutSeconds: 10 }));
  const before = await configurationOf(west);

  const refused = await transferOf(west).preview(operator, source(file), WHOLE);
  expect(refused.planned.conflicts).toEqual([{ kind: 'queues', name: 'Overflow', field: 'name', value: 'Overflow', by: 'Overflow', settledAs: null }]);
  await expect(imported(west, file, WHOLE)).rejects.toThrow('in use here');
  expect((await configurationOf(west)).sequence).toBe(before.sequence);

  const resolving = { ...WHOLE, resolveConflicts: true };
  const looked = await transferOf(west).preview(operator, source(file), resolving);
  await must(administration.perform(operator, 'queue.create', { name: 'Overflow (2)', timeoutSeconds: 10 }));
  await expect(transferOf(west).import(operator, source(file), 'east.rgs', resolving, looked)).rejects.toThrow('since the preview');
  await must(administration.perform(operator, 'change.undo', {}));
  const { entryId } = await transferOf(west).import(operator, source(file), 'east.rgs', resolving, looked);
  const after = (await configurationOf(west)).objects;
  expect([...after.queues.values()].map((one) => one.name).sort()).toEqual(['Overflow', 'Overflow (2)', expect.any(String)]);
  expect([...after.settings.values()]).toMatchObject([{ id: west, pool: west, gracePeriodSeconds: 90 }]);
  expect([...after.trunks.values()]).toMatchObject([{ password: 'secret' }]);
  expect([...after.agents.values()][0]?.digest).not.toBeNull();
  expect((await configurationOf(east)).objects.workflows.size).toBe(2);
  expect(await imported(west, file, resolving)).toMatchObject({ entryId: null });

  const menu = [...after.workflows.values()].find((one) => one.displayName === 'Menu');
  await must(administration.perform(operator, 'workflow.change', { id: menu?.id ?? '', version: 1, changes: { description: 'Mine' } }));
  expect(await administration.perform(operator, 'change.undo', { entryId: entryId ?? '' })).toMatchObject({ code: 'conflict', message: expect.stringContaining('Menu') });
  await must(administration.perform(operator, 'change.undo', {}));
  const undo = await must(administration.perform(operator, 'change.undo', { entryId: entryId ?? '' }));
  const undone = (await configurationOf(west)).objects;
  for (const kind of OBJECT_KINDS) expect([kind, [...undone[kind].keys()]]).toEqual([kind, [...before.objects[kind].keys()]]);
  await must(administration.perform(operator, 'change.undo', { entryId: undo.entryId ?? '' }));
  expect((await configurationOf(west)).objects.workflows.size).toBe(2);
});

/** A database as a process has it that dies at one write: that one and all that follow do not reach it. */
function dyingDb(db: Db, collection: string, at: number): Db {
  let count = 0;
  const bound = <T extends object>(target: T, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, name);
    return typeof value === 'function' ? value.bind(target) as unknown : value;
  };
  const collectionOf = (called: string) => new Proxy(db.collection(called), { get: (target, name) => {
    if (called === collection && name === 'insertOne') count += 1;
    return count < at ? bound(target, name) : () => Promise.reject(new Error('died'));
  } });
  return new Proxy(db, { get: (target, name) => (name === 'collection' ? collectionOf : bound(target, name)) });
}
const counters = () => storage.connection.db.collection<{ _id: string; held?: { until: Date } }>('counters');
/** As if the lease of the dead had run out. */
const longAgo = (pool: string) => counters().updateOne({ _id: pool, held: { $exists: true } }, { $set: { 'held.until': new Date(0) } });

test('An import that dies midway is never seen half: before it began it is taken back, afterwards it is completed by the next', async () => {
  const { pool: east, audioId } = await organisation();
  const file = await exported(east);
  const { db } = storage.connection;
  const { pool, administration } = newPool(storage.connection);
  await must(administration.perform(operator, 'agent.create', { name: 'Bob', sipUser: newUser() }));
  const before = await configurationOf(pool);
  const updates: number[] = [];
  let wake = (): void => undefined;
  storage.closing(await openFeed({ ...storage.connection, log: silent }, pool, ({ changes }) => { updates.push(changes.length); wake(); }));

  const dying = (collection: string, at: number): Transfer => new Transfer({ ...deps(pool), db: dyingDb(db, collection, at), sizes: { objects: 3, bytes: 1_000_000 } });
  await expect(imported(pool, file, OURS, dying('importParts', 3))).rejects.toThrow('died');
  expect(await administration.perform(operator, 'agent.create', { name: 'Carla', sipUser: newUser() })).toMatchObject({ ok: false, code: 'unavailable', message: expect.stringContaining('changed as a whole') });
  await longAgo(pool);
  await settle(deps(pool));
  await must(administration.perform(operator, 'agent.create', { name: 'Carla', sipUser: newUser() }));
  expect((await configurationOf(pool)).sequence).toBe(before.sequence + 1);
  const [, added] = [...(await configurationOf(pool)).objects.agents.values()];

  await expect(imported(pool, file, OURS, dying('changes', 3))).rejects.toThrow('died');
  const half = await configurationOf(pool);
  expect([half.sequence, half.objects.workflows.size, [...half.objects.agents.keys()].length]).toEqual([before.sequence + 1, 0, 2]);
  expect(await administration.perform(operator, 'agent.delete', { id: added?.id ?? '' })).toMatchObject({ ok: false, code: 'unavailable', message: expect.stringContaining('changed as a whole') });
  await expect(settle(deps(pool))).rejects.toThrow(PoolHeld);
  await longAgo(pool);
  const whole = new Promise<void>((resolve) => { wake = () => { if (updates.includes(8)) resolve(); }; });
  const hold = await Hold.take(deps(pool));
  await hold.release();
  await whole;
  const after = await configurationOf(pool);
  expect([after.objects.workflows.size, after.objects.agents.size]).toEqual([2, 3]);
  expect(updates).toEqual([2, 8]);
  expect(await db.collection('importParts').countDocuments({ pool })).toBe(0);
  expect(await keptAudio(db, [audioId])).toEqual(new Set([audioId]));
  expect(await imported(pool, file, OURS)).toMatchObject({ entryId: null });
});

test('What does not fit together is refused with the reason, by whoever may not import it too, and nothing is changed', async () => {
  const { pool: east, administration: ofEast, manager, alice } = await organisation();
  const lines = (await exported(east)).toString().trimEnd().split('\n');
  /** The file with one change in it, and a checksum that is right. */
  const tampered = (from: RegExp | string, to: string): Buffer => ended(lines.slice(0, -1).map((line) => line.replace(from, to)));
  const ended = (changed: readonly string[]): Buffer => {
    const body = changed.map((line) => `${line}\n`).join('');
    const last = { ...JSON.parse(lines.at(-1) ?? '') as object, sha256: createHash('sha256').update(body).digest('hex') };
    return Buffer.from(`${body}${canonicalJson(last)}\n`);
  };
  const queueIds = lines.flatMap((line) => /^\{"kind":"queues","object":.*?"id":"([^"]+)"/.exec(line)?.[1] ?? []);
  /** The first queue leads to that one after its timeout, and that one back to the first. */
  const leading = (...way: readonly number[]): Buffer => {
    const [from, to] = way.map((at) => queueIds[at] ?? '');
    const timeout = (line: string, queueId: string | undefined) => line.replace(/"timeoutAction":\{"kind":"disconnect","prompt":null\}/, `"timeoutAction":{"kind":"queue","prompt":null,"queueId":"${queueId}"}`);
    const changed = lines.slice(0, -1).map((line) => (line.includes(`"id":"${from}"`) ? timeout(line, to) : line.includes(`"id":"${to}"`) ? timeout(line, from) : line));
    return ended(changed);
  };
  const { pool } = newPool(storage.connection);
  const refusals: [string, Buffer, string][] = [
    ['an agent who is nowhere', tampered(/("agentIds":\[")[^"]+/, '$1agent-nowhere'), 'names an agent who does not exist'],
    ['a queue that is nowhere', tampered(/("queueId":")[^"]+/g, '$1queue-nowhere'), 'names a queue that does not exist'],
    ['a circle of queues', leading(0, 1), 'in a circle that no caller leaves'],
    ['a queue that leads to itself', leading(0, 0), 'leads to the queue itself'],
    ['a number that the policy forbids', tampered(/"timeoutAction":\{"kind":"disconnect","prompt":null\}/, '"timeoutAction":{"kind":"number","number":"+19005550100","prompt":null}'), 'an administrator has allowed no numbers'],
    ['a range that is left', tampered('"timeoutSeconds":60', '"timeoutSeconds":6'), 'must be 10 to 65535'],
  ];
  for (const [what, file, reason] of refusals) {
    await expect(imported(pool, file, OURS).then(() => what)).rejects.toThrow(reason);
    await expect(imported(pool, file, WHOLE).then(() => what)).rejects.toThrow(reason);
  }
  for (const acting of [manager, alice.acting, person('Stranger')]) {
    await expect(transferOf(east).export(acting, east)).rejects.toThrow(Refused);
    await expect(transferOf(east).preview(acting, source(Buffer.from('')), PLAIN)).rejects.toThrow('Only administrators');
    await expect(transferOf(east).remove(acting, await configurationOf(east))).rejects.toThrow('Only administrators');
  }
  expect((await configurationOf(pool)).sequence).toBe(0);
  expect(await seen(ofEast.groups(operator))).toHaveLength(2);
});

test('What is another pool\'s stays its own, where that pool is served here; where it is only mirrored or served elsewhere, nothing is taken', async () => {
  const { pool: east } = await organisation();
  const west = newPool(storage.connection).pool;
  const { db } = storage.connection;
  const file = await exported(east);
  const { configuration } = await transferOf(west).export(operator, east);
  await transferOf(west).remove(operator, configuration);
  const serve = (servedBy: string) => db.collection<{ _id: string }>('serving').replaceOne({ _id: east }, { servedBy, epoch: 1, decidedBy: servedBy, at: new Date(), by: 'Ada' }, { upsert: true });
  await serve(west);
  await expect(imported(west, file, PLAIN)).rejects.toThrow(`served by pool ${west} now`);
  await db.collection<{ _id: string }>('mirrors').insertOne({ _id: east });
  const { entryId, target } = await imported(west, file, PLAIN);
  expect([target, entryId?.startsWith(`${east}@${west}:`)]).toEqual([east, true]);
  expect([...(await configurationOf(east)).objects.workflows.values()].map((one) => one.pool)).toEqual([east, east]);
  await db.collection<{ _id: string }>('serving').deleteOne({ _id: east });
  await expect(imported(west, file, PLAIN)).rejects.toThrow('only mirrored here');
  expect((await configurationOf(west)).sequence).toBe(0);
});

test('The command line writes a file once, tells what an import would do, and does it', async () => {
  const { pool } = await organisation();
  const file = join(folder, 'east.rgs');
  const run = async (...argv: string[]) => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await main(argv, { MONGODB_URI: storage.database.uri, POOL: pool, SIP_DOMAIN }, { out: (words) => { out.push(words); }, err: (words) => { err.push(words); }, input: () => Promise.resolve(''), ask: () => Promise.resolve(null) });
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
  expect(await run('export', '--file', file)).toMatchObject({ code: 0, out: expect.stringContaining('10 objects and 1 sounds') });
  expect(await run('export', '--file', file)).toMatchObject({ code: 1, err: expect.stringContaining('is there already') });
  expect((await readFile(file)).equals(await exported(pool))).toBe(true);
  const west = newPool(storage.connection).pool;
  expect(await run('import', '--pool', west, '--overwrite-owner', '--file', file, '--preview')).toMatchObject({ code: 0, out: expect.stringContaining('Added: 7 (2 groups).') });
  expect((await configurationOf(west)).objects.workflows.size).toBe(0);
  expect(await run('import', '--pool', west, '--overwrite-owner', '--file', file)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await run('import', '--pool', west, '--overwrite-owner', '--file', file, '--yes')).toMatchObject({ code: 0, out: expect.stringContaining('change.undo') });
  expect((await configurationOf(west)).objects.workflows.size).toBe(2);
  await writeFile(file, 'PK\u0003\u0004 something else');
  expect(await run('import', '--file', file, '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('no export of Response Group') });
  expect(await run('import', '--file', join(folder, 'absent'), '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('absent') });
});
