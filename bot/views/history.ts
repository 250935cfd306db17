// The history card, and the card of one change.
import { render } from '../../cards/render';
import { type HistoryView, type Note } from '../../cards/views';
import { type ChangeView, type HistoryEntry } from '../../storage/administration/views';
import { type Asking, type Shown } from '../asking';
import { EVERYTHING, type HistoryFilter } from '../forms/history-words';
import { button, clientDateTime, escapedSentence, faultText, NO_NOTE, offered, submitButton } from './common';
import { differenceLines } from './difference';
import { notice } from './notice';

export const PAGE = 8;
const LINES_SHOWN = 3;
const DETAILS_SHOWN = 40;

export interface HistoryPage {
  readonly filter: HistoryFilter;
  /** Of the group that the filter names. */
  readonly groupName: string;
  readonly entries: readonly HistoryEntry[];
  /** The sequence number to go on from; null: there is nothing older. */
  readonly older: number | null;
  readonly first: boolean;
  readonly links: { readonly csv: string; readonly json: string };
  readonly told?: Note;
}

/** There is one set of settings, and its id is nobody's name for it. */
export const what = ({ say }: Pick<Asking, 'say'>, entry: Pick<HistoryEntry, 'verb' | 'subject' | 'subjectKind'>): string => {
  const verb = say(`undo.verb.${entry.verb}`);
  return entry.subjectKind === 'settings' ? verb : say('history.what', { verb, subject: entry.subject });
};
const who = ({ say }: Pick<Asking, 'say'>, entry: HistoryEntry): string => say(entry.undoneBy === null ? 'history.who' : 'history.whoTakenBack', { by: entry.by, when: clientDateTime(entry.at) });

export function historyCard(asking: Asking, page: HistoryPage): Shown {
  const { say } = asking;
  const { filter } = page;
  const narrowed = [filter.about, filter.by, filter.from, filter.to].some((one) => one !== '');
  const view: HistoryView = {
    titleText: page.groupName === '' ? say('history.title') : say('history.titleOf', { name: page.groupName }),
    note: page.told ?? NO_NOTE,
    filtered: narrowed,
    values: { about: filter.about, by: filter.by, from: filter.from, to: filter.to },
    filterActions: offered(
      submitButton(say, 'show', 'history', { groupId: filter.groupId, before: 0 }, 'positive'),
      (narrowed || filter.groupId !== '') && button(say, 'everything', 'history', { ...EVERYTHING, before: 0 }),
    ),
    empty: page.entries.length === 0,
    rows: page.entries.map((entry) => {
      const lines = differenceLines(say, entry.fields);
      const more = lines.length > LINES_SHOWN ? [say('history.more', { count: lines.length - LINES_SHOWN })] : [];
      return {
        whatText: what(asking, entry), whoText: who(asking, entry), lines: [...lines.slice(0, LINES_SHOWN), ...more].map((text) => ({ text })),
        actions: [button(say, 'details', 'history.entry', { entryId: entry.entryId, ...filter })],
      };
    }),
    actions: offered(
      !page.first && button(say, 'newest', 'history', { ...filter, before: 0 }),
      page.older !== null && button(say, 'older', 'history', { ...filter, before: page.older }),
      filter.groupId === '' ? button(say, 'groups', 'groups') : button(say, 'group', 'group', { groupId: filter.groupId }),
    ),
    exported: page.entries.length > 0,
    csvUrl: page.links.csv, jsonUrl: page.links.json,
  };
  return { card: render('history', view, asking.locale) };
}

/** What keeps it from being taken back: each reason in the reader's own words, where each is known by its rule. */
function inTheWay({ say }: Pick<Asking, 'say'>, { faults, message }: Exclude<ChangeView['undo'], { possible: true }>): readonly string[] {
  const told = faults.length > 0 && faults.every((fault) => fault.rule !== undefined) ? faults.map((fault) => faultText(say, fault)) : [escapedSentence(say, message)];
  return told.map((reason) => say('history.inTheWay', { reason }));
}

/** One change in full. */
export function changeCard(asking: Asking, entry: ChangeView, filter: HistoryFilter): Shown {
  const { say } = asking;
  const lines = differenceLines(say, entry.fields);
  const shown = lines.length > DETAILS_SHOWN ? [...lines.slice(0, DETAILS_SHOWN), say('history.more', { count: lines.length - DETAILS_SHOWN })] : lines;
  const { undo } = entry;
  const why = undo.possible ? [] : undo.because === 'notYours' ? [say('history.notYours')] : inTheWay(asking, undo);
  return notice(asking, 'default', what(asking, entry), who(asking, entry), offered(
    undo.possible && button(say, 'takeBack', 'history.undo', { entryId: entry.entryId, ...filter }, 'destructive'),
    button(say, 'history', 'history', { ...filter, before: 0 }),
  ), [...(shown.length === 0 ? [say('history.nothingShown')] : shown), ...why]);
}
