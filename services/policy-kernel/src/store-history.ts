/** SQL of a replay: the jobs of a window as the scheduler shows them. */
import type { Tx } from '@countersign/platform/database';

export type PastJob = {
  job_id: string;
  topic: string;
  created_at: string;
  job_hash: string;
  /** Canonical JSON; null when the job was denied, or its content was erased. */
  request: string | null;
  actor: string;
  salt: string | null;
  decisions: string;
};
export type Window = { tenant: string; from: string; to: string };

/** The oldest first; `after` is the last row of the page before. */
export const readHistory = (
  tx: Tx,
  { tenant, from, to }: Window,
  after: Pick<PastJob, 'created_at' | 'job_id'> | null,
  limit: number,
): Promise<PastJob[]> =>
  tx.query<PastJob>(
    `SELECT job_id, topic, created_at, job_hash, request, actor, salt, decisions FROM scheduler.history
      WHERE tenant = $1 AND created_at >= $2 AND created_at < $3
        AND ($4::timestamptz IS NULL OR (created_at, job_id) > ($4, $5))
      ORDER BY created_at, job_id LIMIT $6`,
    [tenant, from, to, after?.created_at ?? null, after?.job_id ?? '', limit],
  );

export const countHistory = async (tx: Tx, { tenant, from, to }: Window): Promise<number> => {
  const [row] = await tx.query<{ jobs: number }>(
    `SELECT count(*) AS jobs FROM scheduler.history WHERE tenant = $1 AND created_at >= $2 AND created_at < $3`,
    [tenant, from, to],
  );
  return row!.jobs;
};
