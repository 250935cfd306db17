// Makes one party's RTCP true for the other, whose RTP carries our SSRC and shifted numbers (RFC 3550 section 6.4).
import { type OutgoingStream } from './outgoing-stream';

const TYPE = { sender: 200, receiver: 201, description: 202, bye: 203 } as const;
const REPORT_BLOCK_BYTES = 24;

/**
 * Changes a compound packet in place. `toListener` carries what the packet's sender says; `toSender` is what the sender reports on.
 * @returns false when there is nothing to be passed on: no RTCP, nothing relayed yet, or a goodbye that is not the stream's.
 */
export function shiftRtcp(packet: Buffer, toListener: OutgoingStream, toSender: OutgoingStream): boolean {
  const said = toListener.shift;
  if (!said) return false;
  let at = 0;
  while (at < packet.length) {
    if (at + 8 > packet.length || (packet[at] ?? 0) >> 6 !== 2) return false;
    const type = packet[at + 1] ?? 0;
    const end = at + 4 + packet.readUInt16BE(at + 2) * 4;
    if (end > packet.length || end < at + 8 || type < TYPE.sender || type > 223 || type === TYPE.bye) return false;
    const blocks = (packet[at] ?? 0) & 0x1f;
    packet.writeUInt32BE(toListener.ssrc, at + 4);
    if (type === TYPE.sender) {
      if (end < at + 28) return false;
      packet.writeUInt32BE((packet.readUInt32BE(at + 16) + said.timestampShift) >>> 0, at + 16);
      shiftBlocks(packet, at + 28, Math.min(end, at + 28 + blocks * REPORT_BLOCK_BYTES), toSender);
    } else if (type === TYPE.receiver) shiftBlocks(packet, at + 8, Math.min(end, at + 8 + blocks * REPORT_BLOCK_BYTES), toSender);
    at = end;
  }
  return at > 0;
}

/** What was received of our stream is told to the one who sent it, in that one's own numbers. */
function shiftBlocks(packet: Buffer, from: number, end: number, reportedOn: OutgoingStream): void {
  const heard = reportedOn.shift;
  if (!heard) return;
  for (let at = from; at + REPORT_BLOCK_BYTES <= end; at += REPORT_BLOCK_BYTES) {
    if (packet.readUInt32BE(at) !== reportedOn.ssrc) continue;
    packet.writeUInt32BE(heard.ssrc, at);
    packet.writeUInt16BE((packet.readUInt16BE(at + 10) - heard.sequenceShift) & 0xffff, at + 10);
  }
}
