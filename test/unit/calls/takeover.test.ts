// A call in every state is left by its engine and taken over by another; then everything that may befall it does. It comes to what it would have come to.
import { type CallState } from '../../../engine/core/call';
import { TRANSITIONS } from '../../../engine/core/transitions';
import { duty } from '../../../storage/model/agent';
import { agentGroup } from '../../../storage/model/agent-group';
import { poolSettings } from '../../../storage/model/settings';
import { queue } from '../../../storage/model/queue';
import { workflow } from '../../../storage/model/workflow';
import { trunk } from '../../../storage/model/trunk';
import { type CallerCall, World } from '../../support/calls-world';
import { settle } from '../../support/manual-timers';

const TALK = 'v=0\r\na=sendrecv\r\n';
const HOLD = 'v=0\r\na=sendonly\r\n';
const NUMBER = 'sip:+4420@trunk.test';

/** One group with bob and carla; nobody is on duty where nobody is to ring. */
function opened(agents: readonly string[] = ['bob'], more: Parameters<World['group']>[0] = {}): World {
  const world = new World();
  world.group({ agents, ...more });
  const stored = { pool: 'main', version: 1 };
  world.configure([
    { kind: 'settings', id: 'settings', before: null, after: poolSettings.parse({ ...stored, id: 'settings', numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: ['outside.test'] } }) },
    { kind: 'trunks', id: 'trunk', before: null, after: trunk.parse({ ...stored, id: 'trunk', name: 'Trunk', host: 'trunk.test' }) },
    { kind: 'agentGroups', id: 'none', before: null, after: agentGroup.parse({ ...stored, id: 'none', name: 'Nobody', agentIds: [] }) },
    { kind: 'queues', id: 'alone', before: null, after: queue.parse({ ...stored, id: 'alone', name: 'Nobody', agentGroupIds: ['none'], callBackKey: '8', leaveKey: '9', leaveAction: { kind: 'number', number: '+4420' }, timeoutSeconds: 30, timeoutAction: { kind: 'disconnect', prompt: { text: 'sorry' } } }) },
    { kind: 'workflows', id: 'alone', before: null, after: workflow.parse({ ...stored, id: 'alone', sipUser: 'alone', displayName: 'Nobody', active: true, managed: false, managers: [], defaultAction: { kind: 'queue', queueId: 'alone' } }) },
    { kind: 'workflows', id: 'hello', before: null, after: workflow.parse({ ...stored, id: 'hello', sipUser: 'hello', displayName: 'Hello', active: true, managed: false, managers: [], welcome: { text: 'welcome' }, defaultAction: { kind: 'queue', queueId: 'q' } }) },
    { kind: 'workflows', id: 'menu', before: null, after: workflow.parse({
      ...stored, id: 'menu', sipUser: 'menu', displayName: 'Menu', active: true, managed: false, managers: [], defaultAction: { kind: 'question', questionId: 'top' },
      questions: [{ id: 'top', name: 'Top', prompt: { text: 'which?' }, attempts: 2, answers: [{ name: 'Help', key: '1', action: { kind: 'queue', queueId: 'alone' } }] }],
    }) },
  ]);
  return world;
}

interface Stage { readonly world: World; readonly caller: CallerCall }

/** A talk with bob. */
async function talk(world: World): Promise<Stage> {
  const caller = await world.waits();
  // A phone that has said nothing yet could not be cancelled.
  for (const ring of world.rings) ring.says(180);
  world.phone('bob').says(200, TALK);
  await settle();
  return { world, caller };
}

/** A caller of that group hangs up to be called back; nobody keeps the line of the phone that asked. */
async function askedToBeCalledBack(world: World, user: string): Promise<Stage> {
  const caller = world.dials(user, { headers: { from: '<sip:+442071234567@trunk.test>;tag=a' } });
  await settle();
  caller.acks();
  await settle();
  for (const ring of world.rings) ring.says(180);
  caller.presses('8');
  await settle();
  await world.timers.pass(3_000);
  return { world, caller };
}

const CALLED_BACK: readonly CallState[] = ['promised', 'calling', 'returning'];
const calling = (): Promise<Stage> => askedToBeCalledBack(opened(['bob'], { queue: { callBackKey: '8' } }), 'help');

/** Brings a call into each state; `hears`: what the caller hears of us after the takeover, null: nothing. */
const STAGES: { readonly [S in CallState]: { readonly set: () => Promise<Stage>; readonly hears: string | null; readonly joined?: true } } = {
  arriving: {
    set: async () => {
      const world = opened();
      const caller = world.dials();
      await settle();
      return { world, caller };
    }, hears: null,
  },
  welcoming: { set: async () => { const world = opened(); return { world, caller: await world.waits('hello') }; }, hears: 'welcome.wav' },
  asking: { set: async () => { const world = opened(); return { world, caller: await world.waits('menu') }; }, hears: 'which?.wav' },
  queued: { set: async () => { const world = opened(); return { world, caller: await world.waits('alone') }; }, hears: 'music.wav' },
  offering: { set: async () => { const world = opened(); return { world, caller: await world.waits() }; }, hears: 'music.wav' },
  forwarding: {
    set: async () => {
      const world = opened();
      const caller = await world.waits('alone');
      caller.presses('9');
      await settle();
      return { world, caller };
    }, hears: 'ringback.wav',
  },
  connecting: {
    set: async () => {
      const world = opened();
      world.media.slowOnce('bridge');
      return talk(world);
    }, hears: null, joined: true,
  },
  talking: { set: () => talk(opened()), hears: null, joined: true },
  transferring: {
    set: async () => {
      const stage = await talk(opened(['bob', 'carla']));
      stage.world.phone('bob').transfersTo('sip:carla@example.test');
      await settle();
      return stage;
    }, hears: 'music.wav',
  },
  leaving: {
    set: async () => {
      const world = opened();
      const caller = await world.waits('alone');
      await world.timers.pass(30_000);
      return { world, caller };
    }, hears: 'sorry.wav',
  },
  promised: { set: () => askedToBeCalledBack(opened(), 'alone'), hears: null },
  calling: { set: calling, hears: null },
  returning: {
    set: async () => {
      const stage = await calling();
      stage.world.media.slowOnce('completeOfferless');
      stage.world.outside('sip:+442071234567@trunk.test').says(200, TALK);
      await settle();
      return stage;
    }, hears: 'music.wav',
  },
  ending: {
    set: async () => {
      const stage = await talk(opened());
      stage.world.answersBye = false;
      stage.caller.hangsUp();
      await settle();
      return stage;
    }, hears: null,
  },
};

/** The phones that ring, or talk, now. */
const ringing = ({ world }: Stage) => world.rings.findLast(({ acked, orphaned, cancelledWith }) => acked === 0 && !orphaned && cancelledWith === null);
const up = ({ world }: Stage) => world.rings.findLast(({ acked, dialogId }) => acked > 0 && world.dialogs.has(dialogId));

/** What may befall a call, and a while after it. */
const EVENTS: { readonly [title: string]: (stage: Stage) => unknown } = {
  nothing: () => undefined,
  'the caller hangs up': ({ caller }) => caller.invite.status === 200 ? caller.hangsUp() : caller.invite.cancel(),
  'the caller acknowledges': ({ caller }) => { caller.acks(); },
  'the caller holds': ({ caller }) => caller.renegotiates(HOLD),
  'key 1': ({ caller }) => caller.presses('1'),
  'key 9': ({ caller }) => caller.presses('9'),
  'whoever rings answers': (stage) => ringing(stage)?.says(200, TALK),
  'whoever rings declines': (stage) => ringing(stage)?.says(603),
  'whoever rings is busy': (stage) => ringing(stage)?.says(486),
  'whoever is up hangs up': (stage) => up(stage)?.hangsUp(),
  'whoever is up holds': (stage) => up(stage)?.renegotiates(HOLD),
  'whoever is up transfers outside': (stage) => up(stage)?.transfersTo('sip:+4420@example.test'),
  'whoever is up transfers to a group': (stage) => up(stage)?.transfersTo('sip:menu@example.test'),
  'a minute passes': ({ world }) => world.timers.pass(61_000),
};

const { 'the caller hangs up': hangsUp, 'the caller acknowledges': acknowledges, 'whoever rings answers': answers, 'whoever is up hangs up': isLeft } = EVENTS;
/** What an engine hears of without its doing; a key that nobody has taken is lost, and its question is asked anew. */
const HEARD = { 'the caller hangs up': hangsUp, 'the caller acknowledges': acknowledges, 'whoever rings answers': answers, 'whoever is up hangs up': isLeft } as { readonly [title: string]: (stage: Stage) => unknown };

async function livesOn(stage: Stage, event: (stage: Stage) => unknown): Promise<{ readonly state: string; readonly joined: boolean; readonly hears: string | null; readonly outcome: unknown }> {
  const { world } = stage;
  world.media.answerSlow();
  await settle();
  await event(stage);
  await settle();
  const [call] = [...world.state.calls.values()];
  const heard = world.media.heard.get(call?.callId ?? '');
  const then = { state: call?.phase.state ?? 'over', joined: heard?.joined ?? false, hears: heard?.playing.caller?.file ?? null };
  world.answersBye = true;
  world.switchboard.endAll();
  await world.timers.pass(240_000);
  // A promise lasts for hours; and who asked for it has a record too.
  const asked = world.records.filter(({ outcome }) => outcome === 'callBack').length;
  if (asked > 0) await world.timers.pass(4 * 60 * 60_000);
  expect(world.faults).toEqual([]);
  expect(world.switchboard.size).toBe(0);
  expect([...world.media.anchors]).toEqual([]);
  expect([...world.dialogs]).toEqual([]);
  expect(world.records).toHaveLength(1 + asked);
  for (const { leg } of world.state.agents.values()) expect(leg).toBeNull();
  const record = world.records.at(-1);
  return { ...then, outcome: { outcome: record?.outcome, endedBy: record?.endedBy, agentId: record?.agentId, answers: record?.answers, steps: record?.steps?.map(({ why, to }) => `${why} ${to}`) } };
}

const STATES = Object.keys(TRANSITIONS) as CallState[];

describe.each(STATES)('a call that is %s when its engine ends', (state) => {
  const { set, hears, joined } = STAGES[state];

  test('goes on with another, and the caller hears what is due', async () => {
    const { world } = await set();
    const [callId = ''] = [...world.state.calls.keys()];
    expect(world.state.calls.get(callId)?.phase.state).toBe(state);
    const { reinvites, media } = world;
    const plays = (): number => media.done.filter((line) => line.startsWith('play')).length;
    const before = plays();
    world.takeOver();
    await settle();
    const heard = media.heard.get(callId);
    expect({ hears: heard?.playing.caller?.file ?? null, joined: heard?.joined ?? false }).toEqual({ hears, joined: joined ?? false });
    // Nobody is asked for anything, and what is heard goes on where it was; only a question is said anew.
    // What a caller has answered to an engine that is no more is asked for anew, and then the music begins.
    expect(reinvites).toHaveLength(state === 'returning' ? 1 : 0);
    expect(plays() - before).toBe(state === 'asking' || state === 'returning' ? 1 : 0);
    expect(world.faults).toEqual([]);
  });

  // That an ACK never comes is for the edge to notice, which saw whether one came while no engine was there.
  test.each(Object.entries(EVENTS).filter(([title]) => state !== 'arriving' || title !== 'a minute passes'))('comes to what it would have come to: %s', async (_title, event) => {
    const without = await livesOn(await set(), event);
    const stage = await set();
    stage.world.takeOver();
    await settle();
    const after = await livesOn(stage, event);
    // An end that was asked for is there sooner: the edge answers for the phone.
    expect(state === 'ending' ? after.outcome : after).toEqual(state === 'ending' ? without.outcome : without);
  });

  // As it stands still for a moment, or has begun to hand over.
  test.each(Object.entries(HEARD))('comes to what it would have come to where that engine has heard of it, and has decided nothing yet: %s', async (_title, event) => {
    const [without, stage] = [await set(), await set()];
    stage.world.loop.pause();
    for (const each of [without, stage]) {
      await event(each);
      await settle();
    }
    stage.world.takeOver();
    await settle();
    const [expected, found] = [await livesOn(without, () => undefined), await livesOn(stage, () => undefined)];
    expect(found.outcome).toEqual(expected.outcome);
    if (state !== 'ending') expect(found.joined).toBe(expected.joined);
  });

  test('comes to one end through five engines', async () => {
    const stage = await set();
    for (let engine = 0; engine < 5; engine += 1) {
      stage.world.takeOver();
      await settle();
    }
    await livesOn(stage, EVENTS['the caller hangs up'] as (of: Stage) => unknown);
  });
});

test('whoever was rung is offered the call again at once, and the agent is none the worse for it', async () => {
  const world = opened();
  await world.waits();
  const first = world.phone('bob');
  world.takeOver();
  await settle();
  const second = world.phone('bob');
  expect([first.legId, second.legId].map((legId) => legId.split('.')[1])).toEqual(['1', '2']);
  second.says(200, TALK);
  await settle();
  expect([...world.state.calls.values()].map(({ phase }) => phase.state)).toEqual(['talking']);
});

test.each(['is joined', 'has just picked up'])('an agent who %s, of whose ring nothing was written, goes on with the caller, and nobody else is rung', async (moment) => {
  const world = opened(['bob', 'carla']);
  world.configure(['bob', 'carla'].map((id) => ({ kind: 'duties', id, before: null, after: duty.parse({ pool: 'main', version: 1, id, agentId: id, onDuty: false, since: world.civil() }) })));
  const caller = await world.waits();
  const written = world.written();
  world.configure([{ kind: 'duties', id: 'bob', before: null, after: duty.parse({ pool: 'main', version: 1, id: 'bob', agentId: 'bob', onDuty: true, since: world.civil() }) }]);
  await settle();
  if (moment === 'has just picked up') world.media.slowOnce('bridge');
  world.phone('bob').says(200, TALK);
  await settle();
  const rung = world.rings.length;
  world.takeOver(written);
  await settle();
  expect(world.rings.length).toBe(rung);
  expect(world.byes).toEqual([]);
  const [callId = ''] = [...world.state.calls.keys()];
  expect(world.state.calls.get(callId)?.phase.state).toBe('talking');
  expect(world.media.heard.get(callId)?.joined).toBe(true);
  expect(world.state.agents.get('bob')?.activity).toBe('talking');
  caller.hangsUp();
  await settle();
  expect(world.records).toMatchObject([{ outcome: 'answered', endedBy: 'caller', agentId: 'bob', offers: [{ agentId: 'bob', outcome: 'answered' }] }]);
  expect([world.dialogs.size, world.media.anchors.size, world.faults.length]).toEqual([0, 0, 0]);
});

test('whoever is free because another caller is gone is rung once for the next, and that ring stands', async () => {
  const world = opened();
  const first = await world.waits();
  await world.waits();
  const [, second = ''] = [...world.state.calls.keys()];
  world.dialogs.delete(first.dialogId);
  world.takeOver();
  await settle();
  const rung = world.rings.filter(({ orphaned }) => !orphaned);
  expect(rung.map(({ legId, cancelledWith }) => [legId, cancelledWith])).toEqual([[`${second}.1`, null]]);
  rung[0]?.says(200, TALK);
  await settle();
  expect(world.state.calls.get(second)?.phase.state).toBe('talking');
});

test('a number that was dialled for a caller is dialled again', async () => {
  const { world } = await STAGES.forwarding.set();
  world.takeOver();
  await settle();
  const ring = world.outside(NUMBER);
  expect(ring.orphaned).toBe(false);
  ring.says(200, TALK);
  await settle();
  expect([...world.state.calls.values()].map(({ phase }) => phase.state)).toEqual(['talking']);
});

test('a transfer under way rings its target again, and the phone that asked is told how it ends', async () => {
  const { world } = await STAGES.transferring.set();
  const bob = world.phone('bob').dialogId;
  world.takeOver();
  await settle();
  world.phone('carla').says(200, TALK);
  await settle();
  expect(world.byes.filter(({ dialogId }) => dialogId === bob).map(({ method, body }) => `${method} ${(body ?? '').trim()}`.trim())).toEqual(['NOTIFY SIP/2.0 100 Trying', 'NOTIFY SIP/2.0 200 OK', 'BYE']);
});

test('a caller whom no journal tells of arrives again at the time of the INVITE, on a fresh anchor', async () => {
  const world = opened();
  const written = world.written();
  const caller = await world.waits('alone');
  world.takeOver(written);
  await settle();
  expect(world.reinvites.map(({ outgoing }) => [outgoing.dialogId, outgoing.body])).toEqual([[caller.dialogId, 'our offer to the caller']]);
  expect([...world.state.calls.values()].map(({ phase }) => phase.state)).toEqual(['queued']);
  expect([...world.media.heard.values()]).toEqual([{ joined: false, playing: { caller: { file: 'music.wav', repeat: true }, agent: null } }]);
  caller.hangsUp();
  await settle();
  expect(world.records.map(({ outcome }) => outcome)).toEqual(['abandoned']);
});

test('an answer to our offer that came while no engine was there is asked for again', async () => {
  const world = opened();
  const caller = world.dials('alone', { sdp: '' });
  await settle();
  world.takeOver();
  await world.timers.pass(2_000);
  expect(world.reinvites.map(({ outgoing }) => outgoing.dialogId)).toEqual([caller.dialogId]);
  expect([...world.state.calls.values()].map(({ phase }) => phase.state)).toEqual(['queued']);
});

test('music for who is held goes on through a takeover, and ends with the hold', async () => {
  const { world } = await STAGES.talking.set();
  const [callId = ''] = [...world.state.calls.keys()];
  world.phone('bob').renegotiates(HOLD);
  await settle();
  world.takeOver();
  await settle();
  expect(world.media.heard.get(callId)?.playing.caller).toEqual({ file: 'music.wav', repeat: true });
  world.phone('bob').renegotiates(TALK);
  await settle();
  expect(world.media.heard.get(callId)).toEqual({ joined: true, playing: { caller: null, agent: null } });
});

describe('a media server that is started anew', () => {
  test.each(STATES)('has a call that is %s again, on a fresh anchor', async (state) => {
    const { world } = await STAGES[state].set();
    const [callId = ''] = [...world.state.calls.keys()];
    const answered = state !== 'arriving' && state !== 'ending' && state !== 'promised' && state !== 'calling';
    world.media.loseAnchors();
    await settle();
    if (state === 'connecting' || state === 'returning') await world.timers.pass(4_000);
    await settle();
    const heard = world.media.heard.get(callId);
    expect(world.reinvites.length).toBe(!answered ? 0 : state === 'talking' || state === 'returning' ? 2 : 1);
    expect(heard?.playing.caller?.repeat ?? false).toBe(['queued', 'offering', 'forwarding', 'transferring', 'returning'].includes(state) || state === 'connecting');
    expect(heard?.joined ?? false).toBe(state === 'talking');
    world.switchboard.endAll();
    await world.timers.pass(CALLED_BACK.includes(state) ? 5 * 60 * 60_000 : 240_000);
    expect(world.faults).toEqual([]);
    expect([...world.media.anchors]).toEqual([]);
    expect(world.records).toHaveLength(CALLED_BACK.includes(state) ? 2 : 1);
  });
});

describe('answered in the moment after the last writing', () => {
  test('an agent: goes on with the caller, no phone rings once more, and one record tells of one offer', async () => {
    const world = opened(['bob', 'carla'], { agentGroup: { routingMethod: 'parallel' } });
    const caller = await world.waits();
    const [bob, carla] = [world.phone('bob'), world.phone('carla')];
    for (const ring of [bob, carla]) ring.says(180);
    const written = world.written();
    bob.says(200, TALK);
    await settle();
    world.takeOver(written);
    await settle();
    expect([...world.media.heard.values()].map(({ joined }) => joined)).toEqual([true]);
    expect(world.rings).toHaveLength(2);
    caller.hangsUp();
    await settle();
    expect(world.records).toEqual([expect.objectContaining({ outcome: 'answered', agentId: 'bob' })]);
    expect([...world.dialogs]).toEqual([]);
  });

  test('a contact that is asked to press 1: let go and rung once more, for nobody knows whether a person was there', async () => {
    const world = opened(['bob'], { agent: { contacts: [{ kind: 'number', number: '+4420', confirm: true }] } });
    world.registered.delete('bob');
    await world.waits();
    const asked = world.rings.at(-1);
    const written = world.written();
    asked?.says(200, TALK);
    await settle();
    const before = world.rings.length;
    world.takeOver(written);
    await settle();
    expect(asked === undefined || world.dialogs.has(asked.dialogId)).toBe(false);
    expect(world.rings.length).toBeGreaterThan(before);
    expect([...world.media.heard.values()].some(({ joined }) => joined)).toBe(false);
  });
});
