/**
 * What each engine of the bench offers, and the part that none but ours has of its own: which of several matching rules
 * decides, and what floors make of it.
 */
import type { BenchPolicy, BenchQuestion } from './make-policy.ts';

type Answer = { decision: string; rule_id: string | null };
export type Loaded = { ask: (question: BenchQuestion) => Answer | Promise<Answer> };
export type Engine = {
  name: string;
  /** Whether the runtime sees the memory that it keeps a policy in. */
  memory: boolean;
  /** The inner function gets what that engine would keep on disk, made beforehand: only its own work is timed. */
  prepare: (policy: BenchPolicy) => () => Loaded | Promise<Loaded>;
};

const STRENGTH = ['allow', 'allow_with_constraints', 'require_approval', 'deny'];

/** Positions in file order. Any denial wins, else the first rule, else a denial; floors raise what is not denied. */
export function settle({ rules, tiers }: BenchPolicy, matched: readonly number[], raising: readonly number[]): Answer {
  const denying = matched.find((position) => rules[position]!.decision === 'deny');
  const deciding = denying ?? matched[0];
  if (deciding === undefined) return { decision: 'deny', rule_id: null };
  const answer: Answer = { decision: rules[deciding]!.decision, rule_id: rules[deciding]!.id };
  if (answer.decision === 'deny') return answer;
  for (const position of raising) {
    const { id, floor } = tiers[position]!;
    if (STRENGTH.indexOf(floor.decision!) <= STRENGTH.indexOf(answer.decision)) continue;
    answer.decision = floor.decision!;
    answer.rule_id = id;
  }
  return answer;
}
