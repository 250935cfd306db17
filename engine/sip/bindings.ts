// Which phones of each agent are registered, until when, and what of it is stored: kept in memory and written behind.
import { type PhoneBinding, type RegisteredPhone } from '../../storage/model/live';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { hostPort, parseUri, type Uri } from './addresses';
import { type Incoming } from './link';

/** More phones of one agent than this are not kept: the one that registered longest ago goes. */
export const MOST_PHONES = 5;

/** Where to send an INVITE: `uri` as the phone named itself, by way of `proxy` where it really is, if that differs. */
export interface Contact { readonly uri: string; readonly proxy: string | null }

/** Orders the requests of one phone (RFC 3261 section 10.3 step 7). */
export interface Sequence { readonly callId: string; readonly cseq: number }

export interface BindingsDeps {
  readonly pool: string;
  readonly timers: Timers;
  readonly log: Logger;
  civil(): Date;
  /** Written behind; never waited for. */
  readonly store: { put(binding: PhoneBinding): void; remove(agentId: string): void };
  /** Told at each registration, and when the last phone is gone. */
  phoneChanged(agentId: string, reachable: boolean): void;
}

interface Held {
  readonly phone: RegisteredPhone;
  /** Null when read back from storage: any next REGISTER replaces it. */
  readonly from: Sequence | null;
  readonly cancelExpiry: () => void;
}

export class Bindings {
  /** Of each agent, the one that registered longest ago first. Never an empty list. */
  private readonly held = new Map<string, readonly Held[]>();

  constructor(private readonly deps: BindingsDeps) {}

  /** Takes over what an earlier engine knew, for the time that is left, at most `mostMs`. */
  restore(bindings: readonly PhoneBinding[], mostMs: number): void {
    for (const { _id: agentId, others = [], ...first } of bindings) {
      if (this.held.has(agentId)) continue;
      const phones = [first, ...others].sort((one, other) => one.registeredAt.getTime() - other.registeredAt.getTime());
      const held = phones.flatMap((phone): Held[] => {
        const leftMs = Math.min(phone.expiresAt.getTime() - this.deps.civil().getTime(), mostMs);
        return leftMs > 0 ? [this.hold(agentId, phone, null, leftMs)] : [];
      });
      if (held.length === 0) continue;
      this.held.set(agentId, held);
      this.deps.phoneChanged(agentId, true);
    }
  }

  /** Tells of every agent's phones again: what could not be reached while the edge was away may be reached now. */
  tellAll(): void {
    for (const agentId of this.held.keys()) this.deps.phoneChanged(agentId, true);
  }

  /** Of one agent, the latest first. */
  phones(agentId: string): readonly RegisteredPhone[] { return this.of(agentId).map(({ phone }) => phone).reverse(); }

  /** Whether one of the agent's phones registered over the way this request came. */
  isFrom(agentId: string, { address, port, protocol }: Incoming['source']): boolean {
    const [source, transport] = [hostPort(address, port), transportNamed(protocol)];
    return this.of(agentId).some(({ phone }) => phone.source === source && phone.transport === transport);
  }

  /** Whose phone it is that sent a request from there with that Contact; null: none's, or one that several agents share. */
  ownerOf({ address, port, protocol }: Incoming['source'], contact: string): string | null {
    const [source, transport, uri] = [hostPort(address, port), transportNamed(protocol), parseUri(contact)];
    const owners = [...this.held].filter(([, held]) => held.some(({ phone }) => phone.source === source && phone.transport === transport && isSameUri(parseUri(phone.contact), uri)));
    return owners.length === 1 ? owners[0]?.[0] ?? null : null;
  }

  /** Whose phone has this address, parameters left out; null: nobody's, or one that several agents share. */
  agentAt(uri: string): string | null {
    const owners = [...this.held].filter(([, held]) => held.some(({ phone }) => phone.contact.replace(/[;?].*$/, '') === uri));
    return owners.length === 1 ? owners[0]?.[0] ?? null : null;
  }

  /** Whether a later request of the same phone has already been obeyed for one of these contacts. */
  isOvertaken(agentId: string, from: Sequence, phones: readonly Pick<RegisteredPhone, 'contact' | 'instance'>[]): boolean {
    return this.of(agentId).some((held) => held.from?.callId === from.callId && !(from.cseq > held.from.cseq) && phones.some((phone) => isSame(phone, held.phone)));
  }

  /** Takes away `gone` and binds `bound`, as one change. */
  change(agentId: string, gone: readonly Pick<RegisteredPhone, 'contact' | 'instance'>[], bound: readonly RegisteredPhone[], from: Sequence): void {
    const [former, kept] = split(this.of(agentId), ({ phone }) => [...gone, ...bound].some((other) => isSame(other, phone)));
    // Named twice in one request: the last counts.
    const made = bound.filter((phone, at) => !bound.slice(at + 1).some((later) => isSame(later, phone))).map((phone) => this.hold(agentId, phone, from, phone.expiresAt.getTime() - phone.registeredAt.getTime()));
    const all = [...kept, ...made];
    const surplus = all.splice(0, Math.max(0, all.length - MOST_PHONES));
    for (const each of [...former, ...surplus]) each.cancelExpiry();
    if (surplus.length > 0) this.deps.log.info({ agentId, most: MOST_PHONES }, 'an agent has more phones than are kept; the one that registered longest ago is forgotten');
    if (former.length + made.length > 0) this.set(agentId, all, made.length > 0);
  }

  /** Forgets every phone of an agent. */
  drop(agentId: string): void {
    for (const each of this.of(agentId)) each.cancelExpiry();
    if (this.held.has(agentId)) this.set(agentId, [], false);
  }

  private of(agentId: string): readonly Held[] { return this.held.get(agentId) ?? []; }

  private hold(agentId: string, phone: RegisteredPhone, from: Sequence | null, ms: number): Held {
    const held: Held = { phone, from, cancelExpiry: this.deps.timers.after(ms, () => {
      this.deps.log.info({ agentId }, 'a registration expired');
      this.set(agentId, this.of(agentId).filter((each) => each !== held), false);
    }) };
    return held;
  }

  private set(agentId: string, held: readonly Held[], isNew: boolean): void {
    const [first, ...others] = held.map(({ phone }) => phone).sort((one, other) => other.expiresAt.getTime() - one.expiresAt.getTime());
    if (first === undefined) {
      this.held.delete(agentId);
      this.deps.store.remove(agentId);
      this.deps.phoneChanged(agentId, false);
      return;
    }
    this.held.set(agentId, held);
    this.deps.store.put({ _id: agentId, pool: this.deps.pool, ...first, ...(others.length === 0 ? {} : { others }) });
    // Told each time, also when one is only refreshed: a phone given up as unreachable has shown that it is there.
    if (isNew) this.deps.phoneChanged(agentId, true);
  }
}

/** A phone behind a NAT names an address that only it knows; then it is reached where its REGISTER came from (RFC 3581, RFC 5626). */
export function contactOf(phone: Pick<RegisteredPhone, 'contact' | 'source' | 'transport'>): Contact {
  const uri = parseUri(phone.contact);
  const named = uri === null ? '' : hostPort(uri.host, uri.port ?? 5060);
  return { uri: phone.contact, proxy: uri !== null && named === phone.source && transportOf(uri) === phone.transport ? null : `sip:${phone.source};transport=${phone.transport}` };
}

/** How a transport is named in bindings. */
export function transportNamed(protocol: string): 'udp' | 'tcp' { return protocol.toLowerCase() === 'tcp' ? 'tcp' : 'udp'; }

function transportOf(uri: Uri): string { return (uri.params.get('transport') ?? 'udp').toLowerCase(); }

/** By instance where both name one, else by equal Contact URIs. */
function isSame(one: Pick<RegisteredPhone, 'contact' | 'instance'>, other: Pick<RegisteredPhone, 'contact' | 'instance'>): boolean {
  if (one.instance !== undefined && other.instance !== undefined) return one.instance === other.instance;
  return one.contact === other.contact || isSameUri(parseUri(one.contact), parseUri(other.contact));
}

/** RFC 3261 section 19.1.4, but a port left out is 5060. */
function isSameUri(one: Uri | null, other: Uri | null): boolean {
  if (one === null || other === null || one.scheme !== other.scheme || one.user !== other.user || one.host !== other.host || (one.port ?? 5060) !== (other.port ?? 5060)) return false;
  if (transportOf(one) !== transportOf(other)) return false;
  return [...one.params].every(([name, value]) => (other.params.get(name) ?? value).toLowerCase() === value.toLowerCase());
}

function split<T>(all: readonly T[], fits: (each: T) => boolean): [T[], T[]] {
  return [all.filter(fits), all.filter((each) => !fits(each))];
}
