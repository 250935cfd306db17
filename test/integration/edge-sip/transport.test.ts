// Real sockets, with time in the test's hands: connections that dribble, idle, lie about lengths, or belong to a phone that registered.
import { connect, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { pino } from 'pino';
import { SocketTransport } from '../../../engine/edge/sip/transport';
import { type SipMessage } from '../../../engine/edge/sip/message';
import { type Flow } from '../../../engine/edge/sip/flow';
import { FakeClock, request } from '../../unit/edge/support';

interface Received { readonly message: SipMessage; readonly flow: Flow }

const opened: SocketTransport[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const transport of opened.splice(0)) await transport.close();
});

async function listening(): Promise<{ readonly transport: SocketTransport; readonly clock: FakeClock; readonly next: () => Promise<Received> }> {
  const clock = new FakeClock();
  const received: Received[] = [];
  const waiters: Array<(found: Received) => void> = [];
  const transport = await SocketTransport.open({
    address: '127.0.0.1', port: 0, externalAddress: '127.0.0.1', clock, log: pino({ level: 'silent' }),
    received: (message, flow) => {
      const waiter = waiters.shift();
      if (waiter) waiter({ message, flow });
      else received.push({ message, flow });
    },
  });
  opened.push(transport);
  return { transport, clock, next: async () => received.shift() ?? new Promise<Received>((resolve) => { waiters.push(resolve); }) };
}

async function dial(transport: SocketTransport): Promise<Socket> {
  const socket = connect(transport.port, '127.0.0.1');
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => { socket.resume(); socket.once('close', () => resolve()); });

test('a message that dribbles in is whole when it is whole; one that never is costs its connection after 10 s', async () => {
  const { transport, clock, next } = await listening();
  const socket = await dial(transport);
  const text = request('OPTIONS');
  socket.write(text.slice(0, 50));
  socket.write(text.slice(50));
  expect((await next()).message).toMatchObject({ method: 'OPTIONS', fault: undefined });
  socket.write(text + text.slice(0, 50));
  await next();
  const over = closed(socket);
  clock.advance(30_000);
  await over;
  expect(transport.connectionCount).toBe(0);
});

test('a connection on which nothing comes is closed after 15 minutes, not before', async () => {
  const { transport, clock, next } = await listening();
  const socket = await dial(transport);
  socket.write(request('OPTIONS'));
  await next();
  clock.advance(890_000);
  socket.write(request('OPTIONS'));
  await next();
  clock.advance(890_000);
  expect(transport.connectionCount).toBe(1);
  const over = closed(socket);
  clock.advance(20_000);
  await over;
});

test('a keep-alive is answered; a stream that cannot be followed is closed', async () => {
  const { transport } = await listening();
  const socket = await dial(transport);
  const pong = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
  socket.write('\r\n\r\n');
  expect(await pong).toBe('\r\n');
  const over = closed(socket);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await over;
});

test('a connection is used again for its peer and for the contact bound to it, until it closes', async () => {
  const { transport, next } = await listening();
  const socket = await dial(transport);
  socket.write(request('REGISTER'));
  const { flow } = await next();
  transport.bind('alice@192.168.1.5:5060', flow);
  expect(transport.bound('alice@192.168.1.5:5060')).toBe(flow);
  expect(transport.flowTo({ protocol: 'tcp', address: flow.address, port: flow.port })).toBe(flow);
  const told = new Promise<void>((resolve) => { flow.whenClosed(resolve); });
  socket.destroy();
  await told;
  expect([flow.open, transport.bound('alice@192.168.1.5:5060')]).toEqual([false, undefined]);
});

test('what cannot be delivered over TCP is reported', async () => {
  const { transport } = await listening();
  await new Promise<void>((resolve) => { transport.flowTo({ protocol: 'tcp', address: '127.0.0.1', port: 1 }).send('OPTIONS', resolve); });
});

test('a STUN keep-alive over UDP is answered with where it came from', async () => {
  const { transport } = await listening();
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => { socket.bind(0, '127.0.0.1', resolve); });
  const answered = new Promise<Buffer>((resolve) => { socket.once('message', resolve); });
  socket.send(Buffer.from(`000100002112a442${'00'.repeat(12)}`, 'hex'), transport.port, '127.0.0.1');
  const answer = await answered;
  expect([answer.readUInt16BE(0), answer.readUInt16BE(26) ^ 0x2112]).toEqual([0x0101, socket.address().port]);
  socket.close();
});

test('UDP noise and a datagram of nothing do no harm to the next message', async () => {
  const { transport, next } = await listening();
  const socket = createSocket('udp4');
  for (const noise of ['', '\0\0\0\0', 'nonsense', request('OPTIONS').slice(0, 30)]) await new Promise<void>((resolve) => { socket.send(noise, transport.port, '127.0.0.1', () => resolve()); });
  await new Promise<void>((resolve) => { socket.send(request('INFO'), transport.port, '127.0.0.1', () => resolve()); });
  expect((await next()).message).toMatchObject({ method: 'INFO' });
  socket.close();
});
