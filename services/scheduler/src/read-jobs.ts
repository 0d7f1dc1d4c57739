/** Shows jobs as they stand: state, rule and digests, never content. */
import { CountersignError } from '@countersign/contracts/errors';
import type { JobView } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';

const VIEW = `tenant, job_id, topic, capability, labels, actor, state, reason, decision, rule_id, policy_version, policy_snapshot,
       job_hash, effective_digest, approval_id, attempt, pool, cancel_requested_by IS NOT NULL AS cancel_requested, created_at, updated_at`;

type Row = Omit<JobView, 'labels'> & { labels: string };
const toView = (row: Row): JobView => ({ ...row, labels: JSON.parse(row.labels) });

export const getJob = async (tx: Tx, { tenant, job_id }: { tenant: string; job_id: string }): Promise<JobView> => {
  const [row] = await tx.query<Row>(`SELECT ${VIEW} FROM scheduler.jobs WHERE tenant = $1 AND job_id = $2`, [
    tenant,
    job_id,
  ]);
  if (!row) throw new CountersignError('not_found', 'there is no such job');
  return toView(row);
};

const LIST = `
SELECT ${VIEW} FROM scheduler.jobs
 WHERE tenant = $1 AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR topic = $4)
   AND ($5::timestamptz IS NULL OR (created_at, job_id) < ($5::timestamptz, $6::text))
 ORDER BY created_at DESC, job_id DESC LIMIT $7`;

/** A cursor is where the last page ended: `<created_at>,<job_id>`, base64url. */
const encodeCursor = (job: JobView): string => Buffer.from(`${job.created_at},${job.job_id}`).toString('base64url');
const CURSOR = /^(\d{4}-\d\d-\d\dT[\d:.]+Z),([A-Za-z0-9_-]{1,64})$/;
const decodeCursor = (cursor: string | undefined): [string | null, string | null] => {
  if (cursor === undefined) return [null, null];
  const parts = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!parts || Number.isNaN(Date.parse(parts[1]!)))
    throw new CountersignError('query_invalid', 'the cursor is not one of ours', { at: 'cursor' });
  return [parts[1]!, parts[2]!];
};

export const listJobs = async (
  tx: Tx,
  request: RpcParsed<'scheduler.list'>,
): Promise<{ jobs: JobView[]; next_cursor: string | null }> => {
  const limit = request.limit ?? 50;
  const [created, id] = decodeCursor(request.cursor);
  const { tenant, actor, state, topic } = request;
  const rows = await tx.query<Row>(LIST, [
    tenant,
    actor,
    state ?? null,
    topic ?? null,
    created,
    id,
    Math.min(limit, LIMITS.page_rows) + 1,
  ]);
  const jobs = rows.slice(0, limit).map(toView);
  return { jobs, next_cursor: rows.length > limit ? encodeCursor(jobs[jobs.length - 1]!) : null };
};
