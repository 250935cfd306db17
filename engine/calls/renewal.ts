// Puts live legs on a fresh anchor by re-INVITE: where the media server lost the one they had, and for a caller whose call is known of by its dialog alone.
//
//   our offer ─▶ caller's phone: re-INVITE ─▶ its answer completes the anchor ─▶ the phone that talks: re-INVITE ─▶ bridged, music as before
//   Other legs are told when the caller is joined to them.
import { type CallId } from '../core/types';
import { type Anchors } from './anchors';
import { type Joining } from './joining';
import { type Playing } from './playing';
import { MediaFault, type MediaPort, type SipPort, type Timers } from './ports';
import { MEDIA_MS, type Room, type Rooms } from './rooms';
import { within } from './serial';

export interface RenewalDeps {
  readonly rooms: Rooms;
  readonly anchors: Anchors;
  readonly playing: Playing;
  readonly joining: Joining;
  readonly media: Pick<MediaPort, 'anchorOfferless' | 'completeOfferless' | 'separate'>;
  readonly timers: Timers;
  sip(): SipPort;
}

export class Renewal {
  constructor(private readonly deps: RenewalDeps) {}

  /** Inside the call's line: the caller gets a fresh anchor. @throws MediaFault */
  async caller(callId: CallId, room: Room): Promise<void> {
    const { anchors, media, rooms, timers } = this.deps;
    room.anchored = null;
    const { callerSdp } = await anchors.make(callId, media.anchorOfferless(callId));
    const answer = await within(timers, MEDIA_MS.reinvite, 're-INVITE', this.deps.sip().reinvite({ callId }, callerSdp));
    room.anchored = await rooms.command('complete', media.completeOfferless(callId, answer));
    room.callerSdp = callerSdp;
    room.callerHolds = false;
  }

  /** The anchor of a live call is lost: everybody goes on where they were, on a fresh one. */
  everybody(callId: CallId): void {
    const { rooms, playing, joining } = this.deps;
    const now = rooms.call(callId);
    if (now === undefined || now.renewing) return;
    now.renewing = true;
    rooms.inLine(callId, async (room) => {
      room.renewing = false;
      if (room.gone || room.callerSdp === null) return;
      const { joined, talking } = room;
      room.sounding = false;
      room.heldMusic.clear();
      for (const leg of rooms.legsOf(callId)) leg.astray = true;
      try {
        await this.caller(callId, room);
        if (joined !== null && talking) await joining.bridge(callId, room, joined);
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'a call could not be put on a fresh anchor');
        if (fault instanceof MediaFault && room.anchored === null) return;
      }
      await playing.resume(callId, room);
      await playing.holdMusic(callId, room);
    });
  }
}
