// Every card, from its template and sample data: what it says, that clients can read it, and that nothing is left unbound.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import MarkdownIt from 'markdown-it';
import { CardFault, render } from '../../../cards/render';
import { TEMPLATES, type CardName, type Views } from '../../../cards/templates';
import { MissingText, wordsFor } from '../../../cards/words';
import { escapeMarkdown } from '../../../cards/markdown';
import { asChoices } from '../../../bot/forms/field';
import { FORM_KINDS, OBJECT_FORMS } from '../../../bot/forms/kinds';
import { labelsFor } from '../../../bot/forms/object-form';
import { VERBS } from '../../../storage/administration/verbs';
import { routingMethod } from '../../../storage/model/agent-group';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';

const FOLDER = join(__dirname, '..', '..', '..', 'cards');
const NAMES = Object.keys(TEMPLATES) as CardName[];
const sample = <N extends CardName>(name: N): Views[N] => JSON.parse(readFileSync(join(FOLDER, `${name}.data.json`), 'utf8')) as Views[N];
const texts = (value: unknown): string[] => (typeof value === 'string' ? [value] : value !== null && typeof value === 'object' ? Object.values(value).flatMap(texts) : []);

const rendering = new MarkdownIt({ linkify: true, html: true });

beforeAll(() => { schemaComplaints({}); }, 120_000);

describe.each(NAMES)('the card %s', (name) => {
  const card = render(name, sample(name), 'en');

  it('rendered from its sample data is the card that was looked at', () => {
    expect(card).toEqual(JSON.parse(readFileSync(join(FOLDER, `${name}.expected.json`), 'utf8')));
  });

  it('validated against the Adaptive Card schema has no complaint', () => {
    expect(schemaComplaints(card)).toEqual([]);
  });

  it('parsed by the client library has no complaint', () => {
    expect(parserComplaints(card)).toEqual([]);
  });

  it('leaves no expression unbound', () => {
    expect(texts(card).filter((text) => text.includes('${'))).toEqual([]);
  });

  it('shows hostile names as they are, and as nothing else', () => {
    for (const hostile of HOSTILE()) {
    const view = replaceNames(sample(name), hostile) as Views[typeof name];
    const rendered = render(name, view, 'en');
    expect(schemaComplaints(rendered)).toEqual([]);
    const before = markup(card);
    for (const kind of ['link_open', 'image', 'em_open', 'heading_open', 'code_inline', 'html_inline', 'bullet_list_open']) {
      expect([hostile, kind, markup(rendered).filter((one) => one === kind).length]).toEqual([hostile, kind, before.filter((one) => one === kind).length]);
    }
    }
  });
});

describe('a view model that lacks what its template shows', () => {
  it.each([['who', 'personId'], ['notice', 'titleText'], ['who', 'name']] as const)('is refused: %s without %s', (name, lacking) => {
    const view = { ...sample(name), [lacking]: undefined };
    expect(() => render(name, view as never, 'en')).toThrow(CardFault);
  });
});

describe('the catalogue', () => {
  it('has a long and a short name for every routing method, and the form offers them all', () => {
    const say = wordsFor('en');
    const body = render('group-form', sample('group-form'), 'en')['body'] as readonly Record<string, unknown>[];
    const input = body.find((one) => one['id'] === 'routingMethod');
    expect(input?.['choices']).toEqual(routingMethod.options.map((value) => ({ title: say(`routing.${value}`), value })));
    expect(new Set(routingMethod.options.map((method) => say(`routing.short.${method}`))).size).toBe(routingMethod.options.length);
  });

  it('has every text that a template says', () => {
    const keys = readdirSync(FOLDER).filter((file) => file.endsWith('.template.json'))
      .flatMap((file) => [...readFileSync(join(FOLDER, file), 'utf8').matchAll(/say\('([^']+)'/g)].map((match) => match[1] ?? ''));
    const catalogue = JSON.parse(readFileSync(join(FOLDER, 'catalogue', 'en.json'), 'utf8')) as unknown;
    const has = (key: string): boolean => typeof key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], catalogue) === 'string';
    expect(keys.length).toBeGreaterThan(50);
    expect(keys.filter((key) => !has(key))).toEqual([]);
  });

  it('has words for every verb that can be undone, and labels for every field of every form', () => {
    const say = wordsFor('en');
    for (const verb of VERBS) expect(say(`undo.verb.${verb}`)).not.toBe('');
    const opened = { name: '', version: 1, mayChange: true, mayDelete: true, values: { changesAddress: true, hasPassword: true, defaultAction: { kind: 'queue', queueId: 'q' } } };
    const world = { queues: [], questions: [], agents: [], agentGroups: [], businessHours: [], holidaySets: [], domain: 'x', words: 'en' as const };
    const inputs = FORM_KINDS.flatMap((kind) => OBJECT_FORMS[kind].fields(world, opened, { id: '', groupId: '' }).flatMap((field) => [
      say(labelsFor([field])[field.name] ?? ''), ...(field.part === undefined ? [] : [say(`form.part.${field.part}`)]), ...(field.hint === undefined ? [] : [say(`form.hint.${field.hint}`, field.hintValues ?? {})]),
      ...field.inputs.flatMap((input) => [...(input.label === undefined ? [] : [say(`form.input.${input.label}`)]), ...asChoices(input, say).map((one) => one.title)]),
    ]));
    expect(inputs.length).toBeGreaterThan(100);
    expect(inputs.filter((text) => text === '')).toEqual([]);
  });

  it('says a plural by its count', () => {
    const say = wordsFor('en');
    expect([say('groups.waiting', { count: 1 }), say('groups.waiting', { count: 2 })]).toEqual(['1 caller waiting', '2 callers waiting']);
  });

  it('speaks English to whoever has no catalogue', () => {
    expect(wordsFor('tlh')('button.save')).toBe('Save');
  });

  it.each([['button.nothing', {}], ['help.greeting', {}]])('refuses %s with %j, for something is missing', (key, values) => {
    expect(() => wordsFor('en')(key, values)).toThrow(MissingText);
  });

  it('reads no place inside a value', () => {
    expect(wordsFor('en')('button.deleteNow', { name: '{{name}} $t(button.save) {{- x}}' })).toBe('Delete {{name}} $t(button.save) {{- x}}');
  });
});

describe('escapeMarkdown', () => {
  const markdown = new MarkdownIt({ linkify: true });
  it.each([
    ['[free money](https://evil.example)'], ['**bold**'], ['![x](https://evil.example/x.png)'], ['https://evil.example'], ['www.evil.example'], ['# heading'], ['1. one'],
    ['- dash'], ['> quote'], ['`code`'], ['<b>x</b>'], ['a_b_c'], ['&lt;b&gt;'], ['~~gone~~'], ['mailto:x@evil.example'],
  ])('of %s is a paragraph of plain text', (typed) => {
    const tokens = markdown.parse(escapeMarkdown(typed), {}).flatMap((token) => [token.type, ...(token.children ?? []).map((child) => child.type)]);
    expect(tokens.filter((type) => !['paragraph_open', 'paragraph_close', 'inline', 'text', 'text_special'].includes(type))).toEqual([]);
  });

  it('of a right-to-left name with overrides keeps the name apart from what stands beside it', () => {
    expect(escapeMarkdown('\u202eשלום\u202c')).toBe('\u2068שלום\u2069');
  });
});

function HOSTILE(): string[] {
  return ['[click](https://evil.example)', '**x** _y_ `z` <b>', '${name} ${say(\'x\')}', '\u202eevil שלום', '👩‍💻🧯', 'x'.repeat(128), '# 1. - > ![i](h)', '{{name}} $t(x) {{DATE(2020-01-01T00:00:00Z)}}', '\uE000 \uE0002'];
}

/** Puts a hostile text where people type names; what comes from the catalogue stays. */
function replaceNames(value: unknown, hostile: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceNames(item, hostile, key));
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, ['refresh', 'faults', 'heard'].includes(inner) ? item : replaceNames(item, hostile, inner)]));
  return typeof value === 'string' && ['name', 'description', 'groupName', 'displayName', 'welcomeText', 'domain'].includes(key) ? hostile : value;
}

/** The Markdown of every text block and fact, as the kinds of tokens a client would see. */
function markup(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markup);
  if (value === null || typeof value !== 'object') return [];
  const element = value as Record<string, unknown>;
  const own = element['type'] === 'TextBlock' ? [element['text']] : typeof element['title'] === 'string' && typeof element['value'] === 'string' && element['type'] === undefined ? [element['value']] : [];
  return [
    ...own.filter((text) => typeof text === 'string').flatMap((text) => rendering.parse(text, {}).flatMap((token) => [token.type, ...(token.children ?? []).map((child) => child.type)])),
    ...Object.values(element).flatMap(markup),
  ];
}
