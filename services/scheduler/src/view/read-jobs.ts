/** Shows jobs as they stand: state, rule and digests, never content. */
import { CountersignError } from '@countersign/contracts/errors';
import type { JobView } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { type Place, searchJobs } from './store-search.ts';
import { findJob, findShown } from './store-views.ts';

type JobKey = { tenant: string; job_id: string };

const CURSOR = /^(\d{4}-\d\d-\d\dT[\d:.]+Z),([A-Za-z0-9_-]{1,64})$/;

export async function getJob(tx: Tx, key: JobKey): Promise<JobView> {
  return (await findJob(tx, key)) ?? missing();
}

/** With its offers, and the jobs that are made of it; what there is none of is left out. */
export async function showJob(tx: Tx, key: JobKey) {
  const { offers, follows, followed_by, review, ...job } = (await findShown(tx, key)) ?? missing();
  return {
    ...job,
    ...(offers !== null && { offers }),
    ...(follows !== null && { follows }),
    ...(followed_by !== null && { followed_by }),
    ...(review !== null && { review }),
  };
}

function missing(): never {
  throw new CountersignError('not_found', 'there is no such job');
}

export async function listJobs(
  tx: Tx,
  { limit = 50, cursor, ...search }: RpcParsed<'scheduler.list'>,
): Promise<{ jobs: JobView[]; next_cursor: string | null }> {
  const rows = Math.min(limit, LIMITS.page_rows);
  /** One more than asked for tells whether there is a next page. */
  const { jobs, looked_to } = await searchJobs(tx, { ...search, after: decodeCursor(cursor), rows: rows + 1 });
  const last = jobs.length > rows ? jobs[rows - 1]! : looked_to;
  return { jobs: jobs.slice(0, rows), next_cursor: last === null ? null : encodeCursor(last) };
}

export function decodeCursor(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  const parts = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!parts || Number.isNaN(Date.parse(parts[1]!)))
    throw new CountersignError('query_invalid', 'the cursor is not one of ours', { at: 'cursor' });
  return { created_at: parts[1]!, job_id: parts[2]! };
}

/** A cursor is where the last page ended: `<created_at>,<job_id>`, base64url. */
export function encodeCursor({ created_at, job_id }: Place): string {
  return Buffer.from(`${created_at},${job_id}`).toString('base64url');
}
