// What people ask of the engine: whether they may, and then the engine.
import { type Db } from 'mongodb';
import { may, type Acting, type Roles, type Verdict } from '../access';
import { askEngine } from '../instructions';
import { type InstructionOutcome, type InstructionRequest } from '../model/instruction';
import { LIMITS } from '../model/limits';
import { type LiveCaller } from '../model/live';
import { type Logger } from '../process/log';
import { collectionOf } from '../schema';
import { Draft } from './draft';
import { groupsListing } from './leading';
import { targetOf } from './owners';
import { refuse } from './results';
import { readRoles } from './roles';

export interface AskingDeps { readonly db: Db; readonly pool: string; readonly log: Logger }

type Permission = Verdict | { readonly refused: (InstructionOutcome & { readonly kind: 'refused' })['reason'] };

/**
 * Asks the engine and waits for what came of it. A caller or queue the actor may not know of is answered like one that is not there.
 * @throws Refused 'notFound' or 'notAllowed'
 */
export async function ask(deps: AskingDeps, acting: Acting, request: InstructionRequest): Promise<InstructionOutcome> {
  const { db, pool, log } = deps;
  const roles = await readRoles(db, pool, acting);
  const permission = await permissionFor(deps, roles, request);
  if (typeof permission === 'object') return { kind: 'refused', reason: permission.refused };
  if (permission !== 'allowed') throw refuse(permission === 'unseen' ? 'notFound' : 'notAllowed', 'You may not ask for this.');
  return askEngine({ db, log }, pool, request, acting.kind === 'person' ? acting.personId : acting.name);
}

async function permissionFor(deps: AskingDeps, roles: Roles, request: InstructionRequest): Promise<Permission> {
  switch (request.kind) {
    case 'ringPhone': return may(roles, 'agent.ring', { kind: 'agent', agentId: request.agentId });
    case 'renderPrompt': return may(roles, 'prompt.render', { kind: 'pool' });
    case 'drain': return may(roles, 'pool.drain', { kind: 'pool' });
    case 'pickCaller': return toPick(deps, roles, request.callId, request.agentId);
    case 'moveCaller': return toMove(deps, roles, request.callId, request.queueId);
    case 'setPriority': {
      const { min, max } = LIMITS.priority;
      if (!Number.isInteger(request.priority) || request.priority < min || request.priority > max) throw refuse('notAllowed', `The priority (${request.priority}) must be a whole number from ${min} to ${max}.`);
      const found = await callerOf(deps, request.callId);
      const verdict = found ? may(roles, 'caller.prioritise', { kind: 'group', workflowId: found.workflowId }) : 'unseen';
      return verdict === 'unseen' ? { refused: 'notWaiting' } : verdict;
    }
  }
}

/** Only to one's own phone, and only from a queue that lists an attendant group one is in. */
async function toPick(deps: AskingDeps, roles: Roles, callId: string, agentId: string): Promise<Permission> {
  const verdict = may(roles, 'caller.pick', { kind: 'agent', agentId });
  if (verdict !== 'allowed') return verdict;
  const found = await callerOf(deps, callId);
  if (!found || may(roles, 'group.see', { kind: 'group', workflowId: found.workflowId }) === 'unseen') return { refused: 'notWaiting' };
  const draft = new Draft(deps.db, deps.pool);
  const queue = found.caller.queueId === null ? null : await draft.get('queues', found.caller.queueId);
  const isServing = (await groupsListing(draft, [agentId])).some((one) => one.routingMethod === 'attendant' && queue?.agentGroupIds.includes(one.id) === true);
  return isServing ? 'allowed' : { refused: 'notServing' };
}

async function toMove(deps: AskingDeps, roles: Roles, callId: string, queueId: string): Promise<Permission> {
  const found = await callerOf(deps, callId);
  const verdict = found ? may(roles, 'caller.move', { kind: 'group', workflowId: found.workflowId }) : 'unseen';
  if (verdict !== 'allowed') return verdict === 'unseen' ? { refused: 'notWaiting' } : verdict;
  const draft = new Draft(deps.db, deps.pool);
  const queue = await draft.get('queues', queueId);
  // Callers are moved to where one could send them by configuration: queues one may change.
  return queue && may(roles, 'queue.change', await targetOf(draft, 'queue', queue)) === 'allowed' ? 'allowed' : { refused: 'unknownQueue' };
}

/** The caller as the engine last wrote it, and the workflow whose caller it is. */
async function callerOf({ db, pool }: AskingDeps, callId: string): Promise<{ readonly workflowId: string; readonly caller: LiveCaller } | null> {
  const group = await collectionOf(db, 'liveGroups').findOne({ pool, 'callers.callId': callId });
  const caller = group?.callers.find((one) => one.callId === callId);
  return group && caller ? { workflowId: group._id, caller } : null;
}
