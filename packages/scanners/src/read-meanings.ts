/**
 * Reads which words of a text mean something to a detector of instructions, and where. A rolling hash tells most words
 * apart without cutting them out, so that ordinary text costs a few nanoseconds a character.
 */
import { FILLERS, VOCABULARY } from './injection-vocabulary.ts';

/** One word or phrase: its meanings as bits, its first and last word counted from the text's start, its place. */
export type Meaning = {
  readonly bits: number;
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
};

type Known = { bits: number; phrases: { words: readonly string[]; bits: number }[] };
const KNOWN = new Map<string, Known>();

function know(word: string): Known {
  const known = KNOWN.get(word) ?? { bits: 0, phrases: [] };
  KNOWN.set(word, known);
  return known;
}

for (const [bits, entry] of VOCABULARY) {
  if (!entry.includes(',')) {
    for (const word of entry.trim().split(/\s+/)) know(word).bits |= bits;
    continue;
  }
  for (const phrase of entry.split(',')) {
    const words = phrase.trim().split(/\s+/);
    if (words.length === 1) know(words[0]!).bits |= bits;
    else know(words[0]!).phrases.push({ words, bits });
  }
}

/** Every word that text run together may be made of. */
export const SPELLABLE: ReadonlySet<string> = new Set([
  ...FILLERS.trim().split(/\s+/),
  ...VOCABULARY.flatMap(([, entry]) => entry.trim().split(/[\s,]+/)),
]);
/** Whether a word means anything here. */
export const hasMeaning = (word: string): boolean => (KNOWN.get(word)?.bits ?? 0) !== 0;

const HASH_SIZE = 1 << 15;
const HASHES = new Uint8Array(HASH_SIZE);
const nextHash = (hash: number, code: number): number => (Math.imul(hash, 31) + code) & (HASH_SIZE - 1);
for (const word of KNOWN.keys()) {
  let hash = 0;
  for (let i = 0; i < word.length; i += 1) hash = nextHash(hash, word.charCodeAt(i));
  HASHES[hash] = 1;
}

/** The letters that 0 to 9 stand for where they stand for any. */
const LEET_LETTERS = Uint8Array.from([...'oizeasgtbg'], (letter) => letter.charCodeAt(0));

/** Words that a sentence's end is worth: meanings on its two sides belong together less. */
const SENTENCE_END = 2;
const MAX_LEET = 24;

export type Reading = {
  meanings: Meaning[];
  /** Single letters in a row somewhere. */
  hasSpelled: boolean;
  /** Words that mean something once their digits are letters. */
  leet: { start: number; end: number; word: string }[];
};

export function readMeanings(text: string): Reading {
  const meanings: Meaning[] = [];
  const recent: PhraseStart[] = [];
  const words: Words = { starts: [], ends: [] };
  let word = 0;
  let singles = 0;
  let hasSpelled = false;
  const leet: Reading['leet'] = [];
  let leetHash1 = 0;
  let start = -1;
  let hash = 0;
  let leetHash = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i += 1) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    const lower = code | 32;
    const isLetter = lower >= 97 && lower <= 122;
    if (isLetter || (code >= 48 && code <= 57)) {
      if (start === -1) start = i;
      if (!isLetter) digits += 1;
      hash = nextHash(hash, isLetter ? lower : code);
      const letter = isLetter ? lower : LEET_LETTERS[code - 48]!;
      leetHash = nextHash(leetHash, letter);
      leetHash1 = nextHash(leetHash1, code === 49 ? 108 : letter);
      continue;
    }
    if (start !== -1) {
      const length = i - start;
      singles = length === 1 ? singles + 1 : 0;
      hasSpelled ||= singles >= 5;
      if (
        digits > 0 &&
        digits < length - 2 &&
        length > 3 &&
        length <= MAX_LEET &&
        (HASHES[leetHash] === 1 || HASHES[leetHash1] === 1)
      ) {
        const plain = unleet(text.slice(start, i));
        if (plain !== null) leet.push({ start, end: i, word: plain });
      }
      if (HASHES[hash] === 1) {
        const known = KNOWN.get(text.slice(start, i).toLowerCase());
        if (known !== undefined) {
          if (known.bits !== 0) meanings.push({ bits: known.bits, first: word, last: word, start, end: i });
          if (known.phrases.length > 0) recent.push({ word, at: words.starts.length, known });
        }
      }
      words.starts.push(start);
      words.ends.push(i);
      word += 1;
      start = -1;
      hash = 0;
      leetHash = 0;
      leetHash1 = 0;
      digits = 0;
    }
    if (code === 46 || code === 33 || code === 63 || code === 10) word += SENTENCE_END * (isEnd(text, i) ? 1 : 0);
  }
  if (recent.length > 0) addPhrases(text, recent, words, meanings);
  return { meanings, hasSpelled, leet };
}

/** The word of the vocabulary that a token is once its digits are letters, `1` an i or an l; or null. */
function unleet(token: string): string | null {
  const lettered = (one: string): string =>
    token
      .toLowerCase()
      .replace(/[0-9]/g, (digit) => (digit === '1' ? one : String.fromCharCode(LEET_LETTERS[Number(digit)]!)));
  return [lettered('i'), lettered('l')].find((word) => KNOWN.has(word)) ?? null;
}

const isEnd = (text: string, i: number): boolean => i + 1 >= text.length || text.charCodeAt(i + 1) <= 32;

type PhraseStart = { word: number; at: number; known: Known };
type Words = { starts: number[]; ends: number[] };

/** Looks at the words that follow each start of a phrase. */
function addPhrases(text: string, begun: readonly PhraseStart[], { starts, ends }: Words, meanings: Meaning[]): void {
  for (const { word, at, known } of begun) {
    const cut: string[] = [];
    const wordAt = (i: number): string | undefined => {
      if (at + i >= starts.length) return undefined;
      cut[i] ??= text.slice(starts[at + i]!, ends[at + i]!).toLowerCase();
      return cut[i];
    };
    for (const phrase of known.phrases) {
      const last = phrase.words.length - 1;
      let i = 1;
      while (i <= last && phrase.words[i] === wordAt(i)) i += 1;
      if (i <= last) continue;
      meanings.push({ bits: phrase.bits, first: word, last: word + last, start: starts[at]!, end: ends[at + last]! });
    }
  }
  meanings.sort((a, b) => a.first - b.first || a.last - b.last);
}
