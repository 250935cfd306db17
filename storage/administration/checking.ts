// Under whose eyes a change is checked.
import { type Roles } from '../access';
import { type Workflow } from '../model/workflow';
import { type Draft } from './draft';

/**
 * A fault names no group that its reader may not see. `whole`: a configuration is taken in from elsewhere, perhaps in an emergency and from an earlier release;
 * what the engine bounds by itself is then no reason to refuse all of it.
 */
export interface Checking { readonly draft: Draft; readonly roles: Roles; readonly sipDomain: string; readonly now: Date; readonly whole?: boolean }

/** What a group is called, for those who may see it; null for everybody else. */
export function nameOf({ administrator, manages, serves }: Roles, { id, displayName }: Workflow): string | null {
  return administrator || manages.has(id) || serves.has(id) ? displayName : null;
}
