// One call's media: two sides with a port pair each, what is played to either, and who may be heard by the other.
import { reencode, type EncodedAudio } from './audio-files';
import { KeyPresses, type KeyPress } from './key-presses';
import { Latch } from './latch';
import { FRAME_SAMPLES, OutgoingStream } from './outgoing-stream';
import { type PlayClock, type Playable } from './play-clock';
import { type PortPair, type PortPairs } from './port-pairs';
import { shiftRtcp } from './rtcp';
import { type Party } from './sdp';

const SHORTEST_PACKET = 12;
const LONGEST_PACKET = 1_500;

/** What a side tells by itself. */
interface SideEvents {
  /** A key that its party pressed, and the address it came from. */
  readonly keyHeard: (side: Side, press: KeyPress, address: string) => void;
  /** What was played to it was played out. */
  readonly ended: () => void;
}

/** One of the two parties and the ports that face it. */
export class Side implements Playable {
  /** The SIP tag NG knows it by; null until its side of the negotiation has come. */
  tag: string | null = null;
  party: Party | null = null;
  /** What it sends is dropped: it is blocked by itself, or the whole call is. The two are undone apart, as rtpengine does. */
  blocked = false;
  blockedWithCall = false;
  /** What it says is replaced by silence, while its packets go on. */
  silenced = false;
  /** Something was played to it, now or before. */
  hasPlayed = false;
  received = { packets: 0, bytes: 0, errors: 0 };
  readonly latch = new Latch();
  readonly out: OutgoingStream;
  private pair: PortPair | null = null;
  private rtcpFrom: { readonly address: string; readonly port: number } | null = null;
  private readonly keys = new KeyPresses();
  private playing: { audio: EncodedAudio; position: number; passesLeft: number; first: boolean } | null = null;
  private other!: Side;

  constructor(private readonly clock: PlayClock, private readonly now: () => number, private readonly events: SideEvents) {
    this.out = new OutgoingStream((packet) => {
      const to = this.latch.destination;
      if (to) this.pair?.rtp.send(packet, to);
    });
  }

  /** Binds the ports. @throws NoPortsLeft */
  async open(ports: PortPairs, other: Side): Promise<void> {
    this.other = other;
    this.pair = await ports.take(
      (packet, address, port) => this.heard(packet, address, port),
      (packet, address, port) => this.heardRtcp(packet, address, port),
    );
  }

  get port(): number {
    return this.pair?.rtp.port ?? 0;
  }

  /** `asAnnouncedOnly`: it sends from where it says, and nobody else is listened to. With another session comes another party. */
  negotiate(party: Party, asAnnouncedOnly: boolean): void {
    const another = this.party !== null && this.party.session !== party.session;
    this.party = party;
    const { playing } = this;
    if (playing && party.codec && party.codec !== playing.audio.codec) playing.audio = reencode(playing.audio, party.codec);
    if (another) this.latch.expectAnother();
    this.latch.announce(party.rtp, asAnnouncedOnly);
    this.rtcpFrom = null;
  }

  /** In place of what is playing; `passes` times, Infinity for ever. */
  play(audio: EncodedAudio, passes: number, startMs: number): void {
    if (!this.pair) return;
    this.hasPlayed = true;
    const position = Math.min(audio.payload.length - 1, Math.max(0, startMs) * 8);
    this.playing = { audio, position, passesLeft: passes, first: true };
    this.clock.add(this);
  }

  stop(): void {
    this.playing = null;
    this.clock.remove(this);
  }

  get isPlaying(): boolean {
    return this.playing !== null;
  }

  playFrame(skippedFrames: number, nowMs: number): boolean {
    const { playing, party } = this;
    if (!playing || !party) return false;
    const { audio } = playing;
    // Music goes on where it would be by now; what is said goes on where it was, since no word of it may be missing.
    if (!playing.first && playing.passesLeft > 1) this.advance(skippedFrames * FRAME_SAMPLES);
    if (playing.passesLeft <= 0) return this.ended();
    // A party on hold hears nothing, but time goes on for it.
    if (party.receives && party.rtp) {
      this.out.playFrame(audio, playing.position, playing.passesLeft > 1, party.payloadType, playing.first, skippedFrames, nowMs);
      playing.first = false;
    } else playing.first = true;
    this.advance(FRAME_SAMPLES);
    return playing.passesLeft > 0 || this.ended();
  }

  private advance(samples: number): void {
    const { playing } = this;
    if (!playing) return;
    playing.position += samples;
    while (playing.position >= playing.audio.payload.length && playing.passesLeft > 0) {
      playing.position -= playing.audio.payload.length;
      playing.passesLeft -= 1;
    }
  }

  private ended(): false {
    this.playing = null;
    this.events.ended();
    return false;
  }

  close(): void {
    this.stop();
    this.pair?.close();
    this.pair = null;
  }

  private heard(packet: Buffer, address: string, port: number): void {
    if (!isRtp(packet)) {
      this.received.errors += 1;
      return;
    }
    const nowMs = this.now();
    if (!this.latch.accepts(address, port, nowMs)) return;
    this.received.packets += 1;
    this.received.bytes += packet.length;
    const event = this.isEvent(packet);
    // Keys are heard also of whoever is blocked: that is how a caller answers while nobody else is there.
    const press = event ? this.keys.heard(packet, payloadOffset(packet)) : null;
    if (press) this.events.keyHeard(this, press, address);
    if (!this.blocked && !this.blockedWithCall) this.other.hear(packet, event, this.silenced, nowMs);
  }

  /** By the number that this party gave events, or the one it was told, which is the other's (RFC 3264 section 5.1). */
  private isEvent(packet: Buffer): boolean {
    const payloadType = (packet[1] ?? 0) & 0x7f;
    const { party } = this;
    if (payloadType === party?.payloadType) return false;
    return payloadType === party?.eventsPayloadType || payloadType === this.other.party?.eventsPayloadType;
  }

  /** Passes on what the other side said, in the numbers this one knows, unless something is played or nothing is wanted. */
  private hear(packet: Buffer, event: boolean, silenced: boolean, nowMs: number): void {
    const { party } = this;
    if (this.playing || !party?.receives || !party.rtp) return;
    const [, second = 0] = packet;
    if (event) {
      if (silenced || party.eventsPayloadType === null) return;
      packet[1] = (second & 0x80) | party.eventsPayloadType;
    } else if ((second & 0x7f) === this.other.party?.payloadType && this.other.party.codec === party.codec) packet[1] = (second & 0x80) | party.payloadType;
    this.out.relay(packet, silenced ? this.other.party?.codec ?? null : null, nowMs);
  }

  /** RTCP is believed from the host whose RTP is believed, and passed on with the numbers that the listener knows. */
  private heardRtcp(packet: Buffer, address: string, port: number): void {
    const known = this.latch.locked;
    if (this.blocked || this.blockedWithCall || !known || known.address !== address || packet.length > LONGEST_PACKET) return;
    this.rtcpFrom = { address, port };
    const { other } = this;
    const to = other.rtcpFrom ?? other.party?.rtcp;
    if (!to || other.playing || !shiftRtcp(packet, other.out, this.out)) return;
    other.pair?.rtcp.send(packet, to);
  }
}

/** Behind the header, its contributing sources and its extension (RFC 3550 section 5.1). */
function payloadOffset(packet: Buffer): number {
  const [first = 0] = packet;
  const fixed = SHORTEST_PACKET + (first & 0x0f) * 4;
  if ((first & 0x10) === 0) return fixed;
  return packet.length < fixed + 4 ? packet.length : fixed + 4 + packet.readUInt16BE(fixed + 2) * 4;
}

/** RTP version 2 that is not RTCP gone astray (RFC 5761 section 4). */
function isRtp(packet: Buffer): boolean {
  if (packet.length < SHORTEST_PACKET || packet.length > LONGEST_PACKET) return false;
  const [first = 0, second = 0] = packet;
  return first >> 6 === 2 && (second < 192 || second > 223) && packet.length >= SHORTEST_PACKET + (first & 0x0f) * 4;
}

export interface AnchorEvents extends Pick<SideEvents, 'ended'> {
  readonly keyHeard: (anchor: Anchor, side: Side, press: KeyPress, address: string) => void;
}

export class Anchor {
  readonly createdAtMs: number;
  lastSignalMs: number;
  /** The side of whoever sent the first offer, and the one across. */
  readonly sides: readonly [Side, Side];

  private constructor(readonly callId: string, clock: PlayClock, { keyHeard, ended }: AnchorEvents, now: () => number, civil: () => number) {
    this.createdAtMs = civil();
    this.lastSignalMs = this.createdAtMs;
    const events: SideEvents = { keyHeard: (side, press, address) => keyHeard(this, side, press, address), ended };
    this.sides = [new Side(clock, now, events), new Side(clock, now, events)];
  }

  /** @throws NoPortsLeft, with nothing left bound. */
  static async open(callId: string, ports: PortPairs, clock: PlayClock, events: AnchorEvents, now = () => performance.now(), civil = () => Date.now()): Promise<Anchor> {
    const anchor = new Anchor(callId, clock, events, now, civil);
    const [one, two] = anchor.sides;
    try {
      await one.open(ports, two);
      await two.open(ports, one);
      return anchor;
    } catch (fault) {
      anchor.close();
      throw fault;
    }
  }

  side(tag: string): Side | undefined {
    return this.sides.find((side) => side.tag === tag);
  }

  across(side: Side): Side {
    return side === this.sides[0] ? this.sides[1] : this.sides[0];
  }

  close(): void {
    for (const side of this.sides) side.close();
  }
}
