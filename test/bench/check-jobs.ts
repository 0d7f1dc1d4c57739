/**
 * What a load left behind: every job that a client was told of ended once, ran once and is released once, by id and by count,
 * and every entry has one leaf. A rate counts for nothing where one of them is lost or done twice.
 */
import type { Tx } from '@countersign/platform/database';

const ONCE = ['job_admitted', 'job_dispatched', 'job_running', 'output_screened', 'job_succeeded'];
/** So many are named of each fault. */
const NAMED = 3;

const OTHERWISE = `
SELECT k.job_id, format('state %s, results %s, kinds %s', coalesce(j.state, 'none'), r.results, e.kinds) AS says
  FROM unnest($1::text[]) AS k (job_id)
  LEFT JOIN scheduler.jobs j ON j.tenant = $2 AND j.job_id = k.job_id
 CROSS JOIN LATERAL (SELECT array_agg(o.dispatch_id) AS results FROM output.results o WHERE o.tenant = $2 AND o.job_id = k.job_id) r
 CROSS JOIN LATERAL (SELECT array_agg(e.kind ORDER BY e.seq) AS kinds FROM ledger.entries e
                      WHERE e.chain = 'job:' || $2 || ':' || k.job_id) e
 WHERE j.state IS DISTINCT FROM 'succeeded' OR r.results IS DISTINCT FROM ARRAY[j.result_dispatch_id]
    OR e.kinds IS DISTINCT FROM $3::text[]`;

const COUNTS = `
SELECT (SELECT count(*) FROM scheduler.jobs WHERE created_at >= $1::timestamptz)::int AS jobs,
       (SELECT count(*) FROM output.results WHERE screened_at >= $1::timestamptz)::int AS results,
       (SELECT count(*) FROM ledger.entries)::int AS entries, (SELECT count(*) FROM ledger.leaves)::int AS leaves,
       (SELECT count(DISTINCT l.entry_id) FROM ledger.leaves l JOIN ledger.entries e ON e.id = l.entry_id AND e.hash = l.hash)::int AS sealed`;

export type Submitted = {
  /** Of which clients were told. */
  job_ids: readonly string[];
  /** Submissions without such an answer: each may have left a job, or none. */
  unanswered: number;
  tenant: string;
  /** By the database's clock, before the first. */
  since: string;
};

/** Faults in words; none when all is as it must be. All of it has to have ended and to be sealed. */
export async function checkJobs(database: Tx, { job_ids, unanswered, tenant, since }: Submitted): Promise<string[]> {
  const otherwise = await database.query<{ job_id: string; says: string }>(OTHERWISE, [job_ids, tenant, ONCE]);
  const [counts] = await database.query<Record<'jobs' | 'results' | 'entries' | 'leaves' | 'sealed', number>>(COUNTS, [
    since,
  ]);
  const { jobs, results, entries, leaves, sealed } = counts!;
  const told = new Set(job_ids).size;
  return [
    ...(told === job_ids.length ? [] : [`${job_ids.length - told} answers name a job that another one named`]),
    ...otherwise.slice(0, NAMED).map(({ job_id, says }) => `job ${job_id}: ${says}`),
    ...(otherwise.length > NAMED ? [`and ${otherwise.length - NAMED} more jobs`] : []),
    ...(jobs >= told && jobs <= told + unanswered ? [] : [`${jobs} jobs where clients were told of ${told}`]),
    ...(results === jobs ? [] : [`${results} results of ${jobs} jobs`]),
    ...(leaves === entries && sealed === entries ? [] : [`${leaves} leaves, ${sealed} of them of ${entries} entries`]),
  ];
}
