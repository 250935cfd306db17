// Dialogs as the inventory tells them.
import { bareUri, type Dialog } from '../sip/dialog';
import { valueOf, type Header } from '../sip/headers';
import { ARRIVAL_HEADERS, type ArrivalInfo, type DialogInfo } from './inventory-types';

export function dialogInfos(dialogs: Iterable<Dialog>, isHere: (owner: unknown) => boolean): DialogInfo[] {
  return Array.from(dialogs, (dialog) => ({
    id: dialog.id, callId: dialog.callId, role: dialog.role, state: dialog.state, localTag: dialog.localTag, remoteTag: dialog.remoteTag, remoteUri: bareUri(dialog.remoteAddress),
    createdAtMs: dialog.createdAtMs, owned: isHere(dialog.owner), arrival: arrivalOf(dialog),
  }));
}

function arrivalOf({ arrival }: Dialog): ArrivalInfo | null {
  if (!arrival) return null;
  const { id, request, from } = arrival;
  return {
    transactionId: id, requestUri: request.uri, from: valueOf(request.headers, 'from') ?? '', to: valueOf(request.headers, 'to') ?? '',
    headers: arrivalHeaders(request.headers), source: from,
  };
}

/** Those headers of an INVITE that tell who arrived, several lines of one name joined. */
export function arrivalHeaders(headers: readonly Header[]): Record<string, string> {
  const told: Record<string, string> = {};
  for (const name of ARRIVAL_HEADERS) {
    const lines = headers.filter(({ key }) => key === name);
    if (lines.length > 0) told[name] = lines.map(({ value }) => value).join(', ');
  }
  return told;
}
