// Everything that can befall calls, phones, media and the edge, as random acts on one world of fakes: the one chaos of several tests.
import fc from 'fast-check';
import { duty } from '../../storage/model/agent';
import { agentGroup } from '../../storage/model/agent-group';
import { poolSettings } from '../../storage/model/settings';
import { queue } from '../../storage/model/queue';
import { trunk } from '../../storage/model/trunk';
import { callBackOf } from '../../engine/core/call-ids';
import { workflow } from '../../storage/model/workflow';
import { type CallerCall, type FakeIncoming, type PhoneCall, World } from './calls-world';
import { settle } from './manual-timers';

const AGENTS = ['bob', 'carla', 'dora', 'emil', 'fay', 'gus'] as const;
const SDPS = ['v=0\r\na=sendrecv\r\n', 'v=0\r\na=sendonly\r\n', 'v=0\r\na=inactive\r\n'] as const;
const METHODS = ['anchor', 'anchorOfferless', 'completeOfferless', 'play', 'stop', 'bridge', 'separate', 'bridgeOffer', 'renegotiate', 'completeRenegotiation'] as const;
/** One of those there are, the latest first: what happened last is where the races are. */
const nth = <T>(of: readonly T[], at: number): T | undefined => of[of.length - 1 - at];

export const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('dial' as const), user: fc.constantFrom('help', 'help', 'help', 'menu', 'pick', 'nobody'), offerless: fc.nat(3), acks: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('agentDials' as const), agent: fc.constantFrom(...AGENTS), user: fc.constantFrom('*8', '*8', 'carla', 'help', '+4420'), offerless: fc.nat(3), acks: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ack' as const), caller: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hangUp' as const), caller: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), caller: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('press' as const), caller: fc.nat(4), key: fc.constantFrom('1', '2', '7', '9'), info: fc.boolean() }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('says' as const), ring: fc.nat(5), status: fc.constantFrom(180, 180, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 302, 408, 480, 486, 503, 603) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('confirm' as const), anchor: fc.nat(3), key: fc.constantFrom('1', '1', '5') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('phoneHangsUp' as const), ring: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('hold' as const), ring: fc.nat(5), caller: fc.option(fc.nat(4)), sdp: fc.constantFrom(...SDPS) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('refer' as const), ring: fc.nat(5), to: fc.constantFrom('sip:carla@example.test', 'sip:menu@example.test', 'sip:help@example.test', 'sip:ghost@example.test', 'sip:+4420@example.test', 'sip:x@outside.test') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('attended' as const), ring: fc.nat(5), consultation: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('consult' as const), ring: fc.nat(2), user: fc.constantFrom('carla', '+4420', 'help'), answered: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('callBack' as const), caller: fc.nat(2), picksUp: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), ring: fc.option(fc.nat(3)), caller: fc.nat(4), agent: fc.constantFrom(...AGENTS), offerless: fc.nat(3) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('instruct' as const), what: fc.constantFrom('pickCaller', 'moveCaller', 'setPriority'), call: fc.nat(4), agent: fc.constantFrom(...AGENTS) } as const) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reinvitesAnswer' as const), status: fc.constantFrom(200, 200, 491, 488, null) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('duty' as const), agent: fc.constantFrom(...AGENTS), onDuty: fc.boolean() }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(10, 10, 200, 200, 3_000, 3_000, 9_000, 25_000, 70_000) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('media' as const), fault: fc.constantFrom('dropOnce', 'stallOnce', 'slowOnce', 'slowOnce'), method: fc.constantFrom(...METHODS) } as const) },
  { weight: 3, arbitrary: fc.constant({ kind: 'answerSlow' } as const) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'edgeDies' } as const, { kind: 'time', ms: 500 } as const, { kind: 'time', ms: 0 } as const) },
);

export type Act = typeof act extends fc.Arbitrary<infer Each> ? Each : never;

function configured(): World {
  const world = new World();
  const stored = { pool: 'main', version: 1 };
  world.group({
    agents: AGENTS,
    agent: { contacts: [{ kind: 'number', number: '+447700', confirm: true }] },
    queue: { timeoutSeconds: 60, timeoutAction: { kind: 'number', number: '+4420', prompt: { text: 'we send you on' } }, leaveKey: '9', callBackKey: '7', leaveAction: { kind: 'voicemail', uri: 'sip:box@outside.test' }, announceSeconds: 15 },
    agentGroup: { autoPauseAfter: 3, routingMethod: 'longestIdle' },
  });
  world.configure([
    { kind: 'trunks', id: 'trunk', before: null, after: trunk.parse({ ...stored, id: 'trunk', name: 'Trunk', host: 'trunk.test' }) },
    { kind: 'agentGroups', id: 'att', before: null, after: agentGroup.parse({ ...stored, id: 'att', name: 'Attended', routingMethod: 'attendant', agentIds: ['bob', 'dora', 'fay'] }) },
    { kind: 'queues', id: 'qa', before: null, after: queue.parse({ ...stored, id: 'qa', name: 'Attended', agentGroupIds: ['att'], timeoutSeconds: 120, timeoutAction: { kind: 'queue', queueId: 'q' } }) },
    { kind: 'workflows', id: 'pick', before: null, after: workflow.parse({ ...stored, id: 'pick', sipUser: 'pick', displayName: 'Picked', active: true, managed: false, welcome: { text: 'welcome' }, managers: [], defaultAction: { kind: 'queue', queueId: 'qa' } }) },
    { kind: 'workflows', id: 'menu', before: null, after: workflow.parse({
      ...stored, id: 'menu', sipUser: 'menu', displayName: 'Menu', active: true, managed: false, managers: [], defaultAction: { kind: 'question', questionId: 'top' },
      questions: [{ id: 'top', name: 'Top', prompt: { text: 'which?' }, attempts: 2, answers: [{ name: 'Help', key: '1', action: { kind: 'queue', queueId: 'q' } }, { name: 'Bob', key: '2', action: { kind: 'sipUri', uri: 'sip:bob@example.test' } }] }],
    }) },
    { kind: 'settings', id: 'settings', before: null, after: poolSettings.parse({ ...stored, id: 'settings', numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: ['outside.test'] } }) },
  ]);
  return world;
}

export class ChaosFlow {
  readonly world = configured();
  readonly refers: FakeIncoming[] = [];
  instructions = 0;
  private readonly callers: CallerCall[] = [];
  private readonly final = new Set<PhoneCall>();

  arrivals(): string[] { return this.world.events.flatMap((event) => (event.type === 'callArrived' ? [event.arrival.callId] : [])); }

  async live(each: Act): Promise<void> {
    const { world, callers, refers, final } = this;
    const arrivals = (): string[] => this.arrivals();
    const up = (): PhoneCall[] => world.rings.filter(({ acked, dialogId }) => acked > 0 && world.switchboard.liveDialogs().has(dialogId));
    switch (each.kind) {
      case 'dial':
      case 'agentDials': {
        const from: Record<string, string> = each.kind === 'dial' ? { from: `<sip:+44207${1_000_000 + callers.length}@trunk.test>;tag=c${callers.length}` } : { from: `<sip:${each.agent}@example.test>;tag=${callers.length}` };
        const made = world.dials(each.user, { headers: from, ...(each.offerless === 0 ? { sdp: '' } : {}) });
        callers.push(made);
        await settle();
        if (each.acks > 0 && made.invite.status === 200) made.acks(SDPS[0]);
        break;
      }
      case 'ack': {
        const caller = nth(callers, each.caller);
        if (caller?.invite.status === 200) caller.acks(SDPS[0]);
        break;
      }
      case 'hangUp': {
        const caller = nth(callers, each.caller);
        if (caller?.invite.status === 200) caller.hangsUp();
        break;
      }
      case 'cancel': nth(callers, each.caller)?.invite.cancel(); break;
      case 'press': {
        const caller = nth(callers, each.caller);
        if (caller?.invite.status !== 200) break;
        if (each.info) caller.presses(each.key);
        else for (const callId of [nth(arrivals(), each.caller) ?? '', callBackOf(nth(arrivals(), each.caller) ?? '')]) world.media.press(callId, each.key);
        break;
      }
      case 'says': {
        const ring = nth(world.rings.filter((one) => !final.has(one) && (!one.obeysCancel || one.cancelledWith === null)), each.ring);
        if (ring === undefined) break;
        if (each.status >= 200) final.add(ring);
        ring.says(each.status, each.status === 200 ? SDPS[0] : '');
        break;
      }
      case 'confirm': {
        const anchor = nth([...world.media.anchors].filter((name) => name.includes('#')), each.anchor);
        if (anchor !== undefined) world.media.press(anchor, each.key);
        break;
      }
      case 'phoneHangsUp': nth(up(), each.ring)?.hangsUp(); break;
      case 'hold': {
        const caller = each.caller === null ? undefined : nth(callers, each.caller);
        if (caller?.invite.status === 200) caller.renegotiates(each.sdp);
        else nth(up(), each.ring)?.renegotiates(each.sdp);
        break;
      }
      case 'refer': {
        const refer = nth(up(), each.ring)?.transfersTo(each.to);
        if (refer !== undefined) refers.push(refer);
        break;
      }
      case 'attended': {
        const consultation = nth(callers, each.consultation);
        if (consultation === undefined) break;
        const refer = nth(up(), each.ring)?.transfersTo(`sip:x@example.test?Replaces=${encodeURIComponent(consultation.replaces)}`);
        if (refer !== undefined) refers.push(refer);
        break;
      }
      // The whole way of an attended transfer, as random acts would seldom take it: whom an agent talks to is asked, then given the caller.
      case 'consult': {
        const ring = nth(up(), each.ring);
        const agent = AGENTS.find((name) => ring?.outgoing.uri?.startsWith(`sip:${name}@`));
        if (ring === undefined || agent === undefined) break;
        const before = world.rings.length;
        const made = world.dials(each.user, { headers: { from: `<sip:${agent}@example.test>;tag=${callers.length}` } });
        callers.push(made);
        await settle();
        if (made.invite.status === 200) made.acks();
        await settle();
        const asked = world.rings[before];
        if (each.answered > 0 && asked !== undefined && !final.has(asked)) {
          final.add(asked);
          asked.says(200, SDPS[0]);
          await settle();
        }
        refers.push(ring.transfersTo(`sip:x@example.test?Replaces=${encodeURIComponent(made.replaces)}`));
        break;
      }
      // Who waits asks to be called back, hears that it will be done, and is, if it is the caller's turn.
      case 'callBack': {
        const caller = nth(callers, each.caller);
        if (caller?.invite.status !== 200) break;
        for (const ring of world.rings) if (ring.acked === 0 && !final.has(ring)) ring.says(180);
        caller.presses('7');
        await settle();
        const before = world.rings.length;
        await world.timers.pass(3_000);
        const asked = world.rings.slice(before).find(({ legId }) => legId.includes('-back'));
        if (asked === undefined || !each.picksUp) break;
        final.add(asked);
        asked.says(200, SDPS[0]);
        break;
      }
      case 'replace': {
        const replaces = (each.ring === null ? nth(callers, each.caller) : nth(up(), each.ring))?.replaces;
        if (replaces === undefined) break;
        const made = world.dials('help', { headers: { from: `<sip:${each.agent}@example.test>;tag=${callers.length}`, replaces }, ...(each.offerless === 0 ? { sdp: '' } : {}) });
        await settle();
        if (made.invite.status === 200) made.acks(SDPS[0]);
        callers.push(made);
        break;
      }
      case 'instruct': {
        const callId = nth(arrivals(), each.call) ?? 'none';
        const instructionId = `i${(this.instructions += 1)}`;
        if (each.what === 'pickCaller') world.loop.post({ type: 'pickCaller', instructionId, callId, agentId: each.agent });
        else if (each.what === 'moveCaller') world.loop.post({ type: 'moveCaller', instructionId, callId, queueId: 'qa' });
        else world.loop.post({ type: 'setPriority', instructionId, callId, priority: 1 });
        break;
      }
      case 'reinvitesAnswer': world.answersReinvites = each.status; break;
      case 'duty': world.configure([{ kind: 'duties', id: each.agent, before: null, after: duty.parse({ pool: 'main', version: 1, id: each.agent, agentId: each.agent, onDuty: each.onDuty, since: world.civil() }) }]); break;
      case 'time': await world.timers.pass(each.ms); break;
      case 'media': world.media[each.fault](each.method); break;
      case 'answerSlow': world.media.answerSlow(); break;
      case 'edgeDies': world.switchboard.linkDown(); break;
    }
    await settle();
  }

  /** Everybody hangs up, and whatever is under way comes to its end. */
  async finish(): Promise<void> {
    const { world } = this;
    world.media.answerSlow();
    await settle();
    world.switchboard.endAll();
    await world.timers.pass(180_000);
    world.media.answerSlow();
    await world.timers.pass(60_000);
    // A promise to call somebody back lasts for hours.
    if (world.state.calls.size > 0) await world.timers.pass(5 * 60 * 60_000);
  }
}
