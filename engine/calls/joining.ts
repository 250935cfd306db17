// Who hears whom: caller and agent joined and parted, legs that come from elsewhere, new SDP inside a call, and who holds whom.
import { type CallId, type CoreEvent, type Effect, type LegOutcome, type OfferId } from '../core/types';
import { MediaFault, type LegRef, type MediaPort, type MediaSide, type SipPort, type Timers } from './ports';
import { type Playing } from './playing';
import { MEDIA_MS, type Leg, type Room, type Rooms } from './rooms';
import { within } from './serial';

export interface JoiningDeps {
  readonly rooms: Rooms;
  readonly playing: Playing;
  readonly media: Pick<MediaPort, 'bridge' | 'separate' | 'bridgeOffer' | 'renegotiate' | 'completeRenegotiation' | 'stop'>;
  readonly timers: Timers;
  sip(): SipPort;
  post(event: CoreEvent): void;
  /** A leg that SIP was never given, or gave back, is over. */
  legOver(legId: OfferId, outcome: LegOutcome): void;
}

export class Joining {
  /** Arrivals that are on their way to become the leg named, until SIP is told. */
  private readonly taking = new Map<CallId, OfferId>();

  constructor(private readonly deps: JoiningDeps) {}

  connect({ callId, offerId }: Extract<Effect, { type: 'connect' }>): void {
    const { deps } = this;
    const { rooms, playing } = deps;
    const now = rooms.call(callId);
    if (now !== undefined) playing.nothingMore(now);
    rooms.inLine(callId, async (room) => {
      try {
        const leg = rooms.leg(offerId);
        await leg?.moved;
        if (leg?.callId !== callId || rooms.leg(offerId) === undefined) throw new MediaFault('refused', 'the leg to connect is over');
        if (leg.calledUs && room.joined === offerId && !leg.astray) await this.joinedAlready(callId, room);
        else await this.bridge(callId, room, offerId);
        room.joined = offerId;
        room.talking = true;
        deps.post({ type: 'connected', callId, offerId });
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'caller and agent could not be joined');
        deps.post({ type: 'connectFailed', callId, offerId });
        return;
      }
      await playing.holdMusic(callId, room);
    });
  }

  /** Inside the line: joins the caller and a leg; its phone is told first where its sound goes, if it does not know. @throws MediaFault */
  async bridge(callId: CallId, room: Room, legId: OfferId): Promise<void> {
    const { rooms, media, timers } = this.deps;
    const leg = rooms.leg(legId);
    if (leg?.astray === true) {
      leg.sdp = await within(timers, MEDIA_MS.reinvite, 're-INVITE', this.deps.sip().reinvite({ legId }, offerOf(room)));
      leg.holds = holdsIn(leg.sdp);
      leg.astray = false;
    }
    if (leg === undefined || leg.sdp === null) throw new MediaFault('refused', 'the leg to connect has no sound');
    await rooms.command('bridge', media.bridge(callId, leg.sdp));
    room.heldMusic.clear();
  }

  separate(callId: CallId): void {
    const { rooms, media, playing } = this.deps;
    rooms.inLine(callId, async (room) => {
      room.talking = false;
      await rooms.command('separate', media.separate(callId)).catch((fault: unknown) => { rooms.mediaFailed(callId, fault, 'caller and agent could not be parted'); });
      await playing.holdMusic(callId, room);
    });
  }

  /** The phone of an arrival that dialled in to pick a caller. It hears the caller as soon as it is answered; one that offered no SDP, once connected. */
  takeLeg({ legId: dialler, callId, offerId }: Extract<Effect, { type: 'takeLeg' }>): void {
    const { deps } = this;
    const { rooms, media } = deps;
    const offerSdp = rooms.call(dialler)?.offerSdp ?? null;
    rooms.close(dialler);
    this.taking.set(dialler, offerId);
    const turnAway = (status: number, reason: string, outcome: LegOutcome): void => {
      if (!this.taking.delete(dialler)) return;
      deps.sip().refuse(dialler, status, reason);
      deps.legOver(offerId, outcome);
    };
    const leg = rooms.addLeg(offerId, callId, { calledUs: true, takeBack: () => { turnAway(480, 'the caller is gone', 'withdrawn'); } });
    if (rooms.call(callId) === undefined) turnAway(480, 'the caller is gone', 'failed');
    rooms.inLine(callId, async (room) => {
      if (!this.taking.has(dialler)) return;
      try {
        const agentSdp = offerSdp === null ? offerOf(room) : (await rooms.command('bridgeOffer', media.bridgeOffer(callId, offerSdp))).agentSdp;
        if (offerSdp !== null) {
          room.joined = offerId;
          room.sounding = false;
        }
        leg.sdp = offerSdp;
        if (this.taking.delete(dialler)) {
          leg.takeBack = null;
          deps.sip().takeLeg(dialler, offerId, agentSdp);
        } else await this.undo(callId, room, leg);
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'a phone that dialled in could not be joined');
        const { status, reason } = refusalFor(fault);
        turnAway(status, reason, 'failed');
      }
    });
  }

  /** Whether this arrival was becoming a leg, which is over now. */
  diallerGone(callId: CallId): boolean {
    const offerId = this.taking.get(callId);
    if (offerId === undefined) return false;
    this.taking.delete(callId);
    this.deps.legOver(offerId, 'failed');
    return true;
  }

  /** A leg of one call goes on as a leg of another: its phone is told where its sound goes now. `connect` waits for that. */
  moveLeg({ fromCallId, callId, offerId }: Extract<Effect, { type: 'moveLeg' }>): void {
    const { deps } = this;
    const { rooms, timers } = deps;
    const leg = rooms.leg(offerId);
    const from = rooms.call(fromCallId);
    const offer = rooms.call(callId)?.anchored?.agentOfferSdp ?? null;
    if (from?.joined === offerId) {
      from.joined = null;
      from.talking = false;
    }
    if (leg === undefined) return;
    leg.callId = callId;
    leg.sdp = null;
    if (offer === null) return;
    leg.moved = within(timers, MEDIA_MS.reinvite, 're-INVITE', deps.sip().reinvite({ legId: offerId }, offer)).then((sdp) => {
      leg.sdp = sdp;
      leg.holds = holdsIn(sdp);
    }, (fault: unknown) => { rooms.mediaFailed(callId, fault, 'a phone could not be brought to another call'); });
  }

  /** A leg that is over leaves its call's room. A phone that had been joined before it was answered parted the caller from the music. */
  left(leg: Leg): void {
    const { rooms } = this.deps;
    const now = rooms.call(leg.callId);
    if (now?.joined !== leg.legId) return;
    rooms.inLine(leg.callId, async (room) => {
      if (room.joined !== leg.legId) return;
      const talked = room.talking;
      room.joined = null;
      room.talking = false;
      if (leg.calledUs && !talked && !room.gone) await this.undo(leg.callId, room, leg);
      else if (room.heldMusic.size > 0 && !room.gone) await this.deps.playing.holdMusic(leg.callId, room);
    });
  }

  /** A new offer of either side. @throws MediaFault for one that cannot be used, or when that side is not the call's now */
  renegotiate(ref: LegRef, sdp: string): Promise<string> {
    const { callId, side, leg } = this.sideOf(ref);
    const { rooms, media } = this.deps;
    return rooms.ask(callId, async (room) => {
      this.mustBeJoined(room, leg);
      const { sdp: answer, holds } = await rooms.command('renegotiate', media.renegotiate(callId, side, sdp));
      if (sdp !== '') this.learnt(callId, room, leg, sdp, holds);
      return answer;
    });
  }

  completeRenegotiation(ref: LegRef, sdp: string): void {
    const { callId, side, leg } = this.sideOf(ref);
    const { rooms, media } = this.deps;
    rooms.inLine(callId, async (room) => {
      try {
        this.mustBeJoined(room, leg);
        if (leg?.sdp === null) await rooms.command('bridge', media.bridge(callId, sdp));
        const { holds } = leg?.sdp === null ? { holds: holdsIn(sdp) } : await rooms.command('renegotiate', media.completeRenegotiation(callId, side, sdp));
        this.learnt(callId, room, leg, sdp, holds);
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'an answer inside a call could not be used');
      }
    });
  }

  /** Another phone takes the caller's place. @throws MediaFault */
  replaceCaller(callId: CallId, caller: { readonly number: string; readonly name: string }, sdp: string): Promise<string> {
    const { deps } = this;
    const { rooms, media } = deps;
    return rooms.ask(callId, async (room) => {
      if (room.gone) throw new MediaFault('refused', 'the caller is gone');
      const { sdp: answer, holds } = await rooms.command('renegotiate', media.renegotiate(callId, 'caller', sdp));
      if (this.isGone(room)) throw new MediaFault('refused', 'the caller is gone');
      this.learnt(callId, room, null, sdp, holds);
      deps.post({ type: 'callerReplaced', callId, callerNumber: caller.number, callerName: caller.name });
      return answer;
    });
  }

  /** Another phone takes the place of the agent's that talks. @throws MediaFault */
  replaceAgent(legId: OfferId, newLegId: OfferId, agentId: string | null, sdp: string): Promise<string> {
    const { deps } = this;
    const { rooms, media, playing } = deps;
    const callId = rooms.leg(legId)?.callId ?? '';
    const talks = (room: Room): boolean => {
      const leg = rooms.leg(legId);
      return leg !== undefined && !leg.ending && leg.callId === callId && room.joined === legId && room.talking && !room.gone;
    };
    return rooms.ask(callId, async (room) => {
      if (!talks(room)) throw new MediaFault('refused', 'that leg does not talk');
      // A phone that offers nothing is offered what every agent is, and joined by its answer.
      const agentSdp = sdp === '' ? offerOf(room) : (await rooms.command('bridgeOffer', media.bridgeOffer(callId, sdp))).agentSdp;
      if (!talks(room)) throw new MediaFault('refused', 'that leg does not talk any more');
      rooms.removeLeg(legId);
      rooms.addLeg(newLegId, callId, { calledUs: true, ...(sdp === '' ? {} : { sdp }) });
      room.joined = newLegId;
      room.heldMusic.clear();
      deps.post({ type: 'agentReplaced', callId, offerId: legId, newOfferId: newLegId, agentId });
      rooms.inLine(callId, (same) => playing.holdMusic(callId, same));
      return agentSdp;
    });
  }

  /** Whatever was asked to be said while the phone was being joined must not go on over the talk. */
  private async joinedAlready(callId: CallId, room: Room): Promise<void> {
    const { rooms, media } = this.deps;
    await rooms.command('stop', media.stop(callId, 'caller')).catch((fault: unknown) => { rooms.mediaFailed(callId, fault, 'a sound could not be stopped'); });
    room.heldMusic.clear();
  }

  /** Inside the line: the caller waits again as before a phone was joined that never got the call. */
  private async undo(callId: CallId, room: Room, leg: Leg): Promise<void> {
    const { rooms, media, playing } = this.deps;
    if (room.joined === leg.legId) room.joined = null;
    await rooms.command('separate', media.separate(callId)).catch((fault: unknown) => { rooms.mediaFailed(callId, fault, 'caller and agent could not be parted'); });
    await playing.resume(callId, room);
  }

  /** What a side said of itself in its latest SDP. */
  private learnt(callId: CallId, room: Room, leg: Leg | null, sdp: string, holds: boolean): void {
    if (leg === null) room.callerHolds = holds;
    else {
      leg.holds = holds;
      leg.sdp = sdp;
    }
    this.deps.rooms.inLine(callId, (same) => this.deps.playing.holdMusic(callId, same));
  }

  private sideOf(ref: LegRef): { readonly callId: CallId; readonly side: MediaSide; readonly leg: Leg | null } {
    if ('callId' in ref) return { callId: ref.callId, side: 'caller', leg: null };
    const leg = this.deps.rooms.leg(ref.legId);
    if (leg === undefined) return { callId: '', side: 'agent', leg: null };
    return { callId: leg.callId, side: 'agent', leg };
  }

  /** An agent's phone that another one has followed would take the sound back with its SDP. */
  private mustBeJoined(room: Room, leg: Leg | null): void {
    if (leg !== null && room.joined !== leg.legId) throw new MediaFault('refused', 'that leg is not joined to the caller');
  }

  /** Read after an await, when it may have changed. */
  private isGone(room: Room): boolean { return room.gone; }
}

/** What SIP answers where media said no. */
export function refusalFor(fault: unknown): { readonly status: number; readonly reason: string } {
  return fault instanceof MediaFault && fault.code === 'unsupported' ? { status: 488, reason: 'no audio that can be used' } : { status: 503, reason: 'media is not available' };
}

/** What every agent's phone is offered. @throws MediaFault where the caller's sound is not there */
function offerOf({ anchored }: Room): string {
  if (anchored === null) throw new MediaFault('refused', 'the caller has no sound yet');
  return anchored.agentOfferSdp;
}

/** Whether an answer says that its side does not want to hear us (RFC 3264 section 8.4). */
function holdsIn(sdp: string): boolean { return /^a=(?:sendonly|inactive)\s*$/m.test(sdp); }
