// The one table of verbs. A verb without a row does not compile.
import { changeAgent, changeSettings, createAgent, deleteAgent, resetPassword, setDuty } from './agent-verbs';
import { type Row } from './context';
import { addManager, changeGroup, createGroup, deleteGroup, removeManager } from './group-verbs';
import { undoChange } from './undo';
import { type Verb } from './verbs';

export const TABLE: { readonly [V in Verb]: Row<V> } = {
  'group.create': createGroup,
  'group.change': changeGroup,
  'group.delete': deleteGroup,
  'group.addManager': addManager,
  'group.removeManager': removeManager,
  'agent.create': createAgent,
  'agent.change': changeAgent,
  'agent.delete': deleteAgent,
  'agent.resetPassword': resetPassword,
  'duty.set': setDuty,
  'change.undo': undoChange,
  'settings.change': changeSettings,
};
