/** A bundle's own tests: what they compare, what they cover, and how a pipeline reads them. */
import { compilePolicy } from '@countersign/policy/compile-policy';
import { renderJunit } from '@countersign/policy-author/render-junit';
import { runPolicyTests } from '@countersign/policy-author/run-policy-tests';
import { describe, expect, it } from 'vitest';
import { compiled, SNAPSHOT } from './ask-policy.ts';

const POLICY = `
groups: [approvers, sre]
topics:
  job.deploy: { capability: infra.write, required_labels: [env], schema: ./schemas/deploy.json }
tiers:
  - { id: prod, match: { labels: { env: prod } }, floor: { max_attempts: 1 } }
rules:
  - id: held
    match: { topics: [job.deploy] }
    decision: require_approval
    approval: { stages: [{ group: sre, count: 2 }] }
    constraints: { timeout: 5m }
  - { id: turn, match: { topics: [job.old] }, decision: remediate, remediation: { id: newer, topic: job.new } }
  - { id: newer-yes, match: { topics: [job.new] }, decision: allow }
  - { id: with-way-back, match: { topics: [job.back] }, decision: allow, rollback: required, review: required }
  - { id: never-asked, match: { topics: [job.other] }, decision: deny }
input_rules:
  - { id: no-pii, match: { scanners: [pii] }, decision: deny }
`;
const SCHEMA = { 'schemas/deploy.json': '{ "required": ["service"] }' };

it('compares the pool that would take the job', () => {
  const pools = 'pools:\n  - { id: writers, capabilities: [infra.write], environments: [prod], concurrency: 1 }\n';
  const at = (env: string, pool: string) => `
  - name: ${env}
    request: { topic: job.deploy, labels: { env: ${env} }, payload: { service: web } }
    expect: { decision: require_approval, pool: ${pool} }`;
  const cases = `cases:${at('prod', 'writers')}${at('dev', 'null')}${at('dev', 'writers')}`;
  const { cases: results } = run(cases, {}, { 'pools.yaml': pools });
  expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
  expect(results[2]!.got).toEqual({ decision: 'require_approval', pool: null });
});

function run(tests: string, more: Record<string, string> = {}, bundled: Record<string, string> = {}) {
  return runPolicyTests(compiled(POLICY, { ...SCHEMA, ...bundled, 'tests/a.yaml': tests }), more);
}

const PASSING = `
cases:
  - name: a deploy is held
    request: { topic: job.deploy, labels: { env: prod }, payload: { service: web } }
    expect:
      decision: require_approval
      rule_id: held
      stages: [{ group: sre, count: 2 }]
      constraints: { timeout: 300s, max_attempts: 1 }
  - name: personal data is found in its place
    request: { topic: job.new, payload: { note: "ssn 536-90-4399" } }
    expect: { decision: deny, rule_id: no-pii, findings: [{ scanner: pii, place: /payload/note }] }
  - name: a way back is asked for
    request: { topic: job.back, compensation: { topic: job.new } }
    expect: { decision: allow, rollback: required, review: required }
  - name: the old topic becomes the new one
    request: { topic: job.old }
    expect: { decision: allow, remediated_by: newer }
  - name: a deploy without service is none
    request: { topic: job.deploy, labels: { env: dev } }
    expect: { refused: schema_violated }
  - name: a deploy without place is none
    request: { topic: job.deploy, payload: { service: web } }
    expect: { refused: facts_contradicted }
  - name: what nobody lists is the submitter’s word
    request: { topic: job.unheard, meta: { capability: a.b } }
    expect: { decision: deny, rule_id: null, asserted: [capability] }
`;

it('passes what is so, and says which rules no case reached', () => {
  const result = run(PASSING);
  expect(result.cases.filter(({ ok }) => !ok)).toEqual([]);
  expect(result).toMatchObject({ ok: true, faults: [] });
  const of = (section: 'rules' | 'input_rules' | 'tiers') =>
    result.coverage[section].map(({ id, reached, decided }) => `${id} ${reached} ${decided}`);
  expect(of('rules')).toEqual([
    'held true true',
    'turn true true',
    'newer-yes true true',
    'with-way-back true true',
    'never-asked false false',
  ]);
  expect(of('input_rules')).toEqual(['no-pii true true']);
  expect(of('tiers')).toEqual(['prod true false']);
});

describe('a difference', () => {
  const one = (rest: string) => run(`cases:\n  - name: x\n    ${rest.replaceAll('\n', '\n    ')}\n`).cases[0]!;
  const deploy = 'request: { topic: job.deploy, labels: { env: prod }, payload: { service: web } }\n';

  it.each([
    ['in the decision', `${deploy}expect: { decision: allow }`, { decision: 'require_approval' }],
    ['in the rule', `${deploy}expect: { decision: require_approval, rule_id: other }`, { rule_id: 'held' }],
    [
      'in the stages',
      `${deploy}expect: { decision: require_approval, stages: [{ group: sre }] }`,
      { stages: [{ group: 'sre', count: 2 }] },
    ],
    [
      'in the constraints',
      `${deploy}expect: { decision: require_approval, constraints: { timeout: 5m } }`,
      { constraints: { timeout_ms: 300_000, max_attempts: 1 } },
    ],
    ['in what is around', `${deploy}expect: { decision: require_approval, rollback: none }`, {}],
    ['in the review', `${deploy}expect: { decision: require_approval, review: required }`, {}],
    [
      'in a finding',
      'request: { topic: job.new, prompt: "ssn 536-90-4399" }\nexpect: { decision: deny, findings: [{ scanner: pii, place: /payload }] }',
      { findings: [{ scanner: 'pii', type: 'us_ssn', place: '/prompt' }] },
    ],
    ['by a rewrite', 'request: { topic: job.old }\nexpect: { decision: allow }', { remediated_by: 'newer' }],
    ['by a refusal', 'request: { topic: job.deploy }\nexpect: { decision: deny }', { refused: 'facts_contradicted' }],
    ['by a decision', `${deploy}expect: { refused: schema_violated }`, {}],
    ['by no request', 'request: { topic: nonsense }\nexpect: { decision: deny }', { problem: expect.any(String) }],
  ])('%s fails the case', (_, text, got) => {
    const result = one(text);
    expect(result).toMatchObject({ ok: false, file: 'tests/a.yaml', line: 2 });
    expect(result.got).toMatchObject(got);
  });
});

describe('an incident', () => {
  const incident = (rest: string): string => `
incidents:
  - name: the night of the deploy
    job_id: run-7
    tenant: acme
    actor: { id: deploy-bot, type: agent, owner: ada }
    request: { topic: job.deploy, labels: { env: prod }, meta: { capability: infra.write } }
    absent: [prompt, payload]
    decided: { decision: require_approval, rule_id: held, policy_version: 3, policy_snapshot: "sha256:1", decided_at: "2026-04-15T10:32:00Z" }
    ${rest}
`;
  it('is decided again without the content that nobody kept, and says so', () => {
    const { cases, ok } = run(PASSING, { 'incidents.yaml': incident('') });
    expect(ok).toBe(true);
    expect(cases.at(-1)).toMatchObject({ ok: true, file: 'incidents.yaml', skipped: ['prompt', 'payload', 'schema'] });
  });

  it('fails where it should have gone otherwise, and where its file is none', () => {
    const wanted = run(PASSING, { 'incidents.yaml': incident('expect: { decision: deny }') });
    expect(wanted.ok).toBe(false);
    expect(wanted.cases.at(-1)).toMatchObject({ ok: false, got: { decision: 'require_approval' } });
    const broken = run(PASSING, { 'incidents.yaml': 'incidents: [{ nme: x }]' });
    expect(broken.ok).toBe(false);
    expect(broken.faults.map(({ file, code }) => `${file} ${code}`)).toContain('incidents.yaml field_unknown');
  });
});

it('refuses tests that state nothing', () => {
  for (const text of ['cases: []', 'cases: [{ name: x, request: { topic: job.a }, expect: {} }]']) {
    const files = { 'policy.yaml': POLICY, ...SCHEMA, 'tests/a.yaml': text };
    expect(compilePolicy(files, { version: 1, snapshot: SNAPSHOT }).ok).toBe(false);
  }
});

it('is well-formed XML, whatever a name holds', () => {
  const name = `<a> & "b" 'c' ]]> \\u0001 \\ud83d\\ude00`;
  const text = `cases: [{ name: "${name.replaceAll('"', '\\"')}", request: { topic: job.a }, expect: { decision: allow } }]`;
  const xml = renderJunit(run(text), 'a & b');
  expect(xml).toContain('<testsuites name="a &amp; b" tests="1" failures="1" errors="0">');
  expect(xml).toContain('name="&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos; ]]&gt; \ufffd 😀"');
  expect(xml).toContain('<failure message="expected {&quot;decision&quot;:&quot;allow&quot;}, got');
  expect(xml).toMatch(/<system-out>no case reached held, turn/);
  expect(xml.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
});
