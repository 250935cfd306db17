// Callers and agents on a media server, for tests that run alike on ours and on rtpengine.
import { createMedia, type Media } from '../../engine/media/media';
import { silentLog, type RunningMediaServer } from './media-servers';
import { RtpPeer, type PeerCodec } from './rtp-peer';

export const CALLER_HZ = 700;
export const AGENT_HZ = 1000;

export interface AnchoredCall { readonly callId: string; readonly caller: RtpPeer; readonly agentOfferSdp: string }

/** Hooks itself into the tests around it: one server for all of them, and peers that close after each. */
export class MediaCalls {
  server!: RunningMediaServer;
  media!: Media;
  /** Every key that was told, in order. */
  readonly keys: { readonly callId: string; readonly side: string; readonly key: string }[] = [];
  private readonly peers: RtpPeer[] = [];
  private calls = 0;

  constructor(start: () => Promise<RunningMediaServer>) {
    beforeAll(async () => {
      this.server = await start();
      this.media = createMedia({ host: this.server.host, port: this.server.port, log: silentLog });
      this.media.onKey((callId, side, key) => this.keys.push({ callId, side, key }));
    });
    afterAll(async () => {
      await this.media.close();
      await this.server.close();
    });
    afterEach(() => { for (const peer of this.peers.splice(0)) peer.close(); });
  }

  nextCall(): string {
    return `call-${(this.calls += 1)}`;
  }

  async peer(codec?: PeerCodec): Promise<RtpPeer> {
    const opened = await RtpPeer.open(codec);
    this.peers.push(opened);
    return opened;
  }

  /** A caller who is anchored. */
  async anchored(codec?: PeerCodec, events?: number): Promise<AnchoredCall> {
    const callId = this.nextCall();
    const caller = await this.peer(codec);
    const { callerSdp, agentOfferSdp } = await this.media.anchor(callId, caller.sdp(events === undefined ? {} : { events }));
    caller.follow(callerSdp);
    return { callId, caller, agentOfferSdp };
  }

  /** The same, joined to an agent, both speaking. */
  async joined(codec?: PeerCodec): Promise<AnchoredCall & { readonly agent: RtpPeer }> {
    const call = await this.anchored(codec);
    const agent = await this.peer(codec);
    agent.follow(call.agentOfferSdp);
    call.caller.tone(CALLER_HZ);
    await this.media.bridge(call.callId, agent.sdp());
    agent.tone(AGENT_HZ);
    await Promise.all([agent.untilTone(CALLER_HZ), call.caller.untilTone(AGENT_HZ)]);
    return { ...call, agent };
  }

  /** Resolves once this many keys of the call were told; the keys in order, as `side key`. */
  async untilKeys(callId: string, count: number, limitMs = 10_000): Promise<string[]> {
    const told = (): string[] => this.keys.filter((key) => key.callId === callId).map(({ side, key }) => `${side} ${key}`);
    const endMs = performance.now() + limitMs;
    while (told().length < count && performance.now() < endMs) await new Promise((resolve) => { setTimeout(resolve, 10); });
    return told();
  }
}
