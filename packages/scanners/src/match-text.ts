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
import { foldView, passingView, sourceSpan, type View } from './normalise.ts';
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

/** How a text is read: as somebody wrote it, or as it may be meant, and then perhaps by words that whoever read it put there. */
type Mode = 'written' | 'meant' | 'guessed';

const OWN_MARK = '[redacted:custom]';
const MODEL_MARK = '[redacted:model]';

const MARKS = new Set([...FINDING_TYPES.map(({ type }) => redactionMark(type)), OWN_MARK, MODEL_MARK]);
const MARK_FORM = /\[redacted:[a-z_]{2,32}\]/g;
/** Behind the mark of a member name, where there are several; too few digits for any number that is looked for. */
const NUMBERED = /^#\d{1,6}$/;

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
  if (!spend(budget, text.length)) return [];
  const { meanings, taken } = readMeanings(passingView(text));
  return meanings.length < MIN_MEANINGS && taken.length === 0
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
  const search = new Search(scanners, around, budget);
  const source = passingView(blankMarks(text));
  if (isGuess) search.through(source, 1, 'guessed');
  else search.through(source, MAX_LAYERS, 'written');
  return search.found.length < 2 ? search.found : mergeByType(search.found);
}

/** Looks through one text, and collects what it finds. */
class Search {
  readonly found: Match[] = [];
  readonly #scanners: readonly ScannerName[];
  readonly #around: Surroundings;
  readonly #budget: Budget;
  readonly #judgesOrders: boolean;
  /** What is read, which places are told in. */
  #view!: View;
  readonly #emit: Emit = (type, start, end, note) => {
    const [from, to] = sourceSpan(this.#view, start, end);
    const { scanner, severity, confidence, basis } = findingType(type);
    this.found.push({
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

  constructor(scanners: readonly ScannerName[], around: Surroundings, budget: Budget) {
    this.#scanners = scanners;
    this.#around = around;
    this.#budget = budget;
    this.#judgesOrders = scanners.includes('prompt_injection');
  }

  through(view: View, layers: number, mode: Mode): void {
    const budget = this.#budget;
    if (!spend(budget, view.text.length)) return;
    const early = findAnchors(view.text, view.codes, true);
    const folded = early === null ? foldView(view) : null;
    if (early === null && mode === 'written') this.#unfolded(view);
    const plain = folded?.view ?? view;
    // Where folding only put one letter for another, the folded text says all that the text as it stands does.
    if (folded?.joins) this.#plain(view, findAnchors(view.text, view.codes), mode);
    if (folded !== null) spend(budget, plain.text.length);
    const plainHits = early ?? findAnchors(plain.text, plain.codes);
    const respell = this.#plain(plain, plainHits, mode);
    if (layers === 0) return;
    for (const hidden of hiddenViews(view, plain, plainHits.survey, budget))
      if (spend(budget, A_VIEW)) this.through(hidden, layers - 1, mode);
    const most = mode === 'written' ? MAX_MEANT : MAX_MEANT_AGAIN;
    for (const { view: meant, isGuess } of respell(most, budget))
      this.through(meant, Math.min(layers - 1, 1), mode === 'written' ? (isGuess ? 'guessed' : 'meant') : mode);
  }

  /** Reads a text whose anchors were found; what it returns makes the texts that it may be meant as. */
  #plain(view: View, hits: Hits, mode: Mode): Respell {
    this.#view = view;
    if (mode === 'written') {
      const { countries, plans } = this.#budget;
      const around = this.#around;
      this.#own();
      if (this.#scanners.includes('pii'))
        detectPii(view, hits, { around, countries, plans, firstAnchor: FIRST_PII_ANCHOR }, this.#emit);
      if (this.#scanners.includes('secrets'))
        detectSecrets(view.text, hits, around, around.key === 'opens', this.#emit);
    }
    if (!this.#judgesOrders) return NOT_MEANT;
    const reader = { firstAnchor: FIRST_INJECTION_ANCHOR, isGuess: mode === 'guessed' };
    return detectPromptInjection(view, hits, reader, this.#emit);
  }

  /** Reads the text as it was written, where it is not plain. */
  #unfolded(view: View): void {
    this.#view = view;
    this.#own();
    if (this.#judgesOrders) detectForeignInjection(view.text, this.#emit);
  }

  #own(): void {
    const budget = this.#budget;
    if (budget.own.rules.length === 0) return;
    const view = this.#view;
    const report: ReportOwn = ({ type, scanner, severity, confidence }, start, end) => {
      const [from, to] = sourceSpan(view, start, end);
      this.found.push({ type, scanner, start: from, end: to, severity, confidence, why: OWN_RULE, open: false });
    };
    if (!detectOwn(view.text, budget.own, this.#scanners, budget.work, report)) budget.exceeded = true;
  }
}

const NOT_MEANT: Respell = () => [];

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
  if (!text.startsWith('[redacted:')) return false;
  const end = text.indexOf(']') + 1;
  return MARKS.has(text.slice(0, end)) && (end === text.length || NUMBERED.test(text.slice(end)));
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
