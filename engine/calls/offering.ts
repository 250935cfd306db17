// What a phone that is rung is told: where it rings, whose name it shows, and the context of the call in its headers.
import { type CallContext, type Effect } from '../core/types';
import { type Contact } from '../../storage/model/agent';
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type Branch, type LegToRing } from './ports';
import { ENGINE_LANGUAGE, TEXTS } from './texts';

export type OfferEffect = Extract<Effect, { type: 'offer' }>;
export type DialEffect = Extract<Effect, { type: 'dial' }>;
export type Place = Pick<Branch, 'to' | 'confirm'>;

/** Every place where an agent is rung: the phones that registered, then the contacts in their order. */
export function placesOf(agentId: string, contacts: readonly Contact[]): Place[] {
  return [{ to: { kind: 'registered', agentId }, confirm: false }, ...contacts.map((contact) => ({ to: targetOf(contact), confirm: contact.confirm }))];
}

function targetOf(contact: Contact): OutsideTarget {
  return contact.kind === 'number' ? { kind: 'number', number: contact.number } : { kind: 'uri', uri: contact.uri };
}

/** The group's name and the caller's, and a number to call back. */
export function shownTo({ groupName, callerName, callerNumber }: Pick<OfferEffect, 'groupName' | 'callerName' | 'callerNumber'>): Pick<LegToRing, 'fromName' | 'fromUser'> {
  const caller = callerName || callerNumber || TEXTS[ENGINE_LANGUAGE].unknownCaller;
  return { fromName: groupName === '' ? caller : `${groupName}: ${caller}`, fromUser: callerNumber || 'anonymous' };
}

/** Headers for the agent's phone. Values are percent-encoded UTF-8 (RFC 3986), since header values are not safe for every character. */
export function contextHeaders(groupName: string, context: CallContext | null): Record<string, string> {
  const answers = context?.answers.map(({ question, answer }) => `${encoded(question)}=${encoded(answer)}`).join('; ') ?? '';
  return {
    ...(groupName === '' ? {} : { 'X-Response-Group': encoded(groupName) }),
    ...(context === null ? {} : { 'X-Wait-Seconds': String(Math.max(0, Math.floor(context.waitedMs / 1_000))) }),
    ...(answers === '' ? {} : { 'X-Answers': answers }),
  };
}

/** Half a surrogate pair cannot be encoded; it becomes U+FFFD on the way through bytes. */
function encoded(text: string): string { return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')); }
