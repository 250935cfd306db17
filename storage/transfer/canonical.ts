// One way to write a value as JSON: keys in order, nothing between them, so that equal values are equal bytes.

/** Dates as ISO 8601 in UTC; what is undefined is left out. Keys are ordered by their UTF-16 code units, as RFC 8785, section 3.2.3, has it. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value));
}

function ordered(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(fields).sort().map((key) => [key, ordered(fields[key])]));
}
