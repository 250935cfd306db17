// The whole call flow in chat with real calls beside it, every process as it is: what people do on cards is what callers and phones meet.
import { WaveFile } from 'wavefile';
import { ADA, MAX } from '../support/chat-system';
import { ChatScene, ringing, row } from '../support/chat-scene';
import { describeWith } from '../support/needs';
import { Phone } from '../support/phone';
import { hungUpOn, pickUp } from '../support/scene';
import { toneWav } from '../support/wav';

jest.setTimeout(180_000);

describeWith(['chromium'], 'chat and calls through the whole call flow', () => {
  const chat = new ChatScene();

  test('a manager sets hours that are closed now: the next caller hears the closed message and is ended; after undo the next one waits', async () => {
    const { id, user } = await chat.group('Front Desk', [await chat.agent()]);
    const max = await chat.as(MAX);
    await max.send('flow front desk');
    await max.waitForText('Everything a call to this group can meet.');
    await max.press('New business hours', max.message());
    await max.fill('Name', 'Never open', max.message());
    for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) await max.fill(day, '', max.message());
    await chat.picture(max, '01-hours-form');
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await chat.picture(max, '01-hours-made');
    await max.press('Edit', row(max, 'At first'));
    await max.choose('Open during', 'Never open', max.message());
    await max.message().getByLabel('Said before (empty: nothing)').first().fill('We are closed today. Please call tomorrow.');
    await chat.picture(max, '01-workflow-form');
    await max.press('Save', max.message());
    await max.waitForText(/^Saved\./, max.message());
    await chat.picture(max, '01-flow-closed');
    await chat.settled();
    const closed = await chat.scene.audibleCall(user);
    await Promise.all([chat.untilSaid(closed.sound, 'We are closed today. Please call tomorrow.'), hungUpOn(closed.phone)]);
    expect(await chat.scene.system.record(id, ({ outcome }) => outcome === 'closed')).toMatchObject({ endedBy: 'system', offers: [] });

    await max.send('undo');
    await max.waitForText('Take back your last edit?');
    await chat.picture(max, '01-undo');
    await max.press('Undo', max.message());
    await max.waitForText('Taken back', max.message());
    await chat.settled();
    const { phone, leg } = await chat.scene.call(user);
    await chat.waiting(id, 1);
    await phone.hangUp(leg);
    await chat.scene.system.record(id, ({ outcome }) => outcome === 'abandoned');
  });

  test('a menu made in chat is walked on the card; a caller who presses 2 reaches the right phone, and the card tells what was answered until the call ends', async () => {
    const [orders, repairs] = [await chat.agent(), await chat.agent()];
    const { id, user } = await chat.group('Menu Line', [orders]);
    const max = await chat.as(MAX);
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
    await chat.picture(max, '02-queue-form');
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    await max.press('New question', max.message());
    await max.fill('Name', 'Department', max.message());
    await max.fill('What is asked', 'For orders press one. For repairs press two.', max.message());
    await max.fill('Answers', '1 Orders -> queue menu-line\n2 Repairs -> queue Repairs', max.message());
    await chat.picture(max, '02-question-form');
    await max.press('Create', max.message());
    await max.waitForText('Everything a call to this group can meet.', max.message());
    // What kind of group it is stays with administrators.
    await max.press('Edit', row(max, 'At first'));
    await max.waitForText(/What callers dial and meet first/, max.message());
    expect(await max.message().getByLabel('Then').last().locator('option', { hasText: '?' }).count()).toBe(0);
    const ada = await chat.as(ADA);
    await ada.send('flow menu line');
    await ada.waitForText('Everything a call to this group can meet.');
    await ada.press('Edit', row(ada, 'At first'));
    await ada.choose('Then', '? Department', ada.message());
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await max.press('Cancel', max.message());
    await max.waitForText(/Then: question Department/, max.message());
    await chat.picture(max, '02-flow');
    await max.press('Walk through it', max.message());
    await max.waitForText(/For repairs press two/, max.message());
    await chat.picture(max, '02-walk');
    await max.press('Press 2', max.message());
    await max.waitForText('The call goes to: queue Repairs', max.message());
    await chat.picture(max, '02-walked');
    await chat.settled();

    const [ordersPhone, repairsPhone] = [await chat.scene.open(chat.scene.system.phone(orders)), await chat.scene.open(chat.scene.system.phone(repairs))];
    const page = await chat.knownTo(repairs.personId);
    const { phone, leg, sound } = await chat.scene.audibleCall(user);
    await sound.until((heard) => heard.length > 0, 'the question');
    sound.press('2');
    const invite = await repairsPhone.request('INVITE');
    repairsPhone.respond(invite, 180, 'Ringing');
    await page.waitForText('Your phone is ringing.', page.message());
    await page.waitForText('Call for Menu Line', page.message());
    const told = await page.message().innerText();
    expect(told).toMatch(/Department\s+Repairs/);
    expect(told).toMatch(/Waited\s+0:0\d/);
    await chat.picture(page, '02-card-ringing');
    repairsPhone.respond(invite, 200, 'OK', (await chat.scene.sound()).sdp());
    await repairsPhone.request('ACK');
    await page.waitForText(/You took this call at/, page.message());
    await chat.picture(page, '02-card-talking');
    await phone.hangUp(leg);
    await hungUpOn(repairsPhone);
    await page.waitForText(/The call ended at/, page.message());
    await chat.picture(page, '02-card-ended');
    expect(await page.messages.filter({ hasText: 'Call for Menu Line' }).count()).toBe(1);
    expect(ringing(ordersPhone)).toBe(false);
    expect(await chat.scene.system.record(id)).toMatchObject({ outcome: 'answered', agentId: repairs.id, answers: [{ question: 'Department', answer: 'Repairs' }] });
  });

  test('a WAV file sent to the chat becomes the welcome that callers hear; files of other kinds are refused with the reason and change nothing', async () => {
    const { id, user, name } = await chat.group('Tone Line', [await chat.agent()]);
    const max = await chat.as(MAX);
    const send = (fileName: string, buffer: Buffer): Promise<void> => max.page.locator('#file').setInputFiles({ name: fileName, mimeType: 'audio/wav', buffer });
    await send('welcome.wav', toneWav(700, 3_000, 44_100));
    await max.waitForText('Looks good: 0:03 long.');
    await max.message().locator('select').selectOption({ label: name });
    await max.press('Next', max.message());
    await max.waitForText(`Where in ${name}`, max.message());
    await max.choose(`Where in ${name}`, 'Welcome', max.message());
    await max.press('Put in place', max.message());
    await max.waitForText('welcome.wav is in place.', max.message());
    await chat.picture(max, '03-in-place');
    const placed = (await chat.flowOf(id)).workflow.welcome?.audio;
    expect(placed).toMatchObject({ fileName: 'welcome.wav' });
    await chat.settled();
    const { phone, leg, sound } = await chat.scene.audibleCall(user);
    await sound.untilTone(700, 400);
    await phone.hangUp(leg);

    const before = await chat.lastChange();
    const float = new WaveFile();
    float.fromScratch(1, 8_000, '32f', Float32Array.from({ length: 8_000 }, (_, index) => Math.sin(index / 3)));
    const mp3 = Buffer.concat(Array.from({ length: 40 }, () => Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)])));
    const refused: readonly (readonly [string, Buffer, RegExp])[] = [
      ['renamed.wav', mp3, /MP3/], ['long.wav', toneWav(700, 60_000, 44_100), /4 MB/], ['float.wav', Buffer.from(float.toBuffer()), /32.bit|float/i],
    ];
    for (const [fileName, bytes, reason] of refused) {
      await send(fileName, bytes);
      await max.waitForText(`${fileName} cannot be used`, max.message());
      await chat.picture(max, `03-refused-${fileName}`);
      expect((await max.message().innerText()).replace(/A recording is a WAV file.*/, '')).toMatch(reason);
    }
    expect(await chat.lastChange()).toBe(before);
    expect((await chat.flowOf(id)).workflow.welcome?.audio).toEqual(placed);
  });

  test('attendant: an agent picks a waiting caller on a card and is rung; another who picks the same is told that it is taken', async () => {
    const [one, other] = [await chat.agent(), await chat.agent()];
    const { id, user } = await chat.group('Reception', [one, other], { routingMethod: 'attendant' });
    const [onePhone, otherPhone] = [await chat.scene.open(chat.scene.system.phone(one)), await chat.scene.open(chat.scene.system.phone(other))];
    const { phone, leg } = await chat.scene.call(user);
    await chat.waiting(id, 1);
    const [onePage, otherPage] = [await chat.as(one.personId), await chat.as(other.personId)];
    for (const page of [onePage, otherPage]) {
      await page.send('my duty');
      await page.waitForText('Callers you may pick', page.message());
    }
    await chat.picture(onePage, '04-duty');
    expect([onePhone, otherPhone].some(ringing)).toBe(false);
    await onePage.press('Pick', onePage.message());
    const invite = await onePhone.request('INVITE');
    onePhone.respond(invite, 180, 'Ringing');
    await otherPage.press('Pick', otherPage.message());
    await otherPage.waitForText(/Someone else/, otherPage.message());
    await chat.picture(otherPage, '04-taken');
    await chat.picture(onePage, '04-picked');
    onePhone.respond(invite, 200, 'OK', (await chat.scene.sound()).sdp());
    await onePhone.request('ACK');
    await chat.scene.talking(id, one);
    await onePage.waitForText(`Talking with ${one.name}`);
    await chat.picture(onePage, '04-talking');
    await phone.hangUp(leg);
    await hungUpOn(onePhone);
    expect(ringing(otherPhone)).toBe(false);
    expect(await chat.scene.system.record(id)).toMatchObject({ outcome: 'answered', agentId: one.id });
  });

  test('a supervisor prefers and moves the longest waiting by words: the live card shows it, and the phone of the other queue rings for that caller first', async () => {
    const helper = await chat.agent();
    const [from, to] = [await chat.group('Sales Line', []), await chat.group('Support Line', [helper])];
    await chat.scene.system.duty(helper.id, false);
    const phone = await chat.scene.open(chat.scene.system.phone(helper));
    const patient = await chat.scene.call(to.user);
    await chat.waiting(to.id, 1);
    const moved = await chat.scene.call(from.user);
    await chat.waiting(from.id, 1);
    const later = await chat.scene.call(from.user);
    await chat.waiting(from.id, 2);
    const [live, max] = [await chat.as(MAX), await chat.as(MAX)];
    await live.send('live sales line');
    await live.waitForText('● Live', live.message());
    await max.send('priority 1 for sales line');
    await max.waitForText(`${moved.phone.user} has priority 1 now.`, max.message());
    await live.waitForText('Priority 1');
    await chat.picture(live, '05-priority');
    await max.send('move longest waiting in sales line to support line');
    await max.waitForText(`${moved.phone.user} waits in Support Line now.`, max.message());
    await chat.picture(max, '05-words');
    await chat.scene.system.duty(helper.id, true);
    const invite = await phone.request('INVITE');
    phone.respond(invite, 180, 'Ringing');
    expect(`${invite.headers.from.name ?? ''} ${invite.headers.from.uri}`).toContain(moved.phone.user);
    await live.waitForText(/^Ringing/);
    await chat.picture(live, '05-ringing');
    phone.respond(invite, 200, 'OK', (await chat.scene.sound()).sdp());
    await phone.request('ACK');
    await chat.scene.talking(from.id, helper);
    await live.waitForText(/^Talking/);
    await moved.phone.hangUp(moved.leg);
    await hungUpOn(phone);
    await later.phone.hangUp(later.leg);
    expect(await chat.scene.system.record(from.id, ({ outcome }) => outcome === 'answered')).toMatchObject({ agentId: helper.id, priority: 1, steps: [{ why: 'moved' }] });
    await pickUp(phone);
    await patient.phone.hangUp(patient.leg);
    await hungUpOn(phone);
  });

  test('a pause by words, by card and by a supervisor, each with the next call not rung; three unanswered offers pause the agent, who is told', async () => {
    const one = await chat.agent();
    const { id, user } = await chat.group('Pause Line', [one], { autoPauseAfter: 3, alertTimeSeconds: 10 });
    const phone = await chat.scene.open(chat.scene.system.phone(one));
    const [page, max] = [await chat.knownTo(one.personId), await chat.as(MAX)];
    let offers = 0;
    /** A caller waits and nobody is rung until `resume` was done. */
    const notRungUntil = async (resume: () => Promise<void>): Promise<void> => {
      await chat.settled();
      const { phone: caller, leg } = await chat.scene.call(user);
      await chat.scene.system.live(id, 'the caller to wait for a paused agent', (live) => live.callers[0]?.state === 'waiting' && live.agents[0]?.activity === 'paused');
      expect(phone.received.filter(({ method }) => method === 'INVITE').length).toBe(offers);
      await resume();
      await pickUp(phone);
      offers += 1;
      await caller.hangUp(leg);
      await hungUpOn(phone);
      await chat.scene.system.live(id, 'nobody to call', ({ callers }) => callers.length === 0);
    };
    await page.send('pause 1 minute Lunch');
    await page.waitForText('Done: you are paused.', page.message());
    await page.waitForText(/Paused until .*: Lunch/, page.message());
    await chat.picture(page, '06-paused-words');
    await notRungUntil(async () => {
      await page.send('resume');
      await page.waitForText('Done: callers reach you again.', page.message());
    });

    await page.send('my duty');
    await page.press('Pause…', page.message());
    await page.choose('For how long', '1 minute', page.message());
    await page.fill(/Reason/, 'Meeting', page.message());
    await chat.picture(page, '06-pause-form');
    await page.press('Pause', page.message());
    await page.waitForText(/Paused until .*: Meeting/, page.message());
    await notRungUntil(async () => {
      await page.press('Resume', page.message());
      await page.waitForText('Done: callers reach you again.', page.message());
    });

    await max.send(`pause ${one.name.split(' ')[0]} 10 minutes Training`);
    await max.waitForText(new RegExp(`Done: ${one.name} is told`), max.message());
    await page.waitForText('Max Reuter paused you', page.message());
    await chat.picture(page, '06-told');
    await notRungUntil(async () => {
      await max.send(`resume ${one.name.split(' ')[0]}`);
      await page.waitForText('Max Reuter ended your pause');
    });

    const { phone: caller, leg } = await chat.scene.call(user);
    for (const _time of [1, 2, 3]) {
      const invite = await phone.request('INVITE');
      phone.respond(invite, 180, 'Ringing');
      phone.respond(await phone.request('CANCEL'), 200, 'OK');
      phone.respond(invite, 487, 'Request Terminated');
      await phone.request('ACK');
    }
    await page.waitForText('You are paused');
    await page.waitForText(/callers now go to others/);
    await chat.picture(page, '06-unanswered');
    expect((await chat.scene.system.duties(one.id, (duty) => duty.pause !== null)).pause).toMatchObject({ by: 'unanswered' });
    await caller.hangUp(leg);
  });

  test('formal: an agent signs in by card and is rung, signs out and is not; the caller then meets the action for when nobody is signed in', async () => {
    const one = await chat.agent();
    const { id, user, name } = await chat.group('Formal Line', [one], { participation: 'formal' });
    const [queue] = (await chat.flowOf(id)).queues;
    if (!queue) throw new Error('The group has no queue.');
    await chat.scene.system.perform('queue.change', { id: queue.id, version: queue.version, changes: { noAgentsAction: { kind: 'disconnect', prompt: { text: 'Nobody is here right now.', audio: null } } } });
    const phone = await chat.scene.open(chat.scene.system.phone(one));
    const page = await chat.as(one.personId);
    await page.send('my duty');
    await page.waitForText('Groups you sign in to', page.message());
    await chat.picture(page, '07-duty');
    await page.press('Sign in', page.message());
    await page.waitForText('Done: you are signed in.', page.message());
    await chat.picture(page, '07-signed-in');
    await chat.settled();
    const { phone: caller, leg } = await chat.scene.call(user);
    await pickUp(phone);
    await chat.scene.talking(id, one);
    await caller.hangUp(leg);
    await hungUpOn(phone);
    await page.send(`sign out of ${name.toLowerCase()}`);
    await page.waitForText('Done: you are signed out.', page.message());
    await chat.settled();
    const turnedAway = await chat.scene.audibleCall(user);
    await Promise.all([chat.untilSaid(turnedAway.sound, 'Nobody is here right now.'), hungUpOn(turnedAway.phone)]);
    expect(phone.received.filter(({ method }) => method === 'INVITE').length).toBe(1);
    expect(await chat.scene.system.record(id, ({ outcome }) => outcome === 'noAgents')).toMatchObject({ endedBy: 'system', offers: [] });
  });

  test('a trunk and a number policy made in chat: a number outside is refused on the form and named, one inside is reached through the trunk', async () => {
    const { id, user } = await chat.group('Outside Line', [], { managed: false, managers: [] });
    const peer = await chat.scene.open(Phone.open('carrier', chat.scene.system.sip, 0, '127.0.2.1'));
    const ada = await chat.as(ADA);
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
    await chat.picture(ada, '08-trunk-form');
    await ada.press('Create', ada.message());
    await ada.waitForText('Carrier', ada.message());
    await chat.picture(ada, '08-trunks');
    await ada.send('flow outside line');
    await ada.waitForText('Everything a call to this group can meet.', ada.message());
    await ada.message().getByText('Queues', { exact: true }).locator('xpath=following::button[normalize-space()="Edit"][1]').click();
    await ada.waitForText(/Where callers wait/, ada.message());
    const overflow = ada.message().locator('select').nth(2);
    await ada.message().getByLabel('Overflow threshold (waiting callers)').fill('0');
    await overflow.selectOption({ label: 'A telephone number' });
    await ada.message().getByLabel(/^Which queue/).nth(1).fill('+15551234');
    await ada.press('Save', ada.message());
    await ada.waitForText(/“\+15551234” is not allowed: numbers must begin with/, ada.message());
    await chat.picture(ada, '08-refused');
    expect(await ada.message().getByLabel(/^Which queue/).nth(1).inputValue()).toBe('+15551234');
    await ada.message().getByLabel(/^Which queue/).nth(1).fill('+442071234567');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await chat.picture(ada, '08-flow');
    await chat.settled();
    const { phone, leg, sound } = await chat.scene.audibleCall(user);
    const peerSound = await chat.scene.sound();
    const invite = await peer.request('INVITE');
    expect(invite.uri).toContain('+442071234567');
    peer.respond(invite, 200, 'OK', peerSound.sdp());
    peerSound.follow(invite.content ?? '');
    await peer.request('ACK');
    peerSound.tone(660);
    await sound.untilTone(660);
    await phone.hangUp(leg);
    await hungUpOn(peer);
    expect(await chat.scene.system.record(id)).toMatchObject({ outcome: 'forwarded', steps: [{ why: 'overflowed', to: 'tel:+442071234567' }] });
    await ada.send('trunks');
    await ada.waitForText('SIP peers that numbers outside are reached through', ada.message());
    await ada.press('Delete…', ada.message());
    await ada.press('Delete Carrier', ada.message());
    await ada.waitForText(/is deleted/, ada.message());
    await chat.settled();
  });

  test('an agent’s number given in chat rings beside the phone, and has the call after pressing 1', async () => {
    const mobile = await chat.scene.open(chat.scene.system.trunk());
    const one = await chat.agent();
    const { id, user } = await chat.group('Mobile Line', [one]);
    const ada = await chat.as(ADA);
    await ada.send('settings');
    await ada.message().getByLabel(/Allowed numbers begin with/).fill('+4420');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^(Saved\.|Nothing was different)/, ada.message());
    await ada.send(`agents ${one.name}`);
    await ada.press('Contacts', ada.message());
    await ada.message().getByLabel('Also rung').fill('+442079460000 press 1');
    await chat.picture(ada, '09-contacts');
    await ada.press('Save', ada.message());
    await ada.waitForText(/^Saved\./, ada.message());
    await chat.settled();
    const desk = await chat.scene.open(chat.scene.system.phone(one));
    const mobileSound = await chat.scene.sound();
    const { phone, leg, sound } = await chat.scene.audibleCall(user);
    const [rung, deskRung] = await Promise.all([mobile.phone.request('INVITE'), desk.request('INVITE')]);
    desk.respond(deskRung, 180, 'Ringing');
    const answer = mobile.phone.respond(rung, 200, 'OK', mobileSound.sdp());
    await mobile.phone.request('ACK');
    const mobileLeg = mobile.phone.legOf(rung, answer);
    mobileSound.follow(rung.content ?? '');
    await mobileSound.until((heard) => heard.length > 20, 'the request to press 1');
    expect((await chat.scene.system.live(id, 'the caller', ({ callers }) => callers.length === 1)).callers[0]?.state).toBe('ringing');
    mobileSound.press('1');
    desk.respond(await desk.request('CANCEL'), 200, 'OK');
    desk.respond(deskRung, 487, 'Request Terminated');
    const again = await mobile.phone.next('a re-INVITE', (message) => message.method === 'INVITE' && message.headers['call-id'] === mobileLeg.callId);
    mobile.phone.respond(again, 200, 'OK', mobileSound.sdp());
    mobileSound.follow(again.content ?? '');
    await chat.scene.talking(id, one);
    mobileSound.tone(660);
    await sound.untilTone(660);
    await phone.hangUp(leg);
    await hungUpOn(mobile.phone);
    expect(await chat.scene.system.record(id)).toMatchObject({ outcome: 'answered', agentId: one.id });
  });
});
