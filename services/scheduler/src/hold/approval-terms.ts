/** Terms that the approval of a held job must bind, from the decision that asked for it. Missing ones mean the documented default. */
import type { ApprovalStage } from '@countersign/contracts/asked-approval';
import type { Decision } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { DispatchItem } from '../dispatch/dispatch-item.ts';

const DEFAULT_STAGES: readonly ApprovalStage[] = [{ group: 'approvers', count: 1 }];

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

/**
 * Whether its approval is worth trying: everybody whose yes this decision wants was asked for it. Under one policy that may be
 * more than before: what the run did since, or the time of day, brings floors with it.
 */
export function mayRedeem({ job, decision }: Pick<DispatchItem, 'job' | 'decision'>): boolean {
  const wanted = decision.obligations.approval?.stages ?? DEFAULT_STAGES;
  const asked = dearestFirst(job.stages ?? []);
  // Each stage that was asked answers for one that is wanted.
  const wasAsked = ({ group, count }: ApprovalStage): boolean => {
    const found = asked.findIndex((one) => one.group === group && one.count >= count);
    return found >= 0 && asked.splice(found, 1).length === 1;
  };
  return job.approval_id !== null && dearestFirst(wanted).every(wasAsked);
}

function dearestFirst(stages: readonly ApprovalStage[]): ApprovalStage[] {
  return stages.toSorted((a, b) => b.count - a.count);
}
