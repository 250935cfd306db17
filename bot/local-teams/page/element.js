// Builds DOM elements without markup in strings, so that nothing anybody typed is ever read as HTML.

/** @param {string} tag @param {Record<string, unknown>} properties attributes, or `on…` listeners; null and false leave one out */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const COLOURS = 8;

/** A round picture with initials; the same name always has the same colour. */
export function avatar(name, isBot = false) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => word[0]).slice(0, 2).join('').toUpperCase();
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return element('span', { class: `avatar ${isBot ? 'avatar-bot' : `avatar-${sum % COLOURS}`}`, 'aria-hidden': 'true' }, letters);
}
