/** The row of one screened output: what may be read, and sealed what may not. */
import { randomSalt } from '@countersign/platform/ids';
import { outputDigest, type ScreenedResult } from './judge-result.ts';
import type { Screening } from './screen-output.ts';
import type { Sealer } from './seal-output.ts';
import type { ResultRow } from './store.ts';

/** The result is the attempt's, as the fence or the step has yet to confirm. */
export const toRow = (item: ScreenedResult, screening: Screening, traceparent: string, sealer: Sealer): ResultRow => {
  const { result, from, policy, output_text } = item;
  const { dispatch_id, tenant, job_id, attempt } = result;
  const salt = randomSalt();
  const isSealed = screening.decision !== 'allow';
  return {
    dispatch_id,
    tenant,
    job_id,
    attempt,
    pool: from.pool,
    worker: from.worker,
    status: result.status,
    retryable: result.retryable,
    output_decision: screening.decision,
    rule_id: screening.rule_id,
    reason: screening.reason,
    policy_version: policy.active?.version ?? null,
    policy_snapshot: policy.active?.snapshot ?? null,
    policy_epoch: policy.active?.epoch ?? null,
    findings: screening.findings,
    output_digest: outputDigest(salt, output_text),
    salt,
    content: screening.released,
    sealed: isSealed ? sealer.seal(dispatch_id, output_text) : null,
    seal_key_id: isSealed ? sealer.key_id : null,
    duration_ms: result.duration_ms,
    traceparent,
  };
};
