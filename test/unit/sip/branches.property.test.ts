// Any order of what phones, calls, time and the edge do to a leg of several phones: one outcome, one winner, nothing left ringing or talking.
import fc from 'fast-check';
import { type Branch } from '../../../engine/calls/ports';
import { type Incoming, LinkFault, type Outcome, type Outgoing, type Reply } from '../../../engine/sip/link';
import { type Route } from '../../../engine/sip/routes';
import { Switchboard } from '../../../engine/sip/switchboard';
import { createLog } from '../../../storage/process/log';
import { FakeIncoming } from '../../support/calls-world';
import { FakeCalls } from '../../support/legs';
import { ManualTimers, settle } from '../../support/manual-timers';

const SDP = 'v=0\r\n';

/** One INVITE of ours, and the phone that got it. */
class Rung {
  provisional = false;
  rang = false;
  final: number | null = null;
  acked = 0;
  cancelled = 0;
  cancelledTooEarly = false;
  /** Whether the dialog that its 200 made is over. */
  dialogOver = false;

  constructor(readonly outgoing: Outgoing, private readonly outcome: Outcome) {
    outcome.sent?.({ cancel: () => {
      this.cancelled += 1;
      this.cancelledTooEarly ||= !this.provisional;
    } });
  }

  get callId(): string { return String(this.outgoing.headers?.['Call-ID']); }
  get dialogId(): string { return `${this.callId};${this.outgoing.uri ?? ''}`; }

  says(status: number): void {
    if (this.final !== null) return;
    if (status < 200) this.provisional = true;
    if (status > 100 && status < 200) this.rang = true;
    if (status >= 200) this.final = status;
    this.outcome.reply(replyOf(status, this.dialogId, () => { this.acked += 1; }));
  }

  fails(): void {
    if (this.final !== null) return;
    this.final = 0;
    this.outcome.failed(new LinkFault('down', 'gone'));
  }
}

function replyOf(status: number, dialogId: string, ack: () => void): Reply {
  return { status, reason: '', body: status === 200 ? SDP : '', dialogId, ack, header: (name) => (name === 'content-type' && status === 200 ? 'application/sdp' : null) };
}

interface Shape { readonly phones: number; readonly mobiles: readonly { readonly confirm: boolean; readonly routes: number }[] }

class Bench {
  readonly calls = new FakeCalls();
  readonly timers = new ManualTimers();
  readonly rung: Rung[] = [];
  readonly offers: { readonly dialogId: string; readonly outcome: Outcome }[] = [];
  readonly switchboard: Switchboard;
  withdrawn = false;
  dialledAfterRinging = false;
  /** The edge takes back by itself what an engine that it lost has not got an answer to. */
  cut = false;

  constructor(shape: Shape) {
    this.switchboard = new Switchboard(this.calls, {
      link: { send: (outgoing, outcome) => { this.send(outgoing, outcome); } }, timers: this.timers, log: createLog('test', 'silent'), domain: 'ours.test', random: () => 0,
      registrar: { register: () => undefined },
      routes: {
        registered: () => Array.from({ length: shape.phones }, (_, at) => ({ uri: `sip:bob@192.0.2.${at}`, proxy: null })),
        outside: (target) => Array.from({ length: shape.mobiles[Number(target.kind === 'number' ? target.number : 0)]?.routes ?? 0 }, (_, at): Route => ({
          trunkId: String(at), uri: `sip:${target.kind === 'number' ? target.number : ''}@198.51.100.${at}`, proxy: 'sip:x', headers: {}, answer: () => null,
        })),
        failed: () => undefined, well: () => undefined,
      },
      arrivals: { arrived: () => null, challengeFor: () => ({}) },
    });
    const branches: Branch[] = [
      { to: { kind: 'registered', agentId: 'bob' }, sdp: SDP, confirm: false },
      ...shape.mobiles.map(({ confirm }, at): Branch => ({ to: { kind: 'number', number: String(at) }, sdp: SDP, confirm })),
    ];
    this.switchboard.ring('leg.1', { branches, fromName: 'Help', fromUser: 'help' });
  }

  private send(outgoing: Outgoing, outcome: Outcome): void {
    if (outgoing.method === 'INVITE' && outgoing.dialogId === undefined) {
      const made = new Rung(outgoing, outcome);
      this.dialledAfterRinging ||= this.rung.some(({ callId, rang }) => rang && callId === made.callId);
      this.rung.push(made);
    } else if (outgoing.method === 'INVITE') this.offers.push({ dialogId: outgoing.dialogId ?? '', outcome });
    else {
      for (const each of this.rung) if (each.dialogId === outgoing.dialogId) each.dialogOver = true;
      outcome.reply(replyOf(201, outgoing.dialogId ?? '', () => undefined));
    }
  }

  tell(method: string, dialogId: string): FakeIncoming {
    const incoming = new FakeIncoming(method, 'sip:us', {}, '', dialogId);
    this.switchboard.request(incoming satisfies Incoming);
    return incoming;
  }

  answerOffer(status: number): void {
    const offer = this.offers.shift();
    offer?.outcome.reply(replyOf(status, offer.dialogId, () => undefined));
  }

  get ends(): string[] { return this.calls.told.filter((each) => each.startsWith('legEnded')); }
}

type Deed = readonly ['says', number, number] | readonly ['hangsUp', number] | readonly ['fails', number] | readonly ['offer', number] | readonly ['confirmed' | 'notConfirmed', number] | readonly ['withdraw' | 'end' | 'linkDown'] | readonly ['time', number];

async function does(bench: Bench, deed: Deed): Promise<void> {
  const phone = (at: number): Rung | undefined => bench.rung[at % Math.max(1, bench.rung.length)];
  switch (deed[0]) {
    case 'says': phone(deed[1])?.says(deed[2]); break;
    case 'hangsUp': {
      const rung = phone(deed[1]);
      if (rung?.final !== 200 || rung.dialogOver) break;
      rung.dialogOver = true;
      bench.tell('BYE', rung.dialogId);
      break;
    }
    case 'fails': phone(deed[1])?.fails(); break;
    case 'offer': bench.answerOffer(deed[1]); break;
    case 'confirmed': bench.switchboard.confirmed('leg.1', deed[1], SDP); break;
    case 'notConfirmed': bench.switchboard.notConfirmed('leg.1', deed[1]); break;
    case 'withdraw':
      bench.withdrawn ||= bench.ends.length === 0;
      bench.switchboard.withdraw('leg.1', 'callerGone');
      break;
    case 'end': bench.switchboard.endLeg('leg.1'); break;
    case 'linkDown':
      bench.cut = true;
      bench.switchboard.linkDown();
      break;
    case 'time': await bench.timers.pass(deed[1]); break;
  }
  await settle();
}

const at = fc.nat(5);
const deeds = fc.array(fc.oneof<fc.Arbitrary<Deed>[]>(
  { weight: 6, arbitrary: fc.tuple(fc.constant('says' as const), at, fc.constantFrom(100, 180, 183, 200, 302, 401, 404, 422, 480, 486, 503, 603)) } as never,
  fc.tuple(fc.constant('hangsUp' as const), at), fc.tuple(fc.constant('fails' as const), at), fc.tuple(fc.constant('offer' as const), fc.constantFrom(200, 481, 488, 491)),
  fc.tuple(fc.constantFrom('confirmed' as const, 'notConfirmed' as const), fc.nat(3)), fc.tuple(fc.constantFrom('withdraw' as const, 'end' as const, 'linkDown' as const)), fc.tuple(fc.constant('time' as const), fc.constantFrom(500, 4_000, 9_000, 33_000)),
), { maxLength: 20 });
const shape = fc.record({ phones: fc.nat(3), mobiles: fc.array(fc.record({ confirm: fc.boolean(), routes: fc.nat(3) }), { maxLength: 2 }) });

test('whatever happens in whatever order, there is one outcome and one winner, and nothing rings or talks on', async () => {
  await fc.assert(fc.asyncProperty(shape, deeds, async (form, all) => {
    const bench = new Bench(form);
    for (const deed of all) {
      const before = bench.calls.told.length;
      const wasWithdrawn = bench.withdrawn;
      await does(bench, deed);
      if (wasWithdrawn) expect(bench.calls.told.slice(before).filter((each) => each.startsWith('answered'))).toEqual([]);
    }
    // Nobody gives up: the leg is ended, phones obey, and time passes.
    bench.switchboard.endLeg('leg.1');
    for (let round = 0; round < 8; round += 1) {
      for (const each of bench.rung) if (each.final === null && each.cancelled > 0) each.says(487);
      await settle();
      await bench.timers.pass(40_000);
      while (bench.offers.length > 0) bench.answerOffer(200);
    }
    const { told } = bench.calls;
    expect(bench.ends).toHaveLength(1);
    const answers = told.filter((each) => each.startsWith('answered'));
    expect(answers.length).toBeLessThanOrEqual(1);
    if (answers.length === 1) expect(told.indexOf(answers[0] as string)).toBeLessThan(told.indexOf(bench.ends[0] as string));
    expect(bench.ends[0]).toMatch(answers.length === 1 ? /hungUp|withdrawn$/ : /declined|busy|noAnswer|unreachable|failed|withdrawn$/);
    // A picked-up phone that did not win is told of as gone, once each.
    const [up, gone] = ['pickedUp', 'branchGone'].map((what) => told.filter((each) => each.startsWith(what)).length);
    expect((up ?? 0) - (gone ?? 0)).toBeGreaterThanOrEqual(0);
    expect((up ?? 0) - (gone ?? 0)).toBeLessThanOrEqual(1);
    for (const each of bench.rung) {
      expect(each.cancelledTooEarly).toBe(false);
      if (each.final === 200) expect([each.acked, each.dialogOver]).toEqual([1, true]);
    }
    // Nothing was dialled again by another way after it had rung.
    expect(bench.dialledAfterRinging).toBe(false);
    expect([bench.switchboard.size, bench.switchboard.liveDialogs().size, bench.timers.pending]).toEqual([0, 0, 0]);
    for (const each of bench.rung) if (each.final === null && !bench.cut) expect(each.cancelled > 0 || !each.provisional).toBe(true);
  }), { numRuns: 300 });
});
