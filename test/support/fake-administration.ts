// Administration without a database: answers what a test sets, and remembers what was asked of it.
import { type AdministrationPort, type GuidesPort, type PeoplePort } from '../../bot/asking';
import { type Acting } from '../../storage/access';
import { type MyCalls } from '../../storage/administration/my-calls';
import { type Answer, type Kept, type Result } from '../../storage/administration/results';
import { type Verb } from '../../storage/administration/verbs';
import { type AgentView, type ChangeView, type GroupSummary, type GroupView, type HistoryEntry, type HistoryOptions, type InForce, type LiveView, type MyAgent, type ObjectNames, type ObjectView, type SettingsView, type ShownKind, type WhoAmI, type WorkflowView } from '../../storage/administration/views';
import { type InstructionOutcome, type InstructionRequest } from '../../storage/model/instruction';
import { type PoolStatus, type StepDownOutcome } from '../../storage/model/pool-status';
import { type KeptGuide } from '../../storage/guides';
import { type Person } from '../../storage/people';
import { agentViews, groupSummary, groupView, historyEntry, liveView, myAgent, SALES, shownObjects, whoAmI } from './storage-views';

export interface Performed { readonly acting: Acting; readonly verb: Verb; readonly input: unknown; readonly requestId: string | undefined; readonly pressedAt?: Date }
const NOT_FOUND = { ok: false, code: 'notFound', message: 'There is no such thing.' } as const;
const AWAY = { ok: false, code: 'unavailable', message: 'The database does not answer.' } as const;

/** Seen by Ada as an administrator, by Max as the manager of Help Desk, by Alice as an agent; by nobody else. A test changes what it needs. */
export class FakeAdministration implements AdministrationPort {
  performed: Performed[] = [];
  asked: InstructionRequest[] = [];
  away = false;
  whoAnswer: WhoAmI = whoAmI();
  groupsAnswer: readonly GroupSummary[] = [groupSummary(), SALES];
  groupAnswers: Record<string, GroupView> = { 'group-help': groupView(), 'group-sales': groupView({ ...SALES, managers: [], agents: [] }) };
  liveAnswer: LiveView = liveView();
  agentsAnswer: readonly AgentView[] = agentViews();
  myAgentAnswer: MyAgent | null = myAgent();
  historyAnswer: readonly HistoryEntry[] = [historyEntry()];
  objectsAnswer: { readonly [K in ShownKind]: readonly ObjectView<K>[] } = shownObjects();
  workflowAnswers: Record<string, WorkflowView> = {};
  settingsAnswer: SettingsView | null = null;
  outcome: InstructionOutcome = { kind: 'done', audioId: 'a'.repeat(64) };
  /** What a verb answers; by default it is done. */
  answers: Partial<Record<Verb, (input: never) => Result>> = {};
  readonly #requests = new Map<string, Result>();
  #sequence = 100;

  async perform<V extends Verb>(acting: Acting, verb: V, input: unknown, options: { readonly requestId?: string; readonly pressedAt?: Date } = {}): Promise<Result<V>> {
    if (this.away) return { ...AWAY, faults: [] };
    const earlier = options.requestId === undefined ? undefined : this.#requests.get(options.requestId);
    if (earlier?.ok) return { ok: false, code: 'alreadyDone', message: 'done before', faults: [], earlier } as unknown as Result<V>;
    this.performed.push({ acting, verb, input, requestId: options.requestId, ...(options.pressedAt ? { pressedAt: options.pressedAt } : {}) });
    const answer = this.answers[verb];
    const result = answer ? answer(input as never) : { ok: true as const, value: this.#value(verb), entryId: 'main:101', sequence: ++this.#sequence, warnings: [] };
    if (options.requestId !== undefined && result.ok) this.#requests.set(options.requestId, result as Result);
    return result as unknown as Result<V>;
  }

  #value(verb: Verb): unknown {
    switch (verb) {
      case 'agent.resetPassword': return { agentId: 'agent-alice', sipUser: 'alice', domain: 'response-group.local', password: 'correct-horse-battery' };
      case 'group.change': return { id: 'group-help', changed: [] };
      case 'workflow.build':
      case 'group.create': return { id: 'group-help' };
      case 'change.undo': return { entryId: 'main:12', verb: 'group.change' };
      case 'duty.set': return { agentId: 'agent-alice', onDuty: true };
      default: return { id: 'agent-alice' };
    }
  }

  #answer<T>(value: T | null | undefined): Promise<Answer<T>> {
    return Promise.resolve(this.away ? AWAY : value === null || value === undefined ? NOT_FOUND : { ok: true, value });
  }
  async whoAmI(): Promise<Answer<WhoAmI>> { return this.#answer(this.whoAnswer); }
  async groups(_acting: Acting, { first }: { readonly first?: number } = {}): Promise<Answer<readonly GroupSummary[]>> { return this.#answer(this.groupsAnswer.slice(0, first)); }
  async groupNames(): Promise<Answer<readonly GroupSummary[]>> { return this.#answer(this.groupsAnswer); }
  async agentNames(): Promise<Answer<readonly AgentView[]>> { return this.#answer(this.agentsAnswer); }
  async objectNames(): Promise<Answer<ObjectNames>> { return this.#answer<ObjectNames>(this.objectsAnswer); }
  async group(_acting: Acting, workflowId: string): Promise<Answer<GroupView>> { return this.#answer(this.groupAnswers[workflowId]); }
  async inForce(sequence: number): Promise<Answer<InForce>> { return this.#answer(Object.values(this.groupAnswers).find((one) => one.savedSequence === sequence)?.inForce); }
  async live(_acting: Acting, workflowId: string): Promise<Answer<LiveView>> { return this.#answer(this.groupAnswers[workflowId] ? { ...this.liveAnswer, id: workflowId } : null); }
  async agents(_acting: Acting, { ids }: { readonly ids?: readonly string[] } = {}): Promise<Answer<readonly AgentView[]>> { return this.#answer(this.agentsAnswer.filter((one) => ids === undefined || ids.includes(one.id))); }
  async myAgent(): Promise<Answer<MyAgent>> { return this.#answer(this.myAgentAnswer); }
  callsAsked: Date[] = [];
  callsAnswer: MyCalls | null = null;
  async myCalls(_acting: Acting, since: Date): Promise<Answer<MyCalls>> { this.callsAsked.push(since); return this.#answer(this.callsAnswer); }
  historyAsked: HistoryOptions[] = [];
  async history(_acting: Acting, options: HistoryOptions = {}): Promise<Answer<readonly HistoryEntry[]>> {
    this.historyAsked.push(options);
    const { before = Infinity, limit = 20 } = options;
    return this.#answer(this.historyAnswer.filter((one) => one.sequence < before).slice(0, limit));
  }
  undoAnswer: ChangeView['undo'] = { possible: true };
  async change(_acting: Acting, entryId: string): Promise<Answer<ChangeView>> {
    const entry = this.historyAnswer.find((one) => one.entryId === entryId);
    return this.#answer(entry && { ...entry, undo: this.undoAnswer });
  }
  async objects<K extends ShownKind>(_acting: Acting, kind: K, { ids, first }: { readonly ids?: readonly string[]; readonly first?: number } = {}): Promise<Answer<readonly ObjectView<K>[]>> { return this.#answer<readonly ObjectView<K>[]>((this.objectsAnswer[kind] as readonly ObjectView<K>[]).filter((one) => ids === undefined || ids.includes(one.id)).slice(0, first)); }
  async workflow(_acting: Acting, workflowId: string): Promise<Answer<WorkflowView>> { return this.#answer(this.workflowAnswers[workflowId]); }
  kept: Kept = { ok: true, value: { audioId: 'a'.repeat(64), fileName: 'welcome.wav', durationMs: 12_000 } };
  async keepAudio(): Promise<Kept> { return this.away ? { ...AWAY, faults: [] } : this.kept; }
  statusAnswer: PoolStatus | null = null;
  /** What the status is once calls have been moved. */
  statusDrained: PoolStatus | null = null;
  stepDownAnswer: StepDownOutcome = { kind: 'done', from: 'a:27017', to: 'b:27017' };
  async status(): Promise<Answer<PoolStatus>> { return this.#answer(this.statusAnswer); }
  async stepDown(): Promise<Answer<StepDownOutcome>> { return this.#answer(this.stepDownAnswer); }
  async settings(): Promise<Answer<SettingsView>> { return this.#answer(this.settingsAnswer); }
  async ask(_acting: Acting, request: InstructionRequest): Promise<Answer<InstructionOutcome>> {
    this.asked.push(request);
    if (request.kind === 'drain') this.statusAnswer = this.statusDrained ?? this.statusAnswer;
    return this.#answer(this.outcome);
  }
}

/** People seen in chat, in memory. */
export class FakePeople implements PeoplePort {
  readonly people = new Map<string, Person>();
  away = false;
  async remember(person: Omit<Person, 'seenAt'>): Promise<void> {
    if (this.away) throw new Error('away');
    this.people.set(person._id, { ...person, seenAt: new Date() });
  }
  async read(personId: string): Promise<Person | null> {
    if (this.away) throw new Error('away');
    return this.people.get(personId) ?? null;
  }
  async find(text: string, limit: number): Promise<readonly Person[]> {
    if (this.away) throw new Error('away');
    return [...this.people.values()].filter((one) => one.name.toLowerCase().includes(text.toLowerCase())).slice(0, limit);
  }
}

/** Groups that people make step by step, in memory: what several bots would share. */
export class FakeGuides implements GuidesPort {
  readonly kept = new Map<string, KeptGuide>();
  away = false;
  #there<T>(value: T): Promise<T> { return this.away ? Promise.reject(new Error('away')) : Promise.resolve(value); }
  async read(personId: string): Promise<KeptGuide | null> { return this.#there(this.kept.get(personId) ?? null); }
  async begin(personId: string, guide: KeptGuide): Promise<KeptGuide> {
    const there = await this.read(personId);
    if (there === null) this.kept.set(personId, guide);
    return there ?? guide;
  }
  async keep(personId: string, guide: KeptGuide): Promise<boolean> {
    const isThere = (await this.read(personId))?.id === guide.id;
    if (isThere) this.kept.set(personId, guide);
    return isThere;
  }
  async forget(personId: string, id: string): Promise<void> { if ((await this.read(personId))?.id === id) this.kept.delete(personId); }
}
