/** Cancels: at once where nothing runs, as a request where something does; that ends with the worker's stop or the lease. */
import { CountersignError } from '@countersign/contracts/errors';
import type { JobView } from '@countersign/contracts/job';
import { jobEntry } from '@countersign/contracts/job-entry';
import type { RpcParsed } from '@countersign/contracts/rpc';
import { isTerminal } from '@countersign/contracts/states';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { moveJobs } from '../move-jobs.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { closeAttempts } from '../store-attempts.ts';
import type { LockedJob } from '../store-jobs.ts';
import { lockJob, requestCancel } from '../store-jobs.ts';
import { getJob } from './read-jobs.ts';

type Request = RpcParsed<'scheduler.cancel'>;

/** Cancelling what is cancelled changes nothing, its reason neither; what ended otherwise keeps its end. */
export async function cancelJob(context: SchedulerContext, request: Request): Promise<JobView> {
  const ended = await context.database.transaction(async (tx) => {
    await refuseRevoked(tx, request.principal);
    const job = await lockJob(tx, request.tenant, request.job_id);
    if (!job) throw new CountersignError('not_found', 'there is no such job');
    if (job.state === 'cancelled') return false;
    if (isTerminal(job.state)) throw new CountersignError('state_conflict', `the job has ended: ${job.state}`);
    if (job.state === 'running') await cancelRunning(tx, job, request);
    else await cancelNow(tx, job, request);
    return job.state !== 'running';
  });
  if (ended) context.metrics.count('jobs_ended_total', { state: 'cancelled' });
  return getJob(context.database, request);
}

async function cancelRunning(tx: Tx, job: LockedJob, request: Request): Promise<void> {
  if (job.cancel_requested_by !== null) return;
  await requestCancel(tx, job, request.principal.id, request.reason);
  await append(tx, [
    jobEntry('job_cancel_requested', job, {
      state: job.state,
      cancelled_by: request.principal.id,
      attempt: job.attempt,
    }),
  ]);
}

async function cancelNow(tx: Tx, job: LockedJob, request: Request): Promise<void> {
  const { tenant, job_id, state } = job;
  const reason = `cancelled by ${request.principal.id}`;
  // Before it ends: an ended job is changed no more.
  await requestCancel(tx, job, request.principal.id, request.reason);
  await moveJobs(tx, [{ tenant, job_id, from: state, to: 'cancelled', reason }]);
  if (job.dispatch_id) await closeAttempts(tx, [job.dispatch_id], 'void');
  await append(tx, [
    jobEntry('job_cancelled', job, {
      state: 'cancelled',
      reason,
      cancelled_by: request.principal.id,
      former_state: state,
    }),
  ]);
}
