// What stands behind the pool, for administrators: looked at, calls moved to the engine that stands by, the database's primary changed.
import { type Note } from '../../cards/views';
import { type Answer } from '../../storage/administration/results';
import { type StepDownOutcome } from '../../storage/model/pool-status';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button, NO_NOTE, note } from '../views/common';
import { notice, refused } from '../views/notice';
import { poolCard } from '../views/pool';
import { within } from './within';

type PoolHandlers = Pick<Handlers, 'pool' | 'pool.drain' | 'pool.drainNow' | 'pool.stepDown' | 'pool.stepDownNow'>;
/** Chat gives an answer about ten seconds. */
const WAIT_MS = 8_000;
/** An engine that took over reports itself within these. */
const SETTLING_LOOKS = 8;
const SETTLING_MS = 400;

export const poolHandlers: PoolHandlers = {
  async pool(services, asking) {
    return showPool(services, asking);
  },

  async 'pool.drain'(services, asking) {
    const { say } = asking;
    if (!asking.acting.administrator) return nothingToSee(asking);
    return notice(asking, 'warning', say('pool.drain.title'), say('pool.drain.body'), [button(say, 'drainNow', 'pool.drainNow', { requestId: services.newId() }, 'destructive'), button(say, 'cancel', 'pool')]);
  },

  async 'pool.drainNow'(services, asking, { requestId }) {
    return actOnce(services, asking, requestId, () => drain(services, asking), drained);
  },

  async 'pool.stepDown'(services, asking) {
    const { say } = asking;
    if (!asking.acting.administrator) return nothingToSee(asking);
    return notice(asking, 'warning', say('pool.stepDown.title'), say('pool.stepDown.body'), [button(say, 'stepDownNow', 'pool.stepDownNow', { requestId: services.newId() }, 'destructive'), button(say, 'cancel', 'pool')]);
  },

  async 'pool.stepDownNow'(services, asking, { requestId }) {
    return actOnce(services, asking, requestId, () => services.administration.stepDown(asking.acting), steppedDown);
  },
};

/** A second drain would give the calls back, so a press that comes again, here or to another bot, does nothing. */
async function actOnce<T>(services: Services, asking: Asking, requestId: string, act: () => Promise<Answer<T>>, words: (asking: Asking, outcome: T) => Note): Promise<Shown> {
  const { say } = asking;
  if (!asking.acting.administrator) return nothingToSee(asking);
  const isFirst = await services.once(`pressed:${requestId}`);
  if (isFirst === 'away') return refused(asking, { code: 'unavailable', message: '' }, button(say, 'pool', 'pool'));
  if (!isFirst) return showPool(services, asking, note(say('error.alreadyDone'), 'accent'));
  const outcome = await within(WAIT_MS, act());
  if (outcome === 'late') return showPool(services, asking, note(say('pool.late'), 'accent'));
  return outcome.ok ? showPool(services, asking, words(asking, outcome.value)) : refused(asking, outcome, button(say, 'pool', 'pool'));
}

/** Waits a moment for whoever has the calls now to say so: until then the card would show the engine that had them. */
async function drain({ administration, pause }: Services, { acting }: Asking): Promise<Answer<InstructionOutcome>> {
  const active = async (): Promise<string | null> => {
    const status = await administration.status(acting);
    return (status.ok && status.value.engines.find((one) => one.alive && one.role === 'active')?._id) || null;
  };
  const before = await active();
  const outcome = await administration.ask(acting, { kind: 'drain' });
  if (!outcome.ok || outcome.value.kind !== 'done') return outcome;
  for (let look = 0; look < SETTLING_LOOKS && [before, null].includes(await active()); look += 1) await pause(SETTLING_MS);
  return outcome;
}

/** Whether there is anything to see is the administrators' business. */
const nothingToSee = (asking: Asking): Shown => refused(asking, { code: 'notFound', message: '' });

async function showPool(services: Services, asking: Asking, told: Note = NO_NOTE): Promise<Shown> {
  const status = await services.administration.status(asking.acting);
  if (!status.ok) return status.code === 'unavailable' ? refused(asking, status, button(asking.say, 'pool', 'pool')) : nothingToSee(asking);
  return poolCard(asking, status.value, told);
}

function drained({ say }: Asking, outcome: InstructionOutcome): Note {
  if (outcome.kind === 'done') return note(say('pool.drain.done'), 'good');
  if (outcome.kind === 'expired') return note(say('pool.drain.expired'), 'warning');
  return note(say(outcome.reason === 'noStandby' ? 'pool.drain.noStandby' : 'pool.drain.refused'), 'warning');
}

function steppedDown({ say }: Asking, outcome: StepDownOutcome): Note {
  if (outcome.kind === 'refused') return note(say(`pool.stepDown.${outcome.reason}`), 'warning');
  return outcome.to === null ? note(say('pool.stepDown.none', { from: outcome.from }), 'warning') : note(say('pool.stepDown.done', { from: outcome.from, to: outcome.to }), 'good');
}
