// Who an arrival is: the caller, the trunk it came through, the agent whose own phone it is, and how often the call was here before.
import { createHash } from 'node:crypto';
import { type Arrival, type CallId } from '../core/types';
import { type Agent } from '../../storage/model/agent';
import { type Trunk } from '../../storage/model/trunk';
import { escapeUser, parseAddress, parseUri, type Uri } from './addresses';
import { type DigestGate, parseCredentials } from './digest';
import { timesNamed } from './history-info';
import { callerOf } from './identity';
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
    const agentId = this.agentBehind(incoming);
    // An agent's own phone may sit in a trunk's network: it is the agent's all the same.
    const trunk = agentId === null ? this.deps.trunks.trunkOf(incoming.source) : null;
    const caller = callerOf(incoming, trunk !== null, trunk !== null || agentId !== null);
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

  /** The agent From names, where the request shows it: it comes from where a phone of the agent registered, or it carries the password. */
  private agentBehind(incoming: Incoming): string | null {
    const from = parseUri(parseAddress(incoming.header('from') ?? '')?.uri ?? '');
    // Phones set up with our address in place of our domain name it in both.
    if (from === null || (from.host !== this.deps.domain && from.host !== parseUri(incoming.uri)?.host)) return null;
    const agent = this.deps.agentOf(from.user.toLowerCase());
    if (agent === undefined) return null;
    if (this.deps.isPhoneOf(agent.id, incoming.source)) return agent.id;
    const { accepted } = this.credentialsOf(incoming);
    return accepted === agent.id ? agent.id : null;
  }

  private credentialsOf(incoming: Incoming): { readonly accepted: string | null; readonly stale: boolean } {
    const credentials = parseCredentials(incoming.header('proxy-authorization'));
    const agent = this.deps.agentOf(userOf(credentials));
    const verdict = this.deps.gate.check(incoming.method, credentials, agent?.digest ?? null);
    return { accepted: verdict.kind === 'accepted' ? agent?.id ?? null : null, stale: verdict.kind === 'challenge' && verdict.stale };
  }
}

/** Of the transaction, which the edge tells again by the same name when another engine comes: so the call keeps its id. */
export function callIdOf(transactionId: string): CallId {
  return `c${createHash('sha256').update(transactionId).digest('hex').slice(0, 24)}`;
}
