// The registrar: where each agent's phone is (RFC 3261 section 10), kept in memory and written behind.
import { type Agent } from '../../storage/model/agent';
import { type PhoneBinding } from '../../storage/model/live';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { parseAddress, parseUri, splitAddresses, type Uri } from './addresses';
import { type DigestGate, parseCredentials } from './digest';
import { type Headers, type Incoming } from './link';

/** Seconds. Short, so that a phone finds the pool that serves it soon after a failover. */
export const EXPIRY_SECONDS = { min: 30, max: 120 } as const;

export interface RegistrarDeps {
  readonly pool: string;
  readonly gate: DigestGate;
  readonly timers: Timers;
  readonly log: Logger;
  civil(): Date;
  /** By SIP user in lower case, as configured now. */
  agentOf(sipUser: string): Agent | undefined;
  /** Written behind; never waited for. */
  readonly store: { put(binding: PhoneBinding): void; remove(agentId: string): void };
  phoneChanged(agentId: string, reachable: boolean): void;
}

/** Where to send an INVITE: `uri` as the phone named itself, by way of `proxy` where it really is, if that differs. */
export interface Contact { readonly uri: string; readonly proxy: string | null }

interface Entry {
  readonly binding: PhoneBinding;
  /** Null when read back from storage: any next REGISTER replaces it. */
  readonly from: { readonly callId: string; readonly cseq: number } | null;
  cancelExpiry: () => void;
}

/** One contact an agent, the most recent. */
export class Registrar {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly deps: RegistrarDeps) {}

  /** Takes over what an earlier engine knew. */
  restore(bindings: readonly PhoneBinding[]): void {
    for (const binding of bindings) {
      const leftMs = binding.expiresAt.getTime() - this.deps.civil().getTime();
      if (leftMs > 0 && !this.entries.has(binding._id)) this.keep(binding, null, Math.min(leftMs, EXPIRY_SECONDS.max * 1_000));
    }
  }

  /** Tells of every phone again: what could not be reached while the edge was away may be reached now. */
  tellAll(): void {
    for (const agentId of this.entries.keys()) this.deps.phoneChanged(agentId, true);
  }

  contactOf(agentId: string): Contact | null {
    const binding = this.entries.get(agentId)?.binding;
    return binding === undefined ? null : contactOf(binding);
  }

  /** Forgets the phone of an agent who was deleted or got a new password. */
  drop(agentId: string): void {
    if (this.entries.has(agentId)) this.remove(agentId);
  }

  register(incoming: Incoming): void {
    const credentials = parseCredentials(incoming.header('authorization'));
    const user = (credentials?.get('username') ?? '').split('@')[0]?.toLowerCase() ?? '';
    const agent = this.deps.agentOf(user);
    const verdict = this.deps.gate.check('REGISTER', credentials, agent?.digest ?? null);
    if (verdict.kind === 'challenge') {
      incoming.respond(401, { headers: { 'WWW-Authenticate': this.deps.gate.challenges(verdict.stale) } });
      return;
    }
    const to = parseUri(parseAddress(incoming.header('to') ?? '')?.uri ?? '');
    // Whom the password does not belong to is told nothing more than whom it does not fit.
    if (verdict.kind === 'refused' || agent === undefined || to === null || to.user.toLowerCase() !== agent.sipUser) {
      this.deps.log.warn({ sipUser: user, source: incoming.source.address }, 'a registration was refused');
      incoming.respond(403);
      return;
    }
    this.update(incoming, agent);
  }

  private update(incoming: Incoming, agent: Agent): void {
    const held = this.entries.get(agent.id);
    const value = incoming.header('contact')?.trim() ?? '';
    const from = { callId: incoming.header('call-id') ?? '', cseq: Number.parseInt(incoming.header('cseq') ?? '', 10) };
    if (held?.from?.callId === from.callId && !(from.cseq > held.from.cseq) && value !== '') {
      // RFC 3261 section 10.3 step 7: a request overtaken by a later one must fail.
      incoming.respond(500, { reason: 'Out of order' });
      return;
    }
    if (value === '') {
      this.confirm(incoming, agent.id);
      return;
    }
    const header = seconds(incoming.header('expires'));
    if (value === '*') {
      if (header !== 0) {
        incoming.respond(400, { reason: 'Contact * needs Expires: 0' });
        return;
      }
      this.drop(agent.id);
      this.confirm(incoming, agent.id);
      return;
    }
    const contacts = splitAddresses(value).map(parseAddress);
    const asked = contacts.map((contact) => ({ contact, uri: contact === null ? null : parseUri(contact.uri), expires: seconds(contact?.params.get('expires') ?? null) ?? header ?? EXPIRY_SECONDS.max }));
    if (asked.some(({ uri }) => uri === null || uri.scheme === 'tel')) {
      incoming.respond(400, { reason: 'Contact is not a SIP address' });
      return;
    }
    if (asked.some(({ expires }) => expires > 0 && expires < EXPIRY_SECONDS.min)) {
      incoming.respond(423, { headers: { 'Min-Expires': String(EXPIRY_SECONDS.min) } });
      return;
    }
    const wanted = asked.find(({ expires }) => expires > 0);
    if (wanted?.contact) this.bind(incoming, agent, wanted.contact.uri, Math.min(wanted.expires, EXPIRY_SECONDS.max), from);
    // Only the contact that is bound can be taken away; phones take away former ones when they start.
    else if (held !== undefined && asked.some(({ contact }) => contact?.uri === held.binding.contact)) this.remove(agent.id);
    this.confirm(incoming, agent.id);
  }

  private bind(incoming: Incoming, agent: Agent, contact: string, expires: number, from: { readonly callId: string; readonly cseq: number }): void {
    const registeredAt = this.deps.civil();
    const binding: PhoneBinding = {
      _id: agent.id, pool: this.deps.pool, contact,
      source: hostPort(incoming.source.address, incoming.source.port),
      transport: incoming.source.protocol.toLowerCase() === 'tcp' ? 'tcp' : 'udp',
      userAgent: (incoming.header('user-agent') ?? '').slice(0, 128),
      registeredAt, expiresAt: new Date(registeredAt.getTime() + expires * 1_000),
    };
    this.keep(binding, from, expires * 1_000);
    this.deps.store.put(binding);
  }

  private keep(binding: PhoneBinding, from: Entry['from'], ms: number): void {
    const agentId = binding._id;
    this.entries.get(agentId)?.cancelExpiry();
    this.entries.set(agentId, { binding, from, cancelExpiry: this.deps.timers.after(ms, () => {
      this.deps.log.info({ agentId }, 'a registration expired');
      this.remove(agentId);
    }) });
    // Told each time, also when it is only refreshed: a phone given up as unreachable has shown that it is there.
    this.deps.phoneChanged(agentId, true);
  }

  private remove(agentId: string): void {
    this.entries.get(agentId)?.cancelExpiry();
    this.entries.delete(agentId);
    this.deps.store.remove(agentId);
    this.deps.phoneChanged(agentId, false);
  }

  /** 200 with what is bound now (RFC 3261 section 10.3 step 8). */
  private confirm(incoming: Incoming, agentId: string): void {
    const binding = this.entries.get(agentId)?.binding;
    const left = binding === undefined ? 0 : Math.max(1, Math.round((binding.expiresAt.getTime() - this.deps.civil().getTime()) / 1_000));
    const headers: Headers = { Date: this.deps.civil().toUTCString() };
    incoming.respond(200, { headers: binding === undefined ? headers : { ...headers, Contact: `<${binding.contact}>;expires=${left}`, Expires: String(left) } });
  }
}

/** A phone behind a NAT names an address that only it knows; then it is reached where its REGISTER came from (RFC 3581, RFC 5626). */
export function contactOf(binding: Pick<PhoneBinding, 'contact' | 'source' | 'transport'>): Contact {
  const uri = parseUri(binding.contact);
  const named = uri === null ? '' : hostPort(uri.host.replace(/^\[|\]$/g, ''), uri.port ?? 5060);
  return { uri: binding.contact, proxy: uri !== null && named === binding.source && transportOf(uri) === binding.transport ? null : `sip:${binding.source};transport=${binding.transport}` };
}

function transportOf(uri: Uri): string { return (uri.params.get('transport') ?? 'udp').toLowerCase(); }

function hostPort(host: string, port: number): string { return `${host.includes(':') ? `[${host}]` : host}:${port}`; }

/** Delta-seconds; null when absent or not a number, which is then as if absent (RFC 3261 section 10.2.1.1). */
function seconds(text: string | null): number | null {
  return text !== null && /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : null;
}
