// Chat in Chromium before the real bot with the sample organisation: people's pages, closed after each test, which fails where a page complained.
import { join } from 'node:path';
import { TestBrowser, type ChatPage, type Look } from './browser';
import { startChatSystem, type ChatSystem } from './chat-system';

/** Where pictures are kept for whoever wants to look at them. */
const PICTURES = process.env['PICTURES'];

export interface ChatBrowserOptions {
  /** In which language each person's Teams is; English by default. */
  readonly locale?: (personId: string) => string;
  readonly look?: Look;
  /** Before the first test. */
  readonly prepared?: (system: ChatSystem) => Promise<void>;
}

/** Made at the top of a description: everything runs from its first test to its last. */
export class ChatBrowser {
  private running: { readonly system: ChatSystem; readonly browser: TestBrowser } | null = null;
  private readonly open: ChatPage[] = [];

  constructor(private readonly options: ChatBrowserOptions = {}) {
    beforeAll(async () => {
      const system = await startChatSystem(options.locale);
      this.running = { system, browser: await TestBrowser.start() };
      await options.prepared?.(system);
    }, 600_000);
    afterAll(async () => {
      await this.running?.browser.close();
      await this.running?.system.stop();
    });
    afterEach(async () => {
      const complaints = this.open.flatMap((page) => page.complaints);
      await Promise.all(this.open.splice(0).map((page) => page.close()));
      expect(complaints).toEqual([]);
    });
  }

  get system(): ChatSystem { return this.there().system; }
  get browser(): TestBrowser { return this.there().browser; }

  /** The page of one person, in their chat with the bot unless `chatId` names another. */
  async as(personId: string, look: Look = {}, chatId?: string): Promise<ChatPage> {
    const page = await this.browser.as(this.system.url, personId, { ...this.options.look, ...look }, chatId);
    this.open.push(page);
    return page;
  }

  async picture(page: ChatPage, name: string): Promise<void> {
    if (PICTURES !== undefined) await page.screenshot(join(PICTURES, `${name}.png`));
  }

  private there(): NonNullable<typeof this.running> {
    if (this.running === null) throw new Error('The chat does not run yet.');
    return this.running;
  }
}
