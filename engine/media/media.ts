// Anchors, playing and bridging in the words of calls, carried out by whichever media server speaks NG.
import { randomInt } from 'node:crypto';
import { MediaFault, type Anchored, type MediaDeps, type MediaPort } from '../calls/ports';
import { NgClient, type NgFields, type NgReply } from './ng-client';
import { sameNetwork } from './network';
import { compose, composeAnswer, describeParty, OUR_FORMATS, readRemote, type Format, type MediaAddress, type RemoteDescription } from './session-description';

export interface MediaOptions extends MediaDeps {
  readonly host: string;
  readonly port: number;
  /** The longest any method takes, in milliseconds. Default 2000. */
  readonly timeoutMs?: number;
}

export interface Media extends MediaPort {
  close(): Promise<void>;
}

type SideName = 'caller' | 'agent';

/** NG knows two parties: the caller, and the queue, in whose place the agent who wins will stand. */
const TAGS: Readonly<Record<SideName, string>> = { caller: 'caller', agent: 'queue' };
const across = (side: SideName): SideName => (side === 'caller' ? 'agent' : 'caller');

/** Stands for the agent until there is one: nothing is sent there, because the call is blocked until then. */
const NOBODY: MediaAddress = { address: '127.0.0.1', port: 9 };
const FOR_EVER = 1_000_000;
/** Our ports stay when a party's do not, and once it is known where a party sends from, nobody else is believed. */
const FLAGS = ['port-latching', 'strict-source', 'endpoint-learning-heuristic'] as const;
const CERTAIN = [...FLAGS, 'asymmetric'] as const;

/** One party of a call as it was negotiated last. */
interface Leg {
  /** What the media server is told of it. */
  described: string;
  /** It sends from where it says, so that nobody else need be believed. */
  certain: boolean;
  /** Ours, facing it. */
  readonly ours: MediaAddress;
  version: number;
}

interface Call {
  readonly sessionId: number;
  /** Null while an offerless caller's answer is awaited. */
  format: Format | null;
  readonly legs: Record<SideName, Leg>;
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

  constructor(options: MediaOptions) {
    this.client = new NgClient(options);
    this.timeoutMs = options.timeoutMs ?? 2_000;
  }

  get healthy(): boolean {
    return this.client.healthy;
  }

  async anchor(callId: string, callerOfferSdp: string): Promise<Anchored> {
    const offer = readRemote(callerOfferSdp);
    return this.orNothing(callId, () => this.anchorOffer(callId, offer));
  }

  private async anchorOffer(callId: string, offer: RemoteDescription): Promise<Anchored> {
    const format = firstFormat(offer);
    const deadline = this.deadline();
    const caller = describeParty(offer, format);
    const agent = compose(NOBODY, [format], 'sendrecv', { sessionId: 1, version: 1 });
    await deadline.ask('delete', { 'call-id': callId, 'delete-delay': 0 });
    const facingAgent = await this.tell(deadline, 'offer', { 'call-id': callId, 'from-tag': TAGS.caller, sdp: caller });
    const facingCaller = await this.tell(deadline, 'answer', { 'call-id': callId, 'from-tag': TAGS.caller, 'to-tag': TAGS.agent, sdp: agent });
    await deadline.ask('block media', { 'call-id': callId });
    const call: Call = {
      sessionId: randomInt(1, 2 ** 47),
      format,
      legs: { caller: { described: caller, certain: false, ours: facingCaller, version: 1 }, agent: { described: agent, certain: true, ours: facingAgent, version: 1 } },
    };
    this.calls.set(callId, call);
    return {
      callerSdp: composeAnswer(offer, facingCaller, format, { sessionId: call.sessionId, version: 1 }),
      agentOfferSdp: compose(facingAgent, [format], 'sendrecv', { sessionId: call.sessionId, version: 1 }),
    };
  }

  anchorOfferless(callId: string): Promise<{ readonly callerSdp: string }> {
    return this.orNothing(callId, () => this.anchorOurOffer(callId));
  }

  private async anchorOurOffer(callId: string): Promise<{ readonly callerSdp: string }> {
    const deadline = this.deadline();
    const agent = compose(NOBODY, OUR_FORMATS, 'sendrecv', { sessionId: 1, version: 1 });
    await deadline.ask('delete', { 'call-id': callId, 'delete-delay': 0 });
    const facingCaller = await this.tell(deadline, 'offer', { 'call-id': callId, 'from-tag': TAGS.agent, sdp: agent });
    const sessionId = randomInt(1, 2 ** 47);
    const legs = { caller: { described: '', certain: false, ours: facingCaller, version: 1 }, agent: { described: agent, certain: true, ours: NOBODY, version: 1 } };
    this.calls.set(callId, { sessionId, format: null, legs });
    return { callerSdp: compose(facingCaller, OUR_FORMATS, 'sendrecv', { sessionId, version: 1 }) };
  }

  async completeOfferless(callId: string, callerAnswerSdp: string): Promise<Anchored> {
    const call = this.known(callId);
    const answer = readRemote(callerAnswerSdp);
    const format = firstFormat(answer);
    const deadline = this.deadline();
    const caller = describeParty(answer, format);
    const { sessionId } = call;
    const facingAgent = await this.tell(deadline, 'answer', { 'call-id': callId, 'from-tag': TAGS.agent, 'to-tag': TAGS.caller, sdp: caller });
    await deadline.ask('block media', { 'call-id': callId });
    const agent = compose(NOBODY, [format], 'sendrecv', { sessionId: 1, version: 1 });
    const legs = { caller: { ...call.legs.caller, described: caller }, agent: { described: agent, certain: true, ours: facingAgent, version: 1 } };
    this.calls.set(callId, { sessionId, format, legs });
    return {
      callerSdp: compose(legs.caller.ours, OUR_FORMATS, 'sendrecv', { sessionId, version: 1 }),
      agentOfferSdp: compose(facingAgent, [format], 'sendrecv', { sessionId, version: 1 }),
    };
  }

  async play(callId: string, file: string, repeat: boolean): Promise<{ readonly durationMs: number }> {
    const fields = { 'call-id': callId, 'from-tag': TAGS.caller, file, ...(repeat ? { 'repeat-times': FOR_EVER } : {}) };
    const { duration } = await this.deadline().ask('play media', fields);
    return { durationMs: duration ?? 0 };
  }

  async stop(callId: string): Promise<void> {
    await this.stopPlaying(this.deadline(), callId);
  }

  async bridge(callId: string, agentAnswerSdp: string): Promise<void> {
    const call = this.known(callId);
    const answer = readRemote(agentAnswerSdp);
    const deadline = this.deadline();
    await this.renegotiated(deadline, callId, call, 'agent', answer);
    await this.stopPlaying(deadline, callId);
    await deadline.ask('unblock media', { 'call-id': callId });
  }

  async renegotiate(callId: string, side: SideName, offerSdp: string): Promise<string> {
    const call = this.known(callId);
    const leg = call.legs[side];
    const { sessionId, format } = call;
    if (!format) throw new MediaFault('refused', 'The first negotiation of this call is not over.');
    if (offerSdp === '') return compose(leg.ours, [format], 'sendrecv', { sessionId, version: leg.version });
    const offer = readRemote(offerSdp);
    const chosen = await this.renegotiated(this.deadline(), callId, call, side, offer);
    leg.version += 1;
    return composeAnswer(offer, leg.ours, chosen, { sessionId, version: leg.version });
  }

  async completeRenegotiation(callId: string, side: SideName, answerSdp: string): Promise<void> {
    await this.renegotiated(this.deadline(), callId, this.known(callId), side, readRemote(answerSdp));
  }

  async release(callId: string): Promise<void> {
    this.calls.delete(callId);
    await this.deadline().ask('delete', { 'call-id': callId, 'delete-delay': 0 });
  }

  close(): Promise<void> {
    return this.client.close();
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
  private async renegotiated(deadline: Deadline, callId: string, call: Call, side: SideName, remote: RemoteDescription): Promise<Format> {
    const format = remote.formats.find(({ codec }) => codec === call.format?.codec);
    if (!format) throw new MediaFault('unsupported', `The ${side}'s SDP is without ${call.format?.codec ?? 'a codec'}, which this call is in.`);
    const described = describeParty(remote, format);
    const tags = { 'call-id': callId, 'from-tag': TAGS[side], 'to-tag': TAGS[across(side)] };
    const other = call.legs[across(side)];
    const certain = side === 'agent' && sameNetwork(remote.address, call.legs.agent.ours.address);
    await this.tell(deadline, 'offer', { ...tags, sdp: described, flags: certain ? CERTAIN : FLAGS });
    await this.tell(deadline, 'answer', { ...tags, sdp: other.described, flags: other.certain ? CERTAIN : FLAGS });
    call.legs[side].described = described;
    call.legs[side].certain = certain;
    return format;
  }

  /** A caller to whom nothing was ever played is silent already, which rtpengine calls an error. */
  private async stopPlaying(deadline: Deadline, callId: string): Promise<void> {
    await deadline.ask('stop media', { 'call-id': callId, 'from-tag': TAGS.caller }).catch((fault: unknown) => {
      if (!(fault instanceof MediaFault && fault.message.includes('Not currently playing'))) throw fault;
    });
  }

  /** One half of a negotiation; resolves to our address on the side that faces whoever did not speak. */
  private async tell(deadline: Deadline, command: 'offer' | 'answer', fields: NgFields): Promise<MediaAddress> {
    const { sdp } = await deadline.ask(command, { flags: FLAGS, ICE: 'remove', replace: ['origin', 'session-connection'], ...fields });
    if (sdp === undefined) throw new MediaFault('refused', `The media server answered "${command}" without SDP.`);
    const { address, port } = readRemote(sdp);
    return { address, port };
  }
}

function firstFormat(remote: RemoteDescription): Format {
  const [format] = remote.formats;
  if (!format) throw new MediaFault('unsupported', 'The SDP names no codec that can be played to.');
  return format;
}
