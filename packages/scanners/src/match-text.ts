/**
 * Runs the detectors over one string and over everything it hides: the folded text, and a few layers of encodings.
 * Matches come back as spans of the original string. The work is counted against a budget.
 */
import { MODEL_TYPE_PREFIX } from '@countersign/contracts/scanner-rules';
import { buildAnchorTable, type Hits } from './anchors.ts';
import { nameStrength } from './credential-names.ts';
import { MIN_LENGTH as MIN_SECRET } from './credential-values.ts';
import { hiddenViews } from './decode.ts';
import { namesDocument } from './detect-documents.ts';
import { detectPii, PII_ANCHORS } from './detect-pii.ts';
import { detectForeignInjection, detectPromptInjection, INJECTION_ANCHORS } from './detect-prompt-injection.ts';
import { detectSecrets, SECRET_ANCHORS } from './detect-secrets.ts';
import type { Emit } from './emit.ts';
import {
  type AnyTypeName,
  type Confidence,
  FINDING_TYPES,
  findingType,
  type ScannerName,
  SEVERITY_RANK,
  type Severity,
} from './finding-types.ts';
import { foldView, sourceSpan, sourceView, type View } from './normalise.ts';
import { detectOwn, isOwnType, OWN_RULE, type ReportOwn } from './own-rules.ts';
import { readMeanings } from './read-meanings.ts';
import type { Respell } from './respell.ts';
import { A_VIEW, type Budget, spend } from './scan-limits.ts';
import { NOWHERE, type Surroundings } from './surroundings.ts';

/** Internal: one match in a string, [start, end) in its UTF-16 units. Never leaves the package with its text. */
export type Match = {
  readonly type: AnyTypeName;
  readonly scanner: ScannerName;
  readonly start: number;
  readonly end: number;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly why: string;
  readonly open: boolean;
  /** It goes on from an earlier text of the document, where it counts. */
  readonly isRest?: boolean;
};

/** How many encodings inside each other are undone. */
const MAX_LAYERS = 3;

/** Characters of one text that are read as they may be meant, and of what was read so again: disguises inside each other. */
const MAX_MEANT = 64 * 1024;
const MAX_MEANT_AGAIN = 8 * 1024;

const findAnchors = buildAnchorTable([...SECRET_ANCHORS, ...PII_ANCHORS, ...INJECTION_ANCHORS]);
const FIRST_PII_ANCHOR = SECRET_ANCHORS.length;
const FIRST_INJECTION_ANCHOR = FIRST_PII_ANCHOR + PII_ANCHORS.length;

type Looks = {
  /** Reads a text whose anchors were found; what it returns makes the texts that it may be meant as. */
  readonly plain: (view: View, hits: Hits) => Respell;
  /** Reads the text as it was written, where it is not plain. */
  readonly written: (view: View) => void;
  /** Who reads what the text may be meant as; null for who does so already. */
  readonly meant: ((isGuess: boolean) => Looks) | null;
};

const OWN_MARK = '[redacted:custom]';
const MODEL_MARK = '[redacted:model]';

const MARKS = new Set([...FINDING_TYPES.map(({ type }) => redactionMark(type)), OWN_MARK, MODEL_MARK]);
const MARK_FORM = /\[redacted:[a-z_]{2,32}\]/g;
// A member name that was redacted, numbered where there are several; too few digits for any number that is looked for.
const REDACTED_NAME = /^(\[redacted:[a-z_]{2,32}\])(?:#\d{1,6})?$/;

const MAX_SHORT = 12;
/** An order has at least two words that mean something. */
const MIN_MEANINGS = 2;

const CONFIDENCE_RANK: Readonly<Record<Confidence, number>> = { possible: 0, likely: 1, certain: 2 };

/** The mark that stands for a match. It names the type and nothing else; all own rules share one, and so do models. */
export function redactionMark(type: AnyTypeName): string {
  if (isOwnType(type)) return type.startsWith(MODEL_TYPE_PREFIX) ? MODEL_MARK : OWN_MARK;
  return `[redacted:${type}]`;
}

/**
 * Matches of the named scanners in one string, in order of their start, those of one type merged where they overlap.
 * `around` is where the string stands: it tells a password from a word.
 */
export function matchText(
  text: string,
  scanners: readonly ScannerName[],
  around: Surroundings,
  budget: Budget,
): Match[] {
  if (around.key === 'inside' && scanners.includes('secrets') && blankMarks(text).trim() !== '') return [keyLine(text)];
  if (isRedacted(text)) return [];
  if (budget.own.rules.length === 0 && text.length <= MAX_SHORT && isBarren(text, around)) return [];
  return look(text, scanners, around, budget, false);
}

/**
 * What a text tells a reader to do that nobody wrote in one piece: words of the vocabulary count in it, and nothing else.
 */
export function matchPieced(text: string, budget: Budget): Match[] {
  return !spend(budget, text.length) || readMeanings(sourceView(text)).meanings.length < MIN_MEANINGS
    ? []
    : look(text, ['prompt_injection'], NOWHERE, budget, true);
}

function look(
  text: string,
  scanners: readonly ScannerName[],
  around: Surroundings,
  budget: Budget,
  isGuess: boolean,
): Match[] {
  const hasOwn = budget.own.rules.length > 0;
  const found: Match[] = [];
  const has = {
    pii: scanners.includes('pii'),
    secrets: scanners.includes('secrets'),
    injection: scanners.includes('prompt_injection'),
  };
  const pii = { around, countries: budget.countries, plans: budget.plans, firstAnchor: FIRST_PII_ANCHOR };
  const emitIn =
    (view: View): Emit =>
    (type, start, end, note) => {
      const [from, to] = sourceSpan(view, start, end);
      const { scanner, severity, confidence, basis } = findingType(type);
      found.push({
        type,
        scanner,
        start: from,
        end: to,
        severity: note?.severity ?? severity,
        confidence: note?.confidence ?? confidence,
        why: note?.why ?? basis,
        open: note?.open ?? false,
      });
    };
  const lookForOwn = (view: View): void => {
    const report: ReportOwn = ({ type, scanner, severity, confidence }, start, end) => {
      const [from, to] = sourceSpan(view, start, end);
      found.push({ type, scanner, start: from, end: to, severity, confidence, why: OWN_RULE, open: false });
    };
    if (hasOwn && !detectOwn(view.text, budget.own, scanners, budget.work, report)) budget.exceeded = true;
  };
  const lookForOrders = (view: View, hits: Hits, isGuess: boolean): Respell =>
    has.injection
      ? detectPromptInjection(view, hits, { firstAnchor: FIRST_INJECTION_ANCHOR, isGuess }, emitIn(view))
      : () => [];
  const meant = (isGuess: boolean): Looks => ({
    plain: (view, hits) => lookForOrders(view, hits, isGuess),
    written: () => undefined,
    meant: null,
  });
  const all: Looks = {
    meant,
    plain: (view, hits) => {
      const emit = emitIn(view);
      lookForOwn(view);
      if (has.pii) detectPii(view, hits, pii, emit);
      if (has.secrets) detectSecrets(view.text, hits, around, around.key === 'opens', emit);
      return lookForOrders(view, hits, false);
    },
    written: (view) => {
      lookForOwn(view);
      if (has.injection) detectForeignInjection(view.text, emitIn(view));
    },
  };
  const source = sourceView(blankMarks(text));
  if (isGuess) lookThrough(source, 1, budget, meant(true));
  else lookThrough(source, MAX_LAYERS, budget, all);
  return found.length < 2 ? found : mergeByType(found);
}

/**
 * Marks read as blanks of the same length: the names in them are not words of the text, and words around them stand
 * next to each other, so that writing a mark into a phrase hides nothing.
 */
function blankMarks(text: string): string {
  return text.includes('[redacted:')
    ? text.replace(MARK_FORM, (form) => (MARKS.has(form) ? ' '.repeat(form.length) : form))
    : text;
}

/** Whether redaction left nothing of it. */
function isRedacted(text: string): boolean {
  const mark = text.startsWith('[redacted:') ? REDACTED_NAME.exec(text)?.[1] : undefined;
  return mark !== undefined && MARKS.has(mark);
}

/** All of a line inside a private key; one that was redacted before is clean. */
function keyLine(text: string): Match {
  return {
    type: 'private_key',
    scanner: 'secrets',
    start: 0,
    end: text.length,
    severity: 'critical',
    confidence: 'certain',
    why: 'pem',
    open: false,
  };
}

/** Too short for any number, token or order: letters and a few digits under a name that makes nothing of them. */
function isBarren(text: string, { name, path }: Surroundings): boolean {
  let digits = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digits += 1;
    else if (code !== 32 && code !== 45 && code !== 95 && ((code | 32) < 97 || (code | 32) > 122)) return false;
  }
  if (digits > 3 || (text.length >= MIN_SECRET && nameStrength(name) !== null)) return false;
  return digits === 0 || !namesDocument(name, path);
}

function lookThrough(view: View, layers: number, budget: Budget, looks: Looks): void {
  if (!spend(budget, view.text.length)) return;
  const early = findAnchors(view.text, view.codes, true);
  const folded = early === null ? foldView(view) : null;
  if (early === null) looks.written(view);
  const plain = folded?.view ?? view;
  // Where folding only put one letter for another, the folded text says all that the text as it stands does.
  if (folded?.joins) looks.plain(view, findAnchors(view.text, view.codes));
  if (folded !== null) spend(budget, plain.text.length);
  const plainHits = early ?? findAnchors(plain.text, plain.codes);
  const respell = looks.plain(plain, plainHits);
  if (layers === 0) return;
  for (const hidden of hiddenViews(view, plain, plainHits.survey, budget))
    if (spend(budget, A_VIEW)) lookThrough(hidden, layers - 1, budget, looks);
  const most = looks.meant === null ? MAX_MEANT_AGAIN : MAX_MEANT;
  for (const { view: meant, isGuess } of respell(most, budget))
    lookThrough(meant, Math.min(layers - 1, 1), budget, looks.meant?.(isGuess) ?? looks);
}

/** Of matches that overlap the most severe one speaks, and of those alike the most certain. */
export function mergeByType(found: Match[]): Match[] {
  const sorted = found.sort((a, b) => a.start - b.start || b.end - a.end || compare(a.type, b.type));
  const last = new Map<AnyTypeName, number>();
  const merged: Match[] = [];
  for (const match of sorted) {
    const at = last.get(match.type);
    const previous = at === undefined ? undefined : merged[at]!;
    if (at !== undefined && previous !== undefined && match.start < previous.end) {
      const stronger = isStronger(match, previous) ? match : previous;
      const end = Math.max(previous.end, match.end);
      merged[at] = { ...stronger, start: previous.start, end, open: previous.open || match.open };
      continue;
    }
    last.set(match.type, merged.length);
    merged.push(match);
  }
  return merged;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isStronger(a: Match, b: Match): boolean {
  return (
    SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity] > 0 ||
    (a.severity === b.severity && CONFIDENCE_RANK[a.confidence] > CONFIDENCE_RANK[b.confidence])
  );
}
