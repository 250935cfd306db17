// The live queue card: who waits, who rings, who talks, as of one moment. Pure.
import { render, type Card } from '../../cards/render';
import { escapeMarkdown } from '../../cards/markdown';
import { type Note, type TextColor } from '../../cards/views';
import { type AgentActivity } from '../../storage/model/live';
import { type LiveView } from '../../storage/administration/views';
import { type Asking } from '../asking';
import { button, clientTime, duration, NO_NOTE, NO_REFRESH, note } from './common';

const CALLERS_SHOWN = 12;
const AGENTS_SHOWN = 20;
const ACTIVITY_COLOR: Readonly<Record<AgentActivity, TextColor>> = {
  free: 'Good', ringing: 'Accent', talking: 'Accent', wrappingUp: 'Default', resting: 'Default', paused: 'Warning', unreachable: 'Warning', offDuty: 'Default',
};
const ACTIVITY_ORDER: readonly AgentActivity[] = ['talking', 'ringing', 'free', 'wrappingUp', 'resting', 'paused', 'unreachable', 'offDuty'];

export interface LiveMoment {
  readonly now: Date;
  /** Until when the card is edited; null: it stands still. */
  readonly until: Date | null;
  /** The database does not answer. */
  readonly lost?: boolean;
}

export function liveCard(asking: Pick<Asking, 'say' | 'locale' | 'place'>, view: LiveView, moment: LiveMoment): Card {
  const { say } = asking;
  const nowMs = moment.now.getTime();
  const data = { groupId: view.id };
  const names = new Map(view.agents.map((agent) => [agent.id, agent.name]));
  const waitingCallers = view.callers.filter((caller) => caller.state !== 'talking');
  const callers = [...waitingCallers, ...view.callers.filter((caller) => caller.state === 'talking')];
  const agents = [...view.agents].sort((one, other) => ACTIVITY_ORDER.indexOf(one.activity) - ACTIVITY_ORDER.indexOf(other.activity));
  let place = 0;
  return render('live', {
    note: noteOf(),
    name: view.displayName,
    waiting: view.waiting,
    waitingColor: view.waiting > 0 ? 'Warning' : 'Default',
    longestText: view.waitingSince === null ? '–' : duration(view.waitingSince.getTime(), nowMs),
    talking: view.talking,
    free: view.agents.filter((agent) => agent.activity === 'free').length,
    quiet: callers.length === 0,
    callers: callers.slice(0, CALLERS_SHOWN).map((caller) => {
      const agent = caller.agentId === null ? undefined : names.get(caller.agentId);
      const state = (caller.state === 'ringing' || caller.state === 'talking') && agent === undefined ? `${caller.state}Some` : caller.state;
      return {
        place: caller.state === 'talking' ? '' : String(++place),
        who: who(caller.callerName, caller.callerNumber),
        stateText: say(`live.state.${state}`, { agent }),
        timeText: duration((caller.joinedQueueAt ?? caller.arrivedAt).getTime(), nowMs),
        color: caller.state === 'talking' ? 'Good' : caller.state === 'ringing' ? 'Accent' : 'Default',
      };
    }),
    moreCallers: callers.length > CALLERS_SHOWN,
    moreCallersText: callers.length > CALLERS_SHOWN ? say('live.moreCallers', { count: callers.length - CALLERS_SHOWN }) : '',
    unstaffed: agents.length === 0,
    // Without a word from the engine nothing is known of agents, which is not the same as there being none.
    unstaffedText: say(view.at === null ? 'live.unknownAgents' : 'live.unstaffed'),
    agents: agents.slice(0, AGENTS_SHOWN).map((agent) => ({
      name: agent.name,
      stateText: say(`live.activity.${agent.activity}`),
      color: ACTIVITY_COLOR[agent.activity],
      timeText: agent.activity === 'talking' || agent.activity === 'ringing' ? duration(agent.since.getTime(), nowMs) : '',
    })),
    moreAgents: agents.length > AGENTS_SHOWN,
    moreAgentsText: agents.length > AGENTS_SHOWN ? say('live.moreAgents', { count: agents.length - AGENTS_SHOWN }) : '',
    footText: moment.until === null ? say('live.stopped') : say('live.following', { until: clientTime(moment.until) }),
    actions: [
      moment.until === null ? button(say, 'watchAgain', 'live', data, 'positive') : button(say, 'stop', 'live.stop', data),
      ...(asking.place.personal ? [button(say, 'openGroup', 'group', data)] : []),
    ],
    refresh: asking.place.personal ? NO_REFRESH : sharedRefresh(view.id),
  }, asking.locale);

  function noteOf(): Note {
    if (moment.lost) return note(say('live.lost'), 'attention');
    return view.engineAlive ? NO_NOTE : note(say('live.noEngine'), 'warning');
  }
  function who(name: string, number: string): string {
    if (name === '' && number === '') return say('live.unknownCaller');
    if (name === '' || name === number) return escapeMarkdown(number === '' ? name : number);
    return number === '' ? escapeMarkdown(name) : say('live.caller', { name, number });
  }
}

const sharedRefresh = (groupId: string): { readonly shown: boolean; readonly verb: string; readonly data: { readonly groupId: string }; readonly userIds: readonly string[] } =>
  ({ shown: true, verb: 'live.refresh', data: { groupId }, userIds: [] });

/** What everybody in a group chat sees until their own view comes: no name, no number. */
export function sharedLiveCard(asking: Pick<Asking, 'say' | 'locale'>, groupId: string): Card {
  const { say } = asking;
  return render('shared', { titleText: say('live.sharedTitle'), bodyText: say('live.sharedBody'), refresh: sharedRefresh(groupId) }, asking.locale);
}
