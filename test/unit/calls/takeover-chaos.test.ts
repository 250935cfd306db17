// Engines that end at any moment of any flow, and others that go on with what was written and what the edge has.
// Whatever happens: every anchor is let go, every dialog ends, one record a call, and no agent is left on a leg.
import fc from 'fast-check';
import { TRANSITIONS } from '../../../engine/core/transitions';
import { type Act, act, ChaosFlow } from '../../support/chaos-flow';
import { settle } from '../../support/manual-timers';

/** `stale`: what was written is as old as the act before. `undecided`: the engine has heard of that act, and has decided nothing. */
const takeOver = fc.record({ kind: fc.constant('takeOver' as const), stale: fc.boolean(), undecided: fc.boolean() });
const acts = fc.array(fc.oneof({ weight: 9, arbitrary: act }, { weight: 1, arbitrary: takeOver }), { minLength: 40, maxLength: 70 });

/** Into the states that chance seldom finds a call in: a message that is being said to who has waited too long, a joining that takes its time, a transfer. */
const dial: Act = { kind: 'dial', user: 'help', offerless: 1, acks: 1 };
const leaving: readonly Act[] = [dial, ...([25_000, 25_000, 9_000, 3_000] as const).map((ms): Act => ({ kind: 'time', ms }))];
const connecting: readonly Act[] = [dial, { kind: 'media', fault: 'slowOnce', method: 'bridge' }, { kind: 'says', ring: 1, status: 200 }];
const transferring: readonly Act[] = [dial, { kind: 'says', ring: 1, status: 200 }, { kind: 'refer', ring: 0, to: 'sip:+4420@example.test' }];
const promised: readonly Act[] = [dial, { kind: 'press', caller: 0, key: '7', info: true }];
const calling: readonly Act[] = [dial, { kind: 'callBack', caller: 0, picksUp: false }];
const returning: readonly Act[] = [dial, { kind: 'media', fault: 'slowOnce', method: 'completeOfferless' }, { kind: 'callBack', caller: 0, picksUp: true }];
const CERTAIN = [leaving, connecting, transferring, promised, calling, returning].map((flow): [(Act | { readonly kind: 'takeOver'; readonly stale: boolean; readonly undecided: boolean })[]] => [[...flow, { kind: 'takeOver', stale: false, undecided: false }]]);

test('calls go on and come to their end, however often an engine ends and another takes over', async () => {
  let carried = 0;
  const states = new Set<string>();
  await fc.assert(fc.asyncProperty(acts, async (flow) => {
    const chaos = new ChaosFlow();
    const { world } = chaos;
    /** Calls that came and were over in the last moment of an engine, between two writings: they are gone without a trace. */
    const untold = new Set<string>();
    for (const [at, each] of flow.entries()) {
      const next = flow[at + 1];
      const written = next?.kind === 'takeOver' && next.stale ? world.written() : null;
      const before = chaos.arrivals().length;
      if (next?.kind === 'takeOver' && next.undecided) world.loop.pause();
      if (each.kind !== 'takeOver') await chaos.live(each);
      if (next?.kind !== 'takeOver') continue;
      for (const { phase } of world.state.calls.values()) states.add(phase.state);
      carried += world.state.calls.size;
      const since = chaos.arrivals().slice(before);
      world.takeOver(written ?? world.written());
      if (written !== null) for (const callId of since) if (!world.state.calls.has(callId)) untold.add(callId);
      // The edge tells again what was not answered.
      for (const refer of chaos.refers) if (refer.answers.length === 0) world.switchboard.request(refer);
      await settle();
    }
    await chaos.finish();

    expect(world.faults).toEqual([]);
    expect(world.state.calls.size).toBe(0);
    expect(world.switchboard.size).toBe(0);
    for (const agent of world.state.agents.values()) {
      expect(agent.leg).toBeNull();
      expect([...agent.calling]).toEqual([]);
    }
    const recorded = world.records.map(({ _id }) => _id);
    expect(recorded).toEqual([...new Set(recorded)]);
    const taken = world.effects.flatMap((effect) => (effect.type === 'takeLeg' ? [effect.legId] : []));
    expect(chaos.arrivals().filter((callId) => !recorded.includes(callId) && !taken.includes(callId) && !untold.has(callId))).toEqual([]);
    for (const refer of chaos.refers) expect(refer.answers).toHaveLength(1);
    expect([...world.media.anchors]).toEqual([]);
    expect([...world.dialogs]).toEqual([]);
  }), { numRuns: Number(process.env['CHAOS_RUNS'] ?? 250), examples: CERTAIN });
  expect(carried).toBeGreaterThan(500);
  expect([...states].sort()).toEqual(Object.keys(TRANSITIONS).sort());
}, 120_000);
