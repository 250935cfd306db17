// Pauses and formal groups as they are typed: “pause 10 minutes lunch”, “pause bob 10 minutes”, “resume bob”, “sign bob in to sales”.
import { type Asking, type Services, type Shown } from '../asking';
import { findNamed, plainWords, readPause } from '../commands';
import { button } from '../views/common';
import { notice } from '../views/notice';
import { pauseMyself } from './duty';
import { carryOut } from './table';
import { supervisedAgents, type Supervised } from './team';

const OFFERED = 6;
const named = (agent: Supervised): Supervised & { readonly displayName: string } => ({ ...agent, displayName: agent.name });

/** `text` is what was typed, for the reason is kept as it was written. */
export async function pauseTyped(services: Services, asking: Asking, words: string, text: string): Promise<Shown> {
  const { name, minutes, reason, either } = readPause(words, asking.say.language);
  if (name === '' && either === '') return pauseMyself(services, asking, { reason: asTyped(reason, text), ...lasting(minutes) }, services.newId());
  const supervised = await supervisedAgents(services, asking);
  if (!supervised.ok) return supervised.shown;
  // Without a time the words are a reason, unless they are somebody's name, or a part of it that stands alone.
  const isName = (agent: Supervised): boolean => [plainWords(agent.name), agent.sipUser, ...plainWords(agent.name).split(' ')].includes(either);
  const found = name === '' ? supervised.agents.filter(isName) : findNamed(name, supervised.agents.map(named));
  if (name === '' && found.length === 0) return pauseMyself(services, asking, { reason: asTyped(either, text) }, services.newId());
  return oneOf(services, asking, name || either, found, 'duty.pauseNow', { minutes: minutes === null ? '' : String(minutes), reason: asTyped(reason, text), requestId: services.newId() });
}

export async function resumeTyped(services: Services, asking: Asking, name: string): Promise<Shown> {
  if (name === '' || name === 'me') return carryOut(services, asking, 'duty.resume', { agentId: '', groupId: '' });
  const supervised = await supervisedAgents(services, asking);
  if (!supervised.ok) return supervised.shown;
  return oneOf(services, asking, name, findNamed(name, supervised.agents.map(named)), 'duty.resume', {});
}

export async function signTyped(services: Services, asking: Asking, name: string, group: string, into: boolean): Promise<Shown> {
  if (name === '' || name === 'me') return carryOut(services, asking, 'duty.signNamed', { group, into });
  const { say } = asking;
  const supervised = await supervisedAgents(services, asking);
  if (!supervised.ok) return supervised.shown;
  // Whoever has no such group to sign in to cannot be meant.
  const found = findNamed(name, supervised.agents.map(named)).flatMap((agent) => {
    const [formal] = findNamed(group, agent.detail.formalGroups.map((one) => ({ ...one, displayName: one.name, sipUser: one.name.toLowerCase() })));
    return formal ? [{ agent, formal }] : [];
  });
  const [only, ...others] = found;
  if (!only) return notice(asking, 'default', say('pause.noAgent', { typed: name }), say('pause.noFormal', { group }));
  const data = (one: typeof only): Record<string, unknown> => ({ agentId: one.agent.id, groupId: '', agentGroupId: one.formal.id, into });
  if (others.length === 0) return carryOut(services, asking, 'duty.sign', data(only));
  return notice(asking, 'default', say('pause.whom'), '', found.slice(0, OFFERED).map((one) => ({ ...button(say, into ? 'signIn' : 'signOut', 'duty.sign', data(one)), title: one.agent.name })));
}

/** Carries the verb out for the one who was meant, or asks who that is. */
async function oneOf(services: Services, asking: Asking, typed: string, found: readonly Supervised[], verb: 'duty.pauseNow' | 'duty.resume', data: Readonly<Record<string, unknown>>): Promise<Shown> {
  const { say } = asking;
  const [only, ...others] = found;
  if (!only) return notice(asking, 'default', say('pause.noAgent', { typed }), '', [button(say, 'groups', 'groups')]);
  const of = (agent: Supervised): Record<string, unknown> => ({ ...data, agentId: agent.id, groupId: '' });
  if (others.length === 0) return carryOut(services, asking, verb, of(only));
  return notice(asking, 'default', say('pause.whom'), '', found.slice(0, OFFERED).map((agent) => ({ ...button(say, verb === 'duty.resume' ? 'resume' : 'pauseNow', verb, of(agent)), title: agent.name })));
}

const lasting = (minutes: number | null): { readonly untilMinutes?: string } => (minutes === null ? {} : { untilMinutes: String(minutes) });

/** Commands are read in small letters; a reason is kept as it was written. */
function asTyped(reason: string, text: string): string {
  const at = reason === '' ? -1 : text.toLowerCase().lastIndexOf(reason);
  return at < 0 ? reason : text.slice(at, at + reason.length);
}
