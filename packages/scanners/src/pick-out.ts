/**
 * Picks what is meant out of what stands around it: one letter of every word, the words of lines that begin or end alike, words without
 * an end or beginning that all of them have. What `readMeanings` noted of each word says whether it is worth looking.
 */
import { type View, ViewBuilder } from './normalise.ts';
import { beginsTellingWord } from './telling-words.ts';

/** Words of one text whose letters are noted. */
const MOST_NOTED = 512;
/** Letters of the shortest telling words that are looked for. */
const LEAST_LETTERS = 14;
const LEAST_AFFIXED = 6;
const LEAST_LINES = 6;
const LONGEST_LINE = 72;
const MOST_CHARS = 4_000;
/** Of its lines, or of its words, so many have a word that belongs to all of them. */
const OFTEN = 3;
const MOST_A_LINE = 2;

/** Which letter of every word is taken. */
export type Taken = 'first' | 'last' | 'single';

/** Letters of the words that were read last, in lower case. */
class Noted {
  readonly #codes = new Uint8Array(MOST_NOTED);
  length = 0;

  add(code: number): void {
    this.#codes[this.length] = code | 32;
    this.length += 1;
  }

  /** Whether a telling word stands in them. */
  tells(): boolean {
    if (this.length < LEAST_LETTERS) return false;
    for (let i = 0; i + 5 < this.length; i += 1) if (beginsTellingWord(this.#codes, i, this.length)) return true;
    return false;
  }

  /** Whether all of the first ones are the same. */
  areAlike(): boolean {
    if (this.length < LEAST_AFFIXED) return false;
    for (let i = 1; i < LEAST_AFFIXED; i += 1) if (this.#codes[i] !== this.#codes[0]) return false;
    return true;
  }
}

const FIRSTS = new Noted();
const LASTS = new Noted();
const SINGLES = new Noted();
const TAKEN: readonly (readonly [Taken, Noted])[] = [
  ['first', FIRSTS],
  ['last', LASTS],
  ['single', SINGLES],
];

/** What the letters of the words that were noted show: which make up a telling word, and whether all words begin or end alike. */
export type NotedOf = { readonly taken: readonly Taken[]; readonly isAffixed: boolean };

/** Forgets the words of the text before; returns how many may be noted of the next one. */
export function beginNoting(): number {
  FIRSTS.length = LASTS.length = SINGLES.length = 0;
  return MOST_NOTED;
}

/** A word by its first and last letter. */
export function note(first: number, last: number, isSingle: boolean): void {
  FIRSTS.add(first);
  LASTS.add(last);
  if (isSingle) SINGLES.add(first);
}

export function noted(): NotedOf {
  return {
    taken: TAKEN.filter(([, letters]) => letters.tells()).map(([taken]) => taken),
    isAffixed: FIRSTS.areAlike() || LASTS.areAlike(),
  };
}

const WORD = /[A-Za-z0-9]+/g;

/** That letter of every word, and where it stands. */
export function takenLetters({ text }: View, taken: Taken): { letters: string; places: number[] } {
  const places: number[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (places.length === MOST_NOTED) break;
    if (taken === 'last') places.push(index + word.length - 1);
    else if (taken === 'first' || word.length === 1) places.push(index);
  }
  return { letters: places.map((at) => text[at]!.toLowerCase()).join(''), places };
}

/** Words without the beginning or end that all have. Null where there is none of two letters. */
export function unaffixedView(source: View): View | null {
  const words = [...source.text.matchAll(WORD)].slice(0, MOST_NOTED);
  const [first = ''] = words.map(([word]) => word);
  let start = first.length;
  let end = first.length;
  for (const [word] of words) {
    while (!word.startsWith(first.slice(0, start))) start -= 1;
    while (!word.endsWith(first.slice(first.length - end))) end -= 1;
  }
  if (start + end < 2 || start === first.length) return null;
  const builder = new ViewBuilder(source);
  for (const { 0: word, index } of words) {
    builder.copy(index + start, index + word.length - end);
    builder.pushUnit(32, index, index + 1);
  }
  return builder.view();
}

/** Whether a text has many short lines. */
export function hasShortLines(text: string): boolean {
  if (text.length > MOST_CHARS) return false;
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines >= LEAST_LINES - 1 && text.length <= LONGEST_LINE * (lines + 1);
}

/** The words of short lines in a row, without numbers and those that a third of the lines have. Null where others stand there, too. */
export function linesView(source: View): View | null {
  const { text } = source;
  const words = [...text.matchAll(/[A-Za-z][A-Za-z0-9'’]*/g)];
  const counts = new Map<string, number>();
  const keyOf = (word: string): string => word.toLowerCase().replace(/[0-9]+/g, '#');
  for (const [word] of words) counts.set(keyOf(word), (counts.get(keyOf(word)) ?? 0) + 1);
  const lines = text.split('\n').filter((line) => /[A-Za-z]/.test(line)).length;
  const rest = words.filter(([word]) => counts.get(keyOf(word))! * OFTEN <= lines);
  if (lines < LEAST_LINES || rest.length > MOST_A_LINE * lines) return null;
  if (rest.length === words.length && !/[0-9]/.test(text)) return null;
  const builder = new ViewBuilder(source);
  for (const { 0: word, index } of rest) {
    builder.copy(index, index + word.length);
    builder.pushUnit(32, index, index + 1);
  }
  return builder.view();
}
