// The whole flow under chaos: menus, contacts that confirm, forwarding, picks, transfers, hold and instructions, while media and SIP fail.
// Whatever happens: every leg ends once, every anchor is let go, one record a call, one answer to each REFER and each instruction.
import fc from 'fast-check';
import { act, ChaosFlow } from '../../support/chaos-flow';

test('nothing is lost and nothing is left, whatever callers, phones, media and the edge do', async () => {
  const seen = new Map<string, number>();
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 50, maxLength: 80 }), async (acts) => {
    const chaos = new ChaosFlow();
    for (const each of acts) await chaos.live(each);
    await chaos.finish();

    const { world, refers, instructions } = chaos;
    expect(world.faults).toEqual([]);
    expect(world.state.calls.size).toBe(0);
    expect(world.switchboard.size).toBe(0);
    // Of a leg that another phone has followed, nothing is told; the new one ends in its place.
    const followed = world.events.flatMap((event) => (event.type === 'agentReplaced' ? [event] : []));
    // Who has picked up to be called back is a caller again, and that leg is told of no more.
    const welcomed = new Set(world.effects.flatMap((effect) => (effect.type === 'welcomeBack' ? [effect.offerId] : [])));
    const begun = [...world.effects.flatMap((effect) => (effect.type === 'offer' || effect.type === 'dial' || effect.type === 'callBack' || effect.type === 'takeLeg' ? [effect.offerId] : [])), ...followed.map(({ newOfferId }) => newOfferId)]
      .filter((offerId) => !welcomed.has(offerId) && followed.every((event) => event.offerId !== offerId)).sort();
    const ended = world.eventsOf('legEnded').flatMap((event) => ('offerId' in event ? [event.offerId] : [])).sort();
    expect(new Set(begun).size).toBe(begun.length);
    expect(ended).toEqual(begun);
    for (const agent of world.state.agents.values()) {
      expect(agent.leg).toBeNull();
      expect([...agent.calling]).toEqual([]);
    }
    const taken = world.effects.filter(({ type }) => type === 'takeLeg').length;
    expect(world.records.map(({ _id }) => _id).sort()).toEqual([...new Set(world.records.map(({ _id }) => _id))].sort());
    expect(world.records.filter(({ callBackOf }) => callBackOf === undefined).length + taken).toBe(chaos.arrivals().length);
    for (const refer of refers) expect(refer.answers).toHaveLength(1);
    expect(world.told.map(({ testId }) => testId).sort()).toEqual(Array.from({ length: instructions }, (_, at) => `i${at + 1}`).sort());
    expect([...world.media.anchors]).toEqual([]);
    for (const { type } of [...world.effects, ...world.events]) seen.set(type, (seen.get(type) ?? 0) + 1);
  }), { numRuns: Number(process.env['CHAOS_RUNS'] ?? 250), ...(process.env['CHAOS_SEED'] === undefined ? {} : { seed: Number(process.env['CHAOS_SEED']) }) });
  // A chaos that never gets anywhere proves nothing.
  const expected = ['callerReplaced', 'agentReplaced', 'moveLeg', 'dial', 'takeLeg', 'acceptTransfer', 'refuseTransfer', 'transferProgress', 'separate', 'connected', 'connectFailed', 'keyPressed', 'instructionDone', 'playFailed', 'callBack', 'callBackOver', 'welcomeBack'];
  expect(expected.filter((type) => !seen.has(type))).toEqual([]);
  if (process.env['CHAOS_SHOW'] !== undefined) process.stdout.write(`${JSON.stringify(Object.fromEntries(seen))}\n`);
}, 120_000);
