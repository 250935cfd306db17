// Who may do what: the table of rights, role by role, for one's own things and for others'.
import fc from 'fast-check';
import { ACTIONS, may, rolesOf, type Action, type Roles, type Target, type Verdict } from '../../../storage/access';
import { type Agent } from '../../../storage/model/agent';
import { type AgentGroup } from '../../../storage/model/agent-group';
import { type Queue } from '../../../storage/model/queue';
import { type Workflow } from '../../../storage/model/workflow';

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

const GROUP_ACTIONS = ACTIONS.filter((action) => action.startsWith('group.'));
const AGENT_ACTIONS = ACTIONS.filter((action) => action.startsWith('agent.') || action === 'duty.set');

/** What the reference grants beside the administrator, who may everything. Whatever is not here is refused. */
const GRANTED: Partial<Record<Role, Partial<Record<'own' | 'served' | 'foreign' | 'me' | 'other' | 'pool', readonly Action[]>>>> = {
  manager: { own: ['group.see', 'group.change', 'group.addManager'], me: ['agent.see'], other: ['agent.see'], pool: ['prompt.render'] },
  agent: { own: ['group.see'], me: ['agent.see', 'agent.resetPassword', 'agent.ring', 'duty.set'] },
  managerAndAgent: {
    own: ['group.see', 'group.change', 'group.addManager'], served: ['group.see'],
    me: ['agent.see', 'agent.resetPassword', 'agent.ring', 'duty.set'], other: ['agent.see'], pool: ['prompt.render'],
  },
  engine: { me: ['duty.set'], other: ['duty.set'] },
};
/** What a role does not even learn of. */
const UNSEEN: Record<Role, readonly string[]> = {
  administrator: [], manager: ['served', 'foreign'], agent: ['served', 'foreign', 'other'], managerAndAgent: ['foreign'],
  engine: ['own', 'served', 'foreign', 'me', 'other'], stranger: ['own', 'served', 'foreign', 'me', 'other'],
};

const cases: [Role, Action, string, Target, Verdict][] = [];
for (const role of Object.keys(ROLES) as Role[]) {
  const add = (action: Action, where: 'own' | 'served' | 'foreign' | 'me' | 'other' | 'pool', target: Target): void => {
    const isGranted = role === 'administrator' || GRANTED[role]?.[where]?.includes(action) === true;
    cases.push([role, action, where, target, isGranted ? 'allowed' : UNSEEN[role].includes(where) ? 'unseen' : 'notAllowed']);
  };
  for (const action of GROUP_ACTIONS) for (const where of ['own', 'served', 'foreign'] as const) add(action, where, { kind: 'group', workflowId: where });
  for (const action of AGENT_ACTIONS) for (const where of ['me', 'other'] as const) add(action, where, { kind: 'agent', agentId: where });
  for (const action of ['group.create', 'agent.create', 'settings.change', 'prompt.render'] as const) add(action, 'pool', { kind: 'pool' });
}

test.each(cases)('%s: %s on %s', (role, action, _where, target, verdict) => {
  expect(may(ROLES[role], action, target)).toBe(verdict);
});

test('Every action that exists is in the matrix', () => {
  expect(new Set(cases.map(([, action]) => action))).toEqual(new Set(ACTIONS));
});

const PERSON = '00000000-0000-4000-8000-000000000001';
const workflow = (id: string, more: Partial<Workflow>) => ({ id, managed: true, managers: [], defaultAction: { kind: 'queue', queueId: `${id}-queue` }, ...more }) as unknown as Workflow;

describe('Roles', () => {
  const sources = (workflows: Workflow[]) => ({
    workflows,
    queues: workflows.map((one) => ({ id: one.defaultAction.queueId, agentGroupIds: [`${one.id}-group`] }) as unknown as Queue),
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

  test('Nobody becomes an administrator by configuration', () => {
    fc.assert(fc.property(fc.uuid(), fc.boolean(), (personId, administrator) => {
      const roles = rolesOf({ kind: 'person', personId, name: 'x', administrator }, sources([workflow('a', { managers: [{ personId, name: 'x' }] })]));
      expect(roles.administrator).toBe(administrator);
    }));
  });
});
