// The export file: lines of canonical JSON. What each line is, how much there may be of it, and how older versions become this one.
import { z } from 'zod';
import { OBJECT_SCHEMAS } from '../kinds';
import { type ObjectKind, type ObjectKinds } from '../model/configuration';
import { id } from '../model/fields';
import { canonicalJson } from './canonical';

export const FORMAT = 'response-group export';
/** Raised when a file can no longer be read as the former version had it. */
export const FORMAT_VERSION = 1;

/** What a reader takes in at most; a writer that would go past it stops. Objects are held in memory, audio is not. */
export const FILE_LIMITS = {
  /** Of the whole file. */
  bytes: 512 * 1024 * 1024,
  /** Of all lines about objects. */
  objectBytes: 128 * 1024 * 1024,
  /** A document of the database is no larger. */
  lineBytes: 16 * 1024 * 1024,
  headerBytes: 4_096,
  objects: 300_000,
  /** Of audio in one line, before base64. */
  chunkBytes: 48 * 1024,
} as const;

/** In the order of the file: what is referred to comes before what refers to it. */
export const KINDS_IN_ORDER = ['settings', 'trunks', 'agents', 'duties', 'agentGroups', 'queues', 'workflows', 'businessHours', 'holidaySets'] as const satisfies readonly ObjectKind[];

/** An object as the file has it: the pool and the version are not its own. */
export type FileObject = { [K in ObjectKind]: { readonly kind: K; readonly object: Omit<ObjectKinds[K], 'pool' | 'version'> } }[ObjectKind];

/** `pool`: whose database it was taken from. `owner`: whose the objects are. The domain is part of phones' passwords. */
export const header = z.strictObject({ format: z.literal(FORMAT), version: z.int().min(1), pool: id, owner: id, sipDomain: z.string().min(1).max(253) });
export type Header = z.output<typeof header>;

export const audioLine = z.strictObject({ audio: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(1) });
export const chunkLine = z.strictObject({ chunk: z.string().min(1).max(FILE_LIMITS.chunkBytes / 3 * 4).regex(/^[A-Za-z0-9+/]+={0,2}$/) });
/** SHA-256 of every byte before this line. */
export const lastLine = z.strictObject({ objects: z.int().min(0), sounds: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** A file that is not taken, and where in it the reason lies. */
export class BadFile extends Error {
  constructor(readonly reason: string, readonly line: number | null = null) {
    super(line === null ? `The file is refused: ${reason}` : `The file is refused at line ${line}: ${reason}`);
    this.name = 'BadFile';
  }
}

/** A line about an object, as an older version wrote it; `kind` may be one that is no more. */
export interface OlderLine { readonly kind: string; readonly object: Readonly<Record<string, unknown>> }
/** From one version to the next; null: there is no such thing any more. */
export type Upgrade = (line: OlderLine) => OlderLine | null;
/** The first leads from version 1 to version 2, and so on. Added at the end, never changed once released. */
export const UPGRADES: readonly Upgrade[] = [];

/** A line of an older version as this one would have it. */
export function upgraded(line: OlderLine, version: number, upgrades: readonly Upgrade[] = UPGRADES): OlderLine | null {
  return upgrades.slice(version - 1).reduce<OlderLine | null>((one, upgrade) => one && upgrade(one), line);
}

/** @throws BadFile for another format, or a version that this program is too old for */
export function readHeader(value: unknown, newest = FORMAT_VERSION): Header {
  const named = z.object({ format: z.literal(FORMAT), version: z.int().min(1) }).safeParse(value);
  if (!named.success) throw new BadFile('it is no export of Response Group.', 1);
  if (named.data.version > newest) throw new BadFile(`it has version ${named.data.version} of the format, and this program reads versions 1 to ${newest}. Take a newer program.`, 1);
  const parsed = header.safeParse(value);
  if (!parsed.success) throw new BadFile(`the header does not fit (${faultsIn(parsed.error)}).`, 1);
  return parsed.data;
}

export function objectLine({ kind, object }: FileObject): string {
  return canonicalJson({ kind, object });
}

/**
 * The object of a line, complete: what it lacks has the model's defaults.
 * @throws BadFile for a kind, a field or a value that the model does not know; nothing is ever left out unseen
 */
export function readObject(line: OlderLine, at: number): FileObject {
  const kind = KINDS_IN_ORDER.find((one) => one === line.kind);
  if (kind === undefined) throw new BadFile(`"${shortened(line.kind)}" is no kind of object.`, at);
  for (const field of ['pool', 'version']) if (Object.hasOwn(line.object, field)) throw new BadFile(`${field} is not a field of an exported object.`, at);
  const given = kind === 'duties' ? dutyWithDates(line.object) : line.object;
  const parsed = OBJECT_SCHEMAS[kind].safeParse({ ...given, pool: 'file', version: 1 });
  if (!parsed.success) throw new BadFile(`${kind} ${shortened(String(line.object['id']))} does not fit (${faultsIn(parsed.error)}).`, at);
  const { pool: _pool, version: _version, ...object } = parsed.data;
  const unknown = lostIn(given, object, '');
  if (unknown !== null) throw new BadFile(`${kind} ${object.id} has a field that this program does not know: ${shortened(unknown)}.`, at);
  return { kind, object } as FileObject;
}

const faultsIn = (error: z.ZodError): string => error.issues.slice(0, 3).map((issue) => `${shortened(issue.path.map(String).join('.')) || 'it'}: ${issue.message}`).join('; ');
/** What a stranger wrote is shown in part. */
export const shortened = (words: string): string => (words.length > 80 ? `${words.slice(0, 77)}…` : words).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?');

/** The way to a field of `given` that did not come through; null where all did. As deep as what came through, so never deeper than the model. */
function lostIn(given: unknown, kept: unknown, way: string): string | null {
  if (typeof given !== 'object' || given === null || typeof kept !== 'object' || kept === null || given instanceof Date) return null;
  for (const key of Object.keys(given)) {
    const path = way === '' ? key : `${way}.${key}`;
    if (!Object.hasOwn(kept, key)) return path;
    const lost = lostIn((given as Record<string, unknown>)[key], (kept as Record<string, unknown>)[key], path);
    if (lost !== null) return lost;
  }
  return null;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** JSON has no dates; a text that is no instant stays, and does not fit. */
const dated = (value: unknown): unknown => (typeof value === 'string' && INSTANT.test(value) ? new Date(value) : value);

function dutyWithDates(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const pause = object['pause'];
  const isPause = typeof pause === 'object' && pause !== null && !Array.isArray(pause);
  const withDates = (fields: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> => Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, names.includes(key) ? dated(value) : value]));
  return { ...withDates(object, ['since']), ...(isPause ? { pause: withDates(pause as Record<string, unknown>, ['since', 'until']) } : {}) };
}
