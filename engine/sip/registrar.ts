// The registrar: what a REGISTER of an agent's phone is answered (RFC 3261 section 10.3).
import { type Agent } from '../../storage/model/agent';
import { type PhoneBinding, type RegisteredPhone } from '../../storage/model/live';
import { hostPort, parseAddress, parseUri, splitAddresses } from './addresses';
import { Bindings, type BindingsDeps, type Contact, contactOf, transportNamed } from './bindings';
import { type DigestGate, parseCredentials } from './digest';
import { type Headers, type Incoming } from './link';

/** Seconds. Short, so that a phone finds the pool that serves it soon after a failover. */
export const EXPIRY_SECONDS = { min: 30, max: 120 } as const;

export interface RegistrarDeps extends BindingsDeps {
  readonly gate: DigestGate;
  /** By SIP user in lower case, as configured now. */
  agentOf(sipUser: string): Agent | undefined;
}

/** Several phones an agent; all of them ring. */
export class Registrar {
  readonly bindings: Bindings;

  constructor(private readonly deps: RegistrarDeps) {
    this.bindings = new Bindings(deps);
  }

  /** Takes over what an earlier engine knew. */
  restore(bindings: readonly PhoneBinding[]): void { this.bindings.restore(bindings, EXPIRY_SECONDS.max * 1_000); }

  /** Tells of every agent's phones again: what could not be reached while the edge was away may be reached now. */
  tellAll(): void { this.bindings.tellAll(); }

  /** Of one agent, the phone that registered last first; empty when there is none. */
  contactsOf(agentId: string): readonly Contact[] { return this.bindings.phones(agentId).map(contactOf); }

  /** Whose phone has this address, parameters left out; null: nobody's, or one that several agents share. */
  agentAt(uri: string): string | null { return this.bindings.agentAt(uri); }

  /** Forgets the phones of an agent who was deleted or got a new password. */
  drop(agentId: string): void { this.bindings.drop(agentId); }

  register(incoming: Incoming): void {
    const credentials = parseCredentials(incoming.header('authorization'));
    const user = userOf(credentials);
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
    this.update(incoming, agent.id);
  }

  /** All or nothing (section 10.3 step 7). */
  private update(incoming: Incoming, agentId: string): void {
    const value = incoming.header('contact')?.trim() ?? '';
    const header = seconds(incoming.header('expires'));
    const from = { callId: incoming.header('call-id') ?? '', cseq: Number.parseInt(incoming.header('cseq') ?? '', 10) };
    const refused = (status: number, reason: string): void => { incoming.respond(status, { reason }); };
    if (value === '*') {
      const all = this.bindings.phones(agentId);
      if (header !== 0) refused(400, 'Contact * needs Expires: 0');
      else if (this.bindings.isOvertaken(agentId, from, all)) refused(500, 'Out of order');
      else {
        this.bindings.drop(agentId);
        this.confirm(incoming, agentId, []);
      }
      return;
    }
    const asked = splitAddresses(value).map(parseAddress).flatMap((contact) => {
      const uri = contact === null ? null : parseUri(contact.uri);
      if (contact === null || uri === null || uri.scheme === 'tel') return [];
      const instance = contact.params.get('+sip.instance');
      return [{ contact: contact.uri, expires: seconds(contact.params.get('expires') ?? null) ?? header ?? EXPIRY_SECONDS.max, ...(instance === undefined || instance === '' ? {} : { instance: instance.slice(0, 128) }) }];
    });
    if (asked.length < splitAddresses(value).length) refused(400, 'Contact is not a SIP address');
    else if (asked.some(({ expires }) => expires > 0 && expires < EXPIRY_SECONDS.min)) incoming.respond(423, { headers: { 'Min-Expires': String(EXPIRY_SECONDS.min) } });
    else if (this.bindings.isOvertaken(agentId, from, asked)) refused(500, 'Out of order');
    else {
      const bound = asked.filter(({ expires }) => expires > 0).map(({ expires, ...phone }) => this.phone(incoming, phone, Math.min(expires, EXPIRY_SECONDS.max)));
      this.bindings.change(agentId, asked.filter(({ expires }) => expires === 0), bound, from);
      this.confirm(incoming, agentId, bound);
    }
  }

  private phone(incoming: Incoming, named: Pick<RegisteredPhone, 'contact' | 'instance'>, expires: number): RegisteredPhone {
    const registeredAt = this.deps.civil();
    return {
      ...named, source: hostPort(incoming.source.address, incoming.source.port), transport: transportNamed(incoming.source.protocol),
      userAgent: (incoming.header('user-agent') ?? '').slice(0, 128), registeredAt, expiresAt: new Date(registeredAt.getTime() + expires * 1_000),
    };
  }

  /** 200 with all that is bound now (section 10.3 step 8), and for how long what this request bound is. */
  private confirm(incoming: Incoming, agentId: string, bound: readonly RegisteredPhone[]): void {
    const nowMs = this.deps.civil().getTime();
    const left = (phone: RegisteredPhone): number => Math.max(1, Math.round((phone.expiresAt.getTime() - nowMs) / 1_000));
    const phones = this.bindings.phones(agentId);
    const headers: Headers = {
      Date: this.deps.civil().toUTCString(),
      ...(phones.length === 0 ? {} : { Contact: phones.map((phone) => `<${phone.contact}>;expires=${left(phone)}`).join(', ') }),
      ...(bound.length === 0 ? {} : { Expires: String(Math.min(...bound.map(left))) }),
    };
    incoming.respond(200, { headers });
  }
}

/** The SIP user that credentials name, with or without the domain, in lower case; empty when there are none. */
export function userOf(credentials: ReadonlyMap<string, string> | null): string {
  return (credentials?.get('username') ?? '').split('@')[0]?.toLowerCase() ?? '';
}

/** Delta-seconds; null when absent or not a number, which is then as if absent (section 10.2.1.1). */
function seconds(text: string | null): number | null {
  return text !== null && /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : null;
}
