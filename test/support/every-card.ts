// Every card that chat shows, as the bot answers it to somebody of one locale: pressed and typed, with administration in memory.
import { type Result, faultOf } from '../../storage/administration/results';
import { wordsFor } from '../../cards/words';
import { callCard } from '../../bot/views/call';
import { alarmCard } from '../../bot/views/pool';
import { type ShownObjects, type WorkflowView } from '../../storage/administration/views';
import { trunk } from '../../storage/model/trunk';
import { MANAGER_PERMISSIONS, workflow } from '../../storage/model/workflow';
import { buttonOf, inputsOf, type BotWorld, type CardJson, type PersonKey } from './bot-world';
import { agentViews, groupView, historyEntry, liveView, myAgent, NOW, pickable, poolStatus, secondsAgo, shownObjects } from './storage-views';

const HELP = 'group-help';
const AUDIO = { audioId: 'a'.repeat(64), fileName: 'good-morning.wav', durationMs: 12_000 };
const prompt = (text: string) => ({ text, audio: null });

/** A trunk as it is shown: without its password. */
function carrier(): ShownObjects['trunks'] {
  const { password: _password, ...shown } = trunk.parse({ id: 'trunk-carrier', pool: 'main', version: 1, name: 'Carrier', host: 'sip.carrier.example', username: 'desk' });
  return { ...shown, hasPassword: true };
}

/** An interactive group with hours, holidays and a recording. */
function interactive(): WorkflowView {
  const { queues, agentGroups, businessHours, holidaySets } = shownObjects();
  return {
    id: HELP, version: 7, type: 'interactive', address: 'sip:help-desk@response-group.local', warnings: [{ code: 'waitsForever', workflowId: HELP }],
    rights: { change: true, changeAddress: true, delete: true, addManager: true, removeManager: true, copy: true, permissions: MANAGER_PERMISSIONS },
    workflow: workflow.parse({
      id: HELP, pool: 'main', version: 7, sipUser: 'help-desk', displayName: 'Help Desk', managed: true, managers: [], welcome: prompt('Welcome.'), language: 'en-GB', music: AUDIO,
      closedAction: { kind: 'number', number: '+441234567890', prompt: prompt('We are closed.') },
      defaultAction: { kind: 'question', questionId: 'question-1' },
      questions: [
        { id: 'question-1', name: 'Language', prompt: prompt('For English, press one.'), invalidPrompt: prompt('Pardon?'), attempts: 2, answers: [{ key: '1', name: 'English', action: { kind: 'question', questionId: 'question-2' } }, { key: '9', name: 'Bye', action: { kind: 'disconnect' } }] },
        { id: 'question-2', name: 'Product', prompt: { text: 'For laptops, press one.', audio: AUDIO }, answers: [{ key: '1', name: 'Laptops', action: { kind: 'queue', queueId: 'queue-help', prompt: prompt('One moment.') } }] },
      ],
    }),
    queues: queues.slice(0, 2), agentGroups, businessHours: businessHours[0] ?? null, holidaySets,
  };
}

/** Name and card; names begin with two digits, so that files of them sort. */
export async function everyCard(world: BotWorld, locale: string): Promise<readonly (readonly [string, CardJson])[]> {
  const { administration } = world;
  const made: [string, CardJson][] = [];
  const ask = async (person: PersonKey, activity: Record<string, unknown>): Promise<Response> => world.post(world.activity(person, { locale, ...activity }));
  const say = async (person: PersonKey, text: string): Promise<CardJson> => {
    const before = world.connector.sent.length;
    await ask(person, { type: 'message', text });
    const card = world.connector.sent.slice(before).find((sent) => sent.method === 'POST')?.card;
    if (!card) throw new Error(`“${text}” was not answered.`);
    return card;
  };
  const press = async (person: PersonKey, verb: string, data: Record<string, unknown> = {}): Promise<CardJson> => {
    const response = await ask(person, { type: 'invoke', name: 'adaptiveCard/action', replyToId: `card-${made.length}`, value: { action: { type: 'Action.Execute', verb, data }, trigger: 'manual' } });
    const { value } = (await response.json()) as { value: CardJson };
    if (value['type'] !== 'AdaptiveCard') throw new Error(`${verb} was answered ${JSON.stringify(value)}`);
    return value;
  };
  const keep = (name: string, card: CardJson): CardJson => { made.push([`${String(made.length + 1).padStart(2, '0')}-${name}`, card]); return card; };

  administration.workflowAnswers = { [HELP]: interactive() };
  administration.settingsAnswer = { version: 3, settings: { gracePeriodSeconds: 60, callContextShown: true, defaultMusic: AUDIO, pickupCode: '*8', onDutyCode: '*71', offDutyCode: '*70', numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: [], emergencyNumbers: ['112', '999'] } } };
  administration.statusAnswer = poolStatus();
  administration.liveAnswer = liveView({ rights: { moveCaller: true, setPriority: true } });
  administration.agentsAnswer = agentViews();

  keep('help', await say('ada', 'help'));
  keep('who', await say('ada', 'who am i'));
  keep('groups', await press('ada', 'groups'));
  keep('group', await press('ada', 'group', { groupId: HELP }));
  keep('group-new', await press('ada', 'group.new'));
  const form = keep('group-edit', await press('ada', 'group.edit', { groupId: HELP }));
  administration.answers['group.change'] = (): Result => ({ ok: false, code: 'invalid', message: 'no', faults: [faultOf('alertTimeSeconds', 5, 'range', { min: 10, max: 180 }), faultOf('priority', 9, 'range', { min: 1, max: 5 }), faultOf('sipUser', 'sales', 'addressOfGroup', { by: 'Sales' })] });
  keep('group-faults', await press('ada', 'group.save', { ...buttonOf(form, 'group.save').data, ...inputsOf(form), alertTimeSeconds: '5', priority: '9', sipUser: 'sales' }));
  administration.answers['group.change'] = (): Result => ({ ok: false, code: 'stale', message: 'no', faults: [], stale: [{ field: 'routingMethod', opened: 'parallel', now: 'serial', wanted: 'attendant', changedBy: 'Max Reuter', changedAt: NOW }, { field: 'agentIds', opened: ['agent-alice'], now: ['agent-bob'], wanted: [], changedBy: 'Max Reuter', changedAt: NOW }] });
  keep('group-stale', await press('ada', 'group.save', { ...buttonOf(form, 'group.save').data, ...inputsOf(form), routingMethod: 'attendant' }));
  delete administration.answers['group.change'];
  keep('group-delete', await press('ada', 'group.delete', { groupId: HELP }));
  const live = keep('live', await press('ada', 'live', { groupId: HELP }));
  keep('caller', await press('ada', 'caller', buttonOf(live, 'caller').data));
  keep('team', await press('ada', 'team', { groupId: HELP }));
  keep('pause-other', await press('ada', 'duty.pause', { agentId: 'agent-bob', groupId: HELP }));
  administration.myAgentAnswer = myAgent({ pickable: pickable(), formalGroups: [{ id: 'agents-night', name: 'Night Desk', signedIn: false }, { id: 'agents-sales', name: 'Sales', signedIn: true }] });
  keep('duty', await press('alice', 'duty'));
  administration.myAgentAnswer = myAgent({ onDuty: true, pause: { reason: 'Lunch', since: NOW, until: secondsAgo(-900), by: 'supervisor' } });
  keep('duty-paused', await press('alice', 'duty'));
  keep('pause', await press('alice', 'duty.pause', { agentId: '', groupId: '' }));
  keep('phone', await press('alice', 'phone'));
  keep('agents', await press('ada', 'agents', { search: '' }));
  keep('agent-new', await press('ada', 'agent.new'));
  keep('agent-edit', await press('ada', 'agent.edit', { agentId: 'agent-alice' }));
  keep('agent-contacts', await press('ada', 'object.edit', { kind: 'agent', id: 'agent-alice', groupId: '' }));
  keep('managers', await press('ada', 'managers', { groupId: HELP }));
  keep('permissions', await press('ada', 'object.edit', { kind: 'permissions', id: HELP, groupId: '' }));
  keep('flow', await press('ada', 'flow', { groupId: HELP }));
  keep('walk', await press('ada', 'walk', { groupId: HELP, at: '', attempt: 1, step: 'start' }));
  keep('walk-out', await press('ada', 'walk', { groupId: HELP, at: 'question-2', attempt: 1, step: '1' }));
  keep('workflow', await press('ada', 'object.edit', { kind: 'workflow', id: HELP, groupId: HELP }));
  keep('question', await press('ada', 'object.edit', { kind: 'question', id: 'question-2', groupId: HELP }));
  keep('queue', await press('ada', 'object.edit', { kind: 'queue', id: 'queue-help', groupId: '' }));
  keep('agent-group', await press('ada', 'object.edit', { kind: 'agentGroup', id: 'agents-help', groupId: '' }));
  const hours = keep('hours-new', await press('ada', 'object.new', { kind: 'businessHours', groupId: HELP }));
  keep('hours-faults', await press('ada', 'object.save', { ...buttonOf(hours, 'object.save').data, ...inputsOf(hours), name: 'X', monday: 'nine to five' }));
  keep('hours-made', await press('ada', 'object.save', { ...buttonOf(hours, 'object.save').data, ...inputsOf(hours), name: 'Office' }));
  keep('hours-list', await press('ada', 'objects', { kind: 'businessHours', groupId: '' }));
  keep('holidays', await press('ada', 'object.edit', { kind: 'holidaySet', id: 'holidays-uk', groupId: '' }));
  keep('queues', await press('ada', 'objects', { kind: 'queue', groupId: '' }));
  keep('object-delete', await press('ada', 'object.delete', { kind: 'queue', id: 'queue-help', groupId: '' }));
  administration.answers['queue.delete'] = (): Result => ({ ok: false, code: 'conflict', message: 'no', faults: [faultOf('id', 'queue-help', 'usedByGroup', { by: 'Help Desk' }), faultOf('id', 'queue-help', 'usedByQueue', { by: 'Sales' })] });
  keep('object-used', await press('ada', 'object.deleteNow', { kind: 'queue', id: 'queue-help', groupId: '', requestId: `request-${locale}` }));
  keep('group-copy', await press('ada', 'object.edit', { kind: 'workflowCopy', id: HELP, groupId: '' }));
  keep('trunk-new', await press('ada', 'object.new', { kind: 'trunk', groupId: '' }));
  administration.objectsAnswer = { ...administration.objectsAnswer, trunks: [{ id: 'trunk-carrier', name: 'Carrier', version: 1, groups: [], rights: { change: true, delete: true, copy: true }, object: carrier() }] };
  keep('trunks', await press('ada', 'objects', { kind: 'trunk', groupId: '' }));
  keep('trunk-copy', await press('ada', 'object.edit', { kind: 'trunkCopy', id: 'trunk-carrier', groupId: '' }));
  keep('settings', await press('ada', 'settings'));
  keep('recording', await press('ada', 'recording.group', { ...AUDIO, groupId: HELP }));
  administration.historyAnswer = [
    historyEntry(),
    historyEntry({ entryId: 'main:13', sequence: 13, verb: 'holidaySet.create', subject: 'United Kingdom', subjectKind: 'holidaySet', ownEdit: true, fields: [{ field: 'holidays', before: null, after: [{ holiday: 'Christmas', start: '2026-12-25T00:00', end: '2026-12-27T00:00' }] }, { field: 'closedAction', before: { action: 'disconnect', to: '', said: '' }, after: { action: 'queue', to: 'Sales', said: 'One moment' } }, { field: 'password', before: null, after: 'set' }, { field: 'overflowThreshold', before: 1000, after: 900 }] }),
    historyEntry({ entryId: 'main:14', sequence: 14, verb: 'settings.change', subject: 'main', subjectKind: 'settings', fields: [{ field: 'allowedPrefixes', before: [], after: ['+44'] }] }),
  ];
  keep('history', await press('ada', 'history', { groupId: '', about: '', by: '', from: '', to: '', before: 0 }));
  administration.undoAnswer = { possible: false, because: 'inTheWay', message: 'no', faults: [faultOf('entryId', 'main:13', 'changedSince', { by: 'Max Reuter', subject: 'Help Desk' })] };
  keep('change', await press('ada', 'history.entry', { entryId: 'main:13', groupId: '', about: '', by: '', from: '', to: '' }));
  keep('undo', await press('ada', 'undo'));
  keep('pool', await press('ada', 'pool'));
  keep('drain', await press('ada', 'pool.drain'));
  keep('unknown', await say('ada', 'xyzzy'));
  administration.groupAnswers = { [HELP]: groupView({ inForce: 'engineAway', warnings: [{ code: 'nobodyOnDuty', workflowId: HELP }, { code: 'voiceMissing', workflowId: HELP, language: 'ja-JP', fields: ['welcome'] }] }) };
  keep('group-warned', await press('ada', 'group', { groupId: HELP }));
  administration.groupsAnswer = [];
  administration.agentsAnswer = [];
  keep('first-run', await press('ada', 'groups'));
  administration.agentsAnswer = agentViews();
  const go = (card: CardJson, typed: Record<string, string> = {}, way = 'next'): Promise<CardJson> => press('ada', 'guide.go', { ...buttonOf(card, 'guide.go').data, ...inputsOf(card), ...typed, go: way });
  let step = await press('ada', 'guide');
  keep('guide-faults', await go(step, { displayName: '<Front Desk>', sipUser: 'front desk' }));
  step = keep('guide-hours', await go(step, { displayName: 'Front Desk', sipUser: 'front-desk', meets: 'question' }));
  step = keep('guide-holidays', await go(step, { open: 'week', closedAction: 'voicemail', 'closedAction-value': 'sip:box@example.org', 'closedAction-text': 'We are closed.' }));
  step = keep('guide-welcome', await go(step, { holidays: '2027-01-01 New Year' }));
  step = keep('guide-queue', await go(step, { welcome: 'Welcome.' }));
  step = keep('guide-question', await go(step, { agentIds: 'alice', timeoutSeconds: '60' }));
  keep('guide-summary', await go(step, { name: 'Product', prompt: 'For laptops, press one.', answers: '1 Laptops -> queue Nowhere' }));
  keep('guide-begun', await press('ada', 'guide'));
  keep('guide-drop', await press('ada', 'guide.drop', { guide: buttonOf(step, 'guide.go').data['guide'] }));
  const reader = wordsFor(locale, 'Europe/London');
  const caller = { callerName: 'Erin Example', callerNumber: '+441234567890', priority: 1, answers: [{ question: 'Language', answer: 'English' }, { question: 'Product', answer: 'Laptops' }] };
  for (const state of ['ringing', 'talking', 'missed', 'gone'] as const) keep(`call-${state}`, callCard({ say: reader, locale }, { groupId: HELP, groupName: 'Help Desk', caller, state, at: NOW, waitedMs: 83_000 }));
  for (const well of [false, true]) keep(`alarm-${well ? 'well' : 'lost'}`, alarmCard(reader, locale, { kind: well ? 'cleared' : 'raised', alarm: 'memberDown', subject: 'b:27017', since: NOW }));
  administration.away = true;
  keep('away', await press('ada', 'group', { groupId: HELP }));
  return made;
}
