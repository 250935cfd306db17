// Talking to the bot where others read along: every command, in two languages, in a group chat and a channel, shows only what everyone there may see.
import { wordsFor } from '../../../cards/words';
import { PHRASES_OF } from '../../../bot/phrases';
import { startBotWorld, textOf, type BotWorld } from '../../support/bot-world';

let world: BotWorld;
beforeAll(async () => { world = await startBotWorld(); });
afterAll(async () => { await world.stop(); });

const FILLED: Readonly<Record<string, string>> = { group: 'help desk', to: 'sales', name: 'alice', priority: '1', words: '10', search: '' };
const phrase = (text: string): string => text.replace(/\{(\w+)\}/g, (_slot, name: string) => FILLED[name] ?? '').trim();

async function said(text: string, locale: string, conversationType: 'groupChat' | 'channel'): Promise<{ readonly text: string; readonly card: Record<string, unknown> }> {
  const before = world.connector.sent.length;
  const activity = world.activity('ada', {
    type: 'message', locale, text: `<at>Response Group</at> ${text}`, entities: [{ type: 'mention', text: '<at>Response Group</at>', mentioned: { id: '28:bot', name: 'Response Group' } }],
    conversation: { id: '19:everybody', conversationType, isGroup: true, tenantId: 't' },
  }, true);
  expect((await world.post(activity)).status).toBe(200);
  const card = world.connector.sent.slice(before).find((sent) => sent.method === 'POST')?.card as Record<string, unknown> | undefined;
  if (card === undefined) throw new Error('The bot sent no card.');
  return { text: textOf(card), card };
}

describe.each([['de', 'de-DE', 'groupChat'], ['fr', 'fr-FR', 'channel']] as const)('an administrator in %s (%s), in a %s', (language, locale, conversationType) => {
  const say = wordsFor(locale);
  const commands = Object.entries(PHRASES_OF[language]).filter(([command]) => command !== 'live').map(([command, [first = '']]) => [command, phrase(first)] as const);

  it.each(commands)('%s (“%s”) is answered with where to ask, and nothing else', async (_command, text) => {
    const performed = world.administration.performed.length;
    expect((await said(text, locale, conversationType)).text).toBe([say('help.title'), say('error.personal')].join('\n'));
    expect(world.administration.performed.length).toBe(performed);
  });

  it('a live group shows a card that anyone there may read, and each their own by refresh', async () => {
    const { text, card } = await said(phrase(PHRASES_OF[language].live?.[0] ?? ''), locale, conversationType);
    expect(text.split('\n')).toEqual(expect.arrayContaining([say('live.sharedTitle'), say('live.sharedBody')]));
    expect(text).not.toMatch(/Help Desk|Alice|\+44/);
    expect(card['refresh']).toBeDefined();
  });
});
