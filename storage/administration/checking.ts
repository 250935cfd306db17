// Under whose eyes a change is checked.
import { type Roles } from '../access';
import { type Workflow } from '../model/workflow';
import { type Draft } from './draft';

/** A fault names no group that its reader may not see. */
export interface Checking { readonly draft: Draft; readonly roles: Roles; readonly sipDomain: string; readonly now: Date }

/** What a group is called, for those who may see it; null for everybody else. */
export function nameOf({ administrator, manages, serves }: Roles, { id, displayName }: Workflow): string | null {
  return administrator || manages.has(id) || serves.has(id) ? displayName : null;
}
