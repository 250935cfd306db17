// What the manager of one group can learn of another, with everything running and a caller waiting there: nothing.
import { execute } from '../../bot/local-teams/activities';
import { BOT_VERBS } from '../../bot/verbs';
import { ADA } from '../support/chat-system';
import { ChatScene } from '../support/chat-scene';
import { describeWith } from '../support/needs';
import { Phone } from '../support/phone';
import { eventually } from '../support/system';

jest.setTimeout(180_000);

describeWith(['chromium'], 'one group’s manager and another group', () => {
  const chat = new ChatScene();

  test('the manager of one group learns nothing of another: not by cards, words, forged presses or the texts of faults, and changes nothing there', async () => {
    const [ines, other] = [chat.person(), await chat.agent()];
    const mine = await chat.group('Aurora', [], { managers: [{ personId: ines.personId, name: ines.name }] });
    const theirs = await chat.group('Zephyr Quarters', [other], {
      sipUser: 'zephyr-8841', telephoneNumber: '+442088418841', description: 'Found in the west wing', welcomeText: 'Greetings from the west wing.',
      managers: [{ personId: '7c000000-0000-4000-8000-0000000000ff', name: 'Kai Berg' }],
    });
    const { system } = chat.scene;
    const businessHoursId = (await system.perform('businessHours.create', { name: 'West hours', workflowId: theirs.id })).value.id;
    await system.perform('workflow.change', { id: theirs.id, version: (await chat.flowOf(theirs.id)).version, changes: { businessHoursId: null } });
    await system.duty(other.id, false);
    const caller = await chat.scene.open(Phone.open('west-caller', system.sip));
    const leg = caller.invite('zephyr-8841', (await chat.scene.sound()).sdp());
    await caller.answered(leg);
    const { callers: [waits] } = await chat.waiting(theirs.id, 1);
    const { queues: [queue], agentGroups: [agentGroup] } = await chat.flowOf(theirs.id);
    const [own] = (await chat.flowOf(mine.id)).queues;
    const secrets = /quarters|8841|west|kai berg/i;
    const before = await chat.lastChange();

    const ada = await chat.as(ADA);
    await ada.send('flow zephyr');
    await ada.waitForText('Everything a call to this group can meet.');
    expect(await ada.text()).toMatch(secrets);

    const page = await chat.knownTo(ines.personId);
    await eventually('greeting and help', async () => await page.messages.count() >= 3);
    const answers: Promise<string>[] = [];
    page.page.on('response', (response) => { if (/\/api\/chats/.test(response.url())) answers.push(response.text().catch(() => '')); });
    for (const words of [
      'my groups', 'live zephyr', 'show zephyr', 'edit zephyr', 'flow zephyr', 'walk zephyr', 'managers zephyr', 'agents of zephyr', 'priority 1 for zephyr', 'pick longest waiting in zephyr',
      'move longest waiting in zephyr to aurora', 'move longest waiting in aurora to zephyr', `pause ${other.user} 5 minutes`, `sign ${other.user} in to zephyr`, 'business hours', 'holidays', 'queues', 'agent groups', 'trunks', 'settings', 'agents', 'undo',
      'edit aurora', 'flow aurora', 'live aurora', 'agents of aurora', 'managers aurora',
    ]) {
      const count = await page.messages.count();
      await page.send(words);
      await eventually(`an answer to “${words}”`, async () => {
        // What was sent a moment before may still be on its way; then the words stay in the box.
        if (await page.page.locator('#compose').inputValue() !== '') await page.page.locator('#compose').press('Enter');
        return await page.messages.count() >= count + 2;
      });
    }
    await chat.picture(page, '10-rights');
    expect(await page.text()).not.toMatch(secrets);
    expect((await Promise.all(answers)).join('\n')).not.toMatch(secrets);

    const person = { ...ines, locale: 'en-US' };
    const everything = {
      groupId: theirs.id, id: theirs.id, agentId: other.id, agentGroupId: agentGroup?.id, callId: waits?.callId, queueId: queue?.id, priority: 1, to: 'aurora', into: true, onDuty: true, minutes: '5', reason: '', name: 'Ines', personId: ines.personId,
      known: '', groupName: '', at: '', attempt: 1, step: 'start', search: '', group: 'zephyr', requestId: 'forged-request-1', entryId: `main:${before}`, audioId: 'a'.repeat(64), fileName: 'a.wav', durationMs: 100, place: 'workflow:welcome',
    };
    const kinds = [['workflow', theirs.id], ['queue', queue?.id], ['agentGroup', agentGroup?.id], ['businessHours', businessHoursId], ['agent', other.id]] as const;
    for (const verb of BOT_VERBS) {
      for (const [kind, id] of /^object/.test(verb) ? kinds : [['queue', theirs.id]] as const) {
        const activity = execute({ person, chat: { id: `a:${ines.personId}`, kind: 'personal' }, serviceUrl: `${chat.front.url}/`, now: new Date() }, 'forged', { verb, data: { ...everything, kind, id } }, 'manual');
        const response = await fetch(chat.front.botUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(activity) });
        expect({ verb, kind, text: await response.text() }).toEqual({ verb, kind, text: expect.not.stringMatching(secrets) as string });
      }
    }

    const acting = { kind: 'person', personId: ines.personId, name: ines.name, administrator: false } as const;
    const refusals = [
      await system.administration.perform(acting, 'queue.change', { id: own?.id ?? '', version: own?.version ?? 0, changes: { overflowThreshold: 1, overflowAction: { kind: 'queue', queueId: queue?.id ?? '' } } }),
      await system.administration.perform(acting, 'queue.change', { id: own?.id ?? '', version: own?.version ?? 0, changes: { agentGroupIds: [agentGroup?.id ?? ''] } }),
      await system.administration.perform(acting, 'workflow.change', { id: mine.id, version: 1, changes: { businessHoursId } }),
      await system.administration.perform(acting, 'group.change', { id: theirs.id, versions: { workflow: 1, queue: 1, agentGroup: 1 }, changes: { active: false } }),
      await system.administration.perform(acting, 'change.undo', { entryId: `main:${before}` }),
    ];
    expect(refusals.map(({ ok }) => ok)).toEqual(refusals.map(() => false));
    expect(JSON.stringify(refusals)).not.toMatch(secrets);
    expect(await chat.lastChange()).toBe(before);
    expect((await chat.waiting(theirs.id, 1)).callers[0]).toMatchObject({ callId: waits?.callId, priority: 3, queueId: queue?.id });
    await caller.hangUp(leg);
  });
});
