/** Takes attempts that were sent and not claimed, with what has to be sent again. */
import type { Tx } from '@countersign/platform/database';
import type { NewAttempt } from './new-attempt.ts';

/** Milliseconds until it is looked at again; longer than the first time, since a pool without workers stays silent. */
const AGAIN_MS = 10_000;

/** Not what is past its deadline: that is for the sweep that ends it (store-jobs.ts). */
const TAKE = `
WITH due AS (
  SELECT dispatch_id FROM scheduler.attempts
   WHERE under_way AND state = 'dispatched' AND due_at <= clock_timestamp()
   ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
UPDATE scheduler.attempts a SET due_at = least(clock_timestamp() + ${AGAIN_MS} * interval '1 millisecond', j.deadline_at)
  FROM due, scheduler.jobs j, scheduler.contexts c
 WHERE a.dispatch_id = due.dispatch_id AND j.tenant = a.tenant AND j.job_id = a.job_id AND c.tenant = a.tenant AND c.job_id = a.job_id
   AND c.effective IS NOT NULL AND j.deadline_at > clock_timestamp()
RETURNING a.dispatch_id, a.tenant, a.job_id, a.attempt, a.pool, a.decision_id, a.approval_id, a.policy_snapshot, a.policy_epoch,
          a.effective_digest, a.payload_digest, a.timeout_ms, a.max_attempts, a.max_output_bytes, a.pool_concurrency,
          c.effective, c.salt, j.job_hash, j.traceparent`;

type UnclaimedAttempt = NewAttempt & { effective: string; salt: string; job_hash: string; traceparent: string };

export function takeUnclaimed(tx: Tx, limit: number): Promise<UnclaimedAttempt[]> {
  return tx.query<UnclaimedAttempt>(TAKE, [limit]);
}
