// Whether one trunk is well: asked by OPTIONS (RFC 3261 section 11) every so often, and told by the calls that go through it.
import { type Trunk } from '../../storage/model/trunk';
import { proxyOf, userAt } from './trunk-addresses';
import { type TrunkDeps } from './trunk-registration';

/** OPTIONS not answered by then count as unanswered. */
const SILENCE_MS = 4_000;

export class TrunkCheck {
  /** Until something else is seen. */
  well = true;
  private cancelTimer: (() => void) | null = null;
  private attempt: object | null = null;
  private over = false;

  constructor(private readonly trunk: Trunk, private readonly deps: Omit<TrunkDeps, 'randomHex'>) {}

  /** Asks now, and from then on. */
  start(): void {
    if (!this.over && this.trunk.checkSeconds !== null) this.ask();
  }

  /** The edge is away: that says nothing about the trunk. */
  linkDown(): void {
    this.attempt = null;
    this.cancelTimer?.();
  }

  stop(): void {
    this.over = true;
    this.linkDown();
  }

  /** A call could not be brought to the trunk. A trunk that is never asked would never recover, so it counts as well. */
  callFailed(why: string): void {
    if (this.trunk.checkSeconds !== null) this.set(false, why);
  }

  callWent(): void { this.set(true, 'a call'); }

  private ask(): void {
    this.cancelTimer?.();
    const attempt = (this.attempt = {});
    const settled = (well: boolean | null, why: string): void => {
      if (this.attempt !== attempt) return;
      this.attempt = null;
      if (well !== null) this.set(well, why);
      this.cancelTimer?.();
      // Not all trunks at once.
      this.cancelTimer = this.deps.timers.after((this.trunk.checkSeconds ?? 0) * 1_000 * (0.9 + 0.2 * this.deps.random()), () => { this.ask(); });
    };
    this.cancelTimer = this.deps.timers.after(SILENCE_MS, () => { settled(false, 'nothing in time'); });
    const own = userAt(this.trunk);
    this.deps.link.send({ method: 'OPTIONS', uri: `sip:${this.trunk.host}`, proxy: proxyOf(this.trunk), headers: { From: `<${own}>`, To: `<sip:${this.trunk.host}>`, Accept: 'application/sdp' } }, {
      // Whoever answers is there, also who refuses: only 408 and 5xx say that nothing works behind.
      reply: ({ status, reason }) => { if (status >= 200) settled(status !== 408 && Math.floor(status / 100) !== 5, `${status} ${reason}`); },
      failed: (fault) => { settled(fault.code === 'down' || fault.code === 'lost' ? null : false, fault.message); },
    });
  }

  private set(well: boolean, why: string): void {
    if (this.over || this.well === well) return;
    this.well = well;
    if (well) this.deps.log.info({ trunkId: this.trunk.id, why }, 'a trunk is well again');
    else this.deps.log.warn({ trunkId: this.trunk.id, why }, 'a trunk is not well');
  }
}
