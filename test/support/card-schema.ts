// Two independent readers of cards: the schema made from the types that Teams publishes, and the client library itself.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import { JSDOM } from 'jsdom';

type Schema = Record<string, unknown>;
let validator: ValidateFunction | null = null;

/** The generated schema, kept under dist/ until the package that it is made from changes. */
function generatedSchema(): Schema {
  const packaged = join(dirname(createRequire(__filename).resolve('@microsoft/teams.cards')), '..', 'package.json');
  const { version } = JSON.parse(readFileSync(packaged, 'utf8')) as { version: string };
  const kept = join(__dirname, '..', '..', 'dist', `.card-schema-${version}.json`);
  if (!existsSync(kept)) {
    const made = execFileSync(process.execPath, [join(__dirname, 'make-card-schema.cjs')], { encoding: 'utf8', maxBuffer: 16_777_216 });
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(`${kept}.${process.pid}`, made);
    renameSync(`${kept}.${process.pid}`, kept);
  }
  return JSON.parse(readFileSync(kept, 'utf8')) as Schema;
}

/** Unions are chosen by `type`, so that a complaint names the wrong property and no other branch; an input without an id is never sent. */
function cardValidator(): ValidateFunction {
  if (validator) return validator;
  const schema = generatedSchema();
  const definitions = schema['definitions'] as Record<string, Schema>;
  const kinds = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const properties = (definition['properties'] ?? {}) as Record<string, Schema>;
    const kind = properties['type']?.['const'];
    if (typeof kind !== 'string') continue;
    kinds.set(name, kind);
    const required = new Set([...((definition['required'] as string[] | undefined) ?? []), 'type', ...(kind.startsWith('Input.') ? ['id'] : []), ...(kind === 'AdaptiveCard' ? ['version', 'body'] : [])]);
    definition['required'] = [...required].filter((one) => one in properties);
  }
  chooseByType(schema, kinds);
  validator = new Ajv({ strict: false, allErrors: true }).compile(schema);
  return validator;
}

const kindOf = ({ $ref }: Schema, kinds: ReadonlyMap<string, string>): string | undefined =>
  typeof $ref === 'string' ? kinds.get(decodeURIComponent($ref).replace('#/definitions/', '')) : undefined;

function chooseByType(node: unknown, kinds: ReadonlyMap<string, string>): void {
  if (node === null || typeof node !== 'object') return;
  const schema = node as Schema;
  for (const value of Object.values(schema)) chooseByType(value, kinds);
  const branches = schema['anyOf'];
  if (!Array.isArray(branches)) return;
  const elements = branches.filter((one: Schema) => kindOf(one, kinds) !== undefined) as Schema[];
  if (elements.length < 2) return;
  const others = branches.filter((one: Schema) => kindOf(one, kinds) === undefined) as Schema[];
  const byKind = new Map<string | undefined, Schema[]>();
  for (const one of elements) byKind.set(kindOf(one, kinds), [...(byKind.get(kindOf(one, kinds)) ?? []), one]);
  delete schema['anyOf'];
  schema['if'] = { type: 'object' };
  schema['then'] = {
    required: ['type'],
    properties: { type: { enum: [...byKind.keys()] } },
    allOf: [...byKind].map(([kind, same]) => ({ if: { properties: { type: { const: kind } } }, then: same.length === 1 ? same[0] : { anyOf: same } })),
  };
  schema['else'] = others.length > 0 ? { anyOf: others } : false;
}

/** What is wrong with a card by its schema; empty when nothing is. */
export function schemaComplaints(card: unknown): string[] {
  const validate = cardValidator();
  return validate(card) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath}: ${error.message ?? ''} ${JSON.stringify(error.params)}`);
}

interface ClientLibrary {
  readonly AdaptiveCard: new () => { parse(card: unknown, context: unknown): void; render(): unknown; validateProperties(): { validationEvents: readonly { message: string }[] } };
  readonly SerializationContext: new (version: unknown) => { eventCount: number; getEventAt(index: number): { message: string } };
  readonly Versions: { readonly v1_5: unknown };
}
let library: ClientLibrary | null = null;

/** What the client library complains of: duplicate ids, missing labels, unknown elements. */
export function parserComplaints(card: unknown): string[] {
  if (!library) {
    const { window } = new JSDOM('', { runScripts: 'outside-only' });
    window.eval(readFileSync(createRequire(__filename).resolve('adaptivecards/dist/adaptivecards.js'), 'utf8'));
    library = (window as unknown as { AdaptiveCards: ClientLibrary }).AdaptiveCards;
  }
  const context = new library.SerializationContext(library.Versions.v1_5);
  const parsed = new library.AdaptiveCard();
  parsed.parse(card, context);
  const told = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
  return [...told, ...parsed.validateProperties().validationEvents.map((event) => event.message)];
}
