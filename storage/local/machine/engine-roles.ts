// Which of the engines on this machine is active, as they say themselves, told to the person at the terminal whenever it changes.
import { z } from 'zod';

/** `away`: it does not answer, or has no role yet. */
export type SeenRole = 'active' | 'standby' | 'away';
export interface SeenEngine { readonly name: string; readonly role: SeenRole }

const LOOK_EVERY_MS = 500;
const ANSWER_PATIENCE_MS = 1_000;

const health = z.object({ ok: z.boolean(), role: z.enum(['active', 'standby']).optional() });

export class EngineRoles {
  private seen: readonly SeenEngine[];
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly engines: ReadonlyArray<{ readonly name: string; readonly healthUrl: string }>, private readonly notice: (words: string) => void) {
    this.seen = engines.map(({ name }) => ({ name, role: 'away' }));
  }

  /** As they were seen last, in the given order. */
  get roles(): readonly SeenEngine[] {
    return this.seen;
  }

  /** Looks once, without a word, and then for ever. */
  async begin(): Promise<void> {
    this.seen = await this.look();
    this.again();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private again(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      void this.look().then((now) => {
        const before = rolesWords(this.seen);
        this.seen = now;
        if (!this.closed && rolesWords(now) !== before) this.notice(rolesWords(now));
        this.again();
      });
    }, LOOK_EVERY_MS);
  }

  private look(): Promise<readonly SeenEngine[]> {
    return Promise.all(this.engines.map(async ({ name, healthUrl }) => ({ name, role: await roleAt(healthUrl) })));
  }
}

/** For example: the second engine is active; the engine does not answer. */
export function rolesWords(engines: readonly SeenEngine[]): string {
  const words = { active: 'is active', standby: 'stands by', away: 'does not answer' } as const;
  const text = engines.map(({ name, role }) => `the ${name} ${words[role]}`).join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

async function roleAt(url: string): Promise<SeenRole> {
  try {
    // An engine that cannot reach its edge says 503, and its role all the same.
    const answer = health.parse(await (await fetch(url, { signal: AbortSignal.timeout(ANSWER_PATIENCE_MS) })).json());
    return answer.role ?? 'away';
  } catch {
    return 'away';
  }
}
