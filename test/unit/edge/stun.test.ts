// Keep-alives of phones behind a NAT: the request is answered with the address it came from, and nothing else is answered at all.
import { mayBeStun, stunAnswer } from '../../../engine/edge/sip/stun';

const TRANSACTION = 'b7e7a701bc34d686fa87dfae';
const request = (type = '0001', length = '0000', magic = '2112a442', attributes = ''): Buffer => Buffer.from(`${type}${length}${magic}${TRANSACTION}${attributes}`, 'hex');

test('the answer has the address in RFC 5769\'s sample: 192.0.2.1, port 32853', () => {
  const answer = stunAnswer(request(), '192.0.2.1', 32_853);
  expect(answer?.toString('hex')).toBe(`0101000c2112a442${TRANSACTION}002000080001a147e112a643`);
});

test('attributes, as a phone adds its name, change nothing', () => {
  expect(stunAnswer(request('0001', '0008', '2112a442', '8022000474657374'), '192.0.2.1', 32_853)?.length).toBe(32);
});

test.each([
  ['an answer', request('0101')], ['an indication', request('0011')], ['another cookie', request('0001', '0000', '2112a443')], ['a length that is not so', request('0001', '0004')], ['a length that is no multiple of four', request('0001', '0001', '2112a442', '00')], ['too little', Buffer.from([0, 1])],
])('%s gets nothing', (_title, data) => {
  expect(stunAnswer(data, '192.0.2.1', 5060)).toBeUndefined();
});

test('SIP and its keep-alives are not taken for STUN', () => {
  expect(['INVITE sip:x@y SIP/2.0\r\n', '\r\n\r\n', '\r\n'.repeat(20), 'SIP/2.0 200 OK and more'].map((text) => mayBeStun(Buffer.from(text)))).toEqual([false, false, false, false]);
  expect(mayBeStun(request())).toBe(true);
});
