/** The row of one screened output: what may be read, and sealed what may not. */

import type { RecordedArtifact } from '@countersign/contracts/artifact';
import type { ActiveScope } from '@countersign/contracts/control';
import type { WorkerResult } from '@countersign/contracts/worker';
import { randomSalt } from '@countersign/platform/ids';
import type { Sealer } from '@countersign/platform/seal-content';
import type { ArtifactRow } from './artifacts/store-artifacts.ts';
import { outputDigest, type ScreenedResult } from './judge-result.ts';
import type { Sender } from './read-result.ts';
import type { Screening } from './screen-output.ts';
import type { ResultRow } from './store.ts';

type Told = 'dispatch_id' | 'tenant' | 'job_id' | 'attempt' | 'status' | 'retryable' | 'duration_ms';
/** The result of an attempt. `bytes`: the canonical output, or a whole message that could not be read. */
export type Reported = {
  from: Sender;
  result: Pick<WorkerResult, Told> & { affected?: number | undefined };
  bytes: Uint8Array;
  /** The policy and findings of the screening. */
  active: ActiveScope | null;
  artifacts?: readonly ArtifactRow[];
};

export function reportOf({ from, result, output_text, policy, artifacts }: ScreenedResult): Reported {
  return {
    from,
    result,
    bytes: Buffer.from(output_text, 'utf8'),
    active: policy.active,
    artifacts: artifacts?.rows ?? [],
  };
}

/** The result is the attempt's, as the fence or the step has yet to confirm. */
export function toRow(reported: Reported, screening: Screening, traceparent: string, sealer: Sealer): ResultRow {
  const { from, result, bytes, active, artifacts = [] } = reported;
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
    policy_version: active?.version ?? null,
    policy_snapshot: active?.snapshot ?? null,
    policy_epoch: active?.epoch ?? null,
    findings: screening.findings,
    output_digest: outputDigest(salt, bytes),
    salt,
    content: screening.released,
    sealed: isSealed ? sealer.seal(dispatch_id, bytes) : null,
    seal_key_id: isSealed ? sealer.key_id : null,
    duration_ms: result.duration_ms,
    traceparent,
    ...(result.affected !== undefined && { affected: result.affected }),
    ...(artifacts.length > 0 && { artifacts: artifacts.map(toRecorded) }),
  };
}

function toRecorded({ artifact_digest, bytes, decision }: ArtifactRow): RecordedArtifact {
  return { artifact_digest: artifact_digest!, bytes, decision: decision! };
}
