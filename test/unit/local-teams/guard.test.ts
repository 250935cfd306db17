// Who is let in: each way a page from elsewhere could try, and what the page and the bot themselves send.
import fc from 'fast-check';
import { type Asking, refuse, securityHeaders } from '../../../bot/local-teams/guard';

const PORT = 3979;
const page: Asking = { method: 'POST', pathname: '/api/chats/x/say', host: '127.0.0.1:3979', origin: 'http://127.0.0.1:3979', fetchSite: 'same-origin', contentType: 'application/json' };
const bot: Asking = { method: 'POST', pathname: '/v3/conversations', host: '127.0.0.1:3979', origin: undefined, fetchSite: undefined, contentType: 'application/json; charset=utf-8' };
const read: Asking = { method: 'GET', pathname: '/api/people', host: 'localhost:3979', origin: undefined, fetchSite: 'same-origin', contentType: undefined };

test.each<[string, Asking, number | null]>([
  ['the page’s own call is let in', page, null],
  ['the page under its other name is let in', { ...page, host: 'localhost:3979', origin: 'http://localhost:3979' }, null],
  ['the page reading is let in', read, null],
  ['somebody opening the page is let in, from a link too', { ...read, pathname: '/', fetchSite: 'cross-site' }, null],
  ['the bot’s call is let in', bot, null],
  ['the bot deleting, without a body, is let in', { ...bot, method: 'DELETE', contentType: undefined }, null],
  ['another origin’s page is refused', { ...page, origin: 'http://evil.example', fetchSite: 'cross-site' }, 403],
  ['a sandboxed page is refused', { ...page, origin: 'null' }, 403],
  ['a page on another port of this machine is refused', { ...page, origin: 'http://127.0.0.1:8080', fetchSite: 'same-site' }, 403],
  ['one name of this machine does not speak for the other', { ...page, origin: 'http://localhost:3979' }, 403],
  ['a rebound name is refused', { ...page, host: 'evil.example:3979', origin: 'http://evil.example:3979' }, 403],
  ['a rebound name is refused even for files', { ...read, pathname: '/', host: 'evil.example:3979' }, 403],
  ['no Host is refused', { ...page, host: undefined }, 403],
  ['a form’s POST without Origin is refused', { ...page, origin: undefined, fetchSite: undefined, contentType: 'application/x-www-form-urlencoded' }, 403],
  ['a POST without Origin is refused also as JSON', { ...page, origin: undefined }, 403],
  ['a script of another site reading is refused', { ...read, fetchSite: 'cross-site' }, 403],
  ['a script of another port reading is refused', { ...read, fetchSite: 'same-site' }, 403],
  ['text/plain, which needs no preflight, is refused', { ...page, contentType: 'text/plain' }, 415],
  ['a body of no type is refused', { ...page, contentType: undefined }, 415],
  ['a browser may not use the connector, not even our page', { ...bot, origin: 'http://127.0.0.1:3979', fetchSite: 'same-origin' }, 403],
  ['a browser that hides its Origin may not use the connector', { ...bot, method: 'GET', fetchSite: 'cross-site' }, 403],
  ['a form may not use the connector', { ...bot, contentType: 'multipart/form-data; boundary=x' }, 415],
])('%s', (_title, asking, status) => {
  expect(refuse(asking, PORT)?.status ?? null).toBe(status);
});

test('whatever else the request says, a foreign Origin or Host is refused', () => {
  const any = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
    pathname: fc.constantFrom('/', '/api/people', '/api/events', '/v3/conversations', '/v3/x', '/healthz'),
    fetchSite: fc.constantFrom(undefined, 'same-origin', 'none', 'cross-site'),
    contentType: fc.constantFrom(undefined, 'application/json', 'text/plain'),
  });
  const foreign = fc.webUrl().map((url) => new URL(url).origin);
  fc.assert(fc.property(any, foreign, (asking, origin) => {
    expect(refuse({ ...asking, host: '127.0.0.1:3979', origin }, PORT)?.status).toBe(403);
    expect(refuse({ ...asking, host: new URL(origin).host, origin: undefined }, PORT)?.status).toBe(403);
  }));
});

test('the policy names the bot for sound and allows no inline script', () => {
  const policy = securityHeaders('http://127.0.0.1:3978')['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toMatch(/media-src 'self' http:\/\/127\.0\.0\.1:3978 http:\/\/localhost:3978/);
  expect(policy).not.toContain('unsafe');
});
