// Anchors, playing and bridging in the words of calls, carried out by whichever media server speaks NG.
import { randomInt } from 'node:crypto';
import { MediaFault, type Anchored, type MediaDeps, type MediaPort, type MediaSide } from '../calls/ports';
import { mediaKept, type MediaKept } from './kept';
import { NgClient, type KeyEvent, type NgFields, type NgReply } from './ng-client';
import { sameNetwork } from './network';
import { compose, composeAnswer, describeParty, OUR_FORMATS, readOurs, readRemote, type Format, type MediaAddress, type RemoteDescription } from './session-description';

export interface MediaOptions extends MediaDeps {
  readonly host: string;
  readonly port: number;
  /** The longest any method takes, in milliseconds. Default 2000. */
  readonly timeoutMs?: number;
}

export interface Media extends MediaPort {
  close(): Promise<void>;
}

/** NG knows two parties: the caller, and the queue, in whose place the agent who wins will stand. */
const TAGS: Readonly<Record<MediaSide, string>> = { caller: 'caller', agent: 'queue' };
const SIDES: readonly MediaSide[] = ['caller', 'agent'];
const across = (side: MediaSide): MediaSide => (side === 'caller' ? 'agent' : 'caller');

/** Stands for the agent until there is one: nothing is sent there, because the call is blocked until then. */
const NOBODY: MediaAddress = { address: '127.0.0.1', port: 9 };
/** What a key is called by its event code (RFC 4733 section 3.2). */
const KEYS = '0123456789*#ABCD';
const FOR_EVER = 1_000_000;
/** The first who stands in a place. */
const FIRST = 1;
const FIRST_ORIGIN = { sessionId: FIRST, version: 1 } as const;
/** Our ports stay when a party's do not, and once it is known where a party sends from, nobody else is believed. */
const FLAGS = ['port-latching', 'strict-source', 'endpoint-learning-heuristic'] as const;
const CERTAIN = [...FLAGS, 'asymmetric'] as const;

/** One party of a call as it was negotiated last. */
interface Leg {
  /** What the media server is told of it. */
  described: string;
  /** Where it said it is. */
  at: MediaAddress;
  /** It sends from where it says, so that nobody else need be believed. */
  certain: boolean;
  /** Counts who stood in this place. Each is another session to the media server, which then forgets whom it believed before. */
  party: number;
  /** Ours, facing it. */
  readonly ours: MediaAddress;
  version: number;
  /** It holds the other, whom it does not hear. */
  holds: boolean;
  /** What it says is kept from the other. */
  blocked: boolean;
  /** While something is played to it; undone when that ends by itself. */
  playing: Playing | 'forEver' | null;
  /** The media server may have been asked to play to it, by us or an engine before: who stops it has to ask. */
  played: boolean;
}

/** One pass: when it ends, by `performance.now()`. */
interface Playing { readonly untilMs: number; readonly timer: NodeJS.Timeout }

interface Call {
  readonly sessionId: number;
  /** Null while an offerless caller's answer is awaited. */
  format: Format | null;
  /** What each says is relayed to the other, unless that one is played to or holds. */
  joined: boolean;
  readonly legs: Record<MediaSide, Leg>;
}

/** One deadline for all that a method asks of the media server. */
class Deadline {
  private readonly endMs: number;
  constructor(private readonly client: NgClient, timeoutMs: number) {
    this.endMs = performance.now() + timeoutMs;
  }

  /** @throws MediaFault */
  ask(command: string, fields: NgFields): Promise<NgReply> {
    return this.client.request(command, fields, Math.max(1, Math.ceil(this.endMs - performance.now())));
  }
}

/** Connects in the background; `healthy` turns true at the first pong. */
export function createMedia(options: MediaOptions): Media {
  return new NgMedia(options);
}

class NgMedia implements Media {
  private readonly client: NgClient;
  private readonly timeoutMs: number;
  private readonly calls = new Map<string, Call>();
  private keyListener: ((callId: string, side: MediaSide, key: string) => void) | null = null;
  private lostListener: ((callIds: readonly string[]) => void) | null = null;

  private readonly log: MediaDeps['log'];

  constructor(options: MediaOptions) {
    this.log = options.log;
    this.client = new NgClient({ ...options, onKeyEvent: (event) => this.pressed(event), onConnected: () => { this.compare(); } });
    this.timeoutMs = options.timeoutMs ?? 2_000;
  }

  get healthy(): boolean {
    return this.client.healthy;
  }

  onKey(listener: (callId: string, side: MediaSide, key: string) => void): void {
    this.keyListener = listener;
  }

  async anchor(callId: string, callerOfferSdp: string): Promise<Anchored> {
    const offer = readRemote(callerOfferSdp);
    return this.orNothing(callId, () => this.anchorOffer(callId, offer));
  }

  private async anchorOffer(callId: string, offer: RemoteDescription): Promise<Anchored> {
    const format = firstFormat(offer);
    const deadline = this.deadline();
    const caller = describeParty(offer, format, FIRST);
    const agent = compose(NOBODY, [format], 'sendrecv', FIRST_ORIGIN);
    await deadline.ask('delete', { 'call-id': callId, 'delete-delay': 0 });
    const facingAgent = await this.tell(deadline, 'offer', { 'call-id': callId, 'from-tag': TAGS.caller, sdp: caller });
    const facingCaller = await this.tell(deadline, 'answer', { 'call-id': callId, 'from-tag': TAGS.caller, 'to-tag': TAGS.agent, sdp: agent });
    await deadline.ask('block media', { 'call-id': callId });
    const sessionId = randomInt(1, 2 ** 47);
    this.calls.set(callId, { sessionId, format, joined: false, legs: { caller: legAt(offer, caller, facingCaller, false), agent: legAt(NOBODY, agent, facingAgent, true) } });
    return {
      callerSdp: composeAnswer(offer, facingCaller, format, { sessionId, version: 1 }),
      agentOfferSdp: compose(facingAgent, [format], 'sendrecv', { sessionId, version: 1 }),
    };
  }

  anchorOfferless(callId: string): Promise<{ readonly callerSdp: string }> {
    return this.orNothing(callId, () => this.anchorOurOffer(callId));
  }

  private async anchorOurOffer(callId: string): Promise<{ readonly callerSdp: string }> {
    const deadline = this.deadline();
    const agent = compose(NOBODY, OUR_FORMATS, 'sendrecv', FIRST_ORIGIN);
    await deadline.ask('delete', { 'call-id': callId, 'delete-delay': 0 });
    const facingCaller = await this.tell(deadline, 'offer', { 'call-id': callId, 'from-tag': TAGS.agent, sdp: agent });
    const sessionId = randomInt(1, 2 ** 47);
    this.calls.set(callId, { sessionId, format: null, joined: false, legs: { caller: legAt(NOBODY, '', facingCaller, false), agent: legAt(NOBODY, agent, NOBODY, true) } });
    return { callerSdp: compose(facingCaller, OUR_FORMATS, 'sendrecv', { sessionId, version: 1 }) };
  }

  async completeOfferless(callId: string, callerAnswerSdp: string): Promise<Anchored> {
    const call = this.known(callId);
    const answer = readRemote(callerAnswerSdp);
    const format = firstFormat(answer);
    const deadline = this.deadline();
    const caller = describeParty(answer, format, FIRST);
    const { sessionId } = call;
    const facingAgent = await this.tell(deadline, 'answer', { 'call-id': callId, 'from-tag': TAGS.agent, 'to-tag': TAGS.caller, sdp: caller });
    await deadline.ask('block media', { 'call-id': callId });
    const agent = compose(NOBODY, [format], 'sendrecv', FIRST_ORIGIN);
    const facingCaller = call.legs.caller.ours;
    this.calls.set(callId, { sessionId, format, joined: false, legs: { caller: legAt(answer, caller, facingCaller, false), agent: legAt(NOBODY, agent, facingAgent, true) } });
    return {
      callerSdp: compose(facingCaller, OUR_FORMATS, 'sendrecv', { sessionId, version: 1 }),
      agentOfferSdp: compose(facingAgent, [format], 'sendrecv', { sessionId, version: 1 }),
    };
  }

  async play(callId: string, file: string, repeat: boolean, side: MediaSide = 'caller'): Promise<{ readonly durationMs: number }> {
    const call = this.calls.get(callId);
    const deadline = this.deadline();
    const leg = call?.legs[side];
    const wasSilent = leg?.playing === null;
    if (leg) leg.played = true;
    try {
      // Before it begins, so that not one word of the other is heard in between.
      if (call && leg && wasSilent) {
        leg.playing = 'forEver';
        await this.keepApart(deadline, callId, call);
      }
      const { duration } = await deadline.ask('play media', { 'call-id': callId, 'from-tag': TAGS[side], file, ...(repeat ? { 'repeat-times': FOR_EVER } : {}) });
      if (call && leg) {
        playing(leg, repeat ? 'forEver' : this.onePass(callId, call, side, duration ?? 0));
        // What was played before may just have come to its end.
        await this.keepApart(deadline, callId, call);
      }
      return { durationMs: duration ?? 0 };
    } catch (fault) {
      if (call && leg && wasSilent) {
        playing(leg, null);
        await this.keepApart(deadline, callId, call).catch(() => undefined);
      }
      throw fault;
    }
  }

  async stop(callId: string, side: MediaSide = 'caller'): Promise<void> {
    const deadline = this.deadline();
    await this.stopPlaying(deadline, callId, side);
    const call = this.calls.get(callId);
    if (!call) return;
    playing(call.legs[side], null);
    await this.keepApart(deadline, callId, call);
  }

  async bridge(callId: string, agentAnswerSdp: string): Promise<void> {
    const call = this.known(callId);
    await this.join(this.deadline(), callId, call, readRemote(agentAnswerSdp));
  }

  async bridgeOffer(callId: string, agentOfferSdp: string): Promise<{ readonly agentSdp: string }> {
    const call = this.known(callId);
    const offer = readRemote(agentOfferSdp);
    const format = await this.join(this.deadline(), callId, call, offer);
    const { agent } = call.legs;
    agent.version = 1;
    return { agentSdp: composeAnswer(offer, agent.ours, format, { sessionId: call.sessionId, version: agent.version }) };
  }

  private async join(deadline: Deadline, callId: string, call: Call, agent: RemoteDescription): Promise<Format> {
    const leg = call.legs.agent;
    const another = leg.at.address !== agent.address || leg.at.port !== agent.port;
    const format = await this.renegotiated(deadline, callId, call, 'agent', agent, another ? leg.party + 1 : leg.party);
    if (another) leg.version = 1;
    for (const side of SIDES) {
      if (call.legs[side].played) await this.stopPlaying(deadline, callId, side);
      playing(call.legs[side], null);
    }
    if (!call.joined) await deadline.ask('unblock media', { 'call-id': callId });
    call.joined = true;
    await this.keepApart(deadline, callId, call);
    return format;
  }

  async separate(callId: string): Promise<void> {
    const call = this.known(callId);
    await this.deadline().ask('block media', { 'call-id': callId });
    call.joined = false;
  }

  async renegotiate(callId: string, side: MediaSide, offerSdp: string): Promise<{ readonly sdp: string; readonly holds: boolean }> {
    const call = this.known(callId);
    const leg = call.legs[side];
    const { sessionId, format } = call;
    if (!format) throw new MediaFault('refused', 'The first negotiation of this call is not over.');
    if (offerSdp === '') return { sdp: compose(leg.ours, [format], 'sendrecv', { sessionId, version: leg.version }), holds: leg.holds };
    const offer = readRemote(offerSdp);
    const chosen = await this.renegotiated(this.deadline(), callId, call, side, offer, leg.party);
    leg.version += 1;
    return { sdp: composeAnswer(offer, leg.ours, chosen, { sessionId, version: leg.version }), holds: leg.holds };
  }

  async completeRenegotiation(callId: string, side: MediaSide, answerSdp: string): Promise<{ readonly holds: boolean }> {
    const call = this.known(callId);
    const leg = call.legs[side];
    await this.renegotiated(this.deadline(), callId, call, side, readRemote(answerSdp), leg.party);
    return { holds: leg.holds };
  }

  async release(callId: string): Promise<void> {
    this.forget(callId);
    await this.deadline().ask('delete', { 'call-id': callId, 'delete-delay': 0 });
  }

  keep(callId: string, civil: Date): MediaKept | null {
    const call = this.calls.get(callId);
    if (!call) return null;
    const sideOut = ({ playing: now, played: _, ...leg }: Leg): MediaKept['legs']['caller'] => ({
      ...leg, playing: now === null || now === 'forEver' ? now : { until: new Date(civil.getTime() + now.untilMs - performance.now()) },
    });
    return { sessionId: call.sessionId, format: call.format, joined: call.joined, legs: { caller: sideOut(call.legs.caller), agent: sideOut(call.legs.agent) } };
  }

  adopt(callId: string, kept: unknown, civil: Date): boolean {
    const parsed = mediaKept.safeParse(kept);
    if (!parsed.success) return false;
    const { sessionId, format, joined, legs } = parsed.data;
    const legIn = ({ playing: _, ...leg }: MediaKept['legs']['caller']): Leg => ({ ...leg, playing: null, played: true });
    const call: Call = { sessionId, format, joined, legs: { caller: legIn(legs.caller), agent: legIn(legs.agent) } };
    this.calls.set(callId, call);
    for (const side of SIDES) {
      const { playing: then } = legs[side];
      // What has come to its end meanwhile is undone as soon as there is somebody to hear.
      playing(call.legs[side], then === null || then === 'forEver' ? then : this.onePass(callId, call, side, Math.max(0, then.until.getTime() - civil.getTime())));
    }
    return true;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  onLost(listener: (callIds: readonly string[]) => void): void {
    this.lostListener = listener;
  }

  async assure(callId: string): Promise<boolean> {
    const call = this.calls.get(callId);
    if (!call) return false;
    const deadline = this.deadline();
    try {
      // Of an offer that was not answered yet there is nothing to be said.
      if (!call.format) await deadline.ask('query', { 'call-id': callId });
      else await deadline.ask(call.joined ? 'unblock media' : 'block media', { 'call-id': callId });
    } catch (fault) {
      if (!isUnknown(fault)) throw fault;
      this.forget(callId);
      return false;
    }
    if (!call.joined) return true;
    for (const side of SIDES) if (call.legs[side].playing === null) await this.stopPlaying(deadline, callId, side);
    for (const side of SIDES) call.legs[side].blocked = !this.isBlocked(call, side);
    await this.keepApart(deadline, callId, call);
    return true;
  }

  /** After the connection was made anew the media server may be another: what does it know nothing of? */
  private compare(): void {
    const known = [...this.calls];
    if (known.length === 0) return;
    this.deadline().ask('list', { limit: FOR_EVER }).then(({ calls }) => {
      if (!Array.isArray(calls)) return;
      const there = new Set<unknown>(calls);
      const lost = known.flatMap(([callId, call]) => (there.has(callId) || this.calls.get(callId) !== call ? [] : [callId]));
      for (const callId of lost) this.forget(callId);
      if (lost.length > 0) this.lostListener?.(lost);
    }, (fault: unknown) => { this.log.warn({ err: fault }, 'the media server did not say which anchors it has'); });
  }

  private forget(callId: string): void {
    const call = this.calls.get(callId);
    if (call) for (const side of SIDES) playing(call.legs[side], null);
    this.calls.delete(callId);
  }

  private onePass(callId: string, call: Call, side: MediaSide, ms: number): Playing {
    return { untilMs: performance.now() + ms, timer: setTimeout(() => this.playedOut(callId, call, side), ms).unref() };
  }

  /** What was begun and not finished leaves no ports behind. */
  private async orNothing<T>(callId: string, anchor: () => Promise<T>): Promise<T> {
    try {
      return await anchor();
    } catch (fault) {
      this.release(callId).catch(() => undefined);
      throw fault;
    }
  }

  private deadline(): Deadline {
    return new Deadline(this.client, this.timeoutMs);
  }

  private known(callId: string): Call {
    const call = this.calls.get(callId);
    if (!call) throw new MediaFault('refused', 'This call has no anchor.');
    return call;
  }

  /** Tells the media server where `side` is now; the other side and our ports stay as they are. The codec of the call must be among its own. */
  private async renegotiated(deadline: Deadline, callId: string, call: Call, side: MediaSide, remote: RemoteDescription, party: number): Promise<Format> {
    const format = remote.formats.find(({ codec }) => codec === call.format?.codec);
    if (!format) throw new MediaFault('unsupported', `The ${side}'s SDP is without ${call.format?.codec ?? 'a codec'}, which this call is in.`);
    const described = describeParty(remote, format, party);
    const tags = { 'call-id': callId, 'from-tag': TAGS[side], 'to-tag': TAGS[across(side)] };
    const other = call.legs[across(side)];
    const certain = side === 'agent' && sameNetwork(remote.address, call.legs.agent.ours.address);
    await this.tell(deadline, 'offer', { ...tags, sdp: described, flags: certain ? CERTAIN : FLAGS });
    await this.tell(deadline, 'answer', { ...tags, sdp: other.described, flags: other.certain ? CERTAIN : FLAGS });
    const { address, port } = remote;
    const holds = remote.direction === 'sendonly' || remote.direction === 'inactive';
    Object.assign(call.legs[side], { described, certain, party, holds, at: { address, port } });
    await this.keepApart(deadline, callId, call);
    return format;
  }

  /** A file that was played once has come to its end. */
  private playedOut(callId: string, call: Call, side: MediaSide): void {
    call.legs[side].playing = null;
    this.keepApart(this.deadline(), callId, call).catch((fault: unknown) => {
      this.log.warn({ callId, err: fault }, 'a side that was played to does not hear the other again');
    });
  }

  /**
   * Keeps what either says from the other while that one is played to, or holds and so wants to hear nothing: rtpengine 10.5 would mix the
   * one in, and sends the other all the same. While they are parted the whole call is blocked, and there is nothing to be done.
   */
  private async keepApart(deadline: Deadline, callId: string, call: Call): Promise<void> {
    for (const side of SIDES) {
      const leg = call.legs[side];
      const blocked = this.isBlocked(call, side);
      if (!call.joined || leg.blocked === blocked) continue;
      await deadline.ask(blocked ? 'block media' : 'unblock media', { 'call-id': callId, 'from-tag': TAGS[side] });
      leg.blocked = blocked;
    }
  }

  private isBlocked(call: Call, side: MediaSide): boolean {
    const other = call.legs[across(side)];
    return other.playing !== null || other.holds;
  }

  /** A side to which nothing was ever played is silent already, which rtpengine calls an error. */
  private async stopPlaying(deadline: Deadline, callId: string, side: MediaSide): Promise<void> {
    await deadline.ask('stop media', { 'call-id': callId, 'from-tag': TAGS[side] }).catch((fault: unknown) => {
      if (!(fault instanceof MediaFault && fault.message.includes('Not currently playing'))) throw fault;
    });
  }

  private pressed({ callId, tag, event }: KeyEvent): void {
    const side = SIDES.find((one) => TAGS[one] === tag);
    const key = KEYS[event];
    if (side && key !== undefined) this.keyListener?.(callId, side, key);
  }

  /** One half of a negotiation; resolves to our address on the side that faces whoever did not speak. */
  private async tell(deadline: Deadline, command: 'offer' | 'answer', fields: NgFields): Promise<MediaAddress> {
    const { sdp } = await deadline.ask(command, { flags: FLAGS, ICE: 'remove', replace: ['origin', 'session-connection'], ...fields });
    if (sdp === undefined) throw new MediaFault('refused', `The media server answered "${command}" without SDP.`);
    return readOurs(sdp);
  }
}

function isUnknown(fault: unknown): boolean {
  return fault instanceof MediaFault && /unknown call-?id/i.test(fault.message);
}

function firstFormat(remote: RemoteDescription): Format {
  const [format] = remote.formats;
  if (!format) throw new MediaFault('unsupported', 'The SDP names no codec that can be played to.');
  return format;
}

function legAt(remote: MediaAddress, described: string, ours: MediaAddress, certain: boolean): Leg {
  return { described, at: { address: remote.address, port: remote.port }, certain, party: FIRST, holds: false, blocked: false, ours, version: 1, playing: null, played: false };
}

function playing(leg: Leg, what: Leg['playing']): void {
  if (leg.playing !== null && leg.playing !== 'forEver') clearTimeout(leg.playing.timer);
  leg.playing = what;
}
