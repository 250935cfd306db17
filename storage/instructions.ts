// Instructions: a person's request to the engine, carried by the database; asked on one side, settled exactly once on the other.
import { type Db } from 'mongodb';
import { type Logger } from './process/log';
import { type Instruction, type InstructionOutcome, type InstructionRequest } from './model/instruction';

export interface InstructionDeps { readonly db: Db; readonly log: Logger }

/** How long an instruction may wait to be begun. */
export const INSTRUCTION_EXPIRY_MS = 10_000;

/**
 * Bot side: writes the instruction and waits for its outcome; `expired` when the engine did not settle it within `waitMs` (default: expiry + 20 s,
 * for a phone takes a while to be answered).
 */
export declare function askEngine(deps: InstructionDeps, pool: string, request: InstructionRequest, by: string, options?: { readonly expiryMs?: number; readonly waitMs?: number }): Promise<InstructionOutcome>;

export interface InstructionService { close(): Promise<void> }
/** Engine side: hands on each pending instruction once to this process: those found at start, and new ones as they come. Expired ones are settled as such. */
export declare function serveInstructions(deps: InstructionDeps, pool: string, onInstruction: (instruction: Instruction) => void): InstructionService;

/** Settles one that has no call to be written with; `false` when it was settled before. */
export declare function settleInstruction(db: Db, instructionId: string, outcome: InstructionOutcome): Promise<boolean>;
