// What the engine keeps and people ask of it: lease and journal, instructions, live documents, records, bindings, audio, people.
import { randomBytes, randomUUID } from 'node:crypto';
import { readAudio, storeAudio } from '../../../storage/audio';
import { readBindings, removeBinding, writeBinding } from '../../../storage/bindings';
import { askEngine, serveInstructions, settleInstruction } from '../../../storage/instructions';
import { LeaseLost, readLease, takeLease, type Journal } from '../../../storage/journal';
import { readLiveGroups, watchLive, writeLiveGroups, writeLivePool } from '../../../storage/live';
import { type LiveGroup, type PhoneBinding } from '../../../storage/model/live';
import { type CallRecord } from '../../../storage/model/record';
import { findPeople, readPerson, rememberPerson } from '../../../storage/people';
import { readRecords } from '../../../storage/records';
import { must, newPool, openStorage, operator, seen, SETUP_MS, silent, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const newName = (): string => `pool-${randomUUID().slice(0, 8)}`;
async function lease(pool: string, holder = 'engine'): Promise<Journal> {
  const journal = await takeLease(storage.connection, pool, holder);
  if (!journal) throw new Error('no lease');
  return journal;
}

describe('The lease', () => {
  test('goes from epoch to epoch, and the database\'s clock says how long it stood still', async () => {
    const pool = newName();
    expect(await readLease(storage.connection.db, pool)).toBeNull();
    expect((await lease(pool)).epoch).toBe(1);
    expect((await lease(pool, 'other')).epoch).toBe(2);
    const found = await readLease(storage.connection.db, pool);
    expect(found).toMatchObject({ epoch: 2, holder: 'other' });
    expect(found?.ageMs).toBeGreaterThanOrEqual(0);
  });

  test('is taken by one of several who saw the same epoch; asking again finds what one took', async () => {
    const pool = newName();
    const first = await Promise.all(['a', 'b', 'c'].map((holder) => takeLease(storage.connection, pool, holder, { ifEpoch: 0 })));
    expect(first.filter((one) => one !== null)).toHaveLength(1);
    const next = await Promise.all(['a', 'b', 'c'].map((holder) => takeLease(storage.connection, pool, holder, { ifEpoch: 1 })));
    expect(next.flatMap((one) => one?.epoch ?? [])).toEqual([2]);
    const holder = (await readLease(storage.connection.db, pool))?.holder ?? '';
    expect((await takeLease(storage.connection, pool, holder, { ifEpoch: 1 }))?.epoch).toBe(2);
    expect((await readLease(storage.connection.db, pool))?.epoch).toBe(2);
  });

  test('An engine whose epoch passed can neither write nor renew nor read as if it were its own', async () => {
    const pool = newName();
    const old = await lease(pool);
    await old.write({ calls: [{ id: `${pool}-call`, revision: 1, body: { state: 'waiting' } }] });
    const heir = await lease(pool);
    await expect(old.write({ calls: [{ id: `${pool}-call`, revision: 2, body: { state: 'talking' } }] })).rejects.toBeInstanceOf(LeaseLost);
    await expect(old.write({})).rejects.toBeInstanceOf(LeaseLost);
    await expect(old.readAll()).rejects.toBeInstanceOf(LeaseLost);
    expect((await heir.readAll()).calls).toEqual([{ id: `${pool}-call`, epoch: 1, revision: 1, body: { state: 'waiting' } }]);
  });
});

describe('The journal', () => {
  test('keeps the newest of each call, whatever comes late or twice, and never brings back one that ended', async () => {
    const pool = newName();
    const journal = await lease(pool);
    const id = `${pool}-call`;
    await journal.write({ calls: [{ id, revision: 2, body: { state: 'ringing' } }] });
    await journal.write({ calls: [{ id, revision: 1, body: { state: 'waiting' } }] });
    expect((await journal.readAll()).calls.map((one) => one.body)).toEqual([{ state: 'ringing' }]);
    await journal.write({ calls: [{ id, revision: 4, body: null }] });
    await journal.write({ calls: [{ id, revision: 3, body: { state: 'talking' } }] });
    expect((await journal.readAll()).calls).toEqual([]);
  });

  test('A newer epoch wins with a lower revision', async () => {
    const pool = newName();
    await (await lease(pool)).write({ agents: [{ id: `${pool}-agent`, revision: 9, body: { idleSince: 1 } }] });
    const heir = await lease(pool);
    await heir.write({ agents: [{ id: `${pool}-agent`, revision: 1, body: { idleSince: 2 } }] });
    expect((await heir.readAll()).agents).toEqual([{ id: `${pool}-agent`, epoch: 2, revision: 1, body: { idleSince: 2 } }]);
  });

  test('A body that looks like an expression is kept as it is', async () => {
    const journal = await lease(newName());
    const body = { name: '$epoch', nested: { list: ['$$ROOT'] }, at: new Date(5) };
    await journal.write({ calls: [{ id: `${journal.pool}-call`, revision: 1, body }] });
    expect((await journal.readAll()).calls[0]?.body).toEqual(body);
  });

  test('A batch is written whole or not at all, and may be written again', async () => {
    const pool = newName();
    const journal = await lease(pool);
    const record: CallRecord = {
      _id: `${pool}-call`, pool, workflowId: null, queueId: null, dialled: 'sip:x@y', callerNumber: '1', callerName: '', arrivedAt: new Date(1), joinedQueueAt: null, connectedAt: null,
      endedAt: new Date(2), agentId: null, outcome: 'abandoned', endedBy: 'caller', refusedWith: null, offers: [],
    };
    const batch = { calls: [{ id: record._id, revision: 1, body: null }], records: [record] };
    await journal.write(batch);
    await journal.write({ ...batch, records: [{ ...record, callerNumber: 'changed' }] });
    expect(await readRecords(storage.connection.db, pool)).toEqual([record]);
    await lease(pool);
    await expect(journal.write({ records: [{ ...record, _id: `${pool}-late` }] })).rejects.toBeInstanceOf(LeaseLost);
    expect(await readRecords(storage.connection.db, pool)).toHaveLength(1);
  });
});

describe('Instructions', () => {
  const deps = () => ({ db: storage.connection.db, log: silent });
  const serve: typeof serveInstructions = (...parameters) => storage.closing(serveInstructions(...parameters));
  const request = { kind: 'ringPhone', agentId: 'agent-1' } as const;

  test('One is handed to the engine once and answered with its outcome', async () => {
    const pool = newName();
    const heard: string[] = [];
    const service = serve(deps(), pool, (instruction) => {
      heard.push(instruction._id);
      void settleInstruction(storage.connection.db, instruction._id, { kind: 'done' });
    });
    expect(await Promise.all([1, 2, 3].map(() => askEngine(deps(), pool, request, 'someone')))).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }]);
    expect(new Set(heard).size).toBe(3);
    expect(heard).toHaveLength(3);
    await service.close();
  });

  test('One that waits for the engine is found at its start; one that nobody begins expires', async () => {
    const pool = newName();
    const asked = askEngine(deps(), pool, request, 'someone');
    const service = serve(deps(), pool, (instruction) => { void settleInstruction(storage.connection.db, instruction._id, { kind: 'refused', reason: 'offDuty' }); });
    expect(await asked).toEqual({ kind: 'refused', reason: 'offDuty' });
    await service.close();
    expect(await askEngine(deps(), newName(), request, 'someone', { expiryMs: 50 })).toEqual({ kind: 'expired' });
  });

  test('One that expired while no engine was there is not begun afterwards', async () => {
    const pool = newName();
    const instructions = storage.connection.db.collection<{ _id: string }>('instructions');
    const _id = randomUUID();
    await instructions.insertOne({ _id, pool, request, by: 'x', createdAt: new Date(0), expiresAt: new Date(1), begunAt: null, outcome: null } as never);
    const heard: string[] = [];
    const service = serve(deps(), pool, (instruction) => { heard.push(instruction._id); void settleInstruction(storage.connection.db, instruction._id, { kind: 'done' }); });
    expect(await askEngine(deps(), pool, request, 'x')).toEqual({ kind: 'done' });
    expect(heard).not.toContain(_id);
    expect(await instructions.findOne({ _id })).toMatchObject({ outcome: { kind: 'expired' } });
    await service.close();
  });

  test('One that an engine began and left behind is settled as failed by the next', async () => {
    const pool = newName();
    const begun = new Promise<void>((resolve) => {
      const first = serve(deps(), pool, () => { void first.close().then(resolve); });
    });
    const asked = askEngine(deps(), pool, request, 'someone');
    await begun;
    const heir = serve(deps(), pool, () => undefined);
    expect(await asked).toEqual({ kind: 'refused', reason: 'failed' });
    await heir.close();
  });

  test('Settled with the call\'s write, it is settled once', async () => {
    const pool = newName();
    const journal = await lease(pool);
    const service = serve(deps(), pool, (instruction) => {
      void journal.write({ calls: [{ id: `${pool}-call`, revision: 1, body: {} }], settled: [{ instructionId: instruction._id, outcome: { kind: 'done', audioId: 'a' } }] })
        .then(() => settleInstruction(storage.connection.db, instruction._id, { kind: 'refused', reason: 'failed' }));
    });
    expect(await askEngine(deps(), pool, request, 'someone')).toEqual({ kind: 'done', audioId: 'a' });
    await service.close();
  });
});

describe('Live documents', () => {
  const document = (id: string, more: Partial<LiveGroup> = {}): LiveGroup => ({ _id: id, pool: 'p', epoch: 1, revision: 1, at: new Date(0), callers: [], agents: [], ...more });

  test('An older one loses, whichever comes first', async () => {
    const { db } = storage.connection;
    const id = randomUUID();
    await writeLiveGroups(db, [document(id, { epoch: 2, revision: 1 })]);
    await writeLiveGroups(db, [document(id, { epoch: 1, revision: 99 })]);
    expect((await readLiveGroups(db, [id])).get(id)).toMatchObject({ epoch: 2, revision: 1 });
    await writeLiveGroups(db, [document(id, { epoch: 2, revision: 2 })]);
    expect((await readLiveGroups(db, [id])).get(id)?.revision).toBe(2);
  });

  test('A watcher is told to look at all, then of each that changes', async () => {
    const id = randomUUID();
    const heard: (string | null)[] = [];
    let wake = (): void => undefined;
    storage.closing(watchLive({ db: storage.connection.db, log: silent }, (workflowId) => { heard.push(workflowId); wake(); }));
    const until = async (what: string | null): Promise<void> => { while (!heard.includes(what)) await new Promise<void>((resolve) => { wake = resolve; }); };
    await until(null);
    await writeLiveGroups(storage.connection.db, [document(id)]);
    await until(id);
  });

  test('A group shows its callers, and whether what is saved is in force', async () => {
    const { pool, administration } = newPool(storage.connection);
    const { db } = storage.connection;
    const { value: { id }, sequence } = await must(administration.perform(operator, 'group.create', smallForm()));
    expect((await seen(administration.group(operator, id))).inForce).toBe('engineAway');
    await writeLivePool(db, { _id: pool, epoch: 1, inForce: sequence - 1, startedAt: new Date() });
    expect((await seen(administration.group(operator, id))).inForce).toBe('notYet');
    const waiting = administration.inForce(sequence, 30_000);
    await writeLivePool(db, { _id: pool, epoch: 1, inForce: sequence, startedAt: new Date() });
    expect(await seen(waiting)).toBe('yes');
    const caller = { callId: 'c', callerNumber: '1', callerName: 'C', state: 'waiting' as const, arrivedAt: new Date(1), joinedQueueAt: new Date(2), agentId: null, priority: 3, queueId: null, answers: [], ringing: [] };
    await writeLiveGroups(db, [document(id, { pool, callers: [caller, { ...caller, callId: 'd', joinedQueueAt: new Date(9) }, { ...caller, callId: 'e', state: 'talking', joinedQueueAt: new Date(1) }] })]);
    expect(await seen(administration.live(operator, id))).toMatchObject({ engineAlive: true, waiting: 2, talking: 1, waitingSince: new Date(2) });
  });

  test('An engine of an older epoch does not say what is in force', async () => {
    const pool = newName();
    await writeLivePool(storage.connection.db, { _id: pool, epoch: 2, inForce: 5, startedAt: new Date() });
    await writeLivePool(storage.connection.db, { _id: pool, epoch: 1, inForce: 9, startedAt: new Date() });
    expect(await storage.connection.db.collection<{ _id: string }>('livePools').findOne({ _id: pool })).toMatchObject({ epoch: 2, inForce: 5 });
  });
});

test('Bindings are replaced, removed, and not shown once they expired', async () => {
  const { db } = storage.connection;
  const pool = newName();
  const binding = (id: string, seconds: number): PhoneBinding => ({ _id: `${pool}-${id}`, pool, contact: 'sip:a@b', source: '1.2.3.4:5', transport: 'tcp', userAgent: '', registeredAt: new Date(), expiresAt: new Date(Date.now() + seconds * 1000) });
  for (const one of [binding('a', 60), binding('b', -1), binding('c', 60)]) await writeBinding(db, one);
  await writeBinding(db, { ...binding('a', 60), source: 'elsewhere' });
  await removeBinding(db, `${pool}-c`);
  expect((await readBindings(db, pool)).map((one) => [one._id, one.source])).toEqual([[`${pool}-a`, 'elsewhere']]);
});

test('Audio is named by its content and stored once, also by two at a time', async () => {
  const { db } = storage.connection;
  const wav = randomBytes(400_000);
  const ids = await Promise.all([storeAudio(db, wav), storeAudio(db, wav)]);
  expect(new Set([...ids, await storeAudio(db, wav)]).size).toBe(1);
  expect((await readAudio(db, ids[0] ?? ''))?.equals(wav)).toBe(true);
  expect(await readAudio(db, 'nothing')).toBeNull();
});

test('People are found by any part of their name, whatever they typed', async () => {
  const { db } = storage.connection;
  const personId = randomUUID();
  await rememberPerson(db, { _id: personId.toUpperCase(), name: 'Zoë (Ops) Quill', locale: 'en-GB', conversation: { id: 'c' } });
  await rememberPerson(db, { _id: personId, name: 'Zoë (Ops) Quill', locale: 'de-DE', conversation: null });
  expect(await readPerson(db, personId)).toMatchObject({ locale: 'de-DE' });
  expect((await findPeople(db, 'ops) q')).map((one) => one._id)).toEqual([personId]);
  expect(await findPeople(db, '.*')).toEqual([]);
});
