// The answering side: which requests from the network are for an engine, what is answered without one, and how responses go out (RFC 3261 §8.2, §12.2.2, §13.3).
import { randomUUID } from 'node:crypto';
import { parseUri, paramOf } from './address';
import { T1_MS, TRANSACTION_MS, type Timer } from './clock';
import { contactUris, Dialog, dialogId } from './dialog';
import { keptHeaders, missingContentType, NotSent, tagOf, type Draft } from './draft';
import { type Flow } from './flow';
import { header, listOf, valueOf, type Header } from './headers';
import { contactAlias } from './hops';
import { mirrored, type Incoming } from './layer';
import { PHRASES, writeMessage, type SipRequest } from './message';
import { InviteServerTransaction } from './server-transactions';
import { ownContact, ownHostPort, ownPlace, type IncomingCall, type Stack } from './stack';

/** What the stack writes itself, or takes from the request, whatever an engine gave. */
const RESPONSE_OWN = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'record-route', 'content-length']);
/** Only sense inside a dialog. */
const DIALOG_ONLY = new Set(['BYE', 'UPDATE', 'PRACK']);
/** Extensions that need nothing of the stack; whether an engine supports them is its own affair (RFC 4028, RFC 3891, RFC 4488, RFC 7044). */
const LEFT_TO_ENGINES = new Set(['timer', 'replaces', 'norefersub', 'histinfo']);
/** Their Contact becomes the dialog's target (§12.2, RFC 3311). */
const REFRESHING = new Set(['INVITE', 'UPDATE']);
/** An INVITE nobody answers for this long is over; a caller who waits is answered long before. */
const INVITE_PATIENCE_MS = 300_000;
/** The asking side gives up after 64·T1; we answer a little earlier. */
const PLAIN_PATIENCE_MS = TRANSACTION_MS - 24 * T1_MS;
const RETRY_AFTER_S = 5;
/** More dialogs than this, and new calls are turned away. */
const MAX_DIALOGS = 50_000;

/** 64 random bits, from the runtime's own store of them. */
export const newTag = (): string => randomUUID().replaceAll('-', '').slice(16);

interface Pending extends IncomingCall {
  patience: Timer;
}

/** What `respond` did. */
export interface ResponseSent {
  readonly text: string;
  readonly call: IncomingCall;
}

export class AnsweringSide {
  private readonly pending = new Map<string, Pending>();

  constructor(private readonly stack: Stack) {}

  /** How many requests await their final response. */
  get size(): number {
    return this.pending.size;
  }

  /** Requests that await their final response. */
  calls(): IterableIterator<IncomingCall> {
    return this.pending.values();
  }

  get(id: string): IncomingCall | undefined {
    return this.pending.get(id);
  }

  requested(incoming: Incoming): void {
    const { request } = incoming;
    const dialog = request.toTag === '' ? undefined : this.stack.dialogs.match(request);
    const refusal = request.toTag === '' ? this.checkInitial(incoming) : dialog ? this.checkInDialog(dialog, request) : { status: 481, headers: [] };
    if (refusal) {
      this.refuse(incoming, refusal.status, refusal.headers);
      return;
    }
    const call: Pending = {
      incoming, dialog, initial: request.toTag === '', localTag: newTag(), owner: null,
      patience: this.stack.clock.after(request.method === 'INVITE' ? INVITE_PATIENCE_MS : PLAIN_PATIENCE_MS, () => this.impatient(call)),
    };
    this.pending.set(incoming.id, call);
    if (request.method === 'INVITE') incoming.transaction.respond(100, writeMessage('SIP/2.0 100 Trying', mirrored(request, ''), ''));
    if (dialog) this.enterDialog(dialog, incoming);
    this.stack.listener.requested(call);
  }

  private checkInitial({ request }: Incoming): Refusal | undefined {
    if (DIALOG_ONLY.has(request.method)) return { status: 481, headers: [] };
    // We hand every request on, as a proxy would, so the hop count binds us (RFC 7332 §4).
    if (Number(valueOf(request.headers, 'max-forwards') ?? 1) === 0) return { status: 483, headers: [] };
    const required = listOf(request.headers, 'require').filter((option) => !LEFT_TO_ENGINES.has(option.trim().toLowerCase()));
    if (required.length > 0) return { status: 420, headers: [header('Unsupported', required.join(', '))] };
    if (request.method !== 'INVITE') return undefined;
    if (request.fromTag === '') return { status: 400, headers: [] };
    if (!takesSdp(request)) return { status: 406, headers: [] };
    if (this.stack.dialogs.size >= MAX_DIALOGS) return { status: 503, headers: [header('Retry-After', String(RETRY_AFTER_S))] };
    return this.stack.dialogs.has(dialogId(request.callId, request.fromTag)) ? { status: 482, headers: [] } : undefined;
  }

  private checkInDialog(dialog: Dialog, request: SipRequest): Refusal | undefined {
    if (dialog.state === 'ending' && request.method !== 'BYE') return { status: 481, headers: [] };
    if (request.cseq <= dialog.remoteSeq) return { status: 500, headers: [] };
    if (request.method !== 'INVITE') return undefined;
    // Glare: §14.2. Nothing of it depends on what an engine thinks.
    if (dialog.ourInvite !== undefined) return { status: 491, headers: [] };
    return dialog.theirInvite && this.pending.has(dialog.theirInvite.id) ? { status: 500, headers: [header('Retry-After', String(RETRY_AFTER_S))] } : undefined;
  }

  private enterDialog(dialog: Dialog, incoming: Incoming): void {
    const { request, flow } = incoming;
    dialog.remoteSeq = request.cseq;
    if (flow.protocol !== 'udp') dialog.flow = flow;
    if (request.method === 'INVITE') dialog.theirInvite = incoming;
    if (request.method !== 'BYE') return;
    this.stack.dialogs.remove(dialog);
    const invite = dialog.theirInvite;
    if (!invite) return;
    // A caller who hangs up instead of cancelling still gets a final response to the INVITE (§15.1.2).
    if (this.pending.has(invite.id)) this.respondPlainly(invite.id, 487);
    else if (invite.transaction instanceof InviteServerTransaction) invite.transaction.silence();
  }

  /** Answers without any engine knowing. */
  private refuse(incoming: Incoming, status: number, extra: readonly Header[]): void {
    incoming.transaction.respond(status, writeMessage(`SIP/2.0 ${status} ${PHRASES[status] ?? ''}`, [...mirrored(incoming.request, newTag()), ...extra], ''));
  }

  private impatient(call: Pending): void {
    const { method } = call.incoming.request;
    this.stack.log.warn({ method, callId: call.incoming.request.callId }, 'A request got no answer from the engine');
    this.respondPlainly(call.incoming.id, method === 'INVITE' ? 408 : method === 'BYE' ? 200 : 500);
    if (method === 'INVITE' && call.dialog && call.initial) this.stack.listener.ended(call.dialog, 'refused', undefined);
    // The engine that hangs may never tell of it.
    if (method === 'BYE' && call.dialog) this.stack.listener.ended(call.dialog, 'bye', undefined);
  }

  /** Sends a response of the edge's own to a request that awaits one; false when there is no such request. */
  respondPlainly(id: string, status: number, extra: readonly Header[] = []): boolean {
    const call = this.pending.get(id);
    if (!call) return false;
    this.send(call, status, PHRASES[status] ?? '', extra, '');
    return true;
  }

  /** Sends an engine's response. @throws NotSent. */
  respond(id: string, draft: Draft): ResponseSent {
    const match = /^SIP\/2\.0 ([1-6]\d\d) ?(.*)$/.exec(draft.startLine);
    if (!match) throw new NotSent(`invalid response: ${draft.startLine}`);
    const call = this.pending.get(id);
    if (!call) throw new NotSent('Response not sent due to unknown transaction');
    const wantedTag = tagOf(valueOf(draft.headers, 'to'));
    if (call.initial && !call.dialog && wantedTag !== '' && /^[A-Za-z0-9.\-_~]+$/.test(wantedTag)) call.localTag = wantedTag;
    const { protocol } = call.incoming.flow;
    const extra = [...keptHeaders(draft, RESPONSE_OWN, ownHostPort(this.stack), ownPlace(this.stack, protocol)), ...missingContentType(draft)];
    const text = this.send(call, Number(match[1]), match[2] ?? '', extra, draft.body);
    return { text, call };
  }

  private send(call: Pending, status: number, reason: string, extra: readonly Header[], body: string): string {
    const { incoming, dialog } = call;
    const { request, flow } = incoming;
    const headers = mirrored(request, status === 100 ? '' : call.localTag);
    const opens = request.method === 'INVITE' || request.method === 'SUBSCRIBE';
    if (opens && call.initial && status > 100 && status < 300) for (const value of listOf(request.headers, 'record-route')) headers.push(header('Record-Route', value));
    let contact = valueOf(extra, 'contact');
    if (contact === undefined && status > 100 && status < 300 && (opens || request.method === 'UPDATE')) {
      contact = dialog?.contact ?? ownContact(this.stack, flow.protocol);
      headers.push(header('Contact', contact));
    }
    const text = writeMessage(`SIP/2.0 ${status} ${reason}`, headers.concat(extra), body);
    if (request.method === 'INVITE' && status > 100 && status < 300) this.establish(call, status, contact ?? '', headers);
    if (status >= 200) this.settle(call, status);
    incoming.transaction.respond(status, text);
    if (request.method === 'REGISTER' && status >= 200) {
      this.stack.gate.registrationAnswered(request, flow, status, extra);
      if (status < 300) this.rememberConnection(request, flow);
    }
    return text;
  }

  /** A dialog exists from the first response with a tag on, and is confirmed by a 2xx (§12.1.1). */
  private establish(call: Pending, status: number, contact: string, headers: readonly Header[]): void {
    const { incoming } = call;
    if (!call.dialog) {
      const { request } = incoming;
      call.dialog = new Dialog({
        callId: request.callId, role: 'uas', localTag: call.localTag, remoteTag: request.fromTag, localAddress: valueOf(headers, 'to') ?? '', remoteAddress: valueOf(headers, 'from') ?? '',
        contact, createdAtMs: incoming.receivedAtMs, localSeq: 0, remoteSeq: request.cseq, owner: call.owner, invite: incoming,
      });
      call.dialog.theirInvite = incoming;
      call.dialog.learn(request, incoming.flow);
      this.stack.dialogs.add(call.dialog);
    }
    if (contact !== '') call.dialog.contact = contact;
    if (status >= 200) call.dialog.state = 'confirmed';
  }

  private settle(call: Pending, status: number): void {
    const { incoming, dialog } = call;
    this.pending.delete(incoming.id);
    call.patience.cancel();
    if (!dialog) return;
    const { method } = incoming.request;
    if (status < 300 && REFRESHING.has(method) && !call.initial) dialog.refresh(incoming.request, incoming.flow);
    if (method !== 'INVITE' || status < 300) return;
    dialog.theirInvite = undefined;
    if (call.initial) this.stack.dialogs.remove(dialog);
  }

  /** A phone that registered over a connection of its own is called back over it (RFC 5626 in spirit): nobody could connect to it. */
  private rememberConnection(request: SipRequest, flow: Flow): void {
    if (flow.protocol === 'udp') return;
    for (const text of contactUris(request)) {
      const uri = parseUri(text);
      if (uri && (flow.protocol === 'tls' || (paramOf(uri.params, 'transport') ?? '').toLowerCase() === 'tcp')) this.stack.transport.bind(contactAlias(uri), flow);
    }
    // Engines that know UDP and TCP alone send a phone's requests to where it registered from.
    if (flow.protocol === 'tls') this.stack.transport.bind(`@${flow.address}:${flow.port}`, flow);
  }

  cancelled(cancel: Incoming, invite: Incoming | undefined): void {
    const call = invite && this.pending.get(invite.id);
    // A CANCEL that comes after the final response is answered 200 and changes nothing (§9.2).
    const tag = call?.localTag ?? newTag();
    const status = invite ? 200 : 481;
    cancel.transaction.respond(status, writeMessage(`SIP/2.0 ${status} ${PHRASES[status] ?? ''}`, mirrored(cancel.request, tag), ''));
    if (!call) return;
    this.respondPlainly(call.incoming.id, 487);
    this.stack.listener.cancelled(call, cancel);
  }

  acknowledged(ack: SipRequest, flow: Flow): void {
    const dialog = this.stack.dialogs.match(ack);
    const invite = dialog?.theirInvite;
    if (!dialog || invite?.request.cseq !== ack.cseq || !(invite.transaction instanceof InviteServerTransaction)) return;
    if (!invite.transaction.acknowledge()) return;
    dialog.theirInvite = undefined;
    if (flow.protocol !== 'udp') dialog.flow = flow;
    this.stack.listener.acknowledged(dialog, invite, ack, flow);
  }
}

interface Refusal {
  readonly status: number;
  readonly headers: readonly Header[];
}

/** Whether a response to an INVITE may carry SDP (§20.1: without Accept it may). */
function takesSdp({ headers }: SipRequest): boolean {
  if (valueOf(headers, 'accept') === undefined) return true;
  return listOf(headers, 'accept').some((range) => /^(application\s*\/\s*(sdp|\*)|\*\s*\/\s*\*)\s*(;|$)/i.test(range) && !/;\s*q\s*=\s*0(\.0*)?\s*(;|$)/i.test(range));
}
