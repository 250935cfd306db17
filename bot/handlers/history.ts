// Who changed what, when: found, looked at in full, taken back, and exported.
import { type Answer } from '../../storage/administration/results';
import { type HistoryEntry } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { findNamed } from '../commands';
import { EVERYTHING, optionsOf, readHistoryWords, type HistoryFilter } from '../forms/history-words';
import { button } from '../views/common';
import { changeCard, historyCard, PAGE, what } from '../views/history';
import { notice, refused } from '../views/notice';

type HistoryHandlers = Pick<Handlers, 'history' | 'history.entry' | 'history.undo'>;

/** Whoever has told no zone reads the days of the world's clock. */
const zoneOf = ({ timeZone }: Pick<Asking, 'timeZone'>): string => timeZone ?? 'UTC';

export const historyHandlers: HistoryHandlers = {
  async history(services, asking, { before, ...filter }) {
    return showHistory(services, asking, filter, before);
  },

  async 'history.entry'(services, asking, { entryId, ...filter }) {
    const entry = await services.administration.change(asking.acting, entryId);
    return entry.ok ? changeCard(asking, entry.value, filter) : refused(asking, entry, button(asking.say, 'details', 'history.entry', { entryId, ...filter }));
  },

  async 'history.undo'(services, asking, { entryId, ...filter }) {
    const { say } = asking;
    const entry = await services.administration.change(asking.acting, entryId);
    if (!entry.ok) return refused(asking, entry);
    if (!entry.value.undo.possible) return changeCard(asking, entry.value, filter);
    return notice(asking, 'warning', say('history.undoTitle'), say('history.undoBody', { what: what(asking, entry.value) }), [
      button(say, 'undo', 'undo.now', { entryId, requestId: services.newId() }, 'destructive'), button(say, 'keep', 'history.entry', { entryId, ...filter }),
    ]);
  },
};

/** Also what “history of sales by max last week” does when typed. */
export async function typedHistory(services: Services, asking: Asking, typed: string): Promise<Shown> {
  const { about, by, from, to } = readHistoryWords(typed, services.now(), zoneOf(asking));
  const groups = about === '' ? null : await services.administration.groupNames(asking.acting);
  const [only, ...others] = groups?.ok === true ? findNamed(about, groups.value) : [];
  // A group is meant by whatever name it has or had; anything else is looked for by name.
  return showHistory(services, asking, only && others.length === 0 ? { groupId: only.id, about: '', by, from, to } : { ...EVERYTHING, about, by, from, to }, 0);
}

async function showHistory(services: Services, asking: Asking, filter: HistoryFilter, before: number): Promise<Shown> {
  const zone = zoneOf(asking);
  // One more than a page, to know whether there is another.
  const found: Answer<readonly HistoryEntry[]> = await services.administration.history(asking.acting, { ...optionsOf(filter, zone), limit: PAGE + 1, ...(before === 0 ? {} : { before }) });
  if (!found.ok) return refused(asking, found, button(asking.say, 'history', 'history', { ...filter, before }));
  const entries = found.value.slice(0, PAGE);
  const older = found.value.length > PAGE ? entries.at(-1)?.sequence ?? null : null;
  const group = filter.groupId === '' ? null : await services.administration.groupNames(asking.acting);
  const groupName = group?.ok === true ? group.value.find((one) => one.id === filter.groupId)?.displayName ?? '' : '';
  const link = (format: 'csv' | 'json'): string => services.exportUrl({ personId: asking.acting.personId, name: asking.acting.name, zone, format, filter });
  return historyCard(asking, { filter, groupName, entries, older, first: before === 0, links: { csv: link('csv'), json: link('json') } });
}
