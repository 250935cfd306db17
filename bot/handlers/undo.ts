// Taking back one's last edit: said plainly what it was before anything is done.
import { type HistoryEntry } from '../../storage/administration/views';
import { type Asking, type Handlers } from '../asking';
import { button, clientDateTime } from '../views/common';
import { differenceLines } from '../views/difference';
import { what } from '../views/history';
import { notice, refused } from '../views/notice';

type UndoHandlers = Pick<Handlers, 'undo' | 'undo.now'>;
const LOOKED_THROUGH = 50;
const FIELDS_SHOWN = 8;

export const undoHandlers: UndoHandlers = {
  async undo(services, asking) {
    const { say } = asking;
    const history = await services.administration.history(asking.acting, { limit: LOOKED_THROUGH });
    if (!history.ok) return refused(asking, history, button(say, 'undoLast', 'undo'));
    const entry = history.value.find((one) => one.ownEdit && one.undoneBy === null && one.undoes === null);
    if (!entry) return notice(asking, 'default', say('undo.nothingTitle'), say('undo.nothing'), [button(say, 'groups', 'groups')]);
    return notice(asking, 'warning', say('undo.title'), say('undo.line', { what: what(asking, entry), when: clientDateTime(entry.at) }), [
      button(say, 'undo', 'undo.now', { entryId: entry.entryId, requestId: services.newId() }, 'positive'), button(say, 'keep', 'groups'),
    ], fieldLines(asking, entry));
  },

  async 'undo.now'(services, asking, { entryId, requestId }) {
    const { say } = asking;
    const undone = await services.administration.perform(asking.acting, 'change.undo', { entryId }, { requestId });
    if (!undone.ok) return refused(asking, undone, button(say, 'undo', 'undo.now', { entryId, requestId }));
    return notice(asking, 'good', say('undo.done'), say('undo.doneBody'), [button(say, 'groups', 'groups')]);
  },
};

const fieldLines = ({ say }: Asking, entry: HistoryEntry): readonly string[] => differenceLines(say, entry.fields).slice(0, FIELDS_SHOWN);
