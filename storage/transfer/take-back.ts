// Takes back, or does again, a change of a whole pool: an import, or the removal of what was exported.
import { MongoError, MongoErrorLabel } from 'mongodb';
import { may, type Acting, type Action } from '../access';
import { IN_PARTS, original, refuseIfChangedSince, takeBack } from '../administration/undo';
import { Refused, refuse, type Done, type Result } from '../administration/results';
import { type Verb, type VerbValues } from '../administration/verbs';
import { PoolHeld } from '../changes';
import { isDatabaseAway } from '../transaction';
import { HoldLost } from './in-force';
import { carryOutWhole, type WholeDeps } from './whole';

interface Undo { readonly acting: Acting; readonly requestId: string; readonly token: string }

/** As the verb `change.undo` answers, for an entry in parts. */
export async function takeBackWhole(deps: WholeDeps, { acting, requestId, token }: Undo, entryId: string): Promise<Result<'change.undo'>> {
  try {
    const { prepared, entryId: written, sequence, earlier } = await carryOutWhole(deps, { acting, verb: 'change.undo', requestId, token }, async ({ draft, log, roles, now }) => {
      const entry = await log.entry(entryId);
      if (!entry?.part) throw refuse('notFound', 'There is no such change.');
      const root = await original({ log }, entry);
      const action: Action = IN_PARTS.find((one) => one === root.verb) ?? 'configuration.import';
      if (may(roles, action, { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', 'You may not do this.');
      const changes = await log.changesOf(entry);
      await refuseIfChangedSince({ log }, entry, changes);
      for (const change of changes) await takeBack({ draft, now }, change);
      return { value: { entryId, verb: root.verb as Verb }, subject: entry.subject, undoes: entryId };
    });
    const done: Done<'change.undo'> = { ok: true, value: prepared?.value ?? earlier?.value as VerbValues['change.undo'], entryId: written, sequence, warnings: [] };
    return earlier === null || earlier.token === token ? done : { ok: false, code: 'alreadyDone', message: 'This was done already.', faults: [], earlier: done };
  } catch (fault) {
    if (fault instanceof Refused) return fault.refusal;
    if (fault instanceof PoolHeld || fault instanceof HoldLost) return { ok: false, code: 'unavailable', message: fault.message, faults: [] };
    if (isDatabaseAway(fault) || (fault instanceof MongoError && fault.hasErrorLabel(MongoErrorLabel.TransientTransactionError))) {
      return { ok: false, code: 'unavailable', message: 'The database stopped answering. What had begun is completed by the next change; look at the history before you try again.', faults: [] };
    }
    throw fault;
  }
}
