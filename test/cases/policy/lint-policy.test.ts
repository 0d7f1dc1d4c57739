/** What an author can hardly mean is named with its place, and refused under strict; what is sound stays silent. */
import { compilePolicy } from '@countersign/policy/compile-policy';
import { lintFiles } from '@countersign/policy-author/lint-files';
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import type { LintContext } from '@countersign/policy-author/linted';
import { describe, expect, it } from 'vitest';
import { compiled, SNAPSHOT } from './ask-policy.ts';

function lints(policy: string, others: Record<string, string> = {}, context: LintContext = {}): string[] {
  return lintPolicy(compiled(policy, others), context).map(({ code, file, line }) => `${code} ${file}:${line}`);
}

function rules(...each: string[]): string {
  return `topics: { "job.*": { capability: a.b } }\nrules:\n${each.map((rule) => `  - { ${rule} }\n`).join('')}`;
}
const NARROW = 'id: narrow, match: { topics: [job.a.b], labels: { env: prod } }, decision: require_approval';

describe('a rule that can never decide', () => {
  it.each([
    ['a wider one before it', 'id: w, match: { topics: ["job.a.*"] }, decision: allow', true],
    ['the same before it', 'id: w, match: { topics: [job.a.b], labels: { env: [prod, dev] } }, decision: allow', true],
    ['what the topics say', 'id: w, match: { capabilities: [a.b] }, decision: allow', true],
    ['the capability of others', 'id: w, match: { capabilities: [a.c] }, decision: allow', false],
    ['a narrower one', 'id: w, match: { topics: [job.a.b], labels: { env: prod, x: y } }, decision: allow', false],
    ['one with a condition', 'id: w, match: { topics: ["job.a.*"] }, when: payload.n < 1, decision: allow', false],
    ['one that takes others out', 'id: w, match: { not: { labels: { env: dev } } }, decision: allow', true],
    ['one that takes it out', 'id: w, match: { not: { labels: { env: prod } } }, decision: allow', false],
    ['one for some words', 'id: w, match: { keywords: [drop] }, decision: allow', false],
    ['one for some actors', 'id: w, match: { actors: [bot] }, decision: allow', false],
    ['one that asks for more', 'id: w, match: { requires: [a.b] }, decision: allow', false],
  ])('beside %s', (_, other, shadowed) => {
    expect(lints(rules(other, NARROW))).toEqual(shadowed ? ['rule_shadowed policy.yaml:4'] : []);
  });

  it('is swallowed by a denial wherever that stands', () => {
    const deny = 'id: no, match: { topics: ["job.a.*"] }, decision: deny';
    expect(lints(rules(NARROW, deny))).toEqual(['rule_swallowed policy.yaml:3']);
    expect(lints(rules(deny, NARROW))).toEqual(['rule_swallowed policy.yaml:4']);
    const inner = 'id: inner, match: { topics: [job.a.b] }, decision: deny';
    expect(lints(rules(inner, deny))).toEqual([]);
    expect(lints(rules(deny, inner))).toEqual(['rule_shadowed policy.yaml:4']);
  });

  it('is swallowed by an input rule and by a floor that deny', () => {
    const input = `${rules(NARROW)}input_rules: [{ id: i, match: { topics: [job.a.b] }, decision: deny }]\n`;
    expect(lints(input)).toEqual(['rule_swallowed policy.yaml:3']);
    const floor = `${rules(NARROW)}tiers: [{ id: t, match: {}, floor: { decision: deny } }]\n`;
    expect(lints(floor)).toEqual(['rule_floored policy.yaml:3']);
  });

  it('is found in a tenant’s file too', () => {
    const own = 'rules:\n  - { id: own, match: { topics: [job.a.b] }, decision: allow }\n';
    const global = `delegated: { topics: ["job.a.*"], capabilities: [a.b] }\n${rules('id: w, match: { topics: ["job.a.*"] }, decision: allow')}`;
    expect(lints(global, { 'tenants/acme.yaml': own })).toEqual(['rule_shadowed tenants/acme.yaml:2']);
  });

  it('gives up on a policy that is too large to compare, and says so', () => {
    const many = Array.from(
      { length: 1_200 },
      (_, i) => `id: r${i}, match: { topics: [job.a], keywords: [w${i}] }, decision: allow`,
    );
    expect(lints(rules(...many))).toContain('lint_incomplete policy.yaml:2');
  });
});

it('names what always allows', () => {
  expect(lints(rules('id: all, match: {}, decision: allow'))).toEqual(['rule_always_allows policy.yaml:3']);
  expect(lints(rules('id: all, match: { topics: ["job.*"] }, decision: allow'))).toEqual([
    'rule_always_allows policy.yaml:3',
  ]);
  expect(lints('default_decision: allow')).toEqual(['rule_always_allows policy.yaml:1']);
  expect(lints(rules('id: all, match: {}, decision: require_approval'))).toEqual([]);
});

describe('tiers and topics', () => {
  const policy = (tier: string): string => `
topics:
  job.desk.read: { capability: desk.read, risk_tags: [calm] }
  job.desk.write: { capability: desk.write }
tiers:
  - { id: t, match: ${tier}, floor: { rollback: none } }
`;
  it.each([
    ['{ capabilities: ["*.read"] }', ['topic_uncovered policy.yaml:4']],
    ['{ capabilities: ["desk.*"] }', []],
    ['{ capabilities: [infra.write] }', ['tier_unreached policy.yaml:6', 'topic_uncovered', 'topic_uncovered']],
    ['{ topics: ["job.infra.*"] }', ['tier_unreached policy.yaml:6', 'topic_uncovered', 'topic_uncovered']],
    ['{ risk_tags: [wild] }', ['topic_uncovered policy.yaml:3']],
    ['{ labels: { env: prod } }', []],
  ])('%s', (tier, wanted) => {
    const got = lints(policy(tier));
    expect(got).toHaveLength(wanted.length);
    for (const lint of wanted) expect(got.join('\n')).toContain(lint);
  });

  it('counts a rule’s own topic that nobody listed, and asks to list it', () => {
    const own = `${policy('{ topics: [job.new] }')}rules:\n  - { id: n, match: { topics: [job.new] }, decision: allow }\n`;
    expect(lints(own)).toEqual([
      'topic_uncovered policy.yaml:3',
      'topic_uncovered policy.yaml:4',
      'topic_unlisted policy.yaml:8',
    ]);
  });
});

describe('a rule that restricts less than it seems to', () => {
  const listed = `topics:
  job.crm.contact.delete: { capability: crm.contact.write }
  job.crm.delete: { capability: crm.write }
  job.files.*: { capability: files.write }
`;
  const stars = (rest: string, topics = listed): string[] =>
    lintPolicy(compiled(topics + rest)).flatMap(({ code, detail }) =>
      code === 'star_too_short' || code === 'rule_unreached' ? [`${code}: ${detail}`] : [],
    );
  const deny = (match: string): string => `rules: [{ id: no, match: ${match}, decision: deny }]\n`;

  it('by a star inside a topic, which is exactly one token', () => {
    expect(stars(deny('{ topics: ["job.*.delete"] }'))).toEqual([
      'star_too_short: no does not reach all of job.crm.contact.delete, job.files.*: the * inside job.*.delete is exactly one token',
    ]);
    expect(stars(deny('{ topics: ["job.*.delete"] }'), 'topics: { job.crm.delete: {} }\n')).toEqual([]);
    expect(
      stars(deny('{ topics: ["job.*.delete", "job.*.*.delete"] }'), 'topics: { job.crm.contact.delete: {} }\n'),
    ).toEqual([]);
    expect(stars(deny('{ topics: ["job.*"] }'))).toEqual([]);
    expect(stars(deny('{ topics: ["job.crm.*.delete"] }'))).toEqual([]);
  });

  it('by a star inside a capability', () => {
    const pools = {
      'pools.yaml':
        'pools: [{ id: p, capabilities: [desk.eu.write, desk.write, crm.write, crm.contact.write, files.write], concurrency: 1 }]',
    };
    const told = lintPolicy(compiled(`${listed}${deny('{ capabilities: ["*.write"] }')}`, pools));
    const found = told.filter(({ code }) => code === 'star_too_short').map(({ detail }) => detail);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('crm.contact.write, desk.eu.write:');
  });

  it.each([
    ['a floor', 'tiers: [{ id: no, match: { topics: ["job.*.delete"] }, floor: { decision: deny } }]'],
    ['an input rule', 'input_rules: [{ id: no, match: { topics: ["job.*.delete"] }, decision: deny }]'],
    [
      'an output rule',
      'output_policy: { rules: [{ id: no, match: { topics: ["job.*.delete"] }, decision: quarantine }] }',
    ],
    ['an approval', 'rules: [{ id: no, match: { topics: ["job.*.delete"] }, decision: require_approval }]'],
  ])('is named in %s too', (_, rest) => {
    expect(stars(rest).join()).toContain('star_too_short: no does not reach all of job.crm.contact.delete');
  });

  it('and is not where a rule only allows', () => {
    expect(stars('rules: [{ id: yes, match: { topics: ["job.*.delete"] }, decision: allow }]')).toEqual([]);
    const out = 'output_policy: { rules: [{ id: yes, match: { topics: ["job.*.delete"] }, decision: allow }] }';
    expect(stars(out)).toEqual([]);
  });

  it.each([
    ['a denial', deny('{ topics: [job.crn.delete] }')],
    ['a denial of a capability', deny('{ topics: ["job.crm.*"], capabilities: [files.write] }')],
    ['an input rule', 'input_rules: [{ id: no, match: { topics: [job.crn.delete] }, decision: deny }]'],
    ['an output rule', 'output_policy: { rules: [{ id: no, match: { topics: [job.crn.delete] }, decision: redact }] }'],
  ])('%s that reaches no topic is named', (_, rest) => {
    expect(stars(rest)).toEqual(['rule_unreached: no topic that the policy lists or lets through reaches no']);
  });

  it('reaches what a rule lets through without its being listed', () => {
    const yes = '{ id: yes, match: { topics: [job.new.delete] }, decision: allow }';
    expect(stars(`rules: [{ id: no, match: { topics: [job.new.delete] }, decision: deny }, ${yes}]`)).toEqual([]);
  });

  it('is an error under strict', () => {
    const files = { 'policy.yaml': listed + deny('{ topics: ["job.*.delete"] }') };
    const strict = lintFiles(files, { version: 1, snapshot: SNAPSHOT }, { strict: true });
    expect(strict).toMatchObject({ ok: false, faults: [] });
    expect(strict.lints.map(({ code }) => code)).toContain('star_too_short');
  });
});

it('counts heads where it knows them', () => {
  const policy = `
groups: [approvers, sre]
owners: { a.b: sre }
topics: { "job.*": { capability: a.b } }
tiers:
  - { id: t, match: { labels: { x: y } }, floor: { decision: require_approval, stages: [{ group: owner, count: 2 }] } }
rules:
  - { id: r, match: { topics: [job.a] }, decision: require_approval, approval: { stages: [{ group: sre, count: 3 }] } }
  - { id: s, match: { topics: [job.b] }, decision: require_approval }
`;
  expect(lints(policy)).toEqual([]);
  expect(lints(policy, {}, { people: { sre: 3, approvers: 1 } })).toEqual([]);
  expect(lints(policy, {}, { people: { sre: 1 } })).toEqual([
    'quorum_unreachable policy.yaml:6',
    'quorum_unreachable policy.yaml:8',
    'quorum_unreachable policy.yaml:9',
  ]);
});

it('says when no job can have a field that a grant names', () => {
  const policy = (same: string) => `
topics: { job.a: { capability: a.b, schema: ./schemas/closed.json }, job.b: { capability: a.b } }
rules:
  - id: r
    match: { topics: [job.a] }
    decision: require_approval
    approval: { stages: [{ group: approvers }], grant: { max_uses: 5, max_minutes: 30, same: [${same}] } }
`;
  const closed = {
    type: 'object',
    additionalProperties: false,
    properties: { branch: { type: 'string' }, at: { type: 'object' } },
  };
  const files = { 'schemas/closed.json': JSON.stringify(closed) };
  expect(lints(policy('labels.repo, payload.branch, payload.at.home'), files)).toEqual([]);
  expect(lints(policy('labels.repo, payload.brunch'), files)).toEqual(['grant_field_excluded policy.yaml:7']);
  expect(lints(policy('payload.brunch').replace('topics: [job.a]', 'topics: [job.a, job.b]'), files)).toEqual([]);
});

it('looks for a pool that enforces what is asked', () => {
  const policy = rules(
    'id: r, match: { topics: [job.a] }, decision: allow_with_constraints, constraints: { worker: [no_network, read_only] }',
  );
  const pools = (...enforces: string[]) => ({
    'pools.yaml': `pools:\n${enforces.map((names, i) => `  - { id: p${i}, capabilities: [${i === 2 ? 'a.c' : 'a.b'}], enforces: [${names}], concurrency: 1 }\n`).join('')}`,
  });
  const one = rules('id: q, match: { capabilities: [a.c, a.b] }, decision: deny');
  expect(lints(one, pools('', '', ''))).toEqual([]);
  expect(lints(policy, pools('no_network, read_only'))).toEqual([]);
  expect(lints(policy, pools('no_network', 'read_only', 'no_network, read_only'))).toEqual([
    'constraint_unenforced policy.yaml:3',
  ]);
});

describe('a topic that no pool takes', () => {
  const pools = (...each: string[]) => ({
    'pools.yaml': `pools:\n${each.map((pool) => `  - { ${pool}, concurrency: 1 }\n`).join('')}`,
  });
  const policy = (facts: string, match = '{ topics: [job.a] }', decision = 'allow') =>
    `topics:\n  job.a: { capability: a.b${facts} }\nrules: [{ id: r, match: ${match}, decision: ${decision} }]`;
  const READ = 'id: p, capabilities: [a.b]';

  it.each([
    ['is one that asks for a label env, where no pool has an environment', policy(', required_labels: [env]'), READ],
    [
      'is one let through for an environment of no pool',
      policy('', '{ labels: { env: prod } }'),
      `${READ}, environments: [dev]`,
    ],
    [
      'is one let through without the label, where each pool has an environment',
      policy('', '{ tenants: [acme] }'),
      `${READ}, environments: [dev], tenants: [beta]`,
    ],
    ['is one that requires what no single pool has', policy('', '{ requires: [a.c] }'), READ],
  ])('%s', (_, text, pool) => {
    expect(lints(text, pools(pool, 'id: q, capabilities: [a.c]'))).toEqual(['pool_missing policy.yaml:2']);
    const [fault] = lintPolicy(compiled(text, pools(pool, 'id: q, capabilities: [a.c]')));
    expect(fault!.detail).toMatch(/^no pool takes job.a under any labels; p: it .*; q: it has not the capability a.b$/);
  });

  it.each([
    ['some label', policy(''), `${READ}, environments: [dev]`],
    ['no label', policy(', required_labels: [repo]'), READ],
    ['some tenant', policy(''), `${READ}, tenants: [acme]`],
    [
      'nobody, because nothing lets it through',
      policy('', '{ topics: [job.a] }', 'deny'),
      `${READ}, environments: [dev], tenants: [beta]`,
    ],
  ])('is not one that a pool takes with %s', (_, text, pool) => {
    expect(lints(text, pools(pool))).toEqual([]);
  });
});

it('warns of tenants that look alike', () => {
  const policy =
    'rules:\n  - { id: a, match: { tenants: [acme] }, decision: deny }\n  - { id: b, match: { tenants: [acrne, beta] }, decision: deny }\n';
  expect(lints(policy)).toEqual(['tenant_confusable policy.yaml:3']);
  expect(lints(policy, { 'tenants/be-ta.yaml': 'rules: []' })).toContain('tenant_confusable policy.yaml:3');
});

it('is an error under strict, and only there', () => {
  const files = { 'policy.yaml': rules('id: all, match: {}, decision: allow') };
  const options = { version: 1, snapshot: SNAPSHOT };
  const lints = [{ code: 'rule_always_allows', fix: expect.stringContaining('topics') }];
  expect(compilePolicy(files, options).ok).toBe(true);
  expect(lintFiles(files, options, { strict: false })).toMatchObject({ ok: true, faults: [], lints });
  expect(lintFiles(files, options, { strict: true })).toMatchObject({ ok: false, faults: [], lints });
});

describe('what whoever asks chooses', () => {
  const limited = (match: string, per: string, topics = '"job.*": { capability: a.b }') => `
topics: { ${topics} }
rules:
  - { id: r, match: { ${match} }, decision: allow,
      limits: [{ id: l, per: [${per}], count: 1, within: 1h }] }`;
  it.each([
    ['a label of any value', limited('topics: [job.a]', 'labels.customer'), ['label_chosen policy.yaml:5']],
    ['one beside the agent', limited('topics: [job.a]', 'agent, labels.customer'), ['label_chosen policy.yaml:5']],
    ['no label', limited('topics: [job.a]', 'agent, topic'), []],
    ['one whose values the match says', limited('topics: [job.a], labels: { env: [prod, dev] }', 'labels.env'), []],
    [
      'one that the payload says',
      limited('topics: [job.a]', 'labels.customer', 'job.a: { capability: a.b, derive_labels: { customer: /id } }'),
      [],
    ],
    [
      'one that the payload of one topic says',
      limited(
        'topics: ["job.c.*"]',
        'labels.c',
        'job.c.*: { capability: a.b }, job.c.a: { capability: a.b, derive_labels: { c: /id } }',
      ),
      ['label_chosen policy.yaml:5'],
    ],
  ])('a limit by %s', (_, policy, expected) => expect(lints(policy)).toEqual(expected));

  const asking = (run: string, rule: string, of = 'required_labels: [run]') => `
run: { ${run} }
topics:
  job.read: { capability: crm.read, data: [x], required_labels: [run] }
  job.send: { capability: mail.send, ${of} }
rules:
  - { id: r, match: { topics: [job.send]${rule}
  - { id: all, match: { capabilities: ["*.read", "*.send"] }, decision: allow }`;
  const RELEASED = ', run: { released: [x] } }, decision: deny }';
  const BY_AGENT = 'by: agent, within: 1h';
  it.each([
    ['by run', asking('by: run', RELEASED), ['label_chosen policy.yaml:2']],
    ['by run, and nobody asks', asking('by: run', ' }, decision: deny }'), []],
    ['by run as the payload says it', asking('by: run', RELEASED, 'derive_labels: { run: /of }'), []],
    ['by agent', asking(BY_AGENT, RELEASED, 'risk_tags: []'), []],
    [
      'of topics that come without the label',
      asking(BY_AGENT, ', run: { ran: ["job.*"] } }, decision: deny }', 'risk_tags: []'),
      ['run_incomplete policy.yaml:7'],
    ],
    [
      'of capabilities that come without it',
      asking(BY_AGENT, ', not: { run: { used: [mail.send] } } }, decision: deny }', 'risk_tags: []'),
      ['run_incomplete policy.yaml:7'],
    ],
    ['of others', asking(BY_AGENT, ', run: { used: [crm.read] } }, decision: deny }', 'risk_tags: []'), []],
    ['of all that have it', asking(BY_AGENT, ' }, when: run.jobs < 9, decision: deny }'), []],
    [
      'in a condition',
      asking(BY_AGENT, ' }, when: run.jobs < 9, decision: deny }', 'risk_tags: []'),
      ['run_incomplete policy.yaml:7'],
    ],
    [
      'of classes alone, in a condition',
      asking(BY_AGENT, ` }, when: "'x' in run.released", decision: deny }`, 'risk_tags: []'),
      [],
    ],
  ])('a history %s', (_, policy, expected) => expect(lints(policy)).toEqual(expected));
});
