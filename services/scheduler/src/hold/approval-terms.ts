/** Terms that the approval of a held job must bind, from the decision that asked for it. Missing ones mean the documented default. */
import type { Decision } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';

/** `exceeded`: limits for which it was asked before, when the job was admitted. */
export function approvalTerms(decision: Decision, exceeded: readonly string[] | null = null): object {
  const asking = decision.limited?.map(({ id }) => id) ?? exceeded;
  const { stages, expires_ms, escalate, break_glass, grant, survive } = decision.obligations.approval ?? {};
  return {
    ...(asking !== null && { exceeded: asking }),
    stages: stages ?? [{ group: 'approvers', count: 1 }],
    expires_ms: expires_ms ?? LIMITS.approval_expires_ms,
    ...(escalate && { escalate }),
    ...(break_glass && { break_glass }),
    ...(grant && { grant }),
    ...(survive && { survive }),
    max_attempts: decision.constraints.max_attempts ?? LIMITS.attempts,
    reason: decision.reason,
  };
}
