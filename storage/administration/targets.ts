// Numbers and addresses that calls are sent to, held against the pool's number policy; and what a workflow needs before it takes calls.
import { type Contact } from '../model/agent';
import { mayDial, type NumberPolicy, type OutsideTarget } from '../model/number-policy';
import { type Workflow } from '../model/workflow';
import { actionsOfQueue, actionsOfWorkflow, type PlacedAction } from '../reach';
import { type Checking } from './checking';
import { type Draft } from './draft';
import { reachOf } from './leading';
import { faultOf, type Fault } from './results';
import { defaultSettings } from './settings-verbs';

/** A target and the field that holds it. */
export interface PlacedTarget { readonly field: string; readonly target: OutsideTarget }

export function targetsIn(actions: readonly PlacedAction[]): PlacedTarget[] {
  return actions.flatMap(({ field, action }): PlacedTarget[] => {
    switch (action.kind) {
      case 'number': return [{ field: `${field}.number`, target: { kind: 'number', number: action.number } }];
      case 'sipUri':
      case 'voicemail': return [{ field: `${field}.uri`, target: { kind: 'uri', uri: action.uri } }];
      case 'disconnect':
      case 'queue':
      case 'question': return [];
    }
  });
}

export function contactTargets(contacts: readonly Contact[]): PlacedTarget[] {
  return contacts.map((one, i) => (one.kind === 'number' ? { field: `contacts.${i}.number`, target: { kind: 'number', number: one.number } } : { field: `contacts.${i}.uri`, target: { kind: 'uri', uri: one.uri } }));
}

const valueOf = (target: OutsideTarget): string => (target.kind === 'number' ? target.number : target.uri);

/** Those that the policy forbids and that do not stand there already: a policy made narrower later keeps nobody from changing something else, and the engine asks it again. */
export async function forbiddenTargets({ draft, sipDomain }: Checking, targets: readonly PlacedTarget[], before: readonly PlacedTarget[]): Promise<Fault[]> {
  const standing = new Set(before.map(({ target }) => valueOf(target)));
  const added = targets.filter(({ target }) => !standing.has(valueOf(target)));
  const leaving = await Promise.all(added.map(async (placed) => ({ ...placed, leaves: await leavingBy(draft, placed.target, sipDomain) })));
  if (leaving.every(({ leaves }) => leaves === null)) return [];
  const { numberPolicy } = await draft.get('settings', draft.pool) ?? defaultSettings(draft.pool);
  return leaving.flatMap(({ field, target, leaves }) => {
    const verdict = leaves === null ? { allowed: true } as const : mayDial(numberPolicy, leaves);
    return verdict.allowed ? [] : [forbidden(field, valueOf(target), verdict.because, numberPolicy)];
  });
}

/** What the engine would dial for a target; null: nothing, because it is in our own domain. Numbers there that are no group's are dialled like any other. */
async function leavingBy(draft: Draft, target: OutsideTarget, sipDomain: string): Promise<OutsideTarget | null> {
  const [, user = '', host = ''] = target.kind === 'number' ? [] : /^sips?:([^@;:]*)[^@]*@(\[[^\]]+\]|[^:;?]+)/i.exec(target.uri) ?? [];
  if (host.toLowerCase() !== sipDomain.toLowerCase()) return target;
  const number = user.replace(/%2B/i, '+');
  if (!/^\+[0-9]{3,15}$/.test(number)) return null;
  const groups = await draft.find('workflows', { telephoneNumber: number }, (one) => one.telephoneNumber === number);
  return groups.length > 0 ? null : { kind: 'number', number };
}

function forbidden(field: string, value: string, reason: 'emergency' | 'prefix' | 'domain', { allowedPrefixes, allowedDomains }: NumberPolicy): Fault {
  switch (reason) {
    case 'emergency': return faultOf(field, value, 'emergency');
    case 'prefix': return allowedPrefixes.length === 0 ? faultOf(field, value, 'noNumbers') : faultOf(field, value, 'prefixes', { prefixes: allowedPrefixes.join(', ') });
    case 'domain': return allowedDomains.length === 0 ? faultOf(field, value, 'noAddresses') : faultOf(field, value, 'domains', { domains: allowedDomains.join(', ') });
  }
}

/** What keeps a workflow from being active: a queue that nobody could ever serve or leave, and targets, also of its queues, that are not allowed by now. */
export async function activationFaults(checking: Checking, workflow: Workflow): Promise<Fault[]> {
  const [reach] = await reachOf(checking.draft, [workflow]);
  const faults: Fault[] = await forbiddenTargets(checking, targetsIn(actionsOfWorkflow(workflow)), []);
  for (const queue of reach?.queues ?? []) {
    const isLeft = queue.noAgentsAction !== null || queue.timeoutSeconds !== null || queue.overflowThreshold === 0;
    if (queue.agentGroupIds.length === 0 && !isLeft) faults.push(faultOf('active', true, 'stuckQueue', { queue: queue.name }));
    const refused = await forbiddenTargets(checking, targetsIn(actionsOfQueue(queue)), []);
    faults.push(...refused.map(({ value }) => faultOf('active', true, 'queueTarget', { queue: queue.name, value: String(value) })));
  }
  return faults;
}
