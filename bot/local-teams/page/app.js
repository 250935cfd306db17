// Puts the page together: who acts, in which chat, and what the server tells.
import { createCompose } from './compose.js';
import { createDialog } from './dialog.js';
import { avatar, element } from './element.js';
import { createMessages } from './messages.js';
import { actingAs, CallFault, people as readPeople } from './server.js';

const byId = (id) => document.getElementById(id);
/** How long “typing” shows after the bot said so. */
const TYPING_MS = 4_000;

const world = await readPeople().catch((fault) => {
  byId('problem').textContent = fault.message;
  throw fault;
});
const showDialog = createDialog({
  dialog: byId('dialog'), title: byId('dialog-title'), body: byId('dialog-body'), problem: byId('dialog-problem'), close: byId('dialog-close'),
});
const compose = createCompose(
  { form: byId('form'), box: byId('compose'), list: byId('suggestions'), offer: byId('offer'), problem: byId('problem') },
  { say: (text) => session.say(text) },
);
let session = null;

byId('attach').addEventListener('click', () => byId('file').click());
byId('file').addEventListener('change', ({ target }) => {
  const [file] = target.files;
  target.value = '';
  if (!file) return;
  compose.problem('');
  const reader = new FileReader();
  reader.addEventListener('load', async () => {
    // What stands before the comma says what kind of data it is.
    const fault = await session.sendFile(file.name, String(reader.result).replace(/^[^,]*,/, ''));
    if (fault !== null) compose.problem(fault);
  });
  reader.addEventListener('error', () => compose.problem('The file could not be read.'));
  reader.readAsDataURL(file);
});

const nameOf = (from) => (from === null ? world.bot.name : world.people.find((person) => person.personId === from)?.name ?? 'Somebody who left');
const wordsOf = (fault) => (fault instanceof CallFault ? fault.message : 'Something went wrong on this page. Nothing you typed is lost; try again.');
/** A call whose failure the person sees in the same place as the bot's refusals. */
const orError = (promise) => promise.catch((fault) => ({ kind: 'error', text: wordsOf(fault) }));

/** The address names person and chat: `#/as/PERSON/chat/CHAT`. */
function whereTo() {
  const [, personId, chatId] = /^#\/as\/([^/]+)(?:\/chat\/([^/]+))?$/.exec(location.hash) ?? [];
  const person = world.people.find((one) => one.personId === decodeURIComponent(personId ?? '')) ?? world.people[0];
  return { person, chatId: chatId ? decodeURIComponent(chatId) : null };
}
const addressOf = (person, chatId) => `#/as/${encodeURIComponent(person.personId)}${chatId ? `/chat/${encodeURIComponent(chatId)}` : ''}`;

/** One person in one chat, until either changes. */
function startSession(person, chatId) {
  const server = actingAs(person.personId);
  let over = false;
  let typingTimer = null;
  let chats = [];
  const messages = createMessages({ list: byId('messages'), scroll: byId('scroll') }, {
    me: person,
    nameOf,
    onScreen: (messageId) => void server.seen(chatId, messageId).catch(() => undefined),
    pressed: (message, attachment, action) => orError(press(message, attachment, action)),
  });

  async function press(message, attachment, action) {
    if (action.kind === 'execute') {
      return server.execute(chatId, message.id, attachment, { id: action.id, verb: action.verb, title: action.title, data: action.data });
    }
    if (action.data?.msteams?.type !== 'task/fetch') return server.submit(chatId, message.id, action.data);
    const opened = await server.fetchDialog(chatId, message.id, action.data);
    if (opened.kind !== 'dialog') return opened;
    const words = await showDialog(opened, (data) => orError(server.submitDialog(chatId, message.id, data)));
    return words === null ? { kind: 'done' } : { kind: 'message', text: words };
  }

  function drawChats() {
    redraw(byId('chats'), chats.map((chat) => element('li', {},
      element('a', { class: 'row', href: addressOf(person, chat.id), 'aria-current': chat.id === chatId ? 'page' : null },
        avatar(chat.title, chat.kind === 'personal'),
        element('span', { class: 'row-words' },
          element('span', { class: 'row-title' }, chat.title),
          element('span', { class: 'row-note' }, chat.last ? `${chat.last.author}: ${chat.last.text}` : chat.kind === 'personal' ? 'Chat with the bot' : 'Group chat')),
        chat.unread > 0 && chat.id !== chatId ? element('span', { class: 'badge', 'aria-label': `${chat.unread} unread` }, String(chat.unread)) : null))));
  }

  async function readAgain() {
    const [list, chat] = await Promise.all([server.chats(), server.chat(chatId)]);
    if (over) return;
    chats = list;
    messages.reset(chat.messages);
    drawPrompts();
    drawChats();
    byId('connection').textContent = '';
    void server.read(chatId).catch(() => undefined);
  }

  function drawPrompts() {
    const last = messages.last();
    byId('prompts').replaceChildren(...(last && last.from === null ? last.suggestedActions : []).map((action) =>
      element('button', { type: 'button', class: 'prompt', onclick: () => void compose.say(String(action.value ?? action.title)) }, action.title)));
  }

  function happened(event) {
    if (event.kind === 'people') {
      drawPeople(person, event.unread);
      return;
    }
    if (event.chatId === chatId) {
      byId('typing').textContent = event.kind === 'typing' ? `${world.bot.name} is typing…` : '';
      clearTimeout(typingTimer);
      if (event.kind === 'typing') typingTimer = setTimeout(() => { byId('typing').textContent = ''; }, TYPING_MS);
      if (event.kind === 'delete') messages.remove(event.messageId);
      if (event.message) messages.put(event.message);
      if (event.kind !== 'typing') drawPrompts();
      if (event.kind === 'message') void server.read(chatId).catch(() => undefined);
    }
    if (event.kind === 'message') void server.chats().then((list) => {
      if (over) return;
      chats = list;
      drawChats();
    }).catch(() => undefined);
  }

  const title = chatId.startsWith('a:') ? world.bot.name : 'Everybody';
  document.title = `${title} · ${person.name} · Local Teams`;
  byId('chat-title').textContent = title;
  byId('chat-note').textContent = chatId.startsWith('a:') ? `${person.name}${person.role ? `, ${person.role}` : ''}` : [world.bot.name, ...world.people.map((one) => one.name)].join(', ');
  byId('chat-avatar').replaceChildren(avatar(title, chatId.startsWith('a:')));
  compose.turn(person, { id: chatId, kind: chatId.startsWith('a:') ? 'personal' : 'groupChat' }, world.commands[person.locale.split('-')[0]] ?? world.commands.en,
    chatId.startsWith('a:') ? [] : [world.bot.name, ...world.people.filter((one) => one !== person).map((one) => one.name)]);
  byId('typing').textContent = '';
  byId('prompts').replaceChildren();

  const shown = () => void readAgain().catch((fault) => compose.problem(wordsOf(fault)));
  const end = server.follow({
    ready: () => {
      shown();
      void server.open(chatId).catch(() => undefined);
    },
    event: happened,
    lost: () => { byId('connection').textContent = 'Local Teams cannot be reached; trying again…'; },
  });

  return {
    person,
    chatId,
    sendFile: (name, base64) => orError(server.sendFile(chatId, name, base64)).then((outcome) => (outcome.kind === 'error' ? outcome.text : null)),
    say: (text) => orError(server.say(chatId, text)).then((outcome) => (outcome.kind === 'error' ? outcome.text : null)),
    end() {
      over = true;
      clearTimeout(typingTimer);
      end();
      messages.close();
    },
  };
}

function drawPeople(current, unread = {}) {
  redraw(byId('people'), world.people.map((person) => element('li', {},
    element('a', { class: 'row', href: addressOf(person, null), 'aria-current': person === current ? 'true' : null },
      avatar(person.name),
      element('span', { class: 'row-words' }, element('span', { class: 'row-title' }, person.name), element('span', { class: 'row-note' }, person.role)),
      person !== current && unread[person.personId] > 0 ? element('span', { class: 'badge', 'aria-label': `${unread[person.personId]} unread` }, String(unread[person.personId])) : null))));
}

/** Replaces the rows of a list; whoever stood on one with the keyboard stays there. */
function redraw(list, rows) {
  const place = [...list.children].findIndex((row) => row.contains(document.activeElement));
  list.replaceChildren(...rows);
  if (place >= 0) list.children[place]?.querySelector('a')?.focus();
}

function go() {
  const { person, chatId } = whereTo();
  const personal = `a:${person.personId}`;
  const chat = chatId === null || (chatId.startsWith('a:') && chatId !== personal) ? personal : chatId;
  if (session?.person === person && session.chatId === chat) return;
  session?.end();
  drawPeople(person);
  session = startSession(person, chat);
  setMenu(false);
}

function setMenu(open) {
  byId('menu').setAttribute('aria-expanded', String(open));
  document.body.classList.toggle('menu-open', open);
}
byId('menu').addEventListener('click', () => setMenu(byId('menu').getAttribute('aria-expanded') !== 'true'));
document.addEventListener('keydown', (event) => { if (event.key === 'Escape' && !byId('dialog').open) setMenu(false); });
window.addEventListener('hashchange', go);
go();
