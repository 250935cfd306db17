// Numbers and addresses that calls are sent to: what they may be written with, which are our own, what the pool's number policy says; and what a workflow needs before it takes calls.
import { type Contact } from '../model/agent';
import { mayDial, type NumberPolicy, type OutsideTarget } from '../model/number-policy';
import { userDialled, userInDomain } from '../model/own-address';
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

function contactTargets(contacts: readonly Contact[]): PlacedTarget[] {
  return contacts.map((one, i) => (one.kind === 'number' ? { field: `contacts.${i}.number`, target: { kind: 'number', number: one.number } } : { field: `contacts.${i}.uri`, target: { kind: 'uri', uri: one.uri } }));
}

const valueOf = (target: OutsideTarget): string => (target.kind === 'number' ? target.number : target.uri);

/** Those of `targets` that do not stand there already: what has become forbidden since keeps nobody from changing something else, and the engine asks the policy again. */
function addedTo(before: readonly PlacedTarget[], targets: readonly PlacedTarget[]): PlacedTarget[] {
  const standing = new Set(before.map(({ target }) => valueOf(target)));
  return targets.filter(({ target }) => !standing.has(valueOf(target)));
}

/** Faults of the targets that are new: those that are more than an address, and those that the policy forbids. */
export async function forbiddenTargets(checking: Checking, targets: readonly PlacedTarget[], before: readonly PlacedTarget[]): Promise<Fault[]> {
  const added = addedTo(before, targets);
  if (checking.whole === true) return againstPolicy(checking, added);
  const unplain = added.filter(({ target }) => !isPlain(target));
  return [...unplain.map(({ field, target }) => faultOf(field, valueOf(target), 'plainUri')), ...await againstPolicy(checking, added.filter(({ target }) => isPlain(target)))];
}

/** Faults of the contacts that are new: also those that are ours, where no phone of the agent is but callers are taken in. */
export async function forbiddenContacts(checking: Checking, contacts: readonly Contact[], before: readonly Contact[]): Promise<Fault[]> {
  const faults: Fault[] = [];
  const elsewhere: PlacedTarget[] = [];
  for (const placed of addedTo(contactTargets(before), contactTargets(contacts))) {
    const { field, target } = placed;
    const isOurs = target.kind === 'uri' ? userInDomain(target.uri, checking.sipDomain) !== null : await isOfGroup(checking.draft, target.number);
    if (isOurs && checking.whole !== true) faults.push(faultOf(field, valueOf(target), 'ownContact'));
    else if (!isOurs) elsewhere.push(placed);
  }
  return [...faults, ...await forbiddenTargets(checking, elsewhere, [])];
}

/** Headers say what the INVITE holds, and these parameters that it is none or goes elsewhere (RFC 3261 section 19.1.1): a target says only whom to call. */
const isPlain = (target: OutsideTarget): boolean => target.kind === 'number' || !/\?|;(?:maddr|method|ttl)(?:[=;]|$)/i.test(target.uri);

async function againstPolicy({ draft, sipDomain }: Checking, targets: readonly PlacedTarget[]): Promise<Fault[]> {
  const leaving = await Promise.all(targets.map(async (placed) => ({ ...placed, leaves: await leavingBy(draft, placed.target, sipDomain) })));
  if (leaving.every(({ leaves }) => leaves === null)) return [];
  const { numberPolicy } = await draft.get('settings', draft.pool) ?? defaultSettings(draft.pool);
  return leaving.flatMap(({ field, target, leaves }) => {
    const verdict = leaves === null ? { allowed: true } as const : mayDial(numberPolicy, leaves);
    return verdict.allowed ? [] : [forbidden(field, valueOf(target), verdict.because, numberPolicy)];
  });
}

/** What the engine would dial for a target; null: nothing, because it is ours. Numbers that are no group's are dialled, whatever domain they are written in. */
async function leavingBy(draft: Draft, target: OutsideTarget, sipDomain: string): Promise<OutsideTarget | null> {
  const user = userDialled(target, sipDomain);
  if (user === null) return target;
  if (!/^\+[0-9]{3,15}$/.test(user)) return target.kind === 'number' ? target : null;
  return await isOfGroup(draft, user) ? null : { kind: 'number', number: user };
}

async function isOfGroup(draft: Draft, number: string): Promise<boolean> {
  return (await draft.find('workflows', { telephoneNumber: number }, (one) => one.telephoneNumber === number)).length > 0;
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
  const faults: Fault[] = await againstPolicy(checking, targetsIn(actionsOfWorkflow(workflow)));
  for (const queue of reach?.queues ?? []) {
    const isLeft = queue.noAgentsAction !== null || queue.timeoutSeconds !== null || queue.overflowThreshold === 0;
    if (queue.agentGroupIds.length === 0 && !isLeft) faults.push(faultOf('active', true, 'stuckQueue', { queue: queue.name }));
    const refused = await againstPolicy(checking, targetsIn(actionsOfQueue(queue)));
    faults.push(...refused.map(({ value }) => faultOf('active', true, 'queueTarget', { queue: queue.name, value: String(value) })));
  }
  return faults;
}
