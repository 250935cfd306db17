// Finds in one party's RTP when a key is pressed: each press once, as it begins, whatever is lost or comes twice (RFC 4733).

/** `event`: 0 to 9, 10 for *, 11 for #, 12 to 15 for A to D (section 3.2). */
export interface KeyPress {
  readonly event: number;
  /** In −dBm0, as the sender says. */
  readonly volume: number;
  /** In samples: how long it had lasted when we heard of it. */
  readonly duration: number;
}

/** One packet of one event. */
interface Report extends KeyPress {
  readonly timestamp: number;
  readonly sequence: number;
  readonly marker: boolean;
  readonly ended: boolean;
}

const PAYLOAD_BYTES = 4;
const HIGHEST_KEY = 15;
/** So far back a packet that was late is still known to belong to a press that was told. */
const PRESSES_REMEMBERED = 8;
/** An event is cut where its duration no longer fits into 16 bits, and goes on with the next timestamp (section 2.5.1.3). */
const SEGMENT = 0xffff;
/** What of a segment's end may have been lost, in samples: a fifth of a second. */
const SEGMENT_TOLERANCE = 1_600;
/** Packets one after another, at most two of them lost. */
const NEXT = 3;

export class KeyPresses {
  private ssrc: number | null = null;
  private last: Report | null = null;
  private readonly timestamps: number[] = [];

  /** The press that this telephone-event packet is the first sign of, or null. `offset` is where its payload begins. */
  heard(packet: Buffer, offset: number): KeyPress | null {
    if (packet.length < offset + PAYLOAD_BYTES) return null;
    const event = packet.readUInt8(offset);
    if (event > HIGHEST_KEY) return null;
    const flags = packet.readUInt8(offset + 1);
    const report: Report = {
      event,
      volume: flags & 0x3f,
      duration: packet.readUInt16BE(offset + 2),
      timestamp: packet.readUInt32BE(4),
      sequence: packet.readUInt16BE(2),
      marker: packet.readUInt8(1) >= 0x80,
      ended: flags >= 0x80,
    };
    const ssrc = packet.readUInt32BE(8);
    if (ssrc !== this.ssrc) this.begin(ssrc);
    const { last } = this;
    if (this.timestamps.includes(report.timestamp)) {
      // What was overtaken on the way says nothing new; and an end stays an end.
      if (last?.timestamp === report.timestamp && report.duration >= last.duration) this.last = { ...report, ended: report.ended || last.ended };
      return null;
    }
    const more = last !== null && goesOn(last, report);
    this.last = report;
    this.timestamps.push(report.timestamp);
    if (this.timestamps.length > PRESSES_REMEMBERED) this.timestamps.shift();
    return more ? null : report;
  }

  private begin(ssrc: number): void {
    this.ssrc = ssrc;
    this.last = null;
    this.timestamps.length = 0;
  }
}

/** Whether a packet with another timestamp still tells of the press before it. */
function goesOn(last: Report, next: Report): boolean {
  if (next.event !== last.event) return false;
  const later = (next.timestamp - last.timestamp) >>> 0;
  if (!last.ended && last.duration >= SEGMENT - SEGMENT_TOLERANCE && later >= SEGMENT - SEGMENT_TOLERANCE && later <= SEGMENT + SEGMENT_TOLERANCE) return true;
  // Some phones move the timestamp along with the event, against section 2.2: then the duration grows from packet to packet all the same.
  const following = ((next.sequence - last.sequence) & 0xffff) <= NEXT;
  return following && !next.marker && next.duration >= last.duration && (next.ended || !last.ended);
}
