// Twenty thousand damaged inputs from fixed seeds: nothing throws, nothing is logged as our fault, and in the end every table is empty. `npm run fuzz` sends a million.
import { controlTarget } from '../../fuzz/control-target';
import { mediaTarget } from '../../fuzz/media-target';
import { fuzz } from '../../fuzz/run';
import { sipTarget } from '../../fuzz/sip-target';

test.each([
  ['SIP datagrams and streams', sipTarget, 1, 5_000], ['SIP datagrams and streams', sipTarget, 2, 5_000], ['drachtio frames and inventory lines', controlTarget, 3, 5_000], ['NG, SDP, RTP and RTCP', mediaTarget, 4, 5_000],
] as const)('%s', async (_title, target, seed, inputs) => {
  expect((await fuzz(target, seed, inputs)).faults).toEqual([]);
}, 120_000);
