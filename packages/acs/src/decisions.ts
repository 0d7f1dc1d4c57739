/**
 * What became of a call, in the words of the standard (section 6). A decision that a host could take for more than was decided is never
 * made: what cannot be said exactly is `deny`.
 */
import type { Outcome } from '@countersign/adapter-core/gate';
import { tell } from '@countersign/adapter-core/words';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { GuardianFile } from './guardian-file.ts';

export type Decision = {
  decision: 'allow' | 'deny' | 'modify' | 'ask' | 'defer';
  reasoning?: string;
  reason_codes?: string[];
  policy_references?: { policy_id: string; rule_id: string }[];
  policy_data?: { countersign: Record<string, unknown> };
  modifications?: { parameter_overrides: Record<string, unknown> } | { modified_content: string };
  ask_details?: { approver: { type: 'human'; id: string; endpoint: string } };
  defer_details?: {
    reason: 'pending_dependency';
    resolution_method: 'retry';
    resolution_timeout_ms: number;
    timeout_decision: 'deny';
  };
};

export type Settled = Exclude<Outcome, { kind: 'run_here' }>;

export function deny(code: string, reasoning: string): Decision {
  return { decision: 'deny', reasoning, reason_codes: [code] };
}

/** `allowed`: with which arguments it may run; null where the change cannot be told to this host. */
export function allowWith(asked: Record<string, unknown>, allowed: unknown, modify: boolean): Decision | null {
  if (isSame(asked, allowed)) return { decision: 'allow' };
  if (!modify || allowed === null || typeof allowed !== 'object' || Array.isArray(allowed)) return null;
  // A host lays overrides over what was asked, so nothing can be taken away with them.
  if (Object.keys(asked).some((key) => !Object.hasOwn(allowed, key))) return null;
  const changed = Object.entries(allowed).filter(([key, value]) => !isSame(asked[key], value));
  const names = changed.map(([key]) => key).join(', ');
  return {
    decision: 'modify',
    reasoning: `The policy changed: ${names}.`,
    modifications: { parameter_overrides: Object.fromEntries(changed) },
  };
}

/** Of a call that may not run now. `now`: milliseconds since 1970. */
export function refusalOf(outcome: Settled, pending: GuardianFile['pending'], now: number): Decision {
  const { text, data } = tell(outcome);
  const facts = { policy_data: { countersign: data } };
  switch (outcome.kind) {
    case 'denied': {
      const { code, rule_id } = outcome;
      const rules = rule_id === null ? {} : { policy_references: [{ policy_id: 'countersign', rule_id }] };
      return { ...deny(code, text), ...rules, ...facts };
    }
    case 'pending': {
      const { approval_id, groups, url, expires_at } = outcome;
      if (pending === 'ask' && approval_id !== null && url !== null)
        return { decision: 'ask', reasoning: text, ask_details: approverOf(groups, url), ...facts };
      if (pending === 'deny') return { ...deny('approver_unavailable', text), ...facts };
      const left = expires_at === null ? 0 : Date.parse(expires_at) - now;
      return {
        decision: 'defer',
        reasoning: text,
        defer_details: {
          reason: 'pending_dependency',
          resolution_method: 'retry',
          resolution_timeout_ms: Math.max(outcome.retry_after_ms, left),
          timeout_decision: 'deny',
        },
        ...facts,
      };
    }
    // It ran at a worker of a pool, or nobody knows: the host must not run it as well.
    case 'released':
      return { ...deny('ran_elsewhere', text), ...facts };
    case 'quarantined':
      return { ...deny('quarantined', text), ...facts };
    case 'unknown':
      return { ...deny('outcome_unknown', text), ...facts };
    case 'unavailable':
      return { ...deny('decision_unavailable', text), ...facts };
    default:
      return deny('decision_unknown', 'an outcome that this guardian does not know');
  }
}

/** Of a result that the host reported: whether the agent may see it, as it is, in other words, or not at all. */
export function resultDecision(reported: unknown, outcome: Settled, modify: boolean): Decision {
  if (outcome.kind !== 'released') return refusalOf(outcome, 'deny', 0);
  const data = { policy_data: { countersign: { job_id: outcome.job_id } } };
  if (isSame(reported, outcome.output)) return { decision: 'allow', ...data };
  if (!modify)
    return {
      ...deny('modify_unsupported', 'The output was redacted, and this host can only show all or nothing.'),
      ...data,
    };
  const modified_content = tell(outcome).text;
  return { decision: 'modify', reasoning: 'The output was redacted.', modifications: { modified_content }, ...data };
}

function approverOf(groups: readonly string[], endpoint: string): NonNullable<Decision['ask_details']> {
  return { approver: { type: 'human', id: groups.join(','), endpoint } };
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a !== undefined && b !== undefined && canonicalize(a) === canonicalize(b));
}
