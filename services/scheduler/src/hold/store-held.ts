/** Locks held jobs, and finds those that were asked about under another policy. */

import type { JobFacts } from '@countersign/contracts/job-entry';
import type { Tx } from '@countersign/platform/database';
import type { ClearedJob } from '../dispatch/dispatch-item.ts';

const LOCK = `
SELECT j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.job_hash, j.traceparent, j.held_seq
  FROM scheduler.jobs j
  JOIN unnest($1::text[], $2::text[], $3::integer[]) AS k(tenant, job_id, held_seq)
    ON j.tenant = k.tenant AND j.job_id = k.job_id AND j.held_seq = k.held_seq
 WHERE j.waiting = 'held'
 ORDER BY j.tenant, j.job_id FOR UPDATE OF j SKIP LOCKED`;

type Key = { tenant: string; job_id: string; held_seq: number };

const OUTDATED = `
SELECT j.tenant, j.job_id, j.topic, j.capability, j.actor, j.auth_method, j.owner, j.job_hash, j.traceparent,
       j.effective_digest, j.approval_id, j.held_seq, j.attempt, j.runs, j.pool, j.policy_epoch, c.salt, c.rewritten,
       c.actor AS actor_json, j.approval_terms -> 'exceeded' AS exceeded, j.approval_terms -> 'stages' AS stages
  FROM scheduler.outdated($1::integer) o
 CROSS JOIN LATERAL (SELECT * FROM scheduler.jobs WHERE tenant = o.tenant AND job_id = o.job_id OFFSET 0) j
 CROSS JOIN LATERAL (SELECT * FROM scheduler.contexts WHERE tenant = o.tenant AND job_id = o.job_id OFFSET 0) c
 WHERE j.waiting = 'held' AND c.rewritten IS NOT NULL`;

/** Those still held for the same approval, by `<tenant>/<job_id>/<held_seq>`. */
export async function lockHeld(tx: Tx, keys: readonly Key[]): Promise<Map<string, JobFacts & Key>> {
  if (keys.length === 0) return new Map();
  const rows = await tx.query<JobFacts & Key>(LOCK, [
    keys.map((key) => key.tenant),
    keys.map((key) => key.job_id),
    keys.map((key) => key.held_seq),
  ]);
  return new Map(rows.map((row) => [`${row.tenant}/${row.job_id}/${row.held_seq}`, row]));
}

/** Held jobs whose policy is not the active one any more, as the dispatch gate would read them. */
export function outdatedHolds(tx: Tx, limit: number): Promise<ClearedJob[]> {
  return tx.query<ClearedJob>(OUTDATED, [limit]);
}
