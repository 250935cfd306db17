// The way in for everybody: verbs that change, queries that show, the actor first.
import { type Db, type MongoClient } from 'mongodb';
import { type Logger } from '../process/log';
import { type InstructionOutcome, type InstructionRequest } from '../model/instruction';
import { type Acting } from '../access';
import { type Answer, type Result } from './results';
import { type Verb, type VerbInput } from './verbs';
import { type AgentView, type GroupSummary, type GroupView, type HistoryEntry, type LiveView, type MyAgent, type SettingsView, type WhoAmI } from './views';

export interface AdministrationDeps {
  readonly client: MongoClient;
  readonly db: Db;
  readonly pool: string;
  /** The one SIP domain, which is also the digest realm. */
  readonly sipDomain: string;
  readonly log: Logger;
}

export declare class Administration {
  constructor(deps: AdministrationDeps);
  /** Carries out one verb in one transaction. `requestId`: a form's one-time id; a second press answers `alreadyDone`. */
  perform<V extends Verb>(acting: Acting, verb: V, input: VerbInput<V>, options?: { readonly requestId?: string }): Promise<Result<V>>;
  whoAmI(acting: Acting): Promise<Answer<WhoAmI>>;
  /** The groups this actor may see, by name. */
  groups(acting: Acting): Promise<Answer<readonly GroupSummary[]>>;
  group(acting: Acting, workflowId: string): Promise<Answer<GroupView>>;
  live(acting: Acting, workflowId: string): Promise<Answer<LiveView>>;
  /** The agents this actor may see, by name. */
  agents(acting: Acting): Promise<Answer<readonly AgentView[]>>;
  myAgent(acting: Acting): Promise<Answer<MyAgent>>;
  /** The last entries this actor may see, newest first. */
  history(acting: Acting, options?: { readonly limit?: number; readonly workflowId?: string }): Promise<Answer<readonly HistoryEntry[]>>;
  settings(acting: Acting): Promise<Answer<SettingsView>>;
  /** Asks the engine, after checking the right: `ringPhone` for one's own agent, `renderPrompt` for administrators and managers. Waits up to 10 s. */
  ask(acting: Acting, request: InstructionRequest): Promise<Answer<InstructionOutcome>>;
}
