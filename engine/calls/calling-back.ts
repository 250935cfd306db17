// Calls back a caller who has hung up: an anchor of ours is offered to the caller's phone, and whoever answers there is the caller again.
//
//   ring: our offer ─▶ INVITE ── 200 ─▶ welcome: its dialog is the caller's, its SDP completes the anchor ─▶ callerAnswered
//                        └── not answered ─▶ legEnded ─▶ over: the anchor is let go
import { type CallId, type CoreEvent, type Effect, type LegOutcome, type OfferId } from '../core/types';
import { type Anchors } from './anchors';
import { type Anchored, MediaFault, type MediaPort, type SipPort } from './ports';
import { type Renewal } from './renewal';
import { type Rooms } from './rooms';

export interface CallingBackDeps {
  readonly rooms: Rooms;
  readonly anchors: Anchors;
  readonly renewal: Pick<Renewal, 'caller'>;
  readonly media: Pick<MediaPort, 'anchorOfferless' | 'completeOfferless'>;
  sip(): SipPort;
  post(event: CoreEvent): void;
  legOver(legId: OfferId, outcome: LegOutcome): void;
  callerGone(callId: CallId, cause: 'hungUp' | 'failed'): void;
}

export class CallingBack {
  constructor(private readonly deps: CallingBackDeps) {}

  /** `legEnded` or `offerAnswered` follows, as for any leg. */
  ring({ callId, offerId, arrival, target, groupName, fromUser }: Extract<Effect, { type: 'callBack' }>): void {
    const { rooms, anchors, media } = this.deps;
    const room = rooms.call(callId) ?? rooms.open(arrival, null);
    const leg = rooms.addLeg(offerId, callId, { takeBack: () => { this.deps.legOver(offerId, 'withdrawn'); } });
    rooms.inLine(callId, async () => {
      try {
        // A fresh one also where another engine has rung: its ring is lost, and perhaps its anchor.
        room.anchored = null;
        const { callerSdp } = await anchors.make(callId, media.anchorOfferless(callId));
        room.callerSdp = callerSdp;
        // Taken back meanwhile: it is over, and `over` or `release` lets go of the anchor.
        if (rooms.leg(offerId) !== leg) return;
        leg.takeBack = null;
        this.deps.sip().ring(offerId, { branches: [{ to: target, sdp: callerSdp, confirm: false }], fromName: groupName, fromUser, diverted: arrival.dialled, mayWait: true });
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'there is no sound to call a caller back with');
        if (rooms.leg(offerId) === leg) this.deps.legOver(offerId, 'failed');
      }
    });
  }

  /** Nobody has answered. */
  over(callId: CallId): void {
    const { rooms, anchors } = this.deps;
    rooms.inLine(callId, (room) => anchors.release(callId, () => { rooms.close(callId, room); }));
  }

  /** Also asked for once more by an engine that took the call over, where the leg is the caller's already. `callerAnswered` or `callerGone` follows. */
  welcome({ callId, offerId }: Extract<Effect, { type: 'welcomeBack' }>): void {
    const { rooms, renewal } = this.deps;
    const room = rooms.call(callId);
    if (room === undefined) {
      this.deps.post({ type: 'callerGone', callId, cause: 'failed' });
      return;
    }
    const leg = rooms.leg(offerId);
    rooms.removeLeg(offerId);
    const { callerNumber, callerName } = room.arrival;
    if (leg !== undefined && !this.deps.sip().becomeCaller(offerId, callId, { number: callerNumber, name: callerName })) {
      this.deps.callerGone(callId, 'hungUp');
      return;
    }
    rooms.inLine(callId, async () => {
      if (this.isGone(callId)) return;
      try {
        const answer = leg?.astray === false ? leg.sdp : null;
        if (room.anchored === null && answer !== null) room.anchored = await this.completed(callId, answer);
        // What was answered to another engine, or with an anchor that is lost, is asked for anew.
        if (room.anchored === null) await renewal.caller(callId, room);
        this.deps.post({ type: 'callerAnswered', callId });
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'a caller who was called back could not be joined to media');
        if (this.isGone(callId)) return;
        room.failed = true;
        this.deps.sip().endCaller(callId);
      }
    });
  }

  /** Null where the anchor is not there any more, and another is needed. @throws MediaFault 'unsupported' */
  private completed(callId: CallId, answer: string): Promise<Anchored | null> {
    const { rooms, media } = this.deps;
    return rooms.command('complete', media.completeOfferless(callId, answer)).catch((fault: unknown) => {
      if (fault instanceof MediaFault && fault.code === 'unsupported') throw fault;
      rooms.mediaFailed(callId, fault, 'a caller who was called back is asked for sound anew');
      return null;
    });
  }

  /** Read after an await, when it may have changed. */
  private isGone(callId: CallId): boolean { return this.deps.rooms.call(callId)?.gone !== false; }
}
