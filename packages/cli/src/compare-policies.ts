/**
 * Which decisions differ under another policy: both get the same questions, through the function that enforces.
 * The kinds of difference are those of a replay over history, so that the two can be read side by side.
 */
import { type Decision, finalDecision } from '@countersign/contracts/decision';
import { DIFFERENCES, type Difference } from '@countersign/contracts/policy-rollout';
import type { PolicyCase, PolicyIncident } from '@countersign/contracts/policy-tests';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import type { DecideOutcome } from '@countersign/policy/decide';
import { placeSections } from '@countersign/policy/place-sections';
import { comparedOf, differenceOf } from '@countersign/policy-author/compare-decisions';
import { askPolicy, itemOf, type Question } from './ask-policy.ts';

/** `name` says where the question stands, for people. */
export type NamedQuestion = Question & { name: string; now?: string | undefined };
/** The answer of one policy: a decision, or the error code it would be refused with. */
export type Verdict =
  | (Pick<Decision, 'decision' | 'rule_id' | 'reason' | 'constraints' | 'obligations'> & {
      remediated_by: string | null;
    })
  | { refused: string; detail: string };
export type Change = { name: string; topic: string; kind: Difference; before: Verdict; after: Verdict };
export type Comparison = {
  asked: number;
  same: number;
  changes: Partial<Record<Difference, number>>;
  /** The gravest first. */
  examples: Change[];
  rules: { added: string[]; removed: string[]; changed: string[] };
  /** Parts of the policy that changed besides rules, whether a question shows it or not: `topics`, `pools`, a schema. */
  also: string[];
};

/** The cases of both, once each: what one of them promises is asked of both. */
export function questionsOf(...policies: readonly CompiledPolicy[]): NamedQuestion[] {
  const asked = policies.flatMap(({ sources }) =>
    [...sources.tests].flatMap(([file, { cases, incidents }]) =>
      [...cases, ...incidents].map((one) => ({ ...questionOf(one), name: `${file}: ${one.name}` })),
    ),
  );
  return [...new Map(asked.map((question) => [JSON.stringify(question), question])).values()];
}

export function comparePolicies(
  before: CompiledPolicy,
  after: CompiledPolicy,
  questions: readonly NamedQuestion[],
): Comparison {
  const clock = new Date().toISOString();
  const all = questions.flatMap(({ name, now = clock, ...question }) => {
    const item = itemOf(question, name);
    const [old, fresh] = [askPolicy(before, item, now), askPolicy(after, item, now)];
    const kind = differenceOf(comparedOf(old), comparedOf(fresh));
    return kind === null
      ? []
      : [{ name, topic: item.request.topic, kind, before: verdictOf(old), after: verdictOf(fresh) }];
  });
  const rank = (kind: Difference): number => DIFFERENCES.indexOf(kind);
  const changes = DIFFERENCES.map((kind) => [kind, all.filter((change) => change.kind === kind).length] as const);
  return {
    asked: questions.length,
    same: questions.length - all.length,
    changes: Object.fromEntries(changes.filter(([, count]) => count > 0)),
    examples: all.sort((a, b) => rank(a.kind) - rank(b.kind)),
    rules: compareRules(before, after),
    also: compareParts(before, after),
  };
}

function questionOf(one: PolicyCase | PolicyIncident): Question & { now?: string | undefined } {
  const { tenant, actor, gate, request } = one;
  const asked = { tenant, actor, gate, request };
  if (!('decided' in one)) return { ...asked, now: one.now };
  return { ...asked, request: { job_id: one.job_id, ...request }, now: one.decided.decided_at };
}

function verdictOf(outcome: DecideOutcome): Verdict {
  if (!outcome.ok) return { refused: outcome.failure.code, detail: outcome.failure.detail };
  const { decision, rule_id, reason, constraints, obligations } = finalDecision(outcome.answer);
  const applied = outcome.answer.decisions.flatMap(({ remediation }) => (remediation?.applied ? [remediation.id] : []));
  return { decision, rule_id, reason, constraints, obligations, remediated_by: applied.at(-1) ?? null };
}

function compareRules(before: CompiledPolicy, after: CompiledPolicy): Comparison['rules'] {
  const [old, fresh] = [rulesOf(before), rulesOf(after)];
  return {
    added: [...fresh.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !fresh.has(id)),
    changed: [...fresh].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => id),
  };
}

function rulesOf({ sources }: CompiledPolicy): ReadonlyMap<string, string> {
  const all = Object.values(placeSections(sources)).flat();
  const entries = all.map(({ source }) => [source.id, canonicalize(source)] as const);
  // Output rules have names of their own, so one may be called like a rule.
  const outputs = sources.policy.output_policy.rules ?? [];
  return new Map([...entries, ...outputs.map((rule) => [`output_policy.${rule.id}`, canonicalize(rule)] as const)]);
}

function compareParts(before: CompiledPolicy, after: CompiledPolicy): string[] {
  const [old, fresh] = [partsOf(before), partsOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].filter((name) => old.get(name) !== fresh.get(name)).sort();
}

function partsOf({ sources }: CompiledPolicy): ReadonlyMap<string, string> {
  const { rules: _, input_rules: _inputs, tiers: _tiers, output_policy, version: _version, ...parts } = sources.policy;
  const { rules: _outputs, ...output } = output_policy;
  const all = { ...parts, output_policy: output, pools: sources.pools, ...Object.fromEntries(sources.schemas) };
  const stated = Object.entries(all).filter(([, part]) => part !== undefined);
  return new Map(stated.map(([name, part]) => [name, canonicalize(part)]));
}
