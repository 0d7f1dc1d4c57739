/** Terms that the approval of a held job must bind, from the decision that asked for it. Missing ones mean the documented default. */
import type { Decision } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { DEFAULT_STAGES, wereAsked } from '@countersign/ledger/asked-stages';
import type { DispatchItem } from '../dispatch/dispatch-item.ts';

/** `exceeded`: limits for which it was asked before, when the job was admitted. */
export function approvalTerms(decision: Decision, exceeded: readonly string[] | null = null): object {
  const asking = decision.limited?.map(({ id }) => id) ?? exceeded;
  const { stages, expires_ms, escalate, break_glass, grant, survive } = decision.obligations.approval ?? {};
  return {
    ...(asking !== null && { exceeded: asking }),
    stages: stages ?? DEFAULT_STAGES,
    expires_ms: expires_ms ?? LIMITS.approval_expires_ms,
    ...(escalate && { escalate }),
    ...(break_glass && { break_glass }),
    ...(grant && { grant }),
    ...(survive && { survive }),
    max_attempts: decision.constraints.max_attempts ?? LIMITS.attempts,
    reason: decision.reason,
  };
}

/** Whether its approval is worth trying: everybody whose yes this decision wants was asked for it. */
export function mayRedeem({ job, decision }: Pick<DispatchItem, 'job' | 'decision'>): boolean {
  const wanted = decision.obligations.approval?.stages ?? DEFAULT_STAGES;
  return job.approval_id !== null && wereAsked(wanted, job.stages);
}
