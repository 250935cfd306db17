// Plays a story of test/fixtures/{questions,actions,transfers}: two groups, a few agents, outside numbers, and what befalls a call there.
import { z } from 'zod';
import { agentGroup } from '../../../../storage/model/agent-group';
import { queue } from '../../../../storage/model/queue';
import { businessHours, holidaySet } from '../../../../storage/model/schedule';
import { poolSettings } from '../../../../storage/model/settings';
import { workflow } from '../../../../storage/model/workflow';
import { type Arrival, type Effect, type LegOutcome, type TransferTarget } from '../../../../engine/core/types';
import { PoliteWorld } from './polite-world';
import { aDuty, anAgent, drop, POOL, put } from './sample';

const partial = z.record(z.string(), z.unknown()).default({});
const scene = z.strictObject({
  at: z.number(), do: z.string().optional(),
  /** More of the arrival of a call that `do` makes. */
  arrival: partial,
  see: z.array(z.string()), why: z.array(z.string()).optional(),
  /** What the record that is written then has. */
  record: z.record(z.string(), z.unknown()).optional(),
});
/** A story; how it is written is told in test/fixtures/README.md. */
export const flowStory = z.strictObject({
  title: z.string(),
  workflow: partial, queue: partial, sales: partial, salesQueue: partial, group: partial,
  hours: z.record(z.string(), partial).default({}), holidays: z.record(z.string(), z.array(z.unknown())).default({}),
  agents: z.array(z.string()).default(['alice', 'bob']),
  offDuty: z.array(z.string()).default([]), unregistered: z.array(z.string()).default([]),
  policy: partial,
  story: z.array(scene).min(1),
});
export type FlowStory = z.output<typeof flowStory>;

const stored = (id: string) => ({ id, pool: POOL, version: 1 });
const OUTCOMES: Record<string, LegOutcome> = { declines: 'declined', 'is busy': 'busy', 'does not answer': 'noAnswer', 'is unreachable': 'unreachable', fails: 'failed', 'hangs up': 'hungUp', 'is withdrawn': 'withdrawn' };

/** A pool with the groups `help` and `sales`, in the domain example.org. Agents of `help` are those listed, of `sales` carla. */
export class FlowStoryWorld extends PoliteWorld {
  private transfers = 0;

  constructor(given: FlowStory) {
    super();
    const base = (id: string) => ({ ...stored(id), sipUser: id, displayName: id, managed: false, managers: [], active: true, defaultAction: { kind: 'queue', queueId: `q-${id}` } });
    const agents = [...given.agents, 'carla'];
    this.configure(
      put('settings', poolSettings.parse({ ...stored(POOL), numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: ['example.com'], ...given.policy } })),
      ...Object.entries(given.hours).map(([id, days]) => put('businessHours', businessHours.parse({ ...stored(id), name: id, ...days }))),
      ...Object.entries(given.holidays).map(([id, holidays]) => put('holidaySets', holidaySet.parse({ ...stored(id), name: id, holidays }))),
      put('workflows', workflow.parse({ ...base('help'), ...given.workflow })), put('workflows', workflow.parse({ ...base('sales'), telephoneNumber: '+44100', ...given.sales })),
      put('queues', queue.parse({ ...stored('q-help'), name: 'q-help', agentGroupIds: ['g1'], ...given.queue })),
      put('queues', queue.parse({ ...stored('q-sales'), name: 'q-sales', agentGroupIds: ['g2'], ...given.salesQueue })),
      put('agentGroups', agentGroup.parse({ ...stored('g1'), name: 'g1', agentIds: given.agents, routingMethod: 'serial', ...given.group })),
      put('agentGroups', agentGroup.parse({ ...stored('g2'), name: 'g2', agentIds: ['carla'] })),
      ...agents.flatMap((id) => [put('agents', anAgent(id)), put('duties', aDuty(id, !given.offDuty.includes(id)))]),
    );
    this.register(...agents.filter((id) => !given.unregistered.includes(id)));
  }

  play({ at, do: what = 'wait', arrival }: FlowStory['story'][number]): Effect[] {
    const due = this.until(at * 1000 - (what === 'wait' ? 0 : 0.001));
    if (what === 'wait') return due;
    this.nowMs = at * 1000;
    return [...due, ...this.happen(what, arrival)];
  }

  private happen(what: string, arrival: Partial<Arrival>): Effect[] {
    const [who = '', verb = '', ...rest] = what.split(' ');
    const words = [verb, ...rest].join(' ');
    if (who === 'connecting') {
      if (verb === 'fails') this.replies.connect = ({ callId, offerId }) => ({ type: 'connectFailed', callId, offerId });
      else if (verb === 'hangs') delete this.replies.connect;
      else this.replies.connect = ({ callId, offerId }) => ({ type: 'connected', callId, offerId });
      return [];
    }
    if (who === 'sounds') { this.replies.play = ({ callId, playId, repeat }) => (repeat ? { type: 'playStarted', callId, playId, durationMs: null } : { type: 'playFailed', callId, playId }); return []; }
    if (who === 'legs') { delete this.replies.withdraw; delete this.replies.endAgentLeg; return []; }
    if (who === 'delete') {
      const { queues, workflows, agents } = this.state.configuration.objects;
      const [gone, workflowGone, agentGone] = [queues.get(verb), workflows.get(verb), agents.get(verb)];
      return this.configure(...(gone === undefined ? [] : [drop('queues', gone)]), ...(workflowGone === undefined ? [] : [drop('workflows', workflowGone)]), ...(agentGone === undefined ? [] : [drop('agents', agentGone)]));
    }
    if (who === 'forget') {
      const help = this.state.configuration.objects.workflows.get('help');
      return help === undefined ? [] : this.configure(put('workflows', { ...help, questions: help.questions.filter(({ id }) => id !== verb) }));
    }
    if (verb === 'calls') return this.call(who, rest[0], { ...arrival, ...(rest[1] === 'from' ? { agentId: rest[2] ?? null, callerNumber: rest[2] ?? '', callerName: rest[2] ?? '' } : {}) });
    if (verb === 'presses') return this.post({ type: 'keyPressed', callId: who, key: rest[0] ?? '' });
    if (words === 'hangs up' && this.state.calls.has(who)) return this.hangUp(who);
    if (words === 'goes off duty') return this.configure(put('duties', aDuty(who, false)));
    if (words.startsWith('is replaced by')) return this.post({ type: 'callerReplaced', callId: who, callerNumber: rest[2] ?? '', callerName: '' });
    const leg = this.legOf(who);
    if (verb === 'answers') return this.post({ type: 'offerAnswered', ...leg });
    if (words === 'is connected') return this.post({ type: 'connected', ...leg });
    if (verb === 'transfers') return this.transfer(leg, rest.slice(1));
    if (words.startsWith('gives way to')) return this.post({ type: 'agentReplaced', ...leg, newOfferId: rest[2] ?? '', agentId: rest[3] ?? null });
    const outcome = OUTCOMES[words];
    if (outcome === undefined) throw new Error(`nobody knows how to "${what}"`);
    return this.post({ type: 'legEnded', ...leg, outcome });
  }

  private transfer(leg: { readonly callId: string; readonly offerId: string }, [to = '', callId = '', replaces]: string[]): Effect[] {
    const outside = to.startsWith('+') ? ({ kind: 'number', number: to } as const) : ({ kind: 'uri', uri: to } as const);
    const target: TransferTarget = to === 'call' ? { kind: 'consultation', callId }
      : callId === 'replacing' ? { kind: 'outsideReplaces', target: outside, replaces: replaces ?? '' }
      : to.includes(':') || to.startsWith('+') ? { kind: 'outside', target: outside } : { kind: 'own', user: to };
    return this.post({ type: 'transferAsked', ...leg, transferId: `t${(this.transfers += 1)}`, target });
  }

  /** An offer by its id, or the leg an agent has. */
  private legOf(who: string): { readonly callId: string; readonly offerId: string } {
    for (const call of this.state.calls.values()) for (const { offerId, agentId } of call.legs.values()) if (offerId === who || agentId === who) return { callId: call.callId, offerId };
    return { callId: who.split('.')[0] ?? '', offerId: who };
  }
}
