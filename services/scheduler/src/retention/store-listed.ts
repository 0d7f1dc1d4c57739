/**
 * Puts content on the list of what is to be erased: what is old enough, and what somebody asked to be erased. It goes through a
 * tenant's jobs oldest first, a page in a statement, and remembers how far: killed in the middle, it goes on from there.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { CONTENTS, type Content } from '@countersign/contracts/retention';
import type { Tx } from '@countersign/platform/database';
import { KEEP_MS } from './store-retention.ts';

/** A job that was admitted later than its time says has committed by then. */
const SETTLED = `now() - interval '10 s'`;

/** Which jobs have content of each kind; alias `l`. */
const HAS: Readonly<Record<Content, string>> = {
  payloads: `EXISTS (SELECT FROM scheduler.contexts c
    WHERE c.tenant = l.tenant AND c.job_id = l.job_id AND c.erased_at IS NULL)`,
  results: hasOutcome(`o.output_decision <> 'quarantine'`),
  quarantined: hasOutcome(`o.output_decision <> 'allow'`),
  comments: 'l.held_seq > 0',
};

function hasOutcome(such: string): string {
  return `EXISTS (SELECT FROM scheduler.attempts a JOIN output.outcomes o ON o.dispatch_id = a.dispatch_id
    WHERE a.tenant = l.tenant AND a.job_id = l.job_id AND ${such})`;
}

const TENANTS = `
WITH RECURSIVE t AS (
  (SELECT tenant FROM scheduler.jobs ORDER BY tenant COLLATE "C" LIMIT 1)
   UNION ALL
  SELECT (SELECT j.tenant FROM scheduler.jobs j WHERE j.tenant COLLATE "C" > t.tenant ORDER BY j.tenant COLLATE "C" LIMIT 1)
    FROM t WHERE t.tenant IS NOT NULL)
SELECT tenant FROM t WHERE tenant IS NOT NULL`;

const PAGE = 'j.tenant, j.job_id, j.created_at, j.held_seq';
const IN_ORDER = 'ORDER BY j.created_at, j.job_id';

function listDue(content: Content): string {
  return `
WITH at AS (
  SELECT looked_to, looked_job FROM scheduler.retention_cursors WHERE tenant = $1 AND content = $2
   UNION ALL SELECT '-infinity', '' ORDER BY looked_to DESC LIMIT 1
), looked AS MATERIALIZED (
  SELECT ${PAGE} FROM scheduler.jobs j
   WHERE j.tenant COLLATE "C" = $1 AND j.created_at < least(${SETTLED}, now() - interval '1 millisecond'
         * coalesce((SELECT keep_ms FROM scheduler.retention WHERE tenant = $1 AND content = $2), $3::bigint))
     AND (j.created_at, j.job_id) > ((SELECT looked_to FROM at), (SELECT looked_job FROM at)) ${IN_ORDER} LIMIT $4
), moved AS (
  INSERT INTO scheduler.retention_cursors (tenant, content, looked_to, looked_job)
  SELECT $1, $2, l.created_at, l.job_id FROM looked l ORDER BY l.created_at DESC, l.job_id DESC LIMIT 1
      ON CONFLICT (tenant, content) DO UPDATE SET looked_to = excluded.looked_to, looked_job = excluded.looked_job
), listed AS (
  INSERT INTO scheduler.erasable (tenant, job_id, content)
  SELECT l.tenant, l.job_id, $2 FROM looked l WHERE ${HAS[content]} ON CONFLICT DO NOTHING
)
SELECT count(*)::int AS looked FROM looked`;
}

const OPEN = `SELECT erasure_id, tenant FROM scheduler.erasures WHERE NOT listed ORDER BY asked_at LIMIT 1`;

const EACH_CONTENT = `(${CONTENTS.map((content) => `('${content}', ${HAS[content]})`).join(', ')})`;
const LIST_ALL = `
  INSERT INTO scheduler.erasable (tenant, job_id, content, erasure_id)
  SELECT l.tenant, l.job_id, c.content, $1 FROM looked l
   CROSS JOIN LATERAL (VALUES ${EACH_CONTENT.slice(1, -1)}) AS c (content, has) WHERE l.wanted AND c.has
      ON CONFLICT (tenant, job_id, content) DO UPDATE SET erasure_id = excluded.erasure_id, look_at = clock_timestamp()
  RETURNING 1`;

const LIST_JOB = `
WITH looked AS MATERIALIZED (
  SELECT ${PAGE}, true AS wanted FROM scheduler.jobs j WHERE j.tenant = $2 AND j.job_id = $3
), listed AS (${LIST_ALL})
UPDATE scheduler.erasures SET found = (SELECT count(*)::int FROM listed) WHERE erasure_id = $1`;

const LIST_SUBJECT = `
WITH x AS (SELECT * FROM scheduler.erasures WHERE erasure_id = $1 AND NOT listed FOR UPDATE),
looked AS MATERIALIZED (
  SELECT ${PAGE}, scheduler.is_of(j.actor, j.on_behalf_of, x.subject) AS wanted FROM x CROSS JOIN LATERAL (
    SELECT j.* FROM scheduler.jobs j
     WHERE j.tenant COLLATE "C" = $2 AND j.created_at <= least(x.asked_at, ${SETTLED})
       AND (j.created_at, j.job_id) > (x.looked_to, x.looked_job) ${IN_ORDER} LIMIT $3) j
), listed AS (${LIST_ALL}),
last AS (SELECT created_at, job_id FROM looked ORDER BY created_at DESC, job_id DESC LIMIT 1)
UPDATE scheduler.erasures e
   SET looked_to = coalesce((SELECT created_at FROM last), x.looked_to),
       looked_job = coalesce((SELECT job_id FROM last), x.looked_job),
       found = e.found + (SELECT count(*)::int FROM listed),
       listed = (SELECT count(*) FROM looked) < $3 AND x.asked_at < ${SETTLED}
  FROM x WHERE e.erasure_id = x.erasure_id
RETURNING (SELECT count(*)::int FROM looked) AS looked`;

/** One page of every tenant's content of each kind; true while there is more. */
export async function listOld(database: Tx): Promise<boolean> {
  let more = false;
  for (const { tenant } of await database.query<{ tenant: string }>(TENANTS, [])) {
    for (const content of CONTENTS) {
      const given = [tenant, content, KEEP_MS, LIMITS.erase_rows];
      const [row] = await database.query<{ looked: number }>(listDue(content), given);
      more ||= row!.looked === LIMITS.erase_rows;
    }
  }
  return more;
}

/** One page of the oldest erasure that is not listed to its end; true while there is more. */
export async function listAsked(database: Tx): Promise<boolean> {
  const [open] = await database.query<{ erasure_id: string; tenant: string }>(OPEN, []);
  if (open === undefined) return false;
  const given = [open.erasure_id, open.tenant, LIMITS.erase_rows];
  const [row] = await database.query<{ looked: number }>(LIST_SUBJECT, given);
  return row?.looked === LIMITS.erase_rows;
}

/** In the transaction in which it is asked for. */
export async function listJob(
  tx: Tx,
  { erasure_id, tenant, job_id }: { erasure_id: string; tenant: string; job_id: string },
) {
  await tx.query(LIST_JOB, [erasure_id, tenant, job_id]);
}
