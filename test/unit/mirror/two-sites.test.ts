// Two sites in memory, by the rules that the product goes by: whatever is changed, cut, dies, is failed over and given back, in whatever order, no acknowledged change is lost.
import fc from 'fast-check';
import { type ObjectChange } from '../../../storage/model/configuration';
import { BEFORE_ALL, type MirrorPosition } from '../../../storage/model/mirror';
import { servedBy, stands, type Serving } from '../../../storage/model/serving';
import { resumption } from '../../../storage/mirror/mirror';
import { conflictKey, mergeThreeWay, type Side } from '../../../storage/mirror/three-way';
import { type StoredChange } from '../../../storage/stored';

type Name = 'east' | 'west';
type Thing = Readonly<Record<string, unknown>>;
type Entry = Pick<StoredChange, 'sequence' | 'token' | 'origin' | 'changes'>;
const FIELDS = ['name', 'timeoutSeconds'] as const;

/** What one site has of pool east, in a database that survives its death. */
class Site {
  /** Both have these from the beginning. */
  readonly things = new Map<string, Thing>(['a', 'b'].map((id) => [id, { id, name: 0, timeoutSeconds: 0 }]));
  log: Entry[] = [];
  serving: Serving | null = null;
  position: MirrorPosition = BEFORE_ALL;
  takeAnew = false;
  isAlive = true;

  constructor(readonly name: Name) {}

  get mayBeChanged(): boolean { return this.isAlive && servedBy(this.serving, 'east') === this.name; }

  write(origin: Name, token: string, changes: readonly ObjectChange[]): void {
    for (const { id, after } of changes) this.things.set(id, after as unknown as Thing);
    this.log.push({ sequence: (this.log.at(-1)?.sequence ?? 0) + 1, token, origin, changes });
  }

  adopt(theirs: Serving | null): void {
    if (theirs === null || (this.serving !== null && stands(this.serving, theirs))) return;
    this.serving = theirs;
    if (theirs.servedBy === 'east') this.takeAnew = true;
  }
}

class Pair {
  readonly east = new Site('east');
  readonly west = new Site('west');
  isCut = false;
  private made = 0;
  /** Values that somebody who knew them has replaced. */
  readonly replaced = new Set<unknown>();
  /** Acknowledged, by object and field. */
  readonly acknowledged = new Map<string, unknown[]>();
  readonly decided = new Set<string>();

  change(name: Name, id: string, field: (typeof FIELDS)[number]): void {
    const site = this[name];
    if (!site.mayBeChanged) return;
    const value = this.made += 1;
    const before = site.things.get(id) ?? {};
    const after = { ...before, [field]: value };
    this.replaced.add(before[field]);
    site.write(name, `token-${value}`, [{ kind: 'queues', id, before, after } as unknown as ObjectChange]);
    this.acknowledged.set(`${id}/${field}`, [...this.acknowledged.get(`${id}/${field}`) ?? [], value]);
  }

  get isLinked(): boolean { return !this.isCut && this.east.isAlive && this.west.isAlive; }

  agree(): void {
    if (!this.isLinked) return;
    const [ofEast, ofWest] = [this.east.serving, this.west.serving];
    this.east.adopt(ofWest);
    this.west.adopt(ofEast);
    expect(servedBy(this.east.serving, 'east')).toBe(servedBy(this.west.serving, 'east'));
  }

  mirror(): void {
    const { east, west } = this;
    if (!this.isLinked || servedBy(west.serving, 'east') === 'west') return;
    const head = east.log.at(-1)?.sequence ?? 0;
    const entries = east.log.filter(({ sequence }) => sequence >= west.position.sequence);
    const found = resumption(west.position, { head, entries: entries as StoredChange[] });
    if (west.takeAnew || found.kind === 'tooShort') {
      for (const [id, thing] of east.things) west.things.set(id, thing);
      west.position = { sequence: head, token: east.log.at(-1)?.token ?? '' };
      west.takeAnew = false;
      return;
    }
    if (found.kind !== 'continues') throw new Error(`The mirror found ${found.kind}.`);
    for (const { token, sequence, changes } of found.entries) {
      west.write('east', token, changes);
      west.position = { sequence, token };
    }
  }

  failOver(): void {
    const { west } = this;
    if (!west.isAlive || servedBy(west.serving, 'east') === 'west') return;
    west.serving = { _id: 'east', servedBy: 'west', epoch: (west.serving?.epoch ?? 0) + 1, decidedBy: 'west', at: new Date(0), by: 'test', sequence: west.log.at(-1)?.sequence ?? 0, position: west.position };
  }

  /** `dies`: after the merge, before anybody serves. */
  failBack(keep: Side, dies: boolean): void {
    const { east, west } = this;
    if (!this.isLinked || west.serving?.servedBy !== 'west') return;
    const { epoch, sequence = 0 } = west.serving;
    // One that was cut off brought all up to there.
    const merge = east.log.findLast(({ token }) => token.startsWith(`merge-${epoch}-`));
    const upTo = merge === undefined ? sequence : Number(merge.token.split('-')[2]);
    const theirs = west.log.filter((one) => one.sequence > upTo && one.origin === 'west').flatMap(({ changes }) => changes);
    const first = new Map([...theirs].reverse().map((one) => [one.id, one]));
    const ours = [...first.values()].map(({ kind, id, before }) => ({ kind, id, before, after: east.things.get(id) ?? null }) as unknown as ObjectChange);
    const merged = mergeThreeWay(ours, theirs, () => keep);
    for (const one of merged.decided) this.decided.add(conflictKey(one));
    if (merged.changes.length > 0) east.write('east', `merge-${epoch}-${west.log.at(-1)?.sequence ?? 0}-${this.made += 1}`, merged.changes);
    if (dies) return;
    east.adopt({ ...west.serving, servedBy: 'east', epoch: epoch + 1, decidedBy: 'east' });
    west.adopt(east.serving);
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('change' as const), at: fc.constantFrom<Name>('east', 'west'), id: fc.constantFrom('a', 'b'), field: fc.constantFrom(...FIELDS) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('mirror' as const, 'agree' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'heal' as const, 'failOver' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('die' as const, 'live' as const), at: fc.constantFrom<Name>('east', 'west') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failBack' as const), keep: fc.constantFrom<Side>('ours', 'theirs'), dies: fc.boolean() }) },
);

test('Each field has in the end a value that nobody who knew it has replaced; what else was acknowledged of it was decided by a person; both sites have the same', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const pair = new Pair();
    for (const one of steps) {
      switch (one.do) {
        case 'change': pair.change(one.at, one.id, one.field); break;
        case 'cut': pair.isCut = true; break;
        case 'heal': pair.isCut = false; break;
        case 'die': pair[one.at].isAlive = false; break;
        case 'live': pair[one.at].isAlive = true; break;
        case 'failBack': pair.failBack(one.keep, one.dies); break;
        default: pair[one.do]();
      }
    }
    pair.isCut = false;
    pair.east.isAlive = pair.west.isAlive = true;
    pair.agree();
    pair.failBack('theirs', false);
    pair.mirror();
    expect(servedBy(pair.west.serving, 'east')).toBe('east');
    expect(Object.fromEntries(pair.west.things)).toEqual(Object.fromEntries(pair.east.things));
    for (const [key, values] of pair.acknowledged) {
      const [id = '', field = ''] = key.split('/');
      const last = pair.east.things.get(id)?.[field];
      expect(values).toContain(last);
      expect(pair.replaced.has(last)).toBe(false);
      if (values.some((value) => value !== last && !pair.replaced.has(value))) expect(pair.decided).toContain(`queues/${key}`);
    }
  }), { numRuns: 100 });
});
