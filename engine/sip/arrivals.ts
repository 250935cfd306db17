// Who an arrival is: the caller, the trunk it came through, the agent whose own phone it is, and how often the call was here before.
import { createHash } from 'node:crypto';
import { type Arrival, type CallId } from '../core/types';
import { type Agent } from '../../storage/model/agent';
import { type Trunk } from '../../storage/model/trunk';
import { escapeUser, parseAddress, parseUri, type Uri } from './addresses';
import { type DigestGate, parseCredentials } from './digest';
import { timesNamed } from './history-info';
import { callerOf, isAnonymous } from './identity';
import { type Headers, type Incoming } from './link';
import { userOf } from './registrar';
import { type Arrivals, type Caller } from './routes';

export interface ArrivalsDeps {
  /** Our one SIP domain. */
  readonly domain: string;
  /** Knows agents by their passwords; the registrar's. */
  readonly gate: DigestGate;
  /** By SIP user in lower case, as configured now. */
  agentOf(sipUser: string): Agent | undefined;
  /** Whether one of the agent's phones registered from there. */
  isPhoneOf(agentId: string, source: Incoming['source']): boolean;
  /** Whose phone registered from there with that Contact, if it is one agent's. */
  ownerOf(source: Incoming['source'], contact: string): Agent | undefined;
  readonly trunks: {
    trunkOf(source: Incoming['source']): Trunk | null;
    /** Whether this is an address that a trunk has for us. */
    isOurs(uri: Uri): boolean;
    /** The user part of the Contact we register there. */
    contactUser(trunk: Trunk): string | null;
  };
}

export class ArrivalReader implements Arrivals {
  constructor(private readonly deps: ArrivalsDeps) {}

  arrived(incoming: Incoming): { readonly arrival: Arrival; readonly caller: Caller } | null {
    const dialled = this.dialledBy(incoming);
    if (dialled === null) return null;
    const agent = this.agentBehind(incoming);
    const agentId = agent?.id ?? null;
    // An agent's own phone may sit in a trunk's network: it is the agent's all the same.
    const trunk = agentId === null ? this.deps.trunks.trunkOf(incoming.source) : null;
    const said = callerOf(incoming, trunk !== null, trunk !== null || agent !== null);
    // Whom we know behind an anonymous From is vouched for to trunks (RFC 3325 section 5), and shown to nobody.
    const caller = agent === null || said.uri !== null ? said : { ...said, uri: `sip:${agent.sipUser}@${this.deps.domain}`, number: agent.sipUser };
    const arrival: Arrival = {
      callId: callIdOf(incoming.transactionId),
      dialledUser: dialled.user,
      dialled: dialled.scheme === 'tel' ? `tel:${dialled.user}` : `${dialled.scheme}:${dialled.user === '' ? '' : `${escapeUser(dialled.user)}@`}${dialled.host}`,
      callerNumber: caller.private ? '' : caller.number,
      callerName: caller.private ? '' : caller.name,
      agentId,
      trunk: trunk === null ? null : { id: trunk.id, federated: trunk.federated },
      timesHere: timesNamed({ historyInfo: incoming.header('history-info'), diversion: incoming.header('diversion') }, (uri) => uri.host === this.deps.domain || this.deps.trunks.isOurs(uri)),
    };
    return { arrival, caller };
  }

  challengeFor(incoming: Incoming): Headers {
    const { stale } = this.credentialsOf(incoming);
    return { 'Proxy-Authenticate': this.deps.gate.challenges(stale) };
  }

  /** The Request-URI; where a trunk sends calls to the Contact we registered there, the number called stands in To. */
  private dialledBy(incoming: Incoming): Uri | null {
    const uri = parseUri(incoming.uri);
    const trunk = this.deps.trunks.trunkOf(incoming.source);
    if (uri === null || trunk === null || this.deps.trunks.contactUser(trunk) !== uri.user) return uri;
    const to = parseUri(parseAddress(incoming.header('to') ?? '')?.uri ?? '');
    return to === null || to.user === '' ? uri : to;
  }

  /**
   * The agent From names, where the request shows it: it comes from where a phone of the agent registered, or it carries the password. Where From names
   * nobody (RFC 3323), the agent that P-Preferred-Identity names instead (RFC 3325 section 9.2), shown in the same way; else whose phone it is by
   * the Contact it registered; else whose password it carries.
   */
  private agentBehind(incoming: Incoming): Agent | null {
    const from = parseAddress(incoming.header('from') ?? '')?.uri ?? '';
    const named = this.agentNamed(from, incoming);
    if (named === null && !isAnonymous(from)) return null;
    const agent = named ?? this.agentNamed(parseAddress(incoming.header('p-preferred-identity') ?? '')?.uri ?? '', incoming);
    const shown = agent === null ? this.deps.ownerOf(incoming.source, parseAddress(incoming.header('contact') ?? '')?.uri ?? '') : this.deps.isPhoneOf(agent.id, incoming.source) ? agent : undefined;
    if (shown !== undefined) return shown;
    const { accepted } = this.credentialsOf(incoming);
    return agent === null || accepted?.id === agent.id ? accepted : null;
  }

  private agentNamed(address: string, incoming: Incoming): Agent | null {
    const uri = parseUri(address);
    // Phones set up with our address in place of our domain name it in both.
    if (uri === null || (uri.host !== this.deps.domain && uri.host !== parseUri(incoming.uri)?.host)) return null;
    return this.deps.agentOf(uri.user.toLowerCase()) ?? null;
  }

  private credentialsOf(incoming: Incoming): { readonly accepted: Agent | null; readonly stale: boolean } {
    const credentials = parseCredentials(incoming.header('proxy-authorization'));
    const agent = this.deps.agentOf(userOf(credentials));
    const verdict = this.deps.gate.check(incoming.method, credentials, agent?.digest ?? null);
    return { accepted: verdict.kind === 'accepted' ? agent ?? null : null, stale: verdict.kind === 'challenge' && verdict.stale };
  }
}

/** Of the transaction, which the edge tells again by the same name when another engine comes: so the call keeps its id. */
export function callIdOf(transactionId: string): CallId {
  return `c${createHash('sha256').update(transactionId).digest('hex').slice(0, 24)}`;
}
