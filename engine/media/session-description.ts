// Every SDP that callers and agents see is composed here: one audio line, one G.711 codec and telephone-event (RFC 4566, RFC 3264).
import { isIP } from 'node:net';
import { parse, type SessionDescription } from 'sdp-transform';
import { MediaFault } from '../calls/ports';

export type Codec = 'PCMA' | 'PCMU';
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface MediaAddress {
  readonly address: string;
  readonly port: number;
}

/** What one codec is called in a negotiation. */
export interface Format {
  readonly codec: Codec;
  readonly payloadType: number;
  /** RFC 4733; null where the other side does not know it. */
  readonly eventsPayloadType: number | null;
}

/** A party's SDP, as far as it concerns us. */
export interface RemoteDescription extends MediaAddress {
  /** Usable codecs in the party's order. */
  readonly formats: readonly Format[];
  /** As the party says it of itself. An address of 0.0.0.0 counts as not receiving (RFC 2543). */
  readonly direction: Direction;
  /** All media lines in their order, which an answer must mirror. */
  readonly lines: readonly { readonly type: string; readonly protocol: string; readonly payloads: string; readonly chosen: boolean }[];
}

/** Who we say we are in the o= line; the version rises with each change (RFC 3264 section 5). */
export interface Origin {
  readonly sessionId: number;
  readonly version: number;
}

const STATIC_CODECS: Readonly<Record<number, Codec>> = { 0: 'PCMU', 8: 'PCMA' };
const EVENTS_DEFAULT = 101;
const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
const OPPOSITE: Readonly<Record<Direction, Direction>> = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };
const MOST_CHARACTERS = 32_768;

/** What an offer of ours says before the other side has chosen. */
export const OUR_FORMATS: readonly Format[] = [
  { codec: 'PCMA', payloadType: 8, eventsPayloadType: EVENTS_DEFAULT },
  { codec: 'PCMU', payloadType: 0, eventsPayloadType: EVENTS_DEFAULT },
];

/** @throws MediaFault 'unsupported' without an audio line in plain RTP that knows A-law or µ-law: fax, video only, SRTP only. */
export function readRemote(sdp: string): RemoteDescription {
  const session = parseOrRefuse(sdp);
  const usable = session.media.map((media) => (isPlainAudio(media) ? formatsOf(media) : []));
  const chosen = usable.findIndex((formats) => formats.length > 0);
  const audio = session.media[chosen];
  const formats = usable[chosen];
  if (!audio || !formats) throw new MediaFault('unsupported', 'The SDP offers no audio in A-law or µ-law over plain RTP.');
  const address = (audio.connection ?? session.connection)?.ip ?? '';
  if (isIP(address) === 0) throw new MediaFault('unsupported', 'The SDP names no address that can be sent to.');
  const stated = DIRECTIONS.find((direction) => direction === (audio.direction ?? session.direction ?? 'sendrecv')) ?? 'sendrecv';
  const held = address === '0.0.0.0' || address === '::';
  return {
    address,
    port: audio.port,
    formats,
    direction: held ? (stated === 'sendrecv' || stated === 'sendonly' ? 'sendonly' : 'inactive') : stated,
    lines: session.media.map((media, index) => ({ type: media.type, protocol: media.protocol, payloads: media.payloads ?? '0', chosen: index === chosen })),
  };
}

const AUDIO_LINE = /^m=audio (\d{1,5}) /m;
const CONNECTION = /^c=IN IP[46] (\S+)\r?$/m;

/**
 * Our address in an SDP that the media server made of one we composed: one audio line, and one address for the session or for that line.
 * @throws MediaFault 'unsupported'
 */
export function readOurs(sdp: string): MediaAddress {
  const port = Number(AUDIO_LINE.exec(sdp)?.[1] ?? 0);
  const address = CONNECTION.exec(sdp.slice(sdp.indexOf('\nm=')))?.[1] ?? CONNECTION.exec(sdp)?.[1] ?? '';
  if (port < 1 || port > 65535 || isIP(address) === 0) throw new MediaFault('unsupported', 'The media server answered with an SDP that names no address or port.');
  return { address, port };
}

function parseOrRefuse(sdp: string): SessionDescription {
  if (sdp.length <= MOST_CHARACTERS && /^v=0\s/.test(sdp)) {
    const session = parse(sdp);
    if (Array.isArray(session.media)) return session;
  }
  throw new MediaFault('unsupported', 'The SDP cannot be read.');
}

type MediaLine = SessionDescription['media'][number];

const isPlainAudio = (media: MediaLine): boolean =>
  media.type === 'audio' && /^RTP\/AVPF?$/.test(media.protocol) && Number.isInteger(media.port) && media.port > 0 && media.port < 65536;

function formatsOf(media: MediaLine): Format[] {
  const listed = String(media.payloads ?? '').split(' ').map(Number).filter((type) => Number.isInteger(type) && type >= 0 && type < 128);
  const mapped = (type: number): string => {
    const map = media.rtp.find(({ payload }) => payload === type);
    return map ? `${map.codec.toLowerCase()}/${map.rate ?? 8000}` : `${STATIC_CODECS[type]?.toLowerCase() ?? ''}/8000`;
  };
  const eventsPayloadType = listed.find((type) => mapped(type) === 'telephone-event/8000') ?? null;
  const formats: Format[] = [];
  for (const payloadType of listed) {
    const codec = mapped(payloadType) === 'pcma/8000' ? 'PCMA' : mapped(payloadType) === 'pcmu/8000' ? 'PCMU' : null;
    if (codec) formats.push({ codec, payloadType, eventsPayloadType });
  }
  return formats;
}

/** The party's side of the call in the one codec that was chosen, which is all the media server is told of it. Another party, another session. */
export function describeParty(remote: RemoteDescription, format: Format, sessionId: number): string {
  return compose(remote, [format], remote.direction, { sessionId, version: 1 });
}

/** An SDP of ours: an offer, or the present state repeated. */
export function compose(where: MediaAddress, formats: readonly Format[], direction: Direction, origin: Origin): string {
  return head(where, origin) + audioLines(where.port, 'RTP/AVP', formats, direction);
}

/** Our answer: their media lines in their order, all but the chosen one refused (RFC 3264 section 6). */
export function composeAnswer(offer: RemoteDescription, where: MediaAddress, format: Format, origin: Origin): string {
  const lines = offer.lines.map(({ chosen, type, protocol, payloads }) => (chosen ? audioLines(where.port, protocol, [format], OPPOSITE[offer.direction]) : `m=${type} 0 ${protocol} ${payloads}\r\n`));
  return head(where, origin) + lines.join('');
}

/** Ours is written as the text it is: several times a call, and always these few lines. */
function head({ address }: MediaAddress, { sessionId, version }: Origin): string {
  const where = `IN IP${isIP(address) === 6 ? 6 : 4} ${address}`;
  return `v=0\r\no=- ${sessionId} ${version} ${where}\r\ns=-\r\nc=${where}\r\nt=0 0\r\n`;
}

function audioLines(port: number, protocol: string, formats: readonly Format[], direction: Direction): string {
  const events = formats.find(({ eventsPayloadType }) => eventsPayloadType !== null)?.eventsPayloadType ?? null;
  let [payloads, maps] = ['', ''];
  for (const { codec, payloadType } of formats) {
    payloads += ` ${payloadType}`;
    maps += `a=rtpmap:${payloadType} ${codec}/8000\r\n`;
  }
  if (events !== null) {
    payloads += ` ${events}`;
    maps += `a=rtpmap:${events} telephone-event/8000\r\na=fmtp:${events} 0-15\r\n`;
  }
  return `m=audio ${port} ${protocol}${payloads}\r\n${maps}a=ptime:20\r\na=${direction}\r\n`;
}
