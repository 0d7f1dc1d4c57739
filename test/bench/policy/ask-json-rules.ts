/** The same policy in json-rules-engine: every rule is a condition tree over facts, its event names the rule. */
import type { Match } from '@countersign/contracts/policy';
import { type RuleProperties, Engine as RulesEngine } from 'json-rules-engine';
import { fits } from './ask-plain-loop.ts';
import { type Engine, settle } from './engine.ts';
import type { BenchPolicy, BenchQuestion } from './make-policy.ts';

type Conditions = Extract<RuleProperties['conditions'], { all: unknown }>;

export const jsonRules: Engine = {
  name: 'json-rules-engine',
  memory: true,
  prepare: (policy) => {
    const rules = rulesOf(policy);
    return () => {
      const engine = new RulesEngine();
      engine.addOperator('fits', (value: string, patterns: readonly string[]) =>
        patterns.some((one) => fits(one, value)),
      );
      engine.addOperator('meets', (values: readonly string[], wanted: readonly string[]) =>
        values.some((value) => wanted.includes(value)),
      );
      for (const rule of rules) engine.addRule(rule);
      return { ask: (question) => ask(engine, policy, question) };
    };
  },
};

async function ask(engine: RulesEngine, policy: BenchPolicy, { request, actor }: BenchQuestion) {
  const { events } = await engine.run({
    ...request.labels,
    tenant: request.tenant,
    topic: request.topic,
    capability: request.meta.capability,
    risk_tags: request.meta.risk_tags,
    requires: request.meta.requires,
    actor: actor.id,
    actor_type: actor.type,
  });
  const positions = (section: string): number[] =>
    events
      .filter(({ type }) => type === section)
      .map(({ params }) => params!.position as number)
      .sort((a, b) => a - b);
  return settle(policy, positions('rule'), positions('tier'));
}

function rulesOf({ rules, tiers }: BenchPolicy): RuleProperties[] {
  const rule = (type: string, match: Match, position: number): RuleProperties => ({
    conditions: conditionsOf(match),
    event: { type, params: { position } },
  });
  return [
    ...rules.map(({ match }, i) => rule('rule', match, i)),
    ...tiers.map(({ match }, i) => rule('tier', match, i)),
  ];
}

function conditionsOf(match: Match): Conditions {
  const all: Conditions['all'] = [];
  const add = (fact: string, operator: string, value: unknown): void => {
    if (value !== undefined) all.push({ fact, operator, value });
  };
  add('topic', 'fits', match.topics);
  add('capability', 'fits', match.capabilities);
  for (const [key, wanted] of Object.entries(match.labels ?? {})) add(key, 'in', [wanted].flat());
  add('tenant', 'in', match.tenants);
  add('actor', 'in', match.actors);
  add('actor_type', 'in', match.actor_types);
  add('risk_tags', 'meets', match.risk_tags);
  for (const name of match.requires ?? []) add('requires', 'contains', name);
  if (match.not !== undefined) all.push({ not: conditionsOf(match.not) });
  return { all };
}
