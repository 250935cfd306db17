// What the form of an object remembers between being shown and being sent: which object, its version, a one-time id, and what it showed.
import { z } from 'zod';
import { FORM_KINDS, type FormKind } from './kinds';

export interface ObjectToken {
  readonly kind: FormKind;
  /** Empty: an object still to be made. */
  readonly id: string;
  /** The group it is made for, is part of, or was reached from; or empty. */
  readonly groupId: string;
  readonly requestId: string;
  readonly version: number;
  /** Fingerprints of the fields as they were shown, in the form's order. */
  readonly shown: readonly string[];
}

export const writeObjectToken = ({ kind, id, groupId, requestId, version, shown }: ObjectToken): string => [kind, id, groupId, requestId, version, shown.join(',')].join('|');

const WRITTEN = /^(\w{1,20})\|([a-z0-9-]{0,64})\|([a-z0-9-]{0,64})\|([A-Za-z0-9:_-]{8,100})\|(\d{1,9})\|((?:[\w-]{7}(?:,[\w-]{7}){0,60})?)$/;

/** Parses what `writeObjectToken` wrote. */
export const objectToken = z.string().max(1_000).transform((text, context): ObjectToken => {
  const [, kind = '', id = '', groupId = '', requestId = '', version = '', shown = ''] = WRITTEN.exec(text) ?? [];
  const known = FORM_KINDS.find((one) => one === kind);
  if (known === undefined) {
    context.addIssue({ code: 'custom', message: 'not a form of ours' });
    return z.NEVER;
  }
  return { kind: known, id, groupId, requestId, version: Number(version), shown: shown === '' ? [] : shown.split(',') };
});
