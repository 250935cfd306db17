// Where a leg may be sent and what its INVITE then says, and who an arrival is: all that legs need to know of trunks, identity and registrations.
import { type Arrival } from '../core/types';
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type Contact } from './bindings';
import { type Headers, type Incoming, type Reply } from './link';

/** What was learnt of a caller when it arrived and is passed on when the call is. Kept with the caller's leg; never shown to agents. */
export interface Caller {
  /** The address that trunks are told is the caller's: P-Asserted-Identity from a trunk, else From of a trunk or of an agent's own phone; null where there is none, it is anonymous, or a stranger wrote it. */
  readonly uri: string | null;
  readonly number: string;
  readonly name: string;
  /** Asked not to be shown (RFC 3323): what the arrival tells the core is empty then. */
  readonly private: boolean;
  /** What may go out: one less than came in. */
  readonly maxForwards: number;
  /** History-Info as it came in, an entry each (RFC 7044). */
  readonly history: readonly string[];
}

/** What an INVITE to the outside is about. */
export interface Outbound {
  readonly fromName: string;
  readonly fromUser: string;
  /** The address first dialled; what is dialled now is a diversion of it. */
  readonly diverted?: string;
  /** Null where it is not known any more (after a takeover), or there is none. */
  readonly caller: Caller | null;
}

/** One way out, made for one leg: a fresh one each time, since it counts how often it was asked for credentials. */
export interface Route {
  readonly trunkId: string;
  readonly uri: string;
  /** Where to send it. */
  readonly proxy: string;
  /** From (with a tag, which stays when the INVITE is sent again), To, Max-Forwards, and P-Asserted-Identity, Privacy and History-Info where they belong. */
  readonly headers: Headers;
  /**
   * For a 401 or 407: what the same INVITE adds when it is sent again, with the same Call-ID and the next CSeq. Null: refused for good,
   * because there is no password, or it was answered already. A challenge that says the nonce was stale is answered once more.
   */
  answer(reply: Pick<Reply, 'status' | 'header'>): Headers | null;
}

/** Why a route did not lead anywhere: a final status, or nothing in time (no 1xx, no edge). */
export type RouteFailure = { readonly status: number } | { readonly status: null };

export interface Routes {
  /** Every phone that is registered for the agent, the latest first. */
  registered(agentId: string): readonly Contact[];
  /** In the order to be tried; empty when there is none, which is logged: the leg has failed then. */
  outside(target: OutsideTarget, about: Outbound): readonly Route[];
  /** The INVITE led nowhere; asked before the next route is tried. Whether another route may do better, see `anotherMayDo`. */
  failed(route: Route, why: RouteFailure): void;
  /** Something but a failure of the trunk came: a ring, an answer, a busy line. */
  well(route: Route): void;
}

/** Whether the next route may be tried: only where nothing can have rung, and the trunk rather than the person called is at fault. */
export function anotherMayDo(why: RouteFailure, rang: boolean): boolean {
  // 500, 502, 503, 504 and the like; 6xx and other 4xx are the callee's word, wherever the call goes. 403 and 407 are the trunk's.
  return !rang && (why.status === null || why.status === 408 || why.status === 401 || why.status === 403 || why.status === 407 || why.status >= 500 && why.status < 600);
}

export interface Arrivals {
  /** Who calls and whom. Null when the Request-URI is no address that we could know (RFC 3261 section 8.2.2.1). */
  arrived(incoming: Incoming): { readonly arrival: Arrival; readonly caller: Caller } | null;
  /** What a 407 carries: Proxy-Authenticate (RFC 3261 section 22.3). */
  challengeFor(incoming: Incoming): Headers;
}
