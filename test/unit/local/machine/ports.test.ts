// Ports are looked at before anything starts: each fault names the port and the variable that moves it.
import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { checkPorts, type NeededPort } from '../../../../storage/local/machine/ports';

const needed = (variable: string, port: number, transports: NeededPort['transports'], address = '127.0.0.1'): NeededPort => ({ variable, purpose: `for ${variable}`, address, port, transports });
const close: Array<() => void> = [];
afterEach(() => close.splice(0).forEach((act) => act()));

async function takenTcp(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
async function takenUdp(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  close.push(() => socket.close());
  return socket.address().port;
}
async function free(): Promise<number> {
  const port = await takenTcp();
  close.pop()?.();
  return port;
}

test('free ports pass', async () => {
  await expect(checkPorts([needed('SIP_PORT', await free(), ['udp', 'tcp'])])).resolves.toBeUndefined();
});

test('every taken port is named with its variable, TCP and UDP alike', async () => {
  const [tcp, udp] = [await takenTcp(), await takenUdp()];
  const fault: unknown = await checkPorts([needed('BOT_PORT', tcp, ['tcp']), needed('NG_PORT', udp, ['udp', 'tcp'])]).catch((one: unknown) => one);
  expect(fault).toMatchObject({ exitCode: 3 });
  expect((fault as Error).message.split('\n')).toEqual([
    `Port ${tcp} (for BOT_PORT, TCP on 127.0.0.1) is in use. Set BOT_PORT to another port, for example: BOT_PORT=${tcp + 1} npm start`,
    `Port ${udp} (for NG_PORT, UDP on 127.0.0.1) is in use. Set NG_PORT to another port, for example: NG_PORT=${udp + 1} npm start`,
  ]);
});

test('a port asked for twice is named with both variables', async () => {
  const port = await free();
  await expect(checkPorts([needed('SIP_PORT', port, ['udp', 'tcp']), needed('BOT_PORT', port, ['tcp'])]))
    .rejects.toThrow(`Port ${port} is asked for twice: by SIP_PORT (for SIP_PORT) and by BOT_PORT (for BOT_PORT).`);
});

test('the same number for UDP here and TCP there is no clash', async () => {
  const port = await free();
  await expect(checkPorts([needed('NG_PORT', port, ['udp']), needed('BOT_PORT', port, ['tcp'])])).resolves.toBeUndefined();
});

test('an address this machine does not have is told', async () => {
  await expect(checkPorts([needed('SIP_PORT', await free(), ['tcp'], '192.0.2.1')])).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('cannot be opened on 192.0.2.1') });
});
