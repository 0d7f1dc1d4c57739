/** Terms that the approval of a held job must bind, from the decision that asked for it. Missing ones mean the documented default. */
import type { Decision } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';

export function approvalTerms(decision: Decision): object {
  return {
    stages: decision.obligations.approval?.stages ?? [{ group: 'approvers', count: 1 }],
    expires_ms: decision.obligations.approval?.expires_ms ?? LIMITS.approval_expires_ms,
    max_attempts: decision.constraints.max_attempts ?? LIMITS.attempts,
    reason: decision.reason,
  };
}
