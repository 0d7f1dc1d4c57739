/** SQL behind what is shown of jobs: state, rule and digests, never content. */
import type { JobView } from '@countersign/contracts/job';
import type { Tx } from '@countersign/platform/database';

const VIEW = `tenant, job_id, topic, capability, labels, actor, state, reason, decision, rule_id, policy_version, policy_snapshot,
       job_hash, effective_digest, approval_id, attempt, pool, cancel_requested_by IS NOT NULL AS cancel_requested,
       cancel_reason, created_at, updated_at`;

type Row = Omit<JobView, 'labels'> & { labels: string };
const toView = (row: Row): JobView => ({ ...row, labels: JSON.parse(row.labels) });

export const findJob = async (tx: Tx, tenant: string, job_id: string): Promise<JobView | null> => {
  const [row] = await tx.query<Row>(`SELECT ${VIEW} FROM scheduler.jobs WHERE tenant = $1 AND job_id = $2`, [
    tenant,
    job_id,
  ]);
  return row ? toView(row) : null;
};

const LIST = `
SELECT ${VIEW} FROM scheduler.jobs
 WHERE tenant COLLATE "C" = $1 AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR topic = $4)
   AND ($5::timestamptz IS NULL OR (created_at, job_id) < ($5::timestamptz, $6::text))
 ORDER BY created_at DESC, job_id DESC LIMIT $7`;

export type PageOfJobs = {
  tenant: string;
  /** Null for everybody's. */
  actor: string | null;
  state: string | null;
  topic: string | null;
  /** The job that the page starts after. */
  after: { created_at: string; job_id: string } | null;
  rows: number;
};

/** Newest first. */
export const findJobs = async (tx: Tx, page: PageOfJobs): Promise<JobView[]> => {
  const { tenant, actor, state, topic, after, rows } = page;
  const given = [tenant, actor, state, topic, after?.created_at ?? null, after?.job_id ?? null, rows];
  return (await tx.query<Row>(LIST, given)).map(toView);
};
