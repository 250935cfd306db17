// A media server beside the edge: lost alone, its calls go on with another anchor; and where SIP is lost alone, its anchors are let go. On both media servers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NgClient } from '../../../engine/media/ng-client';
import { EngineUnderTest, MemoryStorage, until } from '../../support/engine';
import { type RunningMediaServer, silentLog, startOwn, startRtpengine } from '../../support/media-servers';
import { describeWith } from '../../support/needs';
import { type Phone } from '../../support/phone';
import { RtpPeer } from '../../support/rtp-peer';

jest.setTimeout(60_000);

const [CALLER_HZ, AGENT_HZ] = [700, 1_000];
const folder = mkdtempSync(join(tmpdir(), 'media-lost-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function conforms(start: (port?: number) => Promise<RunningMediaServer>): void {
  let server: RunningMediaServer;
  let world: EngineUnderTest;
  const peers: RtpPeer[] = [];
  beforeEach(async () => {
    server = await start();
    world = await EngineUnderTest.start(new MemoryStorage(), server.port);
  });
  afterEach(async () => {
    await world.stop();
    await server.close();
    for (const peer of peers.splice(0)) peer.close();
  });

  async function talking() {
    const group = world.group(['bob']);
    const [alice, bob] = [await world.phone('alice'), await world.registered('bob')];
    const [caller, agent] = [await RtpPeer.open(), await RtpPeer.open()];
    peers.push(caller, agent);
    const leg = alice.invite(group.user, caller.sdp());
    await alice.answered(leg);
    caller.follow(leg.remoteSdp);
    caller.tone(CALLER_HZ);
    const invite = await bob.request('INVITE');
    const bobLeg = bob.legOf(invite, bob.respond(invite, 200, 'OK', agent.sdp()));
    await bob.request('ACK');
    agent.follow(bobLeg.remoteSdp);
    agent.tone(AGENT_HZ);
    await Promise.all([caller.untilTone(AGENT_HZ), agent.untilTone(CALLER_HZ)]);
    return { group, alice, bob, leg, caller, agent };
  }

  /** A phone that is asked for its SDP once more. */
  async function isAsked(phone: Phone, sound: RtpPeer): Promise<void> {
    const invite = await phone.request('INVITE');
    phone.respond(invite, 200, 'OK', sound.sdp());
    await phone.request('ACK');
    sound.follow(invite.content ?? '');
  }

  test('the media server is started anew under a conversation: both phones are asked once more, and hear each other again', async () => {
    const { group, alice, bob, leg, caller, agent } = await talking();
    await server.close();
    server = await start(server.port);
    await isAsked(alice, caller);
    await isAsked(bob, agent);
    caller.forget();
    agent.forget();
    await Promise.all([caller.untilTone(AGENT_HZ), agent.untilTone(CALLER_HZ)]);
    expect((await alice.hangUp(leg)).status).toBe(200);
    bob.respond(await bob.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
  });

  test('SIP is lost alone: its anchors are let go', async () => {
    const { group } = await talking();
    const ng = new NgClient({ host: server.host, port: server.port, log: silentLog });
    const anchors = async (): Promise<unknown> => (await ng.request('list', { limit: 100 }, 2_000))['calls'];
    expect(await anchors()).toHaveLength(1);
    await world.edge.close();
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'system' });
    let left: unknown = null;
    void (async () => { while (!Array.isArray(left) || left.length > 0) left = await anchors(); })();
    await until('the anchor to be let go', () => Array.isArray(left) && left.length === 0);
    await ng.close();
    await world.newEdge();
    await until('the engine to be back', () => world.engine.health().ok);
  });
}

describe('the media server of the edge', () => { conforms((port) => startOwn(folder, port)); });
describeWith(['rtpengine'], 'rtpengine', () => { conforms((port) => startRtpengine(undefined, port)); });
