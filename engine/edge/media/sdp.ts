// Reads from an SDP what the relay must know of a party, and writes our address in place of theirs (RFC 4566, RFC 3264).
import { isIP } from 'node:net';
import { parse } from 'sdp-transform';
import { type G711 } from './g711';
import { type Endpoint } from './latch';

export class UnusableSdp extends Error {
  readonly code = 'UNUSABLE_SDP';
}

/** How one party takes part in the call. */
export interface Party {
  /** Null while it is on hold with the address 0.0.0.0 (RFC 2543) or its port is 0. */
  readonly rtp: Endpoint | null;
  readonly rtcp: Endpoint | null;
  /** Whether it wants to hear anything. */
  readonly receives: boolean;
  /** The first G.711 it names, which is what is played to it. */
  readonly codec: G711 | null;
  readonly payloadType: number;
  /** What it calls telephone events (RFC 4733); null when it knows none. */
  readonly eventsPayloadType: number | null;
  /** The session id of its o= line: with another one, another party stands in its place (RFC 4566 section 5.2). */
  readonly session: string;
}

const STATIC_NAMES: Readonly<Record<number, string>> = { 0: 'PCMU', 8: 'PCMA' };
const HEARS = new Set(['sendrecv', 'recvonly']);
const MOST_CHARACTERS = 32_768;

/** @throws UnusableSdp without an audio line in plain RTP to an address of numbers. */
export function readParty(sdp: string): Party {
  if (sdp.length > MOST_CHARACTERS || !/^v=0\s/.test(sdp)) throw new UnusableSdp('Failed to parse SDP');
  const session = parse(sdp);
  const audio = session.media.find(({ type }) => type === 'audio');
  if (!audio) throw new UnusableSdp('No audio in SDP');
  if (!/^RTP\/AVPF?$/.test(audio.protocol)) throw new UnusableSdp(`Unsupported transport ${audio.protocol}`);
  const host = (audio.connection ?? session.connection)?.ip ?? '';
  if (isIP(host) === 0) throw new UnusableSdp('SDP without an address of numbers');
  if (!Number.isInteger(audio.port) || audio.port < 0 || audio.port > 65535) throw new UnusableSdp('SDP with an impossible port');
  const silent = audio.port === 0 || host === '0.0.0.0' || host === '::';
  const rtcpPort = audio.rtcp?.port ?? audio.port + 1;
  const { codec, payloadType } = firstG711(audio.payloads, audio.rtp);
  return {
    rtp: silent ? null : { address: host, port: audio.port },
    rtcp: silent || rtcpPort < 1 || rtcpPort > 65535 ? null : { address: host, port: rtcpPort },
    receives: HEARS.has(audio.direction ?? session.direction ?? 'sendrecv'),
    codec,
    payloadType,
    eventsPayloadType: events(audio.payloads, audio.rtp),
    session: String(session.origin?.sessionId ?? ''),
  };
}

/** A line `a=rtpmap`; the library makes a number of a name that looks like one. */
interface RtpMap { readonly payload: number; readonly codec: string | number; readonly rate?: number }

function events(payloads: string | undefined, maps: readonly RtpMap[]): number | null {
  const map = maps.find(({ codec, rate }) => String(codec).toLowerCase() === 'telephone-event' && (rate ?? 8000) === 8000);
  return map && map.payload >= 0 && map.payload < 128 && String(payloads ?? '').split(' ').includes(String(map.payload)) ? map.payload : null;
}

function firstG711(payloads: string | undefined, maps: readonly RtpMap[]): { codec: G711 | null; payloadType: number } {
  for (const word of String(payloads ?? '').split(' ')) {
    const payloadType = Number(word);
    const map = maps.find(({ payload }) => payload === payloadType);
    const name = String(map?.codec ?? STATIC_NAMES[payloadType] ?? '').toUpperCase();
    if ((name === 'PCMA' || name === 'PCMU') && (map?.rate ?? 8000) === 8000 && payloadType >= 0 && payloadType < 128) return { codec: name, payloadType };
  }
  return { codec: null, payloadType: 0 };
}

/**
 * The SDP with our address and port for its first audio line. Every other media line is refused with port 0, and what belongs to
 * other ways of transport (ICE, RTCP on the same port) is left out.
 */
export function writeParty(sdp: string, address: string, port: number): string {
  const family = isIP(address) === 6 ? 'IP6' : 'IP4';
  let media: 'session' | 'audio' | 'refused' = 'session';
  const lines: string[] = [];
  for (const line of sdp.split(/\r\n|\n/)) {
    if (line === '') continue;
    if (line.startsWith('m=')) {
      if (media === 'audio') lines.push(`a=rtcp:${port + 1}`);
      const [kind, , ...rest] = line.slice(2).split(' ');
      media = kind === 'audio' && media === 'session' ? 'audio' : 'refused';
      lines.push(`m=${kind} ${media === 'audio' ? port : 0} ${rest.join(' ')}`);
    } else if (line.startsWith('c=')) lines.push(`c=IN ${family} ${address}`);
    else if (line.startsWith('o=')) lines.push(line.replace(/IN IP[46] \S+$/, `IN ${family} ${address}`));
    else if (!/^a=(rtcp|rtcp-mux|candidate|ice-\S+|end-of-candidates)(:|$)/.test(line)) lines.push(line);
  }
  if (media === 'audio') lines.push(`a=rtcp:${port + 1}`);
  return `${lines.join('\r\n')}\r\n`;
}
