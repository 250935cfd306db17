// What an import would do: which of the file's objects are new, changed or as they are, what stands against them, and how that is settled.
import { createHash } from 'node:crypto';
import { LIMITS } from '../model/limits';
import { type Agent } from '../model/agent';
import { type ObjectKind, type ObjectKinds } from '../model/configuration';
import { type Workflow } from '../model/workflow';
import { type Unversioned } from '../administration/draft';
import { anew, type NewIds } from './anew';
import { canonicalJson } from './canonical';
import { type FileObject, type Header } from './format';
import { type WholeDraft } from './whole-draft';

/** As the original has them. The owner is decided before: the draft is that of the pool the objects go to. */
export interface ImportOptions {
  /** Take the settings of the pool and its trunks along; the destination's are overwritten. */
  readonly replaceSettings: boolean;
  /** Rename what has a name or an address that is in use, and let an agent who is here stand for the same one in the file. */
  readonly resolveConflicts: boolean;
}

export interface Conflict {
  readonly kind: ObjectKind;
  readonly name: string;
  /** `person`: an agent here is the same person or phone. */
  readonly field: 'name' | 'sipUser' | 'telephoneNumber' | 'person';
  readonly value: string;
  /** Who has it here. */
  readonly by: string;
  /** What it is called instead, or the agent who stands for it; null: it is in the way. */
  readonly settledAs: string | null;
}

export interface Planned {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Of these three, those that are workflows. */
  readonly groups: { readonly added: number; readonly changed: number; readonly unchanged: number };
  /** Names of what is changed. */
  readonly changedNames: readonly string[];
  readonly conflicts: readonly Conflict[];
  /** Settings and trunks that were not asked for. */
  readonly leftOut: number;
  /** Phones whose password does not fit the domain here. */
  readonly passwordsLost: number;
}

/** An object of any kind, as far as a plan looks at it. */
export const nameOfObject = (object: object): string => {
  const { displayName, name, id } = object as { readonly displayName?: string; readonly name?: string; readonly id?: string };
  return displayName ?? name ?? id ?? '';
};

const NAMED = ['queues', 'agentGroups', 'trunks', 'businessHours', 'holidaySets'] as const satisfies readonly ObjectKind[];
type NamedKind = (typeof NAMED)[number];
const isNamed = (kind: ObjectKind): kind is NamedKind => NAMED.some((one) => one === kind);

/**
 * Puts what the file has into the draft. `isTaken` says which ids another pool has in the same database: such an object gets a new id, the same each time.
 * Conflicts that are in the way are told and not put right; whoever carries the plan out refuses it then.
 */
export async function plan(draft: WholeDraft, header: Header, objects: readonly FileObject[], sipDomain: string, isTaken: (kind: ObjectKind, id: string) => boolean, options: ImportOptions): Promise<Planned> {
  const wanted = options.replaceSettings ? objects : objects.filter(({ kind }) => kind !== 'settings' && kind !== 'trunks');
  const ids: NewIds = new Map();
  for (const { kind, object } of wanted) if (kind !== 'duties' && isTaken(kind, object.id)) ids.set(`${kind}/${object.id}`, derivedId(draft.pool, kind, object.id));
  const conflicts: Conflict[] = [];
  const standIns = standInsOf(draft, wanted, ids, conflicts, options);

  const names = new Names(draft, wanted, ids, standIns);
  const counts = { added: 0, changed: 0, unchanged: 0, groups: { added: 0, changed: 0, unchanged: 0 } };
  const changedNames: string[] = [];
  let passwordsLost = 0;
  for (const one of wanted) {
    if (standIns.has(`${one.kind}/${one.object.id}`)) continue;
    const object = anew(one, ids, draft.pool);
    const before = draft.now(one.kind, object.id);
    // Duty is the destination's where it has any: people may have gone since.
    if (one.kind === 'duties' && before !== null) continue;
    let settled: object = object;
    if (isNamed(one.kind)) settled = names.settleName(one.kind, object as unknown as ObjectKinds[NamedKind], conflicts, options);
    if (one.kind === 'workflows') settled = names.settleWorkflow(object as unknown as Workflow, conflicts, options);
    if (one.kind === 'agents') {
      names.settleAgent(object as unknown as Agent, conflicts);
      if ((object as unknown as Agent).digest !== null && header.sipDomain !== sipDomain) {
        settled = { ...object, digest: null };
        passwordsLost += 1;
      }
    }
    await draft.put(one.kind, settled as unknown as Unversioned<ObjectKind>);
    if (one.kind === 'duties') continue;
    const verdict = before === null ? 'added' : draft.now(one.kind, object.id) === before ? 'unchanged' : 'changed';
    counts[verdict] += 1;
    if (one.kind === 'workflows') counts.groups[verdict] += 1;
    if (verdict === 'changed') changedNames.push(nameOfObject(settled));
  }
  return { ...counts, changedNames, conflicts, leftOut: objects.length - wanted.length, passwordsLost };
}

/** The same for the same plan: what was shown is what is done. */
export function fingerprintOf(draft: WholeDraft, { conflicts }: Planned): string {
  const hash = createHash('sha256');
  // Without duty: it comes and goes by itself, and is not what anybody looks at in a preview.
  for (const { kind, id, before, after } of draft.changes()) if (kind !== 'duties') hash.update(canonicalJson({ kind, id, before, after })).update('\n');
  return hash.update(canonicalJson(conflicts)).digest('hex');
}

function derivedId(pool: string, kind: ObjectKind, id: string): string {
  return `${/^[a-z]{1,12}(?=-)/.exec(id)?.[0] ?? 'one'}-${createHash('sha256').update(canonicalJson([pool, kind, id])).digest('hex').slice(0, 32)}`;
}

/** Agents of the file whose person or phone is an agent here already, under another id. Their duty stays behind too. */
function standInsOf(draft: WholeDraft, objects: readonly FileObject[], ids: NewIds, conflicts: Conflict[], { resolveConflicts }: ImportOptions): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { kind, object } of objects) {
    if (kind !== 'agents') continue;
    const id = ids.get(`agents/${object.id}`) ?? object.id;
    if (draft.now('agents', id) !== null) continue;
    const [here] = [...(object.personId === null ? [] : draft.all('agents', { personId: object.personId })), ...draft.all('agents', { sipUser: object.sipUser })];
    if (here === undefined) continue;
    conflicts.push({ kind, name: object.name, field: 'person', value: object.sipUser, by: `${here.name} (${here.sipUser})`, settledAs: resolveConflicts ? here.name : null });
    ids.set(`agents/${object.id}`, here.id);
    found.add(`agents/${object.id}`).add(`duties/${object.id}`);
  }
  return found;
}

/** Names and addresses of what is here and not in the file, and those given anew. */
class Names {
  private readonly ofFile = new Set<string>();
  private readonly given = new Set<string>();

  constructor(private readonly draft: WholeDraft, objects: readonly FileObject[], ids: NewIds, standIns: ReadonlySet<string>) {
    for (const { kind, object } of objects) {
      if (!standIns.has(`${kind}/${object.id}`)) this.ofFile.add(`${kind}/${ids.get(`${kind}/${object.id}`) ?? object.id}`);
    }
    for (const { kind, object } of objects) if ('name' in object) this.given.add(`${kind} ${object.name}`);
    for (const one of objects) if (one.kind === 'workflows') this.given.add(`address ${one.object.sipUser}`);
  }

  settleName(kind: NamedKind, object: ObjectKinds[NamedKind], conflicts: Conflict[], { resolveConflicts }: ImportOptions): object {
    const owner = 'workflowId' in object && (kind === 'businessHours' || kind === 'holidaySets') ? object.workflowId ?? null : undefined;
    const holder = (name: string) => this.others(kind, { name, ...(owner === undefined ? {} : { workflowId: owner }) })[0];
    const by = holder(object.name);
    if (by === undefined) return object;
    const name = this.free((count) => numbered(object.name, ` (${count})`), (one) => holder(one) === undefined, kind);
    conflicts.push({ kind, name: object.name, field: 'name', value: object.name, by: by.name, settledAs: resolveConflicts ? name : null });
    return resolveConflicts ? { ...object, name } : object;
  }

  settleWorkflow(object: Workflow, conflicts: Conflict[], { resolveConflicts }: ImportOptions): object {
    const name = object.displayName;
    let settled: Workflow = object;
    const by = this.holderOfAddress(object.sipUser);
    if (by !== null) {
      const sipUser = this.free((count) => `${object.sipUser.slice(0, 58)}-${count}`, (one) => this.holderOfAddress(one) === null, 'address');
      conflicts.push({ kind: 'workflows', name, field: 'sipUser', value: object.sipUser, by, settledAs: resolveConflicts ? sipUser : null });
      if (resolveConflicts) {
        // Two groups may have one name, but these two would be told apart by their addresses alone.
        const isSame = (typed: string): boolean => this.others('workflows', { displayName: typed }).length > 0;
        settled = { ...settled, sipUser, displayName: isSame(name) ? this.free((count) => numbered(name, ` (${count})`), (one) => !isSame(one), 'displayName') : name };
      }
    }
    const { telephoneNumber } = object;
    const [other] = telephoneNumber === null ? [] : this.others('workflows', { telephoneNumber });
    if (other && telephoneNumber !== null) conflicts.push({ kind: 'workflows', name, field: 'telephoneNumber', value: telephoneNumber, by: other.displayName, settledAs: null });
    return settled;
  }

  /** A phone is not renamed: its password would no longer fit. */
  settleAgent(object: Agent, conflicts: Conflict[]): void {
    const by = this.holderOfAddress(object.sipUser);
    if (by !== null) conflicts.push({ kind: 'agents', name: object.name, field: 'sipUser', value: object.sipUser, by, settledAs: null });
  }

  private others<K extends ObjectKind>(kind: K, filter: Readonly<Record<string, unknown>>): ObjectKinds[K][] {
    return this.draft.all(kind, filter).filter((one) => !this.ofFile.has(`${kind}/${one.id}`));
  }

  private holderOfAddress(sipUser: string): string | null {
    const here = this.others('workflows', { sipUser })[0]?.displayName ?? this.others('agents', { sipUser })[0]?.name;
    if (here !== undefined) return here;
    const settings = this.draft.now('settings', this.draft.pool);
    return settings && [settings.pickupCode, settings.onDutyCode, settings.offDutyCode].includes(sipUser) ? 'a code that agents dial' : null;
  }

  /** The first of 2, 3, … that nobody here has and nothing of the file was given. */
  private free(candidate: (count: number) => string, isFree: (name: string) => boolean, what: string): string {
    for (let count = 2; ; count += 1) {
      const name = candidate(count);
      if (!isFree(name) || this.given.has(`${what} ${name}`)) continue;
      this.given.add(`${what} ${name}`);
      return name;
    }
  }
}

const numbered = (name: string, behind: string): string => `${name.slice(0, LIMITS.displayNameLength.max - behind.length)}${behind}`;
