// What the two cores of the stack share, and what they tell the side that decides.
import { type Logger } from '../../../storage/process/log';
import { type Clock } from './clock';
import { type Dialog, type DialogTable } from './dialog';
import { usualPort, type Flow, type Protocol } from './flow';
import { type Gate } from './gate';
import { type Hops } from './hops';
import { type Incoming, type TransactionLayer } from './layer';
import { type SipRequest, type SipResponse } from './message';
import { type Transport } from './transport';

/** Why a dialog ended although no engine ended it and none was told by its own request. */
export type EndCause = 'bye' | 'cancel' | 'noAck' | 'ownerGone' | 'asked' | 'refused';

/** A request from the network that awaits its final response from us. */
export interface IncomingCall {
  readonly incoming: Incoming;
  /** Undefined outside a dialog, and for an INVITE until its first response with a tag. */
  dialog: Dialog | undefined;
  /** Whether the request began the dialog it is in. */
  readonly initial: boolean;
  /** Puts a tag on To where the request brought none. */
  localTag: string;
  /** The engine connection that was told of it; null while none was. */
  owner: unknown;
}

/** A request of ours that awaits its final response, or whose 2xx awaits its ACK. */
export interface OutgoingCall {
  readonly id: string;
  readonly method: string;
  /** As it was sent. */
  readonly text: string;
  readonly dialog: Dialog | undefined;
  readonly owner: unknown;
}

/** Told by the stack, always from inside a socket's or timer's handler. */
export interface StackListener {
  requested(call: IncomingCall): void;
  /** The caller took the INVITE back; 200 and 487 were sent already. */
  cancelled(call: IncomingCall, cancel: Incoming): void;
  /** The ACK to a 2xx of ours, the first time it comes. */
  acknowledged(dialog: Dialog, invite: Incoming, ack: SipRequest, flow: Flow): void;
  /** `from` is undefined for a response made here, for want of any from the network. */
  responded(call: OutgoingCall, response: SipResponse, from: Flow | undefined): void;
  /** The edge ended it, or let it end. `bye` is the BYE it sent, if it sent one. */
  ended(dialog: Dialog, cause: EndCause, bye: string | undefined): void;
}

export interface Stack {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly layer: TransactionLayer;
  readonly dialogs: DialogTable;
  readonly hops: Hops;
  readonly gate: Gate;
  readonly log: Logger;
  readonly listener: StackListener;
}

/** Our address as it stands in URIs. */
export const ownHostPort = (stack: Stack): string => `${stack.transport.host}:${stack.transport.port}`;

/** Our address in a Contact for a peer reached by this protocol: what engines wrote for TCP stays as they wrote it. */
export const ownPlace = (stack: Stack, protocol: Protocol): string => (protocol === 'tls' ? `${stack.transport.host}:${stack.transport.tlsPort ?? usualPort('tls')};transport=tls` : ownHostPort(stack));

/** The Contact we give to a peer reached by this protocol. */
export const ownContact = (stack: Stack, protocol: Protocol): string => `<sip:${ownPlace(stack, protocol)}${protocol === 'tcp' ? ';transport=tcp' : ''}>`;
