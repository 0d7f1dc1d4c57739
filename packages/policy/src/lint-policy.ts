// What a policy says that its author can hardly mean: rules that never decide, floors that nothing reaches, votes that
// nobody can cast. A lint never changes what is decided; under `strict` it keeps the policy from being compiled.
import { LIMITS } from '@countersign/contracts/limits';
import { checkTenantNames } from './check-tenant-names.ts';
import type { CompiledPolicy } from './compile-policy.ts';
import { type KnownTopics, knownTopics } from './known-topics.ts';
import { lintConditions } from './lint-conditions.ts';
import { lintApprovals, lintConstraints } from './lint-obligations.ts';
import { lintReach } from './lint-reach.ts';
import { lintRules } from './lint-rules.ts';
import { lintTopics } from './lint-topics.ts';
import type { BundleSources } from './parse-bundle.ts';
import { placeSections, type Sections } from './place-sections.ts';
import { byPlace, type PolicyFault } from './policy-fault.ts';
import { type Report, reporter } from './report-faults.ts';

export type LintContext = {
  /** How many people each approval group has; left out, quorums are not judged. */
  people?: Readonly<Record<string, number>>;
};
/** What every lint looks at. */
export type Linted = LintContext & {
  policy: CompiledPolicy;
  sources: BundleSources;
  sections: Sections;
  topics: KnownTopics;
  report: Report;
};

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
  checkTenantNames(linted);
  return faults.sort(byPlace);
}
