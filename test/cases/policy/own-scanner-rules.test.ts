/**
 * Own scanner rules as part of a policy: what a gitleaks file means here, what is refused and where, both gates, threads.
 */
import { outputPolicyActive } from '@countersign/contracts/policy';
import { screenOutput } from '@countersign/output-safety/screen-output';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { compileOutputPolicy } from '@countersign/policy/decide-output';
import { packPolicy, unpackPolicy } from '@countersign/policy/pack-policy';
import { atOnce } from '@countersign/policy/steps';
import { explain } from '@countersign/policy-author/explain';
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import { describe, expect, it } from 'vitest';
import { ask, compiled, contextOf, finalOf, itemOf, SNAPSHOT, verdict } from './ask-policy.ts';

const POLICY = `
rules: [{ id: yes, match: {}, decision: allow }]
input_rules: [{ id: no-secrets, match: { scanners: [secrets] }, decision: deny }]
output_policy: { rules: [{ id: hide, match: { scanners: [secrets] }, decision: redact }] }
`;
const GITLEAKS = `
title = "of our own"

[[rules]]
id = "forge-token"
description = "Token of the forge"
regex = '''\\b(forge_[a-z0-9]{20})(?:[\\x60'"\\s;]|\\\\[nr]|$)'''
entropy = 3
keywords = ["forge_"]
tags = ["forge"]

[[rules]]
id = "depot-key"
regex = '''(?i)[\\w.-]{0,50}?(?:depot)(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)[\\x60'"\\s=]{0,5}([a-f0-9]{32})(?:[\\x60'"\\s;]|\\\\[nr]|$)'''
secretGroup = 1
keywords = ["DEPOT"]
[rules.allowlist]
regexTarget = "match"
regexes = ['''depot_test''']
stopwords = ["cafebabe"]

[[allowlists]]
targetRules = ["forge-token"]
condition = "AND"
regexes = ['''^forge_0''']
stopwords = ["sample"]
`;
const SCANNERS = 'gitleaks: [{ file: gitleaks.toml, rules: { depot-key: { severity: critical } } }]\n';
const others = { 'scanners.yaml': SCANNERS, 'gitleaks.toml': GITLEAKS };
const policy = compiled(POLICY, others);
const FORGE = 'forge_k3v9x0q7m2p8w1z6t4r5';
const DEPOT = '9f86d081884c7d659a2feaa0c55ad015';

function types(prompt: string): string[] {
  return finalOf(ask(policy, { topic: 'job.a', prompt }))
    .findings.map(({ type }) => type)
    .filter((type) => /^custom/.test(type));
}

describe('a gitleaks file', () => {
  it.each([
    [`use ${FORGE} now`, ['custom-forge-token']],
    ['use forge_aaaaaaaaaaaaaaaaaaaa now', []],
    [`depot-id = "${DEPOT}"`, ['custom-depot-key']],
    [`depot_test = "${DEPOT}"`, []],
    ['depot = "cafebabe884c7d659a2feaa0c55ad015"', []],
    ['use forge_0sample7m2p8w1z6t4r5 now', []],
    ['use forge_0simple7m2p8w1z6t4r5 now', ['custom-forge-token']],
    ['use forge_1sample7m2p8w1z6t4r5 now', ['custom-forge-token']],
    [`another = "${DEPOT}"`, []],
  ])('means here what it means there: %s', (prompt, expected) => {
    expect(types(prompt)).toEqual(expected);
  });

  it('is worth what scanners.yaml says of it', () => {
    const worth = finalOf(ask(policy, { topic: 'job.a', prompt: `${FORGE} depot:${DEPOT}` })).findings;
    expect(Object.fromEntries(worth.map(({ type, severity }) => [type, severity]))).toMatchObject({
      'custom-forge-token': 'high',
      'custom-depot-key': 'critical',
    });
  });

  it.each<[string, string, string, number]>([
    ['path = "x"', 'not_enforced', 'rules.0.path', 4],
    ['required = []', 'not_enforced', 'rules.0.required', 4],
    ['skipReport = true', 'not_enforced', 'rules.0.skipReport', 4],
    ['colour = "red"', 'field_unknown', 'rules.0.colour', 4],
    ['keywords = ["schlüssel"]', 'field_invalid', 'rule a, keywords.0', 4],
    ['entropy = 9', 'field_invalid', 'rule a, entropy', 4],
    ['secretGroup = 2', 'field_invalid', 'custom-a: the expression has 1 groups', 4],
    ['[[rules.allowlists]]\npaths = ["x"]', 'not_enforced', 'rules.0.allowlists.0.paths', 5],
    ['[[rules.allowlists]]\ncommits = ["x"]', 'not_enforced', 'rules.0.allowlists.0.commits', 5],
    ['[[rules.allowlists]]\ndescription = "x"', 'field_invalid', 'rule a, allowlists.0', 4],
    ['[[rules.allowlists]]\nregexes = ["(?=x)"]', 'pattern_invalid', 'custom-a', 5],
    ['[extend]\nuseDefault = true', 'not_enforced', 'extend', 4],
    ['[allowlist]\npaths = ["x"]', 'not_enforced', 'allowlist.paths', 5],
    ['[[allowlists]]\ntargetRules = ["b"]\nregexes = ["x"]', 'field_invalid', 'targetRules names b', 5],
    ['[[rules]]\nid = "a"\nregex = "yyy"', 'id_duplicate', 'custom-a', 5],
    ['[[rules]]\nid = "UPPER"\nregex = "yyy"', 'field_invalid', 'rule UPPER, id', 5],
    ['[[rules]]\nid = "b"\nregex = "(?!x)y"', 'pattern_invalid', 'custom-b', 6],
    ['[[rules]]\nid = "b"', 'field_invalid', 'rules.1.regex', 4],
    ['regex', 'toml_malformed', 'Invalid TOML', 4],
  ])('with %s is refused, and told where', (line, code, says, at) => {
    const toml = `[[rules]]\nid = "a"\nregex = '''(xxx)'''\n${line}\n`;
    const result = compilePolicy(
      { 'policy.yaml': POLICY, 'scanners.yaml': 'gitleaks: [{ file: g.toml }]', 'g.toml': toml },
      { version: 1, snapshot: SNAPSHOT },
    );
    const faults = result.ok ? [] : result.faults;
    expect(faults).toMatchObject([{ code, file: 'g.toml', line: at }]);
    expect(faults[0]!.detail).toContain(says);
  });
});

function ruleIn(body: string): Record<string, string> {
  return { 'scanners.yaml': `rules:\n  - { id: mine, ${body} }\n` };
}

describe('an own rule', () => {
  it.each([
    ["regex: '(?<=x)y'", 'pattern_invalid'],
    ["regex: '(x)\\1'", 'pattern_invalid'],
    ["regex: 'x*'", 'own_rule_unfit'],
    ["regex: '\\s{4}'", 'own_rule_unfit'],
    ["regex: 'x{1000}y{1000}x{1000}y{1000}x{1000}y{1000}'", 'own_rule_too_costly'],
    ['regex: x, secret_group: 1', 'field_invalid'],
    ['regex: x, severity: awful', 'field_invalid'],
    ['regex: x, path: y', 'field_unknown'],
    ['regex: x, allow: [{}]', 'field_invalid'],
    ['regex: xy+, examples: { finds: [xy, xz] }', 'example_failed'],
    ['regex: xy+, examples: { ignores: [xyy] }', 'example_failed'],
  ])('with %s is refused', (body, code) => {
    const result = compilePolicy({ 'policy.yaml': POLICY, ...ruleIn(body) }, { version: 1, snapshot: SNAPSHOT });
    expect(result.ok ? [] : result.faults.map((fault) => [fault.code, fault.file, fault.line])).toContainEqual([
      code,
      'scanners.yaml',
      2,
    ]);
  });

  it('names the rule with which all of them become too much', () => {
    const rules = Array.from(
      { length: 30 },
      (_, i) => `  - { id: r${i}, regex: 'x{1000}y{1000}x{1000}y{1000}${i}' }`,
    ).join('\n');
    const files = { 'policy.yaml': POLICY, 'scanners.yaml': `rules:\n${rules}\n` };
    const result = compilePolicy(files, { version: 1, snapshot: SNAPSHOT });
    const faults = result.ok ? [] : result.faults;
    expect(faults).toMatchObject([{ code: 'own_rule_too_costly', file: 'scanners.yaml' }]);
    expect(faults[0]!.detail).toMatch(/^custom-r2\d: with it all rules/);
  });

  it('must be named by a policy as it is called, and is known to every file', () => {
    const rules = `
rules: [{ id: yes, match: {}, decision: allow }]
input_rules: [{ id: ask, match: { types: [custom-mine], min_severity: critical }, decision: require_approval }]
`;
    const body = ruleIn("regex: 'mine-\\d{4}', severity: critical");
    expect(verdict(compiled(rules, body), { topic: 'job.a', prompt: 'it is mine-1234' })).toEqual([
      'require_approval',
      'ask',
    ]);
    const codes = (policyText: string, files: Record<string, string>) => {
      const result = compilePolicy({ 'policy.yaml': policyText, ...files }, { version: 1, snapshot: SNAPSHOT });
      return result.ok ? [] : result.faults.map(({ code }) => code);
    };
    expect(codes(rules, {})).toEqual(['type_unknown']);
    expect(codes(rules, ruleIn("regex: 'mine-\\d{4}'"))).toEqual(['match_empty']);
    const tenant = 'input_rules: [{ id: t, match: { types: [custom-mine] }, decision: deny }]';
    expect(codes(POLICY, { ...body, 'tenants/acme.yaml': tenant })).toEqual([]);
    expect(codes(POLICY, { ...body, 'tenants/acme.yaml': tenant.replace('mine', 'yours') })).toEqual(['type_unknown']);
  });

  it('is called unused while no rule looks at it', () => {
    const idle = 'version: 1\noutput_policy: { rules: [{ id: a, match: { types: [iban] }, decision: redact }] }';
    expect(lintPolicy(compiled(idle, ruleIn('regex: mine'))).map(({ code }) => code)).toContain('own_rule_unused');
    expect(lintPolicy(policy).map(({ code }) => code)).not.toContain('own_rule_unused');
    // Without output rules secrets are quarantined, own ones included.
    expect(lintPolicy(compiled('version: 1', ruleIn('regex: mine'))).map(({ code }) => code)).not.toContain(
      'own_rule_unused',
    );
  });
});

it.each([
  [{ 'scanners.yaml': SCANNERS }, 'file_missing', 'scanners.yaml'],
  [{ 'gitleaks.toml': GITLEAKS }, 'file_unknown', 'gitleaks.toml'],
  [
    { ...others, 'scanners.yaml': 'gitleaks: [{ file: gitleaks.toml }, { file: gitleaks.toml }]' },
    'id_duplicate',
    'scanners.yaml',
  ],
  [
    { ...others, 'scanners.yaml': 'gitleaks: [{ file: gitleaks.toml, rules: { nobody: {} } }]' },
    'field_invalid',
    'gitleaks.toml',
  ],
])('files have to fit each other: %#', (files, code, file) => {
  const result = compilePolicy({ 'policy.yaml': POLICY, ...files }, { version: 1, snapshot: SNAPSHOT });
  expect(result.ok ? [] : result.faults).toMatchObject([{ code, file }]);
});

describe('the rules of a policy', () => {
  it('hold for outputs from what is stored when it comes into force, redaction included', () => {
    const stored = { ...policy.sources.policy.output_policy, scanning: policy.scanning };
    const output = compileOutputPolicy(outputPolicyActive.parse(JSON.parse(JSON.stringify(stored))));
    const value = [`use ${FORGE} now`];
    const subject = { output: value, text: JSON.stringify(value), tenant: 'acme', topic: 'job.a', capability: null };
    expect(screenOutput(output, subject)).toMatchObject({
      decision: 'redact',
      rule_id: 'hide',
      released: '["use [redacted:custom] now"]',
    });
  });

  it('quarantine what leaves a policy without output rules', () => {
    const bare = compiled('version: 1', others);
    const value = `use ${FORGE} now`;
    const subject = { output: value, text: JSON.stringify(value), tenant: 'acme', topic: 'job.a', capability: null };
    expect(screenOutput(bare.output, subject)).toMatchObject({ decision: 'quarantine', rule_id: 'built-in-secrets' });
  });

  it('survive the way to another thread', () => {
    const unpacked = atOnce(unpackPolicy(packPolicy(policy)));
    expect(unpacked.scanning).toEqual(policy.scanning);
    expect(verdict(unpacked, { topic: 'job.a', prompt: `use ${FORGE} now` })).toEqual(['deny', 'no-secrets']);
  });

  it('are one object for a tenant with countries of its own, so that a scan made before counts', () => {
    const own = compiled(POLICY, { ...others, 'tenants/acme.yaml': 'scanning: { countries: [DE] }' });
    expect(verdict(own, { tenant: 'acme', topic: 'job.a', prompt: `use ${FORGE} now` })[0]).toBe('deny');
  });

  it('are counted by an explanation', () => {
    const { derivation, text } = explain(policy, itemOf({ topic: 'job.a', prompt: FORGE }), contextOf());
    expect(derivation?.own_rules).toBe(2);
    expect(text).toContain('Content is scanned with own rules: 2.');
  });
});
