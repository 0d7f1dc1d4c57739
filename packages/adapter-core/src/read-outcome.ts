/** Reads what the API says of a job as an outcome. What it does not know is never a yes. */
import { ApiError } from '@countersign/client/api-error';
import type { Submitted } from '@countersign/client/create-client';
import type { ShownJob } from '@countersign/contracts/http';
import type { Outcome } from './gate.ts';
import { RETRY_MS } from './retry-ms.ts';

export type Settled = Exclude<Outcome, { kind: 'run_here' }>;

/** States in which a job that was never sent to a worker has ended for good. */
const NEVER_RAN: ReadonlySet<string> = new Set(['denied', 'refused', 'expired', 'cancelled']);

export function outcomeOfDenial(denied: Extract<Submitted, { outcome: 'denied' }>): Settled {
  const { rule_id, reason, remediation, job_id } = denied;
  return { kind: 'denied', code: 'denied', rule_id, reason, remediation, job_id };
}

export function outcomeOfEnd({ job, result }: Extract<Submitted, { outcome: 'ended' }>): Settled {
  const { job_id, state, rule_id } = job;
  if (result !== null)
    return { kind: 'released', output: result.output, failed: result.status !== 'succeeded', job_id };
  if (state === 'quarantined') return { kind: 'quarantined', job_id };
  // A job that was sent once may have had effects, whatever it says now.
  if (!NEVER_RAN.has(state) || job.attempt > 0) return { kind: 'unknown', job_id };
  const reason = job.cancel_reason ?? job.reason ?? state;
  return { kind: 'denied', code: state, rule_id, reason, remediation: null, job_id };
}

/** `base`: where the API is, for a link that a person can follow. */
export function pendingOf({ job_id, waiting_for }: Pick<ShownJob, 'job_id' | 'waiting_for'>, base: string): Settled {
  return {
    kind: 'pending',
    job_id,
    approval_id: waiting_for?.approval_id ?? null,
    groups: waiting_for?.groups ?? [],
    url: waiting_for ? new URL(waiting_for.url, base).href : null,
    expires_at: waiting_for?.expires_at ?? null,
    retry_after_ms: RETRY_MS,
  };
}

/** Throws what is no answer of the API: a bug runs nothing. */
export function outcomeOfFailure(thrown: unknown): Settled {
  if (!(thrown instanceof ApiError)) throw thrown;
  const { status, code, message: reason, retry_after_ms } = thrown;
  if (status === 0 || status === 429 || status >= 500)
    return { kind: 'unavailable', retry_after_ms: retry_after_ms ?? RETRY_MS };
  const said = code === 'idempotency_conflict' ? 'call_id_reused' : code;
  return { kind: 'denied', code: said, rule_id: null, reason, remediation: null, job_id: null };
}
