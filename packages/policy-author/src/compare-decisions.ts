/** What one policy makes of a job that another has decided. Pure: replay, shadow and diff count by the same words. */
import type { Decision, DecisionName } from '@countersign/contracts/decision';
import { finalDecision } from '@countersign/contracts/decision';
import type { Difference } from '@countersign/contracts/policy-rollout';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { DecideOutcome } from '@countersign/policy/decide';

export type Compared = Pick<Decision, 'decision' | 'rule_id' | 'constraints' | 'obligations' | 'effective_digest'>;

const CLASS: Readonly<Record<DecisionName, 'blocked' | 'held' | 'allowed'>> = {
  allow: 'allowed',
  allow_with_constraints: 'allowed',
  require_approval: 'held',
  deny: 'blocked',
  remediate: 'blocked',
};
const NEWLY = { blocked: 'newly_blocked', held: 'newly_held', allowed: 'newly_allowed' } as const;

/** A request that the candidate refuses to look at is one that it blocks. */
export function comparedOf(outcome: DecideOutcome): Compared {
  return outcome.ok
    ? finalDecision(outcome.answer)
    : { decision: 'deny', rule_id: null, constraints: {}, obligations: {}, effective_digest: null };
}

/** Null when nothing differs. */
export function differenceOf(before: Compared, after: Compared): Difference | null {
  if (CLASS[before.decision] !== CLASS[after.decision]) return NEWLY[CLASS[after.decision]];
  if (boundsOf(before) !== boundsOf(after)) return 'changed_constraints';
  if (before.effective_digest !== after.effective_digest) return 'changed_job';
  return before.rule_id === after.rule_id ? null : 'changed_rule';
}

function boundsOf({ constraints, obligations }: Compared): string {
  return canonicalize({ constraints, obligations });
}
