// One listener's stream over all changes of source: one SSRC, sequence numbers without a gap, and a timestamp that only goes forward.
import { packets as rtp } from 'rtp.js';
import fc from 'fast-check';
import { type EncodedAudio } from '../../../engine/edge/media/audio-files';
import { OutgoingStream } from '../../../engine/edge/media/outgoing-stream';

const audio = (length: number): EncodedAudio => ({ codec: 'PCMA', payload: Buffer.from(Uint8Array.from({ length }, (_, index) => index & 0xff)), durationMs: length / 8 });

function listener(): { readonly stream: OutgoingStream; readonly sent: rtp.RtpPacket[] } {
  const sent: rtp.RtpPacket[] = [];
  const stream = new OutgoingStream((packet) => {
    const copy = Uint8Array.from(packet);
    sent.push(new rtp.RtpPacket(new DataView(copy.buffer)));
  });
  return { stream, sent };
}

function packet(ssrc: number, sequence: number, timestamp: number): Buffer {
  const bytes = Buffer.alloc(172, 0x55);
  bytes.writeUInt16BE(0x8008, 0);
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(ssrc, 8);
  return bytes;
}

const payload = (one: rtp.RtpPacket): Buffer => {
  const view = one.getPayload();
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
};

test('a frame that reaches over the end goes on at the beginning when it wraps', () => {
  const { stream, sent } = listener();
  stream.playFrame(audio(200), 100, true, 8, true, 0, 0);
  expect([...payload(sent[0] as rtp.RtpPacket)]).toEqual([...Array.from({ length: 100 }, (_, index) => 100 + index), ...Array.from({ length: 60 }, (_, index) => index)]);
});

test('a file shorter than a frame is wrapped as often as it takes', () => {
  const { stream, sent } = listener();
  stream.playFrame(audio(7), 5, true, 8, true, 0, 0);
  expect([...payload(sent[0] as rtp.RtpPacket)]).toEqual(Array.from({ length: 160 }, (_, index) => (5 + index) % 7));
});

test('the last frame is filled up with silence when it does not wrap', () => {
  const { stream, sent } = listener();
  stream.playFrame(audio(200), 100, false, 8, true, 0, 0);
  expect([...payload(sent[0] as rtp.RtpPacket).subarray(100)]).toEqual(new Array(60).fill(0xd5));
});

test('frames that were skipped show in the timestamp, not in the sequence', () => {
  const { stream, sent } = listener();
  stream.playFrame(audio(1000), 0, true, 8, true, 0, 0);
  stream.playFrame(audio(1000), 0, true, 8, false, 6, 140);
  expect(((sent[1]?.getTimestamp() ?? 0) - (sent[0]?.getTimestamp() ?? 0)) >>> 0).toBe(7 * 160);
  expect(((sent[1]?.getSequenceNumber() ?? 0) - (sent[0]?.getSequenceNumber() ?? 0)) & 0xffff).toBe(1);
});

test('packets that come out of order keep their order in our numbers', () => {
  const { stream, sent } = listener();
  for (const sequence of [65534, 0, 65535, 1]) stream.relay(packet(7, sequence, sequence === 0 ? 480 : 160), null, 0);
  const first = sent[0]?.getSequenceNumber() ?? 0;
  expect(sent.map((one) => (one.getSequenceNumber() - first) & 0xffff)).toEqual([0, 2, 1, 3]);
});

test('a silenced source is heard as silence', () => {
  const { stream, sent } = listener();
  stream.relay(packet(7, 1, 1), 'PCMU', 0);
  expect([...payload(sent[0] as rtp.RtpPacket)]).toEqual(new Array(160).fill(0xff));
});

test('whatever follows whatever: one SSRC, no gap, time forward, a marker where the source changes', () => {
  const source = fc.record({ kind: fc.constantFrom('file', 'phone'), ssrc: fc.integer({ min: 1, max: 4 }), start: fc.nat(0xffff), stamp: fc.nat(0xffffffff), frames: fc.integer({ min: 1, max: 6 }), pauseMs: fc.integer({ min: 0, max: 500 }) });
  fc.assert(fc.property(fc.array(source, { minLength: 1, maxLength: 8 }), (sources) => {
    const { stream, sent } = listener();
    let nowMs = 0;
    let last = '';
    const changes: boolean[] = [];
    sources.forEach(({ kind, ssrc, start, stamp, frames, pauseMs }, turn) => {
      nowMs += pauseMs;
      // Each turn of a phone is another phone: the same one would go on where it was.
      const name = kind === 'file' ? `file ${turn}` : `phone ${ssrc + turn * 10}`;
      for (let frame = 0; frame < frames; frame += 1, nowMs += 20) {
        if (kind === 'file') stream.playFrame(audio(1000), frame * 160, true, 8, frame === 0, 0, nowMs);
        else stream.relay(packet(ssrc + turn * 10, start + frame, stamp + frame * 160), null, nowMs);
        changes.push(name !== last);
        last = name;
      }
    });
    expect(new Set(sent.map((one) => one.getSsrc()))).toEqual(new Set([stream.ssrc]));
    expect(sent.map((one) => one.getMarker())).toEqual(changes);
    for (let index = 1; index < sent.length; index += 1) {
      const [before, after] = [sent[index - 1] as rtp.RtpPacket, sent[index] as rtp.RtpPacket];
      expect((after.getSequenceNumber() - before.getSequenceNumber()) & 0xffff).toBe(1);
      const step = (after.getTimestamp() - before.getTimestamp()) >>> 0;
      expect(step).toBeGreaterThanOrEqual(160);
      expect(step).toBeLessThan(8 * 600);
    }
  }));
});
