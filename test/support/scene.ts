// What scenarios have in common: one running system a file, what is closed after each test, and what callers and phones do.
import { type LiveGroup } from '../../storage/model/live';
import { audioSdp, type Leg, type Phone } from './phone';
import { RtpPeer } from './rtp-peer';
import { startSystem, type System, type SystemOptions, type TestAgent } from './system';

interface Closable { close(): void | Promise<void> }

export class Scene {
  private running: System | null = null;
  private readonly toClose: Closable[] = [];

  /** Made at the top of a test file: the system runs from its first test to its last. */
  constructor(options: SystemOptions = {}) {
    beforeAll(async () => { this.running = await startSystem(options); });
    afterAll(async () => { await this.running?.stop(); });
    afterEach(async () => { await Promise.all(this.toClose.splice(0).map(async (one) => one.close())); });
  }

  get system(): System {
    if (this.running === null) throw new Error('The system does not run yet.');
    return this.running;
  }

  /** To be closed when the test is over. */
  async open<T extends Closable>(made: T | Promise<T>): Promise<T> {
    const one = await made;
    this.toClose.push(one);
    return one;
  }

  sound(): Promise<RtpPeer> { return this.open(RtpPeer.open()); }

  /** A caller who is answered. */
  async call(user: string, sdp: string = audioSdp(40_000)): Promise<{ readonly phone: Phone; readonly leg: Leg }> {
    const phone = await this.open(this.system.caller());
    const leg = phone.invite(user, sdp);
    await phone.answered(leg);
    return { phone, leg };
  }

  /** A caller who is answered, and what that caller hears. */
  async audibleCall(user: string): Promise<{ readonly phone: Phone; readonly leg: Leg; readonly sound: RtpPeer }> {
    const sound = await this.sound();
    const call = await this.call(user, sound.sdp());
    sound.follow(call.leg.remoteSdp);
    return { ...call, sound };
  }

  /** Resolves when caller and agent talk, with that agent where one is named. */
  talking(workflowId: string, agent?: TestAgent): Promise<LiveGroup> {
    return this.system.live(workflowId, 'both to talk', (live) => live.callers.some((one) => one.state === 'talking' && (agent === undefined || one.agentId === agent.id)));
  }

  waiting(workflowId: string): Promise<LiveGroup> {
    return this.system.live(workflowId, 'the caller to wait', (live) => live.callers.some((one) => one.state === 'waiting'));
  }
}

/** The phone is rung and answers. */
export async function pickUp(phone: Phone, sdp: string = audioSdp(40_002)): Promise<Leg> {
  const invite = await phone.request('INVITE');
  phone.respond(invite, 180, 'Ringing');
  const answer = phone.respond(invite, 200, 'OK', sdp);
  await phone.request('ACK', invite.headers['call-id']);
  return phone.legOf(invite, answer);
}

/** The phone gets a BYE and answers it. */
export async function hungUpOn(phone: Phone): Promise<void> {
  phone.respond(await phone.request('BYE'), 200, 'OK');
}
