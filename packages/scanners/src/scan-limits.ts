/** The bounds of one scan, and what it may spend. */
import { LIMITS } from '@countersign/contracts/limits';
import { NO_OWN_RULES, type OwnRules } from '@countersign/contracts/scanner-rules';
import type { RuleWork } from './own-rules.ts';

/** Bounds of one scan. */
export type ScanLimits = {
  /** UTF-16 units of all strings and names together. */
  max_chars: number;
  /** UTF-16 units looked at, folded and decoded text included. */
  max_work_chars: number;
  /** Strings, names and numbers. */
  max_strings: number;
  /** Nested arrays and objects. */
  max_depth: number;
  /** Findings returned. */
  max_findings: number;
  /** Countries (ISO 3166-1 alpha-2) whose national telephone numbers count without a word beside them. */
  countries: readonly string[];
  /** Rules of the operator's own. */
  own: OwnRules | undefined;
  /** Instructions times characters that own rules may take; whoever sets no bound has a deadline. */
  max_rule_work: number;
};

/** Fits the largest output, and so the largest request. Findings stand in ledger entries, so they stay few. */
export const SCAN_LIMITS: ScanLimits = {
  max_chars: LIMITS.output_bytes,
  max_work_chars: 8 * LIMITS.output_bytes,
  max_strings: 200_000,
  max_depth: LIMITS.canonical_depth,
  max_findings: 100,
  countries: [],
  own: undefined,
  max_rule_work: Number.POSITIVE_INFINITY,
};

/** Something that costs much and is done so often at most. */
export type Counter = { left: number };

/**
 * Characters that may still be looked at, decoded ones included, and what is done instead of looking in characters that take
 * as long. Once exceeded, nothing more is looked at and nothing that was found counts.
 */
export type Budget = {
  left: number;
  exceeded: boolean;
  /** Countries whose national telephone numbers count without a word beside them. */
  readonly countries: readonly string[];
  /** Rules of the operator's own, and what running them may still cost. */
  readonly own: OwnRules;
  readonly work: RuleWork;
  /** Tries at what costs as much as a page of text: ciphers. */
  readonly tries: Counter;
  /** Runs of bytes, and texts, of which every key is tried. */
  readonly keys: Counter;
  /** Looks into a numbering plan. */
  readonly plans: Counter;
};

/** What one more view of a text, or one more way to read it, costs beside its characters. */
export const A_VIEW = 64;
/** Ciphers that are tried in one document. */
const MOST_TRIES = 16;
/** All keys of one run take some ten microseconds. */
const MOST_KEYS = 256;
/** A plan costs some ten microseconds; after so many of them in one document the form alone decides. */
const MOST_PLANS = 4_000;

/** What one scan, or several of the same content, may spend. */
export function budgetOf({ max_work_chars, max_rule_work, countries, own }: ScanLimits): Budget {
  return {
    left: max_work_chars,
    exceeded: false,
    countries,
    own: own ?? NO_OWN_RULES,
    work: { left: max_rule_work },
    tries: { left: MOST_TRIES },
    keys: { left: MOST_KEYS },
    plans: { left: MOST_PLANS },
  };
}

/** Takes so many characters from a budget; whether there were as many. */
export function spend(budget: Budget, chars: number): boolean {
  budget.left -= chars;
  if (budget.left < 0) budget.exceeded = true;
  return !budget.exceeded;
}
