// Which engines are connected, which of them may speak, and who gets what: the edge is the fence between an old engine and a new one.
import { type Session } from './session';

export class Engines {
  /** The oldest first. */
  private readonly sessions: Session[] = [];
  private highest = 0;

  /** The highest epoch any engine presented, kept for as long as the edge lives. */
  get epoch(): number {
    return this.highest;
  }

  /** Whether somebody is there and has said what it wants, so that what nobody wants can be refused. */
  get settled(): boolean {
    return this.sessions.some((session) => session.settled);
  }

  get connected(): boolean {
    return this.sessions.length > 0;
  }

  /**
   * Lets a session in unless its epoch is over. Returns the sessions it puts out, to be closed: those of earlier epochs, and one of
   * the same, which is that engine's former connection. Clients without an epoch live side by side. Undefined when it is refused.
   */
  admit(session: Session): Session[] | undefined {
    if (session.epoch < this.highest) return undefined;
    this.highest = session.epoch;
    this.sessions.push(session);
    return this.sessions.filter((other) => other !== session && (other.epoch < session.epoch || session.epoch > 0));
  }

  remove(session: Session): boolean {
    const index = this.sessions.indexOf(session);
    if (index < 0) return false;
    this.sessions.splice(index, 1);
    return true;
  }

  has(session: unknown): session is Session {
    return this.sessions.includes(session as Session);
  }

  /** The youngest session that wants a method. */
  youngestFor(method: string): Session | undefined {
    const wanted = method.toLowerCase();
    return this.sessions.findLast((session) => session.routes.has(wanted));
  }

  /** Every method somebody wants, for Allow. */
  get methods(): string[] {
    return [...new Set(this.sessions.flatMap((session) => [...session.routes]))].filter((method) => !method.includes(':')).map((method) => method.toUpperCase()).sort();
  }

  all(): readonly Session[] {
    return this.sessions;
  }
}
