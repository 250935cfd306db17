// Pure: what an engine of one pool is to know, made of its own configuration, those mirrored from its partners, and who serves whom.
import { isDeepStrictEqual } from 'node:util';
import { type Agent } from '../model/agent';
import { applyUpdate, emptyConfiguration, OBJECT_KINDS, type Configuration, type ConfigurationUpdate, type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { servedBy, type Serving } from '../model/serving';
import { type Workflow } from '../model/workflow';

type AnyObject = ObjectKinds[ObjectKind];
const MOST_OF_USER = 64;

/**
 * Everything of the own pool is handed on as it is, also while a partner serves it: calls that are here end here. Of a mirrored pool: agents with
 * what they are called through, so that their phones may register here at any time; its groups when they are served here, and from then on, so that
 * calls end here too; never its trunks and settings, since those of the pool that serves are in force.
 * Where a mirrored group or agent has an address that the own pool uses, the own one keeps it.
 */
export class ServedConfiguration {
  private readonly raw = new Map<string, Configuration>();
  private readonly handedOn = new Map<string, { readonly kind: ObjectKind; readonly object: AnyObject }>();
  private readonly begunHere = new Set<string>();
  private servings: ReadonlyMap<string, Serving> = new Map();
  private taken: ReadonlySet<string> = new Set();
  private sequence = 0;

  constructor(private readonly pool: string) {
    this.raw.set(pool, emptyConfiguration(pool));
  }

  /** Takes in what changed in a pool. Resolves to what that changes for the engine: of the own pool at least that its sequence is in force. */
  changed(pool: string, update: ConfigurationUpdate): ConfigurationUpdate | null {
    const configuration = this.raw.get(pool) ?? emptyConfiguration(pool);
    this.raw.set(pool, configuration);
    applyUpdate(configuration, update);
    this.noteServed();
    if (pool !== this.pool) return this.next(update.changes.flatMap(({ kind, id }) => this.look(pool, kind, id)), false);
    const before = this.taken;
    if (update.changes.some(({ kind }) => kind === 'workflows' || kind === 'agents')) this.taken = this.addresses();
    const changes = update.changes.flatMap(({ kind, id }) => this.look(pool, kind, id));
    return this.next([...changes, ...(isDeepStrictEqual(before, this.taken) ? [] : this.lookAtMirrored())], true);
  }

  /** Takes in who serves whom. */
  serving(servings: readonly Serving[]): ConfigurationUpdate | null {
    this.servings = new Map(servings.map((one) => [one._id, one]));
    this.noteServed();
    return this.next(this.lookAtMirrored(), false);
  }

  /** The pool that serves the groups of `owner`. */
  servedBy(owner: string): string { return servedBy(this.servings.get(owner), owner); }

  /** The pool that owns an agent; null: no such agent is known. */
  ownerOfAgent(agentId: string): string | null {
    return (this.handedOn.get(`agents/${agentId}`)?.object as Agent | undefined)?.pool ?? null;
  }

  private noteServed(): void {
    for (const pool of this.raw.keys()) if (this.servedBy(pool) === this.pool) this.begunHere.add(pool);
  }

  private next(changes: readonly ObjectChange[], isOwn: boolean): ConfigurationUpdate | null {
    if (changes.length === 0 && !isOwn) return null;
    this.sequence += 1;
    return { sequence: this.sequence, inForce: this.raw.get(this.pool)?.sequence ?? 0, changes };
  }

  private lookAtMirrored(): ObjectChange[] {
    return [...this.raw].filter(([pool]) => pool !== this.pool).flatMap(([pool, { objects }]) => OBJECT_KINDS.flatMap((kind) => [...objects[kind].keys()].flatMap((id) => this.look(pool, kind, id))));
  }

  /** What is handed on of one object from now on, if that is another than before. */
  private look(pool: string, kind: ObjectKind, id: string): ObjectChange[] {
    const key = `${kind}/${id}`;
    const before = this.handedOn.get(key)?.object ?? null;
    const after = this.visible(pool, kind, this.raw.get(pool)?.objects[kind].get(id) ?? null);
    if (isDeepStrictEqual(before, after)) return [];
    if (after === null) this.handedOn.delete(key);
    else this.handedOn.set(key, { kind, object: after });
    return [{ kind, id, before, after } as ObjectChange];
  }

  private visible(pool: string, kind: ObjectKind, object: AnyObject | null): AnyObject | null {
    if (object === null || pool === this.pool) return object;
    switch (kind) {
      case 'trunks':
      case 'settings': return null;
      case 'workflows': {
        if (!this.begunHere.has(pool)) return null;
        const workflow = object as Workflow;
        const number = workflow.telephoneNumber;
        return { ...workflow, sipUser: this.free(workflow.sipUser, pool), telephoneNumber: number !== null && this.taken.has(number) ? null : number };
      }
      case 'agents': return { ...object as Agent, sipUser: this.free((object as Agent).sipUser, pool) };
      default: return object;
    }
  }

  private free(user: string, pool: string): string {
    return this.taken.has(user.toLowerCase()) ? `${user}.${pool}`.slice(0, MOST_OF_USER) : user;
  }

  private addresses(): ReadonlySet<string> {
    const { workflows, agents } = (this.raw.get(this.pool) ?? emptyConfiguration(this.pool)).objects;
    return new Set([...[...workflows.values()].flatMap(({ sipUser, telephoneNumber }) => [sipUser, telephoneNumber ?? sipUser]), ...[...agents.values()].map(({ sipUser }) => sipUser)].map((one) => one.toLowerCase()));
  }
}
