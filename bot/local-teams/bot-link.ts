// Posts activities to the bot, as the channel does, and turns every way it can fail into a value with words for the person.

/** What became of an activity. `status` and `body` are the bot's HTTP answer. */
export type BotAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly words: string }
  | { readonly kind: 'unreachable'; readonly words: string }
  | { readonly kind: 'late'; readonly words: string };

export interface BotLink {
  /** Posts one activity and waits at most `timeoutMs` for the answer. Never rejects. */
  post(activity: object, timeoutMs: number): Promise<BotAnswer>;
}

/** @param url where the bot takes activities, as in `BOT_URL`. */
export function createBotLink(url: string): BotLink {
  return {
    async post(activity, timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(url, {
          method: 'POST', headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(activity), redirect: 'error', signal,
        });
        const text = await response.text();
        if (!response.ok) return { kind: 'refused', status: response.status, words: `The bot could not do this (it answered ${response.status}). Nothing you typed is lost; try again.` };
        const body = parse(text);
        if (body === NOT_JSON) return { kind: 'refused', status: response.status, words: 'The bot’s answer could not be read. Nothing you typed is lost; try again.' };
        return { kind: 'answered', status: response.status, body };
      } catch {
        if (signal.aborted) return { kind: 'late', words: `The bot did not answer within ${timeoutMs / 1000} seconds. Nothing you typed is lost; try again.` };
        return { kind: 'unreachable', words: `The bot cannot be reached at ${url}. Is it running? Nothing you typed is lost; try again.` };
      }
    },
  };
}

const NOT_JSON = Symbol('not JSON');

/** The JSON of an answer; undefined when it is empty. */
function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return NOT_JSON;
  }
}
