// My phone: how to connect it, whether it is registered, a new password, a test ring.
import { render } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type InstructionOutcome, type REFUSAL_REASONS } from '../../storage/model/instruction';
import { type MyAgent } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { type Hold } from '../holds';
import { button, NO_NOTE, NO_REFRESH, note, offered, refreshFor } from '../views/common';
import { notice, refused } from '../views/notice';
import { notAnAgent } from './duty';
import { goesOn } from './within';

/** Longer than an instruction takes, however it ends. */
const RING_FOLLOWED_MS = 60_000;

/** Why a phone may not have been rung; the others are about callers and engines. */
export const RING_REASONS: ReadonlySet<(typeof REFUSAL_REASONS)[number]> = new Set(['offDuty', 'unreachable', 'busy', 'declined', 'noAnswer', 'unknownAgent', 'cannotRender', 'failed']);

type PhoneHandlers = Pick<Handlers, 'phone' | 'phone.ring' | 'phone.reset' | 'phone.resetNow'>;

export const phoneHandlers: PhoneHandlers = {
  async phone(services, asking) {
    return showPhone(services, asking);
  },

  async 'phone.ring'(services, asking) {
    const mine = await services.administration.myAgent(asking.acting);
    if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(asking.say, 'ring', 'phone.ring')) : notAnAgent(asking);
    // A phone takes longer to be answered than chat waits for a card: the outcome is shown in the same message later.
    return {
      card: phoneCard(services, asking, mine.value, note(asking.say('phone.ringing'), 'accent')),
      after: (messageId, hold) => goesOn(services.log, ring(services, asking, mine.value.id, messageId, hold)),
    };
  },

  async 'phone.reset'(services, asking) {
    const mine = await services.administration.myAgent(asking.acting);
    if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine) : notAnAgent(asking);
    const { say } = asking;
    return notice(asking, 'warning', say('phone.resetTitle'), say('phone.resetBody'), [
      button(say, 'newPasswordNow', 'phone.resetNow', { requestId: services.newId() }, 'destructive'), button(say, 'cancel', 'phone'),
    ]);
  },

  async 'phone.resetNow'(services, asking, { requestId }) {
    const { say } = asking;
    const reset = await services.administration.perform(asking.acting, 'agent.resetPassword', {}, { requestId });
    if (!reset.ok && reset.code === 'alreadyDone') return showPhone(services, asking, note(`${say('error.alreadyDone')} ${say('agents.passwordGone')}`, 'accent'));
    if (!reset.ok) return refused(asking, reset, button(say, 'newPassword', 'phone.resetNow', { requestId }));
    const mine = await services.administration.myAgent(asking.acting);
    if (!mine.ok) return notice(asking, 'good', say('button.newPassword'), reset.value.password === null ? say('agents.passwordGone') : say('agentForm.password', { password: reset.value.password }));
    return { card: phoneCard(services, asking, mine.value, NO_NOTE, reset.value.password) };
  },
};

async function showPhone(services: Services, asking: Asking, told: Note = NO_NOTE): Promise<Shown> {
  const mine = await services.administration.myAgent(asking.acting);
  if (!mine.ok) return mine.code === 'unavailable' ? refused(asking, mine, button(asking.say, 'phone', 'phone')) : notAnAgent(asking);
  return { card: phoneCard(services, asking, mine.value, told) };
}

async function ring(services: Services, asking: Asking, agentId: string, messageId: string, hold: Hold): Promise<void> {
  await hold.keep(new Date(services.now().getTime() + RING_FOLLOWED_MS));
  const outcome = await services.administration.ask(asking.acting, { kind: 'ringPhone', agentId });
  const mine = await services.administration.myAgent(asking.acting);
  if (!mine.ok || !(await hold.stillHeld())) return;
  await services.chat.update(asking.place, messageId, phoneCard(services, asking, mine.value, outcome.ok ? ringNote(asking, outcome.value) : note(asking.say('phone.ring.unavailable'), 'attention')));
  hold.release();
}

function ringNote({ say }: Asking, outcome: InstructionOutcome): Note {
  if (outcome.kind === 'done') return note(say('phone.ring.done'), 'good');
  if (outcome.kind === 'expired') return note(say('phone.ring.expired'), 'warning');
  return note(say(`phone.ring.${RING_REASONS.has(outcome.reason) ? outcome.reason : 'failed'}`), 'warning');
}

/** `password` only in the one card that follows making it; that card does not refresh itself, or it would be gone before it is read. */
function phoneCard(services: Services, asking: Asking, agent: MyAgent, told: Note, password: string | null = null): ReturnType<typeof render> {
  const { say } = asking;
  const fact = (key: string, value: string): { readonly title: string; readonly value: string } => ({ title: say(`phone.${key}`), value: say('sentence', { sentence: value }) });
  const { phone } = agent;
  return render('phone', {
    note: told,
    name: agent.name,
    facts: [
      fact('server', services.sipServer), fact('user', agent.sipUser), fact('domain', agent.domain), fact('address', agent.address),
      ...(password === null ? [fact('password', say(agent.hasPassword ? 'phone.passwordSet' : 'phone.passwordMissing'))] : []),
    ],
    registered: phone !== null,
    unregistered: phone === null,
    registrationText: phone === null ? say('phone.unregistered')
      : say(phone.userAgent === '' ? 'phone.registered' : 'phone.registeredAgent', { source: phone.source, transport: phone.transport.toUpperCase(), agent: phone.userAgent }),
    revealed: password !== null,
    password: password ?? '',
    actions: offered(
      phone !== null && button(say, 'ring', 'phone.ring', {}, 'positive'),
      button(say, 'refresh', 'phone'),
      button(say, 'newPassword', 'phone.reset'),
    ),
    refresh: password === null && !told.shown ? refreshFor(asking, 'phone') : NO_REFRESH,
  }, asking.locale);
}
