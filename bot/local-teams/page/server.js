// Talks to the local server: calls for one person, and the stream of what changes.

/** A call that failed, with words for the person. */
export class CallFault extends Error {}

const UNREACHED = 'Local Teams cannot be reached. Is it still running? Nothing you typed is lost; try again.';

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new CallFault(UNREACHED);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new CallFault(answer?.error ?? `Local Teams answered ${response.status}.`);
  return answer;
}

export const people = () => call('GET', '/api/people');

/** Everything one person can do. */
export function actingAs(personId) {
  const as = `as=${encodeURIComponent(personId)}`;
  const chat = (chatId) => `/api/chats/${encodeURIComponent(chatId)}`;
  const onMessage = (chatId, messageId, what, body) => call('POST', `${chat(chatId)}/messages/${encodeURIComponent(messageId)}/${what}`, { as: personId, ...body });
  return {
    chats: () => call('GET', `/api/chats?${as}`),
    chat: (chatId) => call('GET', `${chat(chatId)}?${as}`),
    open: (chatId) => call('POST', `${chat(chatId)}/open`, { as: personId }),
    read: (chatId) => call('POST', `${chat(chatId)}/read`, { as: personId }),
    say: (chatId, text) => call('POST', `${chat(chatId)}/say`, { as: personId, text }),
    sendFile: (chatId, name, base64) => call('POST', `${chat(chatId)}/file`, { as: personId, name, base64 }),
    seen: (chatId, messageId) => onMessage(chatId, messageId, 'seen', {}),
    submit: (chatId, messageId, data) => onMessage(chatId, messageId, 'submit', { data }),
    execute: (chatId, messageId, attachment, action) => onMessage(chatId, messageId, 'execute', { attachment, action }),
    fetchDialog: (chatId, messageId, data) => onMessage(chatId, messageId, 'fetch-dialog', { data }),
    submitDialog: (chatId, messageId, data) => onMessage(chatId, messageId, 'submit-dialog', { data }),

    /**
     * Follows what changes. A stream that broke has missed something, so `ready` is called at every (re)connection and
     * the page reads everything again. While the page is hidden it does not follow: browsers allow few streams an address.
     * @returns a function that ends it
     */
    follow({ ready, event, lost }) {
      let source = null;
      const start = () => {
        if (source || document.hidden) return;
        source = new EventSource(`/api/events?${as}`);
        source.addEventListener('ready', ready);
        source.addEventListener('message', ({ data }) => event(JSON.parse(data)));
        source.addEventListener('error', lost);
      };
      const stop = () => {
        source?.close();
        source = null;
      };
      const turn = () => (document.hidden ? stop() : start());
      document.addEventListener('visibilitychange', turn);
      start();
      return () => {
        document.removeEventListener('visibilitychange', turn);
        stop();
      };
    },
  };
}
