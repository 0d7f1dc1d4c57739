/**
 * Judges whether a sentence, or two in a row, reads like an order to a model: the sum of learned weights of its words and
 * meanings (logistic regression). It knows no phrase, so that it finds some orders in words that no signal lists.
 */

import type { View } from './normalise.ts';
import { BIAS, STEP, WEIGHTS } from './order-weights.ts';
import type { Meaning } from './read-meanings.ts';
import { FEATURES, readForeignSentences, readSentences, type Sentence } from './sentence-features.ts';

/**
 * A stretch of text, and how much it reads like an order; 0 is even odds among what it was taught. `untold` is the score
 * if its words about attacks were not there: such words must not silence it.
 */
export type Judged = { readonly start: number; readonly end: number; readonly score: number; readonly untold: number };

/** Fewer words say too little. */
const MIN_WORDS = 4;
/** A shorter neighbour, as a greeting, belongs to no order. */
const MIN_PAIRED = 3;

/** A gap that has no weight behind it. */
const LONG_GAP = 15;
const ZERO = 8;

const TABLE = unpack(Buffer.from(WEIGHTS, 'base64'));

/** Adds weights up as places come, so that no list of them is kept. */
class Sum {
  sum = 0;
  features = 0;

  add(place: number): void {
    this.sum += TABLE[place]!;
    this.features += 1;
  }
}
type Read = { readonly sentence: Sentence<Sum>; readonly told: Sum; readonly untold: Sum };

/** Each sentence that says anything, and each pair of them that stands in a row, where it is long enough to judge. */
export function judgeSentences(view: View, meanings: readonly Meaning[]): Judged[] {
  return judgeRead(readSentences(view, meanings, openSum));
}

/** The same of sentences in other scripts, of the text as it was written. */
export function judgeForeignSentences(text: string): Judged[] {
  return judgeRead(readForeignSentences(text, openSum));
}

function judgeRead(sentences: readonly Sentence<Sum>[]): Judged[] {
  const judged: Judged[] = [];
  let before: Read | null = null;
  for (const sentence of sentences) {
    const one = { sentence, told: sentence.features, untold: sentence.untold ?? sentence.features };
    addJudged(judged, one, one);
    if (before !== null) addJudged(judged, before, one);
    before = one;
  }
  return judged;
}

/** The score of so many features of this sum; what training measures itself by. */
export function scoreOf(sum: number, features: number): number {
  return BIAS + (sum * STEP) / Math.sqrt(Math.max(1, features));
}

/** Places and weights, one byte each: the gap to the last place less one, and the weight plus eight. */
export function unpack(packed: Uint8Array): Int8Array {
  const table = new Int8Array(FEATURES);
  let place = -1;
  for (const byte of packed) {
    const gap = byte >> 4;
    place += gap === LONG_GAP ? LONG_GAP : gap + 1;
    if (gap !== LONG_GAP) table[place] = (byte & 15) - ZERO;
  }
  return table;
}

/** The bytes that `unpack` reads. Weights from -7 to 7. */
export function pack(table: ArrayLike<number>): Uint8Array {
  const bytes: number[] = [];
  let last = -1;
  for (let place = 0; place < table.length; place += 1) {
    if (table[place] === 0) continue;
    for (; place - last > LONG_GAP; last += LONG_GAP) bytes.push(LONG_GAP << 4);
    bytes.push(((place - last - 1) << 4) | (table[place]! + ZERO));
    last = place;
  }
  return Uint8Array.from(bytes);
}

function addJudged(judged: Judged[], first: Read, last: Read): void {
  const isOne = first === last;
  const words = last.sentence.words + (isOne ? 0 : first.sentence.words);
  if (words < MIN_WORDS || (!isOne && Math.min(first.sentence.words, last.sentence.words) < MIN_PAIRED)) return;
  const score = (kind: 'told' | 'untold') =>
    scoreOf(last[kind].sum + (isOne ? 0 : first[kind].sum), last[kind].features + (isOne ? 0 : first[kind].features));
  judged.push({
    start: first.sentence.start,
    end: last.sentence.end,
    score: score('told'),
    untold: score('untold'),
  });
}

function openSum(): Sum {
  return new Sum();
}
