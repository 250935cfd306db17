// The pool of the simulation: every routing method, every call action, every limit, in a few groups that share agents and queues.
import { type CallAction } from '../../../../storage/model/call-action';
import { type ObjectChange } from '../../../../storage/model/configuration';
import { numberPolicy } from '../../../../storage/model/number-policy';
import { question, type Question } from '../../../../storage/model/question';
import { businessHours, holidaySet } from '../../../../storage/model/schedule';
import { aGroup, anAgent, aQueue, aTrunk, aWorkflow, POOL, put, said, someSettings } from '../support/sample';

/** Monday, half past eight: half an hour before the helpdesk opens. */
export const START = Date.UTC(2026, 0, 5, 8, 30);
export const DOMAIN = 'example.org';

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const DAY_AGENTS = names('agent', 40);
export const NIGHT_AGENTS = names('night', 2);
/** One of the agents of the help desk has no registered phone but a mobile. */
export const MOBILE_AGENT = 'agent0';
export const AGENTS: readonly string[] = [...DAY_AGENTS, ...NIGHT_AGENTS];
export const FORMAL_GROUP = 'g-serial';
export const QUEUES = ['q-help', 'q-sales', 'q-tech', 'q-vip', 'q-desk', 'q-night', 'q-over'] as const;
/** What callers dial, and how many of a hundred. */
export const DIALLED: readonly (readonly [string, number])[] = [['help', 24], ['sales', 20], ['menu', 18], ['tech', 10], ['vip', 8], ['desk', 9], ['night', 6], ['holiday', 3], ['nobody', 2]];

const toQueue = (queueId: string): CallAction => ({ kind: 'queue', queueId, prompt: null });
const toNumber = (number: string): CallAction => ({ kind: 'number', number, prompt: null });
const goodbye = (text: string): CallAction => ({ kind: 'disconnect', prompt: said(text) });
const ask = (id: string, more: object): Question => question.parse({ id, name: id, prompt: said(`ask ${id}`), invalidPrompt: said('not a choice'), ...more });

const QUESTIONS = [
  ask('what', {
    attempts: 2, answerSeconds: 4,
    answers: [
      { name: 'help', key: '1', action: toQueue('q-help') }, { name: 'more', key: '2', action: { kind: 'question', questionId: 'more' } },
      { name: 'outside', key: '3', action: toNumber('+44100') }, { name: 'bye', key: '4', action: goodbye('bye') },
    ],
  }),
  ask('more', { attempts: 1, fallback: toQueue('q-sales'), answers: [{ name: 'desk', key: '1', action: toQueue('q-desk') }, { name: 'tech', key: '2', action: toQueue('q-tech') }] }),
];

/** Everything but duties, which the agents choose. */
export function configuration(): ObjectChange[] {
  const stored = (id: string) => ({ id, pool: POOL, version: 1, name: id });
  const at = (from: number, to: number): string[] => DAY_AGENTS.slice(from, to);
  return [
    put('settings', someSettings({ gracePeriodSeconds: 30, numberPolicy: numberPolicy.parse({ allowedPrefixes: ['+44'], allowedDomains: ['elsewhere.example'] }) })),
    put('trunks', aTrunk),
    put('businessHours', businessHours.parse({ ...stored('office'), monday: [{ open: '09:00', close: '24:00' }] })),
    put('holidaySets', holidaySet.parse({ ...stored('feast'), holidays: [{ name: 'feast', start: '2026-01-05T00:00', end: '2026-01-05T09:30' }] })),
    put('workflows', aWorkflow('help', { welcome: said('welcome'), businessHoursId: 'office', closedAction: toNumber('+44999') })),
    put('workflows', aWorkflow('sales', { federation: true })),
    put('workflows', aWorkflow('menu', { defaultAction: { kind: 'question', questionId: 'what' }, questions: QUESTIONS })),
    put('workflows', aWorkflow('tech')),
    put('workflows', aWorkflow('vip', { priority: 1 })),
    put('workflows', aWorkflow('desk')),
    put('workflows', aWorkflow('night')),
    put('workflows', aWorkflow('holiday', { holidaySetIds: ['feast'], holidayAction: goodbye('closed today'), defaultAction: { kind: 'queue', queueId: 'q-sales' } })),
    put('queues', aQueue('q-help', { agentGroupIds: ['g-idle', 'g-parallel'], timeoutSeconds: 60, timeoutAction: toQueue('q-over'), announceSeconds: 20, callBackKey: '8', leaveKey: '9', leaveAction: toNumber('+44200') })),
    put('queues', aQueue('q-sales', { agentGroupIds: ['g-turn'], callBackKey: '8', overflowThreshold: 4, overflowCandidate: 'oldestCall', overflowAction: goodbye('all busy') })),
    put('queues', aQueue('q-tech', { agentGroupIds: [FORMAL_GROUP], noAgentsAction: toQueue('q-help'), timeoutSeconds: 90, timeoutAction: goodbye('later') })),
    put('queues', aQueue('q-vip', { callBackKey: '8', agentGroupIds: ['g-parallel', 'g-idle'] })),
    put('queues', aQueue('q-desk', { callBackKey: '8', agentGroupIds: ['g-desk', 'g-turn'], overflowThreshold: 8, overflowAction: { kind: 'voicemail', uri: 'sip:box@elsewhere.example', prompt: null } })),
    put('queues', aQueue('q-night', { callBackKey: '8', agentGroupIds: ['g-night'], noAgentsAction: goodbye('nobody here'), announceSeconds: 15, timeoutSeconds: 120, timeoutAction: { kind: 'sipUri', uri: 'sip:agent5@example.org', prompt: null } })),
    put('queues', aQueue('q-over', { agentGroupIds: ['g-idle', 'g-turn'], timeoutSeconds: 45, timeoutAction: goodbye('sorry') })),
    put('agentGroups', aGroup('g-idle', { agentIds: at(0, 14), routingMethod: 'longestIdle', wrapUpSeconds: 10 })),
    put('agentGroups', aGroup('g-parallel', { agentIds: at(10, 18), routingMethod: 'parallel' })),
    put('agentGroups', aGroup('g-turn', { agentIds: at(16, 30), routingMethod: 'roundRobin', autoPauseAfter: 3, alertTimeSeconds: 15 })),
    put('agentGroups', aGroup(FORMAL_GROUP, { agentIds: at(26, 34), routingMethod: 'serial', participation: 'formal', wrapUpSeconds: 5 })),
    put('agentGroups', aGroup('g-desk', { agentIds: at(34, 40), routingMethod: 'attendant' })),
    put('agentGroups', aGroup('g-night', { agentIds: [...NIGHT_AGENTS], routingMethod: 'parallel' })),
    ...AGENTS.map((id) => put('agents', anAgent(id, id === MOBILE_AGENT ? { contacts: [{ kind: 'number', number: '+447700900100', confirm: true }] } : {}))),
  ];
}
