// What an engine that takes over finds on the edge and in no journal.
import { type Inventory } from '../../../engine/continuity/inventory';
import { takeUp } from '../../../engine/continuity/takeover';
import { createLog } from '../../../storage/process/log';

const dialog = (id: string, more: Partial<Inventory['dialogs'][number]> = {}): Inventory['dialogs'][number] => ({ id, callId: id, localTag: 'l', remoteTag: 'r', remoteUri: '', role: 'uac', state: 'confirmed', createdAtMs: 0, owned: false, arrival: null, ...more });

function takenUp(dialogs: Inventory['dialogs'], ours: readonly string[]) {
  const inventory: Inventory = { edge: '', epoch: 1, engineConnected: false, startedAtMs: 0, owner: { epoch: 1, engine: '', connected: false, responsive: true, sinceMs: 0 }, dialogs, anchors: [], events: [] };
  const none = (): never => { throw new Error('there is no call to take up'); };
  return takeUp([], inventory, {
    carrier: { adopt: none, missing: none, answeredMeanwhile: none, acknowledged: none, lost: none, mediaLost: none, arrivedAgain: none }, media: { adopt: none }, restore: none, tell: none,
    switchboard: { adopt: none, adoptCaller: none, liveDialogs: () => new Set(ours) },
    now: () => ({ monotonicMs: 0, civil: new Date(0) }), log: createLog('test', 'silent'),
  });
}

test('an agent who talks and whom no journal tells of is to be let go before anybody is rung; one of a call of ours, and one who still rings, is not', () => {
  expect(takenUp([dialog('stray'), dialog('ours'), dialog('rings', { state: 'early' }), dialog('caller', { role: 'uas' })], ['ours']).strayLegs).toEqual(['stray']);
});
