// Whole calls through a real edge: drachtio-srf, NG and UDP as they are, phones whose every packet the test decides.
import { audioSdp, type Phone } from '../support/phone';
import { EngineUnderTest, until } from '../support/engine';

jest.setTimeout(60_000);

let world: EngineUnderTest;
beforeAll(async () => { world = await EngineUnderTest.start(); });
afterAll(async () => { await world.stop(); });

let count = 0;
const newUser = (): string => `agent${(count += 1)}`;

async function call(group: { readonly user: string }, sdp: string | null = audioSdp(30_000)) {
  const alice = await world.phone('alice');
  return { alice, leg: alice.invite(group.user, sdp) };
}

async function rung(phone: Phone) {
  const invite = await phone.request('INVITE');
  phone.respond(invite, 180, 'Ringing');
  return invite;
}

test('a caller is answered, the agent answers, the caller hangs up: answered by that agent', async () => {
  const user = newUser();
  const group = world.group([user]);
  const bob = await world.registered(user);
  const { alice, leg } = await call(group);
  await alice.answered(leg);
  const invite = await rung(bob);
  expect(invite.headers.from.name).toBe('"Group 1: alice"');
  const ok = bob.respond(invite, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  await until('them to talk', () => [...world.storage.groups.values()].some(({ callers }) => callers[0]?.state === 'talking'));
  expect((await alice.hangUp(leg)).status).toBe(200);
  const bye = await bob.request('BYE');
  bob.respond(bye, 200, 'OK');
  expect(ok.status).toBe(200);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: user, endedBy: 'caller', offers: [{ outcome: 'answered' }] });
});
