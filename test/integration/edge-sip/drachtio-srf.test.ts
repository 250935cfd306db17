// Unmodified drachtio-srf drives the edge; a hand-driven phone on the other side sees what is on the wire.
import Srf from 'drachtio-srf';
import { audioSdp } from '../../support/phone';
import { Bench } from './support';

const SDP = audioSdp(40_000);
let bench: Bench;

beforeEach(async () => { bench = await Bench.open(); });
afterEach(async () => {
  await bench.close();
  expect(bench.faults).toEqual([]);
});

test('a caller is answered by createUAS and hangs up', async () => {
  const ended = new Promise<void>((resolve) => {
    void bench.client([], (srf) => srf.invite((req, res) => {
      void srf.createUAS(req, res, { localSdp: SDP }).then((dialog) => dialog.on('destroy', () => resolve()));
    }));
  });
  const caller = await bench.phone('caller');
  const leg = caller.invite('help-desk', SDP);
  expect((await caller.response('INVITE', () => true, leg.callId)).status).toBe(100);
  const ok = await caller.answered(leg);
  expect(ok.content).toBe(SDP);
  expect((await caller.hangUp(leg)).status).toBe(200);
  await ended;
});
