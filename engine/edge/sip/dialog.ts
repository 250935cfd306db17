// Dialogs: who talks with whom, over which route, and how requests inside them are numbered (RFC 3261 §12).
import { type DialogState } from '../control/inventory-types';
import { paramOf, parseNameAddr, parseUri } from './address';
import { type Flow, type Peer } from './flow';
import { header, listOf, type Header } from './headers';
import { type Incoming } from './layer';
import { type SipMessage, type SipRequest } from './message';

/** What a dialog is made of when its INVITE comes or goes. */
export interface DialogStart {
  readonly callId: string;
  readonly role: 'uas' | 'uac';
  readonly localTag: string;
  readonly remoteTag: string;
  /** The From or To value of our side, with its tag. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Our Contact value. */
  readonly contact: string;
  readonly createdAtMs: number;
  readonly localSeq: number;
  readonly remoteSeq: number;
  readonly owner: unknown;
  /** The caller's INVITE; none for a dialog an engine began. */
  readonly invite?: Pick<Incoming, 'id' | 'request' | 'flow'>;
}

export class Dialog {
  /** As drachtio names dialogs: by Call-ID and the tag of who sent the INVITE. */
  readonly id: string;
  readonly callId: string;
  readonly role: 'uas' | 'uac';
  readonly createdAtMs: number;
  /** The caller's INVITE that made it, for who must know again who arrived. */
  readonly arrival: { readonly id: string; readonly request: SipRequest; readonly from: Peer } | undefined;
  state: DialogState = 'early';
  localTag: string;
  remoteTag: string;
  localAddress: string;
  remoteAddress: string;
  contact: string;
  localSeq: number;
  remoteSeq: number;
  /** Route URIs in brackets, the nearest first. */
  routes: readonly string[] = [];
  /** The far end's Contact URI. */
  target = '';
  /** A connection to the far end to use while it is open. */
  flow: Flow | undefined;
  /** Where the far end last spoke from. */
  seen: Peer | undefined;
  /** Where requests really go when the Contact cannot be reached from here. */
  behind: Peer | undefined;
  /** The engine connection that made it; null once that is gone. */
  owner: unknown;
  /** The far end's INVITE that has no final response yet, or whose 2xx awaits its ACK. */
  theirInvite: Incoming | undefined;
  /** The id of our INVITE that has no final response yet. */
  ourInvite: string | undefined;
  /** The id of our INVITE that was answered last with a 2xx. */
  answeredInvite: string | undefined;

  constructor(start: DialogStart) {
    this.callId = start.callId;
    this.role = start.role;
    this.id = dialogId(start.callId, start.role === 'uac' ? start.localTag : start.remoteTag);
    this.localTag = start.localTag;
    this.remoteTag = start.remoteTag;
    this.localAddress = start.localAddress;
    this.remoteAddress = start.remoteAddress;
    this.contact = start.contact;
    this.createdAtMs = start.createdAtMs;
    this.localSeq = start.localSeq;
    this.remoteSeq = start.remoteSeq;
    this.owner = start.owner;
    const { invite } = start;
    this.arrival = invite && { id: invite.id, request: invite.request, from: { protocol: invite.flow.protocol, address: invite.flow.address, port: invite.flow.port } };
  }

  /** Takes target and, for a dialog-creating message, the route set from the far end (§12.1). */
  learn(message: SipMessage, from: Flow | undefined): void {
    const routes = listOf(message.headers, 'record-route');
    this.routes = message.kind === 'response' ? routes.reverse() : routes;
    this.refresh(message, from);
  }

  /** Target refresh: a new Contact holds from now on (§12.2.1.2); the route set stays. */
  refresh(message: SipMessage, from: Flow | undefined): void {
    const contact = parseNameAddr(listOf(message.headers, 'contact')[0] ?? '');
    if (contact && parseUri(contact.uri)) this.target = contact.uri;
    if (from) this.seenFrom(from);
  }

  /** The far end spoke over this: a connection is used again, and a private address that is not where it speaks from is gone around. */
  seenFrom(flow: Flow): void {
    this.seen = { protocol: flow.protocol, address: flow.address, port: flow.port };
    if (flow.protocol !== 'udp') {
      this.flow = flow;
      return;
    }
    const host = parseUri(this.target)?.host ?? '';
    this.behind = this.routes.length === 0 && host !== flow.address && isUnreachable(host, flow.address) ? { protocol: 'udp', address: flow.address, port: flow.port } : undefined;
  }

  /** The start line's URI and the Route header of a request inside this dialog, loose or strict (§12.2.1.1). */
  route(): { readonly uri: string; readonly headers: Header[]; readonly hop: string } {
    const [first] = this.routes;
    // A far end that gave no usable Contact is spoken to by its address of record.
    const target = this.target === '' ? bareUri(this.remoteAddress) : this.target;
    const uri = first === undefined ? undefined : parseNameAddr(first)?.uri;
    if (uri === undefined) return { uri: target, headers: [], hop: target };
    if (paramOf(parseUri(uri)?.params ?? '', 'lr') !== undefined) return { uri: target, headers: [header('Route', this.routes.join(', '))], hop: uri };
    return { uri, headers: [header('Route', [...this.routes.slice(1), `<${target}>`].join(', '))], hop: uri };
  }

  /** From, To, Call-ID and CSeq of a request inside this dialog. */
  identity(method: string, cseq: number): Header[] {
    return [header('From', this.localAddress), header('To', this.remoteAddress), header('Call-ID', this.callId), header('CSeq', `${cseq} ${method}`)];
  }
}

export const dialogId = (callId: string, callerTag: string): string => `${callId};from-tag=${callerTag}`;

const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\.|0\.)/;

/** Whether a Contact's host means nothing on our side of a NAT. */
const isUnreachable = (host: string, seenAddress: string): boolean => host.endsWith('.invalid') || (PRIVATE.test(host) && !(host.startsWith('127.') && seenAddress.startsWith('127.')));

export class DialogTable {
  private readonly dialogs = new Map<string, Dialog>();

  get size(): number {
    return this.dialogs.size;
  }

  get(id: string): Dialog | undefined {
    return this.dialogs.get(id);
  }

  has(id: string): boolean {
    return this.dialogs.has(id);
  }

  add(dialog: Dialog): void {
    this.dialogs.set(dialog.id, dialog);
  }

  /** False when it was gone already. */
  remove(dialog: Dialog): boolean {
    return this.dialogs.get(dialog.id) === dialog && this.dialogs.delete(dialog.id);
  }

  values(): IterableIterator<Dialog> {
    return this.dialogs.values();
  }

  /** The dialog a request from the network belongs to, by all three parts of its id (§12.2.2). */
  match(request: SipRequest): Dialog | undefined {
    const theirs = this.dialogs.get(dialogId(request.callId, request.fromTag));
    if (theirs?.role === 'uas' && theirs.localTag === request.toTag) return theirs;
    const ours = this.dialogs.get(dialogId(request.callId, request.toTag));
    if (ours?.role === 'uac' && ours.remoteTag === request.fromTag) return ours;
    return undefined;
  }
}

/** The far end's address of record without display name and parameters, for people and for the inventory. */
export function bareUri(value: string): string {
  const uri = parseNameAddr(value)?.uri ?? '';
  const end = uri.search(/[;?]/);
  return end < 0 ? uri : uri.slice(0, end);
}

/** The Contact URIs of a message, `*` left out. */
export const contactUris = (message: SipMessage): string[] => listOf(message.headers, 'contact').flatMap((value) => parseNameAddr(value)?.uri ?? []).filter((uri) => uri !== '*');

