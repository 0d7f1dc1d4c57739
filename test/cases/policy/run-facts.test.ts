/** What a run did before, as rules and conditions see it: what was released, by class of its topic, and which job did it. */

import type { RunHistory } from '@countersign/contracts/run-facts';
import { explain } from '@countersign/policy-author/explain';
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import { runPolicyTests } from '@countersign/policy-author/run-policy-tests';
import { describe, expect, it } from 'vitest';
import { answerOf, ask, compiled, contextOf, faultCodes, finalOf, itemOf } from './ask-policy.ts';

const HEAD = `
run: { by: run }
topics:
  job.crm.read: { capability: crm.read, data: [customer, personal], required_labels: [run] }
  job.web.fetch: { capability: web.read, untrusted: true, required_labels: [run] }
`;
const RAN = { topic: 'job.crm.read', capability: 'crm.read', jobs: 2 };
const HISTORIES: Readonly<Record<string, RunHistory>> = {
  nothing: [],
  'ran, not released': [{ ...RAN, released: null }],
  'released customer data': [{ ...RAN, released: 'read-1' }],
  'read a stranger': [{ topic: 'job.web.fetch', capability: 'web.read', jobs: 1, released: 'fetch-1' }],
  'not known': null,
};

function decided(rule: string, head = HEAD): (string | null)[] {
  const policy = compiled(
    `${head}\nrules: [{ id: it, ${rule}, decision: deny }, { id: rest, match: {}, decision: allow }]`,
  );
  return Object.values(HISTORIES).map((history) => {
    const { rule_id, decision, reason } = finalOf(ask(policy, { topic: 'job.mail.send' }, {}, { history }));
    return reason.includes('run_unknown') ? 'unknown' : decision === 'deny' ? 'deny' : rule_id;
  });
}

describe('a rule', () => {
  it.each([
    ['match: { run: { released: [customer] } }', ['rest', 'rest', 'deny', 'rest', 'unknown']],
    ['match: { run: { ran: ["job.crm.*"] } }', ['rest', 'deny', 'deny', 'rest', 'unknown']],
    ['match: { run: { used: ["*.read"] } }', ['rest', 'deny', 'deny', 'deny', 'unknown']],
    ['match: { run: { untrusted: true } }', ['rest', 'rest', 'rest', 'deny', 'unknown']],
    ['match: { run: { untrusted: true, released: [customer] } }', ['rest', 'rest', 'rest', 'rest', 'unknown']],
    ['match: { not: { run: { used: ["*.read"] } } }', ['deny', 'rest', 'rest', 'rest', 'unknown']],
    ['match: { topics: [job.other], run: { ran: ["job.crm.*"] } }', ['rest', 'rest', 'rest', 'rest', 'rest']],
    ['match: {}, when: "\'personal\' in run.released"', ['rest', 'rest', 'deny', 'rest', 'unknown']],
    ['match: {}, when: "run.jobs >= 2"', ['rest', 'deny', 'deny', 'rest', 'unknown']],
    [
      'match: {}, when: "run.untrusted.exists(t, t.startsWith(\'job.web.\'))"',
      ['rest', 'rest', 'rest', 'deny', 'unknown'],
    ],
  ])('%s', (rule, wanted) => {
    expect(decided(rule)).toEqual(wanted);
  });

  it('that looked at the run is never used again, says what it saw, and which job brought it in', () => {
    const policy = compiled(`${HEAD}
rules: [{ id: no-send, match: { topics: [job.mail.send], run: { released: [customer] } }, decision: deny }, { id: rest, match: {}, decision: allow }]`);
    const history = HISTORIES['released customer data']!;
    const sent = answerOf(ask(policy, { topic: 'job.mail.send' }, {}, { history: [] }));
    expect([sent.cacheable, finalOf(sent).run]).toEqual([false, { jobs: 0, released: [], untrusted: [] }]);
    const other = answerOf(ask(policy, { topic: 'job.other' }, {}, { history }));
    expect([other.cacheable, finalOf(other).run]).toEqual([true, undefined]);
    const told = explain(policy, itemOf({ topic: 'job.mail.send' }), contextOf({ history }));
    expect(finalOf(told.outcome)).toMatchObject({
      rule_id: 'no-send',
      run: { released: [{ data: 'customer', job_id: 'read-1' }, { data: 'personal' }] },
    });
    expect(told.text).toContain('released customer (job read-1)');
    expect(told.steps).toContainEqual(expect.objectContaining({ step: 'run', outcome: 'known' }));
  });

  it('is looked up only where one asks', () => {
    const rule = 'rules: [{ id: it, match: { topics: [job.a] }, decision: allow }]';
    expect(compiled(`${HEAD}${rule}`).run).toBeNull();
    for (const match of ['match: { run: { untrusted: true } }', 'match: { not: { run: { untrusted: true } } }'])
      for (const section of [
        `rules: [{ id: it, ${match}, decision: deny }]`,
        `input_rules: [{ id: it, ${match}, decision: deny }]`,
        `tiers: [{ id: it, ${match}, floor: { decision: deny } }]`,
      ])
        expect(compiled(HEAD + section).run).toEqual({ by: 'run' });
    expect(compiled(`${HEAD}rules: [{ id: it, match: {}, when: run.jobs > 3, decision: deny }]`).run).toEqual({
      by: 'run',
    });
  });

  it.each([
    ['rules: [{ id: it, match: { run: { ran: [job.a] } }, decision: deny }]', 'run_undeclared'],
    ['rules: [{ id: it, match: {}, when: run.jobs > 3, decision: deny }]', 'run_undeclared'],
    ['topics: { job.a: { data: [x], required_labels: [run] } }', 'run_undeclared'],
    ['run: { by: run }\ntopics: { job.a: { data: [x] } }', 'field_misplaced'],
    ['run: { by: run }\nrules: [{ id: it, match: { run: { released: [typo] } }, decision: deny }]', 'data_unknown'],
    [
      'run: { by: run }\nrules: [{ id: it, match: { not: { run: { untrusted: true } } }, decision: deny }]',
      'data_unknown',
    ],
    ['run: { by: run }\nrules: [{ id: it, match: { run: {} }, decision: deny }]', 'field_invalid'],
    ['run: { by: agent }', 'field_invalid'],
    ['run: { by: run, within: 1h }', 'field_unknown'],
  ])('that would bind nothing is refused: %s', (policy, code) => {
    expect(faultCodes(policy)).toContain(code);
  });

  it('that another one covers is seen to be shadowed, and one that it does not is not', () => {
    const lints = (second: string): string[] =>
      lintPolicy(
        compiled(`${HEAD}rules: [{ id: first, match: { run: { released: [customer, personal] } }, decision: allow },
          { id: second, match: { ${second} }, decision: allow_with_constraints, constraints: { timeout: 1m } }]`),
      ).map(({ code }) => code);
    expect(lints('run: { released: [customer], untrusted: true }')).toContain('rule_shadowed');
    expect(lints('run: { untrusted: true }')).not.toContain('rule_shadowed');
    expect(lints('topics: [job.a]')).not.toContain('rule_shadowed');
  });
});

it('a test case states what the run did', () => {
  const policy = compiled(
    `${HEAD}rules: [{ id: no-send, match: { run: { released: [customer] } }, decision: deny }, { id: rest, match: {}, decision: allow }]`,
    {
      'tests/run.yaml': `cases:
  - { name: clean, request: { topic: job.mail.send }, expect: { decision: allow } }
  - { name: held back, request: { topic: job.mail.send }, history: [{ topic: job.crm.read }], expect: { decision: allow } }
  - { name: tainted, request: { topic: job.mail.send }, history: [{ topic: job.crm.read, released: read-1 }], expect: { rule_id: no-send, decision: deny } }`,
    },
  );
  expect(runPolicyTests(policy).cases.map(({ ok }) => ok)).toEqual([true, true, true]);
});
