/**
 * Judges whether a sentence, or two in a row, reads like an order to a model: the sum of learned weights of its words and
 * meanings (logistic regression). It knows no phrase, so that it finds some orders in words that no signal lists.
 */
import { BIAS, SCALE, WEIGHTS } from './order-weights.ts';
import type { Meaning } from './read-meanings.ts';
import { FEATURES, readSentences, type Sentence } from './sentence-features.ts';

/** A stretch of text, and how much it reads like an order; 0 is even odds among what it was taught. */
export type Judged = { readonly start: number; readonly end: number; readonly score: number };

/** Fewer words say too little. */
const MIN_WORDS = 5;

const TABLE = new Int8Array(Buffer.from(WEIGHTS, 'base64'));
if (TABLE.length !== FEATURES) throw new Error('the table of weights was made for another number of features');

type Sum = { readonly sentence: Sentence; readonly sum: number };

/** Each sentence that says anything, and each pair of them that stands in a row, where it is long enough to judge. */
export function judgeSentences(text: string, meanings: readonly Meaning[]): Judged[] {
  const judged: Judged[] = [];
  let before: Sum | null = null;
  for (const sentence of readSentences(text, meanings)) {
    const one: Sum = { sentence, sum: sumOf(sentence.features) };
    addJudged(judged, one, one);
    if (before !== null) addJudged(judged, before, one);
    before = one;
  }
  return judged;
}

/** The score of features that are given; what training measures itself by. */
export function scoreOf(sum: number, features: number): number {
  return BIAS + (sum * SCALE) / Math.sqrt(features);
}

function addJudged(judged: Judged[], first: Sum, last: Sum): void {
  const isOne = first === last;
  const words = last.sentence.words + (isOne ? 0 : first.sentence.words);
  if (words < MIN_WORDS) return;
  const features = last.sentence.features.length + (isOne ? 0 : first.sentence.features.length);
  const score = scoreOf(last.sum + (isOne ? 0 : first.sum), features);
  judged.push({ start: first.sentence.start, end: last.sentence.end, score });
}

function sumOf(features: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < features.length; i += 1) sum += TABLE[features[i]!]!;
  return sum;
}
