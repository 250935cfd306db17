// An agent on baresip, a phone that shares no code with ours, holds, resumes and transfers through the whole engine.
import { Baresip } from '../../support/baresip';
import { EngineUnderTest, until } from '../../support/engine';
import { describeWith } from '../../support/needs';
import { audioSdp } from '../../support/phone';

jest.setTimeout(90_000);

describeWith(['baresip'], 'an agent on baresip', () => {
  let world: EngineUnderTest;
  const phones: Baresip[] = [];
  beforeAll(async () => { world = await EngineUnderTest.start(); });
  afterAll(async () => {
    for (const phone of phones) await phone.stop();
    await world.stop();
  });

  test('holds, resumes and transfers the caller to another agent: all three are understood, and it is let go', async () => {
    const group = world.group(['bob', 'carol']);
    const bob = await Baresip.start({ server: world.server, user: 'bob', password: 'pw', autoAnswer: true, toneHz: 660 });
    phones.push(bob);
    const alice = await world.phone('alice');
    const leg = alice.invite(group.user, audioSdp(30_000));
    await alice.answered(leg);
    await until('them to talk', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'talking');
    const carol = await world.registered('carol');
    bob.command('/hold');
    await bob.hears(/call: hold [\s\S]*got SDP answer/);
    bob.command('/resume');
    await bob.hears(/call: resume [\s\S]*got SDP answer/);
    bob.command('/transfer sip:carol@response-group.test');
    const invite = await carol.request('INVITE');
    const carolLeg = carol.legOf(invite, carol.respond(invite, 200, 'OK', audioSdp(30_002)));
    await carol.request('ACK');
    await until('the first agent to be let go', () => world.edge.status()['dialogs'] === 2);
    expect((await carol.hangUp(carolLeg)).status).toBe(200);
    alice.respond(await alice.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered' });
  });
});
