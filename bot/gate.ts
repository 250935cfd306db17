// Who may speak to the bot: checked before anything of a request is believed. Every way to fail is a value with a status.
import { type BotFrameworkAuthentication } from 'botframework-connector';
import { type Activity } from 'botframework-schema';
import { z } from 'zod';
import { isLoopback } from './settings';

/** The parts of an activity that the bot relies on; everything else is looked at where it is used. */
const envelope = z.looseObject({
  type: z.string().min(1).max(100),
  channelId: z.string().min(1).max(100),
  serviceUrl: z.url({ protocol: /^https?$/ }).max(2000),
  from: z.looseObject({ id: z.string().min(1).max(500), aadObjectId: z.string().max(100).optional(), name: z.string().max(1000).optional() }),
  recipient: z.looseObject({ id: z.string().min(1).max(500) }),
  conversation: z.looseObject({ id: z.string().min(1).max(1000), tenantId: z.string().optional() }),
  channelData: z.looseObject({ tenant: z.looseObject({ id: z.string().optional() }).optional() }).nullish(),
});

export interface Knock {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** 400: not an activity. 401: not from the Bot Framework. 403: not from an allowed tenant or machine. 503: could not be checked. */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly status: 400 | 401 | 403 | 503; readonly reason: string };
const turnedAway = (status: 400 | 401 | 403 | 503, reason: string): Admission => ({ ok: false, status, reason });

export interface GateDeps {
  readonly authentication: BotFrameworkAuthentication;
  /** Without an app id nothing is signed, so only programs of this machine are let in, and no web page. */
  readonly appId: string | undefined;
  readonly tenants: ReadonlySet<string>;
  /** How long signing keys may take to fetch, in ms. */
  readonly timeoutMs?: number;
}

/** Decides about one request. Never rejects. */
export async function admit(deps: GateDeps, knock: Knock): Promise<Admission> {
  const contentType = String(knock.headers['content-type'] ?? '').toLowerCase();
  if (!/^application\/json\s*(;|$)/.test(contentType)) return turnedAway(400, 'not JSON');
  const parsed = envelope.safeParse(knock.body);
  if (!parsed.success) return turnedAway(400, 'not an activity');
  if (deps.appId === undefined) return admitLocal(knock, parsed.data.serviceUrl);

  // Other channel ids select other ways of checking, one of which believes what the process environment says.
  if (parsed.data.channelId !== 'msteams') return turnedAway(403, 'not from Teams');
  const authorization = knock.headers['authorization'];
  try {
    await withinTime(deps.authentication.authenticateRequest(parsed.data as unknown as Activity, typeof authorization === 'string' ? authorization : ''), deps.timeoutMs ?? 10_000);
  } catch (fault) {
    return unreachable(fault) ? turnedAway(503, 'the signing keys could not be fetched') : turnedAway(401, 'the token was not accepted');
  }
  const tenants = [parsed.data.conversation.tenantId, parsed.data.channelData?.tenant?.id].filter((tenant) => tenant !== undefined);
  if (tenants.length === 0 || !tenants.every((tenant) => deps.tenants.has(tenant.toLowerCase()))) return turnedAway(403, 'the tenant is not allowed');
  return { ok: true };
}

/** A browser names itself with Origin or Sec-Fetch-Site; a rebound name shows in Host. */
function admitLocal(knock: Knock, serviceUrl: string): Admission {
  const { host, origin } = knock.headers;
  const name = String(host ?? '').replace(/:\d+$/, '');
  if (origin !== undefined || knock.headers['sec-fetch-site'] !== undefined) return turnedAway(403, 'web pages may not speak to the bot');
  if (!isLoopback(name)) return turnedAway(403, 'addressed by a name that is not of this machine');
  if (!isLoopback(new URL(serviceUrl).hostname)) return turnedAway(403, 'its service is not on this machine');
  return { ok: true };
}

class TooLate extends Error {}
async function withinTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([promise, new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new TooLate()), ms); })]);
  } finally {
    clearTimeout(timer);
  }
}

/** Network faults, and answers of the key server that are not keys; the library uses status 500 for the latter. */
function unreachable(fault: unknown): boolean {
  if (fault instanceof TooLate) return true;
  if (typeof fault !== 'object' || fault === null) return false;
  const { name, statusCode, type } = fault as { name?: unknown; statusCode?: unknown; type?: unknown };
  return name === 'FetchError' || statusCode === 500 || type === 'invalid-json';
}
