// What TLS changes above the sockets: Via and Contact, which connection a phone is called over, and whose connection is used again.
import { draft, FakeFlow, request, rig, type Rig } from './support';

const SOURCE = { address: '203.0.113.20', port: 41_000 };

function secured(): { readonly bench: Rig; readonly phone: FakeFlow } {
  const bench = rig();
  bench.network.tlsPort = 5061;
  return { bench, phone: new FakeFlow(bench.clock, 'tls', SOURCE.address, SOURCE.port) };
}

test.each([
  ['by its Contact', 'sip:alice@10.0.0.5:34567;transport=tls', ''],
  ['by the address it registered from, as engines name it', 'sip:alice@10.0.0.5:34567;transport=tls', `sip:${SOURCE.address}:${SOURCE.port};transport=udp`],
])('a phone that registered over TLS is called over its own connection, %s', (_title, uri, proxy) => {
  const { bench, phone } = secured();
  bench.receive(request('REGISTER', { extra: ['Contact: <sip:alice@10.0.0.5:34567;transport=tls>'] }), phone);
  bench.agent.answering.respond(bench.told.requested[0]?.incoming.id ?? '', draft('SIP/2.0 200 OK'));
  phone.take();
  bench.agent.asking.request(draft(`INVITE ${uri} SIP/2.0`, { contact: '<sip:queue@localhost>' }), proxy, null);
  const [invite = ''] = phone.take();
  expect(invite).toMatch(/^INVITE sip:alice@10\.0\.0\.5:34567;transport=tls SIP\/2\.0\r\nVia: SIP\/2\.0\/TLS 198\.51\.100\.1:5061;branch=[^;]+;rport;alias\r\n/);
  expect(invite).toContain('\r\nContact: <sip:queue@198.51.100.1:5061;transport=tls>\r\n');
});

test.each([
  ['its own address', 'SIP/2.0/TLS 203.0.113.20:5061;branch=z9hG4bK-1;alias', true], ['no alias', 'SIP/2.0/TLS 203.0.113.20:5061;branch=z9hG4bK-1', false], ['somebody else\'s address', 'SIP/2.0/TLS 203.0.113.99:5061;branch=z9hG4bK-1;alias', false],
])('a connection is used again for %s: %s', (_title, via, again) => {
  const { bench, phone } = secured();
  bench.receive(request('OPTIONS', { via }), phone);
  expect(['tls:203.0.113.20:5061', 'tls:203.0.113.99:5061'].map((alias) => bench.network.bound(alias) === phone)).toEqual([again, false]);
});

test('sips goes over TLS to 5061, whatever transport it names; not over UDP', () => {
  const { bench } = secured();
  bench.agent.asking.request(draft('OPTIONS sips:alice@192.0.2.7 SIP/2.0'), '', null);
  bench.agent.asking.request(draft('OPTIONS sips:alice@192.0.2.7;transport=tcp SIP/2.0'), '', null);
  expect(bench.network.flowTo({ protocol: 'tls', address: '192.0.2.7', port: 5061 }).takeNames()).toEqual(['OPTIONS', 'OPTIONS']);
  expect(() => bench.agent.asking.request(draft('OPTIONS sips:alice@192.0.2.7;transport=udp SIP/2.0'), '', null)).toThrow('not available');
});
