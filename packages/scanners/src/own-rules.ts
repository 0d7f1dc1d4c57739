/**
 * Runs an operator's own rules over one view of a text: those whose keywords stand in it, each on RE2 and under a counted
 * budget. It reports the secret's place and never what stood there.
 */

import { SEVERITIES } from '@countersign/contracts/decision';
import {
  MODEL_TYPE_PREFIX,
  OWN_TYPE_PREFIX,
  type OwnRule,
  type OwnRules,
  type OwnTypeName,
} from '@countersign/contracts/scanner-rules';
import { type AnchorTable, buildAnchorTable } from './anchors.ts';
import type { FindingType, ScannerName } from './finding-types.ts';
import { matchesOf, patternOf, type Spans } from './linear-patterns.ts';
import { codesOf } from './normalise.ts';

/** What confirms a finding of an own rule, as every finding says it. */
export const OWN_RULE = 'own rule';

/** Instructions times characters that may still be run through. */
export type RuleWork = { left: number };

export type ReportOwn = (rule: OwnRule, start: number, end: number) => void;

type Compiled = {
  readonly rules: readonly OwnRule[];
  readonly table: AnchorTable | null;
  /** By anchor: the rule whose keyword it is. */
  readonly ruleOf: readonly number[];
  /** Tried on every text. */
  readonly always: readonly number[];
};

const byIdentity = new WeakMap<OwnRules, Compiled>();
const byDigest = new Map<string, Compiled>();
/** Policies whose keyword tables stay ready. */
const MAX_COMPILED = 8;

type Span = readonly [start: number, end: number];

/** `custom-<id>` and `model-<name>` as what `FINDING_TYPES` has of each type. */
export function ownFindingTypes({ rules, models = [] }: OwnRules): FindingType[] {
  return [
    ...rules.map(
      ({ type, scanner, severity, confidence }): FindingType => ({
        scanner,
        type,
        severity,
        basis: 'rule',
        confidence,
        describes: 'Rule of the operator’s own',
      }),
    ),
    ...models.map(({ type, scanner, severities }): FindingType => {
      const severity = SEVERITIES.findLast((name) => severities[name] !== undefined)!;
      return {
        scanner,
        type,
        severity,
        basis: 'model',
        confidence: 'possible',
        describes: 'What a model was asked for',
      };
    }),
  ];
}

export function isOwnType(type: string): type is OwnTypeName {
  return type.startsWith(OWN_TYPE_PREFIX) || type.startsWith(MODEL_TYPE_PREFIX);
}

/** Reports what the rules of these scanners find. False: the work is used up, and nothing that was found counts. */
export function detectOwn(
  text: string,
  own: OwnRules,
  scanners: readonly ScannerName[],
  work: RuleWork,
  report: ReportOwn,
): boolean {
  const compiled = compiledOf(own);
  for (const index of rulesFor(compiled, text)) {
    const rule = compiled.rules[index]!;
    if (!scanners.includes(rule.scanner)) continue;
    const pay = payer(work, patternOf(rule.regex).programSize());
    for (const spans of matchesOf(rule.regex, text, pay)) {
      const [start, end] = secretOf(rule, spans);
      if (end === start || !isRandom(rule, text.slice(start, end))) continue;
      if (isAllowed(rule, text, spans[0]!, [start, end], work)) continue;
      report(rule, start, end);
    }
    if (work.left < 0) return false;
  }
  return work.left >= 0;
}

/** Whether any of the rules finds something in this text as it stands. */
export function findsOwn(text: string, own: OwnRules): boolean {
  let found = false;
  detectOwn(text, own, ['pii', 'secrets', 'prompt_injection'], { left: Number.POSITIVE_INFINITY }, () => {
    found = true;
  });
  return found;
}

/** A copy that came from another process is another object; its digest says that it is the same. */
function compiledOf(own: OwnRules): Compiled {
  const known = byIdentity.get(own) ?? byDigest.get(own.digest) ?? compile(own);
  byIdentity.set(own, known);
  byDigest.delete(own.digest);
  byDigest.set(own.digest, known);
  if (byDigest.size > MAX_COMPILED) byDigest.delete(byDigest.keys().next().value!);
  return known;
}

function compile({ rules }: OwnRules): Compiled {
  const keywords = rules.flatMap((rule, index) => rule.keywords.map((word) => ({ word, index })));
  return {
    rules,
    table: keywords.length === 0 ? null : buildAnchorTable(keywords.map(({ word }) => word)),
    ruleOf: keywords.map(({ index }) => index),
    always: rules.flatMap((rule, index) => (rule.keywords.length === 0 ? [index] : [])),
  };
}

function rulesFor({ table, ruleOf, always }: Compiled, text: string): readonly number[] {
  if (table === null) return always;
  const hit = new Set(always);
  for (const anchor of table(text, codesOf(text)).anchors) hit.add(ruleOf[anchor]!);
  return [...hit].sort((a, b) => a - b);
}

function payer(work: RuleWork, instructions: number) {
  return (chars: number): boolean => {
    work.left -= instructions * chars;
    return work.left >= 0;
  };
}

function secretOf({ secret_group }: OwnRule, spans: Spans): readonly [number, number] {
  if (secret_group > 0) return spans[secret_group] ?? [0, 0];
  return spans.slice(1).find(([start, end]) => end > start) ?? spans[0]!;
}

/** Shannon entropy of all of it, in bits per character. */
function isRandom({ entropy }: OwnRule, secret: string): boolean {
  if (entropy === 0) return true;
  const counts = new Map<string, number>();
  for (const char of secret) counts.set(char, (counts.get(char) ?? 0) + 1);
  const length = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const bits = [...counts.values()].reduce((sum, count) => sum - (count / length) * Math.log2(count / length), 0);
  return bits > entropy;
}

function isAllowed(rule: OwnRule, text: string, match: Span, secret: Span, work: RuleWork): boolean {
  return rule.allow.some(({ condition, target, regexes, stopwords }) => {
    const looksAt = text.slice(...(target === 'secret' ? secret : target === 'match' ? match : linesOf(text, match)));
    const fits = regexes.some((regex) => {
      const pattern = patternOf(regex);
      return payer(work, pattern.programSize())(looksAt.length) && pattern.test(looksAt);
    });
    const lower = text.slice(...secret).toLowerCase();
    const stops = stopwords.some((word) => lower.includes(word.toLowerCase()));
    if (condition === 'or') return fits || stops;
    return (regexes.length === 0 || fits) && (stopwords.length === 0 || stops);
  });
}

function linesOf(text: string, [start, end]: Span): [number, number] {
  const next = text.indexOf('\n', Math.max(start, end - 1));
  return [text.lastIndexOf('\n', start - 1) + 1, next === -1 ? text.length : next];
}
