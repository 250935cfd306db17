// REFERs of agents' phones: each asked of calls, answered, and told of until it is over (RFC 3515, RFC 4488, RFC 3892).
//
//   asked ── refused: its status ─▶ over       accepted: 202, NOTIFY 100 ─▶ under way ── progress: NOTIFY ─▶ … ── a status ≥ 200: the last NOTIFY ─▶ over
//   the phone's leg is over ─▶ over, nothing more can be told
import { type OfferId, type TransferTarget } from '../core/types';
import { type Logger } from '../../storage/process/log';
import { type Uri } from './addresses';
import { ALLOW_AGENT, type LegDeps } from './leg';
import { type SipKept } from './kept';
import { type Headers, type Incoming } from './link';
import { type ReferTo, readReferTo } from './refer';
import { type Replaces } from './replaces';

export interface TransfersDeps extends Pick<LegDeps, 'link'> {
  readonly log: Logger;
  isOurs(uri: Uri, refer: Incoming): boolean;
  /** The call here whose caller's dialog this is; `other`: it is one of ours, but nothing that can be consulted in; null: none of ours. */
  consulted(replaces: Replaces): { readonly callId: string } | 'other' | null;
  asked(legId: OfferId, transferId: string, target: TransferTarget): void;
}

interface Transfer {
  readonly legId: OfferId;
  readonly dialogId: string;
  /** Null when another engine answered it. */
  readonly refer: Incoming | null;
  readonly event: string;
  /** Whether the phone wants to be told how it goes (RFC 4488). */
  readonly subscribed: boolean;
  readonly referredBy: string | null;
  accepted: boolean;
}

/** Seconds; a transfer is over by then. */
const SUBSCRIPTION_SECONDS = 300;

export class Transfers {
  private readonly underWay = new Map<string, Transfer>();
  private readonly subscriptions = new Map<string, number>();

  constructor(private readonly deps: TransfersDeps) {}

  /** A REFER of the phone that talks. */
  referred(legId: OfferId, refer: Incoming): void {
    const dialogId = refer.dialogId ?? '';
    const refuse = (status: number, reason: string): void => { refer.respond(status, { reason, headers: { Allow: ALLOW_AGENT } }); };
    if ([...this.underWay.values()].some((each) => each.legId === legId)) {
      refuse(491, 'Transfer Pending');
      return;
    }
    const to = readReferTo(refer.header('refer-to'), (uri) => this.deps.isOurs(uri, refer));
    if (to.kind === 'refused') {
      refuse(to.status, to.reason);
      return;
    }
    const target = this.targetOf(to);
    if (target === null) {
      refuse(603, 'the other call is over');
      return;
    }
    const count = (this.subscriptions.get(dialogId) ?? 0) + 1;
    this.subscriptions.set(dialogId, count);
    const transferId = `${legId}/${count}`;
    this.underWay.set(transferId, {
      legId, dialogId, refer, accepted: false,
      // Only the first may go without an id (RFC 3515 section 2.4.6).
      event: count === 1 ? 'refer' : `refer;id=${Number.parseInt(refer.header('cseq') ?? '', 10)}`,
      subscribed: (refer.header('refer-sub') ?? '').trim().toLowerCase() !== 'false',
      referredBy: refer.header('referred-by'),
    });
    this.deps.asked(legId, transferId, target);
  }

  accept(transferId: string): void {
    const transfer = this.underWay.get(transferId);
    if (transfer === undefined || transfer.accepted) return;
    transfer.accepted = true;
    transfer.refer?.respond(202, { headers: { Allow: ALLOW_AGENT, ...(transfer.subscribed ? {} : { 'Refer-Sub': 'false' }) } });
    this.notify(transfer, 100, 'Trying');
  }

  refuse(transferId: string, status: number, reason: string): void {
    const transfer = this.underWay.get(transferId);
    if (transfer === undefined) return;
    if (transfer.accepted) {
      this.progress(transferId, status, reason);
      return;
    }
    this.underWay.delete(transferId);
    transfer.refer?.respond(status, { headers: { Reason: `SIP;cause=${status};text="${reason.replace(/["\\]/g, '\\$&')}"` } });
  }

  progress(transferId: string, status: number, reason: string): void {
    const transfer = this.underWay.get(transferId);
    if (transfer?.accepted !== true) return;
    if (status >= 200) this.underWay.delete(transferId);
    this.notify(transfer, status, reason);
  }

  /** The phone has hung up, and with the dialog its subscriptions are over. */
  dialogOver(dialogId: string): void {
    this.subscriptions.delete(dialogId);
    this.forget((transfer) => transfer.dialogId === dialogId);
  }

  /** Another phone has taken the place of the one that asked. */
  legOver(legId: OfferId): void { this.forget((transfer) => transfer.legId === legId); }

  private forget(fits: (transfer: Transfer) => boolean): void {
    for (const [transferId, transfer] of this.underWay) {
      if (!fits(transfer)) continue;
      if (!transfer.accepted) transfer.refer?.respond(481);
      this.underWay.delete(transferId);
    }
  }

  /** For another engine: what was accepted, and how often each dialog has asked. */
  keep(legIds: ReadonlySet<OfferId>, dialogIds: readonly string[]): Pick<SipKept, 'transfers' | 'refers'> {
    const transfers = [...this.underWay].flatMap(([transferId, { legId, dialogId, event, subscribed, referredBy, accepted }]) => (accepted && legIds.has(legId) ? [{ transferId, legId, dialogId, event, subscribed, referredBy }] : []));
    return { transfers, refers: Object.fromEntries(dialogIds.flatMap((id) => { const count = this.subscriptions.get(id); return count === undefined ? [] : [[id, count]]; })) };
  }

  /** Goes on with those of dialogs that stand. */
  adopt({ transfers, refers }: Pick<SipKept, 'transfers' | 'refers'>, stands: (dialogId: string) => boolean): void {
    for (const [dialogId, count] of Object.entries(refers)) if (stands(dialogId)) this.subscriptions.set(dialogId, count);
    for (const { transferId, ...transfer } of transfers) if (stands(transfer.dialogId)) this.underWay.set(transferId, { ...transfer, refer: null, accepted: true });
  }

  /** What is passed on to whoever is rung for a transfer of this call (RFC 3892): legs of a call share what stands before the last dot. */
  headersFor(legId: OfferId): Headers {
    const call = callOf(legId);
    const transfer = [...this.underWay.values()].find((each) => each.accepted && callOf(each.legId) === call);
    return transfer?.referredBy === null || transfer === undefined ? {} : { 'Referred-By': transfer.referredBy };
  }

  private targetOf(to: Exclude<ReferTo, { kind: 'refused' }>): TransferTarget | null {
    if (to.replaces === null) return to.kind === 'own' ? { kind: 'own', user: to.user } : { kind: 'outside', target: to.target };
    const consulted = this.deps.consulted(to.replaces);
    if (consulted === 'other') return null;
    if (consulted !== null) return { kind: 'consultation', callId: consulted.callId };
    return to.kind === 'outside' && to.replacesText !== null ? { kind: 'outsideReplaces', target: to.target, replaces: to.replacesText } : null;
  }

  private notify(transfer: Transfer, status: number, reason: string): void {
    if (!transfer.subscribed) return;
    const state = status >= 200 ? 'terminated;reason=noresource' : `active;expires=${SUBSCRIPTION_SECONDS}`;
    const body = `SIP/2.0 ${status} ${reason.replace(/[\r\n]+/g, ' ')}\r\n`;
    this.deps.link.send({ method: 'NOTIFY', dialogId: transfer.dialogId, headers: { Event: transfer.event, 'Subscription-State': state, Allow: ALLOW_AGENT, 'Content-Type': 'message/sipfrag;version=2.0' }, body }, {
      reply: (reply) => { if (reply.status >= 300) this.deps.log.info({ legId: transfer.legId, status: reply.status }, 'a phone does not want to know how its transfer goes'); },
      failed: (fault) => { this.deps.log.info({ legId: transfer.legId, fault: fault.message }, 'a phone could not be told how its transfer goes'); },
    });
  }
}

function callOf(legId: OfferId): string {
  const dot = legId.lastIndexOf('.');
  return dot < 0 ? legId : legId.slice(0, dot);
}
