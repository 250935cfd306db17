// Whatever callers, phones, media and the edge do, and in whatever order: every leg ends once, every anchor is let go, nothing is left.
import fc from 'fast-check';
import { type CallerCall, World } from '../../support/calls-world';
import { settle } from '../../support/manual-timers';

const AGENTS = ['bob', 'carla', 'dora'] as const;

const act = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'dial' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'dialOfferless' } as const) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ack' as const), caller: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hangUp' as const), caller: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), caller: fc.nat(5) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('says' as const), ring: fc.nat(12), status: fc.constantFrom(100, 180, 183, 200, 302, 408, 480, 486, 487, 500, 503, 600, 603) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('agentHangsUp' as const), ring: fc.nat(12) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('disobey' as const), ring: fc.nat(12) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(10, 500, 3_000, 9_000, 25_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('media' as const), fault: fc.constantFrom('dropOnce', 'stallOnce'), method: fc.constantFrom('anchor', 'play', 'bridge', 'completeOfferless', 'anchorOfferless') } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'edgeDies' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('phoneTest' as const), agent: fc.constantFrom(...AGENTS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('byeLost' as const), lost: fc.boolean() }) },
);

test('every leg ends once, every anchor is let go, nothing is left', async () => {
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
    const world = new World();
    world.group({ agents: AGENTS, workflow: { welcome: { text: 'hello' } }, queue: { timeoutSeconds: 60 } });
    const callers: CallerCall[] = [];
    let tests = 0;
    /** Final answers a phone has given: one an INVITE, as the transaction layer of the edge sees to. */
    const final = new Set<string>();
    for (const each of acts) {
      switch (each.kind) {
        case 'dial': callers.push(world.dials()); break;
        case 'dialOfferless': callers.push(world.dials('help', { sdp: '' })); break;
        case 'ack': {
          const caller = callers[each.caller];
          if (caller?.invite.status === 200) caller.acks('v=0');
          break;
        }
        case 'hangUp': {
          const caller = callers[each.caller];
          if (caller?.invite.status === 200) caller.hangsUp();
          break;
        }
        case 'cancel': callers[each.caller]?.invite.cancel(); break;
        case 'says': {
          const ring = world.rings[each.ring];
          if (ring === undefined || final.has(ring.legId) || (ring.obeysCancel && ring.cancelledWith !== null)) break;
          if (each.status >= 200) final.add(ring.legId);
          ring.says(each.status, each.status === 200 ? 'v=0\r\nphone' : '');
          break;
        }
        case 'agentHangsUp': if ((world.rings[each.ring]?.acked ?? 0) > 0) world.rings[each.ring]?.hangsUp(); break;
        case 'disobey': {
          const ring = world.rings[each.ring];
          if (ring !== undefined) ring.obeysCancel = false;
          break;
        }
        case 'time': await world.timers.pass(each.ms); break;
        case 'media': world.media[each.fault](each.method); break;
        case 'edgeDies': world.switchboard.linkDown(); break;
        case 'phoneTest': world.loop.post({ type: 'phoneTest', testId: `test${(tests += 1)}`, agentId: each.agent }); break;
        case 'byeLost': world.answersBye = !each.lost; break;
      }
      await settle();
    }
    world.switchboard.endAll();
    await world.timers.pass(120_000);
    expect(world.faults).toEqual([]);
    expect(world.state.calls.size).toBe(0);
    expect(world.switchboard.size).toBe(0);
    const ids = (type: 'offer' | 'legEnded'): string[] => (type === 'offer' ? world.effects : world.eventsOf('legEnded')).flatMap((each) => ('offerId' in each && each.type === type ? [each.offerId] : [])).sort();
    expect(ids('legEnded')).toEqual(ids('offer'));
    expect(new Set(ids('offer')).size).toBe(ids('offer').length);
    for (const agent of world.state.agents.values()) expect(agent.leg).toBeNull();
    expect(world.told).toHaveLength(tests);
    expect(world.eventsOf('callerGone')).toHaveLength(callers.length);
    expect(world.records).toHaveLength(callers.length);
    // A phone that answered was acknowledged, and unless it hung up itself, got its BYE.
    const anchored = new Set(world.media.done.filter((each) => each.startsWith('anchor')).map((each) => each.split(' ')[1]));
    const released = new Set(world.media.done.filter((each) => each.startsWith('release')).map((each) => each.split(' ')[1]));
    for (const id of anchored) expect(released).toContain(id);
  }), { numRuns: 300 });
});
