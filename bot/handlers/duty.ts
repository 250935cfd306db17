// On and off duty in one press, and what that means at this moment.
import { render } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type MyAgent } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button, clientDateTime, listNames, NO_NOTE, note, offered, refreshFor } from '../views/common';
import { notice, refused } from '../views/notice';

type DutyHandlers = Pick<Handlers, 'duty' | 'duty.set'>;

export const dutyHandlers: DutyHandlers = {
  async duty(services, asking) {
    return showDuty(services, asking);
  },

  async 'duty.set'(services, asking, { onDuty, requestId }) {
    return setDuty(services, asking, onDuty, requestId);
  },
};

/** Also what “on duty” and “off duty” do when typed. */
export async function setDuty(services: Services, asking: Asking, onDuty: boolean, requestId: string): Promise<Shown> {
  const set = await services.administration.perform(asking.acting, 'duty.set', { onDuty }, { requestId });
  const { say } = asking;
  if (set.ok) return showDuty(services, asking, note(say(onDuty ? 'duty.nowOn' : 'duty.nowOff'), 'good'));
  if (set.code === 'alreadyDone') return showDuty(services, asking, note(say('error.alreadyDone'), 'accent'));
  if (set.code === 'notFound' || set.code === 'notAllowed') return notAnAgent(asking);
  return refused(asking, set, button(say, onDuty ? 'goOn' : 'goOff', 'duty.set', { onDuty, requestId }));
}

async function showDuty(services: Services, asking: Asking, told: Note = NO_NOTE): Promise<Shown> {
  const mine = await services.administration.myAgent(asking.acting);
  if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(asking.say, 'duty', 'duty')) : notAnAgent(asking);
  return dutyCard(asking, mine.value, told, services.newId());
}

/** Said to whoever has neither duty nor phone. */
export function notAnAgent(asking: Asking): Shown {
  const { say } = asking;
  return notice(asking, 'default', say('duty.noAgentTitle'), say('duty.noAgent'), [button(say, 'groups', 'groups'), button(say, 'help', 'help')]);
}

export function dutyCard(asking: Asking, agent: MyAgent, told: Note, requestId: string): Shown {
  const { say } = asking;
  const on = agent.onDuty;
  return {
    card: render('duty', {
      note: told,
      tone: on ? 'good' : 'emphasis',
      titleText: say(on ? 'duty.on' : 'duty.off'),
      nowText: say('duty.since', { when: clientDateTime(agent.since) }),
      effectText: effect(asking, agent),
      actions: offered(
        button(say, on ? 'goOff' : 'goOn', 'duty.set', { onDuty: !on, requestId }, on ? 'default' : 'positive'),
        button(say, 'phone', 'phone'),
        button(say, 'groups', 'groups'),
      ),
      refresh: refreshFor(asking, 'duty'),
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
  const rings = agent.serves.length === 0 ? say('duty.effectOn.nowhere') : say('duty.effectOn.free', { groups });
  if (agent.phone === null) return `${rings} ${say('duty.effectOn.unreachable')}`;
  return activity === 'wrappingUp' || activity === 'resting' ? `${rings} ${say(`duty.effectOn.${activity}`)}` : rings;
}
