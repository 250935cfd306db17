// A small RTP phone for tests: sends a tone, keeps what it hears, and measures it. Shares no code with the edge.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { alaw, mulaw } from 'alawmulaw';
import { packets as rtp } from 'rtp.js';
import { parse } from 'sdp-transform';

export type PeerCodec = 'PCMA' | 'PCMU';

/** One RTP packet as it arrived. */
export interface Heard {
  readonly atMs: number;
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly payload: Buffer;
  readonly from: { readonly address: string; readonly port: number };
}

const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8 } as const;
const CODECS = { PCMU: mulaw, PCMA: alaw } as const;
export const RATE = 8000;
export const FRAME = 160;
const FRAME_MS = 20;

export class RtpPeer {
  readonly heard: Heard[] = [];
  remote: { readonly address: string; readonly port: number } | null = null;
  private readonly ssrc = Math.floor(Math.random() * 0xffff_ffff);
  private sequence = Math.floor(Math.random() * 0xffff);
  private timestamp = Math.floor(Math.random() * 0xffff_ffff);
  private timer: NodeJS.Timeout | null = null;
  private readonly arrivals = new Set<() => void>();

  private constructor(private readonly socket: Socket, readonly address: string, readonly codec: PeerCodec) {
    socket.on('message', (packet, from) => {
      const atMs = performance.now();
      if (!rtp.isRtp(new DataView(packet.buffer, packet.byteOffset, packet.length))) return;
      const parsed = new rtp.RtpPacket(new DataView(packet.buffer, packet.byteOffset, packet.length));
      const payload = parsed.getPayload();
      this.heard.push({
        atMs,
        ssrc: parsed.getSsrc(),
        sequence: parsed.getSequenceNumber(),
        timestamp: parsed.getTimestamp(),
        marker: parsed.getMarker(),
        payloadType: parsed.getPayloadType(),
        payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
        from: { address: from.address, port: from.port },
      });
      for (const arrival of [...this.arrivals]) arrival();
    });
  }

  static async open(codec: PeerCodec = 'PCMA', address = '127.0.0.1'): Promise<RtpPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new RtpPeer(socket, address, codec);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Our side of the negotiation. `port` may name a lie, as a phone behind NAT does. */
  sdp(options: { readonly direction?: string; readonly port?: number; readonly address?: string; readonly events?: number } = {}): string {
    const { direction = 'sendrecv', port = this.port, address = this.address, events = 101 } = options;
    const type = PAYLOAD_TYPES[this.codec];
    return ['v=0', `o=peer 1 1 IN IP4 ${address}`, 's=-', `c=IN IP4 ${address}`, 't=0 0', `m=audio ${port} RTP/AVP ${type} ${events}`,
      `a=rtpmap:${type} ${this.codec}/8000`, `a=rtpmap:${events} telephone-event/8000`, `a=fmtp:${events} 0-15`, `a=${direction}`, ''].join('\r\n');
  }

  /** Sends to the audio line of an SDP. */
  follow(sdp: string): void {
    const session = parse(sdp);
    const audio = session.media.find(({ type }) => type === 'audio');
    if (!audio) throw new Error('no audio in that SDP');
    this.remote = { address: (audio.connection ?? session.connection)?.ip ?? '', port: audio.port };
  }

  /** Begins to send a sine, at half of full scale, every 20 ms. */
  tone(hz: number): void {
    this.hush();
    const startMs = performance.now();
    let sent = 0;
    const send = (): void => {
      for (; startMs + sent * FRAME_MS <= performance.now(); sent += 1) this.send(sine(hz, FRAME, sent * FRAME), sent === 0);
      this.timer = setTimeout(send, startMs + sent * FRAME_MS - performance.now());
    };
    send();
  }

  hush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** One frame of samples. */
  send(samples: Int16Array, marker = false): void {
    const packet = new rtp.RtpPacket();
    packet.setPayloadType(PAYLOAD_TYPES[this.codec]);
    packet.setMarker(marker);
    packet.setSsrc(this.ssrc);
    packet.setSequenceNumber(this.sequence);
    packet.setTimestamp(this.timestamp);
    const encoded = CODECS[this.codec].encode(samples);
    packet.setPayload(new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength));
    this.sequence = (this.sequence + 1) & 0xffff;
    this.timestamp = (this.timestamp + samples.length) >>> 0;
    const bytes = new Uint8Array(packet.getByteLength());
    packet.serialize(bytes.buffer);
    this.sendRaw(Buffer.from(bytes.buffer));
  }

  /**
   * Presses a key: `starts` packets while it is held, of which the first `lost` do not arrive, and `ends` when it is let go (RFC 4733 section 2.5.1.4).
   * All are sent at once; what they say of time is as if they were not.
   */
  press(key: string, { starts = 3, lost = 0, ends = 3, payloadType = 101, marker = true }: { starts?: number; lost?: number; ends?: number; payloadType?: number; marker?: boolean } = {}): void {
    const [event, from] = ['0123456789*#ABCD'.indexOf(key), this.timestamp];
    for (let index = 1; index <= starts + 3; index += 1) {
      const ended = index > starts;
      const packet = Buffer.alloc(16);
      packet[0] = 0x80;
      packet[1] = payloadType | (marker && index === 1 ? 0x80 : 0);
      packet.writeUInt16BE(this.sequence, 2);
      packet.writeUInt32BE(from, 4);
      packet.writeUInt32BE(this.ssrc, 8);
      packet[12] = event;
      packet[13] = (ended ? 0x80 : 0) | 10;
      packet.writeUInt16BE(Math.min(index, starts + 1) * FRAME, 14);
      this.sequence = (this.sequence + 1) & 0xffff;
      if (index > lost && index <= starts + ends) this.sendRaw(packet);
    }
    this.timestamp = (from + (starts + 1) * FRAME) >>> 0;
  }

  sendRaw(bytes: Buffer): void {
    if (this.remote) this.socket.send(bytes, this.remote.port, this.remote.address);
  }

  /** Resolves once `enough` says so; asked again at every packet. Rejects after `limitMs`. */
  async until(enough: (heard: readonly Heard[]) => boolean, what: string, limitMs = 10_000): Promise<void> {
    if (enough(this.heard)) return;
    await new Promise<void>((resolve, reject) => {
      const arrival = (): void => {
        if (!enough(this.heard)) return;
        this.arrivals.delete(arrival);
        clearTimeout(limit);
        resolve();
      };
      const limit = setTimeout(() => {
        this.arrivals.delete(arrival);
        reject(new Error(`not heard within ${limitMs} ms: ${what}; ${this.heard.length} packets came`));
      }, limitMs);
      this.arrivals.add(arrival);
    });
  }

  /** Resolves when the last `ms` of what was heard hold this tone. */
  untilTone(hz: number, ms = 200, limitMs = 10_000): Promise<void> {
    return this.until((heard) => heard.length * FRAME_MS >= ms && toneShare(this.samples(heard.slice(-ms / FRAME_MS)), hz) > 0.8, `${hz} Hz`, limitMs);
  }

  /** The sound of these packets, in the order of their arrival. */
  samples(heard: readonly Heard[] = this.heard): Int16Array {
    const audible = heard.filter(({ payloadType }) => payloadType === PAYLOAD_TYPES[this.codec]);
    const joined = new Int16Array(audible.reduce((sum, { payload }) => sum + payload.length, 0));
    let at = 0;
    for (const { payload } of audible) {
      joined.set(CODECS[this.codec].decode(payload), at);
      at += payload.length;
    }
    return joined;
  }

  /** Forgets what was heard so far. */
  forget(): void {
    this.heard.length = 0;
  }

  close(): void {
    this.hush();
    this.socket.close();
  }
}

export function sine(hz: number, count: number, from = 0): Int16Array {
  return Int16Array.from({ length: count }, (_, index) => Math.round(16_384 * Math.sin((2 * Math.PI * hz * (from + index)) / RATE)));
}

/** The share of the power of `samples` that lies at `hz`, 0–1 (Goertzel). */
export function toneShare(samples: Int16Array, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / RATE);
  let [one, two, power] = [0, 0, 0];
  for (const sample of samples) {
    const next = sample + coefficient * one - two;
    two = one;
    one = next;
    power += sample * sample;
  }
  if (power === 0) return 0;
  return (2 * (one * one + two * two - coefficient * one * two)) / (samples.length * power);
}

/** The best normalised cross-correlation of `wanted` with any stretch of `heard`, and where it begins. */
export function correlation(heard: Int16Array, wanted: Int16Array): { readonly value: number; readonly at: number } {
  let best = { value: -1, at: 0 };
  const wantedPower = wanted.reduce((sum, sample) => sum + sample * sample, 0);
  for (let at = 0; at + wanted.length <= heard.length; at += 1) {
    let [dot, power] = [0, 0];
    for (let index = 0; index < wanted.length; index += 1) {
      const sample = heard[at + index] ?? 0;
      dot += sample * (wanted[index] ?? 0);
      power += sample * sample;
    }
    const value = power === 0 || wantedPower === 0 ? 0 : dot / Math.sqrt(power * wantedPower);
    if (value > best.value) best = { value, at };
  }
  return best;
}

/** By their sequence numbers, which may pass 65535. */
export function inSequence(heard: readonly Heard[]): Heard[] {
  return [...heard].sort((a, b) => ((a.sequence - b.sequence + 0x1_8000) & 0xffff) - 0x8000);
}

/** Runs of packets that follow each other in time without a gap: what a busy machine skipped of music lies between them. */
export function unbroken(heard: readonly Heard[]): readonly Heard[][] {
  const runs: Heard[][] = [];
  for (const packet of heard) {
    const before = runs.at(-1)?.at(-1);
    if (before && (packet.timestamp - before.timestamp) >>> 0 === before.payload.length) runs.at(-1)?.push(packet);
    else runs.push([packet]);
  }
  return runs;
}

/** Steps of the sequence number that are not one: gaps, repetitions, disorder. */
export function sequenceFaults(heard: readonly Heard[]): number {
  let faults = 0;
  for (let index = 1; index < heard.length; index += 1) {
    if ((((heard[index]?.sequence ?? 0) - (heard[index - 1]?.sequence ?? 0)) & 0xffff) !== 1) faults += 1;
  }
  return faults;
}
