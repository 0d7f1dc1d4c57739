/**
 * Words that tell of an order to a model however their letters are disguised: cut apart, or in another order. The test at
 * each word of a text is one look into a table, so that ordinary text pays next to nothing.
 */
import { isAlnum } from './char-kinds.ts';

/** In lower case; the first ten are also looked for backwards and rotated. */
export const TELLING: readonly string[] = [
  'ignore',
  'disregard',
  'instructions',
  'system prompt',
  'previous',
  'unrestricted',
  'reveal',
  'rules',
  'prompt',
  'forget',
];

/** Those that are one word, and more. */
export const TELLING_WORDS: readonly string[] = [
  ...TELLING.filter((word) => !word.includes(' ') && word !== 'rules'),
  ...'instruction system bypass override jailbreak guidelines restrictions pretend uncensored unfiltered hidden developer password'.split(
    ' ',
  ),
];

const A = 97;
const LETTERS = 26;
const MOST_BETWEEN = 3;
/** Shorter words are too often another word with its letters turned. */
const MIN_JUMBLED = 6;

const BY_START = new Map<number, string[]>();
const STARTS = new Uint8Array(LETTERS * LETTERS);
const BY_SHAPE = new Map<number, string[]>();
/** By first letter and length: the last letters, as bits, of such words. */
const SHAPES = new Int32Array(LETTERS * 32);
for (const word of TELLING_WORDS) {
  const start = (word.charCodeAt(0) - A) * LETTERS + word.charCodeAt(1) - A;
  STARTS[start] = 1;
  BY_START.set(start, [...(BY_START.get(start) ?? []), word]);
  if (word.length < MIN_JUMBLED) continue;
  const shape = (word.charCodeAt(0) - A) * 32 + word.length;
  SHAPES[shape]! |= 1 << (word.charCodeAt(word.length - 1) - A);
  BY_SHAPE.set(shape, [...(BY_SHAPE.get(shape) ?? []), word]);
}

/** Whether the word [start, end) of a text begins a telling word that is cut apart. */
export function beginsCutWord(codes: Uint16Array, start: number, end: number): boolean {
  const first = (codes[start]! | 32) - A;
  const second = (codes[start + 1]! | 32) - A;
  if (first < 0 || first >= LETTERS || second < 0 || second >= LETTERS) return false;
  const at = first * LETTERS + second;
  if (STARTS[at] === 0) return false;
  for (const word of BY_START.get(at)!) if (word.length > end - start && isCut(codes, start, word)) return true;
  return false;
}

/** Whether one of these words of six letters or more stands at a place among letters. */
export function beginsTellingWord(letters: Uint8Array, at: number, end: number): boolean {
  const start = (letters[at]! - A) * LETTERS + letters[at + 1]! - A;
  if (!(start >= 0) || STARTS[start] !== 1) return false;
  return BY_START.get(start)!.some((word) => {
    if (word.length < MIN_JUMBLED || at + word.length > end) return false;
    for (let i = 2; i < word.length; i += 1) if (letters[at + i] !== word.charCodeAt(i)) return false;
    return true;
  });
}

/** Whether the word [start, end) has the letters of a telling word, its first and last in place, and is another. */
export function isJumbledWord(text: string, codes: Uint16Array, start: number, end: number): boolean {
  const first = (codes[start]! | 32) - A;
  const length = end - start;
  if (length < MIN_JUMBLED || length >= 32 || first < 0 || first >= LETTERS) return false;
  const at = first * 32 + length;
  const last = (codes[end - 1]! | 32) - A;
  if (last < 0 || last >= LETTERS || (SHAPES[at]! & (1 << last)) === 0) return false;
  const written = text.slice(start, end).toLowerCase();
  return BY_SHAPE.get(at)!.some(
    (word) => written !== word && word.endsWith(written.at(-1)!) && jumbledKey(written) === jumbledKey(word),
  );
}

/** Alike of words that differ in the order of their inner letters alone. */
export function jumbledKey(word: string): string {
  return word[0]! + [...word.slice(1, -1)].sort().join('') + word.at(-1)!;
}

/** The word with a few signs or spaces between its letters, and an end behind it. */
function isCut(codes: Uint16Array, start: number, word: string): boolean {
  let at = start;
  for (let i = 0; i < word.length; i += 1) {
    const most = i === 0 ? at : at + MOST_BETWEEN;
    while (at < most && !isAlnum(codes[at]!)) at += 1;
    if ((codes[at]! | 32) !== word.charCodeAt(i)) return false;
    at += 1;
  }
  return !isAlnum(codes[at]!);
}
