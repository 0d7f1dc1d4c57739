/** SQL of dead letters: jobs that failed or ran out of time, newest first, by an index that holds nothing else. */
import type { DeadLetter, DeadLetterDetail } from '@countersign/contracts/follow-ups';
import type { Tx } from '@countersign/platform/database';
import { queriesOver, read, sql } from '@countersign/platform/queries';
import type { Tables } from '../tables.ts';
import type { Place } from '../view/store-search.ts';

type JobKey = { tenant: string; job_id: string };
type Row = Omit<DeadLetter, 'code'>;
type Page = { tenant: string; all: boolean; after: Place | null; rows: number };

const CODE = /^([a-z_]+): /;

const LETTERS = queriesOver<Tables>()
  .selectFrom('scheduler.dead_letters as d')
  .innerJoin('scheduler.jobs as j', (join) =>
    join.onRef('j.tenant', '=', 'd.tenant').onRef('j.job_id', '=', 'd.job_id'),
  )
  .select(['d.tenant', 'd.job_id', 'j.topic', 'j.actor', 'j.state', 'j.reason', 'j.runs', 'd.ended_at', 'd.settled'])
  .select(['d.settled_by', 'd.settled_at', 'd.settled_reason', 'd.retried_as']);

const ATTEMPTS = `
SELECT a.attempt, a.pool, a.worker, a.state, o.status, a.claimed_at
  FROM scheduler.attempts a LEFT JOIN output.outcomes o ON o.dispatch_id = a.dispatch_id
 WHERE a.tenant = $1 AND a.job_id = $2 ORDER BY a.attempt`;
const DISCARD = `
UPDATE scheduler.dead_letters SET settled = 'discarded', settled_by = $3, settled_at = clock_timestamp(), settled_reason = $4
 WHERE tenant = $1 AND job_id = $2 AND settled IS NULL RETURNING 1`;
const INSERT = `
INSERT INTO scheduler.dead_letters (tenant, job_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`;

export async function readDeadLetters(tx: Tx, { tenant, all, after, rows }: Page): Promise<DeadLetter[]> {
  // In the collation of the index that has them in this order, and of no other.
  let query = LETTERS.where(sql`d.tenant COLLATE "C"`, '=', tenant).limit(rows);
  if (!all) query = query.where('d.settled', 'is', null);
  if (after !== null)
    query = query.where(sql<boolean>`(d.ended_at, d.job_id) < (${after.created_at}, ${after.job_id})`);
  return (await read(tx, query.orderBy('d.ended_at', 'desc').orderBy('d.job_id', 'desc'))).map(toLetter);
}

export async function readDeadLetter(tx: Tx, { tenant, job_id }: JobKey): Promise<DeadLetterDetail | null> {
  const [row] = await read(tx, LETTERS.where('d.tenant', '=', tenant).where('d.job_id', '=', job_id));
  if (row === undefined) return null;
  const attempts = await tx.query<DeadLetterDetail['attempts'][number]>(ATTEMPTS, [tenant, job_id]);
  return { ...toLetter(row), attempts };
}

/** False when it was settled before. */
export async function discardLetter(tx: Tx, { tenant, job_id }: JobKey, by: string, reason: string): Promise<boolean> {
  return (await tx.query(DISCARD, [tenant, job_id, by, reason])).length === 1;
}

/** In the transaction in which they end. */
export async function insertDeadLetters(tx: Tx, jobs: readonly JobKey[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.query(INSERT, [jobs.map(({ tenant }) => tenant), jobs.map(({ job_id }) => job_id)]);
}

function toLetter(row: Row): DeadLetter {
  return { ...row, code: CODE.exec(row.reason ?? '')?.[1] ?? null };
}
