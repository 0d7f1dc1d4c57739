/**
 * Every field of the language has somebody who holds it, or who merely shows it and says so. A field that nobody names
 * here is one that authors would believe in for nothing: refuse it (not-enforced.ts) until something does it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { authorSchemas } from '@countersign/policy-author/author-schemas';
import { expect, it } from 'vitest';

function policy(file: string): string {
  return `packages/policy/src/${file}.ts`;
}
const MATCH = policy('match-subject');
const EFFECTS = policy('effects');
const FINDINGS = policy('match-findings');
const LIMITS = policy('apply-limits');
const OWN = 'packages/scanners/src/own-rules.ts';
const GITLEAKS = policy('read-gitleaks');
const TESTS = 'packages/policy-author/src/run-policy-tests.ts';
/** Holders have none: the field below them do. */
const HOLDERS =
  /^(mode|mode\.observe|match|match\.not|run|match\.run|history|floor|floor\.constraints|approval|approval\.escalate|approval\.break_glass|approval\.grant|approvals|floor\.stages|approval\.stages|limits|floor\.limits|constraints|remediation|remediation\.labels|tiers|rules|input_rules|output_policy|output_policy\.rules|output_policy\.rules\.match|scanning|delegated|pools|cases|incidents|actor|expect|expect\.stages|expect\.constraints|expect\.findings|decided|topics|scanners\.(rules|gitleaks|rules\.allow|rules\.examples|gitleaks\.rules|models|models\.severities))$/;

/** Field → the file that holds it, or the part of which some file reads it. */
const HELD: Readonly<Record<string, string>> = {
  version: 'services/policy-kernel',
  'mode.observe.until': 'services/policy-kernel',
  default_decision: policy('evaluate-rules'),
  'topics.capability': policy('apply-facts'),
  'topics.risk_tags': policy('apply-facts'),
  'topics.required_labels': policy('apply-facts'),
  'topics.derive_labels': policy('apply-facts'),
  'topics.schema': policy('payload-schema'),
  'topics.runs': policy('judge-request'),
  groups: policy('check-policy'),
  owners: policy('evaluate-rules'),
  id: policy('check-ids'),
  'match.tenants': MATCH,
  'match.topics': MATCH,
  'match.capabilities': MATCH,
  'match.labels': MATCH,
  'match.risk_tags': MATCH,
  'match.requires': MATCH,
  'match.actors': MATCH,
  'match.actor_types': MATCH,
  'match.on_behalf_of': MATCH,
  'match.keywords': MATCH,
  'match.scanners': FINDINGS,
  'match.types': FINDINGS,
  'match.min_severity': FINDINGS,
  when: policy('compile-when'),
  decision: policy('evaluate-rules'),
  'remediation.id': policy('apply-remediation'),
  'remediation.topic': policy('apply-remediation'),
  'remediation.capability': policy('apply-remediation'),
  'remediation.labels.set': policy('apply-remediation'),
  'remediation.labels.remove': policy('apply-remediation'),
  'remediation.payload': policy('apply-remediation'),
  'stages.group': 'services/approval',
  'stages.count': 'services/approval',
  expires_in: 'services/approval',
  'approval.escalate.after': 'services/approval/src/escalate-approvals.ts',
  'approval.escalate.to': 'services/approval/src/judge-vote.ts',
  'approval.break_glass.group': 'services/approval/src/break-glass.ts',
  'approval.grant.max_uses': 'services/approval/src/grant-terms.ts',
  'approval.grant.max_minutes': 'services/approval/src/grant-terms.ts',
  'approval.grant.same': 'services/approval/src/use-grants.ts',
  'approvals.survive': 'services/approval/src/carry-over.ts',
  'constraints.timeout': 'packages/worker',
  'constraints.max_attempts': EFFECTS,
  'constraints.max_output_bytes': 'services/output-safety',
  'constraints.worker': policy('choose-pool'),
  'constraints.max_affected': 'services/output-safety',
  'constraints.set': policy('decide'),
  'limits.id': policy('check-ids'),
  'limits.per': LIMITS,
  'limits.count': 'services/scheduler',
  'limits.max_open': LIMITS,
  'limits.max_running': LIMITS,
  'limits.cost': LIMITS,
  'limits.budget': LIMITS,
  'limits.within': 'services/scheduler',
  'limits.exceeded': 'services/scheduler',
  'floor.decision': policy('apply-floors'),
  'floor.max_attempts': EFFECTS,
  rollback: policy('check-compensation'),
  'floor.rollback': policy('apply-floors'),
  review: 'services/scheduler/src/dispatch/dispatch-carefully.ts',
  'floor.review': EFFECTS,
  'output_policy.enabled': policy('decide-output'),
  'output_policy.fail_mode': 'services/output-safety',
  'output_policy.binary': 'services/output-safety/src/artifacts/screen-artifact.ts',
  'output_policy.reviewers': 'services/output-safety/src/quarantine/review-output.ts',
  'scanning.countries': 'packages/scanners/src/phones.ts',
  'output_policy.rules.id': policy('check-ids'),
  'output_policy.rules.decision': policy('decide-output'),
  'output_policy.rules.match.scanners': FINDINGS,
  'output_policy.rules.match.types': FINDINGS,
  'output_policy.rules.match.min_severity': FINDINGS,
  'output_policy.rules.match.tenants': policy('decide-output'),
  'output_policy.rules.match.topics': policy('decide-output'),
  'output_policy.rules.match.capabilities': policy('decide-output'),
  'topics.data': policy('run-facts'),
  'topics.untrusted': policy('run-facts'),
  'run.by': 'services/policy-kernel/src/read-runs.ts',
  'run.within': 'services/policy-kernel/src/read-runs.ts',
  'match.run.ran': policy('match-run'),
  'match.run.used': policy('match-run'),
  'match.run.released': policy('match-run'),
  'match.run.untrusted': policy('match-run'),
  'delegated.topics': policy('check-tenants'),
  'delegated.capabilities': policy('check-tenants'),
  'pools.id': policy('check-ids'),
  'pools.capabilities': policy('choose-pool'),
  'pools.tenants': policy('choose-pool'),
  'pools.environments': policy('choose-pool'),
  'pools.enforces': 'packages/worker',
  'pools.concurrency': 'services/scheduler',
  'pools.worker_concurrency': 'services/scheduler',
  'scanners.rules.id': policy('own-rules'),
  'scanners.rules.scanner': OWN,
  'scanners.rules.severity': 'packages/scanners/src/match-text.ts',
  'scanners.rules.confidence': 'packages/scanners/src/match-text.ts',
  'scanners.rules.regex': OWN,
  'scanners.rules.secret_group': OWN,
  'scanners.rules.entropy': OWN,
  'scanners.rules.keywords': OWN,
  'scanners.rules.allow.condition': OWN,
  'scanners.rules.allow.target': OWN,
  'scanners.rules.allow.regexes': OWN,
  'scanners.rules.allow.stopwords': OWN,
  'scanners.rules.examples.finds': policy('own-rules'),
  'scanners.rules.examples.ignores': policy('own-rules'),
  'scanners.models.name': policy('own-rules'),
  'scanners.models.scanner': 'packages/scanners/src/model-findings.ts',
  'scanners.models.severities.low': 'packages/scanners/src/model-findings.ts',
  'scanners.models.severities.medium': 'packages/scanners/src/model-findings.ts',
  'scanners.models.severities.high': 'packages/scanners/src/model-findings.ts',
  'scanners.models.severities.critical': 'packages/scanners/src/model-findings.ts',
  'scanners.gitleaks.file': policy('own-rules'),
  'scanners.gitleaks.scanner': GITLEAKS,
  'scanners.gitleaks.severity': GITLEAKS,
  'scanners.gitleaks.confidence': GITLEAKS,
  'scanners.gitleaks.rules.scanner': GITLEAKS,
  'scanners.gitleaks.rules.severity': GITLEAKS,
  'scanners.gitleaks.rules.confidence': GITLEAKS,
  tenant: TESTS,
  'actor.id': TESTS,
  'actor.type': TESTS,
  'actor.owner': TESTS,
  gate: TESTS,
  now: TESTS,
  'history.topic': TESTS,
  'history.capability': TESTS,
  'history.jobs': TESTS,
  'history.released': TESTS,
  request: TESTS,
  job_id: TESTS,
  absent: TESTS,
  'expect.decision': TESTS,
  'expect.refused': TESTS,
  'expect.rule_id': TESTS,
  'expect.remediated_by': TESTS,
  'expect.review': TESTS,
  'expect.rollback': TESTS,
  'expect.pool': TESTS,
  'expect.asserted': TESTS,
  'expect.findings.scanner': TESTS,
  'expect.findings.type': TESTS,
  'expect.findings.place': TESTS,
  'expect.constraints.set': TESTS,
  'decided.decision': TESTS,
  'decided.rule_id': TESTS,
  'decided.decided_at': TESTS,
};
/** Shown to people, and nothing more is promised of them. */
const SHOWN = new Set([
  'reason',
  'output_policy.rules.reason',
  'name',
  'scanners.rules.describes',
  'scanners.models.describes',
  // Where an incident came from.
  'job_hash',
  'decided.policy_version',
  'decided.policy_snapshot',
]);

const SECTIONS = /^(tiers|rules|input_rules|cases|incidents)\./;

function plain(path: string): string {
  const short = path.replace(SECTIONS, '').replace('match.not.', 'match.').replace('floor.limits.', 'limits.');
  const shared =
    /(stages\.(group|count)|expires_in|constraints\.(timeout|max_attempts|max_output_bytes|max_affected|worker))$/.exec(
      short,
    );
  return shared?.[0] ?? short;
}

const paths = new Set<string>();

function collect(schema: unknown, path: string): void {
  if (Array.isArray(schema)) for (const one of schema) collect(one, path);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
  const { properties, items, additionalProperties, anyOf, allOf, oneOf } = schema as Record<string, unknown>;
  for (const [name, inner] of Object.entries(properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    paths.add(plain(at));
    collect(inner, at);
  }
  for (const inner of [items, additionalProperties, anyOf, allOf, oneOf]) collect(inner, path);
}
for (const [name, schema] of Object.entries(authorSchemas()))
  collect(schema, name === 'scanners.schema.json' ? 'scanners' : '');
const fields = [...paths].filter((path) => !HOLDERS.test(path));

/** What a decision or a table calls it, where that is not the field's own name. */
const CALLED: Readonly<Record<string, RegExp>> = {
  'mode.observe.until': /observe\.until/,
  'stages.group': /\.group\b|groups/,
  'stages.count': /\.count\b/,
  expires_in: /expire/,
  'constraints.timeout': /timeout_ms/,
  'limits.count': /scheduler\.reserve/,
  'limits.within': /within_ms/,
};

function readsIt(part: string, field: string): boolean {
  const word = CALLED[field] ?? new RegExp(field.split('.').at(-1)!);
  const folder = new URL(`../../../${part}/`, import.meta.url).pathname;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /src\/.*\.(ts|sql)$/.test(path),
  );
  return files.some((path) => word.test(readFileSync(folder + path, 'utf8')));
}

it('is held by somebody, or shown and no more', () => {
  expect(fields.length).toBeGreaterThan(70);
  expect(fields.filter((field) => !(field in HELD) && !SHOWN.has(field))).toEqual([]);
  for (const [field, holder] of Object.entries(HELD)) {
    const held = holder.endsWith('.ts')
      ? existsSync(new URL(`../../../${holder}`, import.meta.url))
      : readsIt(holder, field);
    expect(held, `${field} by ${holder}`).toBe(true);
  }
});

it('names nothing that the language has no more', () => {
  expect([...Object.keys(HELD), ...SHOWN].filter((field) => !paths.has(field))).toEqual([]);
});
