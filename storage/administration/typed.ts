// Inputs as forms and commands carry them: everything as text, and an empty field for none.
import { z } from 'zod';
import { whole } from '../model/fields';
import { type Range } from '../model/limits';
import { schemaRule } from '../model/rules';

/** Anything that is not a number stays as typed, so that the fault can show it. */
const fromText = (typed: unknown): unknown => {
  if (typeof typed !== 'string') return typed;
  const trimmed = typed.trim();
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
};

export const number = (range: Range, unit = '') => z.preprocess(fromText, whole(range, unit));

/** An empty field means: none. */
export const numberOrNone = (range: Range, unit = '') =>
  z.preprocess((typed) => (typed === '' ? null : fromText(typed)), z.union([z.null(), whole(range, unit)], { error: schemaRule('wholeOrNone', { min: range.min, max: range.max }, `must be empty, or a whole number from ${range.min} to ${range.max}${unit}`) }));

export const yesOrNo = z.preprocess((typed) => (typed === 'true' ? true : typed === 'false' ? false : typed), z.boolean({ error: schemaRule('yesNo') }));

/** An empty field means: none. */
export const orNone = <S extends z.ZodType>(schema: S) => z.preprocess((typed) => (typeof typed === 'string' && typed.trim() === '' ? null : typed), schema.nullable());
