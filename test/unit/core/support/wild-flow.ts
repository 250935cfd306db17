// What the wild world draws on for the flow of calls: groups with menus, hours and targets of every kind, and books of transfers.
import { type AnswerAction, type CallAction } from '../../../../storage/model/call-action';
import { type Question } from '../../../../storage/model/question';
import { type Queue } from '../../../../storage/model/queue';
import { type BusinessHours, businessHours } from '../../../../storage/model/schedule';
import { type PoolSettings } from '../../../../storage/model/settings';
import { type Workflow } from '../../../../storage/model/workflow';
import { type Effect, type TransferTarget } from '../../../../engine/core/types';
import { aWorkflow, POOL, said, someSettings } from './sample';

export const DOMAIN = 'example.org';

/** Targets of every kind: reached, own, not allowed, not there. */
export const ACTIONS: readonly CallAction[] = [
  { kind: 'disconnect', prompt: null }, { kind: 'disconnect', prompt: said('bye') },
  { kind: 'number', number: '+44700', prompt: null }, { kind: 'number', number: '+44700', prompt: said('moment') }, { kind: 'number', number: '+33700', prompt: null },
  { kind: 'sipUri', uri: 'sip:dora@example.com', prompt: null }, { kind: 'sipUri', uri: `sip:carla@${DOMAIN}`, prompt: null }, { kind: 'sipUri', uri: `sip:sales@${DOMAIN}`, prompt: null },
  { kind: 'voicemail', uri: `sip:help@${DOMAIN}`, prompt: said('box') }, { kind: 'voicemail', uri: `sip:menu@${DOMAIN}`, prompt: null },
  { kind: 'queue', queueId: 'q-help', prompt: null }, { kind: 'queue', queueId: 'q-sales', prompt: said('sales') }, { kind: 'queue', queueId: 'q-gone', prompt: null },
];

const question = (id: string, actions: readonly AnswerAction[], more: Partial<Question> = {}): Question => ({
  id, name: id, prompt: said(id), invalidPrompt: said('what?'), noAnswerPrompt: null, attempts: 2, answerSeconds: 4, fallback: null,
  answers: actions.map((action, index) => ({ name: `${id}${index}`, key: String(index), action })), ...more,
});

/** A menu whose answers lead everywhere, also to itself and to a question that is not there. */
export const menu = (): Workflow => aWorkflow('menu', {
  defaultAction: { kind: 'question', questionId: 'top' },
  questions: [
    question('top', [...ACTIONS.slice(2, 10), { kind: 'question', questionId: 'deep', prompt: null }, { kind: 'question', questionId: 'gone', prompt: said('on') }]),
    question('deep', [...ACTIONS.slice(9), { kind: 'question', questionId: 'top', prompt: said('back') }], { attempts: 3, invalidPrompt: null, noAnswerPrompt: said('well?'), fallback: { kind: 'queue', queueId: 'q-help', prompt: null } }),
  ],
});

export const HOURS: readonly BusinessHours[] = [
  businessHours.parse({ id: 'never', pool: POOL, version: 1, name: 'never' }),
  businessHours.parse({ id: 'minutes', pool: POOL, version: 1, name: 'minutes', monday: [{ open: '09:00', close: '09:02' }, { open: '09:03', close: '24:00' }] }),
];

export const settings = (): PoolSettings => someSettings({ gracePeriodSeconds: 30, numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: ['example.com'], emergencyNumbers: [] } });

/** Other targets for a queue. */
export function otherTargets(how: number): Partial<Queue> {
  const action = (by: number): CallAction => ACTIONS[Math.floor(how / by) % ACTIONS.length] as CallAction;
  return { timeoutAction: action(3), overflowAction: action(5), leaveAction: action(7), leaveKey: how % 4 === 0 ? '1' : null };
}

/** Other hours and targets for a workflow. */
export function otherSchedule(how: number): Partial<Workflow> {
  const action = (by: number): CallAction => ACTIONS[Math.floor(how / by) % ACTIONS.length] as CallAction;
  return { businessHoursId: [null, null, 'never', 'minutes'][how % 4] ?? null, closedAction: action(3), federation: how % 3 === 0 };
}

/** What an agent may ask a transfer to; `calls` are those there are. */
export function transferTargets(calls: readonly string[]): TransferTarget[] {
  return [
    ...['alice', 'bob', 'carla', 'dan', 'help', 'sales', 'menu', '+44700', '+33700', 'nobody'].map((user): TransferTarget => ({ kind: 'own', user })),
    { kind: 'outside', target: { kind: 'number', number: '+44700' } }, { kind: 'outside', target: { kind: 'uri', uri: 'sip:dora@example.com' } },
    { kind: 'outsideReplaces', target: { kind: 'uri', uri: 'sip:dora@example.com' }, replaces: 'abc' },
    ...calls.map((callId): TransferTarget => ({ kind: 'consultation', callId })),
  ];
}

/** Every transfer asked for is answered once, and every accepted one told its end once. */
export class TransferBooks {
  private readonly states = new Map<string, 'asked' | 'accepted' | 'refused' | 'closed'>();
  private count = 0;

  ask(): string {
    const transferId = `t${(this.count += 1)}`;
    this.states.set(transferId, 'asked');
    return transferId;
  }

  note(effect: Extract<Effect, { readonly transferId: string }>): void {
    const before = this.states.get(effect.transferId);
    const after = effect.type === 'acceptTransfer' ? 'accepted' : effect.type === 'refuseTransfer' ? 'refused' : effect.status >= 200 ? 'closed' : 'accepted';
    if (before !== (effect.type === 'transferProgress' ? 'accepted' : 'asked')) throw new Error(`${effect.type} of ${effect.transferId}, which is ${before}`);
    this.states.set(effect.transferId, after);
  }

  /** Those that are not at their end. */
  get open(): string[] { return [...this.states].filter(([, state]) => state !== 'refused' && state !== 'closed').map(([id, state]) => `${id} ${state}`); }
  get closed(): number { return [...this.states.values()].filter((state) => state === 'closed').length; }
}
