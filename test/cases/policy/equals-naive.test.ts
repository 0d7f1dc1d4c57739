// The indexed engine answers as the naive reader does, on random policies and requests; explaining changes nothing.
import { matchesPattern } from '@countersign/contracts/control';
import type { Decision } from '@countersign/contracts/decision';
import type { Actor } from '@countersign/contracts/job';
import { explain } from '@countersign/policy/explain';
import { globMatches, splitTokens } from '@countersign/policy/match-glob';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AGENT, answerOf, ask, compiled, contextOf, finalOf, itemOf } from './ask-policy.ts';
import { naiveDecide } from './naive-decide.ts';

const TOKENS = ['a', 'b', 'c'];
const token = fc.constantFrom(...TOKENS);
const path = fc.array(token, { minLength: 1, maxLength: 4 });
const pattern = fc.array(fc.constantFrom(...TOKENS, '*'), { minLength: 1, maxLength: 4 });
const topic = path.map((tokens) => `job.${tokens.join('.')}`);
const dotted = path.map((tokens) => tokens.join('.'));
const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 3 });
const labelKey = fc.constantFrom('env', 'team');
const labelValue = fc.constantFrom('prod', 'dev', '');

const fields = {
  tenants: some(fc.constantFrom('t1', 't2')),
  topics: some(pattern.map((tokens) => `job.${tokens.join('.')}`)),
  capabilities: some(pattern.map((tokens) => tokens.join('.'))),
  labels: fc.dictionary(labelKey, fc.oneof(labelValue, some(labelValue)), { minKeys: 1, maxKeys: 2 }),
  risk_tags: some(token),
  requires: some(dotted),
  actors: some(fc.constantFrom('agent-1', 'agent-2')),
  actor_types: some(fc.constantFrom('agent', 'human')),
  keywords: some(fc.constantFrom('drop', 'rm -rf', 'x')),
};
/** Two of three rules keep few fields, so that rules do match. */
const partial = fc
  .record(fields, { requiredKeys: [] })
  .chain((match) =>
    fc
      .subarray(Object.keys(match), { maxLength: Math.min(3, Object.keys(match).length) })
      .map((keys) => Object.fromEntries(Object.entries(match).filter(([key]) => keys.includes(key)))),
  );
const match = fc
  .tuple(
    partial,
    fc.option(
      partial.filter((inner) => Object.keys(inner).length > 0),
      { freq: 3 },
    ),
  )
  .map(([outer, not]) => (not === null ? outer : { ...outer, not }));

const ruleEffect = fc.constantFrom(
  { decision: 'allow' },
  { decision: 'deny' },
  { decision: 'require_approval' },
  { decision: 'allow_with_constraints', constraints: { timeout: '1m' } },
);
const floor = fc.constantFrom(
  { decision: 'deny' },
  { decision: 'require_approval' },
  { decision: 'allow_with_constraints', constraints: { max_attempts: 1 } },
  { max_attempts: 2 },
  { decision: 'require_approval', rollback: 'required' },
);
const rulesOf = (minLength: number, maxLength: number) =>
  fc
    .array(fc.tuple(match, ruleEffect), { minLength, maxLength })
    .map((rules) => rules.map(([m, effect], i) => ({ id: `r${i}`, match: m, ...effect })));
const tiers = fc
  .array(fc.tuple(match, floor), { maxLength: 4 })
  .map((made) => made.map(([m, f], i) => ({ id: `t${i}`, match: m, floor: f })));
/** `rules` between these two numbers. */
const policyOf = (minLength: number, maxLength: number) =>
  fc.record({
    default_decision: fc.constantFrom('allow', 'deny', 'require_approval'),
    delegated: fc.record({
      topics: fc.oneof(fc.constant(['job.*']), fields.topics),
      capabilities: fc.oneof(fc.constant(['*']), fields.capabilities),
    }),
    rules: rulesOf(minLength, maxLength),
    tiers,
  });

const without = (source: Readonly<Record<string, unknown>>, ...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(source).filter(([key]) => !keys.includes(key)));
/** As the compiler takes it: no tenants named, and no topics or capabilities beyond those that are delegated. */
const tenantFile = fc.record({ rules: rulesOf(0, 6), tiers }).map((file) => ({
  rules: file.rules.map((rule) => {
    const bounds = rule.decision === 'deny' ? [] : ['topics', 'capabilities'];
    return { ...rule, match: without(rule.match, 'tenants', ...bounds) };
  }),
  tiers: file.tiers.map((tier) => ({ ...tier, match: without(tier.match, 'tenants') })),
}));
const tenantFiles = fc.record({ t1: tenantFile, t2: tenantFile });
const request = fc.record({
  topic,
  tenant: fc.constantFrom('t1', 't2'),
  prompt: fc.constantFrom('drop it', 'dropped', 'rm -rf', 'nothing'),
  payload: fc.dictionary(fc.constantFrom('k', 'x'), fc.constantFrom('x', 'xy', 'drop'), { maxKeys: 2 }),
  labels: fc.dictionary(labelKey, labelValue, { maxKeys: 2 }),
  meta: fc.record({
    capability: fc.option(dotted, { nil: undefined, freq: 8 }),
    risk_tags: fc.array(token, { maxLength: 2 }),
    requires: fc.array(dotted, { maxLength: 3 }),
  }),
});
const actor = fc.record({
  id: fc.constantFrom('agent-1', 'agent-2'),
  type: fc.constantFrom('agent' as const, 'human' as const),
});

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
const questions = fc.array(fc.tuple(request, actor), { minLength: 1, maxLength: 6 });

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
