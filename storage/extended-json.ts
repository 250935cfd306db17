// What the database holds, as a line of text and back: dates stay dates.
import { BSON } from 'mongodb';

/** One line: line breaks within are escaped. */
export function extendedJson(value: object): string { return BSON.EJSON.stringify(value, { relaxed: true }); }

/** @throws SyntaxError for what is no JSON */
export function fromExtendedJson(text: string): unknown { return BSON.EJSON.parse(text); }
