// Who may do what: the table of rights, role by role, for one's own things and for others'.
import fc from 'fast-check';
import { ACTIONS, may, rolesOf, type Action, type Roles, type Target, type Verdict } from '../../../storage/access';
import { type Agent } from '../../../storage/model/agent';
import { type AgentGroup } from '../../../storage/model/agent-group';
import { DISCONNECT, type AnswerAction } from '../../../storage/model/call-action';
import { type Queue } from '../../../storage/model/queue';
import { MANAGER_PERMISSIONS, type Workflow } from '../../../storage/model/workflow';

const nobody: Roles = { administrator: false, engine: false, manages: new Set(), agentId: null, serves: new Set() };
const ROLES = {
  administrator: { ...nobody, administrator: true },
  manager: { ...nobody, manages: new Set(['own']) },
  agent: { ...nobody, agentId: 'me', serves: new Set(['own']) },
  managerAndAgent: { ...nobody, manages: new Set(['own']), agentId: 'me', serves: new Set(['own', 'served']) },
  engine: { ...nobody, engine: true },
  stranger: nobody,
} satisfies Record<string, Roles>;
type Role = keyof typeof ROLES;

const OBJECTS = ['queue', 'agentGroup', 'businessHours', 'holidaySet'] as const;
const ofObjects = (...doings: ('create' | 'copy' | 'change' | 'delete' | 'see')[]): Action[] => OBJECTS.flatMap((noun) => doings.map((doing): Action => `${noun}.${doing}`));
const OBJECT_ACTIONS = ofObjects('create', 'copy', 'change', 'delete', 'see');
const GROUP_ACTIONS = ACTIONS.filter((action) => action.startsWith('group.') || action.startsWith('workflow.') || action === 'caller.move' || action === 'caller.prioritise');
const AGENT_ACTIONS = ACTIONS.filter((action) => action.startsWith('agent.') || action.startsWith('duty.') || action === 'caller.pick');
const POOL_ACTIONS = ACTIONS.filter((action) => action.startsWith('trunk.') || action.startsWith('pool.') || action.startsWith('configuration.') || ['group.create', 'workflow.create', 'agent.create', 'settings.change', 'prompt.render', 'audio.keep'].includes(action));

/** Groups, agents and objects, as they stand to whoever asks. `shared`: an object of `own` and `foreign`; `preset`: hours for any workflow; `unused`: of none. `mine`: an agent of `own`. */
const WHERE = {
  own: { kind: 'group', workflowId: 'own' }, served: { kind: 'group', workflowId: 'served' }, foreign: { kind: 'group', workflowId: 'foreign' },
  me: { kind: 'agent', agentId: 'me' }, mine: { kind: 'agent', agentId: 'mine', workflowIds: ['foreign', 'own'] }, other: { kind: 'agent', agentId: 'other', workflowIds: ['foreign'] },
  ownObject: { kind: 'object', workflowIds: ['own'] }, servedObject: { kind: 'object', workflowIds: ['served'] }, foreignObject: { kind: 'object', workflowIds: ['foreign'] },
  sharedObject: { kind: 'object', workflowIds: ['own', 'foreign'] }, presetObject: { kind: 'object', workflowIds: [], preset: true }, unusedObject: { kind: 'object', workflowIds: [] },
  pool: { kind: 'pool' },
} as const satisfies Record<string, Target>;
type Where = keyof typeof WHERE;
const ACTIONS_ON: Record<Target['kind'], readonly Action[]> = { group: GROUP_ACTIONS, agent: AGENT_ACTIONS, object: OBJECT_ACTIONS, pool: POOL_ACTIONS };

const MANAGED: readonly Action[] = ['group.see', 'group.change', 'group.addManager', 'workflow.change', 'caller.move', 'caller.prioritise'];
const SUPERVISED: readonly Action[] = ['duty.pause', 'duty.resume', 'duty.signIn', 'duty.signOut'];
const ONESELF: readonly Action[] = ['agent.see', 'agent.resetPassword', 'agent.ring', 'duty.set', ...SUPERVISED, 'caller.pick'];
const FOR_MANAGERS: Partial<Record<Where, readonly Action[]>> = {
  own: MANAGED, other: ['agent.see'], mine: ['agent.see', ...SUPERVISED], ownObject: OBJECT_ACTIONS, sharedObject: ofObjects('see'), presetObject: ofObjects('see'), pool: ['prompt.render', 'audio.keep'],
};

/** What the reference grants beside the administrator, who may everything but pick a caller to another's phone. Whatever is not here is refused. */
const GRANTED: Partial<Record<Role, Partial<Record<Where, readonly Action[]>>>> = {
  manager: { ...FOR_MANAGERS, me: ['agent.see'] },
  agent: { own: ['group.see'], me: ONESELF },
  managerAndAgent: { ...FOR_MANAGERS, served: ['group.see'], me: ONESELF },
  engine: { me: ['duty.set', 'duty.pause'], mine: ['duty.set', 'duty.pause'], other: ['duty.set', 'duty.pause'] },
};
const OBJECT_PLACES: readonly Where[] = ['ownObject', 'servedObject', 'foreignObject', 'sharedObject', 'presetObject', 'unusedObject'];
/** What a role does not even learn of. */
const UNSEEN: Record<Role, readonly Where[]> = {
  administrator: [], manager: ['served', 'foreign', 'servedObject', 'foreignObject', 'unusedObject'], agent: ['served', 'foreign', 'mine', 'other', 'servedObject', 'foreignObject', 'presetObject', 'unusedObject'],
  managerAndAgent: ['foreign', 'foreignObject', 'unusedObject'],
  engine: ['own', 'served', 'foreign', 'me', 'mine', 'other', ...OBJECT_PLACES], stranger: ['own', 'served', 'foreign', 'me', 'mine', 'other', ...OBJECT_PLACES],
};

function expected(role: Role, action: Action, where: Where): Verdict {
  if (role === 'administrator') return action === 'caller.pick' ? 'notAllowed' : 'allowed';
  if (GRANTED[role]?.[where]?.includes(action) === true) return 'allowed';
  const isObject = OBJECT_PLACES.includes(where);
  // Who may not make an object for no workflow is told so, since there is nothing to hide.
  if (isObject && action.endsWith('.create') && (where === 'unusedObject' || where === 'presetObject')) return 'notAllowed';
  // Who serves a group sees that it has a queue, but does not look at it by itself.
  if (isObject && action.endsWith('.see')) return 'unseen';
  return UNSEEN[role].includes(where) ? 'unseen' : 'notAllowed';
}

const cases = (Object.keys(ROLES) as Role[]).flatMap((role) => (Object.keys(WHERE) as Where[]).flatMap((where) => {
  const target: Target = WHERE[where];
  return ACTIONS_ON[target.kind].map((action): [Role, Action, Where, Target, Verdict] => [role, action, where, target, expected(role, action, where)]);
}));

test.each(cases)('%s: %s on %s', (role, action, _where, target, verdict) => {
  expect(may(ROLES[role], action, target)).toBe(verdict);
});

test('Every action that exists is in the matrix', () => {
  expect(new Set(cases.map(([, action]) => action))).toEqual(new Set(ACTIONS));
});

const PERSON = '00000000-0000-4000-8000-000000000001';
const workflow = (id: string, more: Partial<Workflow>) => ({
  id, managed: true, managers: [], managerPermissions: [...MANAGER_PERMISSIONS], defaultAction: { kind: 'queue', queueId: `${id}-queue` }, closedAction: DISCONNECT, holidayAction: DISCONNECT, questions: [], ...more,
}) as unknown as Workflow;
const queue = (id: string, agentGroupIds: readonly string[], more: Partial<Queue> = {}) => ({
  id, agentGroupIds, timeoutAction: DISCONNECT, overflowAction: DISCONNECT, noAgentsAction: null, leaveAction: DISCONNECT, ...more,
}) as unknown as Queue;

describe('Roles', () => {
  const sources = (workflows: Workflow[]) => ({
    workflows,
    queues: [...workflows.map((one) => queue(`${one.id}-queue`, [`${one.id}-group`])), queue('through-queue', [], { timeoutAction: to('a-queue') })],
    agentGroups: [{ id: 'a-group', agentIds: ['agent-1'] }, { id: 'b-group', agentIds: [] }] as unknown as AgentGroup[],
    agents: [{ id: 'agent-1', personId: PERSON }] as unknown as Agent[],
  });
  const acting = { kind: 'person', personId: PERSON.toUpperCase(), name: 'Someone', administrator: false } as const;

  test('A manager manages only managed workflows that name them', () => {
    const managers = [{ personId: PERSON, name: 'Someone' }];
    const roles = rolesOf(acting, sources([workflow('a', { managers }), workflow('b', { managers, managed: false }), workflow('c', {})]));
    expect([...roles.manages]).toEqual(['a']);
  });

  test('An agent serves the workflows whose agent groups list them', () => {
    const roles = rolesOf(acting, sources([workflow('a', {}), workflow('b', {})]));
    expect([...roles.serves]).toEqual(['a']);
    expect(roles.agentId).toBe('agent-1');
  });

  const to = (queueId: string) => ({ kind: 'queue' as const, queueId, prompt: null });
  const asked = (action: AnswerAction, fallback: AnswerAction | null = null) => [{ id: 'q', answers: [{ key: '1', name: 'One', action }], fallback }] as unknown as Workflow['questions'];
  const question = { kind: 'question' as const, questionId: 'q' };

  test.each<[string, Partial<Workflow>]>([
    ['an answer', { defaultAction: question, questions: asked(to('a-queue')) }],
    ['the fallback of a question', { defaultAction: question, questions: asked(DISCONNECT, to('a-queue')) }],
    ['the closed action', { closedAction: to('a-queue') }],
    ['the holiday action', { holidayAction: to('a-queue') }],
    ['the timeout of a queue', { defaultAction: { kind: 'queue', queueId: 'through-queue' } }],
    ['an answer and then the timeout of a queue', { defaultAction: question, questions: asked(to('through-queue')) }],
  ])('An agent also serves a workflow that leads there by %s', (_way, more) => {
    const roles = rolesOf(acting, sources([workflow('b', more), workflow('a', {}), workflow('c', {})]));
    expect([...roles.serves]).toEqual(['b', 'a']);
  });

  test('Nobody becomes an administrator by configuration', () => {
    fc.assert(fc.property(fc.uuid(), fc.boolean(), (personId, administrator) => {
      const roles = rolesOf({ kind: 'person', personId, name: 'x', administrator }, sources([workflow('a', { managers: [{ personId, name: 'x' }] })]));
      expect(roles.administrator).toBe(administrator);
    }));
  });
});
