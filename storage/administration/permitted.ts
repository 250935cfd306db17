// Refuses a manager's change that touches what an administrator has switched off for managers of that workflow.
import { permissionsOn, type Roles } from '../access';
import { type ObjectChange } from '../model/configuration';
import { type ManagerPermission } from '../model/workflow';
import { permissionsNeeded } from '../permissions';
import { type Draft } from './draft';
import { NOUNS, targetOf, type Noun } from './owners';
import { faultOf, refuse } from './results';

/**
 * Whatever verb it was: the permissions follow from the fields that differ, also where an undo brings them back.
 * @throws Refused 'notAllowed', with a fault for each permission that is lacking
 */
export async function checkPermitted(draft: Draft, roles: Roles): Promise<void> {
  // Most people meet no narrowed group, and are spared the search.
  if (roles.administrator || (roles.narrowed?.size ?? 0) === 0) return;
  const lacking = new Set<ManagerPermission>();
  for (const change of draft.changes()) {
    const needed = permissionsNeeded(change);
    if (needed.length === 0) continue;
    for (const workflowId of await belongingTo(draft, change)) {
      const has = permissionsOn(roles, workflowId);
      for (const one of needed) if (roles.manages.has(workflowId) && !has.includes(one)) lacking.add(one);
    }
  }
  if (lacking.size === 0) return;
  const faults = [...lacking].map((value) => faultOf('managerPermissions', value, 'switchedOff'));
  throw refuse('notAllowed', 'An administrator has switched this off for managers of this group.', faults);
}

/** Before and after: neither taking something out of a group nor putting it in goes past its permissions. */
async function belongingTo(draft: Draft, change: ObjectChange): Promise<readonly string[]> {
  if (change.kind === 'workflows') return [change.id];
  const noun = (Object.keys(NOUNS) as Noun[]).find((one) => NOUNS[one].kind === change.kind);
  if (noun === undefined || noun === 'trunk') return [];
  const targets = [];
  for (const object of [change.before, change.after]) if (object) targets.push(await targetOf(draft, noun, object as never));
  return [...new Set(targets.flatMap((one) => one.workflowIds))];
}
