// RTCP that is passed on must be true for whoever receives it: our SSRC, our timestamps, and reports in the numbers of the one reported on.
import { packets as rtp } from 'rtp.js';
import fc from 'fast-check';
import { OutgoingStream } from '../../../engine/edge/media/outgoing-stream';
import { shiftRtcp } from '../../../engine/edge/media/rtcp';

const AGENT_SSRC = 0x1111_1111;
const CALLER_SSRC = 0x2222_2222;

function rtpPacket(ssrc: number, sequence: number, timestamp: number): Buffer {
  const bytes = Buffer.alloc(172);
  bytes.writeUInt16BE(0x8008, 0);
  bytes.writeUInt16BE(sequence, 2);
  bytes.writeUInt32BE(timestamp, 4);
  bytes.writeUInt32BE(ssrc, 8);
  return bytes;
}

/** Streams to either side in which one packet was relayed, and that packet as it went out. */
function talking(): { readonly toCaller: OutgoingStream; readonly toAgent: OutgoingStream; readonly out: { caller: Buffer; agent: Buffer } } {
  const out = { caller: Buffer.alloc(0), agent: Buffer.alloc(0) };
  const toCaller = new OutgoingStream((packet) => { out.caller = Buffer.from(packet); });
  const toAgent = new OutgoingStream((packet) => { out.agent = Buffer.from(packet); });
  toCaller.relay(rtpPacket(AGENT_SSRC, 100, 5_000), null, 0);
  toAgent.relay(rtpPacket(CALLER_SSRC, 7, 900), null, 0);
  return { toCaller, toAgent, out };
}

const bytesOf = (packet: rtp.CompoundPacket): Buffer => {
  const bytes = new Uint8Array(packet.getByteLength());
  packet.serialize(bytes.buffer);
  return Buffer.from(bytes.buffer);
};

function report(toAgent: OutgoingStream, out: Buffer): Buffer {
  const sender = new rtp.SenderReportPacket();
  sender.setSsrc(AGENT_SSRC);
  sender.setRtpTimestamp(5_000 + 1_600);
  const about = new rtp.ReceptionReport();
  about.setSsrc(toAgent.ssrc);
  about.setHighestSeqNumber(out.readUInt16BE(2));
  sender.addReport(about);
  const who = new rtp.SdesPacket();
  const chunk = new rtp.SdesChunk();
  chunk.setSsrc(AGENT_SSRC);
  chunk.addItem(1, 'agent');
  who.addChunk(chunk);
  const compound = new rtp.CompoundPacket();
  compound.addPacket(sender);
  compound.addPacket(who);
  return bytesOf(compound);
}

test('a sender report of the agent reaches the caller in the numbers of the stream the caller hears', () => {
  const { toCaller, toAgent, out } = talking();
  const bytes = report(toAgent, out.agent);
  expect(shiftRtcp(bytes, toCaller, toAgent)).toBe(true);
  const [sender, who] = new rtp.CompoundPacket(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)).getPackets() as [rtp.SenderReportPacket, rtp.SdesPacket];
  expect(sender.getSsrc()).toBe(toCaller.ssrc);
  expect((sender.getRtpTimestamp() - out.caller.readUInt32BE(4)) >>> 0).toBe(1_600);
  expect(sender.getReports()[0]?.getSsrc()).toBe(CALLER_SSRC);
  expect((sender.getReports()[0]?.getHighestSeqNumber() ?? 0) & 0xffff).toBe(7);
  expect(who.getChunks()[0]?.getSsrc()).toBe(toCaller.ssrc);
});

test('a goodbye is not passed on: the stream goes on', () => {
  const { toCaller, toAgent } = talking();
  const bye = new rtp.ByePacket();
  bye.addSsrc(AGENT_SSRC);
  const compound = new rtp.CompoundPacket();
  compound.addPacket(bye);
  expect(shiftRtcp(bytesOf(compound), toCaller, toAgent)).toBe(false);
});

test('before anything was relayed there is nothing to be said of it', () => {
  const { toAgent, out } = talking();
  expect(shiftRtcp(report(toAgent, out.agent), new OutgoingStream(() => undefined), toAgent)).toBe(false);
});

test('garbage, and reports changed anywhere, throw nothing', () => {
  const { toCaller, toAgent, out } = talking();
  const whole = report(toAgent, out.agent);
  const changed = fc.record({ length: fc.nat(whole.length), at: fc.nat(whole.length - 1), byte: fc.nat(255) }).map(({ length, at, byte }) => {
    const bytes = Buffer.from(whole.subarray(0, length));
    if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });
  fc.assert(fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))), (bytes) => {
    expect(typeof shiftRtcp(bytes, toCaller, toAgent)).toBe('boolean');
  }), { numRuns: 1000 });
});
