// Addresses of sounds that only those shown them can use, and not for long.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const LIFETIME_MS = 15 * 60_000;
const AUDIO_ID = /^[0-9a-f]{64}$/;

export class AudioLinks {
  readonly #key: Buffer;

  /** @param secret shared by bots of one installation; null: links die with this process. */
  constructor(private readonly publicUrl: string, secret: string | null, private readonly now: () => Date) {
    this.#key = secret === null ? randomBytes(32) : createHmac('sha256', secret).update('audio links').digest();
  }

  /** `audioId` is the content hash that storage names a sound by. */
  url(audioId: string): string {
    const expires = String(this.now().getTime() + LIFETIME_MS);
    return `${this.publicUrl}/audio/${audioId}?exp=${expires}&sig=${this.#sign(audioId, expires)}`;
  }

  /** Whether an address was made here and may still be used. */
  good(audioId: unknown, expires: unknown, signature: unknown): boolean {
    if (typeof audioId !== 'string' || typeof expires !== 'string' || typeof signature !== 'string') return false;
    if (!AUDIO_ID.test(audioId) || !/^\d{1,15}$/.test(expires)) return false;
    const wanted = Buffer.from(this.#sign(audioId, expires));
    const given = Buffer.from(signature);
    return given.length === wanted.length && timingSafeEqual(given, wanted) && Number(expires) > this.now().getTime();
  }

  #sign(audioId: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`${audioId}.${expires}`).digest('base64url');
  }
}
