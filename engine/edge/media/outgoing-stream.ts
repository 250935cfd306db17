// What one listener receives: one SSRC for good, and sequence and timestamp that go on whichever source speaks (RFC 3550 section 5.1).
import { randomInt } from 'node:crypto';
import { SILENCE, type G711 } from './g711';
import { type EncodedAudio } from './audio-files';

export const FRAME_SAMPLES = 160;
export const FRAME_MS = 20;
const HEADER_BYTES = 12;
const SAMPLES_PER_MS = 8;
const MARKER = 0x80;

/** Hands a packet to the network; the buffer is used again for the next packet. */
export type SendPacket = (packet: Buffer) => void;

/** The source that is being relayed, and what is added to its numbers to make ours. */
interface Relayed {
  readonly ssrc: number;
  readonly sequenceShift: number;
  readonly timestampShift: number;
}

export class OutgoingStream {
  readonly ssrc = randomInt(0x1_0000_0000);
  /** Of the packet sent last. */
  private sequence = randomInt(0x1_0000);
  private timestamp = randomInt(0x1_0000_0000);
  private lastSentMs: number | null = null;
  private relayed: Relayed | null = null;
  private readonly frame = Buffer.alloc(HEADER_BYTES + FRAME_SAMPLES);
  packets = 0;
  bytes = 0;

  constructor(private readonly send: SendPacket) {
    this.frame[0] = 0x80;
    this.frame.writeUInt32BE(this.ssrc, 8);
  }

  /**
   * Sends 20 ms of a file from sample `from`, going on at its beginning when `wrap`, else filled up with silence.
   * `skippedFrames` before it were never sent, because this process was late; the timestamp tells the listener.
   */
  playFrame(audio: EncodedAudio, from: number, wrap: boolean, payloadType: number, first: boolean, skippedFrames: number, nowMs: number): void {
    const { frame } = this;
    const { payload } = audio;
    let copied = payload.copy(frame, HEADER_BYTES, from, Math.min(from + FRAME_SAMPLES, payload.length));
    while (copied < FRAME_SAMPLES && wrap) copied += payload.copy(frame, HEADER_BYTES + copied, 0, Math.min(FRAME_SAMPLES - copied, payload.length));
    if (copied < FRAME_SAMPLES) frame.fill(SILENCE[audio.codec], HEADER_BYTES + copied);
    this.sequence = (this.sequence + 1) & 0xffff;
    this.timestamp = (this.timestamp + (first ? this.pause(nowMs) : FRAME_SAMPLES * (1 + skippedFrames))) >>> 0;
    this.relayed = null;
    frame[1] = first ? payloadType | MARKER : payloadType;
    frame.writeUInt16BE(this.sequence, 2);
    frame.writeUInt32BE(this.timestamp, 4);
    this.sent(frame, nowMs);
  }

  /**
   * Passes on somebody else's packet, changed in place to be the next of this stream. `silenced` blanks what it says.
   * Packets that arrive out of order keep their order's numbers.
   */
  relay(packet: Buffer, silenced: G711 | null, nowMs: number): void {
    const ssrc = packet.readUInt32BE(8);
    const sequence = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    let source = this.relayed;
    let marker = false;
    if (source?.ssrc !== ssrc) {
      marker = true;
      source = {
        ssrc,
        sequenceShift: (this.sequence + 1 - sequence) & 0xffff,
        timestampShift: (this.timestamp + this.pause(nowMs) - timestamp) >>> 0,
      };
      this.relayed = source;
    }
    const ourSequence = (sequence + source.sequenceShift) & 0xffff;
    const ourTimestamp = (timestamp + source.timestampShift) >>> 0;
    if (marker) packet[1] = (packet[1] ?? 0) | MARKER;
    packet.writeUInt16BE(ourSequence, 2);
    packet.writeUInt32BE(ourTimestamp, 4);
    packet.writeUInt32BE(this.ssrc, 8);
    if (silenced) packet.fill(SILENCE[silenced], HEADER_BYTES);
    if (((ourSequence - this.sequence) & 0xffff) < 0x8000) {
      this.sequence = ourSequence;
      this.timestamp = ourTimestamp;
    }
    this.sent(packet, nowMs);
  }

  /** What is added to the numbers of the source now relayed; null while nothing is. RTCP needs the same shift. */
  get shift(): Relayed | null {
    return this.relayed;
  }

  /** Samples between the packet sent last and one sent now, at least one frame, so that time never stands still or turns back. */
  private pause(nowMs: number): number {
    if (this.lastSentMs === null) return FRAME_SAMPLES;
    return Math.max(FRAME_SAMPLES, Math.round((nowMs - this.lastSentMs) / FRAME_MS) * FRAME_MS * SAMPLES_PER_MS);
  }

  private sent(packet: Buffer, nowMs: number): void {
    this.lastSentMs = nowMs;
    this.packets += 1;
    this.bytes += packet.length;
    this.send(packet);
  }
}
