// Two bots behind one address, as the processes they are, on one database: what is submitted is done once, each card is one bot's, and either may die.
import { randomUUID } from 'node:crypto';
import { type LiveCaller } from '../../storage/model/live';
import { collectionOf } from '../../storage/schema';
import { buttonOf, Connector, textOf, type CardJson, type Sent } from '../support/bot-world';
import { ADA, ALICE, BOB, CARLA, MAX, OPERATOR, startChatSystem, type ChatSystem } from '../support/chat-system';
import { freePort, runSource, type SourceProcess } from '../support/source-process';
import { eventually } from '../support/system';

jest.setTimeout(120_000);

let system: ChatSystem;
let connector: Connector;
let second: SourceProcess;
let secondUrl: string;
let help: string;
let alice: string;
const NAMES = new Map([[ADA, 'Ada Park'], [MAX, 'Max Reuter'], [ALICE, 'Alice Moreau'], [BOB, 'Bob Okafor'], [CARLA, 'Carla Diaz']]);
let activities = 0;

beforeAll(async () => {
  connector = new Connector();
  await connector.start();
  system = await startChatSystem();
  secondUrl = `http://127.0.0.1:${await startSecond()}/api/messages`;
  help = await system.groupId('Help Desk');
  const agents = await system.administration.agents(OPERATOR);
  alice = (agents.ok && agents.value.find((one) => one.name === 'Alice Moreau')?.id) || '';
  for (const person of NAMES.keys()) await say(system.botUrl, person, 'who am i');
  await eventually('everybody to be known', async () => await collectionOf(system.connection.db, 'people').countDocuments({ conversation: { $ne: null } }) >= NAMES.size);
}, 600_000);
afterAll(async () => {
  await second?.stop();
  await system?.stop();
  await connector?.stop();
});

async function startSecond(): Promise<number> {
  const port = await freePort();
  second = runSource('bot/main.ts', { MONGODB_URI: system.database.uri, BOT_PORT: String(port), ADMINISTRATORS: ADA, SIP_DOMAIN: 'response-group.test', POOL: 'main', LOG_LEVEL: 'info' });
  await second.writes('The bot listens');
  return port;
}

async function post(url: string, person: string, more: object): Promise<Response> {
  return fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      channelId: 'msteams', serviceUrl: connector.url, id: `in-${++activities}`, timestamp: new Date().toISOString(), locale: 'en-GB', channelData: { tenant: { id: 't' } },
      from: { id: `29:${person}`, aadObjectId: person, name: NAMES.get(person) }, recipient: { id: '28:bot', name: 'Response Group' },
      conversation: { id: `a:${person}`, conversationType: 'personal', tenantId: 't' }, ...more,
    }),
  });
}
/** Something typed; resolves to the message that answers. */
async function say(url: string, person: string, text: string): Promise<Sent & { readonly messageId: string }> {
  const before = connector.sent.length;
  await post(url, person, { type: 'message', text });
  const index = connector.sent.findIndex((sent, at) => at >= before && sent.method === 'POST' && sent.conversationId === `a:${person}`);
  const sent = connector.sent[index];
  if (!sent) throw new Error(`Nobody answered “${text}”.`);
  return { ...sent, messageId: `sent-${index + 1}` };
}
async function press(url: string, person: string, verb: string, data: object, messageId: string): Promise<CardJson> {
  const response = await post(url, person, { type: 'invoke', name: 'adaptiveCard/action', replyToId: messageId, value: { action: { type: 'Action.Execute', verb, data }, trigger: 'manual' } });
  return ((await response.json()) as { readonly value: CardJson }).value;
}
const cardsTo = (person: string, words: string): readonly Sent[] => connector.sent.filter((sent) => sent.method === 'POST' && sent.conversationId === `a:${person}` && textOf(sent.card).includes(words));
const edits = (messageId: string): readonly Sent[] => connector.sent.filter((sent) => sent.method === 'PUT' && sent.activityId === messageId);
const edited = (messageId: string, words: string): Promise<Sent> => connector.saw((sent) => sent.method === 'PUT' && sent.activityId === messageId && textOf(sent.card).includes(words));
const messageOf = (sent: Sent): string => `sent-${connector.sent.indexOf(sent) + 1}`;

async function calls(callers: readonly Partial<LiveCaller>[]): Promise<void> {
  const agents = [{ agentId: alice, activity: 'free' as const, since: new Date(), signedIn: true }];
  await system.live({ _id: help, agents, callers: callers.map((more) => ({
    callId: 'c1', callerName: 'Priya Nair', callerNumber: '+4915112345678', state: 'waiting', priority: 3, queueId: null, answers: [], ringing: [], arrivedAt: new Date(), joinedQueueAt: new Date(), agentId: null, ...more,
  })) });
}

test('a form submitted to both at once is done once', async () => {
  const form = await say(system.botUrl, ADA, 'new agent');
  const { data } = buttonOf(form.card, 'agent.create');
  const typed = { ...data, name: 'Dora Novak', sipUser: 'dora', known: '', personId: '' };
  const answers = await Promise.all([system.botUrl, secondUrl].map((url) => press(url, ADA, 'agent.create', typed, form.messageId)));
  const agents = await system.administration.agents(OPERATOR);
  expect(agents.ok && agents.value.filter((one) => one.name === 'Dora Novak')).toHaveLength(1);
  expect(answers.map(textOf).sort()).toEqual([expect.anything(), expect.anything()]);
  expect(answers.map(textOf).filter((text) => text.includes('Pressing twice changes nothing') || text.includes('shown only once'))).not.toHaveLength(0);
});

test('an address that one of them gave is good at the other', async () => {
  const form = await say(system.botUrl, ADA, 'history');
  const address = /"(http[^"]*\/export\?[^"]*)"/.exec(JSON.stringify(form.card))?.[1] ?? '';
  const { pathname, search } = new URL(address);
  const answers = await Promise.all([system.botUrl, secondUrl].map((url) => fetch(new URL(`${pathname}${search}`, url))));
  expect(answers.map((one) => one.status)).toEqual([200, 200]);
  expect((await fetch(new URL(`${pathname}${search.replace('sig=', 'sig=x')}`, secondUrl))).status).not.toBe(200);
});

test('calls on a phone are told once each, whichever bot sees them first', async () => {
  for (let call = 1; call <= 3; call++) {
    await calls([{ callId: `c${call}`, state: 'ringing', ringing: [alice] }]);
    const first = await eventually('the card', async () => cardsTo(ALICE, 'Your phone is ringing')[call - 1]);
    await calls([{ callId: `c${call}`, state: 'talking', agentId: alice }]);
    await edited(messageOf(first), 'You took this call');
    await calls([]);
    await edited(messageOf(first), 'ended');
  }
  expect(cardsTo(ALICE, 'Call for Help Desk')).toHaveLength(3);
});

test('a live card that shows something else by way of the other bot is not edited any more', async () => {
  await calls([]);
  const [mine, others] = [await say(system.botUrl, ADA, 'live help desk'), await say(system.botUrl, MAX, 'live help desk')];
  await press(secondUrl, MAX, 'help', {}, others.messageId);
  const before = edits(others.messageId).length;
  await calls([{ callId: 'c8', callerName: 'Quinn Adler' }]);
  await edited(mine.messageId, 'Quinn Adler');
  await calls([{ callId: 'c9', callerName: 'Rita Blum' }]);
  await edited(mine.messageId, 'Rita Blum');
  expect(edits(others.messageId)).toHaveLength(before);
});

test('the bot that sent them is killed: the other goes on with its live card and with the card of the call on a phone', async () => {
  // Begun while it was alone, the call is its own.
  await second.stop('SIGKILL');
  await eventually('it to be alone', async () => await collectionOf(system.connection.db, 'bots').countDocuments({ at: { $gt: new Date(Date.now() - 5_000) } }) === 1);
  const live = await say(system.botUrl, ADA, 'live help desk');
  await calls([{ callId: 'c10', callerName: 'Sven Dahl', state: 'ringing', ringing: [alice] }]);
  const ringing = await eventually('the card', async () => cardsTo(ALICE, 'Sven Dahl')[0]);
  await eventually('the card to be known', async () => collectionOf(system.connection.db, 'callCards').findOne({ _id: `c10\n${alice}`, message: { $ne: null } }));
  secondUrl = `http://127.0.0.1:${await startSecond()}/api/messages`;
  await system.bot.stop('SIGKILL');
  await calls([{ callId: 'c10', callerName: 'Sven Dahl', state: 'talking', agentId: alice }]);
  await edited(messageOf(ringing), 'You took this call');
  await edited(live.messageId, 'Talking with Alice Moreau');
  expect(cardsTo(ALICE, 'Sven Dahl')).toHaveLength(1);
});

test('a duty pressed while the database is away is done once when it is back, and what was pressed last counts, whichever bot was asked', async () => {
  const firstPort = await freePort();
  const first = runSource('bot/main.ts', { MONGODB_URI: system.database.uri, BOT_PORT: String(firstPort), ADMINISTRATORS: ADA, SIP_DOMAIN: 'response-group.test', POOL: 'main', LOG_LEVEL: 'info' });
  await first.writes('The bot listens');
  const urls = [`http://127.0.0.1:${firstPort}/api/messages`, secondUrl];
  const [one = '', other = ''] = urls;
  const dutyOf = async (person: string): Promise<boolean | undefined> => {
    const mine = await system.administration.myAgent({ kind: 'person', personId: person, name: NAMES.get(person) ?? '', administrator: false });
    return mine.ok ? mine.value.onDuty : undefined;
  };
  const [alices, bobs] = [await dutyOf(ALICE), await dutyOf(BOB)];
  try {
    await system.database.kill();
    const requestId = randomUUID();
    const kept = await Promise.all(urls.map((url) => press(url, ALICE, 'duty.set', { onDuty: alices !== true, requestId }, 'alices')));
    expect(kept.map((card) => textOf(card).includes('Kept until the database is back'))).toEqual([true, true]);
    // Bob changes his mind, and the wish that would change nothing by itself comes last.
    await press(one, BOB, 'duty.set', { onDuty: bobs !== true, requestId: randomUUID() }, 'bobs-first');
    await press(other, BOB, 'duty.set', { onDuty: bobs === true, requestId: randomUUID() }, 'bobs-last');
    await system.database.restart();
    await edited('alices', 'Done, now that the database is back');
    await edited('bobs-last', 'now that the database is back');
    await connector.saw((sent) => sent.activityId === 'bobs-first' && /Done, now|Not done/.test(textOf(sent.card)));
    expect([await dutyOf(ALICE), await dutyOf(BOB)]).toEqual([alices !== true, bobs]);
    expect(await collectionOf(system.connection.db, 'changes').countDocuments({ requestId })).toBe(1);
  } finally {
    await first.stop();
  }
});
