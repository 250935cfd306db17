// Under whose eyes a change is checked.
import { type Roles } from '../access';
import { type Workflow } from '../model/workflow';
import { type Draft } from './draft';

/** A fault names no group that its reader may not see. */
export interface Checking { readonly draft: Draft; readonly roles: Roles; readonly sipDomain: string }

/** A group by name, to those who may see it. */
export function nameOf({ administrator, manages, serves }: Roles, { id, displayName }: Workflow): string {
  return administrator || manages.has(id) || serves.has(id) ? `the group ${displayName}` : 'another group';
}
