// An answer in words, while the form that was sent stays as it is.

/** Told in words while the form that was sent stays as it is, with everything typed in it. */
export class FormStays extends Error {}
