// What is heard and pressed: sounds of every kind, keys by either way, what phones show, and what is made ready ahead.
import fc from 'fast-check';
import { contextHeaders, shownTo } from '../../../engine/calls/offering';
import { heardUnder, PromptsAhead } from '../../../engine/calls/prompts';
import { agent } from '../../../storage/model/agent';
import { poolSettings } from '../../../storage/model/settings';
import { createLog } from '../../../storage/process/log';
import { World } from '../../support/calls-world';
import { Desk } from '../../support/carrier-desk';
import { settle } from '../../support/manual-timers';
import { type Sound } from '../../../engine/core/types';

const audio = (fileName: string) => ({ audioId: Buffer.from(fileName).toString('hex').padEnd(64, '0'), fileName, durationMs: 2_000 });

describe('sounds for the caller', () => {
  const sounds: readonly (readonly [string, Sound, string])[] = [
    ['a text', { kind: 'prompt', prompt: { text: 'hello', audio: null }, language: 'en-US' }, 'hello.wav'],
    ['a recording', { kind: 'prompt', prompt: { text: 'hello', audio: audio('hello-recorded.wav') }, language: 'en-US' }, 'hello-recorded.wav'],
    ['our music', { kind: 'music', audio: null }, 'music.wav'],
    ['music of the workflow', { kind: 'music', audio: audio('jazz.wav') }, 'jazz.wav'],
    ['ringback', { kind: 'ringback' }, 'ringback.wav'],
    ['a place in the queue', { kind: 'announcement', position: 3, waitSeconds: 200, language: 'en-GB' }, 'You are number 3 in the queue. The expected wait is about 4 minutes..wav'],
  ];
  test.each(sounds)('%s: played', async (_what, sound, file) => {
    const desk = new Desk();
    await desk.caller();
    desk.heard();
    await desk.does({ type: 'play', callId: 'c', playId: 'p', sound, repeat: false });
    expect(desk.heard()).toEqual([`play c ${file}`]);
    expect(desk.posted.at(-1)).toEqual({ type: 'playStarted', callId: 'c', playId: 'p', durationMs: 3_000 });
  });

  test('an announcement in a language that no voice speaks: not played, and told so', async () => {
    const desk = new Desk();
    await desk.caller();
    await desk.does({ type: 'play', callId: 'c', playId: 'p', sound: { kind: 'announcement', position: 3, waitSeconds: null, language: 'ja-JP' }, repeat: false });
    expect(desk.posted.at(-1)).toEqual({ type: 'playFailed', callId: 'c', playId: 'p' });
  });

  test('a sound that is ready after the next was asked for: not played any more', async () => {
    const desk = new Desk();
    await desk.caller();
    desk.heard();
    desk.sounds.stall = true;
    await desk.does({ type: 'play', callId: 'c', playId: 'p1', sound: sounds[0]![1], repeat: false });
    await desk.music('c', 'p2');
    await desk.timers.pass(2_000);
    expect(desk.heard()).toEqual(['play c music.wav']);
    expect(desk.events('playFailed', 'playStarted')).toEqual([{ type: 'playStarted', callId: 'c', playId: 'p2', durationMs: null }, { type: 'playFailed', callId: 'c', playId: 'p1' }]);
  });
});

describe('keys', () => {
  const pressed = (desk: Desk): string => desk.events('keyPressed').map((event) => (event.type === 'keyPressed' ? event.key : '')).join('');

  test('one press told both ways: counts once; the same key later: again; another key at once: counts', async () => {
    const desk = new Desk();
    await desk.caller();
    desk.media.press('c', '5');
    await desk.timers.pass(149);
    desk.carrier.keyPressed({ callId: 'c' }, '5');
    await desk.timers.pass(1);
    desk.media.press('c', '5');
    desk.media.press('c', '6');
    expect(pressed(desk)).toBe('556');
  });

  test('of an agent, of nobody, of a call that is over: nothing', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.media.press('c', '1', 'agent');
    desk.carrier.keyPressed({ legId: 'c.1' }, '1');
    desk.media.press('other', '1');
    await desk.does({ type: 'release', callId: 'c' });
    desk.media.press('c', '1');
    expect(pressed(desk)).toBe('');
  });

  test('however presses arrive, none counts twice within 150 ms of the same key, and none of another key is lost', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ key: fc.constantFrom('1', '2'), after: fc.nat(400), info: fc.boolean() }), { maxLength: 20 }), async (presses) => {
      const desk = new Desk();
      await desk.caller();
      let expected = '';
      let last = { key: '', atMs: 0 };
      for (const { key, after, info } of presses) {
        await desk.timers.pass(after);
        if (last.key !== key || desk.timers.nowMs() - last.atMs >= 150) {
          expected += key;
          last = { key, atMs: desk.timers.nowMs() };
        }
        if (info) desk.carrier.keyPressed({ callId: 'c' }, key);
        else desk.media.press('c', key);
      }
      expect(pressed(desk)).toBe(expected);
    }), { numRuns: 50 });
  });
});

describe('what an agent’s phone shows', () => {
  test.each([
    ['Help Desk', 'Alice', '+44', 'Help Desk: Alice', '+44'],
    ['Help Desk', '', '+44', 'Help Desk: +44', '+44'],
    ['Help Desk', '', '', 'Help Desk: unknown caller', 'anonymous'],
    ['', 'Alice', '+44', 'Alice', '+44'],
  ])('group %p, name %p, number %p: %p, %p', (groupName, callerName, callerNumber, fromName, fromUser) => {
    expect(shownTo({ groupName, callerName, callerNumber })).toEqual({ fromName, fromUser });
  });

  test('the context of the call in headers that are safe for every character', () => {
    expect(contextHeaders('Hilfe & Co', { waitedMs: 61_900, answers: [{ question: 'Über was?', answer: 'A; B=C' }, { question: 'Q', answer: '日本' }] })).toEqual({
      'X-Response-Group': 'Hilfe%20%26%20Co', 'X-Wait-Seconds': '61', 'X-Answers': '%C3%9Cber%20was%3F=A%3B%20B%3DC; Q=%E6%97%A5%E6%9C%AC',
    });
    expect(contextHeaders('Help', null)).toEqual({ 'X-Response-Group': 'Help' });
    expect(contextHeaders('', { waitedMs: -5, answers: [] })).toEqual({ 'X-Wait-Seconds': '0' });
  });

  test('whatever names hold, a header holds nothing but visible ASCII', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (name, answer) => {
      for (const value of Object.values(contextHeaders(name, { waitedMs: 0, answers: [{ question: name, answer }] }))) expect(value).toMatch(/^[\x21-\x7e]+$/);
    }));
  });
});

describe('made ready ahead', () => {
  const configured = (): World => {
    const world = new World();
    world.group({
      workflow: {
        welcome: { text: 'hello' }, music: audio('jazz.wav'), closedAction: { kind: 'disconnect', prompt: { text: 'closed' } }, holidayAction: { kind: 'disconnect', prompt: { audio: audio('holiday.wav') } },
        questions: [{
          id: 'top', name: 'Top', prompt: { text: 'sales or support' }, invalidPrompt: { text: 'wrong key' }, noAnswerPrompt: { text: 'no key' },
          answers: [{ name: 'Sales', key: '1', action: { kind: 'queue', queueId: 'q', prompt: { text: 'to sales' } } }], fallback: { kind: 'disconnect', prompt: { text: 'fell through' } },
        }],
        defaultAction: { kind: 'question', questionId: 'top' },
      },
      queue: { timeoutAction: { kind: 'queue', queueId: 'q', prompt: { text: 'goodbye' } }, overflowAction: { kind: 'disconnect', prompt: { text: 'full' } }, noAgentsAction: { kind: 'disconnect', prompt: { text: 'nobody' } }, leaveAction: { kind: 'disconnect', prompt: { text: 'left' } } },
    });
    return world;
  };
  const names = (world: World): string[] => heardUnder(world.state.configuration).map((heard) => (heard.kind === 'music' ? `music ${heard.audio.fileName}` : heard.prompt.audio?.fileName ?? heard.prompt.text));

  test('every prompt of a workflow and of the queues it leads to, its music, and our own sentence', () => {
    expect(names(configured())).toEqual(['hello', 'sales or support', 'wrong key', 'no key', 'closed', 'holiday.wav', 'to sales', 'fell through', 'goodbye', 'full', 'left', 'nobody', 'music jazz.wav', expect.stringContaining('phone works')]);
  });

  test('the question whether a contact takes the call where any agent has such a contact; the pool’s music', () => {
    const world = configured();
    world.loop.post({ type: 'configurationChanged', update: { sequence: 2, changes: [
      { kind: 'agents', id: 'zoe', before: null, after: agent.parse({ pool: 'main', version: 1, id: 'zoe', name: 'Zoe', sipUser: 'zoe', personId: null, digest: null, contacts: [{ kind: 'number', number: '+44123456' }] }) },
      { kind: 'settings', id: 'settings', before: null, after: poolSettings.parse({ pool: 'main', version: 1, id: 'settings', defaultMusic: audio('pool.wav') }) },
    ] } });
    expect(names(world)).toEqual(expect.arrayContaining(['A call for Help Desk. Press 1 to take it.', 'music pool.wav']));
  });

  test('each once, a text in two languages twice, and again only what is new; what fails holds nothing up', async () => {
    const world = configured();
    const asked: string[] = [];
    const prompts = new PromptsAhead({
      prompt: ({ text, audio: file }, language) => {
        asked.push(file?.fileName ?? `${language} ${text}`);
        return text === 'goodbye' ? Promise.reject(new Error('cannot say it')) : Promise.resolve({ file: '', audioId: '', durationMs: 0 });
      },
      music: (file) => {
        asked.push(`music ${file?.fileName ?? ''}`);
        return Promise.resolve({ file: '' });
      },
    }, createLog('test', 'silent'));
    prompts.prepare(world.state.configuration);
    prompts.prepare(world.state.configuration);
    await prompts.ready();
    expect(asked).toHaveLength(14);
    world.group({ workflow: { welcome: { text: 'hello' }, language: 'de-DE', music: audio('jazz.wav') } });
    prompts.prepare(world.state.configuration);
    await prompts.ready();
    expect(asked.slice(14)).toEqual(['de-DE hello']);
  });
});

test('instructions, pauses and records are handed on', async () => {
  const desk = new Desk();
  await desk.does({ type: 'instructionDone', instructionId: 'i', outcome: { kind: 'done' } }, { type: 'pauseAgent', agentId: 'bob', unanswered: 3 });
  await settle();
  expect(desk.settled).toEqual([{ instructionId: 'i', outcome: { kind: 'done' } }]);
  expect(desk.paused).toEqual([{ agentId: 'bob', unanswered: 3 }]);
});
