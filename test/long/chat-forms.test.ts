// Forms and days in Chromium, against the real bot and storage: copies, narrowed permissions, two people on one form, wrong input in every field, an agent's day and a manager's.
import { type LiveAgent, type LiveCaller } from '../../storage/model/live';
import { type ChatPage } from '../support/browser';
import { ChatBrowser } from '../support/chat-browser';
import { ADA, ALICE, MAX, OPERATOR } from '../support/chat-system';
import { describeWith } from '../support/needs';

jest.setTimeout(240_000);

describeWith(['chromium'], 'forms and days in chat', () => {
  const chat = new ChatBrowser({ look: { height: 1_200 }, prepared: (system) => system.engineIs(1_000_000) });
  const as = async (personId: string): Promise<ChatPage> => {
    const page = await chat.as(personId);
    page.page.setDefaultTimeout(60_000);
    return page;
  };

  const workflow = async (name: string) => {
    const answer = await chat.system.administration.workflow(OPERATOR, await chat.system.groupId(name));
    if (!answer.ok) throw new Error(answer.message);
    return answer.value;
  };
  const group = async (name: string) => {
    const answer = await chat.system.administration.group(OPERATOR, await chat.system.groupId(name));
    if (!answer.ok) throw new Error(answer.message);
    return answer.value;
  };
  /** Opens the form of a group by words. */
  const edit = async (page: ChatPage, name: string): Promise<void> => {
    await page.send(`edit ${name}`);
    await page.waitForText('Saving changes only what you changed', page.message());
  };

  test('a group is copied: the copy has its own address, its own queue, and takes no calls yet', async () => {
    const ada = await as(ADA);
    await ada.send('show help desk');
    await ada.press('Copy…', ada.message());
    await ada.waitForText('Copy Help Desk', ada.message());
    await ada.fill('Name', 'Help Desk Night', ada.message());
    await ada.fill('Address callers dial', 'help desk night', ada.message());
    await ada.press('Copy', ada.message());
    await ada.waitForText(/“help desk night” must have 1–64 letters/, ada.message());
    expect(await ada.valueOf('Name', ada.message())).toBe('Help Desk Night');
    await ada.fill('Address callers dial', 'help-desk-night', ada.message());
    await ada.press('Copy', ada.message());
    await ada.waitForText('Copied. It takes no calls until you make it active.', ada.message());
    const [original, copy] = [await workflow('Help Desk'), await workflow('Help Desk Night')];
    expect([copy.workflow.sipUser, copy.workflow.active]).toEqual(['help-desk-night', false]);
    expect(copy.queues[0]?.id).not.toBe(original.queues[0]?.id);
  });

  test('two people edit one form: the second is told what changed and by whom, keeps what they typed, and may save it then', async () => {
    const [ada, max] = [await as(ADA), await as(MAX)];
    await edit(max, 'help desk');
    await edit(ada, 'help desk');
    await ada.fill('Wrap-up time (seconds)', '25', ada.message());
    await ada.choose('Routing method', 'Serial: always from the top of the order below', ada.message());
    await ada.press('Save', ada.message());
    await ada.waitForText('Saved.', ada.message());
    await max.fill('Wrap-up time (seconds)', '35', max.message());
    await max.fill('Description', 'Typed by Max', max.message());
    await max.press('Save', max.message());
    await max.waitForText(/Ada Park changed it from \d+ to 25\. You typed 35\./, max.message());
    expect([await max.valueOf('Wrap-up time (seconds)', max.message()), await max.valueOf('Description', max.message())]).toEqual(['35', 'Typed by Max']);
    expect((await group('Help Desk')).form).toMatchObject({ wrapUpSeconds: 25, routingMethod: 'serial' });
    await max.press('Save', max.message());
    await max.waitForText('Saved.', max.message());
    expect((await group('Help Desk')).form).toMatchObject({ wrapUpSeconds: 35, routingMethod: 'serial', description: 'Typed by Max' });
  });

  test('an administrator narrows what managers may change: the manager’s form no longer offers it, and what was typed into one opened before is refused and kept', async () => {
    const [ada, max] = [await as(ADA), await as(MAX)];
    await edit(max, 'help desk');
    await ada.send('managers help desk');
    await ada.press('What managers may change…', ada.message());
    await ada.waitForText('What managers of Help Desk may change', ada.message());
    await ada.message().getByText('Prompts and music').click();
    await ada.press('Save', ada.message());
    await ada.waitForText('Saved.', ada.message());
    await max.fill('Welcome text', 'Said by Max', max.message());
    await max.press('Save', max.message());
    await max.waitForText(/“Prompts and music” is switched off for managers of this group/, max.message());
    expect(await max.valueOf('Welcome text', max.message())).toBe('Said by Max');
    await max.send('flow help desk');
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await max.press('Edit', max.message().getByText('At first', { exact: true }).locator('xpath=ancestor::*[.//button][1]'));
    await max.waitForText('What callers dial and meet first', max.message());
    expect(await max.message().getByLabel('Welcome', { exact: true }).count()).toBe(0);
    expect(await max.message().getByLabel('Time zone').count()).toBe(1);
  });

  test('wrong input in every field of a group, the settings and a trunk is named beside the field, kept, and nothing is saved', async () => {
    const ada = await as(ADA);
    const wrong = async (fields: Readonly<Record<string, string>>, press: string): Promise<void> => {
      for (const [label, value] of Object.entries(fields)) await ada.message().getByLabel(label, { exact: true }).first().fill(value);
      await ada.press(press, ada.message());
      await ada.waitForText('Please look at the fields marked below.', ada.message());
      const text = await ada.message().innerText();
      for (const [label, value] of Object.entries(fields)) {
        expect(text).toContain(value === '' ? `${label}: must` : `${label}: “${value}” must`);
        expect([label, await ada.message().getByLabel(label, { exact: true }).first().inputValue()]).toEqual([label, value]);
      }
    };
    const before = await group('Sales');
    await edit(ada, 'sales');
    await ada.press('More settings', ada.message());
    await wrong({
      'Display name': '', 'Address callers dial': 'no address', 'Telephone number': '12', 'Alert time (seconds)': '5', 'Wrap-up time (seconds)': '4000', 'Timeout (seconds)': '5', 'Overflow threshold (waiting callers)': '5000',
      'Time zone': 'Mars/Base', 'Priority of its callers': '9', 'Pause an agent after so many unanswered calls': '99', 'Tell place and expected wait every (seconds)': '1',
    }, 'Save');
    expect((await group('Sales')).form).toEqual(before.form);
    await ada.send('settings');
    await ada.waitForText('What holds for every group of this pool.', ada.message());
    await wrong({ 'Rest after a decline (seconds)': '5', 'Pick-up code': '8', 'Code that agents dial to go on duty': '!', 'Code that agents dial to go off duty': '!!' }, 'Save');
    await ada.send('trunks');
    await ada.press('New…', ada.message());
    await wrong({ Name: '', Host: 'not a host', Port: '0', 'Number shown as calling': '12', 'Check it every (seconds)': '1', 'Order among the trunks': '0' }, 'Create');
    const trunks = await chat.system.administration.objects(OPERATOR, 'trunks');
    expect(trunks.ok && trunks.value).toEqual([]);
  });

  test('an agent’s whole day: on duty, a call on the phone, a pause, back again, off duty', async () => {
    const id = await chat.system.groupId('Help Desk');
    const [alice] = (await group('Help Desk')).agents;
    const aliceId = alice?.id ?? '';
    const page = await as(ALICE);
    await page.send('on duty');
    await page.waitForText('Done: you are on duty.', page.message());
    const caller = (state: LiveCaller['state'], agentId: string | null): LiveCaller => ({
      callId: 'day-1', callerNumber: '+441234000001', callerName: 'Erin', state, priority: 3, queueId: null, answers: [], ringing: state === 'ringing' ? [aliceId] : [], arrivedAt: new Date(Date.now() - 30_000), joinedQueueAt: new Date(Date.now() - 20_000), agentId,
    });
    const seen = (activity: LiveAgent['activity']): LiveAgent => ({ agentId: aliceId, activity, since: new Date(), signedIn: true });
    await chat.system.live({ _id: id, callers: [caller('ringing', null)], agents: [seen('ringing')] });
    await page.waitForText('Your phone is ringing.', page.message());
    await chat.system.live({ _id: id, callers: [caller('talking', aliceId)], agents: [seen('talking')] });
    await page.waitForText(/You took this call at/, page.message());
    await chat.system.live({ _id: id, callers: [], agents: [seen('free')] });
    await page.waitForText(/The call ended at/, page.message());
    await page.send('pause 10 minutes Lunch');
    await page.waitForText('Done: you are paused.', page.message());
    await page.waitForText(/Paused until .*: Lunch/, page.message());
    await page.press('Resume', page.message());
    await page.waitForText('Done: callers reach you again.', page.message());
    await page.send('my phone');
    await page.waitForText('alice', page.message());
    await page.send('off duty');
    await page.waitForText('Done: you are off duty.', page.message());
    const agents = await chat.system.administration.agents(OPERATOR, { ids: [aliceId] });
    expect(agents.ok && agents.value[0]?.detail).toMatchObject({ onDuty: false, pause: null });
  });

  test('a manager’s whole day: who is there, a pause, hours made and used, what callers hear then, and the hours taken back', async () => {
    const max = await as(MAX);
    await max.send('my groups');
    await max.waitForText('Help Desk', max.message());
    await max.send('live help desk');
    await max.waitForText('● Live', max.message());
    await max.send('agents of help desk');
    await max.waitForText('Who answers, and what they do now.', max.message());
    await max.send('flow help desk');
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await max.press('New business hours', max.message());
    await max.fill('Name', 'Desk hours', max.message());
    await max.press('Create', max.message());
    await max.waitForText('Saved: Desk hours. No group uses these hours yet.', max.message());
    await max.press('Use it in Help Desk', max.message());
    await max.waitForText('Help Desk is open during these hours now.', max.message());
    await max.waitForText(/When closed: hang up/, max.message());
    expect((await workflow('Help Desk')).businessHours?.name).toBe('Desk hours');
    await max.send('history help desk');
    await max.waitForText('History of Help Desk', max.message());
    await max.waitForText(/Business hours: Desk hours/, max.message());
    await max.send('undo');
    await max.waitForText('Take back your last edit?', max.message());
    await max.press('Undo', max.message());
    await max.waitForText('Taken back', max.message());
    expect((await workflow('Help Desk')).businessHours).toBeNull();
  });
});
