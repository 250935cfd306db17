// The people of a fault run: callers who wait, callers who talk all the time, callers who come and go, and agents with phones. Each notes what befalls it.
import { type Call, type Server, UserAgent } from '../traffic/ua';
import { type Silences } from './ear';
import { toneOf, Voice } from './voice';

/** `waiting`: in a long queue with few agents. `talking`: joined to an agent for the whole run. `passing`: answered soon, and gone soon. */
export const KINDS = ['waiting', 'talking', 'passing'] as const;
export type Kind = (typeof KINDS)[number];
export interface Login { readonly user: string; readonly password: string }

export interface CrowdPlan {
  readonly server: Server;
  readonly groups: Readonly<Record<Kind, string>>;
  readonly agents: Readonly<Record<Kind, readonly Login[]>>;
  readonly waiting: number;
  readonly talking: number;
  readonly callsPerSecond: number;
}

/** `here`: the call lasts. `left`: the caller hung up. `cut`: ended by the other side, which nobody asked for. `refused`: never answered. */
export type Fate = 'here' | 'left' | 'cut' | 'refused';

export interface CallerNote {
  readonly number: number;
  readonly kind: Kind;
  readonly placedAtMs: number;
  /** When an agent's phone first rang for this caller. */
  readonly rungAtMs: number | null;
  readonly joined: boolean;
  readonly fate: Fate;
  readonly words: string;
  readonly silences: Silences;
}

export interface CrowdReport {
  readonly callers: readonly CallerNote[];
  /** Calls offered to an agent who had one. */
  readonly agentsDoubled: number;
  /** Callers given to an agent while another had them. */
  readonly callersDoubled: number;
  /** Agents who talked, and whose leg was ended by the other side although their caller was still there and talked to nobody afterwards. */
  readonly agentsCut: number;
  /** The same, and the caller was given to another agent. */
  readonly agentsLetGo: number;
  /** Legs of agents that nobody ended although their caller is gone. */
  readonly legsLeft: number;
  /** The longest time an agent did not hear the caller. */
  readonly agentSilenceMs: number;
  /** How late the crowd's own clock was at most: so much of any silence may be its own. */
  readonly lagMs: number;
  /** What was doubled, in words. */
  readonly remarks: readonly string[];
}

interface Caller {
  readonly number: number;
  readonly kind: Kind;
  readonly placedAtMs: number;
  readonly call: Call;
  readonly voice: Voice;
  rungAtMs: number | null;
  answered: boolean;
  agent: Phone | null;
  joined: boolean;
  leaves: boolean;
  fate: Fate;
  words: string;
}

interface Phone { readonly userAgent: UserAgent; readonly password: string; readonly kind: Kind; readonly hertz: number; call: Call | null; voice: Voice | null; caller: Caller | null }

const REGISTRATION_SECONDS = 120;
const REGISTER_AGAIN_MS = 50_000;
const RING_MS = { from: 200, to: 500 };
const TALK_MS: Readonly<Record<Kind, { readonly from: number; readonly to: number } | null>> = { waiting: { from: 1_000, to: 2_000 }, talking: null, passing: { from: 800, to: 1_500 } };
const TICK_MS = 20;
/** Between two callers of the first rush, so that their order is certain. */
const RUSH_MS = 60;
/** Who was turned away calls again after a while, as people do. */
const TRY_AGAIN_MS = 1_000;
/** Whoever comes and goes is answered within this time, or waits no longer for the end of the run. */
const LAST_CALLS_MS = 20_000;
/** Nobody calls more often than this in one run. */
const MOST_CALLERS = 6_000;
const MOST_REMARKS = 3;

export class Crowd {
  private readonly callers = new Map<number, Caller>();
  private readonly phones: Phone[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private calling: UserAgent | null = null;
  private placed = 0;
  private readonly remarks: string[] = [];
  private agentsDoubled = 0;
  private callersDoubled = 0;
  /** Callers whose agent was taken from them. */
  private readonly left = new Set<Caller>();
  private agentsLetGo = 0;
  private agentSilenceMs = 0;
  private lagMs = 0;
  private ending = false;

  constructor(private readonly plan: CrowdPlan, private readonly random: () => number = Math.random) {}

  /** Registers every phone and places the first calls; the rest comes by itself. */
  async begin(): Promise<void> {
    let expectedMs = performance.now() + TICK_MS;
    this.every(TICK_MS, () => {
      this.lagMs = Math.max(this.lagMs, performance.now() - expectedMs);
      expectedMs = performance.now() + TICK_MS;
    });
    for (const kind of KINDS) for (const login of this.plan.agents[kind]) await this.phone(kind, login);
    this.calling = await UserAgent.open('fault-caller', this.plan.server);
    for (let number = 0; number < this.plan.talking; number += 1) await this.spaced('talking');
    for (let number = 0; number < this.plan.waiting; number += 1) await this.spaced('waiting');
    if (this.plan.callsPerSecond > 0) this.every(1_000 / this.plan.callsPerSecond, () => { this.place('passing'); });
  }

  /** How many wait, and how many of the talkers hear their agent. */
  get present(): { readonly waiting: number; readonly talking: number } {
    const here = [...this.callers.values()].filter(({ fate, answered }) => fate === 'here' && answered);
    return { waiting: here.filter(({ kind, joined }) => kind === 'waiting' && !joined).length, talking: here.filter(({ kind, voice }) => kind === 'talking' && voice.ear.hears).length };
  }

  /** The fault comes now: silences are counted from here. */
  mark(): void {
    for (const { voice } of this.callers.values()) voice.ear.reset();
    for (const { voice } of this.phones) voice?.ear.reset();
    this.agentSilenceMs = 0;
    this.lagMs = 0;
  }

  /** Everybody who is in a call hangs up, as people do who hear nothing any more; those who waited or talked call again. Resolves to the numbers of these callers. */
  drop(): readonly number[] {
    const here = [...this.callers.values()].filter(({ fate, answered }) => fate === 'here' && answered);
    for (const caller of here) {
      this.leave(caller);
      if (caller.kind === 'talking') this.place('talking');
    }
    for (const { call } of this.phones) call?.hangUp();
    return here.map(({ number }) => number);
  }

  /** Nobody calls any more; who comes and goes is served, then everybody hangs up. */
  async end(): Promise<CrowdReport> {
    this.ending = true;
    const patienceMs = performance.now() + LAST_CALLS_MS;
    const someone = (kinds: readonly Kind[]): boolean => [...this.callers.values()].some(({ fate, kind }) => fate === 'here' && kinds.includes(kind));
    while (someone(['passing']) && performance.now() < patienceMs) await this.pause(TICK_MS);
    for (const phone of this.phones) this.noteSilence(phone);
    for (const caller of this.callers.values()) if (caller.fate === 'here') this.leave(caller);
    const goneMs = performance.now() + LAST_CALLS_MS;
    while (this.phones.some(({ call }) => call !== null) && performance.now() < goneMs) await this.pause(TICK_MS);
    return {
      callers: [...this.callers.values()].map(({ number, kind, placedAtMs, rungAtMs, joined, fate, words, voice }) => ({ number, kind, placedAtMs, rungAtMs, joined, fate, words, silences: voice.ear.silences() })),
      agentsDoubled: this.agentsDoubled, callersDoubled: this.callersDoubled, agentsCut: this.left.size, agentsLetGo: this.agentsLetGo, legsLeft: this.phones.filter(({ call }) => call !== null).length,
      agentSilenceMs: this.agentSilenceMs, lagMs: this.lagMs, remarks: this.remarks.slice(0, MOST_REMARKS),
    };
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    for (const { userAgent, voice } of this.phones) {
      voice?.close();
      userAgent.close();
    }
    for (const { voice } of this.callers.values()) voice.close();
    this.calling?.close();
  }

  // ── Callers ──

  private async spaced(kind: Kind): Promise<void> {
    this.place(kind);
    await this.pause(RUSH_MS);
  }

  private place(kind: Kind): void {
    const { calling, plan } = this;
    if (this.ending || calling === null || this.placed >= MOST_CALLERS) return;
    // The number is taken before anything is waited for, so that nobody else gets it.
    const number = (this.placed += 1);
    void Voice.open(toneOf(2 * number)).then((voice) => {
      if (this.ending) {
        voice.close();
        return;
      }
      const call = calling.call(plan.groups[kind], `Caller ${number}`, voice.sdp, {
        talking: (remoteSdp) => {
          caller.answered = true;
          voice.ear.open();
          voice.speak(remoteSdp);
        },
        moved: (remoteSdp) => { voice.speak(remoteSdp); },
        ended: (words) => { this.callerEnded(caller, words); },
      });
      const caller: Caller = { number, kind, placedAtMs: performance.now(), call, voice, rungAtMs: null, answered: false, agent: null, joined: false, leaves: false, fate: 'here', words: '' };
      this.callers.set(number, caller);
    });
  }

  private callerEnded(caller: Caller, words: string): void {
    caller.fate = caller.leaves ? 'left' : caller.answered ? 'cut' : 'refused';
    caller.words = words;
    caller.voice.close();
    // Somebody else takes the place of whoever was served.
    if (caller.kind !== 'waiting') return;
    if (caller.fate === 'refused') this.later(TRY_AGAIN_MS, () => { this.place('waiting'); });
    else this.place('waiting');
  }

  private leave(caller: Caller): void {
    caller.leaves = true;
    caller.call.hangUp();
  }

  // ── Agents ──

  private async phone(kind: Kind, { user, password }: Login): Promise<void> {
    const userAgent = await UserAgent.open(user, this.plan.server, (call) => { this.rung(phone, call); });
    const phone: Phone = { userAgent, password, kind, hertz: toneOf(2 * this.phones.length + 1), call: null, voice: null, caller: null };
    this.phones.push(phone);
    await userAgent.register(password, REGISTRATION_SECONDS);
    // A registration that fails now may succeed next time; the present one lasts as long again.
    this.every(REGISTER_AGAIN_MS, () => { void userAgent.register(password, REGISTRATION_SECONDS).catch(() => undefined); });
  }

  private rung(phone: Phone, call: Call): void {
    if (phone.call !== null) {
      this.agentsDoubled += 1;
      this.remarks.push(`${phone.userAgent.user} had ${phone.call.id} (${phone.voice === null ? 'ringing' : phone.voice.ear.hears ? 'talking' : 'picked up'}, caller ${phone.caller?.fate ?? 'unknown'}) when offered ${call.id}`);
      call.hangUp();
      return;
    }
    const number = Number(/Caller (\d+)/.exec(call.invite.headers.from.name ?? '')?.[1]);
    const caller = this.callers.get(number) ?? null;
    if (caller !== null) caller.rungAtMs ??= performance.now();
    phone.call = call;
    phone.caller = caller;
    call.handle({ talking: () => undefined, ended: () => { this.phoneFree(phone); } });
    call.ring();
    this.later(this.between(RING_MS), () => { void this.pickUp(phone, call); });
  }

  private async pickUp(phone: Phone, call: Call): Promise<void> {
    if (call.isOver) return;
    const voice = await Voice.open(phone.hertz);
    if (call.isOver) {
      voice.close();
      return;
    }
    phone.voice = voice;
    voice.talks = true;
    call.handle({
      talking: (remoteSdp) => {
        voice.ear.open();
        voice.speak(remoteSdp);
        if (phone.caller !== null) this.joined(phone, phone.caller, voice);
      },
      moved: (remoteSdp) => { voice.speak(remoteSdp); },
      ended: () => { this.phoneFree(phone); },
    });
    call.answer(voice.sdp);
  }

  private joined(phone: Phone, caller: Caller, voice: Voice): void {
    if (caller.agent !== null) this.callersDoubled += 1;
    if (this.left.delete(caller)) this.agentsLetGo += 1;
    caller.agent = phone;
    caller.joined = true;
    caller.voice.talks = true;
    caller.voice.ear.expect(voice.hertz);
    voice.ear.expect(caller.voice.hertz);
    const talk = TALK_MS[caller.kind];
    if (talk !== null) this.later(this.between(talk), () => { if (caller.fate === 'here') this.leave(caller); });
  }

  private phoneFree(phone: Phone): void {
    const { voice, caller } = phone;
    const talked = voice?.ear.hears === true;
    this.noteSilence(phone);
    voice?.close();
    if (caller?.agent === phone) {
      caller.agent = null;
      // Who picked up when nobody was there to join them is let go at once, and never heard anybody.
      if (caller.fate === 'here' && !caller.leaves && talked) this.left.add(caller);
    }
    phone.call = phone.voice = phone.caller = null;
  }

  /** At the end everybody hangs up, and what the others do not hear then is no silence. */
  private noteSilence({ voice, caller }: Phone): void {
    if (voice !== null && caller?.kind === 'talking' && !caller.leaves) this.agentSilenceMs = Math.max(this.agentSilenceMs, voice.ear.silences().talking);
  }

  // ── Time ──

  private between({ from, to }: { readonly from: number; readonly to: number }): number { return from + this.random() * (to - from); }

  private later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => { this.timers.delete(timer); act(); }, delayMs);
    this.timers.add(timer);
  }

  private every(periodMs: number, act: () => void): void { this.timers.add(setInterval(act, periodMs)); }

  private pause(ms: number): Promise<void> { return new Promise((resolve) => { this.later(ms, resolve); }); }
}
