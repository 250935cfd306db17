// Opens the chat page in headless Chromium as one person, and acts as a person would: types, presses, reads.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

export const CHROMIUM = '/usr/bin/chromium';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required',
];

export interface Look { readonly dark?: boolean; readonly highContrast?: boolean; readonly width?: number; readonly height?: number }

/** One Chromium for a test file; each person gets a window with storage of its own. */
export class TestBrowser {
  readonly #browser: Browser;
  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    return new TestBrowser(await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS }));
  }

  /** The page of one person, in their chat with the bot unless `chatId` names another. @param url as in LocalTeamsServer.url */
  async as(url: string, personId: string, look: Look = {}, chatId?: string): Promise<ChatPage> {
    const context = await this.#browser.newContext({
      viewport: { width: look.width ?? 1100, height: look.height ?? 800 }, colorScheme: look.dark ? 'dark' : 'light', locale: 'en-US', reducedMotion: 'reduce', forcedColors: look.highContrast === true ? 'active' : 'none',
    });
    const page = await context.newPage();
    const chat = new ChatPage(page, context);
    await page.goto(`${url}/#/as/${encodeURIComponent(personId)}${chatId ? `/chat/${encodeURIComponent(chatId)}` : ''}`);
    await page.locator('#chat-title').filter({ hasText: /./ }).waitFor();
    return chat;
  }

  /** A window at any address, for pages from elsewhere. */
  async at(url: string): Promise<Page> {
    const page = await (await this.#browser.newContext()).newPage();
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** What one person sees and does. Every wait ends as soon as what is awaited is there, or fails after 10 s with what was looked for. */
export class ChatPage {
  /** What the browser complained about: script errors, refused resources, broken security policy. */
  readonly complaints: string[] = [];

  constructor(readonly page: Page, readonly context: BrowserContext) {
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (fault) => this.complaints.push(String(fault)));
    page.on('console', (line) => { if (line.type() === 'error') this.complaints.push(line.text()); });
  }

  get messages(): Locator {
    return this.page.locator('#messages > li');
  }

  /** The newest message whose text holds `text`; the newest of all without. */
  message(text?: string): Locator {
    return (text === undefined ? this.messages : this.messages.filter({ hasText: text })).last();
  }

  /** Types into the message box and sends. */
  async send(text: string): Promise<void> {
    await this.page.locator('#compose').fill(text);
    await this.page.locator('#compose').press('Enter');
  }

  /** Presses a button by its words: the newest one on screen, or in an open dialog. */
  async press(title: string | RegExp, within: Locator = this.#front()): Promise<void> {
    await within.getByRole('button', typeof title === 'string' ? { name: title, exact: true } : { name: title }).last().click();
  }

  /** Types into the newest input of that label, in the newest card or an open dialog. */
  async fill(label: string | RegExp, value: string, within: Locator = this.#front()): Promise<void> {
    await within.getByLabel(label).last().fill(value);
  }

  /** Chooses from a drop-down by its label, by the words of the choice. */
  async choose(label: string | RegExp, choice: string, within: Locator = this.#front()): Promise<void> {
    await within.getByLabel(label).last().selectOption({ label: choice });
  }

  /** What an input of that label holds now. */
  async valueOf(label: string | RegExp, within: Locator = this.#front()): Promise<string> {
    return within.getByLabel(label).last().inputValue();
  }

  /** Resolves when the words are on screen. */
  async waitForText(text: string | RegExp, within: Locator = this.page.locator('body'), limitMs?: number): Promise<void> {
    await within.getByText(text).last().waitFor(limitMs === undefined ? {} : { timeout: limitMs });
  }

  /** Resolves when the words are nowhere on screen. */
  async waitForNoText(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor({ state: 'detached' });
  }

  /** Everything that the chat shows, as text. */
  async text(): Promise<string> {
    return this.page.locator('#messages').innerText();
  }

  async screenshot(path: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  /** An open dialog if there is one, else the messages. */
  #front(): Locator {
    return this.page.locator('dialog[open], body:not(:has(dialog[open])) main').first();
  }
}
