// One side's sound: sends a tone of its own as G.711 A-law and gives what comes back to its ear.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { alaw } from 'alawmulaw';
import { Ear } from './ear';

const ADDRESS = '127.0.0.1';
const RATE = 8_000;
const FRAME_MS = 20;
const SAMPLES = RATE * FRAME_MS / 1_000;
const PAYLOAD_TYPE_PCMA = 8;
const LOUDNESS = 3_000;
/** Who waits says little: every tenth packet, as phones with silence suppression do. */
const SPARSE = 10;
/** Multiples of 50 Hz have whole periods in a packet, so that no tone is mistaken for another. */
const LOWEST_HERTZ = 400;
const HERTZ_STEP = 50;
const TONES = 58;

/** A tone of its own for each number, as far as there are so many. */
export function toneOf(number: number): number { return LOWEST_HERTZ + HERTZ_STEP * (number % TONES); }

function frameOf(hertz: number): Buffer {
  return Buffer.from(alaw.encode(Int16Array.from({ length: SAMPLES }, (_, index) => Math.round(LOUDNESS * Math.sin((2 * Math.PI * hertz * index) / RATE)))));
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
  readonly ear = new Ear();
  /** Sends every packet, not just now and then. */
  talks = false;
  private remote: { readonly host: string; readonly port: number } | undefined;
  private sequence = randomBytes(2).readUInt16BE();
  private timestamp = randomBytes(4).readUInt32BE();
  private readonly source = randomBytes(4);
  private readonly frame: Buffer;
  private ticks = 0;
  private closed = false;

  private constructor(private readonly socket: Socket, readonly hertz: number) {
    this.frame = frameOf(hertz);
    socket.on('message', (packet) => { this.ear.packet(packet); });
    socket.on('error', () => undefined);
  }

  static async open(hertz: number): Promise<Voice> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, ADDRESS, resolve);
    });
    return new Voice(socket, hertz);
  }

  /** Our side of the session, as an offer or an answer. */
  get sdp(): string {
    const { port } = this.socket.address();
    return [
      'v=0', `o=- ${port} 1 IN IP4 ${ADDRESS}`, 's=-', `c=IN IP4 ${ADDRESS}`, 't=0 0', `m=audio ${port} RTP/AVP ${PAYLOAD_TYPE_PCMA} 101`,
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
    this.ear.close();
    CLOCK.remove(this);
    this.socket.close();
  }

  tick(): void {
    if (!this.remote || this.closed) return;
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
    this.socket.send([header, this.frame], this.remote.port, this.remote.host);
  }
}

const RTP_HEADER_BYTES = 12;
