// The NG commands, one handler each, with the keys, meanings and reasons of rtpengine 10.5.
import { type AudioFiles } from './audio-files';
import { Anchor, type Side } from './anchor';
import { type NgDictionary, type NgReply } from './bencode';
import { type KeyPress } from './key-presses';
import { type AnchorInfo } from './media-work';
import { listLimit, number, Refused, required, text } from './ng-request';
import { PlayClock } from './play-clock';
import { NoPortsLeft, type PortPairs } from './port-pairs';
import { readParty, UnusableSdp, writeParty, type Party } from './sdp';
import { UnplayableWav } from './wav';

type Handler = (request: NgDictionary) => Promise<NgReply> | NgReply;

export interface CommandOptions {
  readonly ports: PortPairs;
  readonly files: AudioFiles;
  /** Stands in the SDP we write. */
  readonly address: string;
  /** Says to every NG client over TCP what none of them asked. */
  readonly tell: (notice: NgReply) => void;
  /** A request failed in a way nobody thought of. */
  readonly failed: (fault: unknown, callId: string | undefined) => void;
  /** Something that was played to this call came to its end by itself. */
  readonly ended?: (callId: string) => void;
}

export class Commands {
  private readonly anchors = new Map<string, Anchor>();
  private readonly clock = new PlayClock();
  /** What is being done for a call; the next request for the same call waits for it. */
  private readonly busy = new Map<string, Promise<unknown>>();
  private closed = false;

  private readonly handlers: Readonly<Record<string, Handler>> = {
    ping: () => ({ result: 'pong' }),
    offer: (request) => this.offer(request),
    answer: (request) => this.answer(request),
    delete: (request) => this.delete(request),
    query: (request) => this.query(request),
    list: (request) => ({ result: 'ok', calls: [...this.anchors.keys()].slice(0, listLimit(request)) }),
    'play media': (request) => this.play(request),
    'stop media': (request) => this.each(request, (side) => {
      if (!side.hasPlayed) throw new Refused('Not currently playing media');
      side.stop();
    }),
    'block media': (request) => this.block(request, true),
    'unblock media': (request) => this.block(request, false),
    'silence media': (request) => this.each(request, (side) => { side.silenced = true; }),
    'unsilence media': (request) => this.each(request, (side) => { side.silenced = false; }),
  };

  constructor(private readonly options: CommandOptions) {}

  /** Never rejects. Requests for one call are carried out in the order in which they came. */
  async handle(request: NgDictionary): Promise<NgReply> {
    const callId = text(request, 'call-id') ?? '';
    const before = this.busy.get(callId);
    const done = before && callId ? before.then(() => this.perform(request)) : this.perform(request);
    if (callId) {
      this.busy.set(callId, done);
      void done.then(() => { if (this.busy.get(callId) === done) this.busy.delete(callId); });
    }
    return done;
  }

  /** What the inventory says of one call's anchor; null when there is none. */
  anchor(callId: string): AnchorInfo | null {
    const anchor = this.anchors.get(callId);
    return anchor ? told(anchor) : null;
  }

  list(): AnchorInfo[] {
    return [...this.anchors.values()].map(told);
  }

  close(): void {
    this.closed = true;
    for (const callId of [...this.anchors.keys()]) this.forget(callId);
  }

  /** False when there was none. */
  private forget(callId: string): boolean {
    const anchor = this.anchors.get(callId);
    anchor?.close();
    return this.anchors.delete(callId);
  }

  private async perform(request: NgDictionary): Promise<NgReply> {
    try {
      const command = text(request, 'command');
      if (command === undefined) throw new Refused('Dictionary contains no key "command"');
      const handler = Object.hasOwn(this.handlers, command) ? this.handlers[command] : undefined;
      if (!handler) throw new Refused('Unrecognized command');
      return await handler(request);
    } catch (fault) {
      const expected = fault instanceof Refused || fault instanceof UnusableSdp || fault instanceof NoPortsLeft || fault instanceof UnplayableWav;
      if (!expected) this.options.failed(fault, text(request, 'call-id'));
      return { result: 'error', 'error-reason': expected && fault instanceof Error ? fault.message : 'Internal error' };
    }
  }

  /** A new call from `from-tag`, or a new offer inside a call from either side. The SDP that comes back faces the other side. */
  private async offer(request: NgDictionary): Promise<NgReply> {
    const sdp = required(request, 'sdp', 'No SDP body in message');
    const callId = required(request, 'call-id', 'No call-id in message');
    const tag = required(request, 'from-tag', 'No from-tag in message');
    const party = readParty(sdp);
    const anchor = this.anchors.get(callId) ?? await this.open(callId, tag);
    const side = sideFor(anchor, tag);
    const toTag = text(request, 'to-tag');
    const across = anchor.across(side);
    if (toTag !== undefined) name(across, toTag);
    return this.negotiated(anchor, side, party, request);
  }

  /** `from-tag` is whoever made the offer; the SDP is the other's, and the one that comes back faces the offerer. */
  private answer(request: NgDictionary): NgReply {
    const sdp = required(request, 'sdp', 'No SDP body in message');
    const anchor = this.known(request, 'Unknown call-id');
    const offerer = anchor.side(required(request, 'from-tag', 'No from-tag in message'));
    const toTag = required(request, 'to-tag', 'No to-tag in message');
    if (!offerer) throw new Refused('From-tag given, but no such tag exists');
    const party = readParty(sdp);
    const side = anchor.across(offerer);
    name(side, toTag);
    return this.negotiated(anchor, side, party, request);
  }

  private negotiated(anchor: Anchor, side: Side, party: Party, request: NgDictionary): NgReply {
    anchor.lastSignalMs = Date.now();
    const flags = request.get('flags');
    side.negotiate(party, Array.isArray(flags) && flags.includes('asymmetric'));
    return { result: 'ok', sdp: writeParty(text(request, 'sdp') ?? '', this.options.address, anchor.across(side).port) };
  }

  private async open(callId: string, tag: string): Promise<Anchor> {
    const { ports, tell, ended } = this.options;
    const anchor = await Anchor.open(callId, ports, this.clock, {
      keyHeard: (on, side, press, address) => tell(keyNotice(on, side, press, address)),
      ended: () => ended?.(callId),
    });
    if (this.closed) {
      anchor.close();
      throw new Refused('Shutting down');
    }
    name(anchor.sides[0], tag);
    this.anchors.set(callId, anchor);
    return anchor;
  }

  private delete(request: NgDictionary): NgReply {
    const callId = required(request, 'call-id', 'No call-id in message');
    return this.forget(callId) ? { result: 'ok' } : { result: 'ok', warning: "Call-ID not found or tags didn't match" };
  }

  private async play(request: NgDictionary): Promise<NgReply> {
    const path = required(request, 'file', 'No media file specified');
    const sides = selected(this.known(request, 'Unknown call-ID'), request);
    const passes = Math.max(1, number(request, 'repeat-times', 1));
    let durationMs = 0;
    for (const side of sides) {
      const codec = side.party?.codec;
      if (!codec) throw new Refused('No suitable codec to play media with');
      const audio = await this.options.files.load(path, codec);
      side.play(audio, passes, number(request, 'start-pos', 0));
      durationMs = audio.durationMs;
    }
    return { result: 'ok', duration: durationMs };
  }

  private each(request: NgDictionary, act: (side: Side) => void): NgReply {
    for (const side of selected(this.known(request, 'Unknown call-ID'), request)) act(side);
    return { result: 'ok' };
  }

  private block(request: NgDictionary, blocked: boolean): NgReply {
    const whole = text(request, 'from-tag') === undefined;
    return this.each(request, (side) => {
      if (whole) side.blockedWithCall = blocked;
      else side.blocked = blocked;
    });
  }

  private query(request: NgDictionary): NgReply {
    const anchor = this.known(request, 'Unknown call-id');
    const tags: Record<string, NgReply> = {};
    const totals = { packets: 0, bytes: 0, errors: 0 };
    for (const side of anchor.sides) {
      totals.packets += side.received.packets;
      totals.bytes += side.received.bytes;
      totals.errors += side.received.errors;
      if (side.tag === null) continue;
      const endpoint = side.latch.destination;
      tags[side.tag] = {
        tag: side.tag,
        medias: [{
          index: 1, type: 'audio', protocol: 'RTP/AVP',
          streams: [{
            'local port': side.port, 'local address': this.options.address,
            ...(endpoint ? { endpoint: { family: endpoint.address.includes(':') ? 'IPv6' : 'IPv4', address: endpoint.address, port: endpoint.port } } : {}),
            stats: side.received,
          }],
        }],
      };
    }
    const seconds = (ms: number): number => Math.floor(ms / 1000);
    return { result: 'ok', created: seconds(anchor.createdAtMs), 'last signal': seconds(anchor.lastSignalMs), tags, totals: { RTP: totals } };
  }

  private known(request: NgDictionary, reason: string): Anchor {
    const anchor = this.anchors.get(text(request, 'call-id') ?? '');
    if (!anchor) throw new Refused(reason);
    return anchor;
  }
}

const told = ({ callId, createdAtMs, sides }: Anchor): AnchorInfo => ({
  callId, createdAtMs, playing: sides.some((side) => side.isPlaying), ports: sides.map((side) => side.port),
});

/** What rtpengine says with `--dtmf-log-ng-tcp`; it says so when the key is let go, we when it is pressed, so that a prompt ends at once. */
function keyNotice(anchor: Anchor, side: Side, { event, volume, duration }: KeyPress, address: string): NgReply {
  return {
    notify: 'onDTMF',
    data: {
      callid: anchor.callId,
      source_tag: side.tag ?? '',
      tags: anchor.sides.flatMap(({ tag }) => tag ?? []),
      type: 'DTMF',
      source_ip: address,
      timestamp: Math.floor(Date.now() / 1000),
      event,
      duration: Math.floor(duration / SAMPLES_PER_MS),
      volume,
    },
  };
}

const SAMPLES_PER_MS = 8;

/** The side of a tag; a tag not heard of yet names the side that has none. */
function sideFor(anchor: Anchor, tag: string): Side {
  const side = anchor.side(tag) ?? anchor.sides.find((candidate) => candidate.tag === null);
  if (!side) throw new Refused('A call has two sides here, and both have other tags');
  side.tag = tag;
  return side;
}

function name(side: Side, tag: string): void {
  if (side.tag !== null && side.tag !== tag) throw new Refused('A call has two sides here, and both have other tags');
  side.tag = tag;
}

/** The side of `from-tag`, or both sides when there is none. */
function selected(anchor: Anchor, request: NgDictionary): readonly Side[] {
  const tag = text(request, 'from-tag');
  if (tag === undefined) return anchor.sides.filter((side) => side.party !== null);
  const side = anchor.side(tag);
  if (!side) throw new Refused('From-tag given, but no such tag exists');
  return [side];
}
