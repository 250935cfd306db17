// The engine's NG connection against a server that misbehaves: slow, split, broken, frozen, gone and back.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { encode } from 'bencode';
import fc from 'fast-check';
import { readBencode, type NgDictionary } from '../../../engine/edge/media/bencode';
import { NgClient, type KeyEvent } from '../../../engine/media/ng-client';
import { silentLog } from '../../support/media-servers';

/** A media server made of one function: what to do with each request. */
class FakeServer {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  port = 0;
  connections = 0;

  constructor(private readonly act: (cookie: string, request: Record<string, unknown>, socket: Socket) => void) {}

  async listen(): Promise<this> {
    this.server = createServer((socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      let pending = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        for (;;) {
          const space = pending.indexOf(' ');
          const read = space < 0 ? null : readBencode(pending, space + 1);
          if (!read) return;
          const cookie = pending.toString('latin1', 0, space);
          pending = pending.subarray(read.end);
          this.act(cookie, Object.fromEntries(read.value as NgDictionary), socket);
        }
      });
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  drop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    this.drop();
    await closed;
  }
}

const answer = (cookie: string, body: unknown): Buffer => Buffer.concat([Buffer.from(`${cookie} `), encode(body)]);
const pong = { result: 'pong' };

async function withServer(
  act: (cookie: string, request: Record<string, unknown>, socket: Socket) => void,
  body: (client: NgClient, server: FakeServer) => Promise<void>,
  onKeyEvent: (event: KeyEvent) => void = () => undefined,
): Promise<void> {
  const server = await new FakeServer(act).listen();
  const client = new NgClient({ host: '127.0.0.1', port: server.port, log: silentLog, onKeyEvent });
  try {
    await body(client, server);
  } finally {
    await client.close();
    await server.close();
  }
}

test('answers that come in any order, together and in pieces each reach whoever asked', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }), fc.boolean(), async (count, cuts, backwards) => {
    const answers: Buffer[] = [];
    await withServer((cookie, request, socket) => {
      if (request['command'] === 'ping') return;
      answers.push(answer(cookie, { result: 'ok', sdp: String(request['sdp']) }));
      if (answers.length < count) return;
      const stream = Buffer.concat(backwards ? answers.reverse() : answers);
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        socket.write(stream.subarray(at, at + size));
        at += size;
      }
    }, async (client) => {
      const replies = await Promise.all(Array.from({ length: count }, (_, index) => client.request('offer', { sdp: `sdp ${index}` }, 5_000)));
      expect(replies.map(({ sdp }) => sdp)).toEqual(Array.from({ length: count }, (_, index) => `sdp ${index}`));
    });
  }), { numRuns: 15 });
});

/** As rtpengine 10.5 sends it, its keys in its own order. */
const notice = (event: number): Buffer => Buffer.from(`0123456789abcdef d6:notify6:onDTMF4:datad4:tagsl5:queue6:callere6:callid2:c110:source_tag6:caller4:type4:DTMF9:source_ip9:127.0.0.19:timestampi1795465537e5:eventi${event}e8:durationi120e6:volumei10eee`);

test('keys that are told between answers, together with them and in pieces: no answer is lost, and every key is told in order', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom('key', 'answer'), { minLength: 1, maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 }), async (order, cuts) => {
    const wanted = order.filter((kind) => kind === 'answer').length + 1;
    const cookies: string[] = [];
    const heard: KeyEvent[] = [];
    await withServer((cookie, request, socket) => {
      if (request['command'] === 'ping') return;
      cookies.push(cookie);
      if (cookies.length < wanted) return;
      let [answered, told] = [0, 0];
      const stream = Buffer.concat([...order, 'answer' as const].map((kind) => (kind === 'key' ? notice((told += 1) % 16) : answer(cookies[(answered += 1) - 1] ?? '', { result: 'ok' }))));
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        socket.write(stream.subarray(at, at + size));
        at += size;
      }
    }, async (client) => {
      await Promise.all(Array.from({ length: wanted }, () => client.request('play media', {}, 5_000)));
      expect(heard).toEqual(order.filter((kind) => kind === 'key').map((_, index) => ({ callId: 'c1', tag: 'caller', event: (index + 1) % 16 })));
    }, (event) => heard.push(event));
  }), { numRuns: 30 });
});

test.each([
  ['another kind', { notify: 'onSomething', data: {} }], ['no data', { notify: 'onDTMF' }], ['data of another shape', { notify: 'onDTMF', data: { event: 'five' } }],
])('a notice of %s is passed over, and a listener that fails breaks nothing', async (_what, body) => {
  let heard = 0;
  await withServer((cookie, _request, socket) => socket.write(Buffer.concat([answer('x', body), notice(5), answer(cookie, pong)])), async (client, server) => {
    expect(await client.request('ping', {}, 5_000)).toEqual(pong);
    expect(await client.request('ping', {}, 5_000)).toEqual(pong);
    expect(heard).toBeGreaterThan(1);
    expect(server.connections).toBe(1);
  }, () => {
    heard += 1;
    throw new Error('the listener fails');
  });
});

test('an error is refused, with the reason', async () => {
  await withServer((cookie, _request, socket) => socket.write(answer(cookie, { result: 'error', 'error-reason': 'Unknown call-id' })), async (client) => {
    await expect(client.request('query', {}, 5_000)).rejects.toMatchObject({ name: 'MediaFault', code: 'refused', message: expect.stringContaining('Unknown call-id') });
  });
});

test('no answer: timeout, and the answer that comes late is nobody’s', async () => {
  let late = (): void => undefined;
  await withServer((cookie, request, socket) => {
    if (request['command'] === 'offer') late = () => socket.write(answer(cookie, { result: 'ok' }));
    else socket.write(answer(cookie, pong));
  }, async (client) => {
    await client.request('ping', {}, 5_000);
    await expect(client.request('offer', {}, 50)).rejects.toMatchObject({ code: 'timeout' });
    late();
    expect(await client.request('ping', {}, 5_000)).toEqual(pong);
  });
});

test('a connection that breaks: what was asked fails at once, and what is asked next is answered over a new one', async () => {
  await withServer((cookie, request, socket) => {
    if (request['command'] === 'offer') socket.destroy();
    else socket.write(answer(cookie, pong));
  }, async (client, server) => {
    await expect(client.request('offer', {}, 5_000)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await client.request('ping', {}, 5_000)).toEqual(pong);
    expect(server.connections).toBe(2);
    expect(client.healthy).toBe(true);
  });
});

test('a server that is not there yet is waited for', async () => {
  const server = await new FakeServer((cookie, _request, socket) => socket.write(answer(cookie, pong))).listen();
  await server.close();
  const client = new NgClient({ host: '127.0.0.1', port: server.port, log: silentLog });
  try {
    const asked = client.request('ping', {}, 10_000);
    expect(client.healthy).toBe(false);
    await expect(client.request('ping', {}, 50)).rejects.toMatchObject({ code: 'unavailable' });
    await server.listen();
    expect(await asked).toEqual(pong);
  } finally {
    await client.close();
    await server.close();
  }
});

test.each([
  ['no message at all', () => Buffer.from('this is no cookie and no message, whatever it may be, and it is far too long')],
  ['a length below zero', (cookie: string) => Buffer.from(`${cookie} l-3:e`)],
  ['that it lost track', (cookie: string) => answer(cookie, { result: 'error', 'error-reason': 'Could not decode bencode dictionary' })],
])('a server that says %s: the connection is made anew', async (_what, nonsense) => {
  await withServer((cookie, request, socket) => {
    socket.write(request['command'] === 'offer' ? nonsense(cookie) : answer(cookie, pong));
  }, async (client, server) => {
    await expect(client.request('offer', {}, 5_000)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await client.request('ping', {}, 5_000)).toEqual(pong);
    expect(server.connections).toBe(2);
  });
});

test('an answer that is no dictionary: refused', async () => {
  await withServer((cookie, _request, socket) => socket.write(answer(cookie, ['list'])), async (client) => {
    await expect(client.request('offer', {}, 5_000)).rejects.toMatchObject({ code: 'refused' });
  });
});

test('a server that freezes is noticed by ping, and its connection is given up', async () => {
  let frozen = false;
  await withServer((cookie, _request, socket) => { if (!frozen) socket.write(answer(cookie, pong)); }, async (client, server) => {
    await client.request('ping', {}, 5_000);
    expect(client.healthy).toBe(true);
    frozen = true;
    // The next ping goes unanswered; then there is a second connection, where everything is answered again.
    await expect(client.request('offer', {}, 20_000)).rejects.toMatchObject({ code: 'unavailable' });
    expect(client.healthy).toBe(false);
    frozen = false;
    expect(await client.request('ping', {}, 10_000)).toEqual(pong);
    expect(server.connections).toBeGreaterThan(1);
  });
}, 30_000);

test('after closing, and for what was under way: unavailable', async () => {
  await withServer(() => undefined, async (client) => {
    const failed = expect(client.request('offer', {}, 5_000)).rejects.toMatchObject({ code: 'unavailable' });
    await client.close();
    await failed;
    await expect(client.request('ping', {}, 5_000)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
