// The live card: shown at once, then followed for a while.
import { type Note } from '../../cards/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button, NO_NOTE } from '../views/common';
import { liveCard, sharedLiveCard } from '../views/live';
import { notice, refused } from '../views/notice';

type LiveHandlers = Pick<Handlers, 'live' | 'live.refresh' | 'live.stop'>;

/** A view, or the card that says why there is none. */
async function look(services: Services, asking: Asking, groupId: string, until: Date | null, told: Note = NO_NOTE): Promise<{ readonly seen: boolean; readonly shown: Shown }> {
  const [view, mine] = await Promise.all([
    services.administration.live(asking.acting, groupId),
    asking.place.personal && until !== null ? services.administration.myAgent(asking.acting) : null,
  ]);
  const pickable = new Set(mine?.ok === true ? mine.value.pickable.map((one) => one.callId) : []);
  if (view.ok) return { seen: true, shown: { card: liveCard(asking, view.value, { now: services.now(), until, pickable, told }) } };
  if (view.code === 'notFound' && !asking.place.personal) return { seen: false, shown: notice(asking, 'default', asking.say('live.sharedTitle'), asking.say('live.notYours')) };
  return { seen: false, shown: refused(asking, view, button(asking.say, 'live', 'live', { groupId })) };
}

/** The live card, followed from now on; `told` is what was just done, and stays on it for a while. */
export async function showLive(services: Services, asking: Asking, groupId: string, told: Note = NO_NOTE): Promise<Shown> {
  const until = services.live.until();
  const { seen, shown } = await look(services, asking, groupId, until, told);
  if (!seen) return shown;
  return {
    ...shown,
    // In a group chat the message itself shows nothing that is not for everybody; each person's client asks for their own view.
    shared: asking.place.personal ? undefined : sharedLiveCard(asking, groupId),
    after: (messageId, hold) => services.live.follow({ place: asking.place, messageId, workflowId: groupId, acting: asking.acting, locale: asking.locale, timeZone: asking.timeZone, until, hold, told }),
  };
}

export const liveHandlers: LiveHandlers = {
  async live(services, asking, { groupId }) {
    return showLive(services, asking, groupId);
  },

  async 'live.refresh'(services, asking, { groupId }) {
    return (await look(services, asking, groupId, services.live.until())).shown;
  },

  async 'live.stop'(services, asking, { groupId }) {
    return (await look(services, asking, groupId, null)).shown;
  },
};
