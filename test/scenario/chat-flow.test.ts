// The whole call flow in chat with real calls beside it, every process as it is: what people do on cards is what callers and phones meet.
import { join } from 'node:path';
import { type Locator } from 'playwright-core';
import { WaveFile } from 'wavefile';
import { type VerbInput } from '../../storage/administration/verbs';
import { SAMPLE_PEOPLE } from '../../storage/administration/sample';
import { readAudio } from '../../storage/audio';
import { type LiveGroup } from '../../storage/model/live';
import { TestBrowser, type ChatPage } from '../support/browser';
import { ADA, MAX, OPERATOR, startChatFront, type ChatFront } from '../support/chat-system';
import { describeWith } from '../support/needs';
import { Phone } from '../support/phone';
import { correlation, type RtpPeer } from '../support/rtp-peer';
import { hungUpOn, pickUp, Scene } from '../support/scene';
import { eventually, type TestAgent } from '../support/system';
import { toneWav } from '../support/wav';

jest.setTimeout(180_000);

/** Pictures to look at; kept only where a person asks for them. */
const PICTURES = process.env['PICTURES'];
const MANAGER = { personId: MAX, name: 'Max Reuter' };
/** Agents of one test each, so that what becomes of one is nobody else's. */
const CAST = ['Nora Weiss', 'Omar Haddad', 'Petra Novak', 'Quentin Roy', 'Rosa Lind', 'Sami Aalto', 'Tess Young', 'Umar Sayed', 'Vera Costa', 'Will Grant', 'Xenia Katz', 'Yann Petit', 'Zoe Marsh', 'Ivy Stone']
  .map((name, index) => ({ personId: `7c000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`, name, role: 'agent' }));

describeWith(['chromium'], 'chat and calls through the whole call flow', () => {
  const scene = new Scene();
  let front: ChatFront;
  let browser: TestBrowser;
  const pages: ChatPage[] = [];
  let cast = 0;

  beforeAll(async () => {
    front = await startChatFront(scene.system, [...SAMPLE_PEOPLE, ...CAST]);
    browser = await TestBrowser.start();
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await front?.stop();
  });
  afterEach(async () => {
    for (const [index, page] of pages.entries()) await picture(page, `end-${expect.getState().currentTestName?.slice(44, 60) ?? ''}-${index}`);
    const complaints = pages.flatMap((page) => page.complaints);
    await Promise.all(pages.splice(0).map((page) => page.close()));
    expect(complaints).toEqual([]);
  });

  const as = async (personId: string): Promise<ChatPage> => {
    const page = await browser.as(front.url, personId, { height: 1_000 });
    pages.push(page);
    return page;
  };
  const picture = async (page: ChatPage, name: string): Promise<void> => { if (PICTURES !== undefined) await page.screenshot(join(PICTURES, `${name}.png`)); };
  /** The same, once the bot can write to this person. */
  const knownTo = async (personId: string): Promise<ChatPage> => {
    const page = await as(personId);
    await page.send('help');
    await page.waitForText(/^Hello /, page.message());
    return page;
  };
  /** An agent on duty who is one of the people on the page. */
  const agent = async (): Promise<TestAgent> => {
    const person = CAST[cast++];
    if (!person) throw new Error('The cast is too small for these tests.');
    const user = (person.name.split(' ')[0] ?? '').toLowerCase();
    const { id } = (await scene.system.perform('agent.create', { name: person.name, sipUser: user, personId: person.personId, onDuty: true })).value;
    const { password } = (await scene.system.perform('agent.resetPassword', { agentId: id })).value;
    return { id, user, name: person.name, personId: person.personId, password: password ?? '' };
  };
  /** A group that Max manages, and what it is made of. */
  const group = async (displayName: string, agents: readonly TestAgent[], form: Partial<VerbInput<'group.create'>> = {}) => {
    const user = displayName.toLowerCase().replaceAll(' ', '-');
    const { id } = (await scene.system.perform('group.create', { displayName, sipUser: user, active: true, managed: true, managers: [MANAGER], agentIds: agents.map((one) => one.id), ...form })).value;
    return { id, user, name: displayName };
  };
  const flowOf = async (id: string) => {
    const found = await scene.system.administration.workflow(OPERATOR, id);
    if (!found.ok) throw new Error(found.message);
    return found.value;
  };
  /** The row of a call flow card that is about this. */
  const row = (page: ChatPage, name: string): Locator => page.message().getByText(name, { exact: true }).locator('xpath=ancestor::*[.//button][1]');
  /** The engine obeys everything that was done so far. */
  const settled = async (): Promise<void> => {
    const history = await scene.system.administration.history(OPERATOR, { limit: 1 });
    if (history.ok) await scene.system.inForce(history.value[0]?.sequence ?? 0);
  };
  /** Resolves when these words were heard in the voice of the engine. */
  const untilSaid = async (sound: RtpPeer, text: string): Promise<void> => {
    const answer = await scene.system.administration.ask(OPERATOR, { kind: 'renderPrompt', text, language: 'en-US' });
    if (!answer.ok || answer.value.kind !== 'done' || answer.value.audioId === undefined) throw new Error(`“${text}” was not rendered: ${JSON.stringify(answer)}`);
    const wav = new WaveFile((await readAudio(scene.system.connection.db, answer.value.audioId)) ?? Buffer.alloc(0));
    wav.toSampleRate(8_000);
    const samples = Int16Array.from(wav.getSamples(false, Int16Array as never) as unknown as ArrayLike<number>);
    const start = samples.findIndex((sample) => Math.abs(sample) > 2_000);
    const wanted = samples.subarray(start, start + 3_000);
    await eventually(`“${text}” to be heard`, async () => sound.heard.length > 50 && correlation(sound.samples(), wanted).value > 0.8);
  };
  const ringing = (phone: Phone): boolean => phone.received.some(({ method }) => method === 'INVITE');
  const waiting = (id: string, count: number): Promise<LiveGroup> => scene.system.live(id, `${count} callers to wait`, (live) => live.callers.filter(({ state }) => state === 'waiting').length === count);

  test('a manager sets hours that are closed now: the next caller hears the closed message and is ended; after undo the next one waits', async () => {
    const { id, user } = await group('Front Desk', [await agent()]);
    const max = await as(MAX);
    await max.send('flow front desk');
    await max.waitForText('Everything a call to this group can meet.');
    await max.press('New business hours', max.message());
    await max.fill('Name', 'Never open', max.message());
    for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) await max.fill(day, '', max.message());
    await picture(max, '01-hours-form');
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await picture(max, '01-hours-made');
    await max.press('Edit', row(max, 'At first'));
    await max.choose('Open during', 'Never open', max.message());
    await max.message().getByLabel('Said before (empty: nothing)').first().fill('We are closed today. Please call tomorrow.');
    await picture(max, '01-workflow-form');
    await max.press('Save', max.message());
    await max.waitForText(/^Saved\./, max.message());
    await picture(max, '01-flow-closed');
    await settled();
    const closed = await scene.audibleCall(user);
    await Promise.all([untilSaid(closed.sound, 'We are closed today. Please call tomorrow.'), hungUpOn(closed.phone)]);
    expect(await scene.system.record(id, ({ outcome }) => outcome === 'closed')).toMatchObject({ endedBy: 'system', offers: [] });

    await max.send('undo');
    await max.waitForText('Take back your last edit?');
    await picture(max, '01-undo');
    await max.press('Undo', max.message());
    await max.waitForText('Taken back', max.message());
    await settled();
    const { phone, leg } = await scene.call(user);
    await waiting(id, 1);
    await phone.hangUp(leg);
    await scene.system.record(id, ({ outcome }) => outcome === 'abandoned');
  });

  test('a menu made in chat is walked on the card; a caller who presses 2 reaches the right phone, and the card tells what was answered until the call ends', async () => {
    const [orders, repairs] = [await agent(), await agent()];
    const { id, user } = await group('Menu Line', [orders]);
    const max = await as(MAX);
    await max.send('flow menu line');
    await max.waitForText('Everything a call to this group can meet.');
    await max.press('New agent group', max.message());
    await max.fill('Name', 'Repairs', max.message());
    await max.fill('Agents in order', repairs.name, max.message());
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await max.press('New queue', max.message());
    await max.fill('Name', 'Repairs', max.message());
    await max.fill('Agent groups in order', 'repairs', max.message());
    await picture(max, '02-queue-form');
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await max.press('New question', max.message());
    await max.fill('Name', 'Department', max.message());
    await max.fill('What is asked', 'For orders press one. For repairs press two.', max.message());
    await max.fill('Answers', '1 Orders -> queue menu-line\n2 Repairs -> queue Repairs', max.message());
    await picture(max, '02-question-form');
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    // What kind of group it is stays with administrators.
    await max.press('Edit', row(max, 'At first'));
    await max.waitForText(/What callers dial and meet first/, max.message());
    expect(await max.message().getByLabel('Then').last().locator('option', { hasText: '?' }).count()).toBe(0);
    const ada = await as(ADA);
    await ada.send('flow menu line');
    await ada.waitForText('Everything a call to this group can meet.');
    await ada.press('Edit', row(ada, 'At first'));
    await ada.choose('Then', '? Department', ada.message());
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await max.press('Cancel', max.message());
    await max.waitForText(/Then: question Department/, max.message());
    await picture(max, '02-flow');
    await max.press('Walk through it', max.message());
    await max.waitForText(/For repairs press two/, max.message());
    await picture(max, '02-walk');
    await max.press('Press 2', max.message());
    await max.waitForText('The call goes to: queue Repairs', max.message());
    await picture(max, '02-walked');
    await settled();

    const [ordersPhone, repairsPhone] = [await scene.open(scene.system.phone(orders)), await scene.open(scene.system.phone(repairs))];
    const page = await knownTo(repairs.personId);
    const { phone, leg, sound } = await scene.audibleCall(user);
    await sound.until((heard) => heard.length > 0, 'the question');
    sound.press('2');
    const invite = await repairsPhone.request('INVITE');
    repairsPhone.respond(invite, 180, 'Ringing');
    await page.waitForText('Your phone is ringing.', page.message());
    await page.waitForText('Call for Menu Line', page.message());
    const told = await page.message().innerText();
    expect(told).toMatch(/Department\s+Repairs/);
    expect(told).toMatch(/Waited\s+0:0\d/);
    await picture(page, '02-card-ringing');
    repairsPhone.respond(invite, 200, 'OK', (await scene.sound()).sdp());
    await repairsPhone.request('ACK');
    await page.waitForText(/You took this call at/, page.message());
    await picture(page, '02-card-talking');
    await phone.hangUp(leg);
    await hungUpOn(repairsPhone);
    await page.waitForText(/The call ended at/, page.message());
    await picture(page, '02-card-ended');
    expect(await page.messages.filter({ hasText: 'Call for Menu Line' }).count()).toBe(1);
    expect(ringing(ordersPhone)).toBe(false);
    expect(await scene.system.record(id)).toMatchObject({ outcome: 'answered', agentId: repairs.id, answers: [{ question: 'Department', answer: 'Repairs' }] });
  });

  test('a WAV file sent to the chat becomes the welcome that callers hear; files of other kinds are refused with the reason and change nothing', async () => {
    const { id, user, name } = await group('Tone Line', [await agent()]);
    const max = await as(MAX);
    const send = (fileName: string, buffer: Buffer): Promise<void> => max.page.locator('#file').setInputFiles({ name: fileName, mimeType: 'audio/wav', buffer });
    await send('welcome.wav', toneWav(700, 3_000, 44_100));
    await max.waitForText('Looks good: 0:03 long.');
    await max.message().locator('select').selectOption({ label: name });
    await max.press('Next', max.message());
    await max.waitForText(`Where in ${name}`, max.message());
    await max.choose(`Where in ${name}`, 'Welcome', max.message());
    await max.press('Put in place', max.message());
    await max.waitForText('welcome.wav is in place.', max.message());
    await picture(max, '03-in-place');
    const placed = (await flowOf(id)).workflow.welcome?.audio;
    expect(placed).toMatchObject({ fileName: 'welcome.wav' });
    await settled();
    const { phone, leg, sound } = await scene.audibleCall(user);
    await sound.untilTone(700, 400);
    await phone.hangUp(leg);

    const history = async (): Promise<number> => { const entries = await scene.system.administration.history(OPERATOR, { limit: 1 }); return entries.ok ? entries.value[0]?.sequence ?? 0 : -1; };
    const before = await history();
    const float = new WaveFile();
    float.fromScratch(1, 8_000, '32f', Float32Array.from({ length: 8_000 }, (_, index) => Math.sin(index / 3)));
    const mp3 = Buffer.concat(Array.from({ length: 40 }, () => Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)])));
    const refused: readonly (readonly [string, Buffer, RegExp])[] = [
      ['renamed.wav', mp3, /MP3/], ['long.wav', toneWav(700, 60_000, 44_100), /4 MB/], ['float.wav', Buffer.from(float.toBuffer()), /32.bit|float/i],
    ];
    for (const [fileName, bytes, reason] of refused) {
      await send(fileName, bytes);
      await max.waitForText(`${fileName} cannot be used`, max.message());
      await picture(max, `03-refused-${fileName}`);
      expect((await max.message().innerText()).replace(/A recording is a WAV file.*/, '')).toMatch(reason);
    }
    expect(await history()).toBe(before);
    expect((await flowOf(id)).workflow.welcome?.audio).toEqual(placed);
  });

  test('attendant: an agent picks a waiting caller on a card and is rung; another who picks the same is told that it is taken', async () => {
    const [one, other] = [await agent(), await agent()];
    const { id, user } = await group('Reception', [one, other], { routingMethod: 'attendant' });
    const [onePhone, otherPhone] = [await scene.open(scene.system.phone(one)), await scene.open(scene.system.phone(other))];
    const { phone, leg } = await scene.call(user);
    await waiting(id, 1);
    const [onePage, otherPage] = [await as(one.personId), await as(other.personId)];
    for (const page of [onePage, otherPage]) {
      await page.send('my duty');
      await page.waitForText('Callers you may pick', page.message());
    }
    await picture(onePage, '04-duty');
    expect([onePhone, otherPhone].some(ringing)).toBe(false);
    await onePage.press('Pick', onePage.message());
    const invite = await onePhone.request('INVITE');
    onePhone.respond(invite, 180, 'Ringing');
    await otherPage.press('Pick', otherPage.message());
    await otherPage.waitForText(/Someone else/, otherPage.message());
    await picture(otherPage, '04-taken');
    await picture(onePage, '04-picked');
    onePhone.respond(invite, 200, 'OK', (await scene.sound()).sdp());
    await onePhone.request('ACK');
    await scene.talking(id, one);
    await onePage.waitForText(`Talking with ${one.name}`);
    await picture(onePage, '04-talking');
    await phone.hangUp(leg);
    await hungUpOn(onePhone);
    expect(ringing(otherPhone)).toBe(false);
    expect(await scene.system.record(id)).toMatchObject({ outcome: 'answered', agentId: one.id });
  });

  test('a supervisor prefers and moves the longest waiting by words: the live card shows it, and the phone of the other queue rings for that caller first', async () => {
    const helper = await agent();
    const [from, to] = [await group('Sales Line', []), await group('Support Line', [helper])];
    await scene.system.duty(helper.id, false);
    const phone = await scene.open(scene.system.phone(helper));
    const patient = await scene.call(to.user);
    await waiting(to.id, 1);
    const moved = await scene.call(from.user);
    await waiting(from.id, 1);
    const later = await scene.call(from.user);
    await waiting(from.id, 2);
    const [live, max] = [await as(MAX), await as(MAX)];
    await live.send('live sales line');
    await live.waitForText('● Live', live.message());
    await max.send('priority 1 for sales line');
    await max.waitForText(`${moved.phone.user} has priority 1 now.`, max.message());
    await live.waitForText('Priority 1');
    await picture(live, '05-priority');
    await max.send('move longest waiting in sales line to support line');
    await max.waitForText(`${moved.phone.user} waits in Support Line now.`, max.message());
    await picture(max, '05-words');
    await scene.system.duty(helper.id, true);
    const invite = await phone.request('INVITE');
    phone.respond(invite, 180, 'Ringing');
    expect(`${invite.headers.from.name ?? ''} ${invite.headers.from.uri}`).toContain(moved.phone.user);
    await live.waitForText(/^Ringing/);
    await picture(live, '05-ringing');
    phone.respond(invite, 200, 'OK', (await scene.sound()).sdp());
    await phone.request('ACK');
    await scene.talking(from.id, helper);
    await live.waitForText(/^Talking/);
    await moved.phone.hangUp(moved.leg);
    await hungUpOn(phone);
    await later.phone.hangUp(later.leg);
    expect(await scene.system.record(from.id, ({ outcome }) => outcome === 'answered')).toMatchObject({ agentId: helper.id, priority: 1, steps: [{ why: 'moved' }] });
    await pickUp(phone);
    await patient.phone.hangUp(patient.leg);
    await hungUpOn(phone);
  });

  test('a pause by words, by card and by a supervisor, each with the next call not rung; three unanswered offers pause the agent, who is told', async () => {
    const one = await agent();
    const { id, user } = await group('Pause Line', [one], { autoPauseAfter: 3, alertTimeSeconds: 10 });
    const phone = await scene.open(scene.system.phone(one));
    const [page, max] = [await knownTo(one.personId), await as(MAX)];
    let offers = 0;
    /** A caller waits and nobody is rung until `resume` was done. */
    const notRungUntil = async (resume: () => Promise<void>): Promise<void> => {
      await settled();
      const { phone: caller, leg } = await scene.call(user);
      await scene.system.live(id, 'the caller to wait for a paused agent', (live) => live.callers[0]?.state === 'waiting' && live.agents[0]?.activity === 'paused');
      expect(phone.received.filter(({ method }) => method === 'INVITE').length).toBe(offers);
      await resume();
      await pickUp(phone);
      offers += 1;
      await caller.hangUp(leg);
      await hungUpOn(phone);
      await scene.system.live(id, 'nobody to call', ({ callers }) => callers.length === 0);
    };
    await page.send('pause 1 minute Lunch');
    await page.waitForText('Done: you are paused.', page.message());
    await page.waitForText(/Paused until .*: Lunch/, page.message());
    await picture(page, '06-paused-words');
    await notRungUntil(async () => {
      await page.send('resume');
      await page.waitForText('Done: callers reach you again.', page.message());
    });

    await page.send('my duty');
    await page.press('Pause…', page.message());
    await page.choose('For how long', '1 minute', page.message());
    await page.fill(/Reason/, 'Meeting', page.message());
    await picture(page, '06-pause-form');
    await page.press('Pause', page.message());
    await page.waitForText(/Paused until .*: Meeting/, page.message());
    await notRungUntil(async () => {
      await page.press('Resume', page.message());
      await page.waitForText('Done: callers reach you again.', page.message());
    });

    await max.send(`pause ${one.name.split(' ')[0]} 10 minutes Training`);
    await max.waitForText(new RegExp(`Done: ${one.name} is told`), max.message());
    await page.waitForText('Max Reuter paused you', page.message());
    await picture(page, '06-told');
    await notRungUntil(async () => {
      await max.send(`resume ${one.name.split(' ')[0]}`);
      await page.waitForText('Max Reuter ended your pause');
    });

    const { phone: caller, leg } = await scene.call(user);
    for (const _time of [1, 2, 3]) {
      const invite = await phone.request('INVITE');
      phone.respond(invite, 180, 'Ringing');
      phone.respond(await phone.request('CANCEL'), 200, 'OK');
      phone.respond(invite, 487, 'Request Terminated');
      await phone.request('ACK');
    }
    await page.waitForText('You are paused');
    await page.waitForText(/callers now go to others/);
    await picture(page, '06-unanswered');
    expect((await scene.system.duties(one.id, (duty) => duty.pause !== null)).pause).toMatchObject({ by: 'unanswered' });
    await caller.hangUp(leg);
  });

  test('formal: an agent signs in by card and is rung, signs out and is not; the caller then meets the action for when nobody is signed in', async () => {
    const one = await agent();
    const { id, user, name } = await group('Formal Line', [one], { participation: 'formal' });
    const [queue] = (await flowOf(id)).queues;
    if (!queue) throw new Error('The group has no queue.');
    await scene.system.perform('queue.change', { id: queue.id, version: queue.version, changes: { noAgentsAction: { kind: 'disconnect', prompt: { text: 'Nobody is here right now.', audio: null } } } });
    const phone = await scene.open(scene.system.phone(one));
    const page = await as(one.personId);
    await page.send('my duty');
    await page.waitForText('Groups you sign in to', page.message());
    await picture(page, '07-duty');
    await page.press('Sign in', page.message());
    await page.waitForText('Done: you are signed in.', page.message());
    await picture(page, '07-signed-in');
    await settled();
    const { phone: caller, leg } = await scene.call(user);
    await pickUp(phone);
    await scene.talking(id, one);
    await caller.hangUp(leg);
    await hungUpOn(phone);
    await page.send(`sign out of ${name.toLowerCase()}`);
    await page.waitForText('Done: you are signed out.', page.message());
    await settled();
    const turnedAway = await scene.audibleCall(user);
    await Promise.all([untilSaid(turnedAway.sound, 'Nobody is here right now.'), hungUpOn(turnedAway.phone)]);
    expect(phone.received.filter(({ method }) => method === 'INVITE').length).toBe(1);
    expect(await scene.system.record(id, ({ outcome }) => outcome === 'noAgents')).toMatchObject({ endedBy: 'system', offers: [] });
  });

  test('a trunk and a number policy made in chat: a number outside is refused on the form and named, one inside is reached through the trunk', async () => {
    const { id, user } = await group('Outside Line', [], { managed: false, managers: [] });
    const peer = await scene.open(Phone.open('carrier', scene.system.sip, 0, '127.0.2.1'));
    const ada = await as(ADA);
    await ada.send('settings');
    await ada.waitForText('What holds for every group of this pool.', ada.message());
    await ada.message().getByLabel(/Allowed numbers begin with/).fill('+4420');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await ada.send('trunks');
    await ada.press('New…', ada.message());
    await ada.message().getByLabel('Name', { exact: true }).fill('Carrier');
    await ada.message().getByLabel('Host').fill('127.0.2.1');
    await ada.message().getByLabel('Port', { exact: true }).fill(String(peer.port));
    await ada.message().getByLabel('Check it every (seconds)').fill('');
    await picture(ada, '08-trunk-form');
    await ada.press('Create', ada.message());
    await ada.waitForText('Carrier', ada.message());
    await picture(ada, '08-trunks');
    await ada.send('flow outside line');
    await ada.waitForText('Everything a call to this group can meet.', ada.message());
    await ada.message().getByText('Queues', { exact: true }).locator('xpath=following::button[normalize-space()="Edit"][1]').click();
    await ada.waitForText(/Where callers wait/, ada.message());
    const overflow = ada.message().locator('select').nth(2);
    await ada.message().getByLabel('Overflow threshold (waiting callers)').fill('0');
    await overflow.selectOption({ label: 'A telephone number' });
    await ada.message().getByLabel('Which one').nth(1).fill('+15551234');
    await ada.press('Save', ada.message());
    await ada.waitForText(/“\+15551234” is not allowed: numbers must begin with/, ada.message());
    await picture(ada, '08-refused');
    expect(await ada.message().getByLabel('Which one').nth(1).inputValue()).toBe('+15551234');
    await ada.message().getByLabel('Which one').nth(1).fill('+442071234567');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await picture(ada, '08-flow');
    await settled();
    const { phone, leg, sound } = await scene.audibleCall(user);
    const peerSound = await scene.sound();
    const invite = await peer.request('INVITE');
    expect(invite.uri).toContain('+442071234567');
    peer.respond(invite, 200, 'OK', peerSound.sdp());
    peerSound.follow(invite.content ?? '');
    await peer.request('ACK');
    peerSound.tone(660);
    await sound.untilTone(660);
    await phone.hangUp(leg);
    await hungUpOn(peer);
    expect(await scene.system.record(id)).toMatchObject({ outcome: 'forwarded', steps: [{ why: 'overflowed', to: 'tel:+442071234567' }] });
    await ada.send('trunks');
    await ada.waitForText('SIP peers that numbers outside are reached through', ada.message());
    await ada.press('Delete…', ada.message());
    await ada.press('Delete Carrier', ada.message());
    await ada.waitForText(/is deleted/, ada.message());
    await settled();
  });

  test('an agent’s number given in chat rings beside the phone, and has the call after pressing 1', async () => {
    const mobile = await scene.open(scene.system.trunk());
    const one = await agent();
    const { id, user } = await group('Mobile Line', [one]);
    const ada = await as(ADA);
    await ada.send('settings');
    await ada.message().getByLabel(/Allowed numbers begin with/).fill('+4420');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^(Saved\.|Nothing was different)/, ada.message());
    await ada.send(`agents ${one.name}`);
    await ada.press('Contacts', ada.message());
    await ada.message().getByLabel('Also rung').fill('+442079460000 press 1');
    await picture(ada, '09-contacts');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await settled();
    const desk = await scene.open(scene.system.phone(one));
    const mobileSound = await scene.sound();
    const { phone, leg, sound } = await scene.audibleCall(user);
    const [rung, deskRung] = await Promise.all([mobile.phone.request('INVITE'), desk.request('INVITE')]);
    desk.respond(deskRung, 180, 'Ringing');
    const answer = mobile.phone.respond(rung, 200, 'OK', mobileSound.sdp());
    await mobile.phone.request('ACK');
    const mobileLeg = mobile.phone.legOf(rung, answer);
    mobileSound.follow(rung.content ?? '');
    await mobileSound.until((heard) => heard.length > 20, 'the request to press 1');
    expect((await scene.system.live(id, 'the caller', ({ callers }) => callers.length === 1)).callers[0]?.state).toBe('ringing');
    mobileSound.press('1');
    desk.respond(await desk.request('CANCEL'), 200, 'OK');
    desk.respond(deskRung, 487, 'Request Terminated');
    const again = await mobile.phone.next('a re-INVITE', (message) => message.method === 'INVITE' && message.headers['call-id'] === mobileLeg.callId);
    mobile.phone.respond(again, 200, 'OK', mobileSound.sdp());
    mobileSound.follow(again.content ?? '');
    await scene.talking(id, one);
    mobileSound.tone(660);
    await sound.untilTone(660);
    await phone.hangUp(leg);
    await hungUpOn(mobile.phone);
    expect(await scene.system.record(id)).toMatchObject({ outcome: 'answered', agentId: one.id });
  });
});
