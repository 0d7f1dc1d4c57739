/** SQL over single jobs and over their views. */

import type { JobFacts } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { JobState } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';

export type LockedJob = JobFacts & {
  state: JobState;
  attempt: number;
  cancel_requested_by: string | null;
  /** Of the attempt under way, if there is one. */
  dispatch_id: string | null;
};

const LOCK = `
SELECT tenant, job_id, topic, capability, actor, auth_method, owner, job_hash, traceparent, state, attempt, cancel_requested_by
  FROM scheduler.jobs WHERE tenant = $1 AND job_id = $2 FOR UPDATE`;
const UNDER_WAY = `
SELECT dispatch_id FROM scheduler.attempts
 WHERE tenant = $1 AND job_id = $2 AND attempt = $3 AND state IN ('dispatched', 'running', 'reported') FOR UPDATE`;

const REQUEST_CANCEL = `
UPDATE scheduler.jobs SET cancel_requested_by = $3, cancel_reason = $4, updated_at = clock_timestamp()
 WHERE tenant = $1 AND job_id = $2`;

type JobKey = { tenant: string; job_id: string };

const OVERDUE = `
(SELECT tenant, job_id FROM scheduler.jobs
  WHERE waiting IS NOT NULL AND deadline_at <= clock_timestamp() ORDER BY deadline_at LIMIT $1)
 UNION ALL
(SELECT a.tenant, a.job_id
   FROM scheduler.attempts a
  CROSS JOIN LATERAL (SELECT deadline_at FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
  WHERE a.under_way AND a.state = 'dispatched' AND a.due_at <= clock_timestamp() AND j.deadline_at <= clock_timestamp()
  LIMIT $1)
 UNION ALL
(SELECT tenant, job_id FROM scheduler.parked WHERE deadline_at <= clock_timestamp() ORDER BY deadline_at LIMIT $1)`;

const LOCK_OVERDUE = `
SELECT j.* FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS u(tenant, job_id) ORDER BY tenant, job_id) k
 CROSS JOIN LATERAL (
       SELECT tenant, job_id, topic, capability, actor, auth_method, owner, job_hash, traceparent, state, attempt,
              cancel_requested_by
         FROM scheduler.jobs
        WHERE tenant = k.tenant AND job_id = k.job_id FOR UPDATE SKIP LOCKED) j
 WHERE j.state IN ('parked', 'held', 'cleared', 'dispatched')`;

const UNCLAIMED = `
SELECT a.dispatch_id FROM scheduler.attempts a
  JOIN unnest($1::text[], $2::text[], $3::integer[]) AS k(tenant, job_id, attempt)
    ON a.tenant = k.tenant AND a.job_id = k.job_id AND a.attempt = k.attempt
 WHERE a.state = 'dispatched' ORDER BY a.dispatch_id FOR UPDATE OF a`;

/** Each by the partial index that holds nothing else; no index holds the jobs that run, but their attempts have one. */
const BY_STATE = `
SELECT 'held' AS state, tenant, count(*) AS jobs FROM scheduler.jobs WHERE waiting = 'held' GROUP BY tenant
 UNION ALL SELECT 'parked', tenant, count(*) FROM scheduler.parked GROUP BY tenant
 UNION ALL SELECT 'cleared', tenant, count(*) FROM scheduler.jobs WHERE waiting = 'cleared' GROUP BY tenant
 UNION ALL SELECT 'dispatched', NULL, count(*) FROM scheduler.attempts WHERE under_way AND state = 'dispatched'
 UNION ALL SELECT 'running', NULL, count(*) FROM scheduler.attempts WHERE under_way AND state IN ('running', 'reported')`;

/** Of what waits and of what was sent, both by the partial index that holds nothing else, and of who was heard of lately. */
const BY_POOL = `
SELECT p.pool, coalesce(w.jobs, 0)::int AS jobs, coalesce(w.oldest, 0) AS oldest, coalesce(s.unclaimed, 0) AS unclaimed,
       coalesce(a.workers, 0)::int AS workers
  FROM unnest($1::text[]) AS p(pool)
  LEFT JOIN (SELECT pool, count(*) AS jobs, extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS oldest
               FROM scheduler.jobs WHERE waiting = 'cleared' GROUP BY pool) w ON w.pool = p.pool
  LEFT JOIN (SELECT pool, extract(epoch FROM clock_timestamp() - min(dispatched_at))::float8 AS unclaimed
               FROM scheduler.attempts WHERE under_way AND state = 'dispatched' GROUP BY pool) s ON s.pool = p.pool
  LEFT JOIN (SELECT pool, count(*) AS workers FROM scheduler.worker_sightings
              WHERE seen_at > clock_timestamp() - ${LIMITS.worker_alive_ms} * interval '1 millisecond' GROUP BY pool) a ON a.pool = p.pool`;
/** Ages in seconds; 0 where nothing waits. `workers`: those alive. */
type PoolLoad = { pool: string; jobs: number; oldest: number; unclaimed: number; workers: number };

export function loadOfPools(tx: Tx, pools: readonly string[]): Promise<PoolLoad[]> {
  return tx.query<PoolLoad>(BY_POOL, [pools]);
}

export async function lockJob(tx: Tx, tenant: string, job_id: string): Promise<LockedJob | null> {
  const [job] = await tx.query<Omit<LockedJob, 'dispatch_id'>>(LOCK, [tenant, job_id]);
  if (!job) return null;
  const [under] = await tx.query<{ dispatch_id: string }>(UNDER_WAY, [tenant, job_id, job.attempt]);
  return { ...job, dispatch_id: under?.dispatch_id ?? null };
}

/** `reason`: as whoever cancels says it; null for nothing. */
export async function requestCancel(
  tx: Tx,
  job: { tenant: string; job_id: string },
  by: string,
  reason: string | null,
): Promise<void> {
  await tx.query(REQUEST_CANCEL, [job.tenant, job.job_id, by, reason]);
}

/** Jobs that wait past their deadline, for an approval, for dispatch or for a worker. */
export function overdueJobs(tx: Tx, limit: number): Promise<JobKey[]> {
  return tx.query<JobKey>(OVERDUE, [limit]);
}

/** Those that still wait. */
export function lockOverdue(tx: Tx, keys: readonly JobKey[]): Promise<Omit<LockedJob, 'dispatch_id'>[]> {
  return tx.query(LOCK_OVERDUE, [keys.map((key) => key.tenant), keys.map((key) => key.job_id)]);
}

export async function lockUnclaimed(
  tx: Tx,
  jobs: readonly { tenant: string; job_id: string; attempt: number }[],
): Promise<string[]> {
  if (jobs.length === 0) return [];
  const rows = await tx.query<{ dispatch_id: string }>(UNCLAIMED, [
    jobs.map((job) => job.tenant),
    jobs.map((job) => job.job_id),
    jobs.map((job) => job.attempt),
  ]);
  return rows.map((row) => row.dispatch_id);
}

/** Those that wait by tenant as well. */
export function countByState(tx: Tx): Promise<{ state: string; tenant: string | null; jobs: number }[]> {
  return tx.query(BY_STATE);
}
