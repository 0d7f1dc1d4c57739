/** A new attempt of a decided job: its fenced identity, its bounds and the digests its warrant will bind. */
import type { EffectiveJob } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { PAYLOAD_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { uuidv7 } from '@countersign/platform/ids';
import type { ChosenPool } from '../choose-pool.ts';
import type { ClearedJob, DispatchItem } from './dispatch-item.ts';

export type NewAttempt = {
  dispatch_id: string;
  tenant: string;
  job_id: string;
  attempt: number;
  pool: string;
  decision_id: string;
  approval_id: string | null;
  policy_snapshot: string;
  policy_epoch: number;
  effective_digest: string;
  payload_digest: string;
  timeout_ms: number;
  max_attempts: number;
  max_output_bytes: number;
  /** Left out: as many as it likes. */
  max_affected?: number;
  pool_concurrency: number;
  /** Left out: as many as the worker likes. */
  worker_concurrency?: number;
};

/** With what has to travel to the worker. */
export type SentAttempt = { attempt: NewAttempt; job: ClearedJob; effective: EffectiveJob };

/** Free slots and a small window, so that no worker waits for the next job. */
export function roomOf(concurrency: number): number {
  return concurrency + Math.min(concurrency, LIMITS.dispatch_window);
}

export function newAttempt(
  { job, decision, answer }: DispatchItem,
  pool: ChosenPool,
  approval_id: string | null,
): SentAttempt {
  const effective = answer.effective!;
  const { constraints } = decision;
  const attempt: NewAttempt = {
    dispatch_id: uuidv7(),
    tenant: job.tenant,
    job_id: job.job_id,
    attempt: job.attempt + 1,
    pool: pool.id,
    pool_concurrency: pool.concurrency,
    ...(pool.worker_concurrency !== undefined && { worker_concurrency: pool.worker_concurrency }),
    decision_id: decision.decision_id,
    approval_id,
    policy_snapshot: decision.policy_snapshot,
    policy_epoch: decision.policy_epoch,
    effective_digest: decision.effective_digest!,
    payload_digest: payloadDigest(job.salt, effective),
    // A policy may name 90 days, which neither the column nor a timer holds; no job lives longer than its deadline.
    timeout_ms: Math.min(constraints.timeout_ms ?? LIMITS.timeout_ms, LIMITS.deadline_ms),
    max_attempts: constraints.max_attempts ?? LIMITS.attempts,
    max_output_bytes: constraints.max_output_bytes ?? LIMITS.output_bytes,
    ...(constraints.max_affected !== undefined && { max_affected: constraints.max_affected }),
  };
  return { attempt, job, effective };
}

function payloadDigest(salt: string, { prompt, payload }: EffectiveJob): string {
  const content = { ...(prompt === undefined ? {} : { prompt }), ...(payload === undefined ? {} : { payload }) };
  return saltedDigest(PAYLOAD_DOMAIN, Buffer.from(salt, 'base64url'), canonicalize(content));
}
