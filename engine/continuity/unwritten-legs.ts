// Agents who talk, or were just picked up, and whom no journal tells of: whose ring, and its answer, were not written any more when their engine
// ended. The edge has the dialog, and its Call-ID says whose leg it is, so that the next engine goes on with it in place of letting the agent go.
import { z } from 'zod';
import { type JournalEntry } from '../../storage/journal';
import { DEFAULTS } from '../../storage/model/limits';
import { type Configuration } from '../../storage/model/configuration';
import { type WholeBody, wholeBodyOf } from './documents';
import { type Inventory } from './inventory';

type Dialog = Inventory['dialogs'][number];

export interface UnwrittenDeps {
  /** The agent whose registered phone has this address, parameters left out; null: nobody's, or several agents'. */
  agentAt(uri: string): string | null;
  /** The group of a queue by which an agent may be offered its calls; null: none. */
  groupOf(queueId: string, agentId: string): string | null;
  now(): Date;
}

/** Legs are called after their call, by the number of the attempt; a second phone of the same leg has a number of its own behind that. */
const LEG = /^(.+)\.(\d+)(?:-\d+)?$/;

/** Seen at a glance: most who are with somebody are known to talk, and there may be many. */
const waiting = z.object({ call: z.object({ phase: z.object({ state: z.enum(['queued', 'offering']) }) }) });

/** The calls, with what the edge tells of who was rung for them. Only who waited can have been given to somebody unseen. */
export function withUnwrittenLegs(entries: readonly JournalEntry[], dialogs: readonly Dialog[], deps: UnwrittenDeps): readonly JournalEntry[] {
  const standing = new Map<string, { readonly dialog: Dialog; readonly attempt: number }[]>();
  for (const dialog of dialogs) {
    const [, callId, attempt] = dialog.role === 'uac' && dialog.state === 'confirmed' ? LEG.exec(dialog.callId) ?? [] : [];
    if (callId !== undefined) standing.set(callId, [...standing.get(callId) ?? [], { dialog, attempt: Number(attempt) }]);
  }
  const completed = new Map(entries.flatMap((entry): [string, JournalEntry][] => {
    const found = standing.get(entry.id) ?? [];
    const body = found.length > 0 && waiting.safeParse(entry.body).success ? wholeBodyOf(entry) : null;
    const [more] = body === null ? [] : found.flatMap(({ dialog, attempt }) => withLeg(body, dialog, attempt, deps) ?? []);
    return more === undefined ? [] : [[entry.id, { ...entry, body: more }]];
  }));
  // First: the call before, whose end was not written either, may claim the same agent.
  return [...completed.values(), ...entries.filter(({ id }) => !completed.has(id))];
}

/** As the engine before would have written it while that phone rang; that it was answered is found as with any other. Null where it cannot be. */
function withLeg(body: WholeBody, { callId: sipCallId, remoteUri, createdAtMs }: Dialog, attempt: number, deps: UnwrittenDeps): (WholeBody & Record<string, unknown>) | null {
  const { call, sip, room } = body;
  const { phase, legs, record } = call;
  const offerId = `${call.callId}.${attempt}`;
  if ((phase.state !== 'queued' && phase.state !== 'offering') || attempt <= call.attempts || legs.some((leg) => leg.offerId === offerId)) return null;
  const agentId = deps.agentAt(remoteUri);
  const groupId = agentId === null ? null : deps.groupOf(phase.waiting.queueId, agentId);
  if (agentId === null || groupId === null) return null;
  const originalMs = DEFAULTS.alertTimeSeconds * 1_000;
  return {
    ...body,
    call: {
      ...call, attempts: attempt,
      legs: [...legs, { offerId, agentId, groupId, target: null, picked: false, attempt, phase: 'ringing', cause: null, answered: false, talked: false, alertEnds: { at: new Date(deps.now().getTime() + originalMs), originalMs } }],
      record: { ...record, offers: [...record.offers, { agentId, attempt, offeredAt: new Date(createdAtMs), endedAt: null, outcome: 'withdrawn' }] },
      phase: { state: 'offering', groupId, waiting: { ...phase.waiting, groupId, tried: [...phase.waiting.tried, agentId] } },
    },
    sip: { ...sip, ringing: [...sip.ringing, { legId: offerId, mayRefer: true, callIds: [sipCallId] }] },
    room: { ...room, legs: [...room.legs, { legId: offerId, sdp: null, holds: false, calledUs: false, ending: false, moving: false }] },
  };
}

/** The first group of the queue that has this agent. */
export function groupOfAgent({ objects }: Pick<Configuration, 'objects'>, queueId: string, agentId: string): string | null {
  return objects.queues.get(queueId)?.agentGroupIds.find((groupId) => objects.agentGroups.get(groupId)?.agentIds.includes(agentId) === true) ?? null;
}
