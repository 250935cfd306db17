// The whole call flow in Chromium, against the real bot and storage: the live queue, a day of an agent, the call on the phone, and every form.
import { type LiveAgent, type LiveCaller } from '../../storage/model/live';
import { type ChatPage } from '../support/browser';
import { ChatBrowser } from '../support/chat-browser';
import { ADA, ALICE, BOB, MAX, OPERATOR } from '../support/chat-system';
import { describeWith } from '../support/needs';

jest.setTimeout(120_000);

/** Silence of so long: linear PCM, 16 bit, 8 kHz, one channel. */
function wav(ms: number): Buffer {
  const bytes = ms * 16;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8);
  for (const [value, at] of [[16, 16], [8_000, 24], [16_000, 28], [bytes, 40]] as const) head.writeUInt32LE(value, at);
  for (const [value, at] of [[1, 20], [1, 22], [2, 32], [16, 34]] as const) head.writeUInt16LE(value, at);
  head.write('data', 36);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
}

describeWith(['chromium'], 'the call flow in chat', () => {
  const chat = new ChatBrowser({ look: { height: 1_000 }, prepared: (system) => system.engineIs(1_000_000) });
  const as = (personId: string, dark = false): Promise<ChatPage> => chat.as(personId, { dark });
  const picture = (page: ChatPage, name: string): Promise<void> => chat.picture(page, name);

  const agents = async (): Promise<ReadonlyMap<string, string>> => {
    const answer = await chat.system.administration.agents(OPERATOR);
    if (!answer.ok) throw new Error(answer.message);
    return new Map(answer.value.map((one) => [one.name.split(' ')[0] ?? '', one.id]));
  };
  /** Presses Save and waits until the card that follows says so. */
  const save = async (page: ChatPage): Promise<void> => {
    await page.press('Save', page.message());
    await page.waitForText(/^Saved\./, page.message());
  };
  const flow = async (name: string) => {
    const answer = await chat.system.administration.workflow(OPERATOR, await chat.system.groupId(name));
    if (!answer.ok) throw new Error(answer.message);
    return answer.value;
  };
  const caller = (more: Partial<LiveCaller>): LiveCaller => ({
    callId: 'c1', callerNumber: '+441234000001', callerName: 'Erin *Caller*', state: 'waiting', priority: 2, queueId: null, answers: [{ question: 'Product', answer: 'Laptops' }], ringing: [],
    arrivedAt: new Date(Date.now() - 80_000), joinedQueueAt: new Date(Date.now() - 75_000), agentId: null, ...more,
  });
  const agent = (agentId: string, activity: LiveAgent['activity']): LiveAgent => ({ agentId, activity, since: new Date(), signedIn: true });

  test.each([['light', false], ['dark', true]] as const)('the live queue shows priority, answers and who is rung, and a manager opens one caller (%s)', async (look, dark) => {
    const id = await chat.system.groupId('Help Desk');
    const { queues } = await flow('Help Desk');
    const known = await agents();
    const [alice = '', bob = ''] = [known.get('Alice'), known.get('Bob')];
    await chat.system.live({ _id: id, callers: [caller({ state: 'ringing', ringing: [alice, bob], queueId: queues[0]?.id ?? null }), caller({ callId: 'c2', callerName: '', answers: [], priority: 3, queueId: queues[0]?.id ?? null })], agents: [agent(alice, 'ringing'), agent(bob, 'ringing')] });
    const max = await as(MAX, dark);
    await max.send('live help desk');
    await max.waitForText('Priority 2');
    await max.waitForText('Answered: Laptops');
    await max.waitForText(/Ringing Alice Moreau and Bob/);
    await picture(max, `live-${look}`);
    await max.press('Move or priority…', max.message());
    await max.waitForText('Waiting in Help Desk', max.message());
    await picture(max, `caller-${look}`);
  });

  test.each([['light', false], ['dark', true]] as const)('a manager pauses an agent, who is told, sees it and resumes (%s)', async (look, dark) => {
    const alice = await as(ALICE, dark);
    await alice.send('on duty');
    await alice.waitForText('Done: you are on duty.');
    const max = await as(MAX, dark);
    await max.send('agents of help desk');
    await max.waitForText('Who answers, and what they do now.');
    await picture(max, `team-${look}`);
    await max.send('pause alice 10 minutes Lunch');
    await max.waitForText(/Done: Alice Moreau is told/, max.message());
    await alice.waitForText('Max Reuter paused you', alice.message());
    await alice.send('my duty');
    await alice.waitForText(/Paused until .*: Lunch/, alice.message());
    await picture(alice, `duty-${look}`);
    await alice.press('Resume', alice.message());
    await alice.waitForText('Done: callers reach you again.');
    await alice.press('Pause…', alice.message());
    await alice.waitForText('Take a pause');
    await picture(alice, `pause-${look}`);
  });

  test.each([['light', false], ['dark', true]] as const)('an agent is told of the call on the phone in one card that follows it, and nobody else is (%s)', async (look, dark) => {
    const id = await chat.system.groupId('Help Desk');
    const known = await agents();
    const aliceId = known.get('Alice') ?? '';
    const [alice, bob] = [await as(ALICE, dark), await as(BOB, dark)];
    await alice.send('help');
    await bob.send('help');
    await bob.waitForText(/Hello Bob/);
    await alice.waitForText(/Hello Alice/);
    const name = `Erin ${look}`;
    await chat.system.live({ _id: id, callers: [caller({ callId: `call-${look}`, callerName: name, state: 'ringing', ringing: [aliceId] })], agents: [agent(aliceId, 'ringing')] });
    await alice.waitForText('Your phone is ringing.');
    await alice.waitForText(new RegExp(name));
    await alice.waitForText('Laptops');
    await picture(alice, `call-ringing-${look}`);
    await chat.system.live({ _id: id, callers: [caller({ callId: `call-${look}`, callerName: name, state: 'talking', agentId: aliceId })], agents: [agent(aliceId, 'talking')] });
    await alice.waitForText(/You took this call at/);
    await chat.system.live({ _id: id, callers: [], agents: [agent(aliceId, 'free')] });
    await alice.waitForText(/The call ended at/);
    await picture(alice, `call-ended-${look}`);
    expect(await alice.messages.filter({ hasText: name }).count()).toBe(1);
    expect(await bob.text()).not.toContain(name);
  });

  test('an administrator makes business hours: a wrong range is named and kept, a right one saved, and put in place', async () => {
    const ada = await as(ADA);
    await ada.send('business hours');
    await ada.press('New…', ada.message());
    await ada.fill('Name', 'Office hours');
    await ada.fill('Monday', 'nine to five');
    await picture(ada, 'hours-form');
    await ada.press('Create');
    await ada.waitForText(/“nine to five” is no range of hours/);
    expect(await ada.valueOf('Monday')).toBe('nine to five');
    await picture(ada, 'hours-fault');
    await ada.fill('Monday', '9-12, 13-17');
    await ada.press('Create');
    await ada.waitForText('Not used by any group you see');
    await picture(ada, 'hours-list');
    const listed = await chat.system.administration.objects(OPERATOR, 'businessHours');
    expect(listed.ok && listed.value.map(({ object }) => object.monday)).toEqual([[{ open: '09:00', close: '12:00' }, { open: '13:00', close: '17:00' }]]);
  });

  test('an administrator makes a holiday set, and both are used by a group', async () => {
    const ada = await as(ADA, true);
    await ada.send('holidays');
    await ada.press('New…', ada.message());
    await ada.fill('Name', 'Winter');
    await ada.fill('Holidays', '2026-12-25 2026-12-26 Christmas\n2026-12-24T13:00 2026-12-25T00:00 Early close');
    await picture(ada, 'holidays-form-dark');
    await ada.press('Create');
    await ada.waitForText('Not used by any group you see');
    await ada.send('flow sales');
    await ada.waitForText('Everything a call to this group can meet.');
    await picture(ada, 'flow-dark');
    await ada.press('Edit', ada.message().getByText('At first').locator('xpath=ancestor::*[.//button][1]'));
    await ada.waitForText(/What callers dial and meet first/, ada.message());
    await ada.choose('Open during', 'Office hours');
    await ada.fill('Holiday sets', 'winter');
    await picture(ada, 'workflow-form-dark');
    await save(ada);
    const { workflow, businessHours, holidaySets } = await flow('Sales');
    expect([businessHours?.name, holidaySets.map((one) => one.name), workflow.holidaySetIds.length]).toEqual(['Office hours', ['Winter'], 1]);
  });

  test('an administrator gives a group a menu, makes it interactive, and walks through it', async () => {
    const ada = await as(ADA);
    await ada.send('flow sales');
    await ada.press('New question', ada.message());
    await ada.fill('Name', 'Language');
    await ada.fill('What is asked', 'For English, press one.');
    await ada.message().getByLabel('Answers').fill('1 English -> queue nowhere');
    await ada.press('Create');
    await ada.waitForText(/names no queue that you may use/);
    await picture(ada, 'question-fault');
    const [queue] = (await flow('Sales')).queues;
    await ada.message().getByLabel('Answers').fill(`1 English -> queue ${queue?.name ?? ''}\n2 Nobody -> hang up`);
    await ada.press('Create');
    await ada.waitForText('For English, press one.', ada.message());
    await ada.press('Edit', ada.message().getByText('At first').locator('xpath=ancestor::*[.//button][1]'));
    await ada.choose('Then', '? Language', ada.message());
    await save(ada);
    expect((await flow('Sales')).type).toBe('interactive');
    await picture(ada, 'flow-interactive');
    await ada.press('Walk through it', ada.message());
    await ada.waitForText(/asked 1 of 5 times/);
    await picture(ada, 'walk');
    await ada.press('Say nothing', ada.message());
    await ada.waitForText(/asked 2 of 5 times/);
    await ada.press('Press 1', ada.message());
    await ada.waitForText(/The call goes to: queue/);
  });

  test('an administrator sets timeout and target of a queue; an address that is not allowed is refused, naming the policy', async () => {
    const ada = await as(ADA);
    await ada.send('queues');
    await ada.press('Edit', ada.message());
    await ada.waitForText(/Where callers wait/);
    await ada.page.locator('#messages > li').last().locator('select').first().selectOption({ label: 'A telephone number' });
    await ada.message().getByLabel('Timeout (seconds)').fill('60');
    await ada.message().getByLabel(/^Which queue/).first().fill('+441234567890');
    await picture(ada, 'queue-form');
    await ada.press('Save');
    await ada.waitForText(/is not allowed: an administrator has allowed no numbers/);
    await picture(ada, 'queue-fault');
    await ada.send('settings');
    await ada.waitForText('What holds for every group of this pool.');
    await ada.message().getByLabel(/Allowed numbers begin with/).fill('+44');
    await picture(ada, 'settings-form');
    await save(ada);
    const settings = await chat.system.administration.settings(OPERATOR);
    expect(settings.ok && settings.value.settings.numberPolicy.allowedPrefixes).toEqual(['+44']);
  });

  test('a WAV file sent to the chat is listened to and put in place; another file is refused with the reason', async () => {
    const ada = await as(ADA);
    await ada.page.locator('#file').setInputFiles({ name: 'notes.wav', mimeType: 'audio/wav', buffer: Buffer.from('These are notes.') });
    await ada.waitForText('notes.wav cannot be used');
    await picture(ada, 'recording-refused');
    await ada.page.locator('#file').setInputFiles({ name: 'good-morning.wav', mimeType: 'audio/wav', buffer: wav(2_000) });
    await ada.waitForText('Looks good: 0:02 long.');
    await ada.message().locator('select').selectOption({ label: 'Sales' });
    await ada.press('Next', ada.message());
    await ada.waitForText('Where in Sales', ada.message());
    await ada.choose('Where in Sales', 'Welcome', ada.message());
    await picture(ada, 'recording-place');
    await ada.press('Put in place', ada.message());
    await ada.waitForText('good-morning.wav is in place.', ada.message());
    await picture(ada, 'recording-placed');
    const { workflow } = await flow('Sales');
    expect(workflow.welcome?.audio).toMatchObject({ fileName: 'good-morning.wav', durationMs: 2_000 });
  });

  test('an administrator makes a trunk, whose password is never shown again', async () => {
    const ada = await as(ADA, true);
    await ada.send('trunks');
    await ada.press('New…', ada.message());
    await ada.message().getByLabel('Name', { exact: true }).fill('Carrier');
    await ada.message().getByLabel('Host').fill('sip.carrier.example');
    await ada.message().getByLabel('Password').fill('very-secret');
    await picture(ada, 'trunk-form-dark');
    await ada.press('Create');
    await ada.waitForText('Carrier', ada.message());
    await ada.press('Edit', ada.message());
    await ada.waitForText('Empty: as it is.');
    expect(await ada.valueOf('Password', ada.message())).toBe('');
    const trunks = await chat.system.administration.objects(OPERATOR, 'trunks');
    expect(trunks.ok && trunks.value.map(({ object }) => object.hasPassword)).toEqual([true]);
  });
});
