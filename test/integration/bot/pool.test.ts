// The pool over HTTP: administrators alone see it, move calls and change the primary after being asked, each press once; and two bots tell of it once.
import { PoolAlarms } from '../../../bot/pool-alarms';
import { writeEngine, removeEngine } from '../../../storage/engines';
import { PoolWatch } from '../../../storage/pool-watch';
import { type InstructionOutcome } from '../../../storage/model/instruction';
import { type StepDownOutcome } from '../../../storage/model/pool-status';
import { createLog } from '../../../storage/process/log';
import { connect, type Connection } from '../../../storage/connect';
import { prepareSchema } from '../../../storage/schema';
import { buttonOf, buttonsOf, startBotWorld, textOf, type BotWorld } from '../../support/bot-world';
import { testDatabase, type TestDatabase } from '../../support/database';
import { FakePeople } from '../../support/fake-administration';
import { NOW, PEOPLE, poolStatus } from '../../support/storage-views';

describe('in chat', () => {
  let world: BotWorld;
  beforeEach(async () => {
    world = await startBotWorld();
    const { engines } = poolStatus();
    world.administration.statusAnswer = poolStatus();
    world.administration.statusDrained = poolStatus({ engines: engines.map((one) => ({ ...one, role: one.role === 'active' ? 'standby' as const : 'active' as const })) });
  });
  afterEach(() => world.stop());

  it('an administrator sees the pool, and is asked before calls are moved', async () => {
    const card = await world.say('ada', 'pool status');
    expect(textOf(card)).toContain('Active since');
    const asked = await world.press('ada', 'pool.drain', buttonOf(card, 'pool.drain').data);
    expect([textOf(asked.card), world.administration.asked]).toEqual([expect.stringContaining('No call is cut'), []]);
    const now = buttonOf(asked.card, 'pool.drainNow');
    expect(textOf((await world.press('ada', now.verb, now.data)).card)).toContain('The engine that stood by has the calls now.');
    expect(textOf((await world.press('ada', now.verb, now.data)).card)).toContain('Pressing twice changes nothing');
    expect(world.administration.asked).toEqual([{ kind: 'drain' }]);
  });

  it.each<[InstructionOutcome, string]>([
    [{ kind: 'refused', reason: 'noStandby' }, 'No engine stands by'], [{ kind: 'refused', reason: 'failed' }, 'could not do that now'], [{ kind: 'expired' }, 'No engine answered in time'],
  ])('a drain with the outcome %j is told in words', async (outcome, words) => {
    world.administration.outcome = outcome;
    expect(textOf((await world.press('ada', 'pool.drainNow', { requestId: 'request-1' })).card)).toContain(words);
  });

  it.each<[StepDownOutcome, string]>([
    [{ kind: 'done', from: 'a:27017', to: 'b:27017' }, 'a:27017 has handed over; b:27017 is the primary.'], [{ kind: 'done', from: 'a:27017', to: null }, 'there is no new primary yet'],
    [{ kind: 'refused', reason: 'oneMember', message: '' }, 'has one member'], [{ kind: 'refused', reason: 'notReady', message: '' }, 'No other member is ready'], [{ kind: 'refused', reason: 'notPermitted', message: '' }, 'clusterManager'], [{ kind: 'refused', reason: 'failed', message: '' }, 'refused'],
  ])('a step-down with the outcome %j is told in words, after being asked about', async (outcome, words) => {
    world.administration.stepDownAnswer = outcome;
    const asked = await world.press('ada', 'pool.stepDown');
    expect(textOf(asked.card)).toContain('Changes wait for a few seconds');
    const now = buttonOf(asked.card, 'pool.stepDownNow');
    expect(textOf((await world.press('ada', now.verb, now.data)).card)).toContain(words);
  });

  it.each(['max', 'alice', 'nobody'] as const)('%s is offered nothing of it, and forging it changes nothing', async (person) => {
    world.administration.whoAnswer = { ...world.administration.whoAnswer, administrator: false };
    expect(buttonsOf(await world.say(person, 'help')).map((one) => one.verb)).not.toContain('pool');
    world.administration.statusAnswer = null;
    for (const verb of ['pool', 'pool.drain', 'pool.stepDown'] as const) expect(textOf((await world.press(person, verb)).card)).toContain('Not found');
    for (const verb of ['pool.drainNow', 'pool.stepDownNow'] as const) expect(textOf((await world.press(person, verb, { requestId: 'request-1' })).card)).toContain('Not found');
    expect(world.administration.asked).toEqual([]);
  });

  it('while the database is away says so', async () => {
    world.administration.away = true;
    expect(textOf(await world.say('ada', 'pool status'))).toContain('The database does not answer');
    expect(textOf((await world.press('ada', 'pool.drainNow', { requestId: 'request-1' })).card)).toContain('The database does not answer');
  });
});

describe('told by two bots on one database', () => {
  let database: TestDatabase;
  let connection: Connection;
  beforeAll(async () => {
    database = await testDatabase();
    connection = await connect(database.uri, { appName: 'pool-alarms' });
    await prepareSchema(connection.db);
  }, 600_000);
  afterAll(async () => {
    await connection?.close();
    await database?.close();
  });

  it('the loss of the standby and its return reach each administrator who has written to the bot, once', async () => {
    const { db } = connection;
    const told: string[] = [];
    let seconds = 0;
    const people = new FakePeople();
    for (const key of ['ada', 'max'] as const) people.people.set(PEOPLE[key].personId, { _id: PEOPLE[key].personId, name: PEOPLE[key].name, locale: key === 'max' ? 'de' : 'en', conversation: key === 'ada' || key === 'max' ? { conversation: { id: `a:${key}` } } : null, seenAt: NOW });
    const log = createLog('bot', 'silent');
    const bots = [1, 2].map(() => {
      const watch = new PoolWatch({ db, pool: 'main', log, now: () => new Date(NOW.getTime() + seconds * 1_000) });
      let go: (() => void) | null = null;
      let looked: (() => void) | null = null;
      const alarms = new PoolAlarms({
        look: () => watch.look(), administrators: new Set([PEOPLE.ada.personId, PEOPLE.max.personId, PEOPLE.bob.personId]), people, log,
        chat: { send: async (place, card) => { told.push(`${place.conversationId} ${textOf(card)}`); return 'm'; } },
        pause: () => new Promise((resolve) => { go = resolve; looked?.(); }),
      });
      /** One look, and everything told that it brings. */
      const look = async (): Promise<void> => {
        const over = new Promise<void>((resolve) => { looked = resolve; });
        if (go === null) alarms.start();
        else go();
        await over;
      };
      return { look, close: () => { const closed = alarms.close(); go?.(); return closed; } };
    });
    const report = (id: string, role: 'active' | 'standby'): Parameters<typeof writeEngine>[1] => ({
      _id: id, pool: 'main', host: id, pid: 1, role, since: NOW, version: '0.1.0', healthPort: 1, epoch: null, edges: [], backlog: { records: 0, oldest: null }, takeover: null,
    });
    const until = async (end: number, standby: boolean): Promise<void> => {
      for (; seconds < end; seconds += 5) {
        await writeEngine(db, report('a', 'active'));
        if (standby) await writeEngine(db, report('b', 'standby'));
        await Promise.all(bots.map((bot) => bot.look()));
      }
    };
    await until(20, true);
    await removeEngine(db, 'b');
    await until(60, false);
    expect(told.sort()).toEqual([expect.stringMatching(/^a:ada Something is wrong with the pool\n.*No engine stands by/s), expect.stringMatching(/^a:max .*Keine Engine steht bereit/s)]);
    told.splice(0);
    await until(100, true);
    expect(told.sort()).toEqual([expect.stringMatching(/^a:ada Well again/), expect.stringMatching(/^a:max /)]);
    await Promise.all(bots.map((bot) => bot.close()));
  });
});
