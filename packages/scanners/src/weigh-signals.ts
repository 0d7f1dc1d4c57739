/**
 * Decides from the meanings in a text whether it wants to instruct a model: signals are sequences of meanings, and those
 * close together add up. What is only quoted, talked about or forbidden counts for less, and never for nothing.
 */
import type { Emit } from './emit.ts';
import type { FindingTypeName } from './finding-types.ts';
import { SIGNALS, type Signal } from './injection-signals.ts';
import { MENTION, NOT } from './injection-vocabulary.ts';
import { type Judged, judgeSentences } from './judge-sentences.ts';
import type { View } from './normalise.ts';
import type { Meaning } from './read-meanings.ts';

type Found = { signal: Signal; start: number; end: number; first: number };

/** Words within which signals add up. */
const WINDOW = 48;
/** Signals looked at in one text; what comes after repeats. */
const MAX_FOUND = 200_000;

const FIRST_BITS = SIGNALS.reduce((all, { steps }) => all | steps[0]!, 0);

// Which signals can begin with a word, by its meanings; words share some dozens of these.
const BEGINNING = new Map<number, readonly Signal[]>();

type Span = { readonly start: number; readonly end: number };
type Said = { readonly text: string; readonly meanings: readonly Meaning[]; readonly judged: readonly Judged[] };
type Place = { start: number; end: number; type: FindingTypeName; signals: readonly Found[] };

/** A sentence above it is found by itself; chosen on held-out families, see docs/scanners.md. */
const READS_LIKE_AN_ORDER = 0.3;
/** Of many sentences some reach any bound by chance, so the bound rises with the logarithm of their number, up to so much. */
const CHANCE = { free: 4, rise: 0.4, most: 1.6 };
/** How much of that rise is asked of a sentence in which a signal begins, however weak: two kinds of evidence. */
const HINTED = 0.5;
/** Signals in sentences below it are lowered. */
const READS_HONEST = -0.3;
export const HONEST = 'reads like honest text';
const READS_LIKE = 'reads like an order to a model';

const BEFORE = 160;
const BEHIND = 80;

const FORBIDS =
  /(?:^|[^A-Za-z])(?:not|never|n['’]?t|cannot|nicht|nie|niemals|no|nunca|jamas|pas|jamais|non|nao|niet|nooit)(?: (?:to|ever|simply|just|be|ihr|sie))? ?$/i;

const REPORTS =
  /\b(?:describes?|described|answer(?:s|ed) [a-z ]{0,24}with|an? (?:mail|message|note|text|line|sentence|phrase) (?:with|like|that (?:says|said|reads))|called|such as|the (?:phrase|words|sentence|string)|filters? for)[,:]? ["'`][^"'`\n]{0,80}$/i;

/** `judges`: whether sentences are judged as wholes, too. */
export function weighSignals(
  view: View,
  meanings: readonly Meaning[],
  { judges }: { judges: boolean },
  emit: Emit,
): void {
  if (meanings.length === 0) return;
  const { text } = view;
  const found = findSignals(meanings);
  const judged = judgeSentences(view, meanings);
  const reported: Span[] = [];
  const tell: Emit = (type, start, end, note) => {
    if (note?.severity !== 'low') reported.push({ start, end });
    emit(type, start, end, note);
  };
  const said: Said = { text, meanings, judged };
  for (const one of found) if (one.signal.weight >= 1) report(said, [one], tell);
  const weak = found.filter(({ signal }) => signal.weight < 1);
  reportSums(said, weak, tell);
  if (judges) reportSentences(said, found, reported, emit);
}

/** Sentences that read like an order, where no signal says so already. */
function reportSentences(
  { text, meanings, judged }: Said,
  found: readonly Found[],
  reported: Span[],
  emit: Emit,
): void {
  reported.sort((a, b) => a.end - b.end);
  const plain = boundAmong(judged.length);
  const hinted = READS_LIKE_AN_ORDER + HINTED * (plain - READS_LIKE_AN_ORDER);
  for (const { start, end, score, untold } of judged) {
    const bound = beginsWithin(found, start, end) ? hinted : plain;
    if (untold <= bound && score <= bound) continue;
    const next = reported[firstEndingAfter(reported, start)];
    if (next !== undefined && next.start < end) continue;
    const lowered =
      score <= bound ? 'talked about' : whyLowered(text, meanings, { start, end, type: 'model_address', signals: [] });
    const note = { why: READS_LIKE, confidence: 'possible' } as const;
    if (lowered === null) emit('model_address', start, end, note);
    else emit('model_address', start, end, { ...note, why: `${READS_LIKE}; ${lowered}`, severity: 'low' });
  }
}

/** Whether a signal, in order of their starts, begins in [start, end). */
function beginsWithin(found: readonly Found[], start: number, end: number): boolean {
  let low = 0;
  let high = found.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (found[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  return low < found.length && found[low]!.start < end;
}

/** The same of other scripts, of the text as it was written. */
export function reportForeignSentences(judged: readonly Judged[], emit: Emit): void {
  const bound = boundAmong(judged.length);
  for (const { start, end, score } of judged)
    if (score > bound) emit('model_address', start, end, { why: READS_LIKE, confidence: 'possible' });
}

function boundAmong(sentences: number): number {
  const rise = CHANCE.rise * Math.log(Math.max(1, sentences / CHANCE.free));
  return READS_LIKE_AN_ORDER + Math.min(CHANCE.most, rise);
}

function findSignals(meanings: readonly Meaning[]): Found[] {
  const found: Found[] = [];
  for (let i = 0; i < meanings.length && found.length < MAX_FOUND; i += 1) {
    const { bits, first, start } = meanings[i]!;
    if ((bits & FIRST_BITS) === 0) continue;
    for (const signal of signalsFrom(bits & FIRST_BITS)) {
      const last = matchRest(meanings, signal, 1, i);
      if (last !== -1) found.push({ signal, start, end: meanings[last]!.end, first });
    }
  }
  return found;
}

function signalsFrom(bits: number): readonly Signal[] {
  const known = BEGINNING.get(bits);
  if (known !== undefined) return known;
  const signals = SIGNALS.filter(({ steps }) => (steps[0]! & bits) !== 0);
  BEGINNING.set(bits, signals);
  return signals;
}

/** Index of the meaning that ends the signal whose step before stands at i, or -1. Bounded by gap ^ steps. */
function matchRest(meanings: readonly Meaning[], signal: Signal, step: number, i: number): number {
  const { steps, gap } = signal;
  if (step === steps.length) return i;
  const { last } = meanings[i]!;
  const most = typeof gap === 'number' ? gap : gap[step === 1 ? 0 : 1];
  for (let j = i + 1; j < meanings.length && meanings[j]!.first <= last + most + 1; j += 1) {
    const next = meanings[j]!;
    if (next.first <= last || (next.bits & steps[step]!) === 0) continue;
    const end = matchRest(meanings, signal, step + 1, j);
    if (end !== -1) return end;
  }
  return -1;
}

function report({ text, meanings, judged }: Said, signals: readonly Found[], emit: Emit): void {
  const start = Math.min(...signals.map((one) => one.start));
  const end = Math.max(...signals.map((one) => one.end));
  const type = signals[0]!.signal.type;
  const lowered =
    whyLowered(text, meanings, { start, end, type, signals }) ?? (readsHonest(judged, start, end) ? HONEST : null);
  const names = [...new Set(signals.map(({ signal }) => signal.name))].slice(0, 4).join(', ');
  if (lowered === null) emit(type, start, end, { why: names });
  else emit(type, start, end, { why: `${names}; ${lowered}`, severity: 'low' });
}

/** Whether all judged sentences that [start, end) stands in, and there is one, read far less like an order than not. */
export function readsHonest(judged: readonly Judged[], start: number, end: number): boolean {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = firstEndingAfter(judged, start); i < judged.length && judged[i]!.start < end; i += 1)
    best = Math.max(best, judged[i]!.score, judged[i]!.untold);
  return best > Number.NEGATIVE_INFINITY && best < READS_HONEST;
}

/** Whether a text only talks about it: forbids it, or quotes or names it among words about attacks. */
function whyLowered(text: string, meanings: readonly Meaning[], { start, end, type, signals }: Place): string | null {
  if (isForbidden(text, start)) return 'forbidden';
  let mentions = 0;
  let denied = false;
  for (let i = firstAfter(meanings, start - BEFORE); i < meanings.length && meanings[i]!.start < end + BEHIND; i += 1) {
    const one = meanings[i]!;
    const isInside = signals.some((signal) => one.end > signal.start && one.start < signal.end);
    if ((one.bits & MENTION) !== 0 && !isInside && !isInAddress(text, one)) mentions += 1;
    const isBetween = type === 'tool_abuse' && signals.length > 1 && !isInside && one.start >= start && one.end <= end;
    denied ||= (one.bits & NOT) !== 0 && (isBetween || (isInside && type === 'model_address'));
  }
  if (denied) return 'forbidden';
  if (mentions >= 2) return 'talked about';
  return isQuoted(text, start, end) && (mentions === 1 || isReported(text, start)) ? 'quoted' : null;
}

/** A negation right before, with no punctuation between, which would make it another sentence. */
function isForbidden(text: string, start: number): boolean {
  return FORBIDS.test(text.slice(Math.max(0, start - 24), start));
}

function firstAfter(meanings: readonly Meaning[], place: number): number {
  let low = 0;
  let high = meanings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (meanings[middle]!.start < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A word of a host's name or a path says nothing of what the text is about. */
function isInAddress(text: string, { start, end }: Meaning): boolean {
  return /[./@-]/.test(text[start - 1] ?? '') || /^(?:[@/]|[.-][A-Za-z])/.test(text.slice(end, end + 2));
}

/** Between quotes of one line. */
function isQuoted(text: string, start: number, end: number): boolean {
  const before = /["'`][^"'`\n]{0,80}$/.test(text.slice(Math.max(0, start - 82), start));
  return before && /^[^"'`\n]{0,120}["'`]/.test(text.slice(end, end + 122));
}

/** A verb or noun of reporting right before the quote: it says what somebody else wrote. */
function isReported(text: string, start: number): boolean {
  return REPORTS.test(text.slice(Math.max(0, start - 112), start));
}

/** Weak signals that do not share words, inside one window, strongest first; reported where they come to 1. */
function reportSums(said: Said, weak: readonly Found[], emit: Emit): void {
  for (let i = 0; i < weak.length; ) {
    let j = i;
    while (j < weak.length && weak[j]!.first - weak[i]!.first <= WINDOW) j += 1;
    const chosen = chooseApart(weak.slice(i, j));
    const sum = chosen.reduce((total, { signal }) => total + signal.weight, 0);
    if (sum < 0.999) {
      i += 1;
      continue;
    }
    report(said, chosen, emit);
    i = j;
  }
}

/** Spans in order of their ends: the index of the first that ends after `place`. */
function firstEndingAfter(spans: readonly Span[], place: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.end <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function chooseApart(found: readonly Found[]): Found[] {
  const chosen: Found[] = [];
  for (const one of found.toSorted((a, b) => b.signal.weight - a.signal.weight || a.start - b.start).slice(0, 64)) {
    const isApart = chosen.every((other) => one.end <= other.start || one.start >= other.end);
    const isNew = chosen.every((other) => other.signal.name !== one.signal.name);
    if (isApart && isNew) chosen.push(one);
  }
  return chosen;
}
