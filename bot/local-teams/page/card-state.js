// What a person did inside a card that the bot does not know of yet: typed text, opened parts, the place of the cursor.

/**
 * Reads it from a rendered card, so that a newer card can take it over.
 * @param {{card: object, element: HTMLElement, initial: Map<string, string>, toggled: Map<string, boolean>}} rendered
 */
export function captureState({ card, element, initial, toggled }) {
  const typed = new Map();
  const focus = { input: null, button: null, selection: null };
  const active = document.activeElement;
  for (const input of card.getAllInputs(true)) {
    if (!input.id) continue;
    const value = String(input.value ?? '');
    if (value !== initial.get(input.id)) typed.set(input.id, value);
    if (active && input.renderedElement?.contains(active)) {
      focus.input = input.id;
      if (typeof active.selectionStart === 'number') focus.selection = [active.selectionStart, active.selectionEnd];
    }
  }
  if (!focus.input && active && element.contains(active) && active.matches('button, [role="button"]')) focus.button = active.textContent;
  const expanded = buttonsOf(element).filter((button) => button.getAttribute('aria-expanded') === 'true').map((button) => button.textContent);
  return { typed, expanded, toggled: new Map(toggled), focus };
}

/** Puts typed values into a parsed card, before it is rendered. */
export function applyTyped(card, typed) {
  for (const input of card.getAllInputs(true)) {
    if (!input.id || !typed.has(input.id)) continue;
    const value = typed.get(input.id);
    input.defaultValue = input.getJsonTypeName() === 'Input.Number' ? (value === '' ? undefined : Number(value)) : value;
  }
}

/** Opens again what was open, and puts the cursor back, in a rendered card that is on the page. */
export function applyOpen({ card, element }, state) {
  for (const [id, isVisible] of state.toggled) {
    const part = card.getElementById(id);
    if (part) part.isVisible = isVisible;
  }
  for (const title of state.expanded) {
    const button = buttonsOf(element).find((one) => one.textContent === title && one.getAttribute('aria-expanded') === 'false');
    button?.click();
  }
  const { input, button, selection } = state.focus;
  if (input) {
    const found = card.getAllInputs(true).find((one) => one.id === input);
    found?.focus();
    const active = document.activeElement;
    if (selection && active && found?.renderedElement?.contains(active) && typeof active.setSelectionRange === 'function') {
      try {
        active.setSelectionRange(selection[0], selection[1]);
      } catch {
        // Number and date fields have no selection.
      }
    }
  } else if (button !== null) buttonsOf(element).find((one) => one.textContent === button)?.focus();
}

const buttonsOf = (element) => [...element.querySelectorAll('button, [role="button"]')];
