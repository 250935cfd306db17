// The pool in chat before a whole running system: an administrator sees it, moves the calls to the engine that stands by, and is told when none does and when one does again.
import { ADA } from '../support/chat-system';
import { ChatScene } from '../support/chat-scene';
import { describeWith } from '../support/needs';
import { eventually } from '../support/system';

jest.setTimeout(240_000);

describeWith(['chromium'], 'the pool, in chat', () => {
  const chat = new ChatScene();
  /** A short dip is not told, so that news takes longer than a page is otherwise waited for. */
  const NEWS_MS = 60_000;

  test('calls move to the engine that stands by without one being touched; the loss of the other is told, and its return', async () => {
    const { system } = chat.scene;
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const ada = await chat.knownTo(ADA);
    await ada.send('pool status');
    await ada.waitForText(/^Active since/, ada.message());
    await ada.waitForText(/No engine stands by/, ada.message());
    await chat.picture(ada, 'pool-alone');

    const second = await system.startStandby();
    await ada.press('Refresh');
    await ada.waitForText(/^Stands by since/, ada.message());
    const { phone, leg } = await chat.scene.call(group.user);
    await chat.scene.waiting(group.id);
    await ada.press('Move the calls…');
    await ada.waitForText('No call is cut. The engine that is active now stands by afterwards.');
    await chat.picture(ada, 'pool-drain');
    await ada.press('Move the calls now');
    await ada.waitForText('The engine that stood by has the calls now.', ada.message());
    expect(await ada.message().innerText()).toMatch(new RegExp(`Active since[^\\n]*\\n+Release [^\\n]*process ${second.child.pid ?? ''}\\b`));
    await chat.picture(ada, 'pool-drained');
    await eventually('the second engine to be active', async () => (await second.health())['role'] === 'active');
    await chat.scene.waiting(group.id);
    expect(phone.received.filter(({ method }) => method === 'BYE')).toEqual([]);
    expect((await phone.hangUp(leg)).status).toBe(200);
    await ada.waitForText('Another engine has taken over');

    // The first engine ended when it had handed over; here nobody starts it again, so nobody stands by.
    await system.engine.stop();
    system.engine = second;
    await ada.page.getByText('Something is wrong with the pool').last().waitFor({ timeout: NEWS_MS });
    await ada.waitForText(/No engine stands by/, ada.message());
    await system.startStandby();
    await ada.page.getByText('Well again').last().waitFor({ timeout: NEWS_MS });
    await ada.waitForText('An engine stands by again.', ada.message());
    await chat.picture(ada, 'pool-told');
    await ada.message().getByRole('button', { name: 'Open the pool' }).click();
    await ada.waitForText(/^Stands by since/, ada.message());
  });
});
