// Two pools on one machine: which variables and ports each has, and what a person may type to lose one of them.
import { PassThrough } from 'node:stream';
import { environmentOf, pairFaults, type PairDefaults } from '../../../../storage/local/machine/pair';
import { readOrders } from '../../../../storage/local/machine/pair-orders';

const defaults: PairDefaults = { ports: { SIP_PORT: 5060, NG_PORT: 22222 }, rtp: { min: 10000, max: 19999 } };

test.each([
  ['nothing set', 'east', {}, { POOL: 'east', PARTNER_POOL: 'west', SIP_PORT: '5060', NG_PORT: '22222', PARTNER_SIP: '127.0.0.1:5160', RTP_PORT_MIN: '10000', RTP_PORT_MAX: '14999' }],
  ['nothing set', 'west', {}, { POOL: 'west', PARTNER_POOL: 'east', SIP_PORT: '5160', NG_PORT: '22322', PARTNER_SIP: '127.0.0.1:5060', RTP_PORT_MIN: '15000', RTP_PORT_MAX: '19999' }],
  ['a port moved', 'west', { SIP_PORT: '6000' }, { SIP_PORT: '6100', PARTNER_SIP: '127.0.0.1:6000' }],
  ['a port of west alone', 'west', { WEST_SIP_PORT: '7000' }, { SIP_PORT: '7000', PARTNER_SIP: '127.0.0.1:5060' }],
  ['a port of west alone', 'east', { WEST_SIP_PORT: '7000', SIP_EXTERNAL_ADDRESS: 'pbx.example' }, { SIP_PORT: '5060', PARTNER_SIP: 'pbx.example:7000' }],
  ['what is no port', 'west', { NG_PORT: 'none' }, { NG_PORT: 'none' }],
  ['few RTP ports', 'west', { RTP_PORT_MIN: '20000', RTP_PORT_MAX: '20009' }, { RTP_PORT_MIN: '20006', RTP_PORT_MAX: '20009' }],
  ['few RTP ports', 'east', { RTP_PORT_MIN: '20000', RTP_PORT_MAX: '20009' }, { RTP_PORT_MIN: '20000', RTP_PORT_MAX: '20005' }],
] as const)('With %s, %s has ports of its own, and knows where its partner is', (_what, pool, env, expected) => {
  expect(environmentOf(pool, env, defaults)).toMatchObject(expected);
});

test('A database or a pool of one’s own cannot be both pools of a pair', () => {
  expect(pairFaults({ SIP_PORT: '1' })).toEqual([]);
  expect(pairFaults({ MONGODB_URI: 'mongodb://x', POOL: 'north' })).toEqual([expect.stringContaining('MONGODB_URI (set)'), expect.stringContaining('POOL ("north")')]);
});

test('What is typed is done in its order, one after the other, and what fails or is not understood is said', async () => {
  const input = new PassThrough();
  const done: string[] = [];
  const said: string[] = [];
  let free = (): void => undefined;
  const held = new Promise<void>((resolve) => { free = resolve; });
  const heardAll = new Promise<void>((resolve) => {
    const stop = readOrders(input, {
      lose: async (pool) => { await held; done.push(`lose ${pool}`); },
      back: (pool) => { done.push(`back ${pool}`); return pool === 'west' ? Promise.reject(new Error('no port')) : Promise.resolve(); },
    }, (words) => { said.push(words); if (words === 'no port') { stop(); resolve(); } });
  });
  input.write(' Lose east \n\nback east\nlose north\nback west\n');
  free();
  await heardAll;
  expect(done).toEqual(['lose east', 'back east', 'back west']);
  expect(said).toEqual([expect.stringContaining('“lose north” is not understood. There are: lose east'), 'no port']);
});
