/** Ends jobs that waited past their deadline. A running one is told to stop by its next beat instead. */
import { LIMITS } from '@countersign/contracts/limits';
import { append } from '@countersign/platform/ledger-append';
import { jobEntry } from './job-entry.ts';
import { moveJobs } from './move-jobs.ts';
import type { SchedulerContext } from './scheduler-context.ts';
import { closeAttempts } from './store-attempts.ts';
import { lockOverdue, lockUnclaimed } from './store-jobs.ts';

const REASON = 'deadline passed while waiting';

export const sweepDeadlines = async ({ database, metrics }: SchedulerContext): Promise<void> => {
  const ended = await database.transaction(async (tx) => {
    const jobs = await lockOverdue(tx, LIMITS.batch_rows);
    const unclaimed = await lockUnclaimed(
      tx,
      jobs.filter((job) => job.state === 'dispatched'),
    );
    await moveJobs(
      tx,
      jobs.map(({ tenant, job_id, state }) => ({ tenant, job_id, from: state, to: 'expired', reason: REASON })),
    );
    await closeAttempts(tx, unclaimed, 'void');
    await append(
      tx,
      jobs.map((job) =>
        jobEntry('job_expired', job, {
          state: 'expired',
          reason: REASON,
          attempt: job.attempt,
          former_state: job.state,
        }),
      ),
    );
    return jobs.length;
  });
  if (ended > 0) metrics.count('jobs_ended_total', { state: 'expired' }, ended);
};
