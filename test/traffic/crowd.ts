// The simulated people: callers who wait and talk a while, agents who pick up after a short ring.
import { soundSocket, ToneVoice } from '../support/tone-voice';
import { type Group, type SimulatedAgent } from './population';
import { type Call, type Server, UserAgent } from './ua';

const REGISTRATION_SECONDS = 120;
const REGISTER_AGAIN_MS = 50_000;
const RING_MS = { from: 800, to: 4_000 };
const TALK_MS = { from: 4_000, to: 10_000 };
/** A caller's patience, so that a run without agents does not pile callers up. */
const WAIT_MS = { from: 45_000, to: 120_000 };
const MOST_CALLS = 200;
const CALLER_HERTZ = 400;
const AGENT_HERTZ = 500;

export interface Tally {
  placed: number;
  /** Callers whose call has not ended. */
  inside: number;
  talking: number;
  answered: number;
  gaveUp: number;
  refused: number;
}

export class Crowd {
  readonly tally: Tally = { placed: 0, inside: 0, talking: 0, answered: 0, gaveUp: 0, refused: 0 };
  lastRefusal = '';
  private readonly calls = new Map<Call, () => void>();
  private readonly agents: Array<{ readonly userAgent: UserAgent; readonly password: string }> = [];
  private readonly callers: UserAgent[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(private readonly server: Server, private readonly group: Group, private readonly random: () => number = Math.random) {}

  /** Registers an agent's phone and keeps it registered. */
  async addAgent(agent: SimulatedAgent): Promise<void> {
    const userAgent = await UserAgent.open(agent.user, this.server, (call) => void this.pickUp(userAgent, call));
    this.agents.push({ userAgent, password: agent.password });
    await userAgent.register(agent.password, REGISTRATION_SECONDS);
    const again = (): void => {
      this.later(REGISTER_AGAIN_MS, () => {
        // A registration that fails now may succeed next time; the present one lasts as long again.
        void userAgent.register(agent.password, REGISTRATION_SECONDS).catch(() => undefined);
        again();
      });
    };
    again();
  }

  /** One caller calls the group, unless very many do already. */
  async placeCall(): Promise<void> {
    if (this.stopped || this.calls.size >= MOST_CALLS) return;
    const number = this.tally.placed + 1;
    const userAgent = this.callers.pop() ?? await UserAgent.open('simulated-caller', this.server);
    const voice = new ToneVoice(await soundSocket(userAgent.address), userAgent.address, CALLER_HERTZ);
    if (this.stopped) return;
    this.tally.placed = number;
    this.tally.inside += 1;
    let answered = false;
    const call: Call = userAgent.call(this.group.sipUser, `Simulated caller ${number}`, voice.sdp, {
      talking: (remoteSdp) => {
        answered = true;
        voice.speak(remoteSdp);
      },
      ended: (words) => {
        this.tally.inside -= 1;
        if (!answered) { this.tally.refused += 1; this.lastRefusal = words; }
        this.over(call, voice);
        this.callers.push(userAgent);
      },
    });
    const patience = this.later(this.between(WAIT_MS), () => { this.tally.gaveUp += 1; call.hangUp(); });
    this.calls.set(call, () => clearTimeout(patience));
  }

  /** Hangs everything up and takes the phones off. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const call of [...this.calls.keys()]) call.hangUp();
    await Promise.all(this.agents.map(({ userAgent, password }) => userAgent.register(password, 0).catch(() => undefined)));
    for (const { userAgent } of this.agents) userAgent.close();
    for (const userAgent of this.callers) userAgent.close();
  }

  private async pickUp(userAgent: UserAgent, call: Call): Promise<void> {
    const voice = new ToneVoice(await soundSocket(userAgent.address), userAgent.address, AGENT_HERTZ);
    if (this.stopped || call.isOver) {
      voice.close();
      return call.hangUp();
    }
    call.ring();
    let talking = false;
    call.handle({
      talking: (remoteSdp) => {
        talking = true;
        this.tally.talking += 1;
        this.tally.answered += 1;
        voice.speak(remoteSdp);
        const end = this.later(this.between(TALK_MS), () => call.hangUp());
        this.calls.set(call, () => clearTimeout(end));
      },
      ended: () => {
        if (talking) this.tally.talking -= 1;
        this.over(call, voice);
      },
    });
    const answering = this.later(this.between(RING_MS), () => call.answer(voice.sdp));
    this.calls.set(call, () => clearTimeout(answering));
  }

  private over(call: Call, voice: ToneVoice): void {
    this.calls.get(call)?.();
    this.calls.delete(call);
    voice.close();
  }

  private between({ from, to }: { readonly from: number; readonly to: number }): number {
    return from + this.random() * (to - from);
  }

  private later(delay: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => { this.timers.delete(timer); act(); }, delay);
    this.timers.add(timer);
    return timer;
  }
}
