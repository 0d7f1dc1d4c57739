/** SQL behind what is shown of jobs: state, rule and digests, never content. */
import type { JobView } from '@countersign/contracts/job';
import type { Tx } from '@countersign/platform/database';
import { queriesOver, read, readBy, sql } from '@countersign/platform/queries';
import type { Tables } from '../tables.ts';

const VIEW = queriesOver<Tables>()
  .selectFrom('scheduler.jobs')
  .select(['tenant', 'job_id', 'topic', 'capability', 'labels', 'actor', 'state', 'reason', 'decision', 'rule_id'])
  .select(['policy_version', 'policy_snapshot', 'job_hash', 'effective_digest', 'approval_id', 'attempt', 'pool'])
  .select(['cancel_reason', 'created_at', 'updated_at'])
  .select((is) => is('cancel_requested_by', 'is not', null).$castTo<boolean>().as('cancel_requested'));

type Row = Omit<JobView, 'labels'> & { labels: string };

const readJob = readBy(({ tenant, job_id }: { tenant: string; job_id: string }) =>
  VIEW.where('tenant', '=', tenant).where('job_id', '=', job_id),
);

export type PageOfJobs = {
  tenant: string;
  /** Null for everybody's. */
  actor: string | null;
  state: JobView['state'] | null;
  topic: string | null;
  /** The job that the page starts after. */
  after: { created_at: string; job_id: string } | null;
  rows: number;
};

export async function findJob(tx: Tx, tenant: string, job_id: string): Promise<JobView | null> {
  const [row] = await readJob(tx, { tenant, job_id });
  return row ? toView(row) : null;
}

/** Newest first. */
export async function findJobs(tx: Tx, page: PageOfJobs): Promise<JobView[]> {
  // In the collation of the index that has them in this order, and of no other.
  let query = VIEW.where(sql`tenant COLLATE "C"`, '=', page.tenant);
  if (page.actor !== null) query = query.where('actor', '=', page.actor);
  if (page.state !== null) query = query.where('state', '=', page.state);
  if (page.topic !== null) query = query.where('topic', '=', page.topic);
  const after = page.after;
  if (after)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'job_id'), '<', tuple(after.created_at, after.job_id)),
    );
  return (await read(tx, query.orderBy('created_at', 'desc').orderBy('job_id', 'desc').limit(page.rows))).map(toView);
}

function toView(row: Row): JobView {
  return { ...row, labels: JSON.parse(row.labels) };
}
