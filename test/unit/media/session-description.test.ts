// SDP at both ends: what is understood of callers' offers, what is answered, and what is refused as nothing we can play to.
import fc from 'fast-check';
import { parse } from 'sdp-transform';
import { readParty, UnusableSdp, writeParty } from '../../../engine/edge/media/sdp';
import { compose, composeAnswer, describeParty, OUR_FORMATS, readRemote } from '../../../engine/media/session-description';
import { MediaFault } from '../../../engine/calls/ports';

const head = (address = '10.0.0.1'): string => `v=0\r\no=alice 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n`;
const PLAIN = `${head()}m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n`;
const OURS = { address: '192.0.2.1', port: 10_000 };
const ORIGIN = { sessionId: 5, version: 3 };

test.each<readonly [string, string, object]>([
  ['A-law first', PLAIN, { address: '10.0.0.1', port: 4000, direction: 'sendrecv', formats: [{ codec: 'PCMA', payloadType: 8, eventsPayloadType: 101 }, { codec: 'PCMU', payloadType: 0, eventsPayloadType: 101 }] }],
  ['static types without a map', `${head()}m=audio 4000 RTP/AVP 0 8\r\n`, { formats: [{ codec: 'PCMU', payloadType: 0, eventsPayloadType: null }, { codec: 'PCMA', payloadType: 8, eventsPayloadType: null }] }],
  ['a dynamic type for A-law, after codecs we do not know', `${head()}m=audio 4000 RTP/AVP 111 97\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:97 pcma/8000\r\n`, { formats: [{ codec: 'PCMA', payloadType: 97, eventsPayloadType: null }] }],
  ['events at another rate do not count', `${head()}m=audio 4000 RTP/AVP 8 101 100\r\na=rtpmap:101 telephone-event/48000\r\na=rtpmap:100 telephone-event/8000\r\n`, { formats: [{ codec: 'PCMA', payloadType: 8, eventsPayloadType: 100 }] }],
  ['the address of the media line', `${head()}m=audio 4000 RTP/AVP 8\r\nc=IN IP4 10.9.9.9\r\n`, { address: '10.9.9.9' }],
  ['hold by direction', `${head()}m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n`, { direction: 'sendonly' }],
  ['hold by direction for the whole session', `${head()}a=inactive\r\nm=audio 4000 RTP/AVP 8\r\n`, { direction: 'inactive' }],
  ['hold by the address 0.0.0.0', `${head('0.0.0.0')}m=audio 4000 RTP/AVP 8\r\n`, { direction: 'sendonly' }],
  ['audio behind video', `${head()}m=video 5000 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 8\r\n`, { port: 4000 }],
  ['audio behind audio that is refused', `${head()}m=audio 0 RTP/AVP 8\r\nm=audio 4000 RTP/AVP 8\r\n`, { port: 4000 }],
  ['IPv6', 'v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n', { address: '2001:db8::1' }],
])('%s: understood', (_what, sdp, expected) => {
  expect(readRemote(sdp)).toMatchObject(expected);
});

test.each<readonly [string, string]>([
  ['fax', `${head()}m=image 4000 udptl t38\r\n`],
  ['video only', `${head()}m=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n`],
  ['only codecs we do not know', `${head()}m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n`],
  ['A-law in name at another rate', `${head()}m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMA/16000\r\n`],
  ['encrypted only', `${head()}m=audio 4000 RTP/SAVP 8\r\n`],
  ['audio with port 0', `${head()}m=audio 0 RTP/AVP 8\r\n`],
  ['an address that is a name', `${head('phone.example.com')}m=audio 4000 RTP/AVP 8\r\n`],
  ['no address', 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n'],
  ['no media', head()],
  ['nothing', ''],
  ['no SDP', 'hello'],
  ['more than anybody says', `${PLAIN}${'a=x:y\r\n'.repeat(10_000)}`],
])('%s: unsupported', (_what, sdp) => {
  let fault: unknown = null;
  try {
    readRemote(sdp);
  } catch (thrown) {
    fault = thrown;
  }
  expect(fault).toMatchObject({ name: 'MediaFault', code: 'unsupported' });
});

test('an answer mirrors every media line in its order and takes one', () => {
  const offer = readRemote(`${head()}m=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\nm=audio 4000 RTP/AVPF 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\nm=audio 4002 RTP/AVP 8\r\nm=image 4004 udptl t38\r\n`);
  const [format] = offer.formats;
  if (!format) throw new Error('no format');
  const answer = composeAnswer(offer, OURS, format, ORIGIN);
  expect(answer.split('\r\n').filter((line) => line.startsWith('m='))).toEqual(['m=video 0 RTP/AVP 96', 'm=audio 10000 RTP/AVPF 0 101', 'm=audio 0 RTP/AVP 8', 'm=image 0 udptl t38']);
  expect(answer).toContain('o=- 5 3 IN IP4 192.0.2.1');
  expect(answer).toContain('a=rtpmap:0 PCMU/8000');
  expect(answer).toContain('a=fmtp:101 0-15');
});

test.each([['sendrecv', 'sendrecv'], ['sendonly', 'recvonly'], ['recvonly', 'sendonly'], ['inactive', 'inactive']])('an offer that is %s is answered %s (RFC 3264 section 6.1)', (offered, answered) => {
  const offer = readRemote(PLAIN.replace('sendrecv', offered));
  expect(parse(composeAnswer(offer, OURS, { codec: 'PCMA', payloadType: 8, eventsPayloadType: null }, ORIGIN)).media[0]?.direction).toBe(answered);
});

test('what the media server is told of a party, it understands as that party', () => {
  const offer = readRemote(PLAIN);
  expect(readParty(describeParty(offer, { codec: 'PCMU', payloadType: 0, eventsPayloadType: 101 }, 1))).toEqual({
    rtp: { address: '10.0.0.1', port: 4000 }, rtcp: { address: '10.0.0.1', port: 4001 }, receives: true, codec: 'PCMU', payloadType: 0, eventsPayloadType: 101, session: '1',
  });
  expect(readParty(describeParty({ ...offer, address: '0.0.0.0' }, { codec: 'PCMU', payloadType: 0, eventsPayloadType: null }, 1)).rtp).toBeNull();
});

test('our own offer names both codecs, and reads back as said', () => {
  expect(readRemote(compose(OURS, OUR_FORMATS, 'sendrecv', ORIGIN))).toMatchObject({ ...OURS, formats: OUR_FORMATS });
});

test('the media server puts its own address and port in place of theirs, and leaves out what is not for it', () => {
  const sdp = `${PLAIN}a=candidate:1 1 UDP 1 10.0.0.1 4000 typ host\r\na=ice-ufrag:x\r\na=rtcp-mux\r\na=rtcp:4001\r\nm=video 5000 RTP/AVP 96\r\n`;
  const written = writeParty(sdp, '192.0.2.1', 10_000);
  expect(written).not.toContain('10.0.0.1');
  expect(written).not.toMatch(/candidate|ice-|rtcp-mux/);
  expect(written.match(/a=rtcp:\d+/g)).toEqual(['a=rtcp:10001']);
  expect(written).toContain('m=video 0 RTP/AVP 96');
  expect(readParty(written).rtp).toEqual({ address: '192.0.2.1', port: 10_000 });
});

test('SDP with lines cut, doubled or scrambled is understood or refused at both ends, never more', () => {
  const lines = PLAIN.split('\r\n');
  const scrambled = fc.array(fc.oneof(fc.constantFrom(...lines), fc.string({ maxLength: 30 }), fc.constantFrom('m=audio', 'm=audio x RTP/AVP 8', 'a=rtpmap:8', 'a=rtcp:99999999', 'c=IN IP4', 'm=audio 4000 RTP/AVP', 'a=rtpmap:300 PCMA/8000')), { maxLength: 20 });
  fc.assert(fc.property(scrambled, (some) => {
    const sdp = `v=0\r\n${some.join('\r\n')}\r\n`;
    try {
      readRemote(sdp);
    } catch (fault) {
      expect(fault).toBeInstanceOf(MediaFault);
    }
    try {
      readParty(sdp);
      writeParty(sdp, '192.0.2.1', 10_000);
    } catch (fault) {
      expect(fault).toBeInstanceOf(UnusableSdp);
    }
  }), { numRuns: 1000 });
});
