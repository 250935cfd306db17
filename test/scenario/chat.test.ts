// Chat and calls together, everything as the processes they are: what people do on the page is what the next caller meets.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE_PEOPLE, seedSample } from '../../storage/administration/sample';
import { TestBrowser, type ChatPage } from '../support/browser';
import { ADA, ALICE, MAX, OPERATOR } from '../support/chat-system';
import { describeWith } from '../support/needs';
import { audioSdp, type Phone, type Leg } from '../support/phone';
import { DOMAIN, eventually, freeTcpPort, Process, startSystem, type System } from '../support/system';

jest.setTimeout(180_000);

describeWith(['chromium'], 'chat and calls together', () => {
  let system: System;
  let bot: Process;
  let page: Process;
  let browser: TestBrowser;
  let url: string;
  const passwords = new Map<string, string>();
  const phones: Phone[] = [];
  const chats: ChatPage[] = [];

  beforeAll(async () => {
    system = await startSystem();
    for (const { sipUser, password } of (await seedSample(system.administration)) ?? []) passwords.set(sipUser, password ?? '');
    const [botPort, pagePort] = [await freeTcpPort(), await freeTcpPort()];
    const people = join(system.folder, 'people.json');
    mkdirSync(system.folder, { recursive: true });
    writeFileSync(people, JSON.stringify(SAMPLE_PEOPLE.map(({ personId, name, role }) => ({ personId, name, role, locale: 'en-US' }))));
    bot = await Process.start('bot', 'bot/main.js', system.folder, botPort, {
      MONGODB_URI: system.uri, BOT_PORT: String(botPort), BOT_PUBLIC_URL: `http://127.0.0.1:${botPort}`, ADMINISTRATORS: ADA, SIP_DOMAIN: DOMAIN,
      SIP_SERVER: `${system.sip.host}:${system.sip.port}`,
    });
    page = await Process.start('local-teams', 'bot/local-teams/main.js', system.folder, pagePort, {
      LOCAL_TEAMS_PORT: String(pagePort), LOCAL_TEAMS_PEOPLE: people, BOT_URL: `http://127.0.0.1:${botPort}/api/messages`,
    });
    url = `http://127.0.0.1:${pagePort}`;
    browser = await TestBrowser.start();
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await page?.stop();
    await bot?.stop();
    await system?.stop();
  });
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.close()));
    await Promise.all(chats.splice(0).map((chat) => chat.close()));
  });

  const as = async (personId: string): Promise<ChatPage> => {
    const chat = await browser.as(url, personId);
    chats.push(chat);
    return chat;
  };
  const open = async (made: Promise<Phone>): Promise<Phone> => { const phone = await made; phones.push(phone); return phone; };
  const phoneOf = (user: string): Promise<Phone> => open(system.phone({ id: '', user, password: passwords.get(user) ?? '' }));
  const groupId = async (name: string): Promise<string> => {
    const groups = await system.administration.groups(OPERATOR);
    const found = groups.ok ? groups.value.find(({ displayName }) => displayName === name) : undefined;
    if (!found) throw new Error(`There is no group called ${name}.`);
    return found.id;
  };
  /** A caller who has been answered and acknowledged. */
  const call = async (user: string): Promise<{ readonly phone: Phone; readonly leg: Leg }> => {
    const phone = await open(system.caller());
    const leg = phone.invite(user, audioSdp(40_000));
    await phone.answered(leg);
    return { phone, leg };
  };

  test('the manager changes Help Desk, and the next call obeys: it overflows, and after undo it rings again', async () => {
    const id = await groupId('Help Desk');
    const max = await as(MAX);
    await max.send('edit help desk');
    await max.fill(/Overflow threshold/, '0');
    await max.fill(/Welcome/, '');
    await max.press('Save');
    await max.waitForText(/^Saved\./);
    await max.waitForText(/In force/);
    const turnedAway = await call('help-desk');
    await turnedAway.phone.request('BYE').then((bye) => turnedAway.phone.respond(bye, 200, 'OK'));
    expect(await system.record(id, ({ outcome }) => outcome === 'overflowed')).toMatchObject({ endedBy: 'system' });

    await max.send('undo');
    await max.press('Undo');
    await max.waitForText('Taken back');
    const waiting = await call('help-desk');
    await system.live(id, 'the caller to be welcomed or to wait', ({ callers }) => callers.length === 1);
    await waiting.phone.hangUp(waiting.leg);
    await system.record(id, ({ outcome }) => outcome === 'abandoned');
  });

  test('an agent goes off duty on the page: the other phones ring, that one does not; the live card moves with the call', async () => {
    const id = await groupId('Help Desk');
    const [alicePhone, bobPhone] = [await phoneOf('alice'), await phoneOf('bob')];
    const [alice, max] = [await as(ALICE), await as(MAX)];
    await alice.send('off duty');
    await alice.waitForText(/off duty/i, alice.message());
    await system.live(id, 'Alice to be off duty', ({ agents }) => agents.filter(({ activity }) => activity === 'offDuty').length === 1);
    await max.send('live help desk');
    await max.waitForText('Live', max.message());
    const { phone, leg } = await call('help-desk');
    const invite = await bobPhone.request('INVITE');
    bobPhone.respond(invite, 180, 'Ringing');
    await max.waitForText(/Ringing/, max.message());
    bobPhone.respond(invite, 200, 'OK', audioSdp(40_002));
    await bobPhone.request('ACK');
    await max.waitForText(/Talking with Bob Okafor/, max.message());
    expect(alicePhone.has(({ method }) => method === 'INVITE')).toBe(false);
    await phone.hangUp(leg);
    bobPhone.respond(await bobPhone.request('BYE'), 200, 'OK');
    await alice.send('on duty');
    await system.live(id, 'Alice to be on duty again', ({ agents }) => agents.every(({ activity }) => activity !== 'offDuty'));
  });

  test('“ring my phone”: the phone rings and says a sentence; “hear it”: the welcome plays in the page before callers hear it', async () => {
    const phone = await phoneOf('alice');
    const alice = await as(ALICE);
    await alice.send('ring my phone');
    const invite = await phone.request('INVITE');
    const answer = phone.respond(invite, 200, 'OK', audioSdp(40_002));
    await phone.request('ACK');
    const bye = await phone.request('BYE');
    phone.respond(bye, 200, 'OK');
    expect(answer.status).toBe(200);
    await alice.waitForText(/phone.*(rang|answered|works)/i);

    const max = await as(MAX);
    await max.send('edit help desk');
    await max.fill(/Welcome/, 'You will hear this before any caller does.');
    await max.press(/Hear it/);
    await max.page.getByRole('button', { name: /play/i }).last().click();
    const sound = max.page.locator('audio').last();
    await sound.waitFor({ state: 'attached' });
    await eventually('the welcome to be heard to its end', () => sound.evaluate((element) => (element as unknown as { readonly ended: boolean }).ended));
    expect(await max.valueOf(/Welcome/)).toBe('You will hear this before any caller does.');
  });

  test('the database is away for 30 s: calls arrive, connect and end; a form says so, keeps the text and saves afterwards; every record is written', async () => {
    const id = await groupId('Sales');
    const bob = await phoneOf('bob');
    const ada = await as(ADA);
    const before = await call('sales');
    const first = await bob.request('INVITE');
    bob.respond(first, 200, 'OK', audioSdp(40_002));
    await bob.request('ACK', first.headers['call-id']);
    await system.live(id, 'both to talk', ({ callers }) => callers[0]?.state === 'talking');
    await ada.send('edit sales');
    await ada.fill('Description', 'Typed while the database was away');

    const awaySince = Date.now();
    await system.database.kill();
    await ada.press('Save');
    await ada.waitForText(/database/i);
    expect(await ada.valueOf('Description')).toBe('Typed while the database was away');
    await before.phone.hangUp(before.leg);
    bob.respond(await bob.request('BYE', first.headers['call-id']), 200, 'OK');
    const during = await call('sales');
    const second = await bob.request('INVITE');
    bob.respond(second, 200, 'OK', audioSdp(40_004));
    await bob.request('ACK', second.headers['call-id']);
    const health = await system.engine.health();
    expect(health).toMatchObject({ ok: true });
    await eventually('30 seconds without a database', async () => Date.now() - awaySince >= 30_000);
    expect(bob.has(({ method }) => method === 'BYE')).toBe(false);
    await system.database.restart();

    await eventually('the form to be saved', async () => {
      await ada.press('Save');
      // Pressed too early, the form says so once more, and is to be pressed again.
      return ada.waitForText(/^Saved\./, undefined, 3_000).then(() => true, () => false);
    });
    await during.phone.hangUp(during.leg);
    bob.respond(await bob.request('BYE', second.headers['call-id']), 200, 'OK');
    const records = await eventually('both records', async () => {
      const found = await system.connection.db.collection('records').find({ workflowId: id }).toArray();
      return found.length >= 2 ? found : null;
    });
    expect(records.map(({ outcome }) => outcome as string)).toEqual(['answered', 'answered']);
  });
});
