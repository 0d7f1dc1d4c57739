/** A failure of the set-up that a person can fix: the message says what to do and is shown without a stack. */
export class SetUpError extends Error {
  override readonly name = 'SetUpError';
}
