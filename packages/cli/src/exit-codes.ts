/** What the command's exit code says to a script. */
import type { ApiError } from '@countersign/client/api-error';
import { isOutage } from '@countersign/contracts/errors';

export const EXIT = {
  done: 0,
  /** The API refused: wrong request, no permission, no such job, not yet. */
  refused: 1,
  /** The command was not understood; nothing was sent. */
  usage: 2,
  /** The policy denied, or would deny. */
  denied: 3,
  /** Nobody could decide or answer: try again. */
  unavailable: 4,
  /** The job ended, and not as `succeeded`. */
  not_succeeded: 5,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const exitCodeOf = (error: ApiError): ExitCode =>
  error.status === 0 || isOutage(error.code) ? EXIT.unavailable : EXIT.refused;

/** Input that cannot be sent. */
export class UsageError extends Error {}
