// Stands for the INVITE of a leg that another engine was told of: what it said is in the dialog by now, and nothing can be answered to it.
import { type Incoming } from './link';

export function absentInvite(transactionId: string): Incoming {
  const nothing = (): void => undefined;
  return {
    method: 'INVITE', uri: '', transactionId, source: { address: '', port: 0, protocol: 'udp' }, fromEdge: false, body: '', dialogId: null,
    header: () => null, respond: nothing, accept: nothing, onCancel: nothing,
  };
}
