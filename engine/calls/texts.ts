// What the engine itself says or shows: the catalogue of its few texts. Groups bring their own.
export const TEXTS = {
  'en-US': {
    /** Spoken to whoever answers a phone that was rung for a test. */
    phoneTest: 'This is your response group. Your phone works: calls for your groups will ring here. Goodbye.',
    /** Shown by that phone. */
    phoneTestFrom: 'Phone test',
    /** Shown in place of a caller's name and number when there are none. */
    unknownCaller: 'unknown caller',
  },
} as const;

export const ENGINE_LANGUAGE = 'en-US';
