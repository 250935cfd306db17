// The one table of verbs. A verb without a row does not compile.
import { buildWorkflow } from './build-workflow';
import { changeAgent, createAgent, deleteAgent, resetPassword } from './agent-verbs';
import { type Row } from './context';
import { copyWorkflow } from './copy-workflow';
import { pauseAgent, resumeAgent, setDuty, signIn, signOut } from './duty-verbs';
import { addManager, changeGroup, createGroup, deleteGroup, removeManager } from './group-verbs';
import { OBJECT_ROWS } from './object-verbs';
import { changeSettings } from './settings-verbs';
import { undoChange } from './undo';
import { type Verb } from './verbs';
import { changeWorkflow, createWorkflow, deleteWorkflow } from './workflow-verbs';

export const TABLE: { readonly [V in Verb]: Row<V> } = {
  'group.create': createGroup,
  'group.change': changeGroup,
  'group.delete': deleteGroup,
  'group.addManager': addManager,
  'group.removeManager': removeManager,
  'workflow.create': createWorkflow,
  'workflow.build': buildWorkflow,
  'workflow.copy': copyWorkflow,
  'workflow.change': changeWorkflow,
  'workflow.delete': deleteWorkflow,
  ...OBJECT_ROWS,
  'agent.create': createAgent,
  'agent.change': changeAgent,
  'agent.delete': deleteAgent,
  'agent.resetPassword': resetPassword,
  'duty.set': setDuty,
  'duty.pause': pauseAgent,
  'duty.resume': resumeAgent,
  'duty.signIn': signIn,
  'duty.signOut': signOut,
  'change.undo': undoChange,
  'settings.change': changeSettings,
};
