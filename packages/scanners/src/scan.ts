/**
 * Scans a JSON document: every string, every member name, every whole number. It reports type, place and count and
 * never the text that matched; a document beyond its limits is refused, so that callers fail closed.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { NO_OWN_RULES, type OwnRules } from '@countersign/contracts/scanner-rules';
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
import { type Budget, type Match, matchText, mergeByType } from './match-text.ts';
import { NOWHERE, ofItems, ofMembers, type Surroundings } from './surroundings.ts';

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

/**
 * Internal: a way down the document, kept as a list so that a place is only written when something is found. `inside`: the
 * object or list, counted.
 */
type Path = {
  readonly parent: Path | null;
  readonly name: string | number;
  readonly position: number;
  readonly shape: Shape | null;
  readonly inside: number;
};

/** A way down in which all places of a list are the same one. */
type Shape = { members: Map<string, Shape> | null };

type Visit = (text: string, around: Surroundings, path: Path | null, isKey: boolean) => void;
type Walk = {
  readonly visit: Visit;
  readonly limits: ScanLimits;
  chars: number;
  strings: number;
  lists: number;
  exceeded: boolean;
};

/** No member has this name, under which items of a list stand. */
const ITEMS = '\u0000items';

/** Ciphers that are tried in one document. */
const MOST_TRIES = 16;

const MIN_NUMBER_LENGTH = 8;

/** Fewer bytes hold nothing that is looked for. */
const MIN_BYTES = 11;

const MAX_NAME_IN_PLACE = 64;

/** A text of a document, or a name in it, and how to write its place. */
export type PlacedText = { readonly text: string; readonly place: () => string };

/** A finding whose place is not written yet: a hostile document can hold far more of them than are returned. */
type Pending = { match: Match; count: number; path: Path | null; isKey: boolean };

/** What one text holds, by the place of the text in the document. */
type Held = { readonly matches: readonly Match[]; readonly path: Path | null; readonly isKey: boolean };

/** Internal: what one scan, or several of the same content, may spend. */
export function budgetOf({ max_work_chars, max_rule_work, countries, own }: ScanLimits): Budget {
  return {
    left: max_work_chars,
    exceeded: false,
    countries,
    own: own ?? NO_OWN_RULES,
    work: { left: max_rule_work },
    tries: { left: MOST_TRIES },
  };
}

/** Internal: the text of a leaf, null where there is nothing to read. Card and tax numbers arrive as numbers too, texts as lists of bytes. */
export function leafText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return textOfBytes(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) return null;
  const digits = String(value);
  return digits.length < MIN_NUMBER_LENGTH ? null : digits;
}

/**
 * Scans parsed JSON with the named scanners. Pure and deterministic: the most severe findings first, then by place.
 * `onText` is told what each text that is not empty holds, in the order of the document, each name before its member.
 */
export function scanValue(
  value: unknown,
  scanners: readonly ScannerName[],
  limits: Partial<ScanLimits> = {},
  onText: ((matches: readonly Match[]) => void) | null = null,
): ScanResult {
  const bounds = { ...SCAN_LIMITS, ...limits };
  const budget = budgetOf(bounds);
  const held = new Map<number, Held>();
  const parts = new Parts<Path>();
  let place = 0;
  const visit: Visit = (text, around, path, isKey) => {
    const matches = matchText(text, scanners, around, budget);
    if (matches.length > 0) held.set(place, { matches, path, isKey });
    if (path !== null) parts.add(text, place, path, isKey);
    place += 1;
  };
  const state = walkThrough(value, visit, bounds);
  const texts = state.exceeded ? held : withShares(held, parts.matches(scanners, budget));
  if (onText !== null) for (let i = 0; i < place; i += 1) onText(texts.get(i)?.matches ?? []);
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

/** What a list of printable bytes says. */
function textOfBytes(list: readonly unknown[]): string | null {
  if (list.length < MIN_BYTES || !list.every(isPrintable)) return null;
  return Buffer.from(list as number[]).toString('latin1');
}

function isPrintable(byte: unknown): boolean {
  return (
    typeof byte === 'number' && Number.isInteger(byte) && ((byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13))
  );
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

function walkThrough(value: unknown, visit: Visit, limits: ScanLimits): Walk {
  const state: Walk = { visit, limits, chars: 0, strings: 0, lists: 0, exceeded: false };
  walk(state, value, NOWHERE, null, 0);
  return state;
}

function walk(state: Walk, value: unknown, around: Surroundings, path: Path | null, depth: number): void {
  if (state.exceeded) return;
  const text = leafText(value);
  if (text !== null) visitText(state, text, around, path, false);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= state.limits.max_depth) {
    state.exceeded = true;
    return;
  }
  const inside = state.lists;
  state.lists += 1;
  if (Array.isArray(value)) {
    const standing = ofItems(value, around);
    const shape = path?.shape ? shapeOf(path.shape, ITEMS) : { members: null };
    value.forEach((item, position) => {
      walk(state, item, standing(position), { parent: path, name: position, position, shape, inside }, depth + 1);
    });
    return;
  }
  const names = Object.keys(value);
  const standing = ofMembers(value, around, names);
  names.forEach((name, position) => {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    const shape = path?.shape ? shapeOf(path.shape, name) : null;
    const inner = { parent: path, name, position, shape, inside };
    visitText(state, name, NOWHERE, inner, true);
    walk(state, member, standing(name, member), inner, depth + 1);
  });
}

function shapeOf(above: Shape, name: string): Shape {
  above.members ??= new Map();
  const known = above.members.get(name);
  if (known !== undefined) return known;
  const shape = { members: null };
  above.members.set(name, shape);
  return shape;
}

function visitText(state: Walk, text: string, around: Surroundings, path: Path | null, isKey: boolean): void {
  state.chars += text.length;
  state.strings += 1;
  if (state.chars > state.limits.max_chars || state.strings > state.limits.max_strings) state.exceeded = true;
  if (!state.exceeded && text !== '') state.visit(text, around, path, isKey);
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

/** A long way down is written by positions alone: places stand in decisions and in evidence. */
function writePlace(path: Path | null, bounds: ScanLimits): string {
  const place = joinPlace(path, (at) => writeSegment(at, bounds));
  return place.length <= LIMITS.pointer_chars ? place : joinPlace(path, writePosition);
}

function joinPlace(path: Path | null, write: (at: Path) => string): string {
  const segments: string[] = [];
  for (let at = path; at; at = at.parent) segments.push(`/${write(at)}`);
  return segments.reverse().join('');
}

function writeSegment(at: Path, bounds: ScanLimits): string {
  const { name } = at;
  if (typeof name === 'number') return String(name);
  if (name.length > MAX_NAME_IN_PLACE || isSensitive(name, bounds)) return writePosition(at);
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Judged by every scanner, not only those asked for: a place is read by more people than the document. */
function isSensitive(name: string, bounds: ScanLimits): boolean {
  const budget = budgetOf({
    ...bounds,
    max_work_chars: MAX_NAME_IN_PLACE * 64,
    max_rule_work: Number.POSITIVE_INFINITY,
  });
  return matchText(name, SCANNER_NAMES, NOWHERE, budget).length > 0;
}

function writePosition({ name, position }: Path): string {
  return (typeof name === 'number' ? '' : '~@') + position;
}
