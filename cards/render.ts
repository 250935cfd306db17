// Turns a card template and a view model into the card a person sees.
import { ExpressionEvaluator, ExpressionFunctions, FunctionUtils, ReturnType } from 'adaptive-expressions';
import { Template } from 'adaptivecards-templating';
import { escapeMarkdown, escapeMarkdownLines } from './markdown';
import { TEMPLATES, type CardName, type Views } from './templates';
import { wordsFor } from './words';

/** An Adaptive Card, ready to be sent. */
export interface Card {
  readonly type: 'AdaptiveCard';
  readonly [property: string]: unknown;
}

/** A template and its view model do not fit together. A mistake of ours, which a test finds. */
export class CardFault extends Error {
  readonly code = 'CARD';
  constructor(readonly card: string, readonly unbound: string, options?: ErrorOptions) {
    super(`The card ${card} leaves an expression unbound: ${unbound}`, options);
    this.name = 'CardFault';
  }
}

/*
 * `say('key', values)` speaks the catalogue of the reader's language, `plain(text)` and `lines(text)` show what somebody typed.
 * The library takes custom functions from this one table only. An error inside an expression leaves `${` standing, which render refuses.
 */
type Evaluate = (args: readonly unknown[], locale: string) => unknown;
function addFunction(name: string, evaluate: Evaluate): void {
  (ExpressionFunctions.standardFunctions as Map<string, ExpressionEvaluator>).set(name, new ExpressionEvaluator(name, (expression, state, options) => {
    const { args, error } = FunctionUtils.evaluateChildren(expression, state, options) as { args: unknown[]; error: string | undefined };
    if (error) return { value: undefined, error };
    // The library hands on the expression itself for a value that is missing; data never contains `${` here, for it is shielded.
    const unbound = args.find((arg): arg is string => typeof arg === 'string' && arg.includes('${'));
    if (unbound !== undefined) return { value: undefined, error: `nothing for ${unbound}` };
    try {
      return { value: evaluate(args, String(state.getValue('$root.locale'))), error: undefined as unknown as string };
    } catch (fault) {
      return { value: undefined, error: fault instanceof Error ? fault.message : 'failed' };
    }
  }, ReturnType.String));
}
const typedText = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
};
addFunction('say', ([key, values], locale) => wordsFor(locale)(typedText(key), (values ?? {}) as Record<string, unknown>));
addFunction('plain', ([text]) => escapeMarkdown(typedText(text)));
addFunction('lines', ([text]) => escapeMarkdownLines(typedText(text)));

const parsed = new Map<CardName, Template>();

/**
 * Renders a card in the reader's locale. Nothing in `view` is expanded as an expression, whatever it contains.
 * @throws CardFault when an expression of the template found nothing to stand for.
 */
export function render<N extends CardName>(name: N, view: Views[N], locale: string): Card {
  let template = parsed.get(name);
  if (!template) parsed.set(name, (template = new Template(TEMPLATES[name])));
  let expanded: unknown;
  try {
    expanded = template.expand({ $root: shield({ ...view, locale }) as object });
  } catch (fault) {
    throw new CardFault(name, fault instanceof Error ? fault.message : 'an expression', { cause: fault });
  }
  const unbound = findUnbound(expanded);
  if (unbound !== null) throw new CardFault(name, unbound);
  const { refresh, ...card } = unshield(expanded) as Record<string, unknown>;
  return { ...(refresh ? { refresh } : {}), ...(finish(card) as Record<string, unknown>) } as unknown as Card;
}

/*
 * `${` in data is replaced while the template is expanded, so that what is left of it afterwards is the template's own.
 * A private-use character stands for it, itself doubled where data contains it.
 */
const MARK = '\uE000';
function shield(value: unknown): unknown {
  return mapTexts(value, (text) => text.replaceAll(MARK, `${MARK}1`).replaceAll('${', `${MARK}2`));
}
function unshield(value: unknown): unknown {
  return mapTexts(value, (text) => text.replaceAll(`${MARK}2`, '${').replaceAll(`${MARK}1`, MARK));
}
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
  return value;
}
function findUnbound(value: unknown): string | null {
  if (typeof value === 'string') return value.includes('${') ? value : null;
  if (value === null || typeof value !== 'object') return null;
  for (const item of Object.values(value)) {
    const found = findUnbound(item);
    if (found !== null) return found;
  }
  return null;
}

/**
 * What templates cannot say: a number input's value is a number or left out, an empty row of buttons is left out, and a client without
 * Action.Execute gets Action.Submit with the verb among its data, unless the template says otherwise.
 */
function finish(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(finish).filter((item) => item !== undefined);
  if (value === null || typeof value !== 'object') return value;
  const { value: given, ...element } = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, finish(item)])) as Record<string, unknown>;
  if (element['type'] === 'ActionSet' && Array.isArray(element['actions']) && element['actions'].length === 0) return undefined;
  if (element['type'] === 'Input.Number') return typeof given === 'string' && /^-?\d+(\.\d+)?$/.test(given.trim()) ? { ...element, value: Number(given) } : element;
  const whole = given === undefined ? element : { ...element, value: given };
  if (element['type'] !== 'Action.Execute' || element['fallback'] !== undefined) return whole;
  const { title, style, associatedInputs, tooltip } = element;
  const submit = { type: 'Action.Submit', title, style, associatedInputs, tooltip, data: { ...(element['data'] as object | undefined), verb: element['verb'] } };
  return { ...whole, fallback: Object.fromEntries(Object.entries(submit).filter(([, item]) => item !== undefined)) };
}
