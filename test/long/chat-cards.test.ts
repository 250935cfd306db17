// Every card in every language in Chromium: nothing is cut off or wider than the chat, no place is left unfilled; pictures for whoever looks at them.
// PICTURES=folder npx jest --testPathIgnorePatterns /node_modules/ --testPathPatterns test/long/chat-cards
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { staticFile } from '../../bot/local-teams/static-files';
import { LANGUAGES } from '../../cards/words';
import { startBotWorld } from '../support/bot-world';
import { TestBrowser } from '../support/browser';
import { everyCard } from '../support/every-card';
import { describeWith } from '../support/needs';

const PICTURES = process.env['PICTURES'];
// Pictures take most of the time.
jest.setTimeout(PICTURES === undefined ? 180_000 : 1_200_000);
/** As wide as a message in the chat beside a narrow list. */
const WIDTH = 480;
/** How readers have set their screens. */
const LOOKS = { light: { colorScheme: 'light', forcedColors: 'none' }, dark: { colorScheme: 'dark', forcedColors: 'none' }, contrast: { colorScheme: 'dark', forcedColors: 'active' } } as const;
const LOCALES: Readonly<Record<(typeof LANGUAGES)[number], string>> = { en: 'en-GB', de: 'de-DE', fr: 'fr-FR', es: 'es-ES', it: 'it-IT' };

/** The page's own scripts and looks, and nothing else. */
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/style.css"><link rel="stylesheet" href="/cards.css">
<script src="/library/adaptivecards.js"></script><script src="/library/markdown-it.js"></script>
<body style="display:block;overflow:auto;height:auto"><div id="cards" style="display:grid;grid-template-columns:minmax(0,1fr);width:${WIDTH}px;padding:8px"></div>
<script type="module">import { renderCard } from '/cards.js'; window.show = (card) => { const { element, broken } = renderCard(card, () => undefined); document.querySelector('#cards').replaceChildren(element); return broken; };</script>`;

describeWith(['chromium'], 'every card', () => {
  let server: Server;
  let browser: TestBrowser;
  let page: Page;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const file = staticFile(request.url ?? '');
      const found = request.url === '/' ? { bytes: Buffer.from(PAGE), type: 'text/html; charset=utf-8' } : file;
      response.statusCode = found ? 200 : 404;
      response.setHeader('content-type', found?.type ?? 'text/plain');
      response.end(found?.bytes ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await TestBrowser.start();
    page = await browser.at(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.setViewportSize({ width: WIDTH + 20, height: 900 });
    await page.waitForFunction('typeof window.show === "function"');
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test.each(LANGUAGES)('in %s is shown whole', async (language) => {
    const world = await startBotWorld();
    const wrong: unknown[] = [];
    try {
      const cards = await everyCard(world, LOCALES[language]);
      if (PICTURES !== undefined) for (const look of Object.keys(LOOKS)) mkdirSync(join(PICTURES, look, language), { recursive: true });
      for (const [name, card] of cards) {
        const broken = await page.evaluate('((card) => window.show(card))(' + JSON.stringify(card) + ')');
        const text = await page.locator('#cards').innerText();
        const wide = await page.evaluate<string[]>(`[...document.querySelectorAll('#cards *')].filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && getComputedStyle(one).display !== 'inline' && !['INPUT', 'TEXTAREA', 'SELECT'].includes(one.tagName)).map((one) => one.innerText.slice(0, 60))`);
        if (broken === true || wide.length > 0 || /\$\{|\{\{|undefined|\[object/.test(text.replace(/\{\{(?:DATE|TIME)\([^)]*\)\}\}/g, ''))) wrong.push({ name, broken, wide, text: text.slice(0, 200) });
        if (PICTURES === undefined) continue;
        writeFileSync(join(PICTURES, 'light', language, `${name}.txt`), text);
        for (const [look, media] of Object.entries(LOOKS)) {
          await page.emulateMedia(media);
          // The colours of a card are chosen when it is drawn.
          await page.evaluate('((card) => window.show(card))(' + JSON.stringify(card) + ')');
          await page.locator('#cards').screenshot({ path: join(PICTURES, look, language, `${name}.png`) });
        }
      }
      expect(cards.length).toBeGreaterThan(50);
    } finally {
      await world.stop();
    }
    expect(wrong).toEqual([]);
  });
});
