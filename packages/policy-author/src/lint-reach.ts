/**
 * Rules that restrict less than they seem to: a `*` inside a pattern is exactly one token, so what is one token longer
 * passes; and a rule that reaches no topic which the policy knows restricts nothing at all.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Match } from '@countersign/contracts/policy';
import { mayMeet } from '@countersign/policy/cover-match';
import type { ListedTopic } from '@countersign/policy/known-topics';
import { type Glob, globMatches, splitTokens } from '@countersign/policy/match-glob';
import { type At, below, inPolicy } from '@countersign/policy/report-faults';
import { reaches, unlistedMatches } from './lint-topics.ts';
import type { Linted } from './linted.ts';

type Restricting = { id: string; match: Match; at: At; unreached: boolean };

type Budget = { left: number };

export function lintReach(linted: Linted): void {
  const capabilities = knownCapabilities(linted);
  const budget = { left: LIMITS.lint_comparisons };
  for (const restricting of restrictingOf(linted)) {
    lintStars(linted, restricting, 'topics', (glob, all) => shortTopics(glob, all, linted.topics.listed, budget));
    lintStars(linted, restricting, 'capabilities', (glob, all) => shortNames(glob, all, capabilities, budget));
    if (restricting.unreached) lintUnreached(linted, restricting);
  }
  if (budget.left < 0)
    linted.report('lint_incomplete', inPolicy('topics'), 'too many patterns stand against too many names');
}

function knownCapabilities({ sources, topics }: Linted): ReadonlySet<string> {
  return new Set([
    ...topics.listed.flatMap(({ facts }) => facts.capability ?? []),
    ...(sources.pools ?? []).flatMap((pool) => pool.capabilities),
    ...Object.keys(sources.policy.owners),
  ]);
}

/** `unreached`: tiers have a lint of their own for it, and a rule that lets through is told what nobody lists. */
function restrictingOf({ sections, sources }: Linted): Restricting[] {
  return [
    ...sections.tiers.map((placed) => ({ ...placed.source, at: below(placed, 'match'), unreached: false })),
    ...sections.input_rules.map((placed) => ({ ...placed.source, at: below(placed, 'match'), unreached: true })),
    ...sections.rules
      .filter(({ source }) => source.decision !== 'allow')
      .map((placed) => ({
        ...placed.source,
        at: below(placed, 'match'),
        unreached: placed.source.decision === 'deny',
      })),
    ...(sources.policy.output_policy.rules ?? [])
      .map((rule, i) => ({ ...rule, at: inPolicy('output_policy', 'rules', i, 'match'), unreached: true }))
      .filter(({ decision }) => decision !== 'allow'),
  ];
}

function lintStars(
  { report }: Linted,
  { id, match, at }: Restricting,
  field: 'topics' | 'capabilities',
  missedBy: (glob: Glob, all: readonly Glob[]) => readonly string[],
): void {
  const globs = (match[field] ?? []).map(splitTokens);
  globs.forEach((glob, i) => {
    if (!glob.slice(0, -1).includes('*')) return;
    const missed = missedBy(glob, globs);
    if (missed.length === 0) return;
    const named = missed.slice(0, LIMITS.reported_faults).join(', ');
    const says = `${id} does not reach all of ${named}: the * inside ${glob.join('.')} is exactly one token`;
    report('star_too_short', below(at, field, i), says);
  });
}

/** Listed topics of which the pattern would reach some more if its inner stars were one token or more. */
function shortTopics(glob: Glob, all: readonly Glob[], listed: readonly ListedTopic[], budget: Budget): string[] {
  const isMissed = (topic: Glob): boolean =>
    --budget.left >= 0 && stretches(glob, topic) && !all.some((other) => meets(other, topic));
  return listed.filter((topic) => eachLength(topic.glob).some(isMissed)).map(({ pattern }) => pattern);
}

/** Every star of the glob one token or more; a star among the tokens is any one token. */
function stretches(glob: Glob, tokens: Glob, g = 0, t = 0): boolean {
  if (g === glob.length || t === tokens.length) return g === glob.length && t === tokens.length;
  if (glob[g] === '*') return stretches(glob, tokens, g + 1, t + 1) || stretches(glob, tokens, g, t + 1);
  return (tokens[t] === '*' || tokens[t] === glob[g]) && stretches(glob, tokens, g + 1, t + 1);
}

/** The glob as it is matched. */
function meets(glob: Glob, tokens: Glob): boolean {
  const open = glob[glob.length - 1] === '*';
  if (open ? tokens.length < glob.length : tokens.length !== glob.length) return false;
  return glob.every((token, i) => token === '*' || tokens[i] === '*' || token === tokens[i]);
}

/** An open pattern as the patterns of every length that a topic can have, in which each star is one token. */
function eachLength(glob: Glob): Glob[] {
  if (glob[glob.length - 1] !== '*') return [glob];
  const longest = 1 + LIMITS.topic_segments;
  return Array.from({ length: longest - glob.length + 1 }, (_, more) => [...glob, ...Array<string>(more).fill('*')]);
}

function shortNames(glob: Glob, all: readonly Glob[], names: ReadonlySet<string>, budget: Budget): string[] {
  return [...names].filter((name) => {
    const tokens = splitTokens(name);
    return --budget.left >= 0 && stretches(glob, tokens) && !all.some((other) => globMatches(other, tokens));
  });
}

function lintUnreached(linted: Linted, { id, match, at }: Restricting): void {
  const { topics, report } = linted;
  if (topics.listed.length === 0 || topics.listed.some((topic) => reaches(match, topic))) return;
  if (unlistedMatches(linted).some((other) => mayMeet(match, other))) return;
  report('rule_unreached', at, `no topic that the policy lists or lets through reaches ${id}`);
}
