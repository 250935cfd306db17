// The message box: grows with its text, offers commands and names, keeps what was typed until the bot has it.
import { element } from './element.js';

/**
 * @param {{form: HTMLFormElement, box: HTMLTextAreaElement, list: HTMLElement, offer: HTMLElement, problem: HTMLElement}} places
 * @param {{say: (text: string) => Promise<string | null>}} deps `say` resolves to null when sent, else to words for the person
 */
export function createCompose({ form, box, list, offer, problem }, { say }) {
  let key = '';
  let commands = [];
  let names = [];
  let active = -1;
  let sending = false;
  /** What Enter was pressed on while the one before was on its way. */
  let next = '';
  const drafts = {
    get: () => sessionStorage.getItem(key) ?? '',
    set: (text) => (text === '' ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, text)),
  };

  const grow = () => {
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
  };

  /** What could stand where the cursor is: names after “@”, else commands that begin with what was typed. */
  function candidates(all) {
    const before = box.value.slice(0, box.selectionStart);
    const mention = /(?:^|\s)@([^@\n]*)$/.exec(before);
    if (mention && names.length > 0) {
      const begun = mention[1].toLowerCase();
      const start = before.length - mention[1].length;
      return names.filter((name) => name.toLowerCase().startsWith(begun) && name.toLowerCase() !== begun)
        .map((name) => ({ title: `@${name}`, description: '', take: () => `${box.value.slice(0, start)}${name} ${box.value.slice(box.selectionStart)}` }));
    }
    const bot = /^@[^@]*? {1}(?=\S*$)/.exec(box.value)?.[0] ?? '';
    const begun = box.value.slice(bot.length).trim().toLowerCase();
    if (begun === '' && !all) return [];
    return commands.filter(({ title }) => title.toLowerCase().startsWith(begun) && title.toLowerCase() !== begun)
      .map(({ title, description }) => ({ title, description, take: () => (bot || (names.length > 0 ? `@${names[0]} ` : '')) + title }));
  }

  let open = [];
  function suggest(all = false) {
    open = candidates(all);
    active = -1;
    list.replaceChildren(...open.map((one, index) => element('li', {
      id: `suggestion-${index}`, role: 'option', 'aria-selected': 'false',
      onmousedown: (event) => { event.preventDefault(); take(index); },
    }, element('span', { class: 'suggestion-title' }, one.title), element('span', { class: 'suggestion-note' }, one.description))));
    list.hidden = open.length === 0;
    box.setAttribute('aria-expanded', String(open.length > 0));
    box.removeAttribute('aria-activedescendant');
  }

  function point(index) {
    active = (index + open.length) % open.length;
    [...list.children].forEach((option, place) => option.setAttribute('aria-selected', String(place === active)));
    box.setAttribute('aria-activedescendant', `suggestion-${active}`);
    list.children[active].scrollIntoView({ block: 'nearest' });
  }

  function take(index) {
    set(open[index].take());
    box.focus();
  }

  function close() {
    open = [];
    active = -1;
    list.hidden = true;
    list.replaceChildren();
    box.setAttribute('aria-expanded', 'false');
    box.removeAttribute('aria-activedescendant');
  }

  function set(text) {
    box.value = text;
    drafts.set(text);
    grow();
    close();
  }

  async function send() {
    const text = box.value.trim();
    if (sending) next = text;
    if (text === '' || sending) return;
    sending = true;
    const mine = key;
    problem.textContent = '';
    set('');
    const fault = await say(text);
    sending = false;
    const goesOn = fault === null && next !== '' && key === mine && box.value.trim() === next;
    next = '';
    if (goesOn) return send();
    if (fault === null) return;
    if (key === mine) {
      if (box.value === '') set(text);
      problem.textContent = fault;
    } else sessionStorage.setItem(mine, text);
  }

  box.addEventListener('input', () => {
    drafts.set(box.value);
    grow();
    suggest();
  });
  box.addEventListener('blur', close);
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (open.length === 0 && box.value === '') suggest(true);
      if (open.length === 0) return;
      event.preventDefault();
      point(event.key === 'ArrowDown' ? active + 1 : Math.max(active, 0) - 1);
    } else if (event.key === 'Escape' && open.length > 0) {
      event.preventDefault();
      close();
    } else if ((event.key === 'Tab' && active >= 0) || (event.key === 'Enter' && active >= 0)) {
      event.preventDefault();
      take(active);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void send();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  offer.addEventListener('mousedown', (event) => event.preventDefault());
  offer.addEventListener('click', () => {
    if (!list.hidden) return close();
    box.focus();
    return suggest(true);
  });

  return {
    /** Turns to another chat; each person keeps a draft in each chat. */
    turn(person, chat, offered, mentionable) {
      key = `draft ${person.personId} ${chat.id}`;
      commands = offered;
      names = mentionable;
      problem.textContent = '';
      box.placeholder = chat.kind === 'personal' ? 'Type a message' : `Type a message; @${mentionable[0]} for the bot to hear it`;
      set(drafts.get());
    },
    say(text) {
      set(text);
      return send();
    },
    problem: (words) => { problem.textContent = words; },
  };
}
