/** Random policies and requests of one small alphabet, so that rules meet each other and the requests. */
import fc from 'fast-check';

const TOKENS = ['a', 'b', 'c'];
const token = fc.constantFrom(...TOKENS);
export const path = fc.array(token, { minLength: 1, maxLength: 4 });
export const pattern = fc.array(fc.constantFrom(...TOKENS, '*'), { minLength: 1, maxLength: 4 });
const topic = path.map((tokens) => `job.${tokens.join('.')}`);
const dotted = path.map((tokens) => tokens.join('.'));

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
  on_behalf_of: some(fc.constantFrom('carla', 'bot')),
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
export const match = fc
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

const tiers = fc
  .array(fc.tuple(match, floor), { maxLength: 4 })
  .map((made) => made.map(([m, f], i) => ({ id: `t${i}`, match: m, floor: f })));

/** As the compiler takes it: no tenants named, and no topics or capabilities beyond those that are delegated. */
const tenantFile = fc.record({ rules: rulesOf(0, 6), tiers }).map((file) => ({
  rules: file.rules.map((rule) => {
    const bounds = rule.decision === 'deny' ? [] : ['topics', 'capabilities'];
    return { ...rule, match: without(rule.match, 'tenants', ...bounds) };
  }),
  tiers: file.tiers.map((tier) => ({ ...tier, match: without(tier.match, 'tenants') })),
}));
export const tenantFiles = fc.record({ t1: tenantFile, t2: tenantFile });
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
  on_behalf_of: fc.constantFrom(undefined, 'carla', ['carla', 'bot'], ['dave']),
});
const actor = fc.record({
  id: fc.constantFrom('agent-1', 'agent-2'),
  type: fc.constantFrom('agent' as const, 'human' as const),
});
export const questions = fc.array(fc.tuple(request, actor), { minLength: 1, maxLength: 6 });

function rulesOf(minLength: number, maxLength: number) {
  return fc
    .array(fc.tuple(match, ruleEffect), { minLength, maxLength })
    .map((rules) => rules.map(([m, effect], i) => ({ id: `r${i}`, match: m, ...effect })));
}

/** `rules` between these two numbers. */
export function policyOf(minLength: number, maxLength: number) {
  return fc.record({
    default_decision: fc.constantFrom('allow', 'deny', 'require_approval'),
    delegated: fc.record({
      topics: fc.oneof(fc.constant(['job.*']), fields.topics),
      capabilities: fc.oneof(fc.constant(['*']), fields.capabilities),
    }),
    rules: rulesOf(minLength, maxLength),
    tiers,
  });
}

function some<T>(value: fc.Arbitrary<T>) {
  return fc.array(value, { minLength: 1, maxLength: 3 });
}

function without(source: Readonly<Record<string, unknown>>, ...keys: readonly string[]) {
  return Object.fromEntries(Object.entries(source).filter(([key]) => !keys.includes(key)));
}
