// Instructions: a person's request to the engine, carried by the database; asked on one side, begun at most once and settled exactly once on the other.
import { randomUUID } from 'node:crypto';
import { type ClientSession, type Db } from 'mongodb';
import { type Logger } from './process/log';
import { type Instruction, type InstructionOutcome, type InstructionRequest } from './model/instruction';
import { openFollower, waitUntil } from './doorbell';
import { databaseTime } from './live';
import { collectionOf } from './schema';
import { type StoredInstruction } from './stored';

export interface InstructionDeps { readonly db: Db; readonly log: Logger }

/** How long an instruction may wait to be begun. */
export const INSTRUCTION_EXPIRY_MS = 10_000;
/** How long one that was begun may take: a phone is answered slowly. */
const CARRYING_OUT_MS = 20_000;

/**
 * Bot side: writes the instruction and waits for its outcome. `expired` when no engine began it within `expiryMs`, or it was not settled `waitMs` after.
 * @throws the driver's fault when it could not be written
 */
export async function askEngine(deps: InstructionDeps, pool: string, request: InstructionRequest, by: string, options: { readonly expiryMs?: number; readonly waitMs?: number } = {}): Promise<InstructionOutcome> {
  const { expiryMs = INSTRUCTION_EXPIRY_MS, waitMs = CARRYING_OUT_MS } = options;
  const instructions = collectionOf(deps.db, 'instructions');
  const _id = randomUUID();
  const asked = { _id, pool, request, by, begunAt: null, outcome: null };
  const times = { createdAt: '$$NOW', expiresAt: { $add: ['$$NOW', expiryMs] } };
  await instructions.updateOne({ _id }, [{ $replaceWith: { $mergeObjects: [{ $literal: asked }, times] } }], { upsert: true });

  let found: StoredInstruction | null = null;
  const isSettled = async (): Promise<boolean> => {
    found = await instructions.findOne({ _id });
    return found?.outcome != null;
  };
  const wait = (ms: number): Promise<boolean> => waitUntil(instructions, { 'documentKey._id': _id }, deps.log, isSettled, ms);
  const isBegun = (): boolean => found?.begunAt != null;
  if (await wait(expiryMs) || (isBegun() && await wait(waitMs))) return outcomeOf(found);
  // Whoever settles it first, the engine or this, is right.
  await settleInstruction(deps.db, _id, { kind: 'expired' });
  return outcomeOf(await instructions.findOne({ _id }));
}

function outcomeOf(instruction: StoredInstruction | null): InstructionOutcome {
  return instruction?.outcome ?? { kind: 'expired' };
}

export interface InstructionService { close(): Promise<void> }

/**
 * Engine side, for the engine that holds the lease: hands on each pending instruction once, those found at the start and new ones as they come, oldest
 * first. Those that expired are settled as such; those that an earlier engine began and never settled, as failed. One that asked the earlier engine
 * to hand over is done: it would be turned against its purpose if this engine carried it out.
 */
export function serveInstructions(deps: InstructionDeps, pool: string, onInstruction: (instruction: Instruction) => void): InstructionService {
  const instructions = collectionOf(deps.db, 'instructions');
  let isFirst = true;
  return openFollower(instructions, { operationType: { $in: ['insert', 'replace'] } }, deps.log, async (stopping) => {
    if (isFirst) {
      const orphans = await instructions.find({ pool, outcome: null, begunAt: { $ne: null } }).toArray();
      for (const orphan of orphans) if (orphan.request.kind !== 'drain') await settleInstruction(deps.db, orphan._id, { kind: 'refused', reason: 'failed' });
      for (const { _id } of await instructions.find({ pool, outcome: null, 'request.kind': 'drain' }).toArray()) await settleInstruction(deps.db, _id, { kind: 'done' });
      isFirst = false;
    }
    const pending = await instructions.find({ pool, outcome: null, begunAt: null }).sort({ createdAt: 1 }).toArray();
    const now = pending.length > 0 ? await databaseTime(deps.db) : null;
    for (const { _id } of pending) {
      if (stopping.aborted || now === null) return;
      // Begun by the database's clock, and by one engine only.
      const begun = await instructions.findOneAndUpdate({ _id, outcome: null, begunAt: null, expiresAt: { $gt: now } }, { $set: { begunAt: now } }, { returnDocument: 'after' });
      if (begun) onInstruction(begun);
      else await settleInstruction(deps.db, _id, { kind: 'expired' }, undefined, { unlessBegun: true });
    }
  });
}

/** Settles one, in the transaction of the call it belongs to where there is one; `false` when it was settled before. */
export async function settleInstruction(db: Db, instructionId: string, outcome: InstructionOutcome, session?: ClientSession, { unlessBegun = false } = {}): Promise<boolean> {
  const settled = await collectionOf(db, 'instructions').updateOne(
    { _id: instructionId, outcome: null, ...(unlessBegun ? { begunAt: null } : {}) }, { $set: { outcome } }, session ? { session } : {},
  );
  return settled.modifiedCount === 1;
}
