// Renders Adaptive Cards as Teams would, and hands on what a person presses in them.
import { applyOpen, applyTyped, captureState } from './card-state.js';
import { element } from './element.js';
import { HOST_CONFIG } from './host-config.js';

/* global AdaptiveCards, markdownit */

export const ADAPTIVE_CARD = 'application/vnd.microsoft.card.adaptive';

// Teams' own subset in cards: emphasis, links, lists, line breaks. No HTML, no images, no headings.
const cardMarkdown = markdownit('zero', { html: false, breaks: true }).enable(['emphasis', 'link', 'list', 'newline', 'escape', 'entity', 'balance_pairs', 'fragments_join'], true);
const chatMarkdown = markdownit({ html: false, breaks: true, linkify: true }).disable(['image']);
for (const flavour of [cardMarkdown, chatMarkdown]) {
  flavour.renderer.rules.link_open = (tokens, index, options, _env, self) => {
    tokens[index].attrSet('target', '_blank');
    tokens[index].attrSet('rel', 'noopener noreferrer');
    return self.renderToken(tokens, index, options);
  };
}

const withoutMentions = (text) => text.replace(/<at>(.*?)<\/at>/g, '$1');

/** A bot's message text as HTML; what people type is never read as Markdown. */
export const messageHtml = (text) => chatMarkdown.render(withoutMentions(text));

AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = cardMarkdown.render(withoutMentions(text));
  result.didProcess = true;
};

// The renderer asks for sound with CORS, for captions that we have none of; the bot's sounds are not for other pages to read.
const renderPlayer = AdaptiveCards.HTML5MediaPlayer.prototype.render;
AdaptiveCards.HTML5MediaPlayer.prototype.render = function render() {
  const player = renderPlayer.call(this);
  player.removeAttribute('crossorigin');
  return player;
};

const hostConfig = new AdaptiveCards.HostConfig(HOST_CONFIG);

/**
 * Renders a card. `state`, from `keepState` of an older rendering, is taken over.
 * @param {unknown} json the card
 * @param {(action: {kind: 'submit'|'execute', data: unknown, id?: string, verb?: string, title?: string}) => void} pressed
 * @returns the rendering: its `element`, which `settle` completes once it is on the page
 */
export function renderCard(json, pressed, state = null) {
  const toggled = new Map(state?.toggled ?? []);
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = hostConfig;
  const faults = [];
  const context = new AdaptiveCards.SerializationContext();
  card.onExecuteAction = (action) => act(action, pressed);
  let made = null;
  try {
    card.parse(json, context);
    made = card.render();
  } catch (fault) {
    faults.push(String(fault));
  }
  if (!made) return { element: element('p', { class: 'card-fault' }, `This card cannot be shown. ${faults.join(' ')}`), broken: true };
  const initial = new Map(card.getAllInputs(true).map((input) => [input.id, String(input.value ?? '')]));
  if (state && state.typed.size > 0) {
    applyTyped(card, state.typed);
    made = card.render();
  }
  card.onElementVisibilityChanged = (part) => { if (part.id) toggled.set(part.id, part.isVisible); };
  made.classList.add('card');
  return { element: made, card, initial, toggled, broken: false, json };
}

/** Opens again what was open before, in a rendering that is on the page now. */
export function settle(rendered, state) {
  if (state && !rendered.broken) applyOpen(rendered, state);
}

/** What the person has typed and opened in a rendering; null when there is nothing to keep. */
export const keepState = (rendered) => (rendered.broken ? null : captureState(rendered));

/** Shows that the bot thinks. Focus and typing stay as they are; whoever handles presses ignores them meanwhile. */
export function setBusy(rendered, busy) {
  rendered.element.setAttribute('aria-busy', String(busy));
}

function act(action, pressed) {
  switch (action.getJsonTypeName()) {
    case 'Action.OpenUrl': {
      if (/^(https?|sips?|tel|mailto):/i.test(action.url ?? '')) window.open(action.url, '_blank', 'noopener,noreferrer');
      return;
    }
    case 'Action.Submit': return pressed({ kind: 'submit', title: action.title, data: action.data ?? {} });
    case 'Action.Execute': return pressed({ kind: 'execute', id: action.id || undefined, verb: action.verb || undefined, title: action.title, data: action.data ?? {} });
    default: return undefined;
  }
}
