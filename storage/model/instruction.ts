// A person's request to the engine, its precondition and what came of it.

export type InstructionRequest =
  /** Rings the agent's phone and says a sentence to whoever answers. */
  | { readonly kind: 'ringPhone'; readonly agentId: string }
  /** Renders a text as callers will hear it; the outcome names the audio. */
  | { readonly kind: 'renderPrompt'; readonly text: string; readonly language: string }
  /** The agent takes this waiting caller: the agent's phone rings for it at once. */
  | { readonly kind: 'pickCaller'; readonly callId: string; readonly agentId: string }
  /** The waiting caller goes on waiting in another queue, in the place of the arrival. */
  | { readonly kind: 'moveCaller'; readonly callId: string; readonly queueId: string }
  | { readonly kind: 'setPriority'; readonly callId: string; readonly priority: number }
  /** The active engine writes everything and gives the lease up to one that stands by; no call is touched. */
  | { readonly kind: 'drain' };

export const REFUSAL_REASONS = [
  'offDuty', 'unreachable', 'busy', 'declined', 'noAnswer', 'unknownAgent', 'cannotRender', 'failed',
  /** The caller does not wait any more, or waits for somebody already picked. */
  'notWaiting', 'alreadyPicked', 'unknownQueue', 'notServing',
  /** No engine stands by that could go on. */
  'noStandby',
] as const;

export type InstructionOutcome =
  | { readonly kind: 'done'; readonly audioId?: string }
  | { readonly kind: 'refused'; readonly reason: (typeof REFUSAL_REASONS)[number] }
  | { readonly kind: 'expired' };

export interface Instruction {
  readonly _id: string;
  readonly pool: string;
  readonly request: InstructionRequest;
  readonly by: string;
  readonly createdAt: Date;
  /** In database time; the engine does not begin it afterwards. */
  readonly expiresAt: Date;
  readonly outcome: InstructionOutcome | null;
}
