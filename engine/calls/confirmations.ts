// Asks whoever picks up a contact to press 1, so that no voicemail takes a call: each such branch has a media anchor of its own until then.
//
//   ring ── picked up: the sentence, again and again ── 1 ─▶ SIP brings the phone to the caller's anchor, and the leg is answered
//                                                    └── another key, no sound ─▶ that branch is declined; the others ring on
//   Whatever happens, every anchor is let go: with its branch, or at the latest with the leg's answer or end.
import { type OfferId } from '../core/types';
import { type Anchors } from './anchors';
import { confirmation } from './announcements';
import { type Place } from './offering';
import { type Branch, type MediaPort, type SipPort, type SoundPort, type Timers } from './ports';
import { MEDIA_MS, type Rooms } from './rooms';
import { within } from './serial';

export interface ConfirmationDeps {
  readonly rooms: Pick<Rooms, 'command' | 'mediaFailed'>;
  readonly anchors: Anchors;
  readonly media: Pick<MediaPort, 'anchorOfferless' | 'completeOfferless' | 'play' | 'stop'>;
  readonly sounds: SoundPort;
  readonly timers: Timers;
  sip(): SipPort;
}

export interface Question { readonly language: string; readonly groupName: string; /** What the phone is joined to once 1 was pressed. */ readonly agentOfferSdp: string }

interface Asked extends Question {
  /** By branch; null: it asks nothing, or its anchor is gone. */
  readonly anchorIds: (string | null)[];
  /** Branches that were picked up and are neither confirmed nor over. */
  readonly up: Set<number>;
  chosen: boolean;
}

export class Confirmations {
  private readonly asked = new Map<OfferId, Asked>();
  /** Legs whose anchors are being made. */
  private readonly preparing = new Set<OfferId>();

  constructor(private readonly deps: ConfirmationDeps) {}

  /** The branches to ring: a place that asks for confirmation and got no anchor in time is left out. `over` must be called for the leg in the end. */
  async prepare(legId: OfferId, places: readonly Place[], question: Question): Promise<Branch[]> {
    const { media, anchors, rooms } = this.deps;
    this.preparing.add(legId);
    const prepared = await Promise.all(places.map(async ({ to, confirm }, at) => {
      if (!confirm) return { branch: { to, confirm, sdp: question.agentOfferSdp }, anchorId: null };
      const anchorId = `${legId}#${at}`;
      try {
        const { callerSdp } = await anchors.make(anchorId, media.anchorOfferless(anchorId), MEDIA_MS.confirmation);
        return { branch: { to, confirm, sdp: callerSdp }, anchorId };
      } catch (fault) {
        rooms.mediaFailed(legId, fault, 'a contact could not be rung');
        // A request whose answer was lost may have made one all the same.
        void anchors.release(anchorId);
        return null;
      }
    }));
    this.preparing.delete(legId);
    const ready = prepared.filter((each) => each !== null);
    this.asked.set(legId, { ...question, anchorIds: ready.map(({ anchorId }) => anchorId), up: new Set(), chosen: false });
    return ready.map(({ branch }) => branch);
  }

  /** Completes the anchor with the phone's SDP and says the sentence over and over. */
  pickedUp(legId: OfferId, branch: number, sdp: string): void {
    const asked = this.asked.get(legId);
    const anchorId = asked?.anchorIds[branch] ?? null;
    if (asked === undefined || anchorId === null || asked.chosen) {
      this.deps.sip().notConfirmed(legId, branch);
      return;
    }
    asked.up.add(branch);
    this.ask(anchorId, asked, sdp).catch((fault: unknown) => {
      this.deps.rooms.mediaFailed(legId, fault, 'a contact could not be asked whether it takes the call');
      this.decline(legId, asked, branch);
    });
  }

  /** A key of a branch that was picked up. */
  key(legId: OfferId, branch: number, key: string): void {
    const asked = this.asked.get(legId);
    if (asked === undefined || asked.chosen || !asked.up.has(branch)) return;
    if (key !== '1') {
      this.decline(legId, asked, branch);
      return;
    }
    asked.chosen = true;
    asked.up.delete(branch);
    const anchorId = asked.anchorIds[branch] ?? '';
    // The sentence stops at once; the anchor itself stays until the phone has left it.
    this.deps.rooms.command('stop', this.deps.media.stop(anchorId)).catch((fault: unknown) => { this.deps.rooms.mediaFailed(legId, fault, 'a sentence could not be stopped'); });
    this.deps.sip().confirmed(legId, branch, asked.agentOfferSdp);
  }

  /** A branch that was picked up is gone. */
  branchGone(legId: OfferId, branch: number): void {
    const asked = this.asked.get(legId);
    if (asked === undefined) return;
    asked.up.delete(branch);
    this.letGo(asked, branch);
  }

  /** The anchor of a branch is lost, and with it whoever picked up there; one that rings still is not worth asking. */
  lost(legId: OfferId, branch: number): void {
    const asked = this.asked.get(legId);
    if (asked === undefined) return;
    if (asked.up.has(branch)) this.decline(legId, asked, branch);
    else asked.anchorIds[branch] = null;
  }

  /** The leg is answered or over: no branch is asked any more. */
  over(legId: OfferId): void {
    const asked = this.asked.get(legId);
    if (asked === undefined) return;
    this.asked.delete(legId);
    for (const branch of asked.anchorIds.keys()) this.letGo(asked, branch);
  }

  owns(anchorId: string): boolean {
    const place = placeOf(anchorId);
    // The branch may stand at another index than its place; its leg is what counts.
    return place !== null && (this.preparing.has(place.legId) || (this.asked.get(place.legId)?.anchorIds.includes(anchorId) ?? false));
  }

  /** Whose anchor this is; null when it is no contact's. */
  branchOf(anchorId: string): { readonly legId: OfferId; readonly branch: number } | null {
    const place = placeOf(anchorId);
    if (place === null) return null;
    const branch = this.asked.get(place.legId)?.anchorIds.indexOf(anchorId) ?? -1;
    return branch < 0 ? null : { legId: place.legId, branch };
  }

  private async ask(anchorId: string, { language, groupName }: Question, sdp: string): Promise<void> {
    const { rooms, media, sounds, timers } = this.deps;
    await rooms.command('complete', media.completeOfferless(anchorId, sdp));
    const said = confirmation(language, groupName);
    const { file } = await within(timers, MEDIA_MS.sound, 'sound', sounds.prompt({ text: said.text, audio: null }, said.language));
    await rooms.command('play', media.play(anchorId, file, true));
  }

  private decline(legId: OfferId, asked: Asked, branch: number): void {
    if (!asked.up.delete(branch)) return;
    this.deps.sip().notConfirmed(legId, branch);
    this.letGo(asked, branch);
  }

  private letGo(asked: Asked, branch: number): void {
    const anchorId = asked.anchorIds[branch] ?? null;
    if (anchorId === null) return;
    asked.anchorIds[branch] = null;
    void this.deps.anchors.release(anchorId);
  }
}

function placeOf(anchorId: string): { readonly legId: OfferId } | null {
  const mark = anchorId.lastIndexOf('#');
  return mark < 0 ? null : { legId: anchorId.slice(0, mark) };
}
