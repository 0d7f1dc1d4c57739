/** The indexed engine answers as the naive reader does, on random policies and requests; explaining changes nothing. */
import { matchesPattern } from '@countersign/contracts/control';
import type { Decision } from '@countersign/contracts/decision';
import type { Actor } from '@countersign/contracts/job';
import { globMatches, splitTokens } from '@countersign/policy/match-glob';
import { explain } from '@countersign/policy-author/explain';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AGENT, answerOf, ask, compiled, contextOf, finalOf, itemOf } from '../../cases/policy/ask-policy.ts';
import { naiveDecide } from '../../cases/policy/naive-decide.ts';
import { path, pattern, policyOf, questions, tenantFiles } from '../../cases/policy/random-policies.ts';

/** Throws where the engine and the naive reader part, or where explaining changes the answer; answers with the decisions. */
function compareAnswers(
  source: object,
  own: object,
  questions: readonly (readonly [Record<string, unknown>, Partial<Actor>])[],
): Decision[] {
  // JSON is YAML, and there is no second way to write a policy.
  const files = Object.entries(own).map(([tenant, file]) => [`tenants/${tenant}.yaml`, JSON.stringify(file)]);
  const built = compiled(JSON.stringify(source), Object.fromEntries(files));
  const tenants = Object.fromEntries(built.sources.tenants);
  return questions.map(([body, who]) => {
    const asking = { ...AGENT, ...who };
    const outcome = answerOf(ask(built, body, { actor: asking }));
    const final = finalOf(outcome);
    const { decision, rule_id, matched_rules } = final;
    const wanted = naiveDecide(built.sources.policy, tenants, { request: itemOf(body).request, actor: asking });
    expect({ decision, rule_id, matched: matched_rules }).toEqual(wanted);
    const explained = explain(built, itemOf(body, { actor: asking }), contextOf());
    expect(explained.outcome).toEqual(outcome);
    return final;
  });
}
it('decides like the naive reader, and explains the same', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(policyOf(0, 12), tenantFiles, questions, (source, own, asked) => {
      for (const { decision, rule_id } of compareAnswers(source, own, asked)) {
        seen.add(`${decision} ${rule_id?.replace(/\d+/g, '') ?? '-'}`);
      }
    }),
    { numRuns: 600 },
  );
  // A generator that never reaches a branch proves nothing about it.
  const decided = ['allow', 'deny', 'require_approval', 'allow_with_constraints'];
  const raised = ['deny', 'require_approval', 'allow_with_constraints'];
  const reached = [
    ...['r', 't/r'].flatMap((by) => decided.map((decision) => `${decision} ${by}`)),
    ...['t', 't/t'].flatMap((by) => raised.map((decision) => `${decision} ${by}`)),
    ...['allow -', 'deny -', 'require_approval -'],
  ];
  expect([...seen]).toEqual(expect.arrayContaining(reached));
});

it('decides like the naive reader where many rules stand on one topic', () => {
  let most = 0;
  fc.assert(
    fc.property(policyOf(60, 200), tenantFiles, questions, (source, own, asked) => {
      for (const { matched_rules } of compareAnswers(source, own, asked)) most = Math.max(most, matched_rules.length);
    }),
    { numRuns: 40 },
  );
  // So many candidates that the index files them, and sorts them in its other way.
  expect(most).toBeGreaterThan(32);
});

it('reads one request after another, and nothing stays of the one before', () => {
  const built = compiled(
    JSON.stringify({
      rules: [{ id: 'only', match: { labels: { env: 'prod' }, requires: ['a.b'] }, decision: 'allow' }],
    }),
  );
  const whole = { topic: 'job.a', labels: { env: 'prod' }, meta: { requires: ['a.b'] } };
  const lacking = [{ ...whole, labels: {} }, { ...whole, meta: {} }, { topic: 'job.a' }];
  for (const body of [whole, ...lacking.flatMap((one) => [one, whole])]) {
    expect(finalOf(ask(built, body)).decision).toBe(body === whole ? 'allow' : 'deny');
  }
});

it('matches globs by token', () => {
  fc.assert(
    fc.property(pattern, path, (glob, tokens) => {
      const body = glob.map((part, i) => (part !== '*' ? part : i === glob.length - 1 ? '.+' : '[^.]+')).join('\\.');
      const wanted = new RegExp(`^${body}$`).test(tokens.join('.'));
      expect(globMatches(glob, tokens)).toBe(wanted);
      expect(matchesPattern(glob.join('.'), tokens.join('.'))).toBe(wanted);
    }),
  );
  expect(globMatches(splitTokens('job.exec.*'), splitTokens('job.exec.shell.now'))).toBe(true);
  expect(globMatches(splitTokens('job.exec.*'), splitTokens('job.exec'))).toBe(false);
  expect(globMatches(splitTokens('job.*.now'), splitTokens('job.a.b.now'))).toBe(false);
});
