// Carries NG messages, `cookie bencode`, over UDP datagrams and TCP streams on one address and port (rtpengine NG protocol).
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net';
import { type Logger } from '../../../storage/process/log';
import { mayControl, Networks } from '../networks';
import { MalformedBencode, readBencode, writeBencode, type NgDictionary, type NgReply } from './bencode';

/** Answers one request. It must not reject: whatever goes wrong is an answer with `result: error`. */
export type NgHandler = (request: NgDictionary) => Promise<NgReply>;

export interface NgTransport {
  readonly port: number;
  /** Says something to everyone who is connected over TCP, under a cookie nobody asked with. */
  tell(notice: NgReply): void;
  /** Ends every TCP connection: whoever connects anew asks what there is. */
  disconnect(): void;
  close(): Promise<void>;
}

const LARGEST_MESSAGE = 256 * 1024;
const LONGEST_COOKIE = 256;
const REPLAY_MS = 10_000;
const LARGEST_REPLAY = 20_000;
/** Bytes that wait for a client who does not read; more is not told to it. */
const MOST_UNREAD = 1024 * 1024;
const SPACE = 0x20;

/** Listens on both transports, for this machine and for who is `allowed`: the protocol knows no secret. @throws the listen error. */
export async function listenNg(address: string, port: number, handle: NgHandler, log: Logger, allowed = new Networks([])): Promise<NgTransport> {
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    if (!mayControl(allowed, socket.remoteAddress, socket.localAddress)) {
      log.warn({ source: socket.remoteAddress }, 'a connection to the NG port was refused: its address is not in CONTROL_SOURCES');
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveStream(socket, handle, log);
  });
  await listenTcp(tcp, address, port);
  const chosen = (tcp.address() as AddressInfo).port;
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    await bindUdp(udp, address, chosen);
  } catch (fault) {
    await closeTcp(tcp, connections);
    throw fault;
  }
  tcp.on('error', (error) => log.warn({ err: error }, 'NG over TCP met an error'));
  udp.on('error', (error) => log.warn({ err: error }, 'NG over UDP met an error'));
  serveDatagrams(udp, handle, log, (from) => mayControl(allowed, from, address));
  return {
    port: chosen,
    tell: (notice) => {
      const message = envelope(randomBytes(8).toString('hex'), notice);
      for (const socket of connections) if (socket.writable && socket.writableLength < MOST_UNREAD) socket.write(message);
    },
    disconnect: () => { for (const socket of connections) socket.destroy(); },
    close: async () => {
      await Promise.all([new Promise<void>((resolve) => { udp.close(() => resolve()); }), closeTcp(tcp, connections)]);
    },
  };
}

/** A request that comes twice, because its answer was lost, is answered from memory and carried out once. */
class Replays {
  private readonly answers = new Map<string, { readonly answer: Promise<Buffer>; readonly untilMs: number }>();

  once(key: string, nowMs: number, answer: () => Promise<Buffer>): Promise<Buffer> {
    for (const [old, { untilMs }] of this.answers) {
      if (untilMs > nowMs && this.answers.size < LARGEST_REPLAY) break;
      this.answers.delete(old);
    }
    const known = this.answers.get(key);
    if (known) return known.answer;
    const made = answer();
    this.answers.set(key, { answer: made, untilMs: nowMs + REPLAY_MS });
    return made;
  }
}

/** Answers what comes from addresses that may ask. */
export function serveDatagrams(udp: UdpSocket, handle: NgHandler, log: Logger, mayAsk: (address: string) => boolean = () => true): void {
  const replays = new Replays();
  udp.on('message', (message: Buffer, from: RemoteInfo) => {
    const space = message.indexOf(SPACE);
    if (space < 1 || space > LONGEST_COOKIE || !mayAsk(from.address)) return;
    const cookie = message.toString('latin1', 0, space);
    const answered = replays.once(`${from.address} ${from.port} ${cookie}`, performance.now(), async () => {
      let request: NgDictionary | null = null;
      try {
        request = dictionary(readBencode(message, space + 1)?.value);
      } catch (fault) {
        if (!(fault instanceof MalformedBencode)) throw fault;
      }
      return envelope(cookie, request ? await handle(request) : NOT_A_DICTIONARY);
    });
    answered.then((answer) => { udp.send(answer, from.port, from.address, (error) => { if (error) log.debug({ err: error }, 'an NG answer could not be sent'); }); })
      .catch((fault: unknown) => log.error({ err: fault }, 'an NG request broke its handler'));
  });
}

/** Messages may arrive together or in pieces. A stream that stops making sense is closed: there is no way to find the next message. */
export function serveStream(socket: Socket, handle: NgHandler, log: Logger): void {
  let pending: Buffer = Buffer.alloc(0);
  const answering = new Set<Promise<void>>();
  socket.setNoDelay(true);
  socket.on('error', (error) => log.debug({ err: error }, 'an NG connection met an error'));
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    try {
      for (let next = takeMessage(pending); next; next = takeMessage(pending)) {
        pending = pending.subarray(next.end);
        const { cookie, request } = next;
        const answered: Promise<void> = handle(request)
          .then((answer) => { if (socket.writable) writeSoon(socket, envelope(cookie, answer)); })
          .catch((fault: unknown) => log.error({ err: fault }, 'an NG request broke its handler'))
          .finally(() => answering.delete(answered));
        answering.add(answered);
      }
    } catch (fault) {
      log.warn({ err: fault, peer: socket.remoteAddress }, 'an NG connection sent what is no message and is closed');
      socket.removeAllListeners('data').resume();
      void Promise.all(answering).then(() => socket.destroySoon());
    }
  });
}

/** What is answered in one turn of the event loop leaves in one piece. */
function writeSoon(socket: Socket, message: Buffer): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    setImmediate(() => { socket.uncork(); });
  }
  socket.write(message);
}

/** @throws MalformedBencode */
function takeMessage(data: Buffer): { readonly cookie: string; readonly request: NgDictionary; readonly end: number } | null {
  const space = data.indexOf(SPACE);
  if (space === 0 || space > LONGEST_COOKIE || (space < 0 && data.length > LONGEST_COOKIE)) throw new MalformedBencode('no cookie');
  if (space < 0) return null;
  const read = readBencode(data, space + 1);
  if (!read) {
    if (data.length > LARGEST_MESSAGE) throw new MalformedBencode('larger than any message');
    return null;
  }
  const request = dictionary(read.value);
  if (!request) throw new MalformedBencode('not a dictionary');
  return { cookie: data.toString('latin1', 0, space).trimStart(), request, end: read.end };
}

const NOT_A_DICTIONARY: NgReply = { result: 'error', 'error-reason': 'Could not decode bencode dictionary' };

const dictionary = (value: unknown): NgDictionary | null => (value instanceof Map ? (value as NgDictionary) : null);

const envelope = (cookie: string, answer: NgReply): Buffer => Buffer.concat([Buffer.from(`${cookie} `, 'latin1'), writeBencode(answer)]);

function listenTcp(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => { server.off('error', reject); resolve(); });
  });
}

function bindUdp(socket: UdpSocket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => { socket.off('error', reject); resolve(); });
  });
}

function closeTcp(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const connection of connections) connection.destroy();
  });
}
