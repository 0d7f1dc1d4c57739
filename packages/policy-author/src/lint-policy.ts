/**
 * Likely mistakes in a policy: rules that never decide, floors that nothing reaches, votes that
 * nobody can cast. A lint never changes what is decided; under `--strict` an author takes it for a fault.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { knownTopics } from '@countersign/policy/known-topics';
import { placeSections } from '@countersign/policy/place-sections';
import { byPlace, type PolicyFault } from '@countersign/policy/policy-fault';
import { reporter } from '@countersign/policy/report-faults';
import { checkTenantNames } from './check-tenant-names.ts';
import { lintConditions } from './lint-conditions.ts';
import { lintGrants } from './lint-grants.ts';
import { lintApprovals, lintConstraints } from './lint-obligations.ts';
import { lintPools } from './lint-pools.ts';
import { lintReach } from './lint-reach.ts';
import { lintRules } from './lint-rules.ts';
import { lintRuns } from './lint-runs.ts';
import { lintScanning } from './lint-scanning.ts';
import { lintTopics } from './lint-topics.ts';
import type { LintContext, Linted } from './linted.ts';

/** By file and place, at most `LIMITS.policy_faults`. */
export function lintPolicy(policy: CompiledPolicy, context: LintContext = {}): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const { sources } = policy;
  const linted: Linted = {
    ...context,
    policy,
    sources,
    sections: placeSections(sources),
    topics: knownTopics(sources.policy.topics),
    report: reporter(sources, faults, LIMITS.policy_faults),
  };
  lintRules(linted);
  lintConditions(linted);
  lintReach(linted);
  lintTopics(linted);
  lintApprovals(linted);
  lintConstraints(linted);
  lintGrants(linted);
  lintPools(linted);
  lintRuns(linted);
  lintScanning(linted);
  checkTenantNames(linted);
  return faults.sort(byPlace);
}
