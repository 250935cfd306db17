// Pauses, signing in to formal groups, and callers who are picked, moved and re-prioritised: who may, what is written, and what people see of it.
import { type Acting } from '../../../storage/access';
import { type Administration } from '../../../storage/administration/administration';
import { serveInstructions, settleInstruction } from '../../../storage/instructions';
import { writeLiveGroups } from '../../../storage/live';
import { type InstructionRequest } from '../../../storage/model/instruction';
import { type LiveAgent, type LiveCaller } from '../../../storage/model/live';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, silent, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const engine: Acting = { kind: 'engine', name: 'Engine' };

/** A managed group with a formal agent group of attendants: Alice and Bob; Max manages it. Olga manages another, which Otto serves. */
async function organisation() {
  const { administration, pool } = newPool(storage.connection);
  const [alice, bob, otto] = [await newAgent(administration, 'Alice'), await newAgent(administration, 'Bob'), await newAgent(administration, 'Otto')];
  const [max, olga] = [person('Max'), person('Olga')];
  const make = async (displayName: string, manager: typeof max, agentIds: string[], more: object = {}) => (await must(administration.perform(operator, 'group.create', smallForm({
    displayName, managed: true, managers: [{ personId: manager.personId, name: manager.name }], agentIds, timeoutSeconds: 60, ...more,
  })))).value.id;
  const id = await make('Desk', max, [alice.id, bob.id], { participation: 'formal', routingMethod: 'attendant' });
  const other = await make('Other', olga, [otto.id]);
  const ofDesk = await seen(administration.workflow(operator, id));
  const ofOther = await seen(administration.workflow(operator, other));
  return { administration, pool, alice, bob, otto, max, olga, id, other, agentGroup: ofDesk.agentGroups[0]?.id ?? '', queue: ofDesk.queues[0]?.id ?? '', otherQueue: ofOther.queues[0]?.id ?? '' };
}
const mine = (administration: Administration, agent: { readonly acting: Acting }) => seen(administration.myAgent(agent.acting));

describe('A duty that was pressed earlier than it can be carried out', () => {
  const at = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);
  const agentIn = async () => {
    const { administration } = newPool(storage.connection);
    return { administration, agent: await newAgent(administration, 'Alice') };
  };
  /** Resolves to now, once that has passed. */
  const aMoment = async (): Promise<Date> => {
    const now = new Date();
    while (Date.now() <= now.getTime()) await new Promise((resolve) => { setImmediate(resolve); });
    return now;
  };
  const wants = (administration: Administration, agent: { readonly acting: Acting }, onDuty: boolean, pressedAt?: Date) => administration.perform(agent.acting, 'duty.set', { onDuty }, pressedAt ? { pressedAt } : {});

  test('is carried out once, and those pressed one after the other count in that order, whichever comes first', async () => {
    const { administration, agent } = await agentIn();
    expect(await administration.perform(agent.acting, 'duty.set', { onDuty: false }, { pressedAt: new Date(), requestId: 'pressed-once' })).toMatchObject({ ok: true });
    expect(await administration.perform(agent.acting, 'duty.set', { onDuty: false }, { pressedAt: new Date(), requestId: 'pressed-once' })).toMatchObject({ code: 'alreadyDone' });
    const [first, second, third] = [at(-10), at(-20), at(-30)];
    expect(await wants(administration, agent, true, first)).toMatchObject({ ok: true });
    expect(await wants(administration, agent, false, third)).toMatchObject({ ok: true });
    expect(await wants(administration, agent, true, second)).toMatchObject({ code: 'conflict' });
    expect((await mine(administration, agent)).onDuty).toBe(false);
  });

  test('counts where nothing was', async () => {
    const { administration, agent } = await agentIn();
    const pressedAt = await aMoment();
    expect(await wants(administration, agent, false, pressedAt)).toMatchObject({ ok: true });
    expect((await mine(administration, agent)).onDuty).toBe(false);
  });

  test.each<[string, (administration: Administration, agent: Awaited<ReturnType<typeof newAgent>>) => Promise<unknown>]>([
    ['done by the agent', (administration, agent) => wants(administration, agent, false)], ['done by somebody else', (administration, agent) => administration.perform(operator, 'duty.set', { agentId: agent.id, onDuty: false })],
    ['dialled', (administration, agent) => administration.perform(engine, 'duty.set', { agentId: agent.id, onDuty: false })],
    ['wanted although it changed nothing', (administration, agent) => wants(administration, agent, true)], ['pressed although it changed nothing', (administration, agent) => wants(administration, agent, true, new Date())],
  ])('counts no more where something later was %s', async (_what, later) => {
    const { administration, agent } = await agentIn();
    // After the agent was made, and a tick before what follows.
    const pressedAt = await aMoment();
    await later(administration, agent);
    const before = (await mine(administration, agent)).onDuty;
    expect(await wants(administration, agent, !before, pressedAt)).toMatchObject({ code: 'conflict' });
    expect((await mine(administration, agent)).onDuty).toBe(before);
  });

  test('by one agent says nothing of another', async () => {
    const { administration, agent } = await agentIn();
    const other = await newAgent(administration, 'Bob');
    const pressedAt = new Date();
    await must(wants(administration, other, false, new Date(pressedAt.getTime() + 5_000)));
    expect(await wants(administration, agent, false, new Date(pressedAt.getTime() + 1_000))).toMatchObject({ ok: true });
  });
});

describe('A pause', () => {
  test('is the agent\'s own, a supervisor\'s, or one for unanswered offers, and is seen with its reason', async () => {
    const { administration, alice, max, id } = await organisation();
    const before = Date.now();
    const { value } = await must(administration.perform(alice.acting, 'duty.pause', { reason: 'Lunch', untilMinutes: '30' }));
    expect(Number(value.until) - before).toBeGreaterThanOrEqual(30 * 60_000);
    expect(await mine(administration, alice)).toMatchObject({ onDuty: true, pause: { reason: 'Lunch', by: 'agent', until: value.until } });
    await must(administration.perform(max, 'duty.pause', { agentId: alice.id, reason: 'Training' }));
    expect((await seen(administration.agents(max))).find((one) => one.id === alice.id)?.detail).toMatchObject({ pause: { reason: 'Training', by: 'supervisor', until: null } });
    await must(administration.perform(engine, 'duty.pause', { agentId: alice.id, reason: '3 unanswered' }));
    expect((await mine(administration, alice)).pause?.by).toBe('unanswered');
    expect((await seen(administration.live(max, id))).warnings).toEqual([{ code: 'nobodyOnDuty', workflowId: id }]);
    await must(administration.perform(alice.acting, 'duty.resume', {}));
    expect((await mine(administration, alice)).pause).toBeNull();
    expect(await administration.perform(alice.acting, 'duty.resume', {})).toMatchObject({ ok: true, entryId: null });
  });

  test('ends when the agent goes off duty, cannot begin there, and is never the last edit', async () => {
    const { administration, alice, id } = await organisation();
    await must(administration.perform(alice.acting, 'duty.pause', {}));
    await must(administration.perform(alice.acting, 'duty.set', { onDuty: false }));
    expect(await administration.perform(alice.acting, 'duty.pause', {})).toMatchObject({ code: 'conflict', message: expect.stringContaining('off duty') });
    await must(administration.perform(alice.acting, 'duty.set', { onDuty: true }));
    expect((await mine(administration, alice)).pause).toBeNull();
    expect(await administration.perform(alice.acting, 'change.undo', {})).toMatchObject({ code: 'notFound' });
    expect((await formed(administration, id)).agents).toContainEqual({ id: alice.id, name: 'Alice', onDuty: true });
  });

  test.each([[0], [1441], ['soon'], [1.5]])('of %s minutes is refused with what is allowed', async (untilMinutes) => {
    const { administration, alice } = await organisation();
    expect(await administration.perform(alice.acting, 'duty.pause', { untilMinutes })).toMatchObject({ code: 'invalid', faults: [{ field: 'untilMinutes', message: expect.stringContaining('1 to 1440 minutes') }] });
  });
});

describe('Signing in', () => {
  test('to a formal group ends that nobody serves it; being off duty does not sign out', async () => {
    const { administration, alice, max, agentGroup, id } = await organisation();
    expect((await seen(administration.group(max, id))).warnings).toMatchObject([{ code: 'nobodyOnDuty' }]);
    await must(administration.perform(alice.acting, 'duty.signIn', { agentGroupId: agentGroup }));
    expect(await mine(administration, alice)).toMatchObject({ formalGroups: [{ id: agentGroup, signedIn: true }] });
    expect((await seen(administration.group(max, id))).warnings).toEqual([]);
    for (const onDuty of [false, true]) await must(administration.perform(alice.acting, 'duty.set', { onDuty }));
    expect((await mine(administration, alice)).formalGroups).toMatchObject([{ signedIn: true }]);
    const out = await must(administration.perform(max, 'duty.signOut', { agentId: alice.id, agentGroupId: agentGroup }));
    expect(out.warnings).toEqual([{ code: 'nobodyOnDuty', workflowId: id }]);
    expect((await seen(administration.agents(max))).find((one) => one.id === alice.id)?.detail?.formalGroups).toMatchObject([{ signedIn: false }]);
  });

  test('is to formal groups that list the agent alone; others are answered like ones that do not exist', async () => {
    const { administration, otto, alice, olga, agentGroup, id, other } = await organisation();
    const informal = (await seen(administration.workflow(operator, other))).agentGroups[0]?.id ?? '';
    const answers = [];
    for (const [agent, group] of [[otto, agentGroup], [otto, informal], [otto, 'group-that-never-was']] as const) answers.push(await administration.perform(agent.acting, 'duty.signIn', { agentGroupId: group }));
    for (const answer of answers) expect(answer).toMatchObject({ code: 'conflict', faults: [{ field: 'agentGroupId', message: expect.stringContaining('there is none') }] });
    expect(await administration.perform(alice.acting, 'duty.signIn', { agentGroupId: informal })).toMatchObject({ code: 'conflict' });
    // Olga comes to supervise Alice, and still neither signs her in to Max's group nor learns of it.
    await must(administration.perform(olga, 'agentGroup.change', { id: informal, version: 1, changes: { agentIds: [otto.id, alice.id], participation: 'formal' } }));
    const foreign = await administration.perform(olga, 'duty.signIn', { agentId: alice.id, agentGroupId: agentGroup });
    expect(foreign).toMatchObject({ code: 'conflict', faults: [{ field: 'agentGroupId' }] });
    expect(JSON.stringify(foreign)).not.toContain((await seen(administration.workflow(operator, id))).agentGroups[0]?.name);
    await must(administration.perform(olga, 'duty.signIn', { agentId: alice.id, agentGroupId: informal }));
  });
});

const caller = (callId: string, queueId: string | null, more: Partial<LiveCaller> = {}): LiveCaller => ({
  callId, callerNumber: '+441234567', callerName: 'Priya', state: 'waiting', priority: 3, queueId, answers: [{ question: 'Product', answer: 'Laptops' }], ringing: [], arrivedAt: new Date(1_000), joinedQueueAt: new Date(2_000), agentId: null, ...more,
});

/** An engine that does whatever it is asked, and what it was asked. */
function obedient(pool: string): InstructionRequest[] {
  const asked: InstructionRequest[] = [];
  const { db } = storage.connection;
  storage.closing(serveInstructions({ db, log: silent }, pool, (instruction) => {
    asked.push(instruction.request);
    void settleInstruction(db, instruction._id, { kind: 'done' });
  }));
  return asked;
}

describe('Waiting callers', () => {
  let org: Awaited<ReturnType<typeof organisation>>;
  let asked: InstructionRequest[];
  const ids = { first: newUser(), second: newUser(), talking: newUser(), elsewhere: newUser() };
  beforeAll(async () => {
    org = await organisation();
    asked = obedient(org.pool);
    const document = { pool: org.pool, epoch: 1, revision: 1, at: new Date() };
    const agent: LiveAgent = { agentId: org.alice.id, activity: 'free', since: new Date(), signedIn: true };
    await writeLiveGroups(storage.connection.db, [
      { ...document, _id: org.id, callers: [caller(ids.second, org.queue), caller(ids.first, org.queue, { priority: 1, arrivedAt: new Date(5_000), state: 'ringing', ringing: [org.bob.id] }), caller(ids.talking, org.queue, { state: 'talking' })], agents: [agent] },
      { ...document, _id: org.other, callers: [caller(ids.elsewhere, org.otherQueue)], agents: [] },
    ]);
  });
  const ask = (acting: Acting, request: InstructionRequest) => org.administration.ask(acting, request);
  const done = { ok: true, value: { kind: 'done' } };
  const refused = (reason: string) => ({ ok: true, value: { kind: 'refused', reason } });

  test('are shown to attendants, by priority and arrival, and to nobody else', async () => {
    expect((await mine(org.administration, org.alice)).pickable).toMatchObject([
      { callId: ids.first, state: 'ringing', group: { displayName: 'Desk' }, queue: { id: org.queue } }, { callId: ids.second, answers: [{ question: 'Product', answer: 'Laptops' }] },
    ]);
    expect((await mine(org.administration, org.otto)).pickable).toEqual([]);
    expect(await seen(org.administration.live(org.max, org.id))).toMatchObject({ queues: [{ id: org.queue }], rights: { moveCaller: true, setPriority: true }, agents: [{ name: 'Alice', signedIn: true, pause: null }] });
    expect((await seen(org.administration.live(org.alice.acting, org.id))).rights).toEqual({ moveCaller: false, setPriority: false });
  });

  test('are picked by an attendant of their queue to the own phone only, whoever asks', async () => {
    const pick = (acting: Acting, agentId: string, callId = ids.second) => ask(acting, { kind: 'pickCaller', callId, agentId });
    expect(await pick(org.alice.acting, org.alice.id)).toEqual(done);
    expect(await pick(org.alice.acting, org.bob.id)).toMatchObject({ code: 'notFound' });
    expect(await pick(org.max, org.alice.id)).toMatchObject({ code: 'notAllowed' });
    expect(await pick(person('Ada', true), org.alice.id)).toMatchObject({ code: 'notAllowed' });
    expect(await pick(engine, org.alice.id)).toMatchObject({ code: 'notFound' });
    // Otto is no attendant, and his own group's caller is the only one he may know of.
    expect(await pick(org.otto.acting, org.otto.id, ids.elsewhere)).toEqual(refused('notServing'));
    expect(await pick(org.otto.acting, org.otto.id)).toEqual(await pick(org.otto.acting, org.otto.id, 'call-that-never-was'));
    expect(asked).toEqual([{ kind: 'pickCaller', callId: ids.second, agentId: org.alice.id }]);
  });

  test('are re-prioritised and moved by managers of their group, to queues of groups they manage', async () => {
    asked.length = 0;
    const move = (acting: Acting, callId: string, queueId: string) => ask(acting, { kind: 'moveCaller', callId, queueId });
    const { value: { id: secondLine } } = await must(org.administration.perform(org.max, 'queue.create', { name: 'Second line', workflowId: org.id, timeoutSeconds: 60 }));
    expect(await move(org.max, ids.second, secondLine)).toEqual(done);
    expect(await move(org.max, ids.second, org.otherQueue)).toEqual(refused('unknownQueue'));
    expect(await move(org.max, ids.second, 'queue-that-never-was')).toEqual(refused('unknownQueue'));
    expect(await move(operator, ids.second, org.otherQueue)).toEqual(done);
    expect(await move(org.max, ids.elsewhere, secondLine)).toEqual(refused('notWaiting'));
    expect(await move(org.alice.acting, ids.second, secondLine)).toMatchObject({ code: 'notAllowed' });
    const prioritise = (acting: Acting, callId: string, priority: number) => ask(acting, { kind: 'setPriority', callId, priority });
    expect(await prioritise(org.max, ids.second, 1)).toEqual(done);
    expect(await prioritise(org.olga, ids.second, 1)).toEqual(refused('notWaiting'));
    expect(await prioritise(org.alice.acting, ids.second, 1)).toMatchObject({ code: 'notAllowed' });
    expect(await prioritise(org.max, ids.second, 6)).toMatchObject({ ok: false, message: expect.stringContaining('1 to 5') });
    expect(asked.map((one) => one.kind)).toEqual(['moveCaller', 'moveCaller', 'setPriority']);
  });
});
