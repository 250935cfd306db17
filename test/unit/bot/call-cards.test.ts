// The card of the call on an agent's phone: who gets it, when, and what becomes of it, with a database and a channel by script.
import fc from 'fast-check';
import { CallCards, type CallCardDesk, type KeptCallCard } from '../../../bot/call-cards';
import { type Place } from '../../../bot/turn';
import { type StoredCallCard } from '../../../storage/bot-cards';
import { type Followed, type FollowedAgent, type FollowedGroup } from '../../../storage/followed';
import { createLog } from '../../../storage/process/log';
import { type Pause } from '../../../storage/model/agent';
import { type LiveCaller } from '../../../storage/model/live';
import { FakePeople } from '../../support/fake-administration';
import { textOf } from '../../support/bot-world';
import { NOW, PEOPLE, secondsAgo } from '../../support/storage-views';

/** What bots of one pool agree on, as the database would keep it. */
class Desk {
  readonly cards = new Map<string, KeptCallCard & { readonly bot: string }>();
  readonly #claims = new Set<string>();

  of(bot: string): CallCardDesk {
    const { cards } = this;
    const claims = this.#claims;
    return {
      async claim(card) {
        const there = cards.get(card._id);
        if (there !== undefined && !there.over && there.bot !== bot) return false;
        cards.set(card._id, { ...card, bot });
        return true;
      },
      async keep(card) {
        if (cards.get(card._id)?.bot !== bot) return false;
        cards.set(card._id, { ...card, bot });
        return true;
      },
      async once(id) { return !claims.has(id) && claims.add(id).has(id); },
    };
  }

  /** Everything that is not over is another bot's from now on, as when the one that had it died. */
  handOver(to: string): readonly StoredCallCard[] {
    const orphans = [...this.cards.values()].filter((one) => !one.over);
    for (const one of orphans) this.cards.set(one._id, { ...one, bot: to });
    return orphans.map((one) => ({ ...one, bot: to, pool: 'main', at: NOW }));
  }
}

interface Shown { readonly to: string; readonly messageId: string; readonly text: string; readonly edit: boolean }

/** A bot that follows groups, without waiting: every pause ends at once. */
class World {
  readonly shown: Shown[] = [];
  readonly people = new FakePeople();
  followed: Followed = { callContextShown: true, groups: [] };
  away = false;
  failing = false;
  reads = 0;
  /** Messages wait here while the channel is slow. */
  held: (() => void)[] | null = null;
  #change: (workflowId: string | null) => void = () => undefined;
  readonly cards: CallCards;

  constructor(readonly desk = new Desk(), readonly bot = 'bot-a') {
    this.cards = this.#cards();
    for (const key of ['alice', 'bob'] as const) this.knows(key);
    this.cards.start();
  }

  readonly #cards = (): CallCards => new CallCards({
    desk: this.desk.of(this.bot),
    read: async (ids) => {
      this.reads++;
      if (this.away) throw new Error('away');
      return { ...this.followed, groups: this.followed.groups.filter((group) => ids === 'all' || ids.includes(group.id)) };
    },
    people: this.people,
    chat: {
      send: async (place: Place, card) => { await this.#carry(); const messageId = this.bot === 'bot-a' ? `m${this.shown.length}` : `${this.bot}-m${this.shown.length}`; this.shown.push({ to: place.conversationId, messageId, text: textOf(card), edit: false }); return messageId; },
      update: async (place: Place, messageId, card) => { await this.#carry(); this.shown.push({ to: place.conversationId, messageId, text: textOf(card), edit: true }); },
    },
    watch: (onChange) => { this.#change = onChange; return { close: async () => undefined }; },
    now: () => NOW, pause: () => new Promise((resolve) => { setImmediate(resolve); }), log: createLog('bot', 'silent'),
  });

  knows(key: 'alice' | 'bob', conversation: Record<string, unknown> | null = { conversation: { id: `a:${key}` } }): void {
    this.people.people.set(PEOPLE[key].personId, { _id: PEOPLE[key].personId, name: PEOPLE[key].name, locale: 'en', conversation, seenAt: NOW });
  }

  async #carry(): Promise<void> {
    if (this.held) await new Promise<void>((resolve) => this.held?.push(resolve));
    if (this.failing) throw new Error('the channel refuses');
  }

  /** The group as it is now, and a ring of the doorbell; resolves when everything that follows has been done. */
  async is(callers: readonly LiveCaller[], agents: readonly FollowedAgent[] = AGENTS, workflowId: string | null = 'g'): Promise<void> {
    const group: FollowedGroup = { id: 'g', displayName: 'Help Desk', callers, agents };
    this.followed = { ...this.followed, groups: [group] };
    this.#change(workflowId);
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => { setImmediate(resolve); });
  }
}

const agent = (key: 'alice' | 'bob' | 'carla', more: Partial<FollowedAgent> = {}): FollowedAgent => ({ id: key, personId: PEOPLE[key].personId, activity: 'free', pause: null, ...more });
const AGENTS = [agent('alice'), agent('bob'), { ...agent('carla'), personId: null }];
const caller = (more: Partial<LiveCaller> = {}): LiveCaller => ({
  callId: 'c1', callerName: 'Priya Nair', callerNumber: '+4915112345678', state: 'waiting', priority: 3, queueId: 'q', answers: [{ question: 'Product', answer: 'Laptops' }], ringing: [],
  arrivedAt: secondsAgo(90), joinedQueueAt: secondsAgo(75), agentId: null, ...more,
});
const rings = (...ringing: string[]): LiveCaller => caller({ state: 'ringing', ringing });

let world: World;
beforeEach(() => { world = new World(); });
afterEach(() => world.cards.close());

describe('a call that rings an agent', () => {
  it('is told to that agent alone: group, name, number, wait and answers', async () => {
    await world.is([rings('alice')]);
    expect(world.shown).toHaveLength(1);
    expect(world.shown[0]).toMatchObject({ to: 'a:alice', edit: false });
    for (const words of ['Call for Help Desk', 'Your phone is ringing.', 'Priya Nair', '+4915112345678', '1:15', 'Product', 'Laptops']) expect(world.shown[0]?.text).toContain(words);
  });

  it.each<[string, readonly LiveCaller[], string]>([
    ['taken by the agent', [caller({ state: 'talking', agentId: 'alice' })], 'You took this call'], ['taken by somebody else', [caller({ state: 'talking', agentId: 'bob' })], 'Someone else took this call.'],
    ['not answered', [caller()], 'You did not take this call'], ['left by the caller', [], 'The caller is gone.'], ['rung elsewhere', [rings('bob')], 'You did not take this call'],
  ])('and is then %s edits the same card', async (_what, then, words) => {
    await world.is([rings('alice')]);
    await world.is(then);
    const alices = world.shown.filter((one) => one.to === 'a:alice');
    expect(alices).toHaveLength(2);
    expect(alices[1]).toMatchObject({ messageId: 'm0', edit: true });
    expect(alices[1]?.text).toContain(words);
  });

  it('and is taken and ended says both in turn, and nothing more', async () => {
    await world.is([rings('alice')]);
    await world.is([caller({ state: 'talking', agentId: 'alice' })]);
    await world.is([]);
    await world.is([]);
    expect(world.shown.map((one) => /ringing|took|ended/.exec(one.text)?.[0])).toEqual(['ringing', 'took', 'ended']);
  });

  it('again, after it was not answered, edits the card and sends no second one', async () => {
    await world.is([rings('alice')]);
    await world.is([caller()]);
    await world.is([rings('alice')]);
    expect(world.shown.map((one) => one.edit)).toEqual([false, true, true]);
  });

  it('in parallel with another is told to both, each in their own chat', async () => {
    await world.is([rings('alice', 'bob')]);
    expect(world.shown.map((one) => one.to).sort()).toEqual(['a:alice', 'a:bob']);
    await world.is([caller({ state: 'talking', agentId: 'bob' })]);
    expect(world.shown.slice(2).map((one) => [one.to, /You took|Someone else/.exec(one.text)?.[0]])).toEqual(expect.arrayContaining([['a:bob', 'You took'], ['a:alice', 'Someone else']]));
  });

  it.each<[string, (world: World) => void]>([
    ['whose chat is not known', (one) => one.knows('alice', null)], ['who has never written', (one) => { one.people.people.clear(); }], ['while the setting is off', (one) => { one.followed = { ...one.followed, callContextShown: false }; }],
  ])('is not told to an agent %s', async (_what, prepare) => {
    prepare(world);
    await world.is([rings('alice')]);
    await world.is([caller({ state: 'talking', agentId: 'alice' })]);
    expect(world.shown).toEqual([]);
  });

  it('is not told to an agent who is a phone without a person', async () => {
    await world.is([rings('carla')]);
    expect(world.shown).toEqual([]);
  });

  it('while the channel is slow is shown as it stands when its turn comes', async () => {
    world.held = [];
    await world.is([rings('alice')]);
    await world.is([caller()]);
    await world.is([rings('alice')]);
    await world.is([caller({ state: 'talking', agentId: 'alice' })]);
    const { held } = world;
    world.held = null;
    for (const carry of held) carry();
    await world.settled();
    expect(world.shown.map((one) => [one.messageId, one.edit])).toEqual([['m0', false], ['m0', true]]);
    expect(world.shown[1]?.text).toContain('You took this call');
  });

  it('is told after the database was away', async () => {
    world.away = true;
    await world.is([rings('alice')]);
    expect(world.shown).toEqual([]);
    world.away = false;
    await world.settled();
    expect(world.shown).toHaveLength(1);
  });

  it('told to a channel that refuses ends nothing', async () => {
    world.failing = true;
    await world.is([rings('alice')]);
    world.failing = false;
    await world.is([caller({ state: 'talking', agentId: 'alice' })]);
    expect(world.shown).toMatchObject([{ to: 'a:alice', edit: false }]);
  });

  it('is told within its group when the bot begins to look', async () => {
    await world.is([rings('alice')], AGENTS, null);
    expect(world.shown).toHaveLength(1);
  });

  it('never has two cards for one agent, whatever happens and in whatever order', async () => {
    const step = fc.constantFrom<readonly LiveCaller[]>([rings('alice')], [rings('alice', 'bob')], [rings('bob')], [caller()], [caller({ state: 'talking', agentId: 'alice' })], [caller({ state: 'talking', agentId: 'bob' })]);
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const one = new World();
      for (const callers of steps) await one.is(callers);
      await one.is([]);
      await one.cards.close();
      for (const to of ['a:alice', 'a:bob']) {
        const mine = one.shown.filter((shown) => shown.to === to);
        if (new Set(mine.map((shown) => shown.messageId)).size > 1) return false;
        if (mine.length > 0 && /is ringing|You took|still waits/.test(mine.at(-1)?.text ?? '')) return false;
      }
      return true;
    }), { numRuns: 60 });
  });
});

describe('a pause', () => {
  const paused = (by: Pause['by'], since = NOW): readonly FollowedAgent[] => [agent('alice', { activity: 'paused', pause: { reason: 'unanswered calls', since, until: null, by } }), agent('bob')];

  it('for unanswered calls is told to the agent once', async () => {
    await world.is([]);
    await world.is([], paused('unanswered'));
    await world.is([caller()], paused('unanswered'));
    expect(world.shown).toMatchObject([{ to: 'a:alice' }]);
    expect(world.shown[0]?.text).toContain('You are paused');
  });

  it('that was there when the bot began is no news', async () => {
    await world.is([], paused('unanswered'));
    expect(world.shown).toEqual([]);
  });

  it.each(['agent', 'supervisor'] as const)('of the %s is told by nobody here', async (by) => {
    await world.is([]);
    await world.is([], paused(by));
    expect(world.shown).toEqual([]);
  });

  it('a second time is told a second time', async () => {
    await world.is([]);
    await world.is([], paused('unanswered'));
    await world.is([]);
    await world.is([], paused('unanswered', secondsAgo(-60)));
    expect(world.shown).toHaveLength(2);
  });
});

describe('with two bots', () => {
  let other: World;
  beforeEach(() => { other = new World(world.desk, 'bot-b'); });
  afterEach(() => other.cards.close());
  const both = async (...step: Parameters<World['is']>): Promise<void> => { await Promise.all([world.is(...step), other.is(...step)]); };
  const shown = (): readonly Shown[] => [...world.shown, ...other.shown];

  it('a call is told once, and its card is edited by the one that sent it', async () => {
    await both([rings('alice')]);
    await both([caller({ state: 'talking', agentId: 'alice' })]);
    await both([]);
    expect(shown().map((one) => [one.messageId, one.edit])).toEqual([[shown()[0]?.messageId, false], [shown()[0]?.messageId, true], [shown()[0]?.messageId, true]]);
  });

  it('and the one that sent it dies, the other goes on with the same card', async () => {
    await world.is([rings('alice')]);
    await other.is([rings('alice')]);
    await world.cards.close();
    await other.is([caller({ state: 'talking', agentId: 'alice' })]);
    expect(other.shown).toEqual([]);
    other.cards.adopt(world.desk.handOver('bot-b'));
    await other.settled();
    await other.is([]);
    expect(other.shown.map((one) => [one.messageId, one.edit, /took|ended/.exec(one.text)?.[0]])).toEqual([['m0', true, 'took'], ['m0', true, 'ended']]);
  });

  it('and the one that sent it was only frozen, it lets go of the card', async () => {
    await both([rings('alice')]);
    const [sender, heir] = world.shown.length > 0 ? [world, other] as const : [other, world] as const;
    heir.cards.adopt(world.desk.handOver(heir.bot));
    await heir.settled();
    await both([caller({ state: 'talking', agentId: 'alice' })]);
    expect([sender.shown.map((one) => one.edit), heir.shown.map((one) => one.edit)]).toEqual([[false], [true]]);
  });

  it('and one dies before its message is known to have arrived, no second one is sent', async () => {
    world.held = [];
    await world.is([rings('alice')]);
    other.cards.adopt(world.desk.handOver('bot-b'));
    await other.is([caller({ state: 'talking', agentId: 'alice' })]);
    expect(other.shown).toEqual([]);
    for (const carry of world.held) carry();
    world.held = null;
  });

  it('a pause is told once', async () => {
    await both([]);
    await both([], [agent('alice', { activity: 'paused', pause: { reason: '', since: NOW, until: null, by: 'unanswered' } }), agent('bob')]);
    expect(shown()).toHaveLength(1);
  });

  it('never has two cards for one agent, whatever happens, in whatever order and whoever sees it first', async () => {
    const step = fc.record({ callers: fc.constantFrom<readonly LiveCaller[]>([rings('alice')], [rings('alice', 'bob')], [rings('bob')], [caller()], [caller({ state: 'talking', agentId: 'alice' })]), first: fc.boolean() });
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      const one = new World();
      const two = new World(one.desk, 'bot-b');
      for (const { callers, first } of steps) {
        await (first ? one : two).is(callers);
        await (first ? two : one).is(callers);
      }
      await Promise.all([one.is([]), two.is([])]);
      await Promise.all([one.cards.close(), two.cards.close()]);
      return ['a:alice', 'a:bob'].every((to) => new Set([...one.shown, ...two.shown].filter((each) => each.to === to).map((each) => each.messageId)).size <= 1);
    }), { numRuns: 40 });
  });
});
