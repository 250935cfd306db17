// The framing of drachtio's protocol: `<bytes>#<text>`, and the line before each SIP message that says where it came from.
import { type Flow } from '../sip/flow';

/** Longest frame we take from a client, in bytes. */
const MAX_FRAME_BYTES = 262_144;

/** Cuts a byte stream into frames. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private held = 0;
  private wanted = 0;

  /** Takes what came, returns the frames that are whole. @throws Error for what is no frame: the stream is lost then. */
  push(data: Buffer): string[] {
    this.chunks.push(data);
    this.held += data.length;
    if (this.held < this.wanted) return [];
    let rest = this.chunks.length === 1 ? data : Buffer.concat(this.chunks);
    const frames: string[] = [];
    this.wanted = 0;
    while (rest.length > 0) {
      const hash = rest.indexOf(0x23);
      if (hash < 0 && rest.length <= 7) break;
      const digits = hash > 0 && hash <= 7 ? rest.toString('latin1', 0, hash) : '';
      const length = /^\d+$/.test(digits) ? Number(digits) : 0;
      if (length === 0 || length > MAX_FRAME_BYTES) throw new Error('not a drachtio frame');
      const total = hash + 1 + length;
      if (rest.length < total) {
        this.wanted = total;
        break;
      }
      frames.push(rest.toString('utf8', hash + 1, total));
      rest = rest.subarray(total);
    }
    this.chunks = rest.length > 0 ? [rest] : [];
    this.held = rest.length;
    return frames;
  }
}

export const frame = (text: string): string => `${Buffer.byteLength(text)}#${text}`;

/** Where a message came from or goes to, as drachtio words it: source, bytes, protocol, address, port, time of day (UTC). */
export function describe(source: 'network' | 'application', bytes: number, peer: Pick<Flow, 'protocol' | 'address' | 'port'>, civilMs: number): string {
  return `${source}|${bytes}|${peer.protocol}|${peer.address}|${peer.port}|${timeOfDay(civilMs)}`;
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

function timeOfDay(civilMs: number): string {
  const ms = civilMs % 86_400_000;
  const micros = String(Math.floor(ms % 1000) * 1000).padStart(6, '0');
  return `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}.${micros}`;
}
