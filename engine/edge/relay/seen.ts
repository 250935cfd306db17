// What the relay has seen pass: requests both ways that await their answer, and the dialogs they make and end.
import { arrivalHeaders } from '../control/dialog-infos';
import { type DialogInfo, type DialogState } from '../control/inventory-types';
import { bareUri } from '../sip/dialog';
import { type Peer } from '../sip/flow';
import { valueOf } from '../sip/headers';
import { type SipRequest, type SipResponse } from '../sip/message';

/** A request from the network that has no final response yet. */
export interface Told {
  readonly transactionId: string;
  readonly request: SipRequest;
  /** As drachtio-server told it, to be told again. */
  readonly fields: readonly string[];
  readonly text: string;
  readonly dialog: string;
  readonly initial: boolean;
  readonly receivedAtMs: number;
  readonly source: Peer;
  /** The engine connection that was told of it; null while none was. */
  owner: unknown;
}

/** A request of an engine that has no final response yet, or whose 2xx awaits its ACK. */
export interface Asked {
  readonly transactionId: string;
  readonly method: string;
  readonly dialog: string;
  readonly initial: boolean;
  readonly uri: string;
  readonly owner: unknown;
  /** Its engine is gone: the relay finishes it alone. */
  orphan: boolean;
  /** Status of the final response; 0 before it. */
  final: number;
}

export interface SeenDialog {
  readonly id: string;
  readonly callId: string;
  readonly role: 'uas' | 'uac';
  readonly localTag: string;
  remoteTag: string;
  readonly remoteAddress: string;
  readonly createdAtMs: number;
  /** The transaction of the INVITE that began it. */
  readonly invite: string;
  /** The caller's INVITE; null where an engine sent it. */
  readonly arrival: Told | null;
  state: DialogState;
  owner: unknown;
}

export class Seen {
  readonly told = new Map<string, Told>();
  readonly asked = new Map<string, Asked>();
  readonly dialogs = new Map<string, SeenDialog>();

  clear(): void {
    this.told.clear();
    this.asked.clear();
    this.dialogs.clear();
  }

  /** A response to a request from the network went out: a dialog begins with the first that has a tag, stands from a 2xx on, and is over after a refusal (RFC 3261 §12.1.1). */
  answered(told: Told, response: SipResponse, nowMs: number): void {
    const { status } = response;
    if (status >= 200) this.told.delete(told.transactionId);
    if (told.request.method !== 'INVITE' || !told.initial || status === 100) return;
    if (status >= 300) {
      this.dialogs.delete(told.dialog);
      return;
    }
    const dialog = this.dialogs.get(told.dialog) ?? {
      id: told.dialog, callId: told.request.callId, role: 'uas', localTag: response.toTag, remoteTag: told.request.fromTag, remoteAddress: valueOf(told.request.headers, 'from') ?? '',
      createdAtMs: Math.min(told.receivedAtMs, nowMs), invite: told.transactionId, arrival: told, state: 'early', owner: told.owner,
    };
    if (status >= 200) dialog.state = 'confirmed';
    this.dialogs.set(dialog.id, dialog);
  }

  /** A request of an engine went out. */
  asking(asked: Asked, request: SipRequest, nowMs: number): void {
    this.asked.set(asked.transactionId, asked);
    if (asked.method === 'INVITE' && asked.initial) {
      this.dialogs.set(asked.dialog, {
        id: asked.dialog, callId: request.callId, role: 'uac', localTag: request.fromTag, remoteTag: '', remoteAddress: valueOf(request.headers, 'to') ?? '',
        createdAtMs: nowMs, invite: asked.transactionId, arrival: null, state: 'early', owner: asked.owner,
      });
    }
    const dialog = this.dialogs.get(asked.dialog);
    if (asked.method === 'BYE' && dialog) dialog.state = 'ending';
  }

  responded(asked: Asked, response: SipResponse): void {
    const { status } = response;
    const dialog = this.dialogs.get(asked.dialog);
    if (dialog?.remoteTag === '' && response.toTag !== '') dialog.remoteTag = response.toTag;
    if (status < 200) return;
    asked.final = status;
    if (asked.method === 'INVITE' && status < 300) {
      if (dialog?.state === 'early') dialog.state = 'confirmed';
      return;
    }
    this.asked.delete(asked.transactionId);
    if (asked.method === 'BYE') {
      // A challenged BYE has not ended anything yet (RFC 3261 §22.2): the engine sends it again.
      if ((status === 401 || status === 407) && !asked.orphan && dialog) dialog.state = 'confirmed';
      else this.dialogs.delete(asked.dialog);
    } else if (asked.method === 'INVITE' && asked.initial) this.dialogs.delete(asked.dialog);
  }

  /** The ACK for the 2xx in this dialog went out. */
  acknowledged(dialog: string): void {
    for (const [id, asked] of this.asked) if (asked.dialog === dialog && asked.method === 'INVITE' && asked.final > 0) this.asked.delete(id);
  }
}

/** A dialog as the inventory tells it. */
export function infoOf(dialog: SeenDialog, owned: boolean): DialogInfo {
  const { id, callId, role, state, localTag, remoteTag, remoteAddress, createdAtMs, arrival } = dialog;
  return {
    id, callId, role, state, localTag, remoteTag, remoteUri: bareUri(remoteAddress), createdAtMs, owned,
    arrival: arrival && {
      transactionId: arrival.transactionId, requestUri: arrival.request.uri, from: valueOf(arrival.request.headers, 'from') ?? '', to: valueOf(arrival.request.headers, 'to') ?? '',
      headers: arrivalHeaders(arrival.request.headers), source: arrival.source,
    },
  };
}
