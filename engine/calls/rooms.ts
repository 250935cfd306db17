// What calls know of each call and each leg: whose SDP is where, and the line in which a call's media work waits.
import { type Arrival, type CallId, type Effect, type OfferId } from '../core/types';
import { type Logger } from '../../storage/process/log';
import { type Anchored, MediaFault, type MediaPort, type MediaSide, type Timers } from './ports';
import { type RoomKept } from './kept';
import { Serial, within } from './serial';

/**
 * How long a call waits for media, or for a phone that is asked for new SDP, before it goes on without. `patience`: a caller who is not
 * answered yet, less than networks and people wait for an answer; asked `again` after so long.
 */
export const MEDIA_MS = { patience: 8_000, again: 250, sound: 2_000, command: 4_000, confirmation: 1_000, reinvite: 10_000, release: [1_000, 5_000, 30_000] } as const;

export type PlayEffect = Extract<Effect, { type: 'play' }>;

/** One call. */
export interface Room {
  readonly arrival: Arrival;
  readonly offerSdp: string | null;
  readonly media: Serial;
  /** What the caller was answered, or our offer to one who offered nothing. */
  callerSdp: string | null;
  anchored: Anchored | null;
  latestPlayId: string | null;
  /** What repeats for the caller until something else is asked for: begun again where media stopped it for nothing. */
  background: PlayEffect | null;
  /** Whether that is heard now. */
  sounding: boolean;
  /** The leg whose SDP the agent's side of the anchor has. */
  joined: OfferId | null;
  /** Whether caller and that leg hear each other. */
  talking: boolean;
  callerHolds: boolean;
  /** Sides that hear music because the other one holds. */
  readonly heldMusic: Set<MediaSide>;
  /** We could not serve the caller, so however the leg ends, that is the cause. */
  failed: boolean;
  gone: boolean;
  /** Another engine left it. */
  adopted: boolean;
  /** It is to be put on a fresh anchor. */
  renewing: boolean;
  /** Its caller was answered by an engine that left no journal of it. */
  again: boolean;
}

/** One leg beside a caller's, from the moment the core asked for it. */
export interface Leg {
  readonly legId: OfferId;
  /** Changes when the leg moves to another call. */
  callId: CallId;
  /** The latest SDP of the phone; null before it answered. */
  sdp: string | null;
  /** Whether this phone holds the caller: it stays so through a transfer. */
  holds: boolean;
  /** The phone called us, so that media joined it when it was answered. */
  readonly calledUs: boolean;
  /** What is to be done when the leg is taken back before SIP was given it; null from then on. */
  takeBack: (() => void) | null;
  /** We have asked for its end. */
  ending: boolean;
  /** Settles when a leg that came from another call has been told where its sound goes now. */
  moved: Promise<void> | null;
  /** It is to be told yet: begun by an engine that is no more, or the anchor it was rung with is lost. */
  astray: boolean;
}

export interface RoomsDeps {
  readonly media: MediaPort;
  readonly timers: Timers;
  readonly log: Logger;
  /** What is to be kept of a call may be another than before. */
  changed(callId: CallId): void;
}

export class Rooms {
  private readonly calls = new Map<CallId, Room>();
  private readonly legs = new Map<OfferId, Leg>();

  constructor(private readonly deps: RoomsDeps) {}

  open(arrival: Arrival, offerSdp: string | null): Room {
    const room: Room = {
      arrival, offerSdp, callerSdp: null, anchored: null, latestPlayId: null, background: null, sounding: false, joined: null, talking: false, callerHolds: false, heldMusic: new Set(), failed: false, gone: false, adopted: false, renewing: false, again: false,
      media: new Serial((fault) => { this.deps.log.error({ callId: arrival.callId, fault: String(fault) }, 'media work failed in an unforeseen way'); }),
    };
    this.calls.set(arrival.callId, room);
    return room;
  }

  /** `room`: that one alone, and none that was opened for the call since. */
  close(callId: CallId, room?: Room): void { if (room === undefined || this.calls.get(callId) === room) this.calls.delete(callId); }

  call(callId: CallId): Room | undefined { return this.calls.get(callId); }

  addLeg(legId: OfferId, callId: CallId, options: { readonly calledUs?: boolean; readonly sdp?: string; readonly takeBack?: () => void } = {}): Leg {
    const leg: Leg = { legId, callId, sdp: options.sdp ?? null, holds: false, calledUs: options.calledUs ?? false, takeBack: options.takeBack ?? null, ending: false, moved: null, astray: false };
    this.legs.set(legId, leg);
    return leg;
  }

  removeLeg(legId: OfferId): void { this.legs.delete(legId); }

  leg(legId: OfferId): Leg | undefined { return this.legs.get(legId); }

  /** For another engine; null for a call that is unknown. */
  keep(callId: CallId): RoomKept | null {
    const room = this.calls.get(callId);
    if (room === undefined) return null;
    const { arrival, offerSdp, callerSdp, anchored, latestPlayId, background, sounding, joined, talking, callerHolds, heldMusic, failed, gone } = room;
    const legs = this.legsOf(callId).map(({ legId, sdp, holds, calledUs, ending, moved, astray }) => ({ legId, sdp, holds, calledUs, ending, moving: astray || (moved !== null && sdp === null) }));
    return { arrival, offerSdp, callerSdp, anchored, latestPlayId, background, sounding, joined, talking, callerHolds, heldMusic: [...heldMusic], failed, gone, legs };
  }

  adopt(callId: CallId, { arrival, offerSdp, heldMusic, legs, ...rest }: RoomKept): Room {
    const room = Object.assign(this.open(arrival, offerSdp), rest, { adopted: true });
    for (const side of heldMusic) room.heldMusic.add(side);
    for (const { legId, sdp, holds, calledUs, ending, moving } of legs) {
      Object.assign(this.addLeg(legId, callId, { calledUs, ...(sdp === null ? {} : { sdp }) }), { holds, ending, astray: moving });
    }
    return room;
  }

  /** Every leg beside the caller's that is not over. */
  legsOf(callId: CallId): Leg[] { return [...this.legs.values()].filter((leg) => leg.callId === callId); }

  /** Puts work at the end of the call's line; nothing for a call that is unknown. */
  inLine(callId: CallId, work: (room: Room) => Promise<void>): void {
    const room = this.calls.get(callId);
    room?.media.run(() => work(room).finally(() => { this.deps.changed(callId); }));
  }

  /** The same for work whose outcome somebody waits for. @throws MediaFault 'refused' for a call that is unknown, and whatever the work throws */
  ask<T>(callId: CallId, work: (room: Room) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject: (fault: unknown) => void) => {
      if (!this.calls.has(callId)) reject(new MediaFault('refused', 'there is no such call'));
      this.inLine(callId, (room) => work(room).then(resolve, reject));
    });
  }

  command<T>(what: string, work: Promise<T>): Promise<T> {
    return within(this.deps.timers, MEDIA_MS.command, what, work);
  }

  mediaFailed(id: string, fault: unknown, message: string): void {
    this.deps.log.warn({ callId: id, code: fault instanceof MediaFault ? fault.code : 'unknown', fault: fault instanceof Error ? fault.message : String(fault) }, message);
  }

  /** Resolves when no media work is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.calls.values()].map((room) => room.media.idle()));
  }
}
