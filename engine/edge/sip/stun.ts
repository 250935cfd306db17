// STUN on the port of SIP: a phone behind a NAT keeps its mapping open by asking from which address it is seen (RFC 5626 §4.4.2, RFC 5389).
import { isIPv4 } from 'node:net';

const MAGIC = 0x2112_a442;
const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const FAMILY_IPV4 = 0x01;

/** Whether this is STUN, if anything: a request or indication begins with a byte below 2, which no SIP message does. */
export const mayBeStun = (data: Buffer): boolean => data.length >= HEADER_BYTES && (data[0] ?? 0xff) < 2;

/** The answer to a Binding request that came from there; undefined for whatever is none, which gets no answer. */
export function stunAnswer(data: Buffer, address: string, port: number): Buffer | undefined {
  if (data.length < HEADER_BYTES || data.readUInt16BE(0) !== BINDING_REQUEST || data.readUInt32BE(4) !== MAGIC) return undefined;
  if (data.readUInt16BE(2) + HEADER_BYTES !== data.length || data.length % 4 !== 0 || !isIPv4(address)) return undefined;
  const answer = Buffer.alloc(HEADER_BYTES + 12);
  answer.writeUInt16BE(BINDING_SUCCESS, 0);
  answer.writeUInt16BE(12, 2);
  // The cookie and the transaction id come back as they were.
  data.copy(answer, 4, 4, HEADER_BYTES);
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER_BYTES);
  answer.writeUInt16BE(8, HEADER_BYTES + 2);
  answer.writeUInt8(FAMILY_IPV4, HEADER_BYTES + 5);
  answer.writeUInt16BE(port ^ (MAGIC >>> 16), HEADER_BYTES + 6);
  const seen = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  answer.writeUInt32BE((seen ^ MAGIC) >>> 0, HEADER_BYTES + 8);
  return answer;
}
