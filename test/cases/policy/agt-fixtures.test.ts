/**
 * Fixtures of Microsoft's agent governance toolkit (Agent Control Specification, not OWASP's Standard), as far as they ask what we decide too:
 * each evaluation by its name, its snapshot as a job and the answer that it wants of a policy as a rule. What of the corpus tests their manifest
 * language, and what has no counterpart here, docs/conformance/agent-governance-toolkit.md lists.
 */
import { effectiveOf } from '@countersign/policy/decide';
import type { ScansApart } from '@countersign/policy/read-subject';
import { expect, test } from 'vitest';
import { answerOf, ask, compiled, contextOf, faultCodes, finalOf, itemOf } from './ask-policy.ts';

type Verdict = 'allow' | 'deny' | 'escalate';
type Evaluation = {
  name: string;
  point: string;
  /** What the policy looks at. */
  target: Record<string, unknown>;
  /** What their played policy answers. */
  policy: { decision: Verdict; reason?: string };
};

const OURS: Readonly<Record<Verdict, string>> = { allow: 'allow', deny: 'deny', escalate: 'require_approval' };
const HELLO = { text: 'hello' };

/** One rule that answers as their played policy does, on a topic for the intervention point and its tool. */
function mapped({ point, policy }: Pick<Evaluation, 'point' | 'policy'>, more = ''): ReturnType<typeof compiled> {
  const reason = policy.reason === undefined ? '' : `, reason: ${policy.reason}`;
  return compiled(
    `topics: { job.acs.${point}: { capability: acs.run } }\nrules: [{ id: it, match: { topics: [job.acs.${point}] }, decision: ${OURS[policy.decision]}${reason}${more} }]`,
  );
}

const topicOf = (point: string): string => `job.acs.${point}`;

test.each<Evaluation>([
  { name: 'normalizes-allow', point: 'input', target: HELLO, policy: { decision: 'allow' } },
  { name: 'normalizes-deny', point: 'input', target: HELLO, policy: { decision: 'deny', reason: 'blocked_by_policy' } },
  {
    name: 'normalizes-escalate',
    point: 'input',
    target: HELLO,
    policy: { decision: 'escalate', reason: 'human_review' },
  },
])('verdict-normalization: $name', (evaluation) => {
  const { point, target, policy } = evaluation;
  const { decision, reason, rule_id } = finalOf(ask(mapped(evaluation), { topic: topicOf(point), payload: target }));
  expect([decision, rule_id]).toEqual([OURS[policy.decision], 'it']);
  if (policy.reason !== undefined) expect(reason).toBe(policy.reason);
});

test('fail-closed-errors: missing-policy_target-path', () => {
  const policy = compiled(
    'topics: { job.acs.output: { capability: a.b } }\nrules: [{ id: it, match: { topics: [job.acs.output] }, when: payload.required.ok == true, decision: allow }]',
  );
  const { decision, reason } = finalOf(ask(policy, { topic: 'job.acs.output', payload: {} }));
  expect([decision, reason]).toEqual(['deny', expect.stringMatching(/it/)]);
});

test('fail-closed-errors: unknown-tool', () => {
  const policy = mapped({ point: 'search', policy: { decision: 'allow' } });
  const unknown = finalOf(ask(policy, { topic: 'job.acs.unknown_tool', payload: {} }));
  expect([unknown.decision, unknown.rule_id]).toEqual(['deny', null]);
});

test('fail-closed-errors: annotations-timeout', () => {
  const policy = compiled(
    'rules: [{ id: it, match: {}, decision: allow }]\ninput_rules: [{ id: scan, match: { scanners: [secrets] }, decision: deny }]',
  );
  // Large enough to be scanned apart; of what gave no answer there in time, nothing is known.
  const payload = { text: 'hello '.repeat(60_000) };
  const scans: ScansApart = { known: [], wanted: null };
  ask(policy, { topic: 'job.acs.input', payload }, {}, { scans });
  const timedOut: ScansApart = { known: [{ ...scans.wanted!, findings: null }], wanted: null };
  const { decision } = finalOf(ask(policy, { topic: 'job.acs.input', payload }, {}, { scans: timedOut }));
  expect(decision).toBe('deny');
});

test('parallel-tool-call-per-invocation: parallel-call-a-allowed, parallel-call-b-denied', () => {
  const policy = compiled(`
topics: { job.acs.search: { capability: public.search }, job.acs.customer_lookup: { capability: banking.lookup } }
rules:
  - { id: search, match: { topics: [job.acs.search] }, decision: allow }
  - { id: lookup, match: { topics: [job.acs.customer_lookup] }, decision: deny, reason: sensitive_lookup }`);
  const labels = { batch: 'batch-1' };
  const a = finalOf(ask(policy, { topic: 'job.acs.search', labels, payload: { query: 'weather' } }));
  const b = finalOf(ask(policy, { topic: 'job.acs.customer_lookup', labels, payload: { customer_id: 'c-123' } }));
  expect([a.decision, b.decision, b.reason]).toEqual(['allow', 'deny', 'sensitive_lookup']);
});

const OUTPUT = { content: 'hello secret world', flag: false, items: [1] };

/** Of their four effects we have `replace`; lists are replaced whole. */
test('policy-target-only-effects: warn-enforce-applies-effects, as far as it replaces', () => {
  const set = ', constraints: { set: { content: "hello [redacted] world", flag: true, items: [0, 1, 2] } }';
  const policy = compiled(
    `topics: { job.acs.output: { capability: a.b } }\nrules: [{ id: it, match: { topics: [job.acs.output] }, decision: allow_with_constraints${set} }]`,
  );
  const item = itemOf({ topic: 'job.acs.output', payload: OUTPUT });
  const { answer } = answerOf(ask(policy, { topic: 'job.acs.output', payload: OUTPUT }, {}, contextOf()));
  const standing = { constraints: finalOf(ask(policy, { topic: 'job.acs.output', payload: OUTPUT })).constraints };
  const effective = effectiveOf({ request: item.request, standing }, item.actor);
  expect(effective.payload).toEqual({ content: 'hello [redacted] world', flag: true, items: [0, 1, 2] });
  expect(answer.effective?.payload).toEqual(effective.payload);
});

test('policy-target-only-effects: deny-enforce-does-not-apply-effects', () => {
  const rule = (decision: string): string =>
    `rules: [{ id: it, match: { topics: [job.a] }, decision: ${decision}, constraints: { set: { content: changed } } }]`;
  // A denial that would change something is no policy, and a denial has nothing that would run.
  expect(faultCodes(rule('deny'))).toContain('field_misplaced');
  const denied = ask(mapped({ point: 'output', policy: { decision: 'deny' } }), {
    topic: 'job.acs.output',
    payload: OUTPUT,
  });
  expect(answerOf(denied).answer.effective).toBeNull();
});

test('policy-target-only-effects: rejects-non-policy_target-effect-target', () => {
  for (const constraints of ['{ set_topic: job.b }', '{ labels: { env: dev } }', '{ actor: somebody }'])
    expect(
      faultCodes(`rules: [{ id: it, match: {}, decision: allow_with_constraints, constraints: ${constraints} }]`),
    ).toContain('field_unknown');
});
