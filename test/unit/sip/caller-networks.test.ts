// Whose calls the edge is told to let in.
import { callerNetworks } from '../../../engine/sip/caller-networks';
import { trunk } from '../../../storage/model/trunk';

const stored = { pool: 'p', version: 1 };
const made = (id: string, host: string, sources: readonly string[], enabled = true) => trunk.parse({ ...stored, id, name: id, host, sources, enabled });

test('trunks by address and sources, phones by where they registered from, each once; names, and trunks that are switched off, say nothing', () => {
  const trunks = [made('one', '192.0.2.7', ['198.51.100.0/24', '2001:db8::/32']), made('two', 'provider.example', ['203.0.113.9']), made('three', '[2001:db8:1::1]', []), made('off', '192.0.2.99', [], false)];
  expect(callerNetworks(trunks, [{ source: '10.0.0.5:5060' }, { source: '[2001:db8:2::1]:5061' }, { source: '192.0.2.7:40000' }])).toEqual([
    '192.0.2.7', '198.51.100.0/24', '2001:db8::/32', '203.0.113.9', '2001:db8:1::1', '10.0.0.5', '2001:db8:2::1',
  ]);
});

test('more phones than a line holds are left out, trunks are not', () => {
  const phones = Array.from({ length: 5_000 }, (_, i) => ({ source: `10.1.${i >> 8}.${i & 255}:5060` }));
  const networks = callerNetworks([made('one', '192.0.2.7', [])], phones);
  expect([networks.length, networks[0], JSON.stringify(networks).length < 60_000]).toEqual([2_000, '192.0.2.7', true]);
});
