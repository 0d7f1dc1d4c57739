/**
 * Rules that can never decide, because an earlier one or a denial always does first, and rules that decide everything.
 * Dead means: taken out, no decision would be another. Where that is not certain the lint is silent. The index names the
 * few that could cover a rule; beyond a bound of comparisons the lint says that it stopped.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Match, RuleSource } from '@countersign/contracts/policy';
import { coversMatch } from '@countersign/policy/cover-match';
import { compileFindings } from '@countersign/policy/match-findings';
import type { Placed } from '@countersign/policy/place-sections';
import { below, inPolicy } from '@countersign/policy/report-faults';
import type { RuleIndex } from '@countersign/policy/rule-index';
import { sampleOf } from '@countersign/policy/sample-match';
import type { Linted } from './linted.ts';

type Ruling = { id: string; decision: string; when?: string | undefined; match: Match };
/** `scans`: its match can fail for want of a scan. */
type Decider = Ruling & { scans: boolean };
/** Whether the other is looked at before the rule: of two errors the first one names the decision. */
type Relation = { other: Decider; rule: Decider; before: boolean };

class CoverSearch {
  stopped = false;
  private left: number = LIMITS.lint_comparisons;

  find(
    index: RuleIndex,
    others: readonly Decider[],
    rule: Decider,
    decides: (candidate: { other: Decider; at: number }) => boolean,
  ): Decider | null {
    for (const at of index.candidates(sampleOf(rule.match))) {
      const other = others[at]!;
      if (!decides({ other, at })) continue;
      if (--this.left < 0) {
        this.stopped = true;
        return null;
      }
      if (coversMatch(other.match, rule.match)) return other;
    }
    return null;
  }
}

export function lintRules(linted: Linted): void {
  const { policy, sections, sources, topics, report } = linted;
  const search = new CoverSearch();
  const complete = (placed: readonly { source: Ruling }[]): Decider[] =>
    placed.map(({ source: { id, decision, when, match } }) => {
      const scans = [match, match.not ?? {}].some((one) => compileFindings(one) !== null);
      return { id, decision, when, match: topics.complete(match), scans };
    });
  const rules = complete(sections.rules);
  const inputs = complete(sections.input_rules);
  const floors = complete(
    sections.tiers.map(({ source: { id, match, floor } }) => ({
      source: { id, match, decision: floor.decision ?? '' },
    })),
  );
  sections.rules.forEach((placed, position) => {
    const rule = rules[position]!;
    const input = search.find(policy.input_rules.index, inputs, rule, ({ other }) =>
      isDenied({ other, rule, before: true }),
    );
    const by =
      input ??
      search.find(policy.rules.index, rules, rule, ({ other, at }) => {
        const relation = { other, rule, before: at < position };
        return at !== position && (isDenied(relation) || isOvertaken(relation));
      });
    if (by !== null) reportCovered(linted, placed, by);
    else if (isEverything(placed.source, rule.match)) {
      report('rule_always_allows', below(placed, 'match'), `${rule.id} allows whatever no denial stops`);
    } else
      reportFloored(
        linted,
        placed,
        search.find(policy.tiers.index, floors, rule, ({ other }) => denies(other)),
      );
  });
  if (search.stopped) report('lint_incomplete', inPolicy('rules'), 'too many rules stand on the same topics');
  if (sources.policy.default_decision === 'allow') {
    const fix = 'default to deny, and allow by rules';
    report('rule_always_allows', inPolicy('default_decision'), 'whatever no rule names is allowed', fix);
  }
}

/** A denial wins wherever it stands, over an error too; between two denials the first one gives its name. */
function isDenied({ other, rule, before }: Relation): boolean {
  if (!denies(other) || (denies(rule) && !before)) return false;
  return holdsWith({ other, rule, before });
}

function denies({ decision }: Decider): boolean {
  return decision === 'deny';
}

/** Whether the other holds, or fails in the same way, whenever the rule holds or can't be decided. Matches aside. */
function holdsWith({ other, rule, before }: Relation): boolean {
  // The same condition on the same request answers the same, an error included.
  if (other.when !== undefined && (other.when !== rule.when || !before)) return false;
  if (other.scans && !before) return false;
  // Content that can't be scanned fails before `not` and the condition are evaluated, so neither is known.
  return !rule.scans || (other.match.not === undefined && other.when === undefined);
}

/** Among what does not deny the first one decides, unless an error of the later one would have denied. */
function isOvertaken({ other, rule, before }: Relation): boolean {
  if (!before || denies(other) || denies(rule) || rule.scans) return false;
  const mayFail = rule.when !== undefined && rule.when !== other.when;
  return !mayFail && holdsWith({ other, rule, before });
}

function reportCovered({ report }: Linted, placed: Placed<RuleSource>, by: Decider): void {
  const { id, decision } = placed.source;
  const swallowed = by.decision === 'deny' && decision !== 'deny';
  const says = `${id} can never decide: whatever it matches, ${by.id} ${swallowed ? 'denies' : 'decides first'}`;
  report(swallowed ? 'rule_swallowed' : 'rule_shadowed', below(placed, 'id'), says);
}

function isEverything({ decision, when }: RuleSource, match: Match): boolean {
  return decision === 'allow' && when === undefined && Object.keys(match).length === 0;
}

/** Not dead: without the rule another one might rewrite the request before the tier is asked. */
function reportFloored({ report }: Linted, placed: Placed<RuleSource>, by: Decider | null): void {
  const { id, decision } = placed.source;
  if (by === null || decision === 'deny' || decision === 'remediate') return;
  report('rule_floored', below(placed, 'id'), `whatever ${id} lets through, the tier ${by.id} denies`);
}
