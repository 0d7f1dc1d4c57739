/** SQL behind what is shown of jobs: state, rule and digests, never content. */
import type { JobView } from '@countersign/contracts/job';
import type { Tx } from '@countersign/platform/database';
import { queriesOver, readBy } from '@countersign/platform/queries';
import type { Tables } from '../tables.ts';

/** Of one job or of many. */
export const VIEW = queriesOver<Tables>()
  .selectFrom('scheduler.jobs')
  .select(['tenant', 'job_id', 'topic', 'capability', 'labels', 'actor', 'state', 'reason', 'decision', 'rule_id'])
  .select(['policy_version', 'policy_snapshot', 'job_hash', 'effective_digest', 'approval_id', 'attempt', 'pool'])
  .select(['cancel_reason', 'created_at', 'updated_at'])
  .select((is) => is('cancel_requested_by', 'is not', null).$castTo<boolean>().as('cancel_requested'));

type Row = Omit<JobView, 'labels'> & { labels: string };

const readJob = readBy(({ tenant, job_id }: { tenant: string; job_id: string }) =>
  VIEW.where('tenant', '=', tenant).where('job_id', '=', job_id),
);

export async function findJob(tx: Tx, tenant: string, job_id: string): Promise<JobView | null> {
  const [row] = await readJob(tx, { tenant, job_id });
  return row ? toView(row) : null;
}

export function toView(row: Row): JobView {
  return { ...row, labels: JSON.parse(row.labels) };
}
