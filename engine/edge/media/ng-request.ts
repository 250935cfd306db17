// Reads the fields of an NG request, and refuses what cannot be carried out in rtpengine's words.
import { type NgDictionary, type NgValue } from './bencode';

/** A request that cannot be carried out; the message is the `error-reason`. */
export class Refused extends Error {}

export const text = (request: NgDictionary, key: string): string | undefined => {
  const value: NgValue | undefined = request.get(key);
  return typeof value === 'string' ? value : undefined;
};

/** @throws Refused with that reason where there is no such text. */
export function required(request: NgDictionary, key: string, reason: string): string {
  const value = text(request, key);
  if (value === undefined || value === '') throw new Refused(reason);
  return value;
}

/** Numbers come as bencode integers or, from some clients, as text. */
export function number(request: NgDictionary, key: string, fallback: number): number {
  const value = request.get(key);
  const read = typeof value === 'number' ? value : typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : fallback;
  return Math.max(0, read);
}

/** How many calls `list` names. */
export const listLimit = (request: NgDictionary): number => number(request, 'limit', 32);
