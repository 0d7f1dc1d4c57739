// Rules that can never decide, because an earlier one or a denial always does first, and rules that decide everything.
// The index names the few that could cover a rule; beyond a bound of comparisons the lint says that it stopped.
import { LIMITS } from '@countersign/contracts/limits';
import type { Match, RuleSource } from '@countersign/contracts/policy';
import { coversMatch } from './cover-match.ts';
import type { Linted } from './lint-policy.ts';
import type { Placed } from './place-sections.ts';
import { below, inPolicy } from './report-faults.ts';
import type { RuleIndex } from './rule-index.ts';
import { sampleOf } from './sample-match.ts';

type Decider = { id: string; decision: string; when?: string | undefined; match: Match };
type Standing = { placed: Placed<RuleSource>; position: number; match: Match };

export function lintRules(linted: Linted): void {
  const { policy, sections, sources, topics, report } = linted;
  const complete = sections.rules.map(({ source }) => topics.complete(source.match));
  const search = new CoverSearch();
  const rules = deciders(sections.rules, (_, i) => complete[i]!);
  const inputs = deciders(sections.input_rules, (match) => topics.complete(match));
  const floors = sections.tiers.map(({ source: { id, match, floor } }) => ({
    id,
    match: topics.complete(match),
    decision: floor.decision ?? '',
  }));
  sections.rules.forEach((placed, position) => {
    const standing = { placed, position, match: complete[position]! };
    const by =
      search.find(policy.rules.index, rules, standing, decidesBefore) ??
      search.find(policy.input_rules.index, inputs, standing, denies) ??
      (placed.source.decision === 'deny' ? null : search.find(policy.tiers.index, floors, standing, denies));
    if (by !== null) reportCovered(linted, placed, by);
    else if (isEverything(placed.source, standing.match)) {
      report('rule_always_allows', below(placed, 'match'), `${placed.source.id} allows whatever no denial stops`);
    }
  });
  if (search.stopped) report('lint_incomplete', inPolicy('rules'), 'too many rules stand on the same topics');
  if (sources.policy.default_decision === 'allow') {
    const fix = 'default to deny, and allow by rules';
    report('rule_always_allows', inPolicy('default_decision'), 'whatever no rule names is allowed', fix);
  }
}

const deciders = (
  placed: readonly Placed<{ id: string; match: Match; decision: string; when?: string | undefined }>[],
  complete: (match: Match, position: number) => Match,
): Decider[] =>
  placed.map(({ source: { id, match, decision, when } }, i) => ({ id, decision, when, match: complete(match, i) }));

/** Whether the other always decides when both match: a denial wherever it stands, another kind only further up. */
const decidesBefore = (other: Decider, at: number, { placed, position }: Standing): boolean =>
  at !== position &&
  (at < position || placed.source.decision !== 'deny') &&
  (at < position || other.decision === 'deny');
const denies = (other: Decider): boolean => other.decision === 'deny';

class CoverSearch {
  stopped = false;
  private left: number = LIMITS.lint_comparisons;

  find(
    index: RuleIndex,
    others: readonly Decider[],
    standing: Standing,
    decides: (other: Decider, at: number, standing: Standing) => boolean,
  ): Decider | null {
    for (const at of index.candidates(sampleOf(standing.match))) {
      const other = others[at]!;
      if (!decides(other, at, standing)) continue;
      if (--this.left < 0) {
        this.stopped = true;
        return null;
      }
      const unconditional = other.when === undefined || other.when === standing.placed.source.when;
      if (unconditional && coversMatch(other.match, standing.match)) return other;
    }
    return null;
  }
}

function reportCovered({ report }: Linted, placed: Placed<RuleSource>, by: Decider): void {
  const { id, decision } = placed.source;
  const swallowed = by.decision === 'deny' && decision !== 'deny';
  const says = `${id} can never decide: whatever it matches, ${by.id} ${swallowed ? 'denies' : 'decides first'}`;
  report(swallowed ? 'rule_swallowed' : 'rule_shadowed', below(placed, 'id'), says);
}

const isEverything = ({ decision, when }: RuleSource, match: Match): boolean =>
  decision === 'allow' && when === undefined && Object.keys(match).length === 0;
