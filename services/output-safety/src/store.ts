/** SQL of output-safety's steps: its own rows, and what the scheduler grants of the attempts behind them. */
import type { RecordedArtifact } from '@countersign/contracts/artifact';
import type { Finding } from '@countersign/contracts/decision';
import type { JobFacts } from '@countersign/contracts/job-entry';
import type { OutputDecision } from '@countersign/contracts/output';
import type { WorkerResult } from '@countersign/contracts/worker';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { TextArray } from '@countersign/platform/text-array';
import type { Functions } from './tables.ts';

/** The fence of one attempt (from the scheduler) and the result already stored for it. */
export type FencedAttempt = JobFacts & {
  dispatch_id: string;
  attempt: number;
  pool: string;
  worker: string | null;
  claim_id: string | null;
  max_output_bytes: number;
  /** Null: nothing has to be said of it. */
  max_affected: number | null;
  acceptable: boolean;
  /** Why it is not acceptable. */
  code: string | null;
  screened_digest: string | null;
  screened_salt: string | null;
  rejections: number;
};

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
  /** For the evidence alone, where the worker said it. */
  affected?: number;
  /** Likewise, where it names any. */
  artifacts?: RecordedArtifact[];
};

const RESULT_COLUMNS = `dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision, rule_id,
  reason, policy_version, policy_snapshot, policy_epoch, findings, output_digest, salt, content, sealed, seal_key_id,
  duration_ms, traceparent`;

export type FinishItem = {
  /** Without its `traceparent`, which is the job's. */
  row: ResultRow;
  /** Conditions on the attempt, besides those of the row. */
  checked: {
    topic: string;
    claim_id: string;
    capability: string | null;
    any_capability: boolean;
    bytes: number;
    affected?: number;
  };
  /** Entries, with holes for the attempt's facts. */
  screened: string;
  ended: string;
};

const routines = routinesOf<Functions>();
export type FinishOutcome = 'ended' | 'waited_for' | 'look';

/** Locks the attempts, so that none is given up while its result is stored. */
export function readFenced(tx: Tx, dispatch_ids: readonly string[]): Promise<FencedAttempt[]> {
  return tx.query(
    `SELECT f.*, r.output_digest AS screened_digest, r.salt AS screened_salt,
            coalesce(j.count, 0) AS rejections
       FROM scheduler.fence($1::uuid[]) f
       LEFT JOIN output.results r ON r.dispatch_id = f.dispatch_id
       LEFT JOIN output.rejections j ON j.dispatch_id = f.dispatch_id`,
    [dispatch_ids],
  );
}

/** Dispatch ids of those that were not there yet: another instance may have screened the same result in this moment. */
export async function insertResults(tx: Tx, rows: readonly ResultRow[]): Promise<ReadonlySet<string>> {
  if (rows.length === 0) return new Set();
  const records = rows.map(toRecord);
  const inserted = await tx.query<{ dispatch_id: string }>(
    `INSERT INTO output.results (${RESULT_COLUMNS})
     SELECT ${RESULT_COLUMNS} FROM json_populate_recordset(NULL::output.results, $1::json) ORDER BY dispatch_id
     ON CONFLICT (dispatch_id) DO NOTHING RETURNING dispatch_id`,
    [JSON.stringify(records)],
  );
  return new Set(inserted.map((row) => row.dispatch_id));
}

/** Stores these results and ends their jobs; nothing was written for those to be looked at. */
export async function finishStep(tx: Tx, items: readonly FinishItem[]): Promise<FinishOutcome[]> {
  const rows = items.map(({ row, checked }) => ({ ...toRecord(row), ...checked }));
  const screened = new TextArray(items.map((item) => item.screened));
  const ended = new TextArray(items.map((item) => item.ended));
  return (await routines.answer(tx, 'scheduler.finish', JSON.stringify(rows), screened, ended)) as FinishOutcome[];
}

export async function countRejections(tx: Tx, counts: ReadonlyMap<string, number>): Promise<void> {
  if (counts.size === 0) return;
  await tx.query(
    `INSERT INTO output.rejections AS j (dispatch_id, count)
     SELECT * FROM unnest($1::uuid[], $2::integer[]) AS u (dispatch_id, count) ORDER BY u.dispatch_id
     ON CONFLICT (dispatch_id) DO UPDATE SET count = j.count + excluded.count`,
    [[...counts.keys()], [...counts.values()]],
  );
}

/** Throws when a grant, view or function that this service lives on is missing. */
export async function probe(tx: Tx): Promise<void> {
  await tx.query(
    `SELECT FROM scheduler.fence('{}'), scheduler.finish('[]', '{}', '{}'), scheduler.releases, policy.active_output, identity.workers LIMIT 0`,
  );
}

function toRecord(row: ResultRow) {
  return { ...row, sealed: row.sealed && `\\x${row.sealed.toString('hex')}` };
}
