/**
 * Finds attempts whose lease or screening deadline ran out. What was screened in time is ended as usual; everything else
 * is lost, whatever arrives later, and the job gets its next attempt or its end.
 */

import { jobEntry } from '@countersign/contracts/job-entry';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import { retryOneByOne } from '@countersign/platform/retry-one-by-one';
import { sweepScreened } from '../finish/end-jobs.ts';
import { readOutcomes } from '../finish/store-outcomes.ts';
import type { Move } from '../move-jobs.ts';
import { endedStates, moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { LockedAttempt } from '../store-attempts.ts';
import { closeAttempts, dueAttempts, lockAttempts, readParties } from '../store-attempts.ts';
import { delayAfterLoss, mayRetry } from './retry-attempt.ts';

export async function sweepAttempts(context: SchedulerContext): Promise<void> {
  const ids = await dueAttempts(context.database, LIMITS.batch_rows);
  if (ids.length === 0) return;
  const { database } = context;
  const lost = await retryOneByOne(
    [...ids].sort(),
    (part) => database.transaction((tx) => commitLost(tx, part)),
    (dispatch_id, thrown) =>
      context.log.error({ ...errorFields(thrown), dispatch_id }, 'a lost attempt cannot be closed'),
  );
  const moves = lost.flat();
  if (moves.length > 0) context.metrics.count('attempts_lost_total', {}, moves.length);
  for (const state of endedStates(moves)) context.metrics.count('jobs_ended_total', { state });
  if (moves.length < ids.length) await sweepScreened(context);
}

async function commitLost(tx: Tx, ids: readonly string[]): Promise<Move[]> {
  const parties = await readParties(tx, ids);
  /** Read after the locks: `scheduler.fence` keeps a screening that began from losing this race. */
  const [attempts, outcomes] = await Promise.all([lockAttempts(tx, parties), readOutcomes(tx, ids)]);
  const screened = new Set(outcomes.map((outcome) => outcome.dispatch_id));
  const lost = [...attempts.values()].filter(
    (attempt) =>
      attempt.is_due &&
      !screened.has(attempt.dispatch_id) &&
      (attempt.attempt_state === 'running' || attempt.attempt_state === 'reported') &&
      attempt.job_state === 'running',
  );
  const plans = lost.map(planLost);
  const moves = plans.map((plan) => plan.move);
  const ids_lost = lost.map((attempt) => attempt.dispatch_id);
  const entries = plans.flatMap((plan) => plan.entries);
  await Promise.all([moveJobs(tx, moves), closeAttempts(tx, ids_lost, 'lost'), append(tx, entries)]);
  return moves;
}

function planLost(attempt: LockedAttempt): { move: Move; entries: NewEntry[] } {
  const { tenant, job_id, dispatch_id } = attempt;
  const to = leadsTo(attempt);
  const why = attempt.attempt_state === 'reported' ? 'not screened in time' : 'lease ran out';
  // It may have done its work, or half of it: whoever retries or undoes it has to know that nobody knows.
  const code = to === 'failed' ? 'outcome_unknown' : null;
  const reason = code === null ? why : `${code}: ${why}`;
  const details = {
    dispatch_id,
    attempt: attempt.attempt,
    pool: attempt.pool,
    worker: attempt.worker,
    reason,
    ...(code !== null && { code }),
  };
  return {
    move: {
      tenant,
      job_id,
      from: 'running',
      to,
      reason,
      ...(to === 'cleared' ? { delay_ms: delayAfterLoss(attempt) } : {}),
    },
    entries: [jobEntry('attempt_lost', attempt, details), jobEntry(`job_${to}`, attempt, { ...details, state: to })],
  };
}

function leadsTo(attempt: LockedAttempt): JobState {
  if (attempt.cancel_requested_by !== null) return 'cancelled';
  if (attempt.ran_out || attempt.past_deadline) return 'timed_out';
  return mayRetry(attempt) ? 'cleared' : 'failed';
}
