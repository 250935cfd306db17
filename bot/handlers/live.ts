// The live card: shown at once, then followed for a while.
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button } from '../views/common';
import { liveCard, sharedLiveCard } from '../views/live';
import { notice, refused } from '../views/notice';

type LiveHandlers = Pick<Handlers, 'live' | 'live.refresh' | 'live.stop'>;

/** A view, or the card that says why there is none. */
async function look(services: Services, asking: Asking, groupId: string, until: Date | null): Promise<{ readonly seen: boolean; readonly shown: Shown }> {
  const view = await services.administration.live(asking.acting, groupId);
  if (view.ok) return { seen: true, shown: { card: liveCard(asking, view.value, { now: services.now(), until }) } };
  if (view.code === 'notFound' && !asking.place.personal) return { seen: false, shown: notice(asking, 'default', asking.say('live.sharedTitle'), asking.say('live.notYours')) };
  return { seen: false, shown: refused(asking, view, button(asking.say, 'live', 'live', { groupId })) };
}

export const liveHandlers: LiveHandlers = {
  async live(services, asking, { groupId }) {
    const until = services.live.until();
    const { seen, shown } = await look(services, asking, groupId, until);
    if (!seen) return shown;
    return {
      ...shown,
      // In a group chat the message itself shows nothing that is not for everybody; each person's client asks for their own view.
      shared: asking.place.personal ? undefined : sharedLiveCard(asking, groupId),
      after: (messageId, hold) => services.live.follow({ place: asking.place, messageId, workflowId: groupId, acting: asking.acting, locale: asking.locale, until, hold }),
    };
  },

  async 'live.refresh'(services, asking, { groupId }) {
    return (await look(services, asking, groupId, services.live.until())).shown;
  },

  async 'live.stop'(services, asking, { groupId }) {
    return (await look(services, asking, groupId, null)).shown;
  },
};
