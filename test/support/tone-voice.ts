// One side's sound: sends a tone of its own as G.711 A-law RTP, and is told what comes back.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { alaw } from 'alawmulaw';

const RATE = 8_000;
const FRAME_MS = 20;
const SAMPLES = RATE * FRAME_MS / 1_000;
const PAYLOAD_TYPE_PCMA = 8;
const LOUDNESS = 3_000;
const RTP_HEADER_BYTES = 12;
/** Who says little sends every tenth packet, as phones with silence suppression do. */
const SPARSE = 10;

const tones = new Map<number, readonly Buffer[]>();

/** One second of a tone of whole hertz, in packets: it loops without a click. */
function secondOf(hertz: number): readonly Buffer[] {
  const known = tones.get(hertz);
  if (known !== undefined) return known;
  const encoded = alaw.encode(Int16Array.from({ length: RATE }, (_, index) => Math.round(LOUDNESS * Math.sin((2 * Math.PI * hertz * index) / RATE))));
  const made = Array.from({ length: RATE / SAMPLES }, (_, frame) => Buffer.from(encoded.subarray(frame * SAMPLES, (frame + 1) * SAMPLES)));
  tones.set(hertz, made);
  return made;
}

/** One clock for all voices: a timer that catches up, so that a late tick costs no packet. */
class Clock {
  private readonly voices = new Set<ToneVoice>();
  private timer: NodeJS.Timeout | undefined;
  private next = 0;

  add(voice: ToneVoice): void {
    this.voices.add(voice);
    if (this.timer) return;
    this.next = performance.now();
    this.timer = setInterval(() => {
      for (let frames = 0; performance.now() >= this.next && frames < 10; frames += 1, this.next += FRAME_MS) for (const each of this.voices) each.tick();
    }, FRAME_MS / 2);
  }

  remove(voice: ToneVoice): void {
    this.voices.delete(voice);
    if (this.voices.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

const CLOCK = new Clock();

/** A socket for the sound of one side, on a port of the system's choice. */
export async function soundSocket(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, resolve);
  });
  return socket;
}

export class ToneVoice {
  /** Sends every packet, not just now and then. */
  talks = true;
  private remote: { readonly host: string; readonly port: number } | undefined;
  private sequence = randomBytes(2).readUInt16BE();
  private timestamp = randomBytes(4).readUInt32BE();
  private readonly source = randomBytes(4);
  private readonly tone: readonly Buffer[];
  private ticks = 0;
  private closed = false;

  /** @param hertz a whole number; multiples of 50 have whole periods in a packet, so that no tone is mistaken for another */
  constructor(private readonly socket: Socket, private readonly address: string, readonly hertz: number) {
    this.tone = secondOf(hertz);
    socket.on('message', (packet) => { this.heard(packet); });
    socket.on('error', () => undefined);
  }

  /** Our side of the session, as an offer or an answer. */
  get sdp(): string {
    const { port } = this.socket.address();
    return [
      'v=0', `o=- ${port} 1 IN IP4 ${this.address}`, 's=-', `c=IN IP4 ${this.address}`, 't=0 0', `m=audio ${port} RTP/AVP ${PAYLOAD_TYPE_PCMA} 101`,
      `a=rtpmap:${PAYLOAD_TYPE_PCMA} PCMA/8000`, 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=sendrecv', '',
    ].join('\r\n');
  }

  /** Speaks to where the other side's SDP says, from now on. */
  speak(remoteSdp: string): void {
    const host = /^c=IN IP4 (\S+)/m.exec(remoteSdp)?.[1];
    const port = Number(/^m=audio (\d+)/m.exec(remoteSdp)?.[1]);
    if (this.closed || !host || !port) return;
    this.remote = { host, port };
    CLOCK.add(this);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    CLOCK.remove(this);
    this.socket.close();
  }

  tick(): void {
    const payload = this.tone[this.ticks % this.tone.length];
    if (!this.remote || !payload || this.closed) return;
    this.ticks += 1;
    const { sequence, timestamp } = this;
    this.timestamp = (timestamp + SAMPLES) >>> 0;
    if (!this.talks && this.ticks % SPARSE !== 1) return;
    this.sequence = (sequence + 1) & 0xffff;
    const header = Buffer.alloc(RTP_HEADER_BYTES);
    header[0] = 0x80;
    header[1] = PAYLOAD_TYPE_PCMA | (this.ticks === 1 ? 0x80 : 0);
    header.writeUInt16BE(sequence, 2);
    header.writeUInt32BE(timestamp, 4);
    this.source.copy(header, 8);
    this.socket.send([header, payload], this.remote.port, this.remote.host);
  }

  /** A packet came in. */
  protected heard(_packet: Buffer): void { return; }
}
