/**
 * Checks the names in a bundle: every group, scanner, capability and schema exists, and a rule carries only
 * what its decision can use. It reports; it never repairs.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { InputRuleSource, Match, RuleSource } from '@countersign/contracts/policy';
import { foldKeyword } from '@countersign/scanners/fold-keyword';
import { checkFindings } from './check-findings.ts';
import { checkIds } from './check-ids.ts';
import { asksWhenExceeded, checkLimits } from './check-limits.ts';
import { checkRuns } from './check-runs.ts';
import { checkScanning } from './check-scanning.ts';
import { checkTenants } from './check-tenants.ts';
import { buildGlobIndex } from './glob-index.ts';
import { allTypes } from './match-findings.ts';
import type { BundleSources } from './parse-bundle.ts';
import { type Placed, placeSections, type Sections } from './place-sections.ts';
import type { PolicyFault } from './policy-fault.ts';
import { type At, below, inPolicy, type Report, reporter } from './report-faults.ts';
import { suggestName } from './suggest-name.ts';

/** In an approval stage: the group that `owners` names for the job's capability. */
export const OWNER_GROUP = 'owner';
export const DEFAULT_GROUP = 'approvers';

type Stages = readonly { group: string }[];

/** All faults, in no particular order. */
export function checkPolicy(sources: BundleSources): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const report = reporter(sources, faults, LIMITS.policy_faults);
  const sections = placeSections(sources);
  checkIds(sources, report);
  checkGroups(sources, sections, report);
  checkMatches(sources, sections, report);
  checkRules(sections, report);
  checkLimits(sections, report);
  checkCapabilities(sources, sections, report);
  checkSchemas(sources, report);
  checkTenants(sources, sections, report);
  checkScanning(sources, report);
  checkRuns(sources, sections, report);
  return faults;
}

/** `./schemas/deploy.json` → `schemas/deploy.json`. */
export function schemaPath(reference: string): string {
  return reference.replace(/^\.\//, '');
}

function checkGroups({ policy }: BundleSources, sections: Sections, report: Report): void {
  const groups = new Set(policy.groups ?? [DEFAULT_GROUP]);
  if (groups.has(OWNER_GROUP))
    report('field_invalid', inPolicy('groups'), 'owner is not a group but the capability’s owner');
  const unknown = (group: string, at: At): void =>
    report('group_unknown', at, `the group ${group} is not declared`, () => suggestName(group, groups));
  const checkStages = (stages: Stages | undefined, at: At): void => {
    for (const { group } of stages ?? [{ group: DEFAULT_GROUP }]) {
      if (group !== OWNER_GROUP && !groups.has(group)) unknown(group, at);
      if (group === OWNER_GROUP && Object.keys(policy.owners).length === 0) {
        report('owner_missing', at, 'a stage asks for the owner, but owners names none');
      }
    }
  };
  for (const placed of decidingRules(sections)) {
    const { decision, approval } = placed.source;
    const asks = decision === 'require_approval' || asksWhenExceeded(placed.source);
    const at = below(placed, 'approval');
    if (asks) checkStages(approval?.stages, at);
    const { escalate, break_glass } = approval ?? {};
    for (const [field, group] of [
      ['escalate', escalate?.to],
      ['break_glass', break_glass?.group],
    ] as const) {
      if (group !== undefined && !groups.has(group)) unknown(group, below(at, field));
    }
    if (escalate !== undefined && escalate.after >= approval!.expires_in) {
      report('field_misplaced', below(at, 'escalate'), 'it would escalate when it has expired', 'escalate earlier');
    }
    const same = approval?.grant?.same ?? [];
    if (new Set(same).size < same.length) report('field_invalid', below(at, 'grant', 'same'), 'a field stands twice');
  }
  for (const placed of sections.tiers) {
    const { floor } = placed.source;
    if (floor.decision === 'require_approval' || asksWhenExceeded(floor))
      checkStages(floor.stages, below(placed, 'floor'));
  }
  if (policy.default_decision === 'require_approval') checkStages(undefined, inPolicy('default_decision'));
  for (const [capability, group] of Object.entries(policy.owners)) {
    if (!groups.has(group)) unknown(group, inPolicy('owners', capability));
  }
}

function decidingRules({ rules, input_rules }: Sections): Placed<RuleSource | InputRuleSource>[] {
  return [...rules, ...input_rules];
}

function checkMatches({ policy, own }: BundleSources, sections: Sections, report: Report): void {
  const types = allTypes(own);
  const checkMatch = (match: Match, at: At): void => {
    checkFindings(match, types, at, report);
    for (const [i, keyword] of (match.keywords ?? []).entries()) {
      if (foldKeyword(keyword) === '')
        report('match_empty', below(at, 'keywords', i), 'the keyword has no visible character');
    }
    if (match.not === undefined) return;
    if (Object.keys(match.not).length === 0) report('match_empty', below(at, 'not'), 'an empty not can never hold');
    checkMatch(match.not, below(at, 'not'));
  };
  for (const placed of allOf(sections)) checkMatch(placed.source.match, below(placed, 'match'));
  for (const [i, { match }] of (policy.output_policy.rules ?? []).entries()) {
    checkFindings(match, types, inPolicy('output_policy', 'rules', i, 'match'), report);
  }
}

function allOf({ tiers, input_rules, rules }: Sections): Placed<{ match: Match }>[] {
  return [...tiers, ...input_rules, ...rules];
}

function checkRules(sections: Sections, report: Report): void {
  for (const placed of decidingRules(sections)) checkDecision(placed, report);
  for (const placed of sections.rules) checkRemediation(placed, report);
  for (const placed of sections.tiers) {
    const { floor } = placed.source;
    if (Object.keys(floor).length === 0) report('field_invalid', below(placed, 'floor'), 'the floor asks for nothing');
    const asks = floor.stages !== undefined || floor.expires_in !== undefined;
    if (asks && floor.decision !== 'require_approval' && !asksWhenExceeded(floor)) {
      report(
        'field_misplaced',
        below(placed, 'floor'),
        'stages and expires_in need decision: require_approval, or a limit that asks for an approval',
        'add decision: require_approval to the floor',
      );
    }
  }
}

function checkDecision(placed: Placed<RuleSource | InputRuleSource>, report: Report): void {
  const { decision, approval, constraints, review } = placed.source;
  const misplaced = (field: string, says: string, fix?: string): void =>
    report('field_misplaced', below(placed, field), says, fix);
  if (approval !== undefined && decision !== 'require_approval' && !asksWhenExceeded(placed.source))
    misplaced('approval', 'only require_approval has an approval, or a limit that asks for one');
  if (constraints !== undefined && decision !== 'require_approval' && decision !== 'allow_with_constraints') {
    misplaced('constraints', `${decision} cannot enforce constraints`);
  }
  if (review !== undefined && (decision === 'deny' || decision === 'remediate'))
    misplaced('review', `${decision} runs nothing that somebody could look at`);
  if (decision === 'allow_with_constraints' && Object.keys(constraints ?? {}).length === 0) {
    misplaced('decision', 'allow_with_constraints needs constraints', 'add constraints, or decide allow');
  }
}

function checkRemediation(placed: Placed<RuleSource>, report: Report): void {
  const rule = placed.source;
  const misplaced = (field: string, says: string, fix?: string): void =>
    report('field_misplaced', below(placed, field), says, fix);
  const rewrites = Object.keys(rule.remediation ?? {}).length > 1;
  if (rule.decision === 'remediate' && !rewrites) {
    misplaced('decision', 'remediate needs a remediation that rewrites something', 'add a remediation, or decide deny');
  }
  if (rule.remediation !== undefined && rule.decision !== 'remediate' && rule.decision !== 'deny') {
    misplaced('remediation', 'only remediate and deny have a remediation');
  }
  if (rule.decision !== 'remediate' && rule.decision !== 'deny') return;
  if (rule.rollback !== undefined) misplaced('rollback', `${rule.decision} runs nothing that this could bind`);
}

/** With pools, a capability that none of them has is a spelling mistake or a job that can never run. */
function checkCapabilities({ policy, pools }: BundleSources, sections: Sections, report: Report): void {
  if (pools === null) return;
  const offered = new Set(pools.flatMap((pool) => pool.capabilities));
  const wanted = new Map<string, At[]>();
  const check = (pattern: string | undefined, at: At): void => {
    if (pattern === undefined) return;
    const places = wanted.get(pattern);
    if (places === undefined) wanted.set(pattern, [at]);
    else places.push(at);
  };
  const checkMatch = (match: Pick<Match, 'capabilities' | 'requires'>, at: At): void => {
    for (const [i, pattern] of (match.capabilities ?? []).entries()) check(pattern, below(at, 'capabilities', i));
    for (const [i, name] of (match.requires ?? []).entries()) check(name, below(at, 'requires', i));
  };
  for (const placed of allOf(sections)) {
    const { match } = placed.source;
    checkMatch(match, below(placed, 'match'));
    if (match.not !== undefined) checkMatch(match.not, below(placed, 'match', 'not'));
  }
  for (const [i, { match }] of (policy.output_policy.rules ?? []).entries()) {
    checkMatch(match, inPolicy('output_policy', 'rules', i, 'match'));
  }
  for (const placed of sections.rules) {
    check(placed.source.remediation?.capability, below(placed, 'remediation', 'capability'));
  }
  for (const [topic, facts] of Object.entries(policy.topics)) {
    check(facts.capability, inPolicy('topics', topic, 'capability'));
  }
  for (const capability of Object.keys(policy.owners)) check(capability, inPolicy('owners', capability));
  for (const pattern of patternsWithout(offered, [...wanted.keys()])) {
    for (const at of wanted.get(pattern)!) {
      report('capability_unknown', at, `no pool has the capability ${pattern}`, () => suggestName(pattern, offered));
    }
  }
}

/** By index, for a large bundle has many of both. */
function patternsWithout(names: Iterable<string>, patterns: readonly string[]): string[] {
  const index = buildGlobIndex(patterns);
  const matched = new Set<number>();
  for (const name of names) for (const position of index(name)) matched.add(position);
  return patterns.filter((_, position) => !matched.has(position));
}

function checkSchemas({ policy, schemas }: BundleSources, report: Report): void {
  for (const [topic, { schema }] of Object.entries(policy.topics)) {
    if (schema === undefined || schemas.has(schemaPath(schema))) continue;
    const fix = () => suggestName(schemaPath(schema), schemas.keys());
    report('schema_missing', inPolicy('topics', topic, 'schema'), `the bundle has no ${schemaPath(schema)}`, fix);
  }
}
