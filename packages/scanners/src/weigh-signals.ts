/**
 * Decides from the meanings in a text whether it wants to instruct a model: signals are sequences of meanings, and those
 * close together add up. What is only quoted, talked about or forbidden counts for less, and never for nothing.
 */
import type { Emit } from './emit.ts';
import type { FindingTypeName } from './finding-types.ts';
import { SIGNALS, type Signal } from './injection-signals.ts';
import { MENTION, NOT } from './injection-vocabulary.ts';
import type { Meaning } from './read-meanings.ts';

type Found = { signal: Signal; start: number; end: number; first: number };

/** Words within which signals add up. */
const WINDOW = 48;
/** Signals looked at in one text; what comes after repeats. */
const MAX_FOUND = 200_000;

const FIRST_BITS = SIGNALS.reduce((all, { steps }) => all | steps[0]!, 0);

// Which signals can begin with a word, by its meanings; words share some dozens of these.
const BEGINNING = new Map<number, readonly Signal[]>();

type Place = { start: number; end: number; type: FindingTypeName; signals: readonly Found[] };

const BEFORE = 160;
const BEHIND = 80;

const FORBIDS =
  /(?:^|[^A-Za-z])(?:not|never|n['’]?t|cannot|nicht|nie|niemals|no|nunca|jamas|pas|jamais|non|nao|niet|nooit)(?: (?:to|ever|simply|just|be|ihr|sie))? ?$/i;

export function weighSignals(text: string, meanings: readonly Meaning[], emit: Emit): void {
  if (meanings.length === 0) return;
  const found = findSignals(meanings);
  if (found.length === 0) return;
  for (let i = 0; i < found.length; i += 1) {
    const one = found[i]!;
    if (one.signal.weight >= 1) report(text, meanings, [one], emit);
  }
  reportSums(
    text,
    meanings,
    found.filter(({ signal }) => signal.weight < 1),
    emit,
  );
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

function report(text: string, meanings: readonly Meaning[], signals: readonly Found[], emit: Emit): void {
  const start = Math.min(...signals.map((one) => one.start));
  const end = Math.max(...signals.map((one) => one.end));
  const type = signals[0]!.signal.type;
  const lowered = whyLowered(text, meanings, { start, end, type, signals });
  const names = [...new Set(signals.map(({ signal }) => signal.name))].slice(0, 4).join(', ');
  if (lowered === null) emit(type, start, end, { why: names });
  else emit(type, start, end, { why: `${names}; ${lowered}`, severity: 'low' });
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
  return mentions === 1 && isQuoted(text, start, end) ? 'quoted' : null;
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

/** Weak signals that do not share words, inside one window, strongest first; reported where they come to 1. */
function reportSums(text: string, meanings: readonly Meaning[], weak: readonly Found[], emit: Emit): void {
  for (let i = 0; i < weak.length; ) {
    let j = i;
    while (j < weak.length && weak[j]!.first - weak[i]!.first <= WINDOW) j += 1;
    const chosen = chooseApart(weak.slice(i, j));
    const sum = chosen.reduce((total, { signal }) => total + signal.weight, 0);
    if (sum < 0.999) {
      i += 1;
      continue;
    }
    report(text, meanings, chosen, emit);
    i = j;
  }
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
