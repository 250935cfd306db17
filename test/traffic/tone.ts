// Sends a soft tone as G.711 A-law RTP and counts what comes back: the voice of simulated callers and agents.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { alaw } from 'alawmulaw';

const RATE = 8_000;
const FRAME_MS = 20;
const SAMPLES = RATE * FRAME_MS / 1_000;
const PAYLOAD_TYPE_PCMA = 8;
const LOUDNESS = 3_000;

/** One second of a tone whose frequency divides the rate, so that it loops without a click. */
function secondOf(hertz: number): readonly Buffer[] {
  const encoded = alaw.encode(Int16Array.from({ length: RATE }, (_, index) => Math.round(LOUDNESS * Math.sin((2 * Math.PI * hertz * index) / RATE))));
  return Array.from({ length: RATE / SAMPLES }, (_, frame) => Buffer.from(encoded.subarray(frame * SAMPLES, (frame + 1) * SAMPLES)));
}

/** One clock for all voices: a timer that catches up, so that a late tick costs no packet. */
class Clock {
  private readonly voices = new Set<Voice>();
  private timer: NodeJS.Timeout | undefined;
  private next = 0;

  add(voice: Voice): void {
    this.voices.add(voice);
    if (this.timer) return;
    this.next = performance.now();
    this.timer = setInterval(() => {
      for (let frames = 0; performance.now() >= this.next && frames < 10; frames += 1, this.next += FRAME_MS) for (const each of this.voices) each.tick();
    }, FRAME_MS / 2);
  }

  remove(voice: Voice): void {
    this.voices.delete(voice);
    if (this.voices.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

const CLOCK = new Clock();

export class Voice {
  private remote: { readonly host: string; readonly port: number } | undefined;
  private sequence = randomBytes(2).readUInt16BE();
  private timestamp = randomBytes(4).readUInt32BE();
  private readonly source = randomBytes(4);
  private frame = 0;
  private closed = false;
  /** RTP packets that came in. */
  received = 0;

  private constructor(private readonly socket: Socket, private readonly address: string, private readonly tone: readonly Buffer[]) {
    socket.on('message', () => { this.received += 1; });
    socket.on('error', () => undefined);
  }

  static async open(address: string, hertz: number): Promise<Voice> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, resolve);
    });
    return new Voice(socket, address, secondOf(hertz));
  }

  /** Our side of the session, as an offer or an answer. */
  get sdp(): string {
    const { port } = this.socket.address();
    return [
      'v=0', `o=- ${port} 1 IN IP4 ${this.address}`, 's=-', `c=IN IP4 ${this.address}`, 't=0 0', `m=audio ${port} RTP/AVP ${PAYLOAD_TYPE_PCMA} 101`,
      `a=rtpmap:${PAYLOAD_TYPE_PCMA} PCMA/8000`, 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=sendrecv', '',
    ].join('\r\n');
  }

  /** Starts speaking to where the other side's SDP says. */
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
    const payload = this.tone[this.frame % this.tone.length];
    if (!this.remote || !payload || this.closed) return;
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = PAYLOAD_TYPE_PCMA | (this.frame === 0 ? 0x80 : 0);
    header.writeUInt16BE(this.sequence, 2);
    header.writeUInt32BE(this.timestamp, 4);
    this.source.copy(header, 8);
    this.socket.send([header, payload], this.remote.port, this.remote.host);
    this.frame += 1;
    this.sequence = (this.sequence + 1) & 0xffff;
    this.timestamp = (this.timestamp + SAMPLES) >>> 0;
  }
}
