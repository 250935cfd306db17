// Where a sent file may be fetched from, and how much of it: never elsewhere, never without end.
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { fetchFile, mayFetch } from '../../../bot/files';

describe('mayFetch', () => {
  it.each<[string, boolean, boolean]>([
    ['https://contoso.sharepoint.com/personal/x?tempauth=y', false, true], ['https://contoso-my.sharepoint.com/x', false, true], ['https://sharepoint.com.evil.example/x', false, false], ['https://evilsharepoint.com/x', false, false],
    ['http://contoso.sharepoint.com/x', false, false], ['https://127.0.0.1/x', false, false], ['https://169.254.169.254/metadata', false, false], ['https://user:pass@contoso.sharepoint.com/x', false, false], ['file:///etc/passwd', false, false], ['nonsense', false, false],
    ['http://127.0.0.1:3979/files/x', true, true], ['http://localhost:1/x', true, true], ['https://contoso.sharepoint.com/x', true, false], ['http://192.0.2.1/x', true, false], ['http://127.0.0.1.evil.example/x', true, false],
  ])('%s with local %s is %s', (address, local, allowed) => {
    expect(mayFetch(address, local)).toBe(allowed);
  });
});

describe('fetchFile', () => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/file' });
      if (request.url === '/gone') response.writeHead(404);
      response.end(request.url === '/large' ? Buffer.alloc(2_000) : 'RIFF');
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }));

  it('brings the bytes', async () => {
    expect(await fetchFile(`${url}/file`, true)).toEqual({ ok: true, bytes: Buffer.from('RIFF') });
  });

  it.each([['/large', 'large'], ['/gone', 'unreachable'], ['/moved', 'unreachable']])('%s is %s', async (path, because) => {
    expect(await fetchFile(`${url}${path}`, true, 1_000)).toEqual({ ok: false, because });
  });

  it('asks nobody where nothing may be fetched', async () => {
    expect(await fetchFile(`${url}/file`, false)).toEqual({ ok: false, because: 'elsewhere' });
  });
});
