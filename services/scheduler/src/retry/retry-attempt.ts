/** Whether a job gets another attempt, and when. Every attempt goes through the dispatch gate again. */
import { LIMITS } from '@countersign/contracts/limits';
import type { LockedAttempt } from '../store-attempts.ts';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** A lease, this and the sweeps on the way are less than two leases: so soon the job of a dead worker is tried again. */
const LONGEST_AFTER_LOSS_MS = LIMITS.lease_ms - 4 * LIMITS.sweep_ms;

export function mayRetry(attempt: LockedAttempt): boolean {
  return attempt.runs < attempt.max_attempts && attempt.cancel_requested_by === null && !attempt.past_deadline;
}

/** Milliseconds, doubling with each run. */
export function retryDelay(attempt: LockedAttempt): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt.runs - 1));
}

/** Milliseconds: nothing says that the job is at fault, so it waits no longer than its worker was waited for. */
export function delayAfterLoss(attempt: LockedAttempt): number {
  return Math.min(LONGEST_AFTER_LOSS_MS, retryDelay(attempt));
}
