// Runs the decision vectors of test/fixtures/routing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type AgentGroup, routingMethod } from '../../../storage/model/agent-group';
import { contact as contactSchema, type Contact, type Duty } from '../../../storage/model/agent';
import { type ObjectChange } from '../../../storage/model/configuration';
import { numberPolicy } from '../../../storage/model/number-policy';
import { type Queue } from '../../../storage/model/queue';
import { type Workflow } from '../../../storage/model/workflow';
import { type Effect, type LegOutcome } from '../../../engine/core/types';
import { inWords, PoliteWorld } from './support/polite-world';
import { aDuty, aGroup, anAgent, aQueue, aWorkflow, drop, put, someSettings } from './support/sample';

const FOLDER = join(__dirname, '..', '..', 'fixtures', 'routing');
const partial = z.record(z.string(), z.unknown());
const vector = z.strictObject({
  title: z.string(),
  groups: z.array(z.strictObject({
    agents: z.array(z.string()), method: routingMethod.default('parallel'), alertTimeSeconds: z.number().default(20), wrapUpSeconds: z.number().default(0),
    participation: z.enum(['informal', 'formal']).default('informal'), autoPauseAfter: z.number().nullable().default(null),
  })),
  agents: z.array(z.string()).default([]),
  queue: partial.default({}),
  otherQueues: z.record(z.string(), partial).default({}),
  otherWorkflows: z.record(z.string(), partial).default({}),
  contacts: z.array(z.string()).default([]),
  contact: contactSchema.optional(),
  allowedPrefixes: z.array(z.string()).default(['+44']),
  workflow: partial.default({}),
  graceSeconds: z.number().default(60),
  idle: z.record(z.string(), z.number()).default({}),
  offDuty: z.array(z.string()).default([]),
  unregistered: z.array(z.string()).default([]),
  story: z.array(z.strictObject({ at: z.number(), do: z.string().optional(), change: z.record(z.string(), partial).optional(), see: z.array(z.string()), why: z.array(z.string()).optional() })).min(1),
});
type Vector = z.output<typeof vector>;

const OUTCOMES: Record<string, LegOutcome> = { declines: 'declined', 'is busy': 'busy', 'does not answer': 'noAnswer', 'is unreachable': 'unreachable', 'hangs up': 'hungUp' };
const BEGIN_MS = 1_000_000;
const MOBILE: Contact = { kind: 'number', number: '+447700900123', confirm: true };

class Story {
  readonly world = new PoliteWorld();
  private workflow: Workflow;
  private queue: Queue;
  private readonly groups: AgentGroup[];
  private readonly duties = new Map<string, Duty>();

  constructor(readonly given: Vector) {
    this.groups = given.groups.map(({ agents, method, ...rest }, index) => aGroup(`g${index + 1}`, { ...rest, routingMethod: method, agentIds: agents }));
    this.queue = aQueue('q-help', { agentGroupIds: this.groups.map(({ id }) => id), ...given.queue });
    this.workflow = aWorkflow('help', given.workflow);
    const others = [
      ...Object.entries(given.otherQueues).map(([id, fields]) => put('queues', aQueue(id, fields))),
      ...Object.entries(given.otherWorkflows).map(([id, fields]) => put('workflows', aWorkflow(id, fields))),
    ];
    const agents = [...new Set([...given.groups.flatMap((group) => group.agents), ...given.agents])];
    this.world.configure(...others, put('workflows', this.workflow), put('queues', this.queue), ...this.groups.map((group) => put('agentGroups', group)),
      this.settings(given.allowedPrefixes), ...agents.map((id) => put('agents', anAgent(id, given.contacts.includes(id) ? { contacts: [given.contact ?? MOBILE] } : {}))));
    this.world.register(...agents.filter((id) => !given.unregistered.includes(id)));
    const idle = (id: string): number => given.idle[id] ?? 60;
    for (const id of agents.filter((each) => !given.offDuty.includes(each)).sort((a, b) => idle(b) - idle(a))) {
      this.world.until(BEGIN_MS - idle(id) * 1000);
      this.duty(id, { onDuty: true });
    }
  }

  private settings(allowedPrefixes: readonly string[]): ObjectChange {
    return put('settings', someSettings({ gracePeriodSeconds: this.given.graceSeconds, numberPolicy: numberPolicy.parse({ allowedPrefixes }) }));
  }

  /** What an agent chooses, beside what was chosen before. */
  private duty(agentId: string, more: Partial<Duty>): Effect[] {
    const before = this.duties.get(agentId) ?? null;
    const after = { ...(before ?? aDuty(agentId, false)), ...more };
    this.duties.set(agentId, after);
    return this.world.configure(put('duties', after, before));
  }

  private pause(agentId: string, by: 'agent' | 'unanswered', seconds: number | null): Effect[] {
    const since = this.world.civil;
    return this.duty(agentId, { pause: { reason: '', since, until: seconds === null ? null : new Date(since.getTime() + seconds * 1000), by } });
  }

  play({ at, do: what, change }: Vector['story'][number]): Effect[] {
    const { world } = this;
    const due = world.until(BEGIN_MS + at * 1000 - (what === 'wait' ? 0 : 0.001));
    if (what === 'wait') return due;
    world.nowMs = BEGIN_MS + at * 1000;
    return [...due, ...(change === undefined ? this.happen(what ?? '') : world.configure(...this.changed(change)))];
  }

  private changed(change: Record<string, Record<string, unknown>>): ObjectChange[] {
    return Object.entries(change).map(([name, fields]) => {
      if (name === 'policy') return this.settings(z.array(z.string()).parse(fields['allowedPrefixes']));
      if (name === 'workflow') {
        const before = this.workflow;
        return put('workflows', (this.workflow = { ...before, ...fields }), before);
      }
      if (name === 'queue') return put('queues', (this.queue = { ...this.queue, ...fields }));
      const index = this.groups.findIndex(({ id }) => id === name);
      return put('agentGroups', (this.groups[index] = { ...(this.groups[index] as AgentGroup), ...fields }));
    });
  }

  private happen(what: string): Effect[] {
    const { world } = this;
    const [who = '', ...rest] = what.split(' ');
    const verb = rest.join(' ');
    const last = rest.at(-1) ?? '';
    if (what === 'delete workflow') return world.configure(drop('workflows', this.workflow));
    if (who === 'delete') return world.configure(drop('agents', anAgent(verb)));
    if (what === 'connecting fails') { world.replies.connect = ({ callId, offerId }) => ({ type: 'connectFailed', callId, offerId }); return []; }
    if (what === 'connecting hangs') { delete world.replies.connect; return []; }
    if (rest[0] === 'calls') return world.call(who, rest[1]);
    if (verb === 'hangs up' && world.state.calls.has(who)) return world.hangUp(who);
    if (verb === 'answers') return world.answer(who);
    if (verb === 'answers and hangs up') { delete world.replies.connect; return [...world.answer(who), ...world.end(who, 'hungUp')]; }
    if (verb === 'goes off duty' || verb === 'goes on duty') return this.duty(who, { onDuty: verb === 'goes on duty' });
    const signedIn = this.duties.get(who)?.signedIn ?? [];
    if (verb.startsWith('signs in to ')) return this.duty(who, { signedIn: [...signedIn, last] });
    if (verb.startsWith('signs out of ')) return this.duty(who, { signedIn: signedIn.filter((id) => id !== last) });
    if (verb === 'resumes') return this.duty(who, { pause: null });
    if (verb === 'pauses') return this.pause(who, 'agent', null);
    if (rest[0] === 'pauses') return this.pause(who, 'agent', Number(rest[2]));
    if (verb === 'is written as paused') return this.pause(who, 'unanswered', null);
    if (rest[0] === 'picks') return world.post({ type: 'pickCaller', instructionId: 'pick', callId: last, agentId: who });
    if (rest[0] === 'dials') return world.call(last, '*8', { agentId: who, callerNumber: who });
    if (rest[0] === 'moves') return world.post({ type: 'moveCaller', instructionId: 'move', callId: who, queueId: last });
    if (rest[0] === 'gets') return world.post({ type: 'setPriority', instructionId: 'priority', callId: who, priority: Number(last) });
    if (rest[0] === 'presses') return world.post({ type: 'keyPressed', callId: who, key: last });
    if (verb === 'registers' || verb === 'unregisters') return world.post({ type: 'phoneChanged', agentId: who, reachable: verb === 'registers' });
    const outcome = OUTCOMES[verb];
    if (outcome === undefined) throw new Error(`nobody knows how to "${what}"`);
    return world.end(who, outcome);
  }
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yml'));
test('there are vectors', () => { expect(files.length).toBeGreaterThanOrEqual(4); });

describe.each(files)('%s', (file) => {
  const vectors = z.array(vector).parse(parse(readFileSync(join(FOLDER, file), 'utf8')));
  test.each(vectors.map((each) => [each.title, each] as const))('%s', (_title, given) => {
    const story = new Story(given);
    const agentOf = (offerId: string): string => story.world.effects.flatMap((effect) => ((effect.type === 'offer' || effect.type === 'takeLeg') && effect.offerId === offerId ? [effect.agentId] : []))[0] ?? offerId;
    for (const scene of given.story) {
      const effects = story.play(scene);
      const seen = inWords(effects, agentOf).filter((words) => !words.endsWith(': answer'));
      expect({ at: scene.at, see: seen }).toEqual({ at: scene.at, see: scene.see });
      if (scene.why !== undefined) expect(effects.flatMap((effect) => (effect.type === 'decided' ? [effect.reason] : []))).toEqual(scene.why);
    }
  });
});
