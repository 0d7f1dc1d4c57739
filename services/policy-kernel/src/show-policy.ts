/** Answers `rpc.policy.active`: what is in force for a tenant, as people may see it. */
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { type ActivePolicies, policyFor } from './active-policies.ts';

export function showPolicy(policies: ActivePolicies, tenant: string): RpcAnswer<'policy.active'> {
  const { policy, scope, version, snapshot, epoch, activated_at, not_after } = policyFor(policies, tenant);
  return {
    scope,
    version,
    snapshot,
    epoch,
    activated_at,
    not_after,
    observe_until: policy.sources.policy.mode?.observe.until ?? null,
    default_decision: policy.default_decision,
    rules: policy.rules.items.map(({ id, decision, reason }) => ({ id, decision, reason })),
    topics: policy.topics.items.map(({ pattern }) => pattern),
    pools: (policy.pools ?? []).map(({ id, capabilities, concurrency }) => ({ id, capabilities, concurrency })),
  };
}
