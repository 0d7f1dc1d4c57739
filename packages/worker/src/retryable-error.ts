/** Thrown by a handler when another attempt is worth making. The policy's `max_attempts` still bounds how many. */

/** `code` and the message become the job's `{ error }`, which is screened like any output. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly code: string;
  constructor(code: string, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.code = code;
  }
}
