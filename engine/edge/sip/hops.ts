// From a URI to the way a request goes: transport, name lookup, connections that phones opened (RFC 3261 §8.1.2; RFC 3263 without SRV).
import { lookup } from 'node:dns';
import { type Logger } from '../../../storage/process/log';
import { isIpv4, paramOf, parseUri, type SipUri } from './address';
import { NotSent } from './draft';
import { usualPort, type Flow, type Protocol } from './flow';
import { guarded } from './guard';
import { type Transport } from './transport';

/** Looks a host name up; undefined when there is no such host. */
export type Lookup = (host: string, found: (address: string | undefined) => void) => void;

export const systemLookup = (log: Logger): Lookup => (host, found) => {
  lookup(host, { family: 4 }, guarded(log, (fault, address) => found(fault ? undefined : address)));
};

export interface Hop {
  readonly uri: SipUri;
  readonly protocol: Protocol;
  /** Known already: no lookup is needed. */
  readonly flow: Flow | undefined;
}

export class Hops {
  constructor(private readonly transport: Transport, private readonly lookup: Lookup) {}

  /** What a URI asks for. @throws NotSent for a URI we cannot go to. */
  plan(text: string): Hop {
    const uri = parseUri(text);
    if (!uri || uri.host === '') throw new NotSent(`invalid request-uri: ${text}`);
    const wanted = this.protocolOf(uri);
    if (uri.host.startsWith('[')) throw new NotSent('requested protocol/transport not available');
    const { host, port, tlsPort } = this.transport;
    if ((uri.host === host || uri.host === 'localhost') && (uri.port ?? usualPort(wanted)) === (wanted === 'tls' ? tlsPort : port)) throw new NotSent('can not send request to myself');
    const bound = this.transport.bound(contactAlias(uri));
    if (bound?.open) return { uri, protocol: bound.protocol, flow: bound };
    return { uri, protocol: wanted, flow: isIpv4(uri.host) ? this.transport.flowTo({ protocol: wanted, address: uri.host, port: uri.port ?? usualPort(wanted) }) : undefined };
  }

  /** `sips:` goes over TLS and nothing else (RFC 3261 §26.2.2). @throws NotSent for what we do not speak. */
  private protocolOf(uri: SipUri): Protocol {
    const named = paramOf(uri.params, 'transport')?.toLowerCase();
    const wanted = uri.scheme === 'sips' && (named === undefined || named === 'tcp') ? 'tls' : named ?? 'udp';
    const spoken = wanted === 'udp' || wanted === 'tcp' || (wanted === 'tls' && this.transport.tlsPort !== undefined);
    if (!spoken || (uri.scheme !== 'sip' && !(uri.scheme === 'sips' && wanted === 'tls'))) throw new NotSent('requested protocol/transport not available');
    return wanted;
  }

  /** Calls back with the way, at once when no name must be looked up; undefined when there is none. */
  take(hop: Hop, taken: (flow: Flow | undefined) => void): void {
    if (hop.flow) {
      taken(hop.flow);
      return;
    }
    this.lookup(hop.uri.host, (address) => taken(address === undefined ? undefined : this.transport.flowTo({ protocol: hop.protocol, address, port: hop.uri.port ?? usualPort(hop.protocol), name: hop.uri.host })));
  }
}

/** The name under which a phone's own connection is remembered, once it registered this contact over it. */
export const contactAlias = (uri: SipUri): string => `${uri.user}@${uri.host}:${uri.port ?? 5060}`;
