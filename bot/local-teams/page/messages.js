// The list of messages of one chat: draws each once, and changes only what changed.
import { ADAPTIVE_CARD, keepState, messageHtml, renderCard, setBusy, settle } from './cards.js';
import { avatar, element } from './element.js';

/** What of a message is drawn, to tell whether it must be drawn again. */
const looks = ({ version: _version, revision, ...rest }) => JSON.stringify([rest, revision > 0]);

/** How near to its end, in pixels, the list counts as being at the end, and follows new messages. */
const NEAR_END = 80;

/**
 * @param {{list: HTMLElement, scroll: HTMLElement}} places
 * @param {{me: object, nameOf: (from: string | null) => string, onScreen: (messageId: string) => void,
 *   pressed: (message: object, attachment: number, action: object) => Promise<{kind: string, text?: string}>}} deps
 */
export function createMessages({ list, scroll }, { me, nameOf, onScreen, pressed }) {
  const shown = new Map();
  const life = new AbortController();
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const item = shown.get(target.dataset.id);
      if (!item || item.element !== target) continue;
      item.visible = isIntersecting;
      sayOnScreen(item);
    }
  }, { root: scroll, threshold: 0.1 });

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END;
  // Cards grow when their images arrive; whoever was at the end stays there.
  let following = true;
  /** Shows the end; of a last message that is higher than the list, its beginning, and then leaves the list alone. */
  function toEnd() {
    const last = list.lastElementChild;
    if (last && last.offsetHeight > scroll.clientHeight) {
      scroll.scrollTop += last.getBoundingClientRect().top - scroll.getBoundingClientRect().top - 8;
      following = false;
    } else scroll.scrollTop = scroll.scrollHeight;
  }
  let lastTop = 0;
  scroll.addEventListener('scroll', () => {
    // Growing cards scroll nothing up; only a person does.
    following = scroll.scrollTop < lastTop - 1 ? atEnd() : following || atEnd();
    lastTop = scroll.scrollTop;
  }, { passive: true, signal: life.signal });
  const growth = new ResizeObserver(() => { if (following) toEnd(); });
  growth.observe(list);

  /** Tells that a message with cards is on screen, once for each of its revisions and then once a minute. */
  function sayOnScreen(item) {
    if (!item.visible || item.message.attachments.length === 0) return;
    if (item.said && item.said.revision === item.message.revision && Date.now() - item.said.at < 60_000) return;
    item.said = { revision: item.message.revision, at: Date.now() };
    onScreen(item.message.id);
  }

  function put(message) {
    const item = shown.get(message.id);
    if (item && message.version < item.message.version) return;
    if (item?.pending) {
      if (!item.waiting || item.waiting.version <= message.version) item.waiting = message;
      return;
    }
    if (item && looks(item.message) === looks(message)) {
      item.message = message;
      sayOnScreen(item);
      return;
    }
    const states = item ? item.cards.map(keepState) : [];
    draw(message, states);
  }

  function draw(message, states) {
    const old = shown.get(message.id);
    const item = { message, cards: [], pending: false, waiting: null, visible: old?.visible ?? false, said: old?.said ?? null, element: null, notice: element('p', { class: 'notice', role: 'status' }) };
    const wide = message.attachments.some((one) => one.contentType === ADAPTIVE_CARD && one.content?.msteams?.width === 'Full');
    item.element = element('li', { class: `message ${message.from === me.personId ? 'mine' : 'theirs'}${wide ? ' wide' : ''}`, 'data-id': message.id },
      avatar(nameOf(message.from), message.from === null),
      element('div', { class: 'message-body' }, headOf(message), textOf(message), ...cardsOf(message, item, states), failureOf(message), item.notice));
    shown.set(message.id, item);
    if (old) {
      watcher.unobserve(old.element);
      old.element.replaceWith(item.element);
    } else {
      const after = [...shown.values()].find((other) => other.element.isConnected && Number(other.message.id) > Number(message.id));
      if (after) after.element.before(item.element);
      else list.append(item.element);
    }
    watcher.observe(item.element);
    if (!old && message.from === me.personId) following = true;
    item.cards.forEach((rendered, index) => settle(rendered, states[index] ?? null));
    if (following) toEnd();
    sayOnScreen(item);
  }

  function headOf(message) {
    const at = new Date(message.at);
    return element('div', { class: 'message-head' },
      element('span', { class: 'author' }, nameOf(message.from)),
      element('time', { datetime: message.at, title: at.toLocaleString() }, at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })),
      message.revision > 0 ? element('span', { class: 'edited' }, 'Edited') : null,
      ...message.attachments.map((attachment, index) => refreshButton(message, attachment.content?.refresh?.action, index)));
  }

  /** Teams has this in the message's menu, also for people whose card is not refreshed by itself. */
  function refreshButton(message, action, index) {
    return action ? element('button', {
      class: 'refresh icon-button', type: 'button', 'aria-label': 'Refresh card', title: 'Refresh card',
      onclick: () => void press(message.id, index, { kind: 'execute', id: action.id, verb: action.verb, title: action.title, data: action.data }),
    }, '↻') : null;
  }

  function textOf(message) {
    if (message.text === '') return null;
    const text = element('div', { class: 'bubble' });
    if (message.from === null && message.textFormat === 'markdown') text.innerHTML = messageHtml(message.text);
    else text.textContent = message.text;
    return text;
  }

  function failureOf(message) {
    return message.failure === null ? null : element('p', { class: 'failure' }, message.failure);
  }

  function cardsOf(message, item, states) {
    return message.attachments.map((attachment, index) => {
      if (attachment.contentType !== ADAPTIVE_CARD) return element('p', { class: 'card-fault' }, `An attachment that Local Teams cannot show: ${attachment.contentType}`);
      const rendered = renderCard(attachment.content, (action) => void press(message.id, index, action), states[index] ?? null);
      item.cards[index] = rendered;
      return element('div', { class: 'card-frame' }, rendered.element);
    });
  }

  async function press(messageId, index, action) {
    const item = shown.get(messageId);
    if (!item || item.pending) return;
    item.pending = true;
    item.notice.textContent = '';
    item.notice.className = 'notice';
    const rendered = item.cards[index];
    setBusy(rendered, true);
    const outcome = await pressed(item.message, index, action);
    setBusy(rendered, false);
    item.pending = false;
    const { waiting } = item;
    if (outcome.kind === 'card') {
      const now = waiting && waiting.version > outcome.message.version ? waiting : outcome.message;
      // The answer is to what was typed here, so it takes its place; only the focus is kept.
      const state = keepState(rendered);
      draw(now, item.cards.map((other, place) => (place === index ? state && { ...state, typed: new Map(), expanded: [], toggled: new Map() } : keepState(other))));
    } else if (waiting) put(waiting);
    const current = shown.get(messageId);
    if (!current || (outcome.kind !== 'error' && outcome.kind !== 'message')) return;
    current.notice.className = outcome.kind === 'error' ? 'notice notice-error' : 'notice';
    current.notice.setAttribute('role', outcome.kind === 'error' ? 'alert' : 'status');
    current.notice.textContent = outcome.text;
    if (following) toEnd();
  }

  return {
    put,
    remove(messageId) {
      const item = shown.get(messageId);
      if (!item) return;
      watcher.unobserve(item.element);
      item.element.remove();
      shown.delete(messageId);
    },
    /** Shows exactly these messages; what is typed in cards that stay is kept. */
    reset(messages) {
      const ids = new Set(messages.map((message) => message.id));
      for (const id of [...shown.keys()]) if (!ids.has(id)) this.remove(id);
      for (const message of messages) put(message);
    },
    last: () => [...shown.values()].map((item) => item.message).sort((one, other) => Number(one.id) - Number(other.id)).at(-1) ?? null,
    close() {
      life.abort();
      growth.disconnect();
      watcher.disconnect();
      shown.clear();
      list.replaceChildren();
    },
  };
}
