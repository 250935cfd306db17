// Makes text that somebody typed, or a caller's phone sent, harmless inside Markdown: it shows as it is and never becomes a link.

/** Overrides and isolates that could reorder what stands beside a name. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** One line of typed text for a text block or fact: Markdown escaped, addresses not turned into links, direction isolated. */
export function escapeMarkdown(typed: string): string {
  const line = typed.replace(BIDI_CONTROLS, '').replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
  const escaped = line
    .replace(/[\\`*_{}[\]()#+!|<>~&]/g, '\\$&')
    .replace(/^(\s*)([-=])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])/, '$1\\$2')
    // A word joiner between scheme and address, and after www, keeps clients from linking what only looks like an address.
    .replace(/:\/\//g, ':\u2060//')
    .replace(/\b(www)\./gi, '$1\u2060.')
    .replace(/\b(mailto|javascript|data):/gi, '$1\u2060:');
  return RIGHT_TO_LEFT.test(escaped) ? `\u2068${escaped}\u2069` : escaped;
}

/** Typed text of several lines; each line stays a line of its own. */
export function escapeMarkdownLines(typed: string): string {
  return typed.split(/\r?\n/).map(escapeMarkdown).join('\n\n');
}
