// Chat before a whole running system: people in browsers, agents who are among them, groups that one of them manages, and what callers are told.
import { join } from 'node:path';
import { type Locator } from 'playwright-core';
import { WaveFile } from 'wavefile';
import { type WorkflowView } from '../../storage/administration/views';
import { SAMPLE_PEOPLE } from '../../storage/administration/sample';
import { type VerbInput } from '../../storage/administration/verbs';
import { readAudio } from '../../storage/audio';
import { type LiveGroup } from '../../storage/model/live';
import { TestBrowser, type ChatPage } from './browser';
import { MAX, OPERATOR, startChatFront, type ChatFront } from './chat-system';
import { type Phone } from './phone';
import { correlation, type RtpPeer } from './rtp-peer';
import { Scene } from './scene';
import { eventually, type TestAgent } from './system';

/** Pictures to look at; kept only where a person asks for them. */
const PICTURES = process.env['PICTURES'];
const MANAGER = { personId: MAX, name: 'Max Reuter' };
/** Agents of one test each, so that what becomes of one is nobody else's. */
const CAST = ['Nora Weiss', 'Omar Haddad', 'Petra Novak', 'Quentin Roy', 'Rosa Lind', 'Sami Aalto', 'Tess Young', 'Umar Sayed', 'Vera Costa', 'Will Grant', 'Xenia Katz', 'Yann Petit', 'Zoe Marsh', 'Ivy Stone']
  .map((name, index) => ({ personId: `7c000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`, name, role: 'agent' }));

export interface ChatGroup { readonly id: string; readonly user: string; readonly name: string }

/** Made at the top of a description: everything runs from its first test to its last. A page that complained fails its test. */
export class ChatScene {
  readonly scene = new Scene();
  private running: { readonly front: ChatFront; readonly browser: TestBrowser } | null = null;
  private readonly pages: ChatPage[] = [];
  private cast = 0;

  constructor() {
    beforeAll(async () => {
      const front = await startChatFront(this.scene.system, [...SAMPLE_PEOPLE, ...CAST]);
      this.running = { front, browser: await TestBrowser.start() };
    }, 600_000);
    afterAll(async () => {
      await this.running?.browser.close();
      await this.running?.front.stop();
    });
    afterEach(async () => {
      const complaints = this.pages.flatMap((page) => page.complaints);
      await Promise.all(this.pages.splice(0).map((page) => page.close()));
      expect(complaints).toEqual([]);
    });
  }

  get front(): ChatFront {
    if (this.running === null) throw new Error('The chat does not run yet.');
    return this.running.front;
  }

  async as(personId: string): Promise<ChatPage> {
    if (this.running === null) throw new Error('The chat does not run yet.');
    const page = await this.running.browser.as(this.front.url, personId, { height: 1_000 });
    this.pages.push(page);
    return page;
  }

  /** The same, once the bot can write to this person. */
  async knownTo(personId: string): Promise<ChatPage> {
    const page = await this.as(personId);
    await page.send('help');
    await page.waitForText(/^Hello /, page.message());
    return page;
  }

  async picture(page: ChatPage, name: string): Promise<void> {
    if (PICTURES !== undefined) await page.screenshot(join(PICTURES, `${name}.png`));
  }

  /** Somebody on the page who is nothing yet. */
  person(): (typeof CAST)[number] {
    const person = CAST[this.cast++];
    if (!person) throw new Error('The cast is too small for these tests.');
    return person;
  }

  /** An agent on duty who is one of the people on the page. */
  async agent(): Promise<TestAgent> {
    const { name, personId } = this.person();
    const user = (name.split(' ')[0] ?? '').toLowerCase();
    const { id } = (await this.scene.system.perform('agent.create', { name, sipUser: user, personId, onDuty: true })).value;
    const { password } = (await this.scene.system.perform('agent.resetPassword', { agentId: id })).value;
    return { id, user, name, personId, password: password ?? '' };
  }

  /** A group that Max manages, unless told otherwise. */
  async group(displayName: string, agents: readonly TestAgent[], form: Partial<VerbInput<'group.create'>> = {}): Promise<ChatGroup> {
    const user = displayName.toLowerCase().replaceAll(' ', '-');
    const { id } = (await this.scene.system.perform('group.create', { displayName, sipUser: user, active: true, managed: true, managers: [MANAGER], agentIds: agents.map((one) => one.id), ...form })).value;
    return { id, user, name: displayName };
  }

  /** Everything a group leads to. */
  async flowOf(id: string): Promise<WorkflowView> {
    const found = await this.scene.system.administration.workflow(OPERATOR, id);
    if (!found.ok) throw new Error(found.message);
    return found.value;
  }

  /** Which change was the last. */
  async lastChange(): Promise<number> {
    const history = await this.scene.system.administration.history(OPERATOR, { limit: 1 });
    if (!history.ok) throw new Error(history.message);
    return history.value[0]?.sequence ?? 0;
  }

  /** The engine obeys everything that was done so far. */
  async settled(): Promise<void> {
    await this.scene.system.inForce(await this.lastChange());
  }

  /** Resolves when these words were heard in the voice of the engine. */
  async untilSaid(sound: RtpPeer, text: string): Promise<void> {
    const { administration, connection } = this.scene.system;
    const answer = await administration.ask(OPERATOR, { kind: 'renderPrompt', text, language: 'en-US' });
    if (!answer.ok || answer.value.kind !== 'done' || answer.value.audioId === undefined) throw new Error(`“${text}” was not rendered: ${JSON.stringify(answer)}`);
    const wav = new WaveFile((await readAudio(connection.db, answer.value.audioId)) ?? Buffer.alloc(0));
    wav.toSampleRate(8_000);
    const samples = Int16Array.from(wav.getSamples(false, Int16Array as never) as unknown as ArrayLike<number>);
    const start = samples.findIndex((sample) => Math.abs(sample) > 2_000);
    const wanted = samples.subarray(start, start + 3_000);
    await eventually(`“${text}” to be heard`, () => Promise.resolve(sound.heard.length > 50 && correlation(sound.samples(), wanted).value > 0.8));
  }

  waiting(id: string, count: number): Promise<LiveGroup> {
    return this.scene.system.live(id, `${count} callers to wait`, (live) => live.callers.filter(({ state }) => state === 'waiting').length === count);
  }
}

/** The row of the newest call flow card that is about this. */
export const row = (page: ChatPage, name: string): Locator => page.message().getByText(name, { exact: true }).locator('xpath=ancestor::*[.//button][1]');

/** Whether this phone was rung at all. */
export const ringing = (phone: Phone): boolean => phone.received.some(({ method }) => method === 'INVITE');
