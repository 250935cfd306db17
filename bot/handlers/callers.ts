// What can be done for one waiting caller: put through to oneself, moved to another queue, preferred; told in words what came of it.
import { render } from '../../cards/render';
import { type Choice, type Note } from '../../cards/views';
import { LIMITS } from '../../storage/model/limits';
import { type InstructionOutcome, type InstructionRequest } from '../../storage/model/instruction';
import { type LiveCaller } from '../../storage/model/live';
import { type LiveView, type PickableCaller } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { findNamed } from '../commands';
import { button, callerText, duration, NO_NOTE, note, offered, submitButton } from '../views/common';
import { answersText, stateText, waits } from '../views/live';
import { notice, refused } from '../views/notice';
import { showLive } from './live';
import { within } from './within';

/** How long a press waits for the engine: chat gives an answer about ten seconds. */
const ENGINE_WAIT_MS = 8_000;
const QUEUES_OFFERED = 60;

type CallerHandlers = Pick<Handlers, 'caller' | 'caller.pick' | 'caller.move' | 'caller.priority' | 'longest.pick' | 'longest.move' | 'longest.priority'>;

export const callerHandlers: CallerHandlers = {
  async caller(services, asking, { groupId, callId }) {
    const found = await findCaller(services, asking, groupId, callId);
    return found.ok ? callerCard(services, asking, found.view, found.caller) : found.shown;
  },

  async 'caller.pick'(services, asking, { groupId, callId }) {
    const picking = await pickCaller(services, asking, callId);
    return 'card' in picking ? picking : showLive(services, asking, groupId, picking);
  },

  async 'caller.move'(services, asking, { groupId, callId, queueId }) {
    const found = await findCaller(services, asking, groupId, callId);
    if (!found.ok) return found.shown;
    const queue = (await queuesFor(services, asking, found.view)).find((one) => one.id === queueId);
    if (!queue) return refused(asking, { code: 'notFound', message: '' });
    return showLive(services, asking, groupId, await moveCaller(services, asking, found.caller, queue));
  },

  async 'caller.priority'(services, asking, { groupId, callId, priority }) {
    const found = await findCaller(services, asking, groupId, callId);
    if (!found.ok) return found.shown;
    return showLive(services, asking, groupId, await prioritize(services, asking, found.caller, priority));
  },

  async 'longest.pick'(services, asking, { groupId }) {
    const { say } = asking;
    const mine = await services.administration.myAgent(asking.acting);
    if (!mine.ok && mine.code === 'unavailable') return refused(asking, mine, button(say, 'pick', 'longest.pick', { groupId }));
    const there = mine.ok ? mine.value.pickable.filter((one) => one.state === 'waiting' && (groupId === '' || one.group.id === groupId)) : [];
    const [first] = [...there].sort((one, other) => joined(one) - joined(other));
    if (!first) return notice(asking, 'default', say('caller.nobodyWaitsAnywhere'), say('caller.pickHint'), [button(say, 'groups', 'groups')]);
    const picking = await pickCaller(services, asking, first.callId, first);
    return 'card' in picking ? picking : outcomeCard(asking, picking, first.group.id);
  },

  async 'longest.move'(services, asking, { groupId, to }) {
    const longest = await longestIn(services, asking, groupId);
    if (!longest.ok) return longest.shown;
    const { say } = asking;
    const { view, caller } = longest;
    if (!view.rights.moveCaller) return refused(asking, { code: 'notAllowed', message: '' });
    const queues = (await queuesFor(services, asking, view)).map((queue) => ({ ...queue, displayName: queue.title, sipUser: queue.name.toLowerCase() }));
    const found = findNamed(to, queues);
    const [queue, ...others] = found;
    const choices = (from: typeof queues): readonly ReturnType<typeof button>[] => from.slice(0, 6).map((one) => ({ ...button(say, 'moveCaller', 'caller.move', { groupId, callId: caller.callId, queueId: one.id }), title: one.title }));
    if (!queue) return notice(asking, 'default', say('caller.noQueue', { typed: to }), say('caller.noQueueBody'), choices(queues));
    if (others.length > 0) return notice(asking, 'default', say('caller.whichQueue'), say('unknown.whichGroupBody', { typed: to }), choices(found.slice()));
    return outcomeCard(asking, await moveCaller(services, asking, caller, queue), groupId);
  },

  async 'longest.priority'(services, asking, { groupId, priority: typed }) {
    const { say } = asking;
    const { min, max } = LIMITS.priority;
    const priority = /^\d$/.test(typed.trim()) ? Number(typed) : NaN;
    if (!(priority >= min && priority <= max)) return notice(asking, 'warning', say('error.title'), say('caller.whichPriority', { typed, min, max }));
    const longest = await longestIn(services, asking, groupId);
    if (!longest.ok) return longest.shown;
    if (!longest.view.rights.setPriority) return refused(asking, { code: 'notAllowed', message: '' });
    return outcomeCard(asking, await prioritize(services, asking, longest.caller, priority), groupId);
  },
};

type Found = { readonly ok: true; readonly view: LiveView; readonly caller: LiveCaller } | { readonly ok: false; readonly shown: Shown };
const joined = (caller: Pick<LiveCaller, 'joinedQueueAt' | 'arrivedAt'>): number => (caller.joinedQueueAt ?? caller.arrivedAt).getTime();

async function findCaller(services: Services, asking: Asking, groupId: string, callId: string): Promise<Found> {
  const view = await services.administration.live(asking.acting, groupId);
  if (!view.ok) return { ok: false, shown: refused(asking, view, button(asking.say, 'live', 'live', { groupId })) };
  if (!view.value.rights.moveCaller && !view.value.rights.setPriority) return { ok: false, shown: refused(asking, { code: 'notFound', message: '' }) };
  const caller = view.value.callers.find((one) => one.callId === callId && waits(one));
  if (!caller) return { ok: false, shown: await showLive(services, asking, groupId, note(asking.say('caller.gone'), 'warning')) };
  return { ok: true, view: view.value, caller };
}

async function longestIn(services: Services, asking: Asking, groupId: string): Promise<Found> {
  const { say } = asking;
  const view = await services.administration.live(asking.acting, groupId);
  if (!view.ok) return { ok: false, shown: refused(asking, view, button(say, 'live', 'live', { groupId })) };
  const [caller] = view.value.callers.filter(waits).sort((one, other) => joined(one) - joined(other));
  if (!caller) return { ok: false, shown: notice(asking, 'default', say('caller.nobodyWaits', { group: view.value.displayName }), '', [button(say, 'live', 'live', { groupId })]) };
  return { ok: true, view: view.value, caller };
}

interface QueueChoice { readonly id: string; readonly name: string; readonly title: string }

/** Where a caller of this group may be moved: its own queues, and every other that this person may see, each named by the group that people know it by. */
async function queuesFor(services: Services, asking: Asking, view: LiveView): Promise<readonly QueueChoice[]> {
  const listed = await services.administration.objects(asking.acting, 'queues');
  const seen = listed.ok ? listed.value : [];
  const own = view.queues.map((queue, index) => ({ ...queue, groups: seen.find((one) => one.id === queue.id)?.groups ?? (index === 0 ? [view] : []) }));
  const others = seen.filter((one) => !own.some((queue) => queue.id === one.id));
  return [...own, ...others].map(({ id, name, groups }) => {
    const [group] = groups;
    return { id, name, title: groups.length === 1 && group ? (own.length > 1 || seen.filter((one) => one.groups.some((other) => other.id === group.id)).length > 1 ? `${group.displayName}: ${name}` : group.displayName) : name };
  });
}

async function callerCard(services: Services, asking: Asking, view: LiveView, caller: LiveCaller): Promise<Shown> {
  const { say } = asking;
  const names = new Map(view.agents.map((agent) => [agent.id, agent.name]));
  const data = { groupId: view.id, callId: caller.callId };
  const queues: readonly Choice[] = (await queuesFor(services, asking, view)).filter((one) => one.id !== caller.queueId).slice(0, QUEUES_OFFERED).map(({ id, title }) => ({ value: id, title }));
  const fact = (key: string, value: string): { readonly title: string; readonly value: string } => ({ title: say(`caller.fact.${key}`), value });
  const priorities = Array.from({ length: LIMITS.priority.max }, (_one, index) => String(index + LIMITS.priority.min));
  const movable = view.rights.moveCaller && queues.length > 0;
  return {
    card: render('caller', {
      note: NO_NOTE,
      who: callerText(say, caller),
      groupText: say('caller.group', { group: view.displayName }),
      facts: [
        fact('state', stateText(say, caller, names)),
        fact('waited', duration(joined(caller), services.now().getTime())),
        fact('priority', say(`caller.priorityOf.${caller.priority}`)),
        ...(caller.answers.length > 0 ? [fact('answers', say('sentence', { sentence: answersText(caller.answers) }))] : []),
      ],
      movable,
      prioritized: view.rights.setPriority,
      values: { queueId: queues[0]?.value ?? '', priority: String(caller.priority) },
      queues,
      priorities: priorities.map((value) => ({ value, title: say(`caller.priorityOf.${value}`) })),
      move: submitButton(say, 'moveCaller', 'caller.move', data, 'positive'),
      setPriority: submitButton(say, 'setPriority', 'caller.priority', data),
      actions: offered(button(say, 'backToLive', 'live', { groupId: view.id })),
    }, asking.locale),
  };
}

/** Only somebody who is an agent, and only for a call that storage says may be picked: whatever else is asked for is answered as not found. */
async function pickCaller(services: Services, asking: Asking, callId: string, known: PickableCaller | null = null): Promise<Note | Shown> {
  const mine = await services.administration.myAgent(asking.acting);
  if (!mine.ok) return refused(asking, mine.code === 'unavailable' ? mine : { code: 'notFound', message: '' });
  const caller = known ?? mine.value.pickable.find((one) => one.callId === callId);
  if (!caller) return note(asking.say('caller.gone'), 'warning');
  return asked(services, asking, { kind: 'pickCaller', callId, agentId: mine.value.id }, 'pick', { caller: callerName(asking, caller) });
}

function moveCaller(services: Services, asking: Asking, caller: LiveCaller, queue: QueueChoice): Promise<Note> {
  if (caller.queueId === queue.id) return Promise.resolve(note(asking.say('caller.sameQueue'), 'accent'));
  return asked(services, asking, { kind: 'moveCaller', callId: caller.callId, queueId: queue.id }, 'move', { caller: callerName(asking, caller), queue: queue.title });
}

function prioritize(services: Services, asking: Asking, caller: LiveCaller, priority: number): Promise<Note> {
  return asked(services, asking, { kind: 'setPriority', callId: caller.callId, priority }, 'priority', { caller: callerName(asking, caller), priority });
}

const callerName = ({ say }: Asking, caller: { readonly callerName: string; readonly callerNumber: string }): string => caller.callerName || caller.callerNumber || say('live.unknownCaller');

/** Asks the engine, and says in words what came of it. */
async function asked(services: Services, asking: Asking, request: InstructionRequest, what: 'pick' | 'move' | 'priority', values: Readonly<Record<string, string | number>>): Promise<Note> {
  const { say } = asking;
  const answer = await within(ENGINE_WAIT_MS, services.administration.ask(asking.acting, request));
  if (answer === 'late') return note(say('caller.outcome.expired'), 'warning');
  if (!answer.ok) return note(say(answer.code === 'unavailable' ? 'error.unavailable' : `error.${answer.code}`), 'attention');
  return outcomeNote(asking, answer.value, what, values);
}

function outcomeNote({ say }: Asking, outcome: InstructionOutcome, what: string, values: Readonly<Record<string, string | number>>): Note {
  switch (outcome.kind) {
    case 'done': return note(say(`caller.outcome.${what}.done`, values), 'good');
    case 'expired': return note(say('caller.outcome.expired'), 'warning');
    case 'refused': return note(say(`caller.outcome.refused.${outcome.reason}`), 'warning');
  }
}

/** What a typed command came to. */
function outcomeCard(asking: Asking, told: Note, groupId: string): Shown {
  return notice(asking, told.tone, told.text, '', [button(asking.say, 'live', 'live', { groupId })]);
}
