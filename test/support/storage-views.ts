// Views as storage would answer them, for the tests of cards and of the bot: the sample organisation at one moment.
import { type AgentView, type GroupSummary, type GroupView, type HistoryEntry, type LiveView, type MyAgent, type WhoAmI } from '../../storage/administration/views';
import { type GroupForm } from '../../storage/administration/verbs';

export const NOW = new Date('2026-11-23T14:05:10Z');
export const secondsAgo = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
export const DOMAIN = 'response-group.local';

export const PEOPLE = {
  ada: { personId: 'aaaaaaaa-0000-4000-8000-000000000001', name: 'Ada Park' },
  max: { personId: 'aaaaaaaa-0000-4000-8000-000000000002', name: 'Max Reuter' },
  alice: { personId: 'aaaaaaaa-0000-4000-8000-000000000003', name: 'Alice Moreau' },
  bob: { personId: 'aaaaaaaa-0000-4000-8000-000000000004', name: 'Bob Okafor' },
  carla: { personId: 'aaaaaaaa-0000-4000-8000-000000000005', name: 'Carla Diaz' },
  nobody: { personId: 'aaaaaaaa-0000-4000-8000-000000000009', name: 'Nora Body' },
} as const;

export function groupForm(changes: Partial<GroupForm> = {}): GroupForm {
  return {
    displayName: 'Help Desk', description: 'Questions about computers and telephones.', sipUser: 'help-desk', telephoneNumber: '+441234567890', displayNumber: '',
    language: 'en-GB', timeZone: 'Europe/London', welcomeText: 'Welcome to the help desk. Please hold the line; somebody will be with you shortly.',
    routingMethod: 'parallel', alertTimeSeconds: 20, wrapUpSeconds: 15, timeoutSeconds: 300, timeoutText: 'We are sorry that nobody could take your call. Please try again later.',
    overflowThreshold: 10, overflowText: 'All our lines are busy.', agentIds: ['agent-alice', 'agent-bob', 'agent-carla'], active: true, managed: true,
    managers: [{ personId: PEOPLE.max.personId, name: PEOPLE.max.name }],
    ...changes,
  };
}

export function liveView(changes: Partial<LiveView> = {}): LiveView {
  return {
    id: 'group-help', displayName: 'Help Desk', engineAlive: true, at: secondsAgo(0),
    callers: [
      { callId: 'c1', callerNumber: '+4915112345678', callerName: 'Priya Nair', state: 'ringing', arrivedAt: secondsAgo(83), joinedQueueAt: secondsAgo(75), agentId: 'agent-carla', priority: 2, queueId: 'queue-help', answers: [{ question: 'Product', answer: 'Laptops' }, { question: 'Since when', answer: 'Today' }], ringing: ['agent-carla'] },
      { callId: 'c2', callerNumber: '+33612345678', callerName: '', state: 'waiting', arrivedAt: secondsAgo(40), joinedQueueAt: secondsAgo(34), agentId: null, priority: 3, queueId: 'queue-help', answers: [], ringing: [] },
      { callId: 'c3', callerNumber: '', callerName: '', state: 'welcome', arrivedAt: secondsAgo(3), joinedQueueAt: null, agentId: null, priority: 3, queueId: null, answers: [], ringing: [] },
      { callId: 'c0', callerNumber: '+12065550100', callerName: 'Sam Lee', state: 'talking', arrivedAt: secondsAgo(400), joinedQueueAt: secondsAgo(391), agentId: 'agent-alice', priority: 3, queueId: 'queue-help', answers: [], ringing: [] },
    ],
    waiting: 3, talking: 1, waitingSince: secondsAgo(75),
    agents: [
      { id: 'agent-alice', name: 'Alice Moreau', activity: 'talking', since: secondsAgo(380) },
      { id: 'agent-bob', name: 'Bob Okafor', activity: 'offDuty', since: secondsAgo(4000) },
      { id: 'agent-carla', name: 'Carla Diaz', activity: 'ringing', since: secondsAgo(12) },
    ],
    warnings: [],
    ...changes,
  };
}

export function groupSummary(changes: Partial<GroupSummary> = {}): GroupSummary {
  return {
    id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk', address: `sip:help-desk@${DOMAIN}`, telephoneNumber: '+441234567890',
    active: true, managed: true, agentCount: 3, onDutyCount: 2, waiting: 3, talking: 1,
    rights: { change: true, changeAddress: true, delete: true, addManager: true, removeManager: true }, warnings: [],
    ...changes,
  };
}

export const SALES = groupSummary({
  id: 'group-sales', displayName: 'Sales', sipUser: 'sales', address: `sip:sales@${DOMAIN}`, telephoneNumber: null, managed: false,
  agentCount: 2, onDutyCount: 0, waiting: 0, talking: 0,
  warnings: [{ code: 'nobodyOnDuty', workflowId: 'group-sales' }, { code: 'waitsForever', workflowId: 'group-sales' }],
});

export function groupView(changes: Partial<GroupView> = {}): GroupView {
  return {
    ...groupSummary(),
    form: groupForm(), versions: { workflow: 3, queue: 2, agentGroup: 4 },
    agents: [
      { id: 'agent-alice', name: 'Alice Moreau', onDuty: true }, { id: 'agent-bob', name: 'Bob Okafor', onDuty: false }, { id: 'agent-carla', name: 'Carla Diaz', onDuty: true },
    ],
    managers: [{ personId: PEOPLE.max.personId, name: PEOPLE.max.name }],
    savedSequence: 12, lastEdit: { by: 'Max Reuter', at: secondsAgo(3600) }, inForce: 'yes', live: liveView(),
    ...changes,
  };
}

export function agentViews(): readonly AgentView[] {
  const agent = (key: 'alice' | 'bob' | 'carla', onDuty: boolean, registered: boolean): AgentView => ({
    id: `agent-${key}`, name: PEOPLE[key].name, sipUser: key,
    detail: { version: 1, personId: PEOPLE[key].personId, hasPassword: true, simulated: false, onDuty, since: secondsAgo(4000), registered, groups: [{ id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk' }] },
  });
  return [agent('alice', true, true), agent('bob', false, true), agent('carla', true, false)];
}

export function myAgent(changes: Partial<MyAgent> = {}): MyAgent {
  return {
    id: 'agent-alice', name: 'Alice Moreau', sipUser: 'alice', domain: DOMAIN, address: `sip:alice@${DOMAIN}`, hasPassword: true, onDuty: true, since: secondsAgo(4000),
    activity: 'free',
    phone: { source: '192.0.2.10:5060', transport: 'udp', userAgent: 'Softphone 2.1', registeredAt: secondsAgo(60), expiresAt: secondsAgo(-60) },
    serves: [{ id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk' }, { id: 'group-sales', displayName: 'Sales', sipUser: 'sales' }],
    ...changes,
  };
}

export function whoAmI(changes: Partial<WhoAmI> = {}): WhoAmI {
  return { personId: PEOPLE.ada.personId, name: PEOPLE.ada.name, administrator: true, manages: [], serves: [], agent: null, ...changes };
}

export function historyEntry(changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    entryId: 'main:12', sequence: 12, at: secondsAgo(120), by: PEOPLE.ada.name, ownEdit: true, verb: 'group.change', subject: 'Help Desk', workflowId: 'group-help',
    fields: [{ field: 'alertTimeSeconds', before: 20, after: 30 }], undoes: null, undoneBy: null,
    ...changes,
  };
}
