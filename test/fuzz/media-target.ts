// Media: NG requests over both transports with damaged SDP in them, and RTP and RTCP into the ports they open.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { AudioFiles } from '../../engine/edge/media/audio-files';
import { writeBencode, type NgReply } from '../../engine/edge/media/bencode';
import { Commands } from '../../engine/edge/media/commands';
import { serveDatagrams, serveStream } from '../../engine/edge/media/ng-transport';
import { NoPortsLeft, type PortPair, type Received } from '../../engine/edge/media/port-pairs';
import { readParty, UnusableSdp, writeParty } from '../../engine/edge/media/sdp';
import { damage, oneOf, pieces, type Pick } from './random';
import { FakeSocket, turn, type Target } from './target';

const MOST_PAIRS = 200;
const SDPS = [
  'v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n',
  'v=0\r\no=- 2 2 IN IP6 ::1\r\ns=x\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\na=sendonly\r\nm=audio 5000 RTP/AVP 0\r\na=rtcp:5005\r\na=ptime:30\r\nm=video 6000 RTP/AVP 31\r\na=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\n',
  'v=0\r\no=- 3 3 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 0 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n',
] as const;
const SPLINTERS = [
  '\r\n', '\0', ' ', '=', ':', 'm=audio 1 RTP/AVP 8\r\n', 'c=IN IP4 1.2.3.4\r\n', 'a=rtpmap:8 ', 'a=', 'a=rtcp:', '-1', '65536', '9'.repeat(30), 'i-0e', 'e', 'd', 'l', 'i', '99999:', '0:', 'lllllllllllllllllllllllll', 'a=fmtp:', 'a=ssrc:1 ', 'a=simulcast:',
  'a=group:BUNDLE ', '__proto__', 'constructor', 'IN IP6 ', 'é', 'o=', 'v=1',
] as const;
const COMMANDS = ['offer', 'offer', 'offer', 'answer', 'delete', 'query', 'list', 'ping', 'play media', 'stop media', 'block media', 'unblock media', 'silence media', 'unsilence media', 'toString'] as const;

/** Half a second of sound that can be played. */
function wav(): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + 8_000, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(8_000, 40);
  return Buffer.concat([head, Buffer.alloc(8_000)]);
}

export function mediaTarget(): Target {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-media-'));
  writeFileSync(join(folder, 'tone.wav'), wav());
  const faults: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => { faults.push(line); } });
  const open = new Map<number, { readonly rtp: Received; readonly rtcp: Received }>();
  const ports = {
    take: async (rtp: Received, rtcp: Received): Promise<PortPair> => {
      let port = 10_000;
      while (open.has(port)) port += 2;
      if (open.size >= MOST_PAIRS) throw new NoPortsLeft('Ran out of ports');
      open.set(port, { rtp, rtcp });
      await Promise.resolve();
      const socket = (at: number) => ({ port: at, send: () => undefined, close: () => undefined });
      return { rtp: socket(port), rtcp: socket(port + 1), close: () => { open.delete(port); } };
    },
  };
  const commands = new Commands({
    ports: ports as never, files: new AudioFiles(folder, 1_000_000), address: '198.51.100.1', tell: (notice) => { writeBencode(notice); },
    failed: (fault) => { faults.push(fault instanceof Error ? fault.stack ?? fault.message : String(fault)); },
  });
  const datagrams = new FakeSocket();
  serveDatagrams(datagrams as never, (request) => commands.handle(request), log);
  let stream: FakeSocket | undefined;
  let cookies = 0;

  const ng = (pick: Pick): Buffer => {
    const sdp = damage(Buffer.from(oneOf(pick, SDPS)), pick, SPLINTERS).toString();
    const request: Record<string, NgReply> = {
      command: oneOf(pick, COMMANDS), 'call-id': `call-${pick(50)}`, 'from-tag': `tag-${pick(2)}`, sdp, file: join(folder, oneOf(pick, ['tone.wav', 'none.wav', '../x.wav'])), 'repeat-times': oneOf(pick, ['2', '0', '999999999999999']), 'start-pos': pick(9_000),
      flags: ['trust-address', ...(pick(4) === 0 ? ['asymmetric'] : [])],
    };
    if (pick(2) === 0) request['to-tag'] = `tag-${pick(3)}`;
    cookies += 1;
    const whole = Buffer.concat([Buffer.from(`c${cookies % 9_000} `), writeBencode(request)]);
    return pick(3) === 0 ? damage(whole, pick, SPLINTERS) : whole;
  };
  const packet = (pick: Pick, control: boolean): Buffer => {
    const bytes = Buffer.alloc(pick(6) === 0 ? pick(1_600) : control ? 28 + 24 * pick(4) : 172);
    for (let at = 0; at < Math.min(bytes.length, 64); at += 1) bytes[at] = pick(256);
    if (bytes.length > 4 && pick(8) > 0) {
      bytes[0] = 0x80 | (pick(4) === 0 ? pick(64) : 0);
      bytes[1] = control ? oneOf(pick, [200, 201, 202, 203, 204, 205]) : oneOf(pick, [8, 0, 101, 0x80 | 8, 0x80 | 101]);
      if (control) bytes.writeUInt16BE(pick(5) === 0 ? pick(65_536) : Math.max(0, bytes.length / 4 - 1) | 0, 2);
      // Few sources, so that some are believed.
      else if (bytes.length >= 12) bytes.writeUInt32BE(1 + pick(3), 8);
    }
    return bytes;
  };
  const played = (pick: Pick): void => {
    const all = [...open.values()];
    const pair = all[pick(all.length || 1)];
    if (!pair) return;
    const control = pick(3) === 0;
    const [address, port] = oneOf(pick, [['192.0.2.7', 4000], ['192.0.2.7', 4000], ['203.0.113.9', 1 + pick(65_535)]] as [[string, number], [string, number], [string, number]]);
    (control ? pair.rtcp : pair.rtp)(packet(pick, control), address, port);
  };
  return {
    name: 'media',
    feed: (pick) => {
      const kind = pick(8);
      if (kind < 4) played(pick);
      else if (kind === 4) {
        const sdp = damage(Buffer.from(oneOf(pick, SDPS)), pick, SPLINTERS).toString();
        try {
          readParty(sdp);
          writeParty(sdp, '198.51.100.1', 4000);
        } catch (fault) {
          if (!(fault instanceof UnusableSdp)) throw fault;
        }
      } else if (kind < 7) datagrams.emit('message', ng(pick), { address: '127.0.0.1', port: 40_000, family: 'IPv4', size: 0 });
      else {
        if (!stream || stream.destroyed) {
          stream = new FakeSocket();
          serveStream(stream as never, (request) => commands.handle(request), pino({ level: 'silent' }));
        }
        for (const piece of pieces(ng(pick), pick, 600)) stream.emit('data', piece);
        // A message that says it is longer than it is keeps the rest waiting: nobody else would come to an end.
        if (pick(20) === 0) stream.destroy();
      }
    },
    settle: turn,
    finish: async () => {
      stream?.destroy();
      for (let calls = 0; calls < 100 && (commands['busy'] as Map<string, unknown>).size > 0; calls += 1) await turn();
      commands.close();
      rmSync(folder, { recursive: true, force: true });
      return [...faults, ...(open.size > 0 ? [`media: ${open.size} port pairs are still held`] : []), ...(commands.list().length > 0 ? ['media: anchors are still held'] : [])];
    },
  };
}
