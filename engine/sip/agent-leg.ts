// A leg that we ring: several INVITEs at once, one outcome. The first phone to answer has it, the others are cancelled.
//
//   ringing ── one answers ─▶ won: the others are cancelled ── it is over ─▶ over (its outcome)
//      │  └── one that must confirm answers: pickedUp, the rest ring on ── confirmed: re-INVITE ─▶ won      notConfirmed, gone ─▶ branchGone
//      └── all are over ─▶ over (by the table in outcomes.ts)
//
// Within one leg nothing is dialled again after it may have rung: the next route of a branch is tried only while nothing has.
import { type Branch, MediaFault } from '../calls/ports';
import { type LegOutcome, type Now, type OfferId, type WithdrawCause } from '../core/types';
import { ALLOW, ALLOW_AGENT, DEADLINES_MS, type LegDeps } from './leg';
import { type Headers, type Incoming } from './link';
import { type DialogKept } from './kept';
import { combine } from './outcomes';
import { type InviteEnd, OutgoingInvite } from './outgoing-invite';
import { type DialogName } from './replaces';

export interface AgentLegEvents {
  ringing(): void;
  answered(sdp: string): void;
  pickedUp(branch: number, sdp: string): void;
  branchGone(branch: number): void;
  ended(outcome: LegOutcome): void;
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  keyPressed(key: string, branch: number | undefined): void;
  /** A REFER, to be answered; null where whoever is rung may not transfer. */
  readonly referred: ((incoming: Incoming) => void) | null;
  /** One of its phones has made a dialog. */
  dialogMade(dialog: DialogName, invite: OutgoingInvite): void;
  dialogOver(dialogId: string | null): void;
}

/** Where one phone is rung: the ways to it, in the order to be tried. */
export interface Way {
  readonly uri: string;
  readonly proxy: string | null;
  readonly headers: Headers;
  /** Null for a phone that registered. */
  readonly route: {
    credentials: NonNullable<ConstructorParameters<typeof OutgoingInvite>[0]['credentials']>;
    /** It led nowhere; whether the next may be tried. */
    failed(end: InviteEnd): boolean;
    well(): void;
  } | null;
}

/** One phone of one branch. `ways` empty: it cannot be reached at all, which counts as `otherwise`. */
export interface Place { readonly branch: number; readonly ways: readonly Way[]; readonly otherwise: LegOutcome }

interface Fork {
  readonly branch: Branch;
  readonly at: number;
  readonly callId: string;
  readonly ways: Way[];
  invite: OutgoingInvite | null;
  pickedUp: boolean;
  over: boolean;
}

export class AgentLeg {
  private readonly forks: Fork[] = [];
  private readonly outcomes: LegOutcome[] = [];
  private winner: Fork | null = null;
  private withdrawn: WithdrawCause | null = null;
  private ended = false;
  private rang = false;
  /** Between a confirmation and the answer to our re-INVITE: until when. */
  private cancelConfirmation: (() => void) | null = null;

  constructor(readonly legId: OfferId, private readonly branches: readonly Branch[], private readonly events: AgentLegEvents, private readonly deps: LegDeps) {}

  /** The dialog of the phone that has it. */
  get liveDialog(): string | null { return this.winner?.invite?.liveDialog ?? null; }

  /** Whether this is the phone that talks, which alone may transfer, be replaced and be offered anything. */
  isWinner(handler: unknown): boolean { return this.winner?.invite === handler && this.winner?.invite?.isUp === true; }

  ring(places: readonly Place[]): void {
    for (const { branch: at, ways, otherwise } of places) {
      const branch = this.branches[at];
      if (branch === undefined || ways.length === 0) this.outcomes.push(otherwise);
      else this.forks.push({ branch, at, callId: this.forks.length === 0 ? this.legId : `${this.legId}-${this.forks.length}`, ways: [...ways], invite: null, pickedUp: false, over: false });
    }
    for (const fork of this.forks) this.tryNext(fork);
    this.endIfOver();
  }

  withdraw(cause: WithdrawCause): void {
    this.withdrawn ??= cause;
    for (const { invite } of this.forks) invite?.withdraw(cause);
  }

  end(): void {
    if (this.winner === null) this.withdraw('callerGone');
    else this.winner.invite?.end();
  }

  /** Another phone has taken the place of the one that talks: it is ended, and nobody hears of it. */
  supplant(): void {
    this.ended = true;
    this.stopConfirming();
    for (const { invite } of this.forks) invite?.supplant();
  }

  /** Gives the dialog of the phone that has it away: nothing more is told of this leg. Null: there is none. */
  handOver(now: Now): DialogKept | null {
    const kept = this.withdrawn === null && this.cancelConfirmation === null ? this.winner?.invite?.handOver(now) ?? null : null;
    if (kept !== null) this.ended = true;
    return kept;
  }

  confirmed(at: number, sdp: string): void {
    const fork = this.pickedUpAt(at);
    if (fork === undefined || this.winner !== null) return;
    this.win(fork);
    // A phone that answers this no sooner would leave the caller with nobody.
    this.cancelConfirmation = this.deps.timers.after(DEADLINES_MS.confirmation, () => { fork.invite?.end(); });
    fork.invite?.reinvite(sdp).then((answer) => {
      if (fork.over || this.withdrawn !== null || fork.invite?.isUp !== true) return;
      this.stopConfirming();
      this.events.answered(answer);
    }, () => { fork.invite?.end(); });
  }

  notConfirmed(at: number): void { this.pickedUpAt(at)?.invite?.end(); }

  /** @throws MediaFault 'refused' */
  reinvite(sdp: string): Promise<string> {
    return this.winner?.invite?.reinvite(sdp) ?? Promise.reject(new MediaFault('refused', 'the leg is not up'));
  }

  linkDown(): void {
    for (const { invite } of this.forks) invite?.linkDown();
  }

  private pickedUpAt(at: number): Fork | undefined { return this.forks.find((fork) => fork.at === at && fork.pickedUp && !fork.over); }

  /** For another engine: the dialog of the phone that was answered for the caller; null before that. */
  keep(now: Now): DialogKept | null { return this.cancelConfirmation === null ? this.winner?.invite?.keep(now) ?? null : null; }

  /** For another engine, while it rings: by which Call-IDs a phone that is answered has the call. */
  get answeredBy(): readonly string[] {
    if (this.winner !== null || this.withdrawn !== null) return [];
    return this.forks.filter(({ branch, over }) => !branch.confirm && !over).map(({ callId }) => callId);
  }

  get mayRefer(): boolean { return this.events.referred !== null; }

  /** Goes on with the phone that another engine had an answer from, in place of `ring`. */
  resume(dialog: DialogKept, now: Now): void {
    const fork: Fork = { branch: { to: { kind: 'registered', agentId: '' }, sdp: '', confirm: false }, at: 0, callId: dialog.name.callId, ways: [], invite: null, pickedUp: false, over: false };
    this.forks.push(fork);
    this.winner = fork;
    this.inviteFor(fork, { uri: '', proxy: null, headers: {}, route: null }).resume(dialog, now);
  }

  /** The next way to this phone. There is one: who calls has looked. */
  private tryNext(fork: Fork): void {
    const way = fork.ways.shift();
    if (way !== undefined) this.inviteFor(fork, way).send();
  }

  private inviteFor(fork: Fork, way: Way): OutgoingInvite {
    const { route } = way;
    const invite: OutgoingInvite = new OutgoingInvite({
      callId: fork.callId, uri: way.uri, proxy: way.proxy, headers: way.headers, sdp: fork.branch.sdp, credentials: route === null ? null : (reply) => route.credentials(reply), patient: route !== null,
      allow: this.events.referred === null ? ALLOW : ALLOW_AGENT,
    }, {
      ringing: () => {
        route?.well();
        if (!this.rang) this.events.ringing();
        this.rang = true;
      },
      answered: (sdp) => {
        route?.well();
        this.answered(fork, sdp);
      },
      over: (end) => { this.forkOver(fork, way, end); },
      renegotiate: (sdp) => this.events.renegotiate(sdp),
      completeRenegotiation: (sdp) => { this.events.completeRenegotiation(sdp); },
      takesOffers: () => this.winner === fork,
      keyPressed: (key) => {
        if (this.winner === fork) this.events.keyPressed(key, undefined);
        else if (fork.pickedUp) this.events.keyPressed(key, fork.at);
      },
      referred: (incoming) => {
        if (this.winner === fork && this.events.referred !== null) this.events.referred(incoming);
        else incoming.respond(603);
      },
    }, { dialogMade: (dialog) => { this.events.dialogMade(dialog, invite); }, over: (dialogId) => { this.events.dialogOver(dialogId); } }, this.deps);
    fork.invite = invite;
    return invite;
  }

  private answered(fork: Fork, sdp: string): void {
    if (!fork.branch.confirm) {
      this.win(fork);
      this.events.answered(sdp);
      return;
    }
    fork.pickedUp = true;
    // One anchor a branch: whoever answers a second phone of it would hear nothing.
    for (const other of this.forks) if (other !== fork && other.at === fork.at) other.invite?.withdraw('completedElsewhere');
    this.events.pickedUp(fork.at, sdp);
  }

  private win(fork: Fork): void {
    this.winner = fork;
    for (const other of this.forks) if (other !== fork) other.invite?.withdraw('completedElsewhere');
  }

  private forkOver(fork: Fork, way: Way, end: InviteEnd): void {
    const { outcome } = end;
    if (this.mayTryNext(fork, way, end)) {
      this.tryNext(fork);
      return;
    }
    fork.over = true;
    // Whoever picked up and did not confirm has declined.
    this.outcomes.push(fork.pickedUp && outcome === 'hungUp' ? 'declined' : outcome);
    if (this.winner === fork) {
      // Before it was answered for the caller there was nothing to hang up.
      this.finish(this.cancelConfirmation !== null && outcome === 'hungUp' ? 'failed' : outcome);
      return;
    }
    if (fork.pickedUp) this.events.branchGone(fork.at);
    // A person who declines everywhere (RFC 3261 section 21.6) has declined on every phone.
    if (this.winner === null && way.route === null && (end.status ?? 0) >= 600 && outcome === 'declined') this.endOthers(fork);
    this.endIfOver();
  }

  private mayTryNext(fork: Fork, way: Way, end: InviteEnd): boolean {
    if (way.route === null || end.outcome === 'hungUp' || end.outcome === 'withdrawn' || fork.pickedUp) return false;
    const another = way.route.failed(end);
    return another && fork.ways.length > 0 && this.withdrawn === null && this.winner === null;
  }

  private endOthers(declined: Fork): void {
    for (const other of this.forks) if (other !== declined) other.invite?.withdraw('turnedAway');
  }

  private endIfOver(): void {
    if (this.winner === null && this.forks.every(({ over }) => over)) this.finish(combine(this.outcomes, this.withdrawn !== null));
  }

  private finish(outcome: LegOutcome): void {
    if (this.ended) return;
    this.ended = true;
    this.stopConfirming();
    this.events.ended(outcome);
  }

  private stopConfirming(): void {
    this.cancelConfirmation?.();
    this.cancelConfirmation = null;
  }
}
