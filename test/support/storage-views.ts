// Views as storage would answer them, for the tests of cards and of the bot: the sample organisation at one moment.
import { type AgentView, type GroupName, type GroupSummary, type GroupView, type HistoryEntry, type LiveView, type MyAgent, type ObjectView, type ShownKind, type ShownObjects, type WhoAmI } from '../../storage/administration/views';
import { agentGroup } from '../../storage/model/agent-group';
import { MANAGER_PERMISSIONS } from '../../storage/model/workflow';
import { queue } from '../../storage/model/queue';
import { type PoolStatus } from '../../storage/model/pool-status';
import { businessHours, holidaySet } from '../../storage/model/schedule';
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
    overflowThreshold: 10, overflowText: 'All our lines are busy.', participation: 'informal', autoPauseAfter: null, overflowCandidate: 'newestCall', announceSeconds: null, priority: 3, agentAnonymity: false, federation: false, agentIds: ['agent-alice', 'agent-bob', 'agent-carla'], active: true, managed: true,
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
      { id: 'agent-alice', name: 'Alice Moreau', activity: 'talking', since: secondsAgo(380), signedIn: true, pause: null },
      { id: 'agent-bob', name: 'Bob Okafor', activity: 'offDuty', since: secondsAgo(4000), signedIn: true, pause: null },
      { id: 'agent-carla', name: 'Carla Diaz', activity: 'ringing', since: secondsAgo(12), signedIn: true, pause: null },
    ],
    queues: [{ id: 'queue-help', name: 'help-desk' }], rights: { moveCaller: true, setPriority: true },
    warnings: [],
    ...changes,
  };
}

export function groupSummary(changes: Partial<GroupSummary> = {}): GroupSummary {
  return {
    id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk', address: `sip:help-desk@${DOMAIN}`, telephoneNumber: '+441234567890',
    active: true, managed: true, agentCount: 3, onDutyCount: 2, waiting: 3, talking: 1,
    rights: { change: true, changeAddress: true, delete: true, addManager: true, removeManager: true, copy: true, permissions: MANAGER_PERMISSIONS }, warnings: [],
    ...changes,
  };
}

export const SALES = groupSummary({
  id: 'group-sales', displayName: 'Sales', sipUser: 'sales', address: `sip:sales@${DOMAIN}`, telephoneNumber: null, managed: false,
  agentCount: 2, onDutyCount: 0, waiting: 0, talking: 0,
  warnings: [{ code: 'nobodyOnDuty', workflowId: 'group-sales' }, { code: 'waitsForever', workflowId: 'group-sales' }],
});

export function groupView(changes: Partial<GroupView> = {}): GroupView & { readonly form: GroupForm } {
  return {
    ...groupSummary(), type: 'huntGroup',
    form: groupForm(), versions: { workflow: 3, queue: 2, agentGroup: 4 },
    agents: [
      { id: 'agent-alice', name: 'Alice Moreau', onDuty: true }, { id: 'agent-bob', name: 'Bob Okafor', onDuty: false }, { id: 'agent-carla', name: 'Carla Diaz', onDuty: true },
    ],
    managers: [{ personId: PEOPLE.max.personId, name: PEOPLE.max.name }],
    savedSequence: 12, lastEdit: { by: 'Max Reuter', at: secondsAgo(3600) }, inForce: 'yes', live: liveView(),
    ...changes,
  } as GroupView & { readonly form: GroupForm };
}

export function agentViews(): readonly AgentView[] {
  const agent = (key: 'alice' | 'bob' | 'carla', onDuty: boolean, registered: boolean): AgentView => ({
    id: `agent-${key}`, name: PEOPLE[key].name, sipUser: key,
    detail: { version: 1, personId: PEOPLE[key].personId, hasPassword: true, simulated: false, onDuty, since: secondsAgo(4000), registered, contacts: [], pause: null, formalGroups: [], groups: [{ id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk' }] },
  });
  return [agent('alice', true, true), agent('bob', false, true), agent('carla', true, false)];
}

export function myAgent(changes: Partial<MyAgent> = {}): MyAgent {
  return {
    id: 'agent-alice', name: 'Alice Moreau', sipUser: 'alice', domain: DOMAIN, address: `sip:alice@${DOMAIN}`, hasPassword: true, onDuty: true, since: secondsAgo(4000),
    activity: 'free',
    phone: { source: '192.0.2.10:5060', transport: 'udp', userAgent: 'Softphone 2.1', registeredAt: secondsAgo(60), expiresAt: secondsAgo(-60) },
    serves: [{ id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk' }, { id: 'group-sales', displayName: 'Sales', sipUser: 'sales' }],
    contacts: [], pause: null, formalGroups: [], pickable: [],
    ...changes,
  };
}

export function whoAmI(changes: Partial<WhoAmI> = {}): WhoAmI {
  return { personId: PEOPLE.ada.personId, name: PEOPLE.ada.name, administrator: true, manages: [], serves: [], agent: null, ...changes };
}

export function historyEntry(changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    entryId: 'main:12', sequence: 12, at: secondsAgo(120), by: PEOPLE.ada.name, ownEdit: true, verb: 'group.change', subject: 'Help Desk', subjectKind: 'group', workflowId: 'group-help',
    fields: [{ field: 'alertTimeSeconds', before: 20, after: 30 }], undoes: null, undoneBy: null,
    ...changes,
  };
}

/** The callers whom Alice may pick where Help Desk is an attendant group. */
export function pickable(): MyAgent['pickable'] {
  const group = { id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk' };
  return liveView().callers.filter((one) => one.state === 'ringing' || one.state === 'waiting').map((one) => ({ ...one, group, queue: { id: 'queue-help', name: 'help-desk' } }));
}

const SALES_NAME = { id: 'group-sales', displayName: 'Sales', sipUser: 'sales' };
const HELP_NAME = { id: 'group-help', displayName: 'Help Desk', sipUser: 'help-desk' };
const view = <K extends ShownKind>(object: ShownObjects[K], groups: readonly GroupName[]): ObjectView<K> =>
  ({ id: object.id, name: object.name, version: object.version, object, groups, rights: { change: true, delete: true, copy: true } });

/** Every object of the sample organisation that is shown by itself. */
export function shownObjects(): { readonly [K in ShownKind]: readonly ObjectView<K>[] } {
  const own = { pool: 'main', version: 2 };
  return {
    queues: [
      view<'queues'>(queue.parse({ ...own, id: 'queue-help', name: 'help-desk', agentGroupIds: ['agents-help'], timeoutSeconds: 300 }), [HELP_NAME]),
      view<'queues'>(queue.parse({ ...own, id: 'queue-sales', name: 'sales', agentGroupIds: ['agents-sales'] }), [SALES_NAME]),
    ],
    agentGroups: [
      view<'agentGroups'>(agentGroup.parse({ ...own, id: 'agents-help', name: 'help-desk', agentIds: ['agent-alice', 'agent-bob', 'agent-carla'] }), [HELP_NAME]),
      view<'agentGroups'>(agentGroup.parse({ ...own, id: 'agents-sales', name: 'sales', participation: 'formal', agentIds: ['agent-alice'] }), [SALES_NAME]),
    ],
    businessHours: [view<'businessHours'>(businessHours.parse({ ...own, id: 'hours-office', name: 'Office hours', ...Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, [{ open: '09:00', close: '12:00' }, { open: '13:00', close: '17:00' }]])) }), [HELP_NAME])],
    holidaySets: [view<'holidaySets'>(holidaySet.parse({ ...own, id: 'holidays-uk', name: 'United Kingdom', holidays: [{ name: 'Christmas', start: '2026-12-25T00:00', end: '2026-12-27T00:00' }, { name: 'Early close', start: '2026-12-24T13:00', end: '2026-12-25T00:00' }] }), [])],
    trunks: [],
  };
}

/** Three members, two engines, one edge, and a takeover behind them. */
export function poolStatus(changes: Partial<PoolStatus> = {}): PoolStatus {
  const since = secondsAgo(600);
  const engine = { pool: 'main', host: 'one', pid: 11, since, version: '0.1.0', healthPort: 9025, edges: [], backlog: { records: 0, oldest: null }, takeover: null, at: NOW, alive: true };
  return {
    pool: 'main', at: NOW,
    database: { replicaSet: 'rs0', isDetailed: true, members: [
      { name: 'a:27017', role: 'primary', healthy: true, lagMs: 0 }, { name: 'b:27017', role: 'secondary', healthy: true, lagMs: 1_200 }, { name: 'c:27017', role: 'secondary', healthy: true, lagMs: 300 },
    ] },
    engines: [{ ...engine, _id: 'x', role: 'active', epoch: 7 }, { ...engine, _id: 'y', host: 'two', pid: 12, role: 'standby', epoch: null }],
    edges: [{ address: '127.0.0.1:9022', connected: true, since, dialogs: 3, anchors: 1 }],
    backlog: { records: 4, oldest: secondsAgo(3) },
    lastTakeover: { at: since, reason: 'ownerGone', callsCarried: 160, callsClosed: 2, tookMs: 380 },
    ...changes,
  };
}
