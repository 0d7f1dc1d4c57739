/**
 * The same policy in Cedar: a deny is a `forbid`, everything else a `permit`; what Cedar can say in a policy's head
 * (principal, action, resource) stands there. Parsed once and kept, as its wasm build allows.
 */
import { type Policy, preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { Match } from '@countersign/contracts/policy';
import { type Engine, settle } from './engine.ts';
import type { BenchPolicy, BenchQuestion } from './make-policy.ts';

const SET = 'bench';

export const cedar: Engine = {
  name: 'Cedar (wasm)',
  memory: false,
  prepare: (policy) => {
    const staticPolicies = policiesOf(policy);
    return () => {
      const parsed = preparsePolicySet(SET, { staticPolicies });
      if (parsed.type !== 'success') throw new Error(parsed.errors.map(({ message }) => message).join('; '));
      return { ask: (question) => settle(policy, ...matchedOf(question)) };
    };
  },
};

function text(value: string): string {
  return JSON.stringify(value);
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}

function matchedOf({ request, actor }: BenchQuestion): [number[], number[]] {
  const answer = statefulIsAuthorized({
    principal: { type: 'Actor', id: actor.id },
    action: { type: 'Action', id: request.topic },
    resource: { type: 'Tenant', id: request.tenant },
    context: {
      topic: request.topic,
      actor_type: actor.type,
      capability: request.meta.capability ?? '',
      labels: request.labels,
      risk_tags: request.meta.risk_tags,
      requires: request.meta.requires,
    },
    preparsedPolicySetId: SET,
    entities: [],
  });
  if (answer.type !== 'success') throw new Error(answer.errors.map(({ message }) => message).join('; '));
  const { errors, reason } = answer.response.diagnostics;
  if (errors.length > 0) throw new Error(errors[0]!.error.message);
  const positions = (section: string): number[] =>
    reason
      .filter((id) => id.startsWith(section))
      .map((id) => Number(id.slice(1)))
      .sort((a, b) => a - b);
  return [positions('r'), positions('t')];
}

function policiesOf({ rules, tiers }: BenchPolicy): Record<string, Policy> {
  const entries = rules.map(({ match, decision }, i) => [
    `r${i}`,
    policyOf(decision === 'deny' ? 'forbid' : 'permit', match),
  ]);
  const floors = tiers.map(({ match }, i) => [`t${i}`, policyOf('permit', match)]);
  return Object.fromEntries([...entries, ...floors]);
}

function policyOf(effect: 'permit' | 'forbid', match: Match): string {
  const { topics, actors, tenants } = match;
  const exact = topics?.every((topic) => !topic.includes('*')) ?? false;
  const action = exact ? ` in [${topics!.map((topic) => `Action::${text(topic)}`).join(', ')}]` : '';
  const principal = actors?.length === 1 ? ` == Actor::${text(actors[0]!)}` : '';
  const resource = tenants?.length === 1 ? ` == Tenant::${text(tenants[0]!)}` : '';
  const conditions = conditionsOf({ ...match, topics: exact ? undefined : topics });
  const when = conditions.length === 0 ? '' : ` when { ${conditions.join(' && ')} }`;
  return `${effect}(principal${principal}, action${action}, resource${resource})${when};`;
}

/** One actor and one tenant stand in the head. */
function conditionsOf(match: Match): string[] {
  const conditions: string[] = [];
  const anyOf = (field: string, values: readonly string[]): string =>
    values.length === 1 ? `${field} == ${text(values[0]!)}` : `${list(values)}.contains(${field})`;
  const like = (field: string, patterns: readonly string[]): string =>
    `(${patterns.map((one) => (one.includes('*') ? `${field} like ${text(one)}` : `${field} == ${text(one)}`)).join(' || ')})`;
  if (match.topics) conditions.push(like('context.topic', match.topics));
  for (const [key, wanted] of Object.entries(match.labels ?? {})) {
    conditions.push(anyOf(`context.labels.${key}`, [wanted].flat()));
  }
  if (match.capabilities) conditions.push(like('context.capability', match.capabilities));
  if (match.actor_types) conditions.push(anyOf('context.actor_type', match.actor_types));
  if (match.risk_tags) conditions.push(`context.risk_tags.containsAny(${list(match.risk_tags)})`);
  if (match.requires) conditions.push(`context.requires.containsAll(${list(match.requires)})`);
  if (match.not) conditions.push(`!(${conditionsOf(match.not).join(' && ')})`);
  return conditions;
}
