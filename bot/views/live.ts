// The live queue card: who waits, who rings, who talks, as of one moment. Pure.
import { render, type Card } from '../../cards/render';
import { type Button, type LiveView as CardView, type Note, type TextColor } from '../../cards/views';
import { DEFAULTS } from '../../storage/model/limits';
import { type AgentActivity, type LiveCaller } from '../../storage/model/live';
import { type LiveView } from '../../storage/administration/views';
import { type Asking } from '../asking';
import { button, callerText, clientTime, duration, listNames, NO_NOTE, NO_REFRESH, note, offered } from './common';

const CALLERS_SHOWN = 12;
const AGENTS_SHOWN = 20;
export const ACTIVITY_COLOR: Readonly<Record<AgentActivity, TextColor>> = {
  free: 'Good', ringing: 'Accent', talking: 'Accent', wrappingUp: 'Default', resting: 'Default', paused: 'Warning', unreachable: 'Warning', offDuty: 'Default',
};
const ACTIVITY_ORDER: readonly AgentActivity[] = ['talking', 'ringing', 'free', 'wrappingUp', 'resting', 'paused', 'unreachable', 'offDuty'];

export interface LiveMoment {
  readonly now: Date;
  /** Until when the card is edited; null: it stands still. */
  readonly until: Date | null;
  /** The database does not answer. */
  readonly lost?: boolean;
  /** Ids of the calls that this person may pick. */
  readonly pickable?: ReadonlySet<string>;
  /** What was just done. */
  readonly told?: Note;
}

/** Whether somebody can still be put through, moved or preferred. */
export const waits = (caller: Pick<LiveCaller, 'state'>): boolean => caller.state === 'waiting' || caller.state === 'ringing';
const RUNG_SHOWN = 3;
const ANSWERS_SHOWN = 6;

/** What a caller meets now, with the names of those rung. `names` has the agents this person may see. */
export function stateText(say: Asking['say'], caller: Pick<LiveCaller, 'state' | 'agentId' | 'ringing'>, names: ReadonlyMap<string, string>): string {
  if (caller.state !== 'ringing' && caller.state !== 'talking') return say(`live.state.${caller.state}`);
  const ids = caller.state === 'ringing' && caller.ringing.length > 0 ? caller.ringing : caller.agentId === null ? [] : [caller.agentId];
  const known = ids.flatMap((id) => names.get(id) ?? []);
  return known.length === 0 ? say(`live.state.${caller.state}Some`) : say(`live.state.${caller.state}`, { agent: listNames(say, known, RUNG_SHOWN) });
}

export function answersText(answers: LiveCaller['answers']): string {
  return answers.slice(-ANSWERS_SHOWN).map((one) => one.answer).join(' › ');
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
    callers: callers.slice(0, CALLERS_SHOWN).map((caller): CardView['callers'][number] => ({
      place: caller.state === 'talking' ? '' : String(++place),
      who: callerText(say, caller),
      stateText: stateText(say, caller, names),
      marked: caller.state !== 'talking' && caller.priority !== DEFAULTS.priority,
      markText: say('live.priority', { priority: caller.priority }),
      answered: caller.answers.length > 0,
      answersText: say('live.answers', { answers: answersText(caller.answers) }),
      timeText: duration((caller.joinedQueueAt ?? caller.arrivedAt).getTime(), nowMs),
      color: caller.state === 'talking' ? 'Good' : caller.state === 'ringing' ? 'Accent' : 'Default',
      actions: actionsFor(caller),
    })),
    moreCallers: callers.length > CALLERS_SHOWN,
    moreCallersText: callers.length > CALLERS_SHOWN ? say('live.moreCallers', { count: callers.length - CALLERS_SHOWN }) : '',
    unstaffed: agents.length === 0,
    // Without a word from the engine nothing is known of agents, which is not the same as there being none.
    unstaffedText: say(view.at === null ? 'live.unknownAgents' : 'live.unstaffed'),
    agents: agents.slice(0, AGENTS_SHOWN).map((agent) => ({
      name: agent.name,
      stateText: agentState(say, agent),
      color: ACTIVITY_COLOR[agent.activity],
      timeText: agent.activity === 'talking' || agent.activity === 'ringing' || agent.activity === 'paused' ? duration(agent.since.getTime(), nowMs) : '',
    })),
    moreAgents: agents.length > AGENTS_SHOWN,
    moreAgentsText: agents.length > AGENTS_SHOWN ? say('live.moreAgents', { count: agents.length - AGENTS_SHOWN }) : '',
    footText: moment.until === null ? say('live.stopped') : say('live.following', { until: clientTime(moment.until) }),
    actions: [
      moment.until === null ? button(say, 'watchAgain', 'live', data, 'positive') : button(say, 'stop', 'live.stop', data),
      ...(asking.place.personal ? [button(say, 'team', 'team', data), button(say, 'openGroup', 'group', data)] : []),
    ],
    refresh: asking.place.personal ? NO_REFRESH : sharedRefresh(view.id),
  }, asking.locale);

  function noteOf(): Note {
    if (moment.lost) return note(say('live.lost'), 'attention');
    if (moment.told?.shown === true) return moment.told;
    return view.engineAlive ? NO_NOTE : note(say('live.noEngine'), 'warning');
  }
  /** What is about one caller is done in one's own chat. */
  function actionsFor(caller: LiveCaller): readonly Button[] {
    if (!asking.place.personal || moment.until === null || !waits(caller)) return [];
    const one = { ...data, callId: caller.callId };
    return offered(
      caller.state === 'waiting' && moment.pickable?.has(caller.callId) === true && button(say, 'pick', 'caller.pick', one, 'positive'),
      (view.rights.moveCaller || view.rights.setPriority) && button(say, 'changeCaller', 'caller', one),
    );
  }
}

/** Paused with the reason; not signed in where that is why an agent is not rung. */
export function agentState(say: Asking['say'], agent: Pick<LiveView['agents'][number], 'activity' | 'signedIn' | 'pause'>): string {
  if (agent.activity === 'paused' && agent.pause && agent.pause.reason !== '') return say('live.pausedFor', { reason: agent.pause.reason });
  if (!agent.signedIn && agent.activity !== 'offDuty' && agent.activity !== 'talking') return say('live.notSignedIn');
  return say(`live.activity.${agent.activity}`);
}

const sharedRefresh = (groupId: string): { readonly shown: boolean; readonly verb: string; readonly data: { readonly groupId: string }; readonly userIds: readonly string[] } =>
  ({ shown: true, verb: 'live.refresh', data: { groupId }, userIds: [] });

/** What everybody in a group chat sees until their own view comes: no name, no number. */
export function sharedLiveCard(asking: Pick<Asking, 'say' | 'locale'>, groupId: string): Card {
  const { say } = asking;
  return render('shared', { titleText: say('live.sharedTitle'), bodyText: say('live.sharedBody'), refresh: sharedRefresh(groupId) }, asking.locale);
}
