// One's own calls of today.
import { DateTime } from 'luxon';
import { render } from '../../cards/render';
import { type Handlers } from '../asking';
import { button, callerText, clientTime, duration, NO_NOTE } from '../views/common';
import { refused } from '../views/notice';
import { notAnAgent } from './duty';

/** As many as a card can hold and a person reads. */
const CALLS_SHOWN = 20;

export const callsHandlers: Pick<Handlers, 'calls'> = {
  async calls(services, asking) {
    const { say } = asking;
    // The day of the reader, where their client tells which that is.
    const since = DateTime.fromJSDate(services.now(), { zone: asking.timeZone ?? 'utc' }).startOf('day').toJSDate();
    const mine = await services.administration.myCalls(asking.acting, since, CALLS_SHOWN);
    if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(say, 'calls', 'calls')) : notAnAgent(asking);
    const { calls, taken, missed } = mine.value;
    return {
      card: render('overview', {
        titleText: say('calls.title'), introduced: true, introText: say('calls.count', { taken, missed }), note: NO_NOTE, warnings: [],
        sections: [{
          titled: false, titleText: '', actions: [],
          rows: calls.length === 0 ? [{ nameText: say('calls.none'), lines: [], actions: [], indent: '1px' }] : calls.map((call) => ({
            nameText: callerText(say, call), actions: [], indent: '1px',
            lines: [
              { text: call.groupName === null ? say('calls.at', { when: clientTime(call.at) }) : say('calls.atGroup', { group: call.groupName, when: clientTime(call.at) }) },
              { text: call.talkedMs === null ? say(`calls.outcome.${call.outcome}`) : say('calls.talked', { time: duration(0, call.talkedMs) }) },
            ],
          })),
        }],
        actions: [button(say, 'refresh', 'calls', {}, 'positive'), button(say, 'duty', 'duty')],
      }, asking.locale),
    };
  },
};
