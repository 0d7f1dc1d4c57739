/** A decision that no rule made: it binds nothing, and says of itself only what its maker adds. */
import type { DecideItem, Decision } from '@countersign/contracts/decision';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import type { DecideContext } from '@countersign/policy/decide';

export function decideWithoutRule(
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  made: Pick<Decision, 'decision' | 'reason' | 'effective_digest'> & Partial<Decision>,
): Decision {
  return {
    decision_id: context.decisionId(),
    gate: item.gate,
    rule_id: null,
    matched_rules: [],
    policy_version: policy.version,
    policy_snapshot: policy.snapshot,
    policy_epoch: context.epoch,
    job_hash: item.job_hash,
    constraints: {},
    obligations: {},
    remediation: null,
    findings: [],
    asserted: [],
    cached: false,
    fail_mode: null,
    decided_at: context.now,
    ...made,
  };
}
