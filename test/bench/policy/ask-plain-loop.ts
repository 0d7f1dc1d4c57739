/** The loop that one would write without an index: every rule in file order, sets and prefixes made beforehand. */
import type { Match } from '@countersign/contracts/policy';
import { type Engine, settle } from './engine.ts';
import type { BenchQuestion } from './make-policy.ts';

type Test = (question: BenchQuestion) => boolean;

export const plainLoop: Engine = {
  name: 'plain loop',
  memory: true,
  prepare: (policy) => () => {
    const rules = policy.rules.map(({ match }) => testOf(match));
    const tiers = policy.tiers.map(({ match }) => testOf(match));
    return { ask: (question) => settle(policy, holding(rules, question), holding(tiers, question)) };
  },
};

/** The bench's patterns have their `*` at one end only. */
export function fits(pattern: string, text: string): boolean {
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  return text === pattern;
}

function holding(tests: readonly Test[], question: BenchQuestion): number[] {
  const found: number[] = [];
  for (let i = 0; i < tests.length; i++) if (tests[i]!(question)) found.push(i);
  return found;
}

function testOf(match: Match): Test {
  const tests: Test[] = [];
  const { tenants, topics, capabilities, labels, risk_tags, requires, actors, actor_types, not } = match;
  if (topics) tests.push(({ request }) => topics.some((pattern) => fits(pattern, request.topic)));
  if (capabilities) tests.push(({ request }) => capabilities.some((one) => fits(one, request.meta.capability ?? '')));
  for (const [key, wanted] of Object.entries(labels ?? {})) {
    const values = new Set([wanted].flat());
    tests.push(({ request }) => values.has(request.labels[key] ?? ''));
  }
  if (tenants) tests.push(({ request }) => tenants.includes(request.tenant));
  if (actors) tests.push(({ actor }) => actors.includes(actor.id));
  if (actor_types) tests.push(({ actor }) => actor_types.includes(actor.type));
  if (risk_tags) tests.push(({ request }) => request.meta.risk_tags.some((tag) => risk_tags.includes(tag)));
  if (requires) tests.push(({ request }) => requires.every((name) => request.meta.requires.includes(name)));
  if (not) {
    const inner = testOf(not);
    tests.push((question) => !inner(question));
  }
  return (question) => tests.every((test) => test(question));
}
