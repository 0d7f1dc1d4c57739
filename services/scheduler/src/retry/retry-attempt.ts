/** Whether a job gets another attempt, and when. Every attempt goes through the dispatch gate again. */
import type { LockedAttempt } from '../store-attempts.ts';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

export function mayRetry(attempt: LockedAttempt): boolean {
  return attempt.runs < attempt.max_attempts && attempt.cancel_requested_by === null && !attempt.past_deadline;
}

/** Milliseconds, doubling with each run. */
export function retryDelay(attempt: LockedAttempt): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt.runs - 1));
}
