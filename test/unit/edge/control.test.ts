// The control side without sockets: frames however they are cut, which engine holds, and what waits for one.
import fc from 'fast-check';
import { Continuity, HOLD_MS } from '../../../engine/edge/control/continuity';
import { factsOf } from '../../../engine/edge/control/drachtio-port';
import { Engines } from '../../../engine/edge/control/engines';
import { describe as place, frame, FrameReader } from '../../../engine/edge/control/frames';
import { type KeptEvent } from '../../../engine/edge/control/inventory-types';
import { type Session } from '../../../engine/edge/control/session';
import { type IncomingCall } from '../../../engine/edge/sip/stack';
import { FakeClock, request, rig } from './support';

describe('frames', () => {
  test('come out whole however the stream is cut', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 10 }), (texts, cuts) => {
      const bytes = Buffer.from(texts.map(frame).join(''));
      const reader = new FrameReader();
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      expect(places.slice(1).flatMap((end, i) => reader.push(bytes.subarray(places[i], end)))).toEqual(texts);
    }));
  });

  test.each(['x#abc', '#abc', '0#', '-1#a', '12345678#', '999999#'])('%s is no frame', (text) => {
    expect(() => new FrameReader().push(Buffer.from(text))).toThrow('not a drachtio frame');
  });

  test('say where a message came from as drachtio words it', () => {
    expect(place('network', 402, { protocol: 'udp', address: '192.0.2.7', port: 5060 }, Date.UTC(2026, 1, 3, 4, 5, 6, 78))).toBe('network|402|udp|192.0.2.7|5060|04:05:06.078000');
  });
});

const session = (epoch: number, ...routes: string[]): Session => ({ epoch, routes: new Set(routes) }) as unknown as Session;

describe('engines', () => {
  test('the highest epoch holds: it puts out lower ones and its own former connection, lower ones stay out', () => {
    const engines = new Engines();
    const [free, first, second, again] = [session(0), session(3), session(4), session(4)];
    expect(engines.admit(free)).toEqual([]);
    expect(engines.admit(session(0))).toEqual([]);
    expect(engines.admit(first)).toEqual([free, expect.objectContaining({ epoch: 0 })]);
    expect(engines.remove(free)).toBe(true);
    for (const old of [...engines.all()]) if (old !== first) engines.remove(old);
    expect(engines.admit(second)).toEqual([first]);
    expect(engines.admit(session(3))).toBeUndefined();
    expect(engines.remove(first)).toBe(true);
    expect(engines.admit(again)).toEqual([second]);
    for (const gone of [second, again]) expect(engines.remove(gone)).toBe(true);
    expect(engines.remove(again)).toBe(false);
    expect([engines.connected, engines.epoch, engines.admit(session(3))]).toEqual([false, 4, undefined]);
  });

  test('the youngest that wants a method gets it', () => {
    const engines = new Engines();
    const [old, young] = [session(1, 'invite', 'register'), session(1, 'invite', 'cdr:start')];
    engines.admit(old);
    engines.admit(young);
    expect([engines.youngestFor('INVITE'), engines.youngestFor('REGISTER'), engines.youngestFor('BYE')]).toEqual([young, old, undefined]);
    expect(engines.methods).toEqual(['INVITE', 'REGISTER']);
  });
});

describe('while no engine is there', () => {
  /** A request as the stack would hand it over, in a dialog or beginning one. */
  function given(method: string, within: boolean) {
    const bench = rig();
    bench.receive(request('INVITE'));
    const [invite] = bench.told.requested;
    if (!invite) throw new Error('nothing came');
    bench.agent.answering.respondPlainly(invite.incoming.id, 180);
    const { incoming } = invite;
    const call: IncomingCall = { ...invite, initial: !within, dialog: within ? invite.dialog : undefined, incoming: { ...incoming, request: { ...incoming.request, method } } };
    const clock = new FakeClock();
    const answered: Array<[number, string]> = [];
    const kept: KeptEvent[] = [];
    const continuity = new Continuity<IncomingCall>({ clock, factsOf, respond: (_call, status, headers) => { answered.push([status, headers.map(({ name, value }) => `${name}: ${value}`).join()]); }, kept: (event) => { kept.push(event); } });
    continuity.orphaned(call);
    return { call, clock, answered, kept, continuity };
  }

  test.each([['BYE', true, 200, ['bye']], ['INFO', true, 200, []], ['OPTIONS', true, 200, []], ['OPTIONS', false, 200, []]] as const)('a %s (in a dialog: %s) is answered %i at once', (method, within, status, events) => {
    const { answered, kept } = given(method, within);
    expect([answered, kept.map(({ cause }) => cause)]).toEqual([[[status, '']], [...events]]);
  });

  test.each([['INVITE', false, 503, ['refused']], ['REGISTER', false, 503, []], ['INVITE', true, 500, []], ['UPDATE', true, 500, []], ['REFER', true, 500, []]] as const)('a %s (in a dialog: %s) waits 8 s, then gets %i', (method, within, status, events) => {
    const { clock, answered, kept, continuity } = given(method, within);
    clock.advance(HOLD_MS - 1);
    expect([answered, continuity.heldCount]).toEqual([[], 1]);
    clock.advance(1);
    expect([answered, continuity.heldCount, kept.map(({ cause }) => cause)]).toEqual([[[status, 'Retry-After: 3']], 0, [...events]]);
  });

  test('what waits goes to the engine that comes and wants it, once', () => {
    const { call, clock, answered, continuity } = given('INVITE', false);
    expect(continuity.release(() => false, false)).toEqual([]);
    expect(continuity.release(() => true, false)).toEqual([call]);
    expect(continuity.release(() => true, false)).toEqual([]);
    clock.advance(60_000);
    expect(answered).toEqual([]);
  });

  test('what waits is told in its order: nothing overtakes what is not wanted yet', () => {
    const { call: first, continuity } = given('REFER', true);
    const nth = (method: string, id: string): IncomingCall => ({ ...first, incoming: { ...first.incoming, id, request: { ...first.incoming.request, method } } });
    const [second, third] = [nth('INVITE', '2'), nth('REFER', '3')];
    continuity.orphaned(second);
    continuity.orphaned(third);
    expect(continuity.release(({ incoming }) => incoming.request.method === 'INVITE', true)).toEqual([]);
    expect(continuity.release(() => true, true)).toEqual([first, second, third]);
  });

  test('what an engine was told less than 10 s before it went is kept for the next, once, as of when it happened', () => {
    const { clock, kept, continuity } = given('INVITE', false);
    continuity.told('old', 'a', 'bye');
    clock.advance(10_000);
    continuity.told('hung up', 'b', 'bye');
    const atMs = clock.nowMs;
    continuity.told('gave up', 'c', 'cancel');
    clock.advance(3_000);
    continuity.engineGone();
    continuity.engineGone();
    expect(kept.filter(({ cause }) => cause !== 'refused').map(({ dialog, cause, atMs: at }) => [dialog, cause, at])).toEqual([['hung up', 'bye', atMs], ['gave up', 'cancel', atMs]]);
  });

  test('a caller who gives up waiting is kept as an event; events are forgotten up to the one named', () => {
    const { call, kept, continuity } = given('INVITE', false);
    expect(continuity.cancelled(call)).toBe(true);
    expect(continuity.cancelled(call)).toBe(false);
    continuity.keep('a', 'b', 'bye');
    expect(kept.map(({ sequence, cause }) => [sequence, cause])).toEqual([[1, 'cancel'], [2, 'bye']]);
    continuity.forget(1);
    expect(continuity.keptEvents.map(({ sequence }) => sequence)).toEqual([2]);
  });
});
