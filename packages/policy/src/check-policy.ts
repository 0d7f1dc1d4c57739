// What the names in a bundle mean together: ids stand once, every group, scanner, capability and schema exists, and a
// rule carries only what its decision can use. It reports; it never repairs.
import type { Match, PolicySource } from '@countersign/contracts/policy';
import { SCANNER_NAMES } from '@countersign/scanners/scan';
import { anyGlobMatches } from './match-glob.ts';
import { foldText } from './match-subject.ts';
import { type BundleSources, POLICY_FILE, POOLS_FILE } from './parse-bundle.ts';
import { type FaultCode, faultAt, type Path, type PolicyFault } from './policy-fault.ts';

/** In an approval stage: the group that `owners` names for the job's capability. */
export const OWNER_GROUP = 'owner';
export const DEFAULT_GROUP = 'approvers';

type Report = (code: FaultCode, path: Path, detail: string) => void;
type Stages = readonly { group: string }[];

/** All faults, in no particular order. */
export function checkPolicy(sources: BundleSources): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const report: Report = (code, path, detail) => {
    faults.push(faultAt(code, POLICY_FILE, sources.locate(POLICY_FILE, path), detail));
  };
  checkIds(sources, report, faults);
  checkGroups(sources.policy, report);
  checkMatches(sources.policy, report);
  checkRules(sources.policy, report);
  checkCapabilities(sources, report);
  checkSchemas(sources, report);
  return faults;
}

function checkIds({ policy, pools, locate }: BundleSources, report: Report, faults: PolicyFault[]): void {
  const seen = new Set<string>();
  for (const section of ['tiers', 'input_rules', 'rules'] as const) {
    policy[section].forEach(({ id }, i) => {
      if (seen.has(id)) report('id_duplicate', [section, i, 'id'], `the id ${id} stands twice`);
      seen.add(id);
    });
  }
  const outputs = new Set<string>();
  policy.output_policy.rules?.forEach(({ id }, i) => {
    if (outputs.has(id)) report('id_duplicate', ['output_policy', 'rules', i, 'id'], `the id ${id} stands twice`);
    outputs.add(id);
  });
  const known = new Set<string>();
  pools?.forEach(({ id }, i) => {
    const place = locate(POOLS_FILE, ['pools', i, 'id']);
    if (known.has(id)) faults.push(faultAt('id_duplicate', POOLS_FILE, place, `the pool ${id} stands twice`));
    known.add(id);
  });
}

function checkGroups(policy: PolicySource, report: Report): void {
  const groups = new Set(policy.groups ?? [DEFAULT_GROUP]);
  if (groups.has(OWNER_GROUP)) report('field_invalid', ['groups'], 'owner is not a group but the capability’s owner');
  const checkStages = (stages: Stages | undefined, path: Path): void => {
    for (const { group } of stages ?? [{ group: DEFAULT_GROUP }]) {
      if (group !== OWNER_GROUP && !groups.has(group))
        report('group_unknown', path, `the group ${group} is not declared`);
      if (group === OWNER_GROUP && Object.keys(policy.owners).length === 0) {
        report('owner_missing', path, 'a stage asks for the owner, but owners names none');
      }
    }
  };
  for (const section of ['rules', 'input_rules'] as const) {
    policy[section].forEach((rule, i) => {
      if (rule.decision === 'require_approval') checkStages(rule.approval?.stages, [section, i, 'approval']);
    });
  }
  policy.tiers.forEach(({ floor }, i) => {
    if (floor.decision === 'require_approval') checkStages(floor.stages, ['tiers', i, 'floor']);
  });
  if (policy.default_decision === 'require_approval') checkStages(undefined, ['default_decision']);
  for (const [capability, group] of Object.entries(policy.owners)) {
    if (!groups.has(group)) report('group_unknown', ['owners', capability], `the group ${group} is not declared`);
  }
}

function checkMatches(policy: PolicySource, report: Report): void {
  const known: ReadonlySet<string> = new Set(SCANNER_NAMES);
  const checkScanners = (scanners: readonly string[] | undefined, path: Path): void => {
    scanners?.forEach((name, i) => {
      if (!known.has(name))
        report(
          'scanner_unknown',
          [...path, 'scanners', i],
          `there is no scanner ${name}; known: ${SCANNER_NAMES.join(', ')}`,
        );
    });
  };
  const checkMatch = (match: Match, path: Path): void => {
    checkScanners(match.scanners, path);
    match.keywords?.forEach((keyword, i) => {
      if (foldText(keyword) === '')
        report('match_empty', [...path, 'keywords', i], 'the keyword has no visible character');
    });
    if (match.not === undefined) return;
    if (Object.keys(match.not).length === 0) report('match_empty', [...path, 'not'], 'an empty not can never hold');
    checkMatch(match.not, [...path, 'not']);
  };
  for (const section of ['tiers', 'input_rules', 'rules'] as const) {
    for (const [i, { match }] of policy[section].entries()) checkMatch(match, [section, i, 'match']);
  }
  for (const [i, { match }] of (policy.output_policy.rules ?? []).entries()) {
    checkScanners(match.scanners, ['output_policy', 'rules', i, 'match']);
  }
}

function checkRules(policy: PolicySource, report: Report): void {
  for (const section of ['rules', 'input_rules'] as const) {
    policy[section].forEach((rule, i) => {
      const misplaced = (field: string, says: string): void => report('field_misplaced', [section, i, field], says);
      const { decision, approval, constraints } = rule;
      if (approval !== undefined && decision !== 'require_approval')
        misplaced('approval', 'only require_approval has an approval');
      if (constraints !== undefined && decision !== 'require_approval' && decision !== 'allow_with_constraints') {
        misplaced('constraints', `${decision} cannot enforce constraints`);
      }
      if (decision === 'allow_with_constraints' && Object.keys(constraints ?? {}).length === 0) {
        misplaced('decision', 'allow_with_constraints needs constraints');
      }
    });
  }
  policy.rules.forEach((rule, i) => {
    const misplaced = (field: string, says: string): void => report('field_misplaced', ['rules', i, field], says);
    const rewrites = Object.keys(rule.remediation ?? {}).length > 1;
    if (rule.decision === 'remediate' && !rewrites)
      misplaced('decision', 'remediate needs a remediation that rewrites something');
    if (rule.remediation !== undefined && rule.decision !== 'remediate' && rule.decision !== 'deny') {
      misplaced('remediation', 'only remediate and deny have a remediation');
    }
    if (rule.decision !== 'remediate' && rule.decision !== 'deny') return;
    for (const field of ['limits', 'evidence', 'review', 'rollback'] as const) {
      if (rule[field] !== undefined) misplaced(field, `${rule.decision} runs nothing that this could bind`);
    }
  });
  policy.tiers.forEach(({ floor }, i) => {
    if (Object.keys(floor).length === 0) report('field_invalid', ['tiers', i, 'floor'], 'the floor asks for nothing');
    const asks = floor.stages !== undefined || floor.expires_in !== undefined;
    if (asks && floor.decision !== 'require_approval') {
      report('field_misplaced', ['tiers', i, 'floor'], 'stages and expires_in need decision: require_approval');
    }
  });
}

/** With pools, a capability that none of them has is a spelling mistake or a job that can never run. */
function checkCapabilities({ policy, pools }: BundleSources, report: Report): void {
  if (pools === null) return;
  const offered = pools.flatMap((pool) => pool.capabilities);
  const check = (pattern: string | undefined, path: Path): void => {
    if (pattern !== undefined && !offered.some((name) => anyGlobMatches([pattern], name))) {
      report('capability_unknown', path, `no pool has the capability ${pattern}`);
    }
  };
  const checkMatch = (match: Pick<Match, 'capabilities' | 'requires'>, path: Path): void => {
    for (const [i, pattern] of (match.capabilities ?? []).entries()) check(pattern, [...path, 'capabilities', i]);
    for (const [i, name] of (match.requires ?? []).entries()) check(name, [...path, 'requires', i]);
  };
  for (const section of ['tiers', 'input_rules', 'rules'] as const) {
    policy[section].forEach(({ match }, i) => {
      checkMatch(match, [section, i, 'match']);
      if (match.not !== undefined) checkMatch(match.not, [section, i, 'match', 'not']);
    });
  }
  for (const [i, { match }] of (policy.output_policy.rules ?? []).entries()) {
    checkMatch(match, ['output_policy', 'rules', i, 'match']);
  }
  for (const [i, { remediation }] of policy.rules.entries()) {
    check(remediation?.capability, ['rules', i, 'remediation', 'capability']);
  }
  for (const [topic, facts] of Object.entries(policy.topics)) check(facts.capability, ['topics', topic, 'capability']);
  for (const capability of Object.keys(policy.owners)) check(capability, ['owners', capability]);
}

function checkSchemas({ policy, schemas }: BundleSources, report: Report): void {
  for (const [topic, { schema }] of Object.entries(policy.topics)) {
    if (schema !== undefined && !schemas.has(schemaPath(schema))) {
      report('schema_missing', ['topics', topic, 'schema'], `the bundle has no ${schemaPath(schema)}`);
    }
  }
}

/** `./schemas/deploy.json` → `schemas/deploy.json`. */
export const schemaPath = (reference: string): string => reference.replace(/^\.\//, '');
