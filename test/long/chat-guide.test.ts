// A group with a menu made from nothing in chat, step by step, through a dead bot and a page that is loaded again; then it is called.
import { ADA } from '../support/chat-system';
import { ChatScene } from '../support/chat-scene';
import { describeWith } from '../support/needs';
import { pickUp } from '../support/scene';

jest.setTimeout(240_000);

describeWith(['chromium'], 'a group made step by step', () => {
  const chat = new ChatScene();

  test('what was typed survives an error, a killed bot and a page loaded again; nothing is there before all of it is, and then a caller who presses 2 reaches the right phone', async () => {
    const [orders, repairs] = [await chat.agent(), await chat.agent()];
    const ada = await chat.as(ADA);
    const next = async (words: string): Promise<void> => {
      await ada.press('Next', ada.message());
      await ada.waitForText(words, ada.message());
    };
    await ada.send('new group in steps');
    await ada.waitForText(/step 1 of/, ada.message());
    await ada.fill('Display name', 'Stepwise Line', ada.message());
    await ada.fill('Address callers dial', 'stepwise line', ada.message());
    await ada.choose('What callers meet', 'They are asked questions first (a menu)', ada.message());
    await next('“stepwise line” must have 1–64 letters');
    await chat.picture(ada, 'guide-fault');
    expect(await ada.valueOf('Display name', ada.message())).toBe('Stepwise Line');
    await ada.fill('Address callers dial', 'stepwise-line', ada.message());
    await next('step 2 of 7: Business hours');
    await chat.picture(ada, 'guide-hours');
    await next('step 3 of 7: Holidays');
    await next('step 4 of 7: Language and welcome');
    await ada.fill('Welcome', 'Welcome to the stepwise line.', ada.message());
    await next('step 5 of 7: Queue Stepwise Line');
    await ada.fill('Name', 'Orders', ada.message());
    await ada.fill('Agents in order', orders.name, ada.message());
    await ada.press('One more queue', ada.message());
    await ada.waitForText('step 6 of 8', ada.message());

    await chat.front.restartBot();
    await ada.page.reload();
    await ada.waitForText('step 6 of 8', ada.message());
    await ada.fill('Name', 'Mending', ada.message());
    await ada.fill('Agents in order', 'nobody here', ada.message());
    await next('“nobody here” names no agent of this pool');
    await chat.front.restartBot();
    await ada.send('new group in steps');
    await ada.waitForText('You have begun: Stepwise Line', ada.message());
    await chat.picture(ada, 'guide-begun');
    await ada.press('Go on', ada.message());
    await ada.waitForText('step 6 of 8: Queue Mending', ada.message());
    expect(await ada.valueOf('Agents in order', ada.message())).toBe('nobody here');
    await ada.press('Back', ada.message());
    await ada.waitForText('step 5 of 8: Queue Orders', ada.message());
    expect(await ada.valueOf('Agents in order', ada.message())).toBe(orders.name);
    await next('step 6 of 8: Queue Mending');
    await ada.fill('Agents in order', repairs.name, ada.message());
    await chat.picture(ada, 'guide-queue');
    await next('step 7 of 8: A question');
    await ada.fill('Name', 'Department', ada.message());
    await ada.fill('What is asked', 'For orders press one. For repairs press two.', ada.message());
    await ada.fill('Answers', '1 Orders -> queue Orders\n2 Repairs -> queue Mending', ada.message());
    await chat.picture(ada, 'guide-question');
    await next('step 8 of 8: Everything at a glance');
    await ada.waitForText('Welcome: Welcome to the stepwise line.', ada.message());
    await chat.picture(ada, 'guide-summary');
    const groups = async (): Promise<readonly string[]> => {
      const listed = await chat.scene.system.administration.groups({ kind: 'operator', name: 'tests' });
      return listed.ok ? listed.value.map((one) => one.displayName) : [];
    };
    expect(await groups()).not.toContain('Stepwise Line');
    await ada.press('Create it, and take calls', ada.message());
    await ada.waitForText('Created. It takes calls as soon as it is in force.', ada.message());
    await chat.picture(ada, 'guide-made');
    expect((await groups()).filter((name) => name === 'Stepwise Line')).toHaveLength(1);

    await chat.settled();
    const [ordersPhone, repairsPhone] = [await chat.scene.open(chat.scene.system.phone(orders)), await chat.scene.open(chat.scene.system.phone(repairs))];
    const { phone, leg, sound } = await chat.scene.audibleCall('stepwise-line');
    await sound.until((heard) => heard.length > 0, 'the welcome');
    await chat.untilSaid(sound, 'For orders press one. For repairs press two.');
    sound.press('2');
    const answered = await pickUp(repairsPhone, (await chat.scene.sound()).sdp());
    expect(ordersPhone.received.filter(({ method }) => method === 'INVITE')).toEqual([]);
    expect(answered.callId).not.toBe('');
    await phone.hangUp(leg);
  });
});
