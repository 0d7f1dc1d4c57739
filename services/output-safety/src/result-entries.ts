/** The evidence of output-safety: how an output was screened, or why a result was refused. Digests and findings only. */
import { chainOfJob, type NewEntry } from '@countersign/contracts/ledger-entry';
import type { Sender } from './read-result.ts';
import type { FencedAttempt, ResultRow } from './store.ts';

const entryOf = (fenced: FencedAttempt, kind: string, more: Record<string, unknown>): NewEntry => ({
  chain: chainOfJob(fenced.tenant, fenced.job_id),
  kind,
  tenant: fenced.tenant,
  topic: fenced.topic,
  body: {
    tenant: fenced.tenant,
    job_id: fenced.job_id,
    actor: fenced.actor,
    auth_method: fenced.auth_method,
    owner: fenced.owner,
    topic: fenced.topic,
    capability: fenced.capability,
    job_hash: fenced.job_hash,
    dispatch_id: fenced.dispatch_id,
    attempt: fenced.attempt,
    traceparent: fenced.traceparent,
    ...more,
  },
});

export const screenedEntry = (fenced: FencedAttempt, row: ResultRow, fail_mode: 'open' | null): NewEntry =>
  entryOf(fenced, 'output_screened', {
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
    policy_version: row.policy_version,
    policy_snapshot: row.policy_snapshot,
    policy_epoch: row.policy_epoch,
    fail_mode,
  });

/** `pool` and `worker` are always the attempt's own: the sender stands apart, so that nobody takes it for who ran it. */
export const rejectedEntry = (fenced: FencedAttempt, from: Sender, code: string): NewEntry =>
  entryOf(fenced, 'result_rejected', {
    pool: fenced.pool,
    worker: fenced.worker,
    sender_pool: from.pool,
    sender_worker: from.worker,
    code,
  });
