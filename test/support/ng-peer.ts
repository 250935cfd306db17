// Speaks raw NG to a media server, over UDP or TCP, as a client that knows nothing of ours.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decode, encode } from 'bencode';

export type NgAnswer = Readonly<Record<string, unknown>>;

/** One datagram with this cookie, and the answer to it. */
export async function askOverUdp(port: number, request: Readonly<Record<string, unknown>>, cookie = `u${Math.random().toString(36).slice(2)}`): Promise<NgAnswer> {
  return (await askRaw(port, Buffer.concat([Buffer.from(`${cookie} `), encode(request)]), cookie)).answer;
}

/** Any bytes; resolves to what comes back under that cookie, asking again until something does. */
export async function askRaw(port: number, bytes: Buffer, cookie: string): Promise<{ readonly answer: NgAnswer; readonly from: number }> {
  const socket = createSocket('udp4');
  const answered = once(socket, 'message') as Promise<[Buffer, { port: number }]>;
  const send = (): void => socket.send(bytes, port, '127.0.0.1');
  const again = setInterval(send, 500);
  send();
  try {
    const [message, from] = await answered;
    const space = message.indexOf(' ');
    if (message.toString('latin1', 0, space) !== cookie) throw new Error('answered under another cookie');
    return { answer: decode(message.subarray(space + 1), 'utf8') as NgAnswer, from: from.port };
  } finally {
    clearInterval(again);
    socket.close();
  }
}

/** Writes these pieces one after another on one connection and resolves to everything that came back until `enough`, or until the server closed. */
export async function talkOverTcp(port: number, pieces: readonly Buffer[], enough: (received: string) => boolean): Promise<{ readonly received: string; readonly closed: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let closed = false;
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (enough(received)) resolve();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
      resolve();
    });
  });
  for (const piece of pieces) {
    await new Promise<void>((resolve) => { socket.write(piece, () => resolve()); });
    // The next piece is a segment of its own.
    await new Promise<void>((resolve) => { setImmediate(resolve); });
  }
  await done;
  socket.destroy();
  return { received, closed };
}
