// Any order of offers from both sides of one dialog, of answers to them, glare and hang-ups: one of ours at a time, everything answered once.
import fc from 'fast-check';
import { MediaFault } from '../../../engine/calls/ports';
import { Established } from '../../../engine/sip/established';
import { LinkFault, type Outcome, type Outgoing, type Reply } from '../../../engine/sip/link';
import { createLog } from '../../../storage/process/log';
import { FakeIncoming } from '../../support/calls-world';
import { ManualTimers, settle } from '../../support/manual-timers';

const SDP = 'v=0\r\n';

class Bench {
  readonly timers = new ManualTimers();
  readonly sent: { readonly outgoing: Outgoing; readonly outcome: Outcome; open: boolean }[] = [];
  readonly theirs: FakeIncoming[] = [];
  /** What came of each offer of ours. */
  readonly offers: Promise<string>[] = [];
  acked = 0;
  accepted = 0;
  lost = 0;
  mostAtOnce = 0;
  completed = 0;
  readonly standing: Established;
  private readonly media: { answer(): void; refuse(): void }[] = [];

  constructor(weBegan: boolean) {
    this.standing = new Established({ dialog: { id: 'd', callId: 'c', localTag: 'l', remoteTag: 'r' }, weBegan, awaits: 'nothing', allow: 'INVITE', agreement: null, theyAllow: null }, {
      renegotiate: () => new Promise((resolve, reject) => { this.media.push({ answer: () => { resolve(SDP); }, refuse: () => { reject(new MediaFault('unsupported', 'no')); } }); }),
      completeRenegotiation: () => { this.completed += 1; },
      keyPressed: () => undefined, referred: () => undefined, refreshed: () => undefined,
      lost: () => {
        this.lost += 1;
        this.standing.stop();
      },
    }, { link: { send: (outgoing, outcome) => { this.send(outgoing, outcome); } }, timers: this.timers, log: createLog('test', 'silent'), random: () => 0.5, refreshed: () => undefined });
  }

  private send(outgoing: Outgoing, outcome: Outcome): void {
    this.sent.push({ outgoing, outcome, open: true });
    this.mostAtOnce = Math.max(this.mostAtOnce, this.sent.filter(({ open }) => open).length);
  }

  offer(): void {
    const offer = this.standing.offer(SDP);
    offer.catch(() => undefined);
    this.offers.push(offer);
  }

  reply(status: number): void {
    const asked = this.sent.find(({ open }) => open);
    if (asked === undefined) return;
    asked.open = false;
    if (status === 0) {
      asked.outcome.failed(new LinkFault('refused', 'in progress'));
      return;
    }
    if (status < 300) this.accepted += 1;
    const reply: Reply = { status, reason: '', dialogId: 'd', body: status === 200 ? SDP : '', header: (name) => (name === 'content-type' && status === 200 ? 'application/sdp' : null), ack: () => { this.acked += 1; } };
    asked.outcome.reply(reply);
  }

  asks(method: string, withSdp: boolean): void {
    const incoming = new FakeIncoming(method, 'sip:us', withSdp ? { 'content-type': 'application/sdp' } : {}, withSdp ? SDP : '', 'd');
    this.theirs.push(incoming);
    this.standing.handle(incoming);
  }

  acks(): void { this.standing.acknowledged(new FakeIncoming('ACK', 'sip:us', { 'content-type': 'application/sdp' }, SDP, 'd')); }

  says(well: boolean): void {
    const media = this.media.shift();
    if (well) media?.answer();
    else media?.refuse();
  }
}

type Deed = readonly ['offer' | 'acks' | 'stop'] | readonly ['reply', number] | readonly ['asks', string, boolean] | readonly ['says', boolean] | readonly ['time', number];

function does(bench: Bench, deed: Deed): void | Promise<void> {
  switch (deed[0]) {
    case 'offer': bench.offer(); return;
    case 'reply': bench.reply(deed[1]); return;
    case 'asks': bench.asks(deed[1], deed[2]); return;
    case 'acks': bench.acks(); return;
    case 'says': bench.says(deed[1]); return;
    case 'stop': bench.standing.stop(); return;
    case 'time': return bench.timers.pass(deed[1]);
  }
}

const deeds = fc.array(fc.oneof<fc.Arbitrary<Deed>[]>(
  fc.tuple(fc.constant('offer' as const)), fc.tuple(fc.constant('acks' as const)), fc.tuple(fc.constant('reply' as const), fc.constantFrom(0, 200, 204, 408, 422, 481, 488, 491, 491, 500)),
  fc.tuple(fc.constant('asks' as const), fc.constantFrom('INVITE', 'INVITE', 'UPDATE'), fc.boolean()), fc.tuple(fc.constant('says' as const), fc.boolean()), fc.tuple(fc.constant('time' as const), fc.constantFrom(10, 1_000, 5_000)),
), { maxLength: 30 });

test('one offer of ours at a time, every one of theirs answered once, every promise kept, whatever the order', async () => {
  const seen = new Set<number>();
  await fc.assert(fc.asyncProperty(fc.boolean(), deeds, fc.boolean(), async (weBegan, all, hangsUp) => {
    const bench = new Bench(weBegan);
    for (const deed of all) {
      await does(bench, deed);
      await settle();
      // While ours awaits its answer none of theirs is being answered, and the other way round.
      const answering = bench.theirs.some(({ answers, method, body }) => answers.length === 0 && (method === 'INVITE' || body !== ''));
      if (bench.lost === 0) expect(answering && bench.sent.some(({ open }) => open)).toBe(false);
    }
    if (hangsUp) bench.standing.stop();
    for (let round = 0; round < 60 && bench.lost === 0 && !hangsUp; round += 1) {
      bench.reply(200);
      bench.says(true);
      await settle();
      bench.acks();
      await bench.timers.pass(5_000);
    }
    const ends = await Promise.race([Promise.allSettled(bench.offers), settle().then(() => null)]);
    expect(ends).not.toBeNull();
    expect(bench.mostAtOnce).toBeLessThanOrEqual(1);
    expect(bench.acked).toBe(bench.accepted);
    expect(bench.lost).toBeLessThanOrEqual(1);
    for (const { answers } of bench.theirs) {
      if (bench.lost === 0 && !hangsUp) expect(answers).toHaveLength(1);
      else expect(answers.length).toBeLessThanOrEqual(1);
      for (const { status } of answers) seen.add(status);
    }
    if (bench.lost > 0 || hangsUp) expect(bench.timers.pending).toBe(0);
  }), { numRuns: 500 });
  // What never happens proves nothing.
  expect([...seen]).toEqual(expect.arrayContaining([200, 488, 491, 500]));
  // An offer whose dialog ends before its answer is rare, and answered 487.
  expect([...seen].filter((status) => ![200, 487, 488, 491, 500].includes(status))).toEqual([]);
});
