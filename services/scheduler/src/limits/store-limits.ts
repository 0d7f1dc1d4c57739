/** SQL of limits. Whoever counts does it in the transaction that admits; nobody else writes to these tables. */
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { ClearedJob } from '../dispatch/dispatch-item.ts';
import type { Functions } from '../tables.ts';
import { forgetRunning } from './store-running.ts';

const routines = routinesOf<Functions>();

export type Reserved = {
  /** From 1. */
  place: number;
  outcome: 'room' | 'ask' | 'park' | 'deny';
  limit_id: string | null;
  used: string | null;
  asks: string[];
  asks_used: string[];
};
type Reservation = { tenant: string; job_id: string; deadline_ms: number; limits: readonly object[] };
type JobKey = { tenant: string; job_id: string };

/** The first of each queue that is due. A queue without any shows up with none. */
const HEADS = `
SELECT q.key, p.tenant AS parked_tenant, j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner,
       j.on_behalf_of, j.job_hash, j.traceparent, j.effective_digest, j.approval_id, j.held_seq, j.attempt, j.runs, j.pool,
       j.policy_epoch, j.deadline_at, c.salt, c.rewritten, c.actor AS actor_json,
       j.approval_terms -> 'exceeded' AS exceeded, j.approval_terms -> 'stages' AS stages
  FROM (SELECT key FROM scheduler.parked_queues WHERE look_at <= clock_timestamp() ORDER BY look_at LIMIT $1) q
  LEFT JOIN LATERAL (
       SELECT tenant, job_id, place FROM scheduler.parked WHERE key = q.key ORDER BY place LIMIT $2) p ON true
  LEFT JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = p.tenant AND job_id = p.job_id OFFSET 0) j ON true
  LEFT JOIN LATERAL (SELECT * FROM scheduler.contexts WHERE tenant = p.tenant AND job_id = p.job_id OFFSET 0) c ON true
 ORDER BY p.place`;

const LOCK = `
SELECT k.tenant, k.job_id
  FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS u(tenant, job_id) ORDER BY tenant, job_id) k
 CROSS JOIN LATERAL (
       SELECT state FROM scheduler.jobs WHERE tenant = k.tenant AND job_id = k.job_id FOR UPDATE SKIP LOCKED) j
 WHERE j.state = 'parked'`;

const LEAVE = `
DELETE FROM scheduler.parked p USING unnest($1::text[], $2::text[]) AS k(tenant, job_id)
 WHERE p.tenant = k.tenant AND p.job_id = k.job_id`;

const FORGET_USES = `
DELETE FROM scheduler.limit_uses u
 USING (SELECT key, started_at FROM scheduler.limit_uses WHERE forget_at <= clock_timestamp() ORDER BY forget_at LIMIT $1) f
 WHERE u.key = f.key AND u.started_at = f.started_at`;

/** Of the ones that were not looked at for an hour; who is still open is looked at again in another. */
const FORGET_OPEN = `
WITH old AS (
  SELECT o.key, o.tenant, o.job_id, j.state IN ('parked', 'held', 'cleared', 'dispatched', 'running') AS open
    FROM (SELECT * FROM scheduler.limit_open WHERE look_at <= clock_timestamp() ORDER BY look_at LIMIT $1) o
   CROSS JOIN LATERAL (SELECT state FROM scheduler.jobs WHERE tenant = o.tenant AND job_id = o.job_id OFFSET 0) j),
kept AS (
  UPDATE scheduler.limit_open o SET look_at = clock_timestamp() + interval '1 hour' FROM old
   WHERE old.open AND o.key = old.key AND o.tenant = old.tenant AND o.job_id = old.job_id)
DELETE FROM scheduler.limit_open o USING old
 WHERE NOT old.open AND o.key = old.key AND o.tenant = old.tenant AND o.job_id = old.job_id`;

export type ParkedJob = ClearedJob & { deadline_at: string; key: string };

/** Counts, parks, or says no, in the order given. */
export async function reserve(tx: Tx, items: readonly Reservation[]): Promise<Reserved[]> {
  return (await routines.rows(tx, 'scheduler.reserve', JSON.stringify(items))) as Reserved[];
}

/** `empty`: queues in which nobody waits. */
export async function parkedHeads(tx: Tx): Promise<{ jobs: ParkedJob[]; empty: string[] }> {
  const rows = await tx.query<ParkedJob & { parked_tenant: string | null }>(HEADS, [
    LIMITS.parked_queues,
    LIMITS.parked_heads,
  ]);
  return {
    jobs: rows.filter(({ parked_tenant }) => parked_tenant !== null),
    empty: rows.filter(({ parked_tenant }) => parked_tenant === null).map(({ key }) => key),
  };
}

/** Those still parked that nobody else looks at, as `<tenant>/<job_id>`. */
export async function lockParked(tx: Tx, jobs: readonly JobKey[]): Promise<Set<string>> {
  const rows = await tx.query<JobKey>(LOCK, keysOf(jobs));
  return new Set(rows.map(({ tenant, job_id }) => `${tenant}/${job_id}`));
}

export async function leaveQueues(tx: Tx, jobs: readonly JobKey[]): Promise<void> {
  if (jobs.length > 0) await tx.query(LEAVE, keysOf(jobs));
}

export async function closeQueues(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await routines.answer(tx, 'scheduler.close_queues', keys);
}

/** What no window reaches back to, and jobs that have ended, under keys that nobody counts any more. */
export async function forgetCounted(tx: Tx): Promise<void> {
  await tx.query(FORGET_USES, [LIMITS.batch_rows]);
  await tx.query(FORGET_OPEN, [LIMITS.batch_rows]);
  await forgetRunning(tx);
}

function keysOf(jobs: readonly JobKey[]): [string[], string[]] {
  return [jobs.map((job) => job.tenant), jobs.map((job) => job.job_id)];
}
