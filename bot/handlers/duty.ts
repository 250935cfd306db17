// One's own day: on and off duty, pauses, formal groups, and what that means at this moment.
import { render } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type MyAgent } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { findNamed } from '../commands';
import { type DutyOutcome } from '../kept-duties';
import { button, callerText, clientDateTime, duration, listNames, NO_NOTE, NO_REFRESH, note, offered, refreshFor } from '../views/common';
import { notice, refused } from '../views/notice';
import { pauseForm, pauseText } from '../views/pause';
import { type DutyPress } from '../verbs';
import { carryOutPress, keep, pressWords } from './kept-duty';
import { actOnAgent } from './team';

type DutyHandlers = Pick<Handlers, 'duty' | 'duty.set' | 'duty.kept' | 'duty.pause' | 'duty.pauseNow' | 'duty.resume' | 'duty.sign' | 'duty.signNamed'>;
type OwnPause = Extract<DutyPress['press'], { readonly verb: 'duty.pause' }>['input'];
const CALLERS_SHOWN = 5;
const GROUPS_SHOWN = 12;

export const dutyHandlers: DutyHandlers = {
  async duty(services, asking) {
    return showDuty(services, asking);
  },

  async 'duty.set'(services, asking, { onDuty, requestId }) {
    return setDuty(services, asking, onDuty, requestId);
  },

  async 'duty.kept'(services, asking, press) {
    return pressed(services, asking, press);
  },

  async 'duty.pause'(services, asking, { agentId, groupId }) {
    const requestId = services.newId();
    if (agentId !== '') return actOnAgent(services, asking, { agentId, groupId }, async (agent) => pauseForm(asking, { agentId, groupId, name: agent.name, requestId }));
    const mine = await services.administration.myAgent(asking.acting);
    if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(asking.say, 'pausing', 'duty.pause', { agentId, groupId })) : notAnAgent(asking);
    return pauseForm(asking, { agentId, groupId, name: '', requestId });
  },

  async 'duty.pauseNow'(services, asking, { agentId, groupId, minutes, reason, requestId }) {
    const input = { reason, ...(minutes === 'open' || minutes === '' ? {} : { untilMinutes: minutes }) };
    if (agentId !== '') return actOnAgent(services, asking, { agentId, groupId }, { verb: 'duty.pause', input: { agentId, ...input }, requestId, pause: input });
    return pauseMyself(services, asking, input, requestId);
  },

  async 'duty.resume'(services, asking, { agentId, groupId }) {
    if (agentId !== '') return actOnAgent(services, asking, { agentId, groupId }, { verb: 'duty.resume', input: { agentId }, requestId: services.newId(), told: 'resumed' });
    return change(services, asking, { verb: 'duty.resume', input: {} }, services.newId(), 'duty.nowResumed');
  },

  async 'duty.sign'(services, asking, { agentId, groupId, agentGroupId, into }) {
    const verb = into ? 'duty.signIn' : 'duty.signOut';
    if (agentId !== '') return actOnAgent(services, asking, { agentId, groupId }, { verb, input: { agentId, agentGroupId }, requestId: services.newId(), told: into ? 'signedIn' : 'signedOut', agentGroupId });
    return change(services, asking, { verb: into ? 'duty.signIn' : 'duty.signOut', input: { agentGroupId } }, services.newId(), into ? 'duty.nowSignedIn' : 'duty.nowSignedOut');
  },

  async 'duty.signNamed'(services, asking, { group, into }) {
    const { say } = asking;
    const mine = await services.administration.myAgent(asking.acting);
    if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(say, 'duty', 'duty')) : notAnAgent(asking);
    const all = mine.value.formalGroups;
    if (all.length === 0) return showDuty(services, asking, note(say('duty.noFormal'), 'accent'));
    const found = findNamed(group, all.map((one) => ({ ...one, displayName: one.name, sipUser: one.name.toLowerCase() })));
    const [only, ...others] = found;
    if (only && others.length === 0) return change(services, asking, { verb: into ? 'duty.signIn' : 'duty.signOut', input: { agentGroupId: only.id } }, services.newId(), into ? 'duty.nowSignedIn' : 'duty.nowSignedOut');
    const offers = (only ? found : all).slice(0, GROUPS_SHOWN);
    return notice(asking, 'default', say('duty.whichFormal'), '', offers.map((one) => button(say, into ? 'signInTo' : 'signOutOf', 'duty.sign', { agentId: '', groupId: '', agentGroupId: one.id, into }, 'default', { name: one.name })));
  },
};

/** Also what “on duty” and “off duty” do when typed. */
export async function setDuty(services: Services, asking: Asking, onDuty: boolean, requestId: string): Promise<Shown> {
  return change(services, asking, { verb: 'duty.set', input: { onDuty } }, requestId, onDuty ? 'duty.nowOn' : 'duty.nowOff');
}

/** Also what “pause 10 minutes lunch” does when typed. */
export async function pauseMyself(services: Services, asking: Asking, input: OwnPause, requestId: string): Promise<Shown> {
  return change(services, asking, { verb: 'duty.pause', input }, requestId, 'duty.nowPaused');
}

/** Changes one's own duty, and shows how it stands then. While the database is away it is kept. */
async function change(services: Services, asking: Asking, press: DutyPress['press'], requestId: string, words: string): Promise<Shown> {
  const { say } = asking;
  const at = services.now();
  const done = await services.administration.perform(asking.acting, press.verb, press.input, { requestId });
  if (done.ok) return showDuty(services, asking, note(say(words), 'good'));
  if (done.code === 'alreadyDone') return showDuty(services, asking, note(say('error.alreadyDone'), 'accent'));
  if (done.code === 'notFound' || done.code === 'notAllowed') return notAnAgent(asking);
  return done.code === 'unavailable' ? keep(services, asking, { press, requestId, at }) : refused(asking, done, button(say, 'duty', 'duty'));
}

/** Tries once more what a card carries, pressed or asked for by the client itself. */
async function pressed(services: Services, asking: Asking, press: DutyPress): Promise<Shown> {
  const outcome = await carryOutPress(services, asking, press);
  return outcome === 'away' ? keep(services, asking, press) : showPressed(services, asking, press, outcome);
}

/** What came of something that was kept. */
export async function showPressed(services: Services, asking: Asking, press: DutyPress, outcome: Exclude<DutyOutcome, 'away'>): Promise<Shown> {
  if (outcome === 'notAnAgent') return notAnAgent(asking);
  return showDuty(services, asking, note(asking.say(`duty.kept.${outcome}`, pressWords(asking, press)), outcome === 'applied' ? 'good' : 'warning'));
}

export async function showDuty(services: Services, asking: Asking, told: Note = NO_NOTE): Promise<Shown> {
  const mine = await services.administration.myAgent(asking.acting);
  if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(asking.say, 'duty', 'duty')) : notAnAgent(asking);
  return dutyCard(asking, mine.value, told, services.newId(), services.now());
}

/** Said to whoever has neither duty nor phone. */
export function notAnAgent(asking: Asking): Shown {
  const { say } = asking;
  return notice(asking, 'default', say('duty.noAgentTitle'), say('duty.noAgent'), [button(say, 'groups', 'groups'), button(say, 'help', 'help')]);
}

export function dutyCard(asking: Asking, agent: MyAgent, told: Note, requestId: string, now: Date): Shown {
  const { say } = asking;
  const on = agent.onDuty;
  const paused = on && agent.pause !== null;
  const own = { agentId: '', groupId: '' };
  // Whose phone rings already is somebody else's.
  const free = agent.pickable.filter(({ state }) => state === 'waiting');
  return {
    card: render('duty', {
      note: told,
      tone: !on ? 'emphasis' : paused ? 'warning' : 'good',
      titleText: say(on ? 'duty.on' : 'duty.off'),
      nowText: say('duty.since', { when: clientDateTime(agent.since) }),
      paused,
      pauseText: agent.pause === null ? '' : pauseText(say, 'duty', agent.pause),
      effectText: effect(asking, agent),
      formal: agent.formalGroups.length > 0,
      groups: agent.formalGroups.slice(0, GROUPS_SHOWN).map((one) => ({
        name: one.name, stateText: say(one.signedIn ? 'duty.signedIn' : 'duty.signedOut'), color: one.signedIn ? 'Good' as const : 'Default' as const,
        actions: [button(say, one.signedIn ? 'signOut' : 'signIn', 'duty.sign', { ...own, agentGroupId: one.id, into: !one.signedIn })],
      })),
      picking: free.length > 0,
      callers: free.slice(0, CALLERS_SHOWN).map((caller) => ({
        who: callerText(say, caller),
        waitText: say('duty.pickWait', { group: caller.group.displayName, time: duration((caller.joinedQueueAt ?? caller.arrivedAt).getTime(), now.getTime()) }),
        actions: [button(say, 'pick', 'caller.pick', { groupId: caller.group.id, callId: caller.callId }, 'positive')],
      })),
      actions: offered(
        button(say, on ? 'goOff' : 'goOn', 'duty.set', { onDuty: !on, requestId }, on ? 'default' : 'positive'),
        paused && button(say, 'resume', 'duty.resume', own, 'positive'),
        on && !paused && button(say, 'pausing', 'duty.pause', own),
      ),
      moreActions: [button(say, 'calls', 'calls'), button(say, 'phone', 'phone'), button(say, 'groups', 'groups')],
      // A fresh card would not say any more what was just done.
      refresh: told.shown ? NO_REFRESH : refreshFor(asking, 'duty'),
    }, asking.locale),
  };
}

/** What being on or off duty does now: while a phone rings, while one talks, and otherwise. */
function effect({ say }: Asking, agent: MyAgent): string {
  const groups = listNames(say, agent.serves.map((group) => group.displayName));
  const activity = agent.activity === null || agent.activity === 'offDuty' ? 'free' : agent.activity;
  if (!agent.onDuty) {
    const words = activity === 'talking' ? 'talking' : agent.serves.length === 0 ? 'nowhere' : 'free';
    return say(`duty.effectOff.${words}`, { groups });
  }
  if (activity === 'ringing' || activity === 'talking') return say(`duty.effectOn.${activity}`);
  if (agent.pause !== null) return [agent.pause.by === 'unanswered' ? say('duty.byUnanswered') : agent.pause.by === 'supervisor' ? say('duty.bySupervisor') : '', say('duty.effectOn.paused')].filter((one) => one !== '').join(' ');
  const rings = agent.serves.length === 0 ? say('duty.effectOn.nowhere') : say('duty.effectOn.free', { groups });
  if (agent.phone === null && agent.contacts.length === 0) return `${rings} ${say('duty.effectOn.unreachable')}`;
  return activity === 'wrappingUp' || activity === 'resting' ? `${rings} ${say(`duty.effectOn.${activity}`)}` : rings;
}
