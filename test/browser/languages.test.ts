// People whose Teams is in another language, in Chromium against the real bot: every card in their words, on light, dark and high contrast.
import { GROUP_CHAT_ID } from '../../bot/local-teams/accounts';
import { type ChatPage, type Look } from '../support/browser';
import { ChatBrowser } from '../support/chat-browser';
import { ADA, ALICE, BOB, CARLA, MAX, OPERATOR } from '../support/chat-system';
import { describeWith } from '../support/needs';

jest.setTimeout(120_000);
const LOCALES: Readonly<Record<string, string>> = { [ADA]: 'de-AT', [MAX]: 'fr-FR', [ALICE]: 'es-MX', [BOB]: 'it-IT', [CARLA]: 'pt-BR' };
/** Right to left, with an override, an emoji, Markdown, and as long as a name may be. */
const HOSTILE = `\u202eשלום [x](https://evil.example) **b** 👩‍💻 ${'ابجد '.repeat(30)}`.slice(0, 128).trim();

describeWith(['chromium'], 'chat in five languages', () => {
  const chat = new ChatBrowser({
    locale: (personId) => LOCALES[personId] ?? 'en-US', look: { height: 1_400 },
    prepared: async (system) => {
      const agents = await system.administration.agents(OPERATOR);
      if (!agents.ok) throw new Error(agents.message);
      const bob = agents.value.find((one) => one.name.startsWith('Bob'));
      if (!bob) throw new Error('Bob is no agent.');
      const renamed = await system.administration.perform(OPERATOR, 'agent.change', { id: bob.id, version: bob.detail?.version ?? 0, changes: { name: HOSTILE } });
      if (!renamed.ok) throw new Error(renamed.message);
      const id = await system.groupId('Help Desk');
      const now = Date.now();
      await system.engineIs(1_000);
      await system.live({ _id: id, callers: [], agents: [{ agentId: bob.id, activity: 'free', since: new Date(now), callId: null } as never] });
    },
  });
  const as = (personId: string, look: Look = {}, chatId?: string): Promise<ChatPage> => chat.as(personId, look, chatId);
  const picture = (page: ChatPage, name: string): Promise<void> => chat.picture(page, name);

  it.each([
    [ADA, 'de', 'hilfe', 'Sie sind Administrator.', 'help desk bearbeiten', 'Benachrichtigungszeit (Sekunden)'],
    [MAX, 'fr', 'aide', 'Vous gérez', 'modifier help desk', 'Durée de l’alerte (secondes)'],
    [ALICE, 'es', 'ayuda', 'Atiendes las llamadas de', 'mi servicio', 'Mi servicio'],
    [BOB, 'it', 'aiuto', 'Rispondi alle chiamate di', 'il mio telefono', 'Il mio telefono'],
    [CARLA, 'en', 'help', 'Press a line below, or type its words.', 'who am I', 'Directory object id'],
  ])('%s reads %s', async (personId, language, ask, words, next, label) => {
    const page = await as(personId);
    await page.send(ask);
    await page.waitForText(words, page.messages.last());
    await picture(page, `${language}-help`);
    await page.send(next);
    await page.waitForText(label, page.messages.last());
    await picture(page, `${language}-next`);
    expect((await page.text()).includes('${')).toBe(false);
  });

  it.each<[string, Look]>([['light', {}], ['dark', { dark: true }], ['high-contrast', { highContrast: true, dark: true }]])('a name that is hostile stays a name, on %s', async (name, look) => {
    const page = await as(ADA, look);
    await page.send('help desk bearbeiten');
    await page.waitForText('Agenten in Reihenfolge', page.messages.last());
    await picture(page, `${name}-form`);
    await page.send('agenten von help desk');
    await page.waitForText('Wer Anrufe annimmt und was gerade geschieht.', page.messages.last());
    await picture(page, `${name}-team`);
    await page.send('agenten');
    await page.waitForText('Neuer Agent', page.messages.last());
    await picture(page, `${name}-agents`);
    await page.send('ablauf help desk');
    await page.waitForText('Alles, was einem Anruf an diese Gruppe begegnen kann.', page.messages.last());
    await picture(page, `${name}-flow`);
    await page.send('zeige help desk');
    await page.waitForText('Letzte Änderung', page.messages.last());
    await picture(page, `${name}-group`);
    expect(await page.page.locator('a[href*="evil.example"]').count()).toBe(0);
  });

  it('in a group chat each is answered in their own language, and only with what everyone there may see', async () => {
    const ada = await as(ADA, {}, GROUP_CHAT_ID);
    await ada.send('@Response Group meine gruppen');
    await ada.waitForText('Das betrifft nur Sie, deshalb antworte ich in unserem eigenen Chat.');
    const max = await as(MAX, {}, GROUP_CHAT_ID);
    await max.send('@Response Group direct help desk');
    await max.waitForText('En direct');
    await picture(max, 'fr-shared');
    const carla = await as(CARLA, {}, GROUP_CHAT_ID);
    await carla.waitForText('direct help desk');
    await picture(carla, 'pt-shared');
  });
});
