/** The evidence of output-safety: how an output was screened, or why a result was refused. Digests and findings only. */
import { FACT_HOLES, jobEntry } from '@countersign/contracts/job-entry';
import { type NewEntry, roleOf } from '@countersign/contracts/ledger-entry';
import { canonicalWithHoles } from '@countersign/ledger/holed-json';
import type { Sender } from './read-result.ts';
import type { FencedAttempt, ResultRow } from './store.ts';

type FailMode = 'open' | null;

export function screenedEntry(fenced: FencedAttempt, row: ResultRow, fail_mode: FailMode): NewEntry {
  return jobEntry('output_screened', fenced, { attempt: fenced.attempt, ...screenedDetails(row, fail_mode) });
}

/** The same, for the step that fills in the facts where they stand. */
export function screenedTemplate(row: ResultRow, fail_mode: FailMode): string {
  return canonicalWithHoles(screenedDetails(row, fail_mode), FACT_HOLES);
}

/** Entries the scheduler writes for a job that ends with its screening, and which service appends them. */
export function succeededTemplate(row: ResultRow): string {
  return canonicalWithHoles(
    {
      state: 'succeeded',
      dispatch_id: row.dispatch_id,
      pool: row.pool,
      worker: row.worker,
      status: row.status,
      duration_ms: row.duration_ms,
      output_decision: row.output_decision,
      output_digest: row.output_digest,
      released: true,
      reason: null,
      via: roleOf('output-safety'),
    },
    FACT_HOLES,
  );
}

/** `pool` and `worker` are always the attempt's own: the sender stands apart, so that nobody takes it for who ran it. */
export function rejectedEntry(fenced: FencedAttempt, from: Sender, code: string): NewEntry {
  return jobEntry('result_rejected', fenced, {
    dispatch_id: fenced.dispatch_id,
    attempt: fenced.attempt,
    pool: fenced.pool,
    worker: fenced.worker,
    sender_pool: from.pool,
    sender_worker: from.worker,
    code,
  });
}

/** Fields besides the attempt's facts. */
function screenedDetails(row: ResultRow, fail_mode: FailMode) {
  return {
    dispatch_id: row.dispatch_id,
    pool: row.pool,
    worker: row.worker,
    status: row.status,
    retryable: row.retryable,
    output_decision: row.output_decision,
    rule_id: row.rule_id,
    reason: row.reason,
    findings: row.findings,
    output_digest: row.output_digest,
    duration_ms: row.duration_ms,
    ...(row.artifacts !== undefined && { artifacts: row.artifacts }),
    ...(row.affected !== undefined && { affected: row.affected }),
    policy_version: row.policy_version,
    policy_snapshot: row.policy_snapshot,
    policy_epoch: row.policy_epoch,
    fail_mode,
  };
}
