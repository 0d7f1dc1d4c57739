/**
 * SQL of how many jobs run at once. Counted under a lock for each key, in the transaction that dispatches. Nothing here is asked
 * for a job that no such bound concerns.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Database, Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { Functions } from '../tables.ts';

const routines = routinesOf<Functions>();

type JobKey = { tenant: string; job_id: string };
/** A bound that a job comes under. */
export type Bound = JobKey & { key: string; most: number };
/** `used`: jobs that run under the key, and those that wait for it and come before this one. At `most`, no more is told. */
type Standing = JobKey & { key: string; used: number };

/** Under a key's lock: what does not run any more leaves the count. */
const LEAVE = `
DELETE FROM scheduler.running_jobs r USING (
       SELECT a.key, a.tenant, a.job_id FROM scheduler.running_jobs a
        CROSS JOIN LATERAL (SELECT state, attempt FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
        WHERE a.key = ANY ($1::text[]) AND NOT (j.state IN ('dispatched', 'running') AND j.attempt = a.attempt)) gone
 WHERE r.key = gone.key AND r.tenant = gone.tenant AND r.job_id = gone.job_id`;

/** In the order in which they get what is free. */
const STANDING = `
SELECT k.tenant, k.job_id, k.key, (r.running + w.before)::int AS used
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS k(tenant, job_id, key, most)
 CROSS JOIN LATERAL (SELECT priority, created_at FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0) j
 CROSS JOIN LATERAL (SELECT count(*) AS running FROM scheduler.running_jobs WHERE key = k.key) r
 CROSS JOIN LATERAL (
       SELECT count(*) AS before FROM (
         SELECT FROM scheduler.running_waits w
          CROSS JOIN LATERAL (SELECT state, not_before FROM scheduler.jobs WHERE tenant = w.tenant AND job_id = w.job_id OFFSET 0) o
          WHERE w.key = k.key AND NOT (w.tenant = k.tenant AND w.job_id = k.job_id)
            AND (-w.priority, w.created_at, w.job_id) < (-j.priority, j.created_at, k.job_id)
            AND o.state = 'cleared' AND o.not_before > clock_timestamp()
          LIMIT k.most) ahead) w
 ORDER BY j.priority DESC, j.created_at, k.job_id`;

const TAKE = `
INSERT INTO scheduler.running_jobs AS r (key, tenant, job_id, attempt) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[])
    ON CONFLICT (key, tenant, job_id) DO UPDATE SET attempt = excluded.attempt`;

const LEAVE_WAITS = `
DELETE FROM scheduler.running_waits w USING (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS u(tenant, job_id)) k
 WHERE w.tenant = k.tenant AND w.job_id = k.job_id`;

const WAIT = `
INSERT INTO scheduler.running_waits (key, tenant, job_id, most, priority, created_at)
SELECT k.key, k.tenant, k.job_id, k.most, j.priority, j.created_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS k(tenant, job_id, key, most)
 CROSS JOIN LATERAL (SELECT priority, created_at FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0) j`;

const HOLD_BACK = `
UPDATE scheduler.jobs j SET not_before = clock_timestamp() + ${LIMITS.running_wait_ms} * interval '1 millisecond', reason = k.reason
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k(tenant, job_id, reason)
 WHERE j.tenant = k.tenant AND j.job_id = k.job_id AND j.state = 'cleared'`;

/** One at a time: two would lock the same rows in different orders. */
const ALONE = `SELECT pg_try_advisory_xact_lock(hashtextextended('countersign.wake-waiting', 0)) AS alone`;

/** The first of each queue, as many as its key has room for, are looked at again now. Told with those that do not wait any more. */
const WAKE = `
WITH RECURSIVE keys(key) AS (
    (SELECT key FROM scheduler.running_waits ORDER BY key LIMIT 1)
    UNION ALL
    SELECT (SELECT w.key FROM scheduler.running_waits w WHERE w.key > k.key ORDER BY w.key LIMIT 1) FROM keys k WHERE k.key IS NOT NULL),
heads AS MATERIALIZED (
  SELECT w.*, row_number() OVER (PARTITION BY w.key, w.waits ORDER BY w.priority DESC, w.created_at, w.job_id) AS turn, r.running
    FROM (SELECT key FROM keys WHERE key IS NOT NULL) k
   CROSS JOIN LATERAL (
         SELECT count(*) AS running FROM scheduler.running_jobs a
          CROSS JOIN LATERAL (SELECT state, attempt FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
          WHERE a.key = k.key AND j.state IN ('dispatched', 'running') AND j.attempt = a.attempt) r
   CROSS JOIN LATERAL (
         SELECT q.*, j.state = 'cleared' AND j.not_before > clock_timestamp() AS waits FROM (
                SELECT * FROM scheduler.running_waits WHERE key = k.key ORDER BY priority DESC, created_at, job_id LIMIT $1) q
          CROSS JOIN LATERAL (SELECT state, not_before FROM scheduler.jobs WHERE tenant = q.tenant AND job_id = q.job_id OFFSET 0) j) w),
leaving AS MATERIALIZED (SELECT * FROM heads WHERE NOT waits OR turn <= most - running),
woken AS (
  UPDATE scheduler.jobs j SET not_before = clock_timestamp() FROM (SELECT DISTINCT tenant, job_id FROM leaving WHERE waits) h
   WHERE j.tenant = h.tenant AND j.job_id = h.job_id AND j.state = 'cleared' RETURNING 1)
SELECT (SELECT count(*) FROM heads)::int AS seen, coalesce(array_agg(l.tenant), '{}') AS tenants,
       coalesce(array_agg(l.job_id), '{}') AS job_ids, coalesce(array_agg(l.key), '{}') AS keys FROM leaving l`;

/**
 * After the jobs are locked, as where a job is looked at: in the other order two could wait for each other. Whoever was looked at
 * meanwhile, and waits anew, stays.
 */
const LEAVE_QUEUE = `
DELETE FROM scheduler.running_waits w
 USING unnest($1::text[], $2::text[], $3::text[]) AS k(tenant, job_id, key)
 CROSS JOIN LATERAL (SELECT state, not_before FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id OFFSET 0) j
 WHERE w.tenant = k.tenant AND w.job_id = k.job_id AND w.key = k.key
   AND NOT (j.state = 'cleared' AND j.not_before > clock_timestamp())`;

/** Under keys that nobody counts any more. */
const FORGET = `
DELETE FROM scheduler.running_jobs r USING (
       SELECT a.key, a.tenant, a.job_id FROM scheduler.running_jobs a
        CROSS JOIN LATERAL (SELECT state FROM scheduler.jobs WHERE tenant = a.tenant AND job_id = a.job_id OFFSET 0) j
        WHERE j.state NOT IN ('parked', 'held', 'cleared', 'dispatched', 'running') LIMIT $1) gone
 WHERE r.key = gone.key AND r.tenant = gone.tenant AND r.job_id = gone.job_id`;

/** Locks the keys, so that two schedulers never count the same free place. By priority, then the oldest job. */
export async function readStandings(tx: Tx, bounds: readonly Bound[]): Promise<Standing[]> {
  const keys = [...new Set(bounds.map(({ key }) => key))];
  await routines.answer(tx, 'scheduler.lock_limits', keys);
  await tx.query(LEAVE, [keys]);
  return tx.query<Standing>(STANDING, columnsOf(bounds));
}

/** What runs from now on, each with its new attempt. */
export async function takePlaces(tx: Tx, taken: readonly (Bound & { attempt: number })[]): Promise<void> {
  if (taken.length === 0) return;
  const [tenants, job_ids, keys] = columnsOf(taken);
  await tx.query(TAKE, [keys, tenants, job_ids, taken.map(({ attempt }) => attempt)]);
}

/** All of these stop waiting for what they waited for; those in `waits` wait for these keys from now on. */
export async function renewWaits(tx: Tx, looked_at: readonly JobKey[], waits: readonly Bound[]): Promise<void> {
  await tx.query(LEAVE_WAITS, columnsOf(looked_at).slice(0, 2));
  if (waits.length > 0) await tx.query(WAIT, columnsOf(waits));
}

/** Not dispatched before something wakes it, or a while has passed: the policy may be another by then. */
export async function holdBack(tx: Tx, jobs: readonly (JobKey & { reason: string })[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.query(HOLD_BACK, [
    jobs.map(({ tenant }) => tenant),
    jobs.map(({ job_id }) => job_id),
    jobs.map(({ reason }) => reason),
  ]);
}

/** Lets those on for which there may be room. Whether anybody still waits. */
export async function wakeWaiting(database: Database): Promise<boolean> {
  for (let round = 0; round < WAKE_ROUNDS; round += 1) {
    const { seen, gone } = await database.transaction(wakeHeads);
    if (gone < seen || seen === 0) return seen > 0;
  }
  return true;
}

/** Rounds of one call, so that it ends: each takes a batch of those off that do not wait any more. */
const WAKE_ROUNDS = 16;

/** How many stood at the head of their queues, and how many of these left them. */
async function wakeHeads(tx: Tx): Promise<{ seen: number; gone: number }> {
  const [lock] = await tx.query<{ alone: boolean }>(ALONE);
  if (!lock!.alone) return { seen: 1, gone: 0 };
  type Woken = { seen: number; tenants: string[]; job_ids: string[]; keys: string[] };
  const [woken] = await tx.query<Woken>(WAKE, [LIMITS.batch_rows]);
  const { seen, tenants, job_ids, keys } = woken!;
  if (keys.length > 0) await tx.query(LEAVE_QUEUE, [tenants, job_ids, keys]);
  return { seen, gone: keys.length };
}

export async function forgetRunning(tx: Tx): Promise<void> {
  await tx.query(FORGET, [LIMITS.batch_rows]);
}

function columnsOf(rows: readonly (JobKey & Partial<Bound>)[]): unknown[][] {
  return [
    rows.map(({ tenant }) => tenant),
    rows.map(({ job_id }) => job_id),
    rows.map(({ key }) => key),
    rows.map(({ most }) => most),
  ];
}
