// When a workflow is open: business hours by weekday, and holiday sets. Times are those of a wall clock in the workflow's time zone.
import { z } from 'zod';
import { LIMITS } from './limits';
import { civilTime, clockTime, displayName, id, stored } from './fields';
import { schemaRule } from './rules';

/** Open from `open` until just before `close`. `24:00` closes at midnight; a night goes on in the next day's `00:00`. */
export const openRange = z.object({ open: clockTime, close: clockTime }).refine(({ open, close }) => open < close, schemaRule('opensFirst'));
export type OpenRange = z.output<typeof openRange>;

const day = z.array(openRange).max(2, schemaRule('tooMany', { max: 2 }, 'must have at most two ranges')).refine(([one, other]) => one === undefined || other === undefined || one.close <= other.open, schemaRule('rangesApart')).default([]);
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A day without a range is closed. */
export const businessHours = z.object({
  ...stored,
  name: displayName,
  /** The one workflow these hours belong to; null: a preset that any workflow may use. */
  workflowId: id.nullable().default(null),
  monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: day, sunday: day,
});
export type BusinessHours = z.output<typeof businessHours>;

/** From `start` until just before `end`. */
export const holiday = z.object({ name: displayName, start: civilTime, end: civilTime }).refine(({ start, end }) => start < end, schemaRule('startsFirst'));
export type Holiday = z.output<typeof holiday>;

export const holidaySet = z.object({
  ...stored,
  name: displayName,
  /** The one workflow it belongs to; null: any workflow may use it. */
  workflowId: id.nullable().default(null),
  holidays: z.array(holiday).max(LIMITS.holidaysInSet.max, schemaRule('tooMany', { max: LIMITS.holidaysInSet.max }, `must have at most ${LIMITS.holidaysInSet.max} holidays`)),
});
export type HolidaySet = z.output<typeof holidaySet>;
