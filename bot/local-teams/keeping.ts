// Keeps the chats on disk across restarts: one JSON file, replaced whole, so that it is never half written.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Chat } from './chats';

const KEPT = z.object({
  version: z.literal(1),
  chats: z.array(z.object({
    id: z.string(),
    kind: z.enum(['personal', 'groupChat']),
    members: z.array(z.string()),
    installed: z.boolean(),
    read: z.record(z.string(), z.string()),
    messages: z.array(z.object({
      id: z.string(),
      from: z.string().nullable(),
      at: z.string(),
      text: z.string(),
      textFormat: z.enum(['plain', 'markdown', 'xml']),
      attachments: z.array(z.object({ contentType: z.string(), content: z.unknown().optional(), contentUrl: z.string().optional(), name: z.string().optional() })),
      suggestedActions: z.array(z.object({ type: z.string(), title: z.string(), value: z.unknown().optional() })),
      revision: z.number(),
      version: z.number(),
      failure: z.string().nullable(),
      views: z.record(z.string(), z.object({ attachment: z.number(), card: z.unknown(), revision: z.number() })),
    })),
  })),
});

export interface Keeper {
  /** What an earlier run kept; empty on the first start. */
  readonly kept: readonly Chat[];
  /** Where a file that could not be read was put aside, for the log; null otherwise. */
  readonly putAside: string | null;
  /** Asks for the chats to be written soon; many calls in a row are one write. */
  changed(): void;
  /** Writes what is not written yet. @throws the file system's error. */
  close(): void;
}

const SOON_MS = 200;

/**
 * @param folder made when missing; null keeps nothing.
 * @param chats what to write, asked for at the time of writing.
 * @param failed told of a write that failed; it is tried again with the next change.
 */
export function createKeeper(folder: string | null, chats: () => readonly Chat[], failed: (fault: unknown) => void): Keeper {
  if (folder === null) return { kept: [], putAside: null, changed: () => undefined, close: () => undefined };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'chats.json');
  const { kept, putAside } = read(path);
  let timer: NodeJS.Timeout | null = null;
  const write = (): void => {
    timer = null;
    const draft = `${path}.draft`;
    const file = openSync(draft, 'w', 0o600);
    try {
      writeFileSync(file, JSON.stringify({ version: 1, chats: chats() }));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  };
  return {
    kept,
    putAside,
    changed: () => {
      timer ??= setTimeout(() => {
        try {
          write();
        } catch (fault) {
          failed(fault);
        }
      }, SOON_MS);
    },
    close: () => {
      if (!timer) return;
      clearTimeout(timer);
      write();
    },
  };
}

/** A file that cannot be understood is renamed, never overwritten: the chats are only a convenience, but they are the person's. */
function read(path: string): Pick<Keeper, 'kept' | 'putAside'> {
  if (!existsSync(path)) return { kept: [], putAside: null };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    json = null;
  }
  const parsed = KEPT.safeParse(json);
  if (parsed.success) return { kept: parsed.data.chats, putAside: null };
  let number = 1;
  while (existsSync(`${path}.unreadable-${number}`)) number += 1;
  const putAside = `${path}.unreadable-${number}`;
  renameSync(path, putAside);
  return { kept: [], putAside };
}
