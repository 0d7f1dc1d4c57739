/** Ends jobs that waited past their deadline. A running one is told to stop by its next beat instead. */

import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { errorFields } from '@countersign/platform/logger';
import { retryOneByOne } from '@countersign/platform/retry-one-by-one';
import { type Move, moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { closeAttempts } from '../store-attempts.ts';
import { lockOverdue, lockUnclaimed, overdueJobs } from '../store-jobs.ts';

const REASON = 'deadline passed while waiting';
type Key = Awaited<ReturnType<typeof overdueJobs>>[number];

export async function sweepDeadlines({ database, log, metrics }: SchedulerContext): Promise<void> {
  const ended = await retryOneByOne(
    await overdueJobs(database, LIMITS.batch_rows),
    (part) => database.transaction((tx) => commitExpired(tx, part)),
    ({ job_id }, thrown) => log.error({ ...errorFields(thrown), job_id }, 'an overdue job cannot be ended'),
  );
  for (const count of ended) if (count > 0) metrics.count('jobs_ended_total', { state: 'expired' }, count);
}

async function commitExpired(tx: Tx, keys: readonly Key[]): Promise<number> {
  const jobs = await lockOverdue(tx, keys);
  const dispatched = jobs.filter((job) => job.state === 'dispatched');
  const unclaimed = await lockUnclaimed(tx, dispatched);
  const moves = jobs.map(
    ({ tenant, job_id, state }): Move => ({ tenant, job_id, from: state, to: 'expired', reason: REASON }),
  );
  const entries = jobs.map((job) => {
    const { attempt, state: former_state } = job;
    return jobEntry('job_expired', job, { state: 'expired', reason: REASON, attempt, former_state });
  });
  await Promise.all([moveJobs(tx, moves), closeAttempts(tx, unclaimed, 'void'), append(tx, entries)]);
  return jobs.length;
}
