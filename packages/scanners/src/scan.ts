/**
 * Scans a JSON document: every string, every member name, every whole number. It reports type, place and count and
 * never the text that matched; a document beyond its limits is refused, so that callers fail closed.
 */
import {
  type AnyTypeName,
  type Confidence,
  FINDING_TYPES,
  SCANNER_NAMES,
  type ScannerName,
  SEVERITY_RANK,
  type Severity,
} from './finding-types.ts';
import { Parts, type Share } from './join-parts.ts';
import { type Match, matchText, mergeByType } from './match-text.ts';
import { type Budget, budgetOf, SCAN_LIMITS, type ScanLimits } from './scan-limits.ts';
import type { Surroundings } from './surroundings.ts';
import { type Path, type Visit, walkThrough } from './walk-document.ts';
import { writePlace } from './write-place.ts';

export { FINDING_TYPES, SCANNER_NAMES, type ScannerName, type Severity };

/**
 * What was found, where and how often. `place` is a JSON pointer (RFC 6901), '' for the root. A member name is the
 * pointer of its member followed by `/~key`. A member whose own name is sensitive or longer than 64 characters stands
 * as `~@<n>`, the n-th member of the parsed object from 0, so that a place never repeats what was found; in a
 * place that would be too long every member does. Neither form is a
 * valid escape in RFC 6901, so they cannot be mistaken for a name.
 */
export type Finding = {
  scanner: ScannerName;
  type: AnyTypeName;
  place: string;
  count: number;
  severity: Severity;
  confidence: Confidence;
  /** What confirmed it: a basis of the table, or the names of the signals that were counted. */
  why: string;
};

/** `rules_too_costly`: own rules would take more work than they may. `truncated`: findings beyond `max_findings` were dropped, the least severe first; each type keeps one. */
export type ScanResult =
  | { ok: true; findings: Finding[]; truncated: boolean }
  | { ok: false; code: 'scan_too_large' | 'rules_too_costly' };

/** A text of a document, or a name in it, and how to write its place. */
export type PlacedText = { readonly text: string; readonly place: () => string };

/** A finding whose place is not written yet: a hostile document can hold far more of them than are returned. */
type Pending = { match: Match; count: number; path: Path | null; isKey: boolean };

/** `isCounted`: tries or plans were taken from the budget for it, so that who has other counters may find something else. */
export type Content = { readonly matches: readonly Match[]; readonly isCounted: boolean };

const NOTHING: Content = { matches: [], isCounted: false };

/** What one text holds, by the place of the text in the document. */
type Held = { readonly matches: readonly Match[]; readonly path: Path | null; readonly isKey: boolean };

/** What whoever scans a document again knows of it, and is told. Texts that are not empty count, in order, each name before its member. */
export type Reader = {
  /** What the text holds that stands at this place, null where it has to be read. */
  readonly known: (place: number, text: string, around: Surroundings) => Content | null;
  readonly onText: (content: Content) => void;
};

/** Scans parsed JSON with the named scanners. Pure and deterministic: the most severe findings first, then by place. */
export function scanValue(
  value: unknown,
  scanners: readonly ScannerName[],
  limits: Partial<ScanLimits> = {},
): ScanResult {
  const bounds = { ...SCAN_LIMITS, ...limits };
  return scanTexts(value, scanners, bounds, budgetOf(bounds), { known: () => null, onText: () => undefined });
}

/** The same within a budget, told text by text. */
export function scanTexts(
  value: unknown,
  scanners: readonly ScannerName[],
  bounds: ScanLimits,
  budget: Budget,
  { known, onText }: Reader,
): ScanResult {
  const held = new Map<number, Held>();
  const counted = new Set<number>();
  const parts = new Parts<Path>();
  let place = 0;
  const visit: Visit = (text, around, path, isKey) => {
    const { matches, isCounted } = known(place, text, around) ?? readText(text, scanners, around, budget);
    if (isCounted) counted.add(place);
    if (matches.length > 0) held.set(place, { matches, path, isKey });
    if (path !== null) parts.add(text, place, path, isKey);
    place += 1;
  };
  const state = walkThrough(value, visit, bounds);
  const texts = state.exceeded ? held : withShares(held, parts.matches(scanners, budget));
  for (let i = 0; i < place; i += 1) {
    const matches = texts.get(i)?.matches ?? NOTHING.matches;
    const isCounted = counted.has(i);
    onText(matches.length === 0 && !isCounted ? NOTHING : { matches, isCounted });
  }
  if (budget.work.left < 0) return { ok: false, code: 'rules_too_costly' };
  if (state.exceeded || budget.exceeded) return { ok: false, code: 'scan_too_large' };
  const pending = [...texts.values()].flatMap(pendingOf);
  const kept = keepMostSevere(pending, bounds.max_findings);
  return {
    ok: true,
    findings: kept.map((found) => writeFinding(found, bounds)),
    truncated: kept.length < pending.length,
  };
}

/** What one text holds. */
export function readText(
  text: string,
  scanners: readonly ScannerName[],
  around: Surroundings,
  budget: Budget,
): Content {
  const { tries, plans } = budget;
  const before = tries.left + plans.left;
  const matches = matchText(text, scanners, around, budget);
  const isCounted = tries.left + plans.left !== before;
  return matches.length === 0 && !isCounted ? NOTHING : { matches, isCounted };
}

/** Adds what a text has a part in, in the order of the document. */
function withShares(
  held: ReadonlyMap<number, Held>,
  shares: ReadonlyMap<number, Share<Path>>,
): ReadonlyMap<number, Held> {
  if (shares.size === 0) return held;
  const all = new Map(held);
  for (const [i, { matches, path, isKey }] of shares)
    all.set(i, { matches: mergeByType([...(held.get(i)?.matches ?? []), ...matches]), path, isKey });
  return new Map([...all].sort(([a], [b]) => a - b));
}

/** Matches of one text that are alike, as one; what goes on from an earlier text counts there. */
function pendingOf({ matches, path, isKey }: Held): Pending[] {
  if (matches.length === 1 && matches[0]!.isRest !== true) return [{ match: matches[0]!, count: 1, path, isKey }];
  const alike = new Map<string, Pending>();
  for (const match of matches) {
    if (match.isRest === true) continue;
    const kind = `${match.type} ${match.severity} ${match.confidence} ${match.why}`;
    const known = alike.get(kind);
    if (known !== undefined) known.count += 1;
    else alike.set(kind, { match, count: 1, path, isKey });
  }
  return [...alike.values()];
}

/** All of them in the order in which `onText` hears of them; null where they are too many. */
export function textsOf(value: unknown, bounds: ScanLimits): PlacedText[] | null {
  const texts: PlacedText[] = [];
  const visit: Visit = (text, _, path, isKey) =>
    void texts.push({ text, place: () => writePlace(path, bounds) + (isKey ? '/~key' : '') });
  const state = walkThrough(value, visit, bounds);
  return state.exceeded ? null : texts;
}

/** Findings of matches that somebody else made: those of one text that are alike count as one. */
export function findingsOf(texts: readonly PlacedText[], matches: readonly (readonly Match[])[]): Finding[] {
  return texts.flatMap(({ place }, i) => {
    const alike = new Map<string, Finding>();
    for (const { type, scanner, severity, confidence, why } of matches[i]!) {
      const kind = `${type} ${severity} ${confidence}`;
      const known = alike.get(kind);
      if (known !== undefined) known.count += 1;
      else alike.set(kind, { scanner, type, place: place(), count: 1, severity, confidence, why });
    }
    return [...alike.values()];
  });
}

/** Most severe first; where they are too many, one of each type stays, so that no rule loses the one it looks for. */
function keepMostSevere(pending: Pending[], max: number): Pending[] {
  const ranked = pending.toSorted((a, b) => rank(b) - rank(a));
  if (ranked.length <= max) return ranked;
  const seen = new Set<AnyTypeName>();
  const firsts = new Set(ranked.filter(({ match }) => !seen.has(match.type) && seen.add(match.type)));
  const room = Math.max(0, max - firsts.size);
  const others = new Set(ranked.filter((finding) => !firsts.has(finding)).slice(0, room));
  return ranked.filter((finding) => firsts.has(finding) || others.has(finding));
}

function rank({ match }: Pending): number {
  return SEVERITY_RANK[match.severity];
}

function writeFinding({ match, count, path, isKey }: Pending, bounds: ScanLimits): Finding {
  const { type, scanner, severity, confidence, why } = match;
  const place = writePlace(path, bounds) + (isKey ? '/~key' : '');
  return { scanner, type, place, count, severity, confidence, why };
}
