/**
 * Whether a match holds for a request, and if not, which of its fields failed first. The order of fields is fixed, the
 * cheap ones first, so that text is folded and scanned only for rules that everything else already fits.
 */
import type { Finding } from '@countersign/contracts/decision';
import type { Match } from '@countersign/contracts/policy';
import { foldKeyword } from '@countersign/scanners/fold-keyword';
import { compileFindings, type FindingsWanted, findingFits } from './match-findings.ts';
import { type Glob, globMatches, splitTokens } from './match-glob.ts';
import { type CompiledRun, compileRun, type RunFacts, runFits } from './match-run.ts';

/** A request as the rules see it: facts filled in. `findings` is null when the content was too large to scan. */
export type Subject = {
  tenant: string;
  topic: Glob;
  capability: Glob | null;
  capability_name: string | null;
  labels: Readonly<Record<string, string>>;
  label_names: readonly string[];
  risk_tags: readonly string[];
  requires: readonly string[];
  actor_id: string;
  actor_type: string;
  on_behalf_of: readonly string[];
  foldedTexts: () => readonly string[];
  findings: () => readonly Finding[] | null;
  /** Null when what its run did is not known. */
  run: () => RunFacts | null;
};

export type CompiledMatch = {
  tenants: ReadonlySet<string> | null;
  topics: readonly Glob[] | null;
  capabilities: readonly Glob[] | null;
  labels: readonly (readonly [string, ReadonlySet<string>])[] | null;
  risk_tags: ReadonlySet<string> | null;
  requires: readonly string[] | null;
  actors: ReadonlySet<string> | null;
  actor_types: ReadonlySet<string> | null;
  on_behalf_of: ReadonlySet<string> | null;
  keywords: readonly string[] | null;
  run: CompiledRun | null;
  findings: FindingsWanted | null;
  not: CompiledMatch | null;
};

/** `error`: the condition could not be decided, which is never the same as "it does not hold". */
export type MatchOutcome =
  | { kind: 'holds' }
  | { kind: 'fails'; field: MatchField }
  | { kind: 'error'; code: 'scan_too_large' | 'run_unknown' };

/** As the author wrote it. */
type MatchField = Exclude<keyof CompiledMatch, 'findings'> | 'scanners';

export const HOLDS: MatchOutcome = { kind: 'holds' };
const TOO_LARGE: MatchOutcome = { kind: 'error', code: 'scan_too_large' };
const RUN_UNKNOWN: MatchOutcome = { kind: 'error', code: 'run_unknown' };
const FAILS = Object.fromEntries(
  [
    'tenants',
    'topics',
    'capabilities',
    'labels',
    'risk_tags',
    'requires',
    'actors',
    'actor_types',
    'on_behalf_of',
    'keywords',
    'run',
    'scanners',
    'not',
  ].map((field) => [field, { kind: 'fails', field }]),
) as Record<MatchField, MatchOutcome>;

const WORD = /[\p{L}\p{N}_]/u;

export function compileMatch(source: Match): CompiledMatch {
  const labels = Object.entries(source.labels ?? {});
  return {
    tenants: setOf(source.tenants),
    topics: source.topics?.map(splitTokens) ?? null,
    capabilities: source.capabilities?.map(splitTokens) ?? null,
    labels: labels.length === 0 ? null : labels.map(([key, value]) => [key, new Set([value].flat())] as const),
    risk_tags: setOf(source.risk_tags),
    requires: source.requires ?? null,
    actors: setOf(source.actors),
    actor_types: setOf<string>(source.actor_types),
    on_behalf_of: setOf(source.on_behalf_of),
    keywords: source.keywords?.map(foldKeyword) ?? null,
    run: compileRun(source.run),
    findings: compileFindings(source),
    not: source.not === undefined ? null : compileMatch(source.not),
  };
}

export function matchSubject(match: CompiledMatch, subject: Subject): MatchOutcome {
  if (match.tenants !== null && !match.tenants.has(subject.tenant)) return FAILS.tenants;
  if (match.topics !== null && !anyGlob(match.topics, subject.topic)) return FAILS.topics;
  if (match.capabilities !== null && !anyGlob(match.capabilities, subject.capability)) return FAILS.capabilities;
  if (match.labels !== null && !labelsMatch(match.labels, subject.labels)) return FAILS.labels;
  if (match.risk_tags !== null && !anyOf(match.risk_tags, subject.risk_tags)) return FAILS.risk_tags;
  if (match.requires !== null && !allIn(match.requires, subject.requires)) return FAILS.requires;
  if (match.actors !== null && !match.actors.has(subject.actor_id)) return FAILS.actors;
  if (match.actor_types !== null && !match.actor_types.has(subject.actor_type)) return FAILS.actor_types;
  if (match.on_behalf_of !== null && !anyOf(match.on_behalf_of, subject.on_behalf_of)) return FAILS.on_behalf_of;
  if (match.keywords !== null && !keywordsMatch(match.keywords, subject.foldedTexts())) return FAILS.keywords;
  if (match.run !== null) {
    const facts = subject.run();
    if (facts === null) return RUN_UNKNOWN;
    if (!runFits(match.run, facts)) return FAILS.run;
  }
  if (match.findings !== null) {
    const found = subject.findings();
    if (found === null) return TOO_LARGE;
    const wanted = match.findings;
    if (!found.some((finding) => findingFits(wanted, finding))) return FAILS.scanners;
  }
  return match.not === null ? HOLDS : negate(matchSubject(match.not, subject));
}

function setOf<T>(values: readonly T[] | undefined): ReadonlySet<T> | null {
  return values === undefined ? null : new Set(values);
}

// Loops, not callbacks: these run for every candidate of every request.
function anyGlob(globs: readonly Glob[], tokens: Glob | null): boolean {
  if (tokens === null) return false;
  for (const glob of globs) if (globMatches(glob, tokens)) return true;
  return false;
}

function labelsMatch(wanted: NonNullable<CompiledMatch['labels']>, labels: Subject['labels']): boolean {
  for (const [key, values] of wanted) {
    if (!Object.hasOwn(labels, key) || !values.has(labels[key]!)) return false;
  }
  return true;
}

function anyOf(wanted: ReadonlySet<string>, given: readonly string[]): boolean {
  for (const value of given) if (wanted.has(value)) return true;
  return false;
}

function allIn(wanted: readonly string[], given: readonly string[]): boolean {
  for (const value of wanted) if (!given.includes(value)) return false;
  return true;
}

function keywordsMatch(keywords: readonly string[], texts: readonly string[]): boolean {
  return keywords.some((keyword) => texts.some((text) => containsWord(text, keyword)));
}

/** Both folded. A keyword's edge must not touch a word character, unless the keyword itself ends in another kind. */
function containsWord(text: string, keyword: string): boolean {
  for (let at = text.indexOf(keyword); at >= 0; at = text.indexOf(keyword, at + 1)) {
    const before = at > 0 && isWord(text, at - 1) && isWord(keyword, 0);
    const end = at + keyword.length;
    const after = end < text.length && isWord(text, end) && isWord(keyword, keyword.length - 1);
    if (!before && !after) return true;
  }
  return false;
}

/** Looks at the whole code point that the unit belongs to. */
function isWord(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  const start = unit >= 0xdc00 && unit <= 0xdfff ? index - 1 : index;
  return WORD.test(String.fromCodePoint(text.codePointAt(start) ?? 0x20));
}

function negate(outcome: MatchOutcome): MatchOutcome {
  if (outcome.kind === 'error') return outcome;
  return outcome.kind === 'holds' ? FAILS.not : HOLDS;
}
