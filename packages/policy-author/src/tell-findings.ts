/**
 * Which types of findings each rule of a policy speaks of, with their severities: what `scanners: [pii]` means, spelt out.
 */
import type { Match } from '@countersign/contracts/policy';
import { allTypes, compileFindings, typesWanted } from '@countersign/policy/match-findings';
import type { BundleSources } from '@countersign/policy/parse-bundle';
import { placeSections } from '@countersign/policy/place-sections';
import type { Severity } from '@countersign/scanners/finding-types';

/** `severity`: the highest that a finding of the type has; one of a lower one may be below a rule's `min_severity`. */
export type RuleFindings = { id: string; types: { type: string; severity: Severity }[] };

/** Of the rules that look at findings, in the order of decision, output rules last. */
export function tellFindings(sources: BundleSources): RuleFindings[] {
  const { tiers, input_rules, rules } = placeSections(sources);
  const all = allTypes(sources.own);
  const placed: { id: string; match: Pick<Match, 'scanners' | 'types' | 'min_severity'> }[] = [
    ...[...input_rules, ...rules, ...tiers].map(({ source }) => source),
    ...(sources.policy.output_policy.rules ?? []),
  ];
  return placed.flatMap(({ id, match }) => {
    const wanted = compileFindings(match);
    return wanted === null
      ? []
      : [{ id, types: typesWanted(wanted, all).map(({ type, severity }) => ({ type, severity })) }];
  });
}
