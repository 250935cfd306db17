// The asking side: requests of engines outside and inside dialogs, their CANCEL and ACK, and what comes of them (RFC 3261 §8.1, §9.1, §12.2.1, §13.2).
import { randomUUID } from 'node:crypto';
import { isToken } from './address';
import { type InviteClientTransaction, type PlainClientTransaction } from './client-transactions';
import { Dialog } from './dialog';
import { keptHeaders, missingContentType, NotSent, tagOf, type Draft } from './draft';
import { type Flow } from './flow';
import { guarded } from './guard';
import { header, valueOf, type Header } from './headers';
import { type Hop } from './hops';
import { PHRASES, writeMessage, type SipResponse } from './message';
import { ownContact, ownHostPort, ownPlace, type EndCause, type OutgoingCall, type Stack } from './stack';
import { newTag } from './uas';

const OUTSIDE_OWN = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'contact', 'content-length', 'max-forwards']);
const INSIDE_OWN = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'route', 'record-route', 'content-length', 'max-forwards']);
const CANCEL_OWN = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'route', 'contact', 'content-length', 'content-type', 'max-forwards']);
/** Requests that carry our Contact. */
const WITH_CONTACT = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'UPDATE']);
/** How long an engine may take to end a call whose 200 crossed its CANCEL. */
const CROSSED_CANCEL_MS = 2_000;
const CROSSED_REASON = 'SIP;cause=200;text="Call completed elsewhere"';
const MAX_FORWARDS = header('Max-Forwards', '70');

/** One request of ours, from sending until nothing of it can come. */
class Sent implements OutgoingCall {
  readonly id = randomUUID();
  transaction: InviteClientTransaction | PlainClientTransaction | undefined;
  flow: Flow | undefined;
  text = '';
  /** The engine that sent it is gone, or took no part: the edge finishes it alone. */
  orphan = false;
  cancel: 'no' | 'wanted' | 'sent' = 'no';
  cancelHeaders: readonly Header[] = [];
  /** Status of the final response; 0 before it. */
  final = 0;
  /** The ACK of each far end that answered with a 2xx, by its tag: the 2xx may come again. */
  readonly acks = new Map<string, { readonly text: string; flow: Flow | undefined }>();

  constructor(
    readonly method: string, readonly uri: string, readonly cseq: number, readonly branch: string, readonly headers: readonly Header[],
    readonly dialog: Dialog | undefined, readonly initial: boolean, readonly owner: unknown,
  ) {}

  get fromTag(): string {
    return tagOf(valueOf(this.headers, 'from'));
  }
}

export class AskingSide {
  private readonly sent = new Map<string, Sent>();

  constructor(private readonly stack: Stack) {}

  get size(): number {
    return this.sent.size;
  }

  /** Sends a request that is in no dialog. @param route a URI to send it to in place of its own. @throws NotSent. */
  request(draft: Draft, route: string, owner: unknown): OutgoingCall {
    const { method, uri } = startOf(draft);
    const { stack } = this;
    const own = ownHostPort(stack);
    const hop = stack.hops.plan(route !== '' ? route : nextHop(draft) ?? uri);
    const tag = newTag();
    const given = (key: string): string | undefined => keptHeaders({ ...draft, headers: draft.headers.filter((entry) => entry.key === key) }, EMPTY, own, ownPlace(stack, hop.protocol))[0]?.value;
    const contact = given('contact') ?? ownContact(stack, hop.protocol);
    const givenFrom = given('from') ?? `<sip:${own}>`;
    const from = tagOf(givenFrom) === '' ? `${bracketed(givenFrom)};tag=${tag}` : givenFrom;
    const callId = given('call-id') ?? randomUUID();
    if (/[\s|]/.test(callId)) throw new NotSent('invalid Call-ID');
    const cseq = Number(/^\d{1,9}/.exec(given('cseq') ?? '1')?.[0] ?? 1);
    const branch = stack.layer.newBranch();
    const headers = [
      stack.layer.via(branch, hop), hopsLeft(draft), header('From', from), header('To', given('to') ?? `<${uri}>`), header('Call-ID', callId), header('CSeq', `${cseq} ${method}`),
      ...(WITH_CONTACT.has(method) || valueOf(draft.headers, 'contact') !== undefined ? [header('Contact', contact)] : []), ...keptHeaders(draft, OUTSIDE_OWN, own), ...missingContentType(draft),
    ];
    const dialog = method === 'INVITE' ? this.openDialog(callId, from, given('to') ?? `<${uri}>`, contact, cseq, owner) : undefined;
    const sent = new Sent(method, uri, cseq, branch, headers, dialog, true, owner);
    if (dialog) dialog.ourInvite = sent.id;
    return this.launch(sent, draft.body, hop);
  }

  private openDialog(callId: string, from: string, to: string, contact: string, cseq: number, owner: unknown): Dialog {
    const dialog = new Dialog({
      callId, role: 'uac', localTag: tagOf(from), remoteTag: '', localAddress: from, remoteAddress: to, contact, createdAtMs: this.stack.clock.civilMs(), localSeq: cseq, remoteSeq: -1, owner,
    });
    if (this.stack.dialogs.has(dialog.id)) throw new NotSent(`dialog already exists: ${dialog.id}`);
    this.stack.dialogs.add(dialog);
    return dialog;
  }

  /** Sends a request inside a dialog. @throws NotSent. */
  requestInDialog(id: string, draft: Draft, owner: unknown): OutgoingCall {
    const { method, uri } = startOf(draft);
    const dialog = this.stack.dialogs.get(id);
    if (!dialog || dialog.state === 'ending') throw new NotSent('unable to find dialog for dialog id provided');
    if (dialog.remoteTag === '') throw new NotSent('unable to find route when sending request inside dialog: nobody answered yet');
    const unfinished = dialog.ourInvite === undefined ? undefined : this.sent.get(dialog.ourInvite);
    if (method === 'BYE') {
      if (dialog.state === 'early') throw new NotSent('unable to find dialog for dialog id provided: it is not established');
      if (unfinished) this.takeBack(unfinished);
    } else if (method === 'INVITE' && (unfinished || dialog.theirInvite)) throw new NotSent('an INVITE is in progress in this dialog');
    return this.inDialog(dialog, method, uri, draft, owner);
  }

  private inDialog(dialog: Dialog, method: string, uri: string, draft: Draft, owner: unknown): Sent {
    const { stack } = this;
    const route = dialog.route();
    const hop = this.hopOf(dialog, route.hop);
    const contentType = missingContentType(draft);
    dialog.localSeq += 1;
    const branch = stack.layer.newBranch();
    const contact = WITH_CONTACT.has(method) && valueOf(draft.headers, 'contact') === undefined ? [header('Contact', dialog.contact)] : [];
    const headers = [stack.layer.via(branch, hop), MAX_FORWARDS, ...route.headers, ...dialog.identity(method, dialog.localSeq), ...contact, ...keptHeaders(draft, INSIDE_OWN, ownHostPort(stack), ownPlace(stack, hop.protocol)), ...contentType];
    const sent = new Sent(method, uri === '' || uri.includes('placeholder') ? route.uri : uri, dialog.localSeq, branch, headers, dialog, false, owner);
    if (method === 'INVITE') dialog.ourInvite = sent.id;
    if (method === 'BYE') dialog.state = 'ending';
    return this.launch(sent, draft.body, hop);
  }

  private hopOf(dialog: Dialog, hop: string): Hop {
    const flow = dialog.routes.length === 0 && dialog.flow?.open ? dialog.flow : dialog.behind && this.stack.transport.flowTo(dialog.behind);
    if (flow) return straightTo(flow);
    try {
      return this.stack.hops.plan(hop);
    } catch (fault) {
      // Its own address leads nowhere: what must be sent goes back to where it last spoke from.
      if (!dialog.seen) throw fault;
      return straightTo(this.stack.transport.flowTo(dialog.seen));
    }
  }

  private launch(sent: Sent, body: string, hop: Hop): Sent {
    const { stack } = this;
    sent.text = writeMessage(`${sent.method} ${sent.uri} SIP/2.0`, sent.headers, body);
    this.sent.set(sent.id, sent);
    stack.hops.take(hop, (flow) => {
      if (!this.sent.has(sent.id)) return;
      if (!flow || sent.cancel === 'wanted') {
        this.failed(sent, flow ? 'timeout' : 'transport');
        this.sent.delete(sent.id);
        return;
      }
      sent.flow = flow;
      sent.transaction = stack.layer.start(sent.method, sent.branch, sent.text, flow, (response) => this.ackOfFailure(sent, response), {
        responded: (response) => this.responded(sent, response, flow),
        failed: (cause) => this.failed(sent, cause),
        ended: () => this.finished(sent),
      });
    });
    return sent;
  }

  /** Takes an INVITE back: at once after a provisional response, else as soon as one comes (§9.1). Returns the CANCEL. @throws NotSent. */
  cancel(id: string, draft: Draft): string {
    const sent = this.sent.get(id);
    if (sent?.method !== 'INVITE' || sent.final > 0) throw new NotSent(`unable to cancel unknown transaction id: ${id}`);
    sent.cancelHeaders = keptHeaders(draft, CANCEL_OWN, ownHostPort(this.stack));
    this.takeBack(sent);
    return this.cancelText(sent);
  }

  private takeBack(sent: Sent): void {
    if (sent.cancel === 'sent' || sent.final > 0) return;
    sent.cancel = 'wanted';
    if (sent.transaction?.state === 'proceeding') this.sendCancel(sent);
  }

  private cancelText(sent: Sent): string {
    const same = sent.headers.filter(({ key }) => key === 'via' || key === 'from' || key === 'to' || key === 'call-id' || key === 'route');
    return writeMessage(`CANCEL ${sent.uri} SIP/2.0`, [...same, MAX_FORWARDS, header('CSeq', `${sent.cseq} CANCEL`), ...sent.cancelHeaders], '');
  }

  private sendCancel(sent: Sent): void {
    if (!sent.flow) return;
    sent.cancel = 'sent';
    this.stack.layer.start('CANCEL', sent.branch, this.cancelText(sent), sent.flow, () => '', IGNORED);
    if (sent.transaction && 'cancelled' in sent.transaction) sent.transaction.cancelled();
  }

  private ackOfFailure(sent: Sent, response: SipResponse): string {
    const same = sent.headers.filter(({ key }) => key === 'via' || key === 'from' || key === 'call-id' || key === 'route');
    return writeMessage(`ACK ${sent.uri} SIP/2.0`, [...same, MAX_FORWARDS, header('To', valueOf(response.headers, 'to') ?? ''), header('CSeq', `${sent.cseq} ACK`)], '');
  }

  /** Sends an engine's ACK for a 2xx. @throws NotSent when no 2xx awaits one. */
  acknowledge(id: string, draft: Draft): string {
    const dialog = this.stack.dialogs.get(id);
    if (!dialog) throw new NotSent('ACK for non-success final response is automatically generated by server');
    const sent = dialog.answeredInvite === undefined ? undefined : this.sent.get(dialog.answeredInvite);
    if (!sent) throw new NotSent('ACK for non-success responses is automatically generated by the stack');
    return this.sendAck(sent, dialog, draft);
  }

  private sendAck(sent: Sent, dialog: Dialog, draft: Draft): string {
    const { stack } = this;
    const route = dialog.route();
    const hop = this.hopOf(dialog, route.hop);
    const headers = [
      stack.layer.via(stack.layer.newBranch(), hop), MAX_FORWARDS, ...route.headers, ...dialog.identity('ACK', sent.cseq), ...keptHeaders(draft, INSIDE_OWN, ownHostPort(stack), ownPlace(stack, hop.protocol)), ...missingContentType(draft),
    ];
    const text = writeMessage(`ACK ${route.uri} SIP/2.0`, headers, draft.body);
    const ack: { readonly text: string; flow: Flow | undefined } = { text, flow: undefined };
    sent.acks.set(dialog.remoteTag, ack);
    stack.hops.take(hop, (flow) => {
      ack.flow = flow;
      flow?.send(text);
    });
    return text;
  }

  private responded(sent: Sent, response: SipResponse, from: Flow): void {
    if (response.status < 200) {
      if (sent.cancel === 'wanted') this.sendCancel(sent);
      const { dialog } = sent;
      if (dialog && sent.initial && sent.method === 'INVITE' && response.toTag !== '' && dialog.remoteTag === '') this.meet(dialog, response, from);
    } else if (sent.method === 'INVITE' && response.status < 300) {
      if (!this.accepted(sent, response, from)) return;
    } else this.over(sent, response.status);
    if (!sent.orphan) this.stack.listener.responded(sent, response, from);
  }

  /** A 2xx to an INVITE; false when no engine needs to hear of it. */
  private accepted(sent: Sent, response: SipResponse, from: Flow): boolean {
    const { dialog } = sent;
    const first = sent.final === 0;
    const known = sent.acks.get(response.toTag);
    if (known !== undefined) {
      known.flow?.send(known.text);
      return false;
    }
    if (!dialog) return false;
    if (!first) {
      if (sent.initial && response.toTag !== dialog.remoteTag) this.turnAway(sent, dialog, response, from);
      return false;
    }
    sent.final = response.status;
    dialog.ourInvite = undefined;
    dialog.answeredInvite = sent.id;
    if (sent.initial) {
      this.meet(dialog, response, from);
      if (dialog.state === 'early') dialog.state = 'confirmed';
    } else dialog.refresh(response, from);
    if (sent.orphan) {
      this.sendAck(sent, dialog, NOTHING);
      if (sent.initial) this.hangUp(dialog, CROSSED_REASON, 'ownerGone');
    } else if (sent.initial && sent.cancel !== 'no') this.stack.clock.after(CROSSED_CANCEL_MS, () => this.finishCrossed(sent, dialog));
    return true;
  }

  /** Another phone of a forked INVITE answered too: it is acknowledged and hung up (§13.2.2.4). */
  private turnAway(sent: Sent, winner: Dialog, response: SipResponse, from: Flow): void {
    const other = new Dialog({
      callId: winner.callId, role: 'uac', localTag: winner.localTag, remoteTag: '', localAddress: winner.localAddress, remoteAddress: '', contact: winner.contact,
      createdAtMs: winner.createdAtMs, localSeq: sent.cseq, remoteSeq: -1, owner: null,
    });
    this.meet(other, response, from);
    this.sendAck(sent, other, NOTHING);
    this.hangUp(other, CROSSED_REASON, undefined);
  }

  private meet(dialog: Dialog, response: SipResponse, from: Flow): void {
    dialog.remoteTag = response.toTag;
    dialog.remoteAddress = valueOf(response.headers, 'to') ?? dialog.remoteAddress;
    dialog.learn(response, from);
  }

  private finishCrossed(sent: Sent, dialog: Dialog): void {
    if (this.stack.dialogs.get(dialog.id) !== dialog || dialog.state !== 'confirmed') return;
    if (!sent.acks.has(dialog.remoteTag)) this.sendAck(sent, dialog, NOTHING);
    this.hangUp(dialog, CROSSED_REASON, 'cancel');
  }

  /** Ends an established dialog with a BYE no engine asked for. */
  hangUp(dialog: Dialog, reason: string, cause: EndCause | undefined): void {
    let bye: string | undefined;
    try {
      const headers = reason === '' ? [] : [header('Reason', reason)];
      const sent = this.inDialog(dialog, 'BYE', '', { startLine: '', headers, body: '' }, null);
      sent.orphan = true;
      bye = sent.text;
    } catch (fault) {
      this.stack.log.warn({ fault: fault instanceof Error ? fault.message : fault }, 'A call could not be hung up');
      this.stack.dialogs.remove(dialog);
    }
    if (cause) this.stack.listener.ended(dialog, cause, bye);
  }

  private over(sent: Sent, status: number): void {
    sent.final = status;
    const { dialog } = sent;
    if (!dialog) return;
    if (sent.method === 'INVITE') {
      dialog.ourInvite = undefined;
      if (sent.initial) this.stack.dialogs.remove(dialog);
      // A challenged BYE has not ended anything yet (RFC 3261 §22.2): the engine sends it again.
    } else if (sent.method === 'BYE') {
      if ((status === 401 || status === 407) && !sent.orphan) dialog.state = 'confirmed';
      else this.stack.dialogs.remove(dialog);
    }
  }

  /** No final response will come: the engine is given one made here (§8.1.3.1). */
  private failed(sent: Sent, cause: 'timeout' | 'transport'): void {
    const status = sent.cancel !== 'no' ? 487 : cause === 'timeout' ? 408 : 503;
    this.over(sent, status);
    if (sent.orphan) return;
    const headers = sent.headers.filter(({ key }) => key === 'via' || key === 'from' || key === 'to' || key === 'call-id' || key === 'cseq');
    const response: SipResponse = {
      kind: 'response', status, reason: PHRASES[status] ?? '', headers, body: '', bytes: 0, via: NO_VIA, callId: valueOf(headers, 'call-id') ?? '', cseq: sent.cseq, cseqMethod: sent.method,
      fromTag: sent.fromTag, toTag: '',
    };
    // Never inside the engine's own request: it is told first what was sent.
    setImmediate(guarded(this.stack.log, () => this.stack.listener.responded(sent, response, undefined)));
  }

  private finished(sent: Sent): void {
    this.sent.delete(sent.id);
    const { dialog } = sent;
    if (!dialog || sent.method !== 'INVITE' || sent.final < 200 || sent.final >= 300 || sent.acks.has(dialog.remoteTag) || this.stack.dialogs.get(dialog.id) !== dialog) return;
    this.sendAck(sent, dialog, NOTHING);
    this.hangUp(dialog, 'SIP;cause=408;text="ACK timeout"', 'noAck');
  }

  /** An engine connection is gone: what it began and nobody can finish is taken back (an early INVITE) or completed (an unacknowledged 2xx). */
  disown(owner: unknown): void {
    for (const sent of [...this.sent.values()]) {
      if (sent.owner !== owner || sent.orphan) continue;
      sent.orphan = true;
      const { dialog } = sent;
      if (sent.method !== 'INVITE' || !dialog) continue;
      if (sent.final === 0) {
        if (sent.initial) {
          this.takeBack(sent);
          this.stack.listener.ended(dialog, 'ownerGone', undefined);
        }
      } else if (sent.final < 300 && !sent.acks.has(dialog.remoteTag)) {
        this.sendAck(sent, dialog, NOTHING);
        if (sent.initial) this.hangUp(dialog, CROSSED_REASON, 'ownerGone');
      }
    }
  }

  /** Takes back an INVITE that began this dialog and has no final response; false when there is none. */
  abandon(dialog: Dialog): boolean {
    const sent = dialog.ourInvite === undefined ? undefined : this.sent.get(dialog.ourInvite);
    if (!sent || sent.final > 0) return false;
    this.takeBack(sent);
    return true;
  }
}

const EMPTY: ReadonlySet<string> = new Set();
const NOTHING: Draft = { startLine: '', headers: [], body: '' };
const NO_VIA = { transport: 'UDP', host: '', port: undefined, params: '', branch: '' };
const IGNORED = { responded: () => undefined, failed: () => undefined, ended: () => undefined };

function startOf(draft: Draft): { readonly method: string; readonly uri: string } {
  const match = /^(\S+) (\S+) SIP\/2\.0$/.exec(draft.startLine);
  if (!match || !isToken(match[1] as string)) throw new NotSent(`invalid or missing method supplied on start line: ${draft.startLine}`);
  return { method: (match[1] as string).toUpperCase(), uri: match[2] as string };
}

/** The first Route an engine gave decides where a request goes. */
function nextHop(draft: Draft): string | undefined {
  const route = valueOf(draft.headers, 'route');
  return route === undefined ? undefined : /<([^>]+)>/.exec(route)?.[1];
}

/** A hop that needs no looking up. */
const straightTo = (flow: Flow): Hop => ({ uri: { scheme: 'sip', user: '', host: flow.address, port: flow.port, params: '' }, protocol: flow.protocol, flow });

/** As many hops as an engine gives a call that it passes on (RFC 7332 §4), else all. */
function hopsLeft(draft: Draft): Header {
  const given = valueOf(draft.headers, 'max-forwards')?.trim() ?? '';
  return /^\d{1,3}$/.test(given) && Number(given) <= 255 ? header('Max-Forwards', given) : MAX_FORWARDS;
}

/** A bare URI in brackets, so that a tag after it is the header's. */
const bracketed = (value: string): string => (value.includes('<') ? value : `<${value}>`);
