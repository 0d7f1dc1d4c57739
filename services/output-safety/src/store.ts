/** All SQL of output-safety: its own rows, and what scheduler, identity and policy grant to be read. */
import type { Finding } from '@countersign/contracts/decision';
import type { OutputDecision } from '@countersign/contracts/output';
import type { JobState } from '@countersign/contracts/states';
import type { WorkerResult } from '@countersign/contracts/worker';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { Functions } from './tables.ts';

/** What the scheduler's fence says of one attempt, with what this service already has of it. */
export type FencedAttempt = {
  dispatch_id: string;
  tenant: string;
  job_id: string;
  topic: string;
  capability: string | null;
  actor: string;
  auth_method: string;
  owner: string | null;
  job_hash: string;
  attempt: number;
  pool: string;
  worker: string | null;
  claim_id: string | null;
  max_output_bytes: number;
  traceparent: string;
  acceptable: boolean;
  /** Why it is not acceptable. */
  code: string | null;
  screened_digest: string | null;
  screened_salt: string | null;
  rejections: number;
};

/** Locks the attempts, so that none is given up while its result is stored. */
export const readFenced = (tx: Tx, dispatch_ids: readonly string[]): Promise<FencedAttempt[]> =>
  tx.query(
    `SELECT f.*, r.output_digest AS screened_digest, r.salt AS screened_salt,
            coalesce(j.count, 0) AS rejections
       FROM scheduler.fence($1::uuid[]) f
       LEFT JOIN output.results r ON r.dispatch_id = f.dispatch_id
       LEFT JOIN output.rejections j ON j.dispatch_id = f.dispatch_id`,
    [dispatch_ids],
  );

export type ResultRow = {
  dispatch_id: string;
  tenant: string;
  job_id: string;
  attempt: number;
  pool: string;
  worker: string;
  status: WorkerResult['status'];
  retryable: boolean;
  output_decision: OutputDecision;
  rule_id: string | null;
  reason: string;
  policy_version: number | null;
  policy_snapshot: string | null;
  policy_epoch: number | null;
  findings: Finding[];
  output_digest: string;
  salt: string;
  content: string | null;
  sealed: Buffer | null;
  seal_key_id: string | null;
  duration_ms: number;
  traceparent: string;
};

const RESULT_COLUMNS = `dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision, rule_id,
  reason, policy_version, policy_snapshot, policy_epoch, findings, output_digest, salt, content, sealed, seal_key_id,
  duration_ms, traceparent`;

const toRecord = (row: ResultRow) => ({ ...row, sealed: row.sealed && `\\x${row.sealed.toString('hex')}` });

/** Dispatch ids of those that were not there yet: another instance may have screened the same result in this moment. */
export const insertResults = async (tx: Tx, rows: readonly ResultRow[]): Promise<ReadonlySet<string>> => {
  if (rows.length === 0) return new Set();
  const records = rows.map(toRecord);
  const inserted = await tx.query<{ dispatch_id: string }>(
    `INSERT INTO output.results (${RESULT_COLUMNS})
     SELECT ${RESULT_COLUMNS} FROM json_populate_recordset(NULL::output.results, $1::json) ORDER BY dispatch_id
     ON CONFLICT (dispatch_id) DO NOTHING RETURNING dispatch_id`,
    [JSON.stringify(records)],
  );
  return new Set(inserted.map((row) => row.dispatch_id));
};

export type FinishItem = {
  /** Without its `traceparent`, which is the job's. */
  row: ResultRow;
  /** What the attempt must be, besides what the row says. */
  checked: { topic: string; claim_id: string; capability: string | null; any_capability: boolean; bytes: number };
  /** Entries, with holes for the attempt's facts. */
  screened: string;
  ended: string;
};

const routines = routinesOf<Functions>();
export type FinishOutcome = 'ended' | 'waited_for' | 'look';

/** Stores these results and ends their jobs; nothing was written for those to be looked at. */
export const finishStep = async (tx: Tx, items: readonly FinishItem[]): Promise<FinishOutcome[]> => {
  const rows = items.map(({ row, checked }) => ({ ...toRecord(row), ...checked }));
  const screened = items.map((item) => item.screened);
  const ended = items.map((item) => item.ended);
  return (await routines.answer(tx, 'scheduler.finish', JSON.stringify(rows), screened, ended)) as FinishOutcome[];
};

export const countRejections = async (tx: Tx, counts: ReadonlyMap<string, number>): Promise<void> => {
  if (counts.size === 0) return;
  await tx.query(
    `INSERT INTO output.rejections AS j (dispatch_id, count)
     SELECT * FROM unnest($1::uuid[], $2::integer[]) AS u (dispatch_id, count) ORDER BY u.dispatch_id
     ON CONFLICT (dispatch_id) DO UPDATE SET count = j.count + excluded.count`,
    [[...counts.keys()], [...counts.values()]],
  );
};

/** Base64url of the raw 32 bytes; null for a worker that this pool does not have. */
export const readWorkerKey = async (tx: Tx, pool: string, worker: string): Promise<string | null> => {
  const [row] = await tx.query<{ public_key: string }>(
    'SELECT public_key FROM identity.workers WHERE worker = $1 AND pool = $2',
    [worker, pool],
  );
  return row?.public_key ?? null;
};

/** As the policy kernel normalised it; null when this snapshot is no longer, or not yet, the active one. */
export const readOutputPolicy = async (tx: Tx, scope: string, snapshot: string): Promise<unknown> => {
  const [row] = await tx.query<{ output_policy: unknown }>(
    'SELECT output_policy FROM policy.active_output WHERE scope = $1 AND snapshot = $2',
    [scope, snapshot],
  );
  return row?.output_policy ?? null;
};

export type ReleasedResult = {
  state: JobState;
  /** Null for a job that ended, or still stands, without a result. */
  dispatch_id: string | null;
  attempt: number | null;
  status: WorkerResult['status'] | null;
  output_decision: OutputDecision | null;
  rule_id: string | null;
  findings: Finding[] | null;
  output_digest: string | null;
  content: string | null;
  screened_at: string | null;
};

/** The one way to content: through the job that names its dispatch id. Null for a job that does not exist. */
export const readReleased = async (tx: Tx, tenant: string, job_id: string): Promise<ReleasedResult | null> => {
  const [row] = await tx.query<ReleasedResult>(
    `SELECT l.state, r.dispatch_id, r.attempt, r.status, r.output_decision, r.rule_id, r.findings, r.output_digest,
            r.content, r.screened_at
       FROM scheduler.releases l
       LEFT JOIN output.results r ON r.dispatch_id = l.dispatch_id AND r.tenant = l.tenant AND r.job_id = l.job_id
      WHERE l.tenant = $1 AND l.job_id = $2`,
    [tenant, job_id],
  );
  return row ?? null;
};

/** Throws when a grant, view or function that this service lives on is missing. */
export const probe = async (tx: Tx): Promise<void> => {
  await tx.query(
    `SELECT FROM scheduler.fence('{}'), scheduler.finish('[]', '{}', '{}'), scheduler.releases, policy.active_output, identity.workers LIMIT 0`,
  );
};
