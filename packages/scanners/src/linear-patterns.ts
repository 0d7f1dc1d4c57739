/**
 * The one place of this package where expressions of somebody else run: on RE2, in time proportional to the text. What an
 * expression has learnt of texts takes memory, up to some megabytes, so only the last few used ones keep it.
 */
import { RE2JS, RE2JSException } from 're2js';

/** Expressions that stay ready. */
const WARM = 16;
const warm = new Map<string, RE2JS>();

/** [start, end) of all of the match and of each group, -1 for a group that took no part. */
export type Spans = readonly (readonly [start: number, end: number])[];

const FIRST_STEP = 1_024;

type Piece = { from: number; clear: number; end: number };

/** Null for what is no expression of RE2. */
export function readPattern(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch (thrown) {
    if (thrown instanceof RE2JSException) return null;
    throw thrown;
  }
}

/** Takes only what `readPattern` has read before. */
export function patternOf(pattern: string): RE2JS {
  const known = warm.get(pattern) ?? RE2JS.compile(pattern);
  warm.delete(pattern);
  warm.set(pattern, known);
  if (warm.size > WARM) warm.delete(warm.keys().next().value!);
  return known;
}

/**
 * Every match of a pattern in a text, from left to right, none inside of another. Whether a piece of text holds a match is
 * known quickly, where it stands is not: so pieces are asked first, each twice as long as the one before. `pay` is told of
 * characters before they are read; it says false to end the search.
 */
export function* matchesOf(pattern: string, text: string, pay: (chars: number) => boolean): Generator<Spans> {
  const compiled = patternOf(pattern);
  let from = 0;
  let clear = 0;
  let size = FIRST_STEP;
  for (;;) {
    const end = Math.min(text.length, from + size);
    if (!pay(end - from)) return;
    const found = holdsMatch(compiled, text, from, end) ? locate(compiled, text, { from, clear, end }, pay) : null;
    if (found === 'unpaid') return;
    if (found !== null) yield found;
    else if (end === text.length) return;
    if (found === null) [clear, size] = [end, 2 * size];
    else {
      const [start, past] = found[0]!;
      from = past > start ? past : past + 1;
      if (from > text.length) return;
      [clear, size] = [from, FIRST_STEP];
    }
  }
}

/** With the character before, which decides whether a word begins. What only looks like a match at an edge counts too. */
function holdsMatch(compiled: RE2JS, text: string, from: number, end: number): boolean {
  return compiled.test(text.slice(Math.max(0, from - 1), end));
}

/** Null where the piece ends inside of the match, or holds none after all. */
function locate(
  compiled: RE2JS,
  text: string,
  { from, clear, end }: Piece,
  pay: (chars: number) => boolean,
): Spans | 'unpaid' | null {
  const until = Math.min(text.length, end + FIRST_STEP);
  const matcher = compiled.matcher(text.slice(0, until));
  // No match ends before `low`, so the first one most likely begins shortly before it.
  let [low, high] = [clear, end];
  while (high - low > FIRST_STEP) {
    const middle = (low + high) >> 1;
    if (!pay(middle - from)) return 'unpaid';
    if (holdsMatch(compiled, text, from, middle)) high = middle;
    else low = middle;
  }
  for (const start of [Math.max(from, low - FIRST_STEP), from]) {
    if (!pay(until - start)) return 'unpaid';
    if (!matcher.find(start)) continue;
    const [begins, ends] = [matcher.start(), matcher.end()];
    if (begins === start && start !== from) continue;
    if (ends === until && until < text.length) return null;
    return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => [matcher.start(group), matcher.end(group)]);
  }
  return null;
}
