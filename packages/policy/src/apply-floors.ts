/**
 * Lays input rules and tiers over what the rules decided. It can only raise: allow < allow_with_constraints <
 * require_approval < deny.
 */
import type { Constraints, DecisionName, Obligations } from '@countersign/contracts/decision';
import type { CompiledFloor } from './compiled-policy.ts';
import { isEmpty, tightenConstraints, tightenObligations } from './effects.ts';

export type Standing = {
  decision: DecisionName;
  rule_id: string | null;
  reason: string;
  constraints: Constraints;
  obligations: Obligations;
};

const RANK: Readonly<Record<Exclude<DecisionName, 'remediate'>, number>> = {
  allow: 0,
  allow_with_constraints: 1,
  require_approval: 2,
  deny: 3,
};

export function denial(rule_id: string | null, reason: string): Standing {
  return {
    decision: 'deny',
    rule_id,
    reason,
    constraints: {},
    obligations: {},
  };
}

/** `reversible`: the request names a compensation. */
export function applyFloor(standing: Standing, floor: CompiledFloor, reversible: boolean): Standing {
  if (standing.decision === 'deny') return standing;
  if (floor.decision === 'deny') return denial(floor.id, floor.reason);
  const raises = floor.decision !== null && rank(floor.decision) > rank(standing.decision);
  const obligations = tightenObligations(standing.obligations, floor.obligations);
  if (obligations.rollback === 'required' && floor.obligations.rollback === 'required' && !reversible) {
    return denial(floor.id, `tier ${floor.id} requires a compensation, and the request names none`);
  }
  const constraints = tightenConstraints(standing.constraints, floor.constraints);
  const decided = raises ? floor.decision! : standing.decision;
  const bound = decided === 'allow' && !isEmpty(constraints);
  return {
    decision: bound ? 'allow_with_constraints' : decided,
    rule_id: raises ? floor.id : standing.rule_id,
    reason: raises ? floor.reason : standing.reason,
    constraints,
    obligations,
  };
}

function rank(decision: DecisionName): number {
  // A remediation is applied and decided again before anything is laid over it.
  if (decision === 'remediate') throw new TypeError('a remediation has no rank');
  return RANK[decision];
}
