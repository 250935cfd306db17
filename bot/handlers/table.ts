// One handler a verb. A verb without one does not compile.
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { notice } from '../views/notice';
import { VERB_SCHEMAS, type BotVerb, type Sent } from '../verbs';
import { agentHandlers } from './agents';
import { callerHandlers } from './callers';
import { callsHandlers } from './calls';
import { dutyHandlers } from './duty';
import { firstRunHandlers } from './first-run';
import { flowHandlers } from './flow';
import { groupHandlers } from './groups';
import { guideHandlers } from './guide';
import { historyHandlers } from './history';
import { liveHandlers } from './live';
import { managerHandlers } from './managers';
import { objectHandlers } from './objects';
import { phoneHandlers } from './phone';
import { poolHandlers } from './pool';
import { recordingHandlers } from './recordings';
import { selfHandlers } from './self';
import { teamHandlers } from './team';
import { undoHandlers } from './undo';

export const HANDLERS: Handlers = {
  ...selfHandlers, ...groupHandlers, ...guideHandlers, ...liveHandlers, ...callerHandlers, ...teamHandlers, ...dutyHandlers, ...callsHandlers, ...flowHandlers, ...objectHandlers, ...recordingHandlers, ...phoneHandlers, ...agentHandlers, ...managerHandlers, ...historyHandlers, ...poolHandlers, ...undoHandlers, ...firstRunHandlers,
};

export const isVerb = (verb: string): verb is BotVerb => Object.hasOwn(VERB_SCHEMAS, verb);

/** Parses what a card sent and carries the verb out. What does not parse changes nothing. */
export async function carryOut(services: Services, asking: Asking, verb: string, data: unknown): Promise<Shown> {
  if (!isVerb(verb)) return unreadable(asking);
  const parsed = VERB_SCHEMAS[verb].safeParse(data);
  if (!parsed.success) return unreadable(asking);
  return call(services, asking, verb, parsed.data);
}

/** The schema of the verb has just parsed `sent`, which the compiler cannot follow through a table. */
function call<V extends BotVerb>(services: Services, asking: Asking, verb: V, sent: unknown): Promise<Shown> {
  return HANDLERS[verb](services, asking, sent as Sent<V>);
}

function unreadable(asking: Asking): Shown {
  return notice(asking, 'warning', asking.say('error.title'), asking.say('error.unreadable'));
}
