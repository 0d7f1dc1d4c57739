/** SQL of a replay: the jobs of a window as the scheduler shows them. */
import type { Tx } from '@countersign/platform/database';
import { queriesOver, read, readBy, sql } from '@countersign/platform/queries';
import type { Tables } from './tables.ts';

/** `request` is canonical JSON; null when the job was denied, or its content was erased. */
export type PastJob = Omit<Tables['scheduler.history'], 'tenant'>;
export type Window = { tenant: string; from: string; to: string };

const history = queriesOver<Tables>().selectFrom('scheduler.history');

const jobsWithin = readBy((window: Window) => within(window).select((of) => of.fn.countAll<number>().as('jobs')));

/** The oldest first; `after` is the last row of the page before. */
export function readHistory(
  tx: Tx,
  window: Window,
  after: Pick<PastJob, 'created_at' | 'job_id'> | null,
  limit: number,
): Promise<PastJob[]> {
  let page = within(window).select(['job_id', 'topic', 'created_at', 'job_hash']);
  if (after)
    page = page.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'job_id'), '>', tuple(after.created_at, after.job_id)),
    );
  return read(
    tx,
    page.select(['request', 'actor', 'salt', 'decisions']).orderBy('created_at').orderBy('job_id').limit(limit),
  );
}

export async function countHistory(tx: Tx, window: Window): Promise<number> {
  const [row] = await jobsWithin(tx, window);
  return row!.jobs;
}

// In the collation of the index by time, and of no other: a planner without statistics took the key instead, and read all
// of a tenant's jobs for a window of a minute.
function within({ tenant, from, to }: Window) {
  return history
    .where(sql`tenant COLLATE "C"`, '=', tenant)
    .where('created_at', '>=', from)
    .where('created_at', '<', to);
}
