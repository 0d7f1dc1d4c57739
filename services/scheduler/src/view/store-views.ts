/** SQL behind what is shown of jobs: state, rule and digests, never content. */
import type { JobView } from '@countersign/contracts/job';
import type { Tx } from '@countersign/platform/database';
import { queriesOver, readBy } from '@countersign/platform/queries';
import { FOLLOWING } from '../follow/store-follow-ups.ts';
import type { Tables } from '../tables.ts';

/** Of one job or of many. */
export const VIEW = queriesOver<Tables>()
  .selectFrom('scheduler.jobs')
  .select(['tenant', 'job_id', 'topic', 'capability', 'labels', 'actor', 'state', 'reason', 'decision', 'rule_id'])
  .select(['policy_version', 'policy_snapshot', 'job_hash', 'effective_digest', 'approval_id', 'attempt', 'pool'])
  .select(['cancel_reason', 'created_at', 'updated_at'])
  .select((is) => is('cancel_requested_by', 'is not', null).$castTo<boolean>().as('cancel_requested'));

type JobKey = { tenant: string; job_id: string };

const viewOf = ({ tenant, job_id }: JobKey) => VIEW.where('tenant', '=', tenant).where('job_id', '=', job_id);
const readView = readBy(viewOf);
const readShown = readBy((key: JobKey) => viewOf(key).select(FOLLOWING));

export async function findJob(tx: Tx, key: JobKey): Promise<JobView | null> {
  const [row] = await readView(tx, key);
  return row ? toView(row) : null;
}

/** With what follows it; null where there is nothing of a kind. */
export async function findShown(tx: Tx, key: JobKey) {
  const [row] = await readShown(tx, key);
  return row ? toView(row) : null;
}

export function toView<Seen extends { labels: string }>(row: Seen) {
  return { ...row, labels: JSON.parse(row.labels) as JobView['labels'] };
}
