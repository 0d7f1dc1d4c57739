/**
 * Effects of a decision, in the terms of the decision's contract: constraints and obligations as an author
 * wrote them, defaults filled in. Two sets combine only towards the stricter one.
 */
import type { LimitSource } from '@countersign/contracts/counted-limits';
import type { Constraints, Obligations } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { PolicyConstraints, RuleSource } from '@countersign/contracts/policy';
import type { ApprovalTermsSource } from '@countersign/contracts/policy-approval';
import { DEFAULT_GROUP } from './check-policy.ts';
import type { CompiledLimit } from './compiled-policy.ts';

export type Approval = NonNullable<Obligations['approval']>;
type Stages = Approval['stages'];
/** As a rule writes them; a floor has only the first two. */
type Terms = { [K in keyof ApprovalTermsSource]?: ApprovalTermsSource[K] | undefined };

export function constraintsOf(source: PolicyConstraints | undefined): Constraints {
  const { timeout, max_attempts, max_output_bytes, max_affected, worker, set } = source ?? {};
  return {
    ...(timeout !== undefined && { timeout_ms: timeout }),
    ...(max_attempts !== undefined && { max_attempts }),
    ...(max_output_bytes !== undefined && { max_output_bytes }),
    ...(max_affected !== undefined && { max_affected }),
    ...(worker !== undefined && { worker: [...worker].sort() }),
    ...(set !== undefined && { set }),
  };
}

/** Without terms: one stage, `approvers`, one vote, one hour. */
export function approvalOf(stages?: Stages, expires_ms?: number): Approval {
  return {
    stages: stages ?? [{ group: DEFAULT_GROUP, count: 1 }],
    expires_ms: expires_ms ?? LIMITS.approval_expires_ms,
  };
}

/** The same, and what a rule lets others do after a while, or alone, or for several jobs. */
export function termsOf(source: Terms | undefined): Approval {
  const { escalate, break_glass, grant } = source ?? {};
  return {
    ...approvalOf(source?.stages, source?.expires_in),
    ...(escalate !== undefined && { escalate: { after_ms: escalate.after, to: escalate.to } }),
    ...(break_glass !== undefined && { break_glass }),
    ...(grant !== undefined && { grant: { ...grant, same: grant.same.toSorted() } }),
  };
}

export function ruleObligations(rule: RuleSource): Obligations {
  return {
    ...(rule.decision === 'require_approval' && { approval: termsOf(rule.approval) }),
    ...aroundRun(rule),
  };
}

/** `terms`: whose yes it takes where a limit has no room and asks for one. */
export function limitsWith(limits: readonly LimitSource[] | undefined, terms: Terms | undefined): CompiledLimit[] {
  return (limits ?? []).map((limit) => ({
    ...limit,
    ...(limit.exceeded === 'require_approval' && { approval: termsOf(terms) }),
  }));
}

export function aroundRun({
  rollback,
  review,
}: { [K in 'rollback' | 'review']?: RuleSource[K] | undefined }): Obligations {
  return { ...(rollback !== undefined && { rollback }), ...(review !== undefined && { review }) };
}

export function isEmpty(effects: Constraints | Obligations): boolean {
  for (const _ in effects) return false;
  return true;
}

/** `b` comes from a floor, which sets nothing in the payload. */
export function tightenConstraints(a: Constraints, b: Constraints): Constraints {
  if (isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  const worker = new Set([...(a.worker ?? []), ...(b.worker ?? [])]);
  return {
    ...least('timeout_ms', a, b),
    ...least('max_attempts', a, b),
    ...least('max_output_bytes', a, b),
    ...least('max_affected', a, b),
    ...(worker.size > 0 && { worker: [...worker].sort() }),
    ...(a.set !== undefined && { set: a.set }),
  };
}

export function tightenObligations(a: Obligations, b: Obligations): Obligations {
  if (isEmpty(b)) return a;
  const approval = tightenApproval(a.approval, b.approval);
  return {
    ...a,
    ...(approval !== undefined && { approval }),
    ...(b.rollback === 'required' && { rollback: b.rollback }),
    ...(b.review !== undefined && { review: b.review }),
  };
}

type Bound = 'timeout_ms' | 'max_attempts' | 'max_output_bytes' | 'max_affected';

function least(key: Bound, a: Constraints, b: Constraints): Constraints {
  const [x, y] = [a[key], b[key]];
  if (x === undefined && y === undefined) return {};
  return { [key]: x === undefined ? y : y === undefined ? x : Math.min(x, y) };
}

/** Every group that either asks for, with the larger count; the earlier expiry. What makes it easier holds only where both say so. */
export function tightenApproval(a: Approval | undefined, b: Approval | undefined): Approval | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const counts = new Map<string, number>();
  for (const { group, count } of a.stages) counts.set(group, Math.max(counts.get(group) ?? 0, count));
  for (const { group, count } of b.stages) counts.set(group, Math.max(counts.get(group) ?? 0, count));
  const stages = [...counts].map(([group, count]) => ({ group, count }));
  return {
    stages,
    expires_ms: Math.min(a.expires_ms, b.expires_ms),
    ...inBoth('escalate', a, b),
    ...inBoth('break_glass', a, b),
    ...inBoth('grant', a, b),
  };
}

function inBoth(key: 'escalate' | 'break_glass' | 'grant', a: Approval, b: Approval): Partial<Approval> {
  return a[key] !== undefined && JSON.stringify(a[key]) === JSON.stringify(b[key]) ? { [key]: a[key] } : {};
}
