/** SQL of the dispatch gate. */

import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Tx } from '@countersign/platform/database';
import type { ClearedJob, DispatchItem } from './dispatch-item.ts';
import type { StoredAnswer } from './kernels-word.ts';
import type { NewAttempt } from './new-attempt.ts';

/**
 * The next jobs of every pool at once, no more than each has room for, so that a full pool never stands in another's
 * way. Within a priority the tenant goes first that has the fewest jobs under way in the pool, and of those whose turn was
 * longest ago, so that whoever floods it waits for its own; then the oldest. A tenant all of whose jobs are held back takes no turn. A job whose pool is not known (none took it when it was admitted) counts as a pool of its own.
 */
const PICK = `
WITH RECURSIVE waiting(pool) AS (
    (SELECT pool FROM scheduler.jobs WHERE waiting = 'cleared' AND pool IS NOT NULL ORDER BY pool LIMIT 1)
    UNION ALL
    SELECT (SELECT j.pool FROM scheduler.jobs j WHERE j.waiting = 'cleared' AND j.pool > w.pool ORDER BY j.pool LIMIT 1)
      FROM waiting w WHERE w.pool IS NOT NULL),
rooms AS (
  SELECT w.pool, CASE WHEN k.room IS NULL THEN $1::bigint ELSE least($1, greatest(0, k.room - (
           SELECT count(*) FROM scheduler.attempts a WHERE a.under_way AND a.pool = w.pool AND a.state IN ('dispatched', 'running')))) END AS room
    FROM waiting w LEFT JOIN unnest($2::text[], $3::bigint[]) AS k(pool, room) ON k.pool = w.pool
   WHERE w.pool IS NOT NULL),
picked AS (
  SELECT fitting.* FROM rooms CROSS JOIN LATERAL (
         WITH RECURSIVE heads AS (
             (SELECT priority, tenant, created_at FROM scheduler.jobs
               WHERE waiting = 'cleared' AND pool = rooms.pool ORDER BY priority DESC, tenant, created_at LIMIT 1)
             UNION ALL
             SELECT next.* FROM heads h CROSS JOIN LATERAL (
                (SELECT priority, tenant, created_at FROM scheduler.jobs
                  WHERE waiting = 'cleared' AND pool = rooms.pool AND priority = h.priority AND tenant > h.tenant
                  ORDER BY tenant, created_at LIMIT 1)
                UNION ALL
                (SELECT priority, tenant, created_at FROM scheduler.jobs
                  WHERE waiting = 'cleared' AND pool = rooms.pool AND priority < h.priority
                  ORDER BY priority DESC, tenant, created_at LIMIT 1)
                ORDER BY priority DESC LIMIT 1) next),
         first AS (
           SELECT h.*, own.used, own.last
             FROM heads h CROSS JOIN LATERAL (
                  SELECT count(*) AS used, max(a.dispatched_at) AS last FROM scheduler.attempts a
                   WHERE a.under_way AND a.pool = rooms.pool AND a.tenant = h.tenant
                     AND a.state IN ('dispatched', 'running')) own
            WHERE EXISTS (SELECT FROM scheduler.jobs
                           WHERE waiting = 'cleared' AND pool = rooms.pool AND priority = h.priority AND tenant = h.tenant
                             AND not_before <= clock_timestamp())
            ORDER BY h.priority DESC, own.used, own.last NULLS FIRST, h.created_at LIMIT rooms.room)
         SELECT turns.tenant, turns.job_id FROM first CROSS JOIN LATERAL (
                SELECT o.*, row_number() OVER (ORDER BY o.created_at, o.job_id) AS turn FROM (
                       SELECT tenant, job_id, created_at FROM scheduler.jobs
                        WHERE waiting = 'cleared' AND pool = rooms.pool AND priority = first.priority
                          AND tenant = first.tenant AND not_before <= clock_timestamp()
                        ORDER BY created_at LIMIT rooms.room) o) turns
          ORDER BY first.priority DESC, first.used + turns.turn, first.last NULLS FIRST, turns.created_at
          LIMIT rooms.room) fitting
   UNION ALL
  (SELECT tenant, job_id FROM scheduler.jobs
    WHERE waiting = 'cleared' AND pool IS NULL AND not_before <= clock_timestamp()
    ORDER BY priority DESC, created_at LIMIT $1))
SELECT j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.on_behalf_of, j.job_hash, j.traceparent,
       j.effective_digest, j.approval_id, j.held_seq, j.attempt, j.runs, j.pool, j.policy_epoch, c.salt, c.rewritten,
       c.actor AS actor_json, j.approval_terms -> 'exceeded' AS exceeded, j.approval_terms -> 'stages' AS stages
  FROM (SELECT * FROM picked LIMIT $1) p
 CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = p.tenant AND job_id = p.job_id OFFSET 0) j
 CROSS JOIN LATERAL (SELECT * FROM scheduler.contexts WHERE tenant = p.tenant AND job_id = p.job_id OFFSET 0) c
 WHERE c.rewritten IS NOT NULL`;

const LOCK = `
SELECT k.tenant, k.job_id
  FROM (SELECT * FROM unnest($1::text[], $2::text[], $3::integer[]) AS u(tenant, job_id, attempt) ORDER BY tenant, job_id) k
 CROSS JOIN LATERAL (
       SELECT state, attempt FROM scheduler.jobs
        WHERE tenant = k.tenant AND job_id = k.job_id FOR UPDATE SKIP LOCKED) locked
 WHERE locked.state = 'cleared' AND locked.attempt = k.attempt`;

const LOCK_POOLS = `SELECT pg_advisory_xact_lock(hashtextextended('countersign.pool.' || pool, 0)) FROM unnest($1::text[]) AS pool`;
const IN_FLIGHT = `
SELECT pool, count(*) AS used FROM scheduler.attempts
 WHERE under_way AND state IN ('dispatched', 'running') AND pool = ANY ($1::text[]) GROUP BY pool`;

const REDEEM = `SELECT tenant, job_id, outcome, by_grant, grant_use FROM approval.redeem_all($1::jsonb)`;

const DELAY = `
UPDATE scheduler.jobs j SET not_before = clock_timestamp() + $3::integer * interval '1 millisecond'
  FROM unnest($1::text[], $2::text[]) AS k(tenant, job_id)
 WHERE j.tenant = k.tenant AND j.job_id = k.job_id AND j.state = 'cleared'`;

export type Standing = Pick<StoredAnswer, 'tenant' | 'job_id' | 'decisions' | 'effective' | 'sealed_until' | 'seal'>;
const STANDING = `
SELECT c.tenant, c.job_id, c.effective, c.decisions, c.sealed_until, c.seal
  FROM unnest($1::text[], $2::text[]) AS k(tenant, job_id)
  JOIN scheduler.contexts c ON c.tenant = k.tenant AND c.job_id = k.job_id`;

const RENEW = `
UPDATE scheduler.contexts c SET effective = k.effective
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k(tenant, job_id, effective)
 WHERE c.tenant = k.tenant AND c.job_id = k.job_id`;

const INSERT_REVIEWS = `
INSERT INTO scheduler.run_reviews (tenant, job_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`;

/** Milliseconds after which a warrant that nobody claimed is sent again. */
const AGAIN_MS = 5_000;

const INSERT_ATTEMPTS = `
INSERT INTO scheduler.attempts (dispatch_id, tenant, job_id, attempt, pool, state, decision_id, approval_id, policy_snapshot,
       policy_epoch, effective_digest, payload_digest, timeout_ms, max_attempts, max_output_bytes, pool_concurrency, due_at, max_affected,
       worker_concurrency)
SELECT n.dispatch_id, n.tenant, n.job_id, n.attempt, n.pool, 'dispatched', n.decision_id, n.approval_id, n.policy_snapshot,
       n.policy_epoch, n.effective_digest, n.payload_digest, n.timeout_ms, n.max_attempts, n.max_output_bytes,
       n.pool_concurrency,
       least(clock_timestamp() + ${AGAIN_MS} * interval '1 millisecond', j.deadline_at), n.max_affected, n.worker_concurrency
  FROM jsonb_to_recordset($1::jsonb) AS n(dispatch_id uuid, tenant text, job_id text, attempt integer, pool text,
       decision_id uuid, approval_id uuid, policy_snapshot text, policy_epoch bigint, effective_digest text,
       payload_digest text, timeout_ms integer, max_attempts integer, max_output_bytes integer,
       pool_concurrency integer, max_affected integer, worker_concurrency integer)
 CROSS JOIN LATERAL (SELECT deadline_at FROM scheduler.jobs WHERE tenant = n.tenant AND job_id = n.job_id OFFSET 0) j`;

/** `rooms`: how many attempts of each pool may be under way, as far as known. */
export function pickCleared(tx: Tx, limit: number, rooms: ReadonlyMap<string, number>): Promise<ClearedJob[]> {
  return tx.query<ClearedJob>(PICK, [limit, [...rooms.keys()], [...rooms.values()]]);
}

/** Those still cleared and untouched since they were picked, as `<tenant>/<job_id>`. */
export async function lockCleared(tx: Tx, jobs: readonly ClearedJob[]): Promise<Set<string>> {
  const rows = await tx.query<{ tenant: string; job_id: string }>(LOCK, [
    jobs.map((job) => job.tenant),
    jobs.map((job) => job.job_id),
    jobs.map((job) => job.attempt),
  ]);
  return new Set(rows.map((row) => `${row.tenant}/${row.job_id}`));
}

/** Attempts under way by pool. `pools` come sorted: locks are taken in that order. */
export async function readInFlight(tx: Tx, pools: readonly string[]): Promise<Map<string, number>> {
  if (pools.length === 0) return new Map();
  const [, rows] = await Promise.all([
    tx.query(LOCK_POOLS, [pools]),
    tx.query<{ pool: string; used: number }>(IN_FLIGHT, [pools]),
  ]);
  return new Map(rows.map((row) => [row.pool, row.used]));
}

/** `ok`, or why the approval is worth nothing here; and which use of which grant it is, where it came by one. */
export type Redeemed = { outcome: string; by_grant: string | null; grant_use: number | null };

/** By `<tenant>/<job_id>`. */
export async function redeemApprovals(tx: Tx, items: readonly DispatchItem[]): Promise<Map<string, Redeemed>> {
  if (items.length === 0) return new Map();
  const asked = items.map(({ job: { tenant, job_id, approval_id, job_hash }, decision }) => {
    const { effective_digest, policy_snapshot, policy_epoch, rule_id, obligations } = decision;
    const grant = obligations.approval?.grant ?? null;
    return { tenant, job_id, approval_id, job_hash, effective_digest, policy_snapshot, policy_epoch, rule_id, grant };
  });
  const rows = await tx.query<Redeemed & { tenant: string; job_id: string }>(REDEEM, [JSON.stringify(asked)]);
  return new Map(rows.map(({ tenant, job_id, ...redeemed }) => [`${tenant}/${job_id}`, redeemed]));
}

export async function delayJobs(tx: Tx, jobs: readonly ClearedJob[], ms: number): Promise<void> {
  if (jobs.length === 0) return;
  await tx.query(DELAY, [jobs.map((job) => job.tenant), jobs.map((job) => job.job_id), ms]);
}

/** The submit gate's decisions and the effective job, by `<tenant>/<job_id>`. */
export async function readStanding(tx: Tx, jobs: readonly ClearedJob[]): Promise<Map<string, Standing>> {
  const rows = await tx.query<Standing>(STANDING, [jobs.map((job) => job.tenant), jobs.map((job) => job.job_id)]);
  return new Map(rows.map((row) => [`${row.tenant}/${row.job_id}`, row]));
}

/** The job will run as this decision rewrote it; the digest in the job's row changes with it. */
export async function replaceEffective(tx: Tx, items: readonly DispatchItem[]): Promise<void> {
  if (items.length === 0) return;
  await tx.query(RENEW, [
    items.map(({ job }) => job.tenant),
    items.map(({ job }) => job.job_id),
    items.map(({ answer }) => canonicalize(answer.effective)),
  ]);
}

export async function insertAttempts(tx: Tx, attempts: readonly NewAttempt[]): Promise<void> {
  if (attempts.length > 0) await tx.query(INSERT_ATTEMPTS, [JSON.stringify(attempts)]);
}

/** Their runs are to be signed off once they have ended. */
export async function insertRunReviews(tx: Tx, jobs: readonly ClearedJob[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.query(INSERT_REVIEWS, [jobs.map((job) => job.tenant), jobs.map((job) => job.job_id)]);
}
