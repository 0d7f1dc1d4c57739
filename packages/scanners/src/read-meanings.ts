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
const MAX_PHRASE = 6;
const MAX_LEET = 24;

export type Reading = {
  meanings: Meaning[];
  /** Single letters in a row somewhere. */
  hasSpelled: boolean;
  /** Words with digits or signs among their letters. */
  hasLeet: boolean;
};

export function readMeanings(text: string): Reading {
  const meanings: Meaning[] = [];
  const recent: { word: number; start: number; known: Known }[] = [];
  let word = 0;
  let singles = 0;
  let hasSpelled = false;
  let hasLeet = false;
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
      leetHash = nextHash(leetHash, isLetter ? lower : LEET_LETTERS[code - 48]!);
      continue;
    }
    if (start !== -1) {
      const length = i - start;
      singles = length === 1 ? singles + 1 : 0;
      hasSpelled ||= singles >= 5;
      hasLeet ||=
        (digits > 0 && digits < length && length > 3 && HASHES[leetHash] === 1 && isLeet(text.slice(start, i))) ||
        (code === 36 && length > 1);
      if (HASHES[hash] === 1) {
        const known = KNOWN.get(text.slice(start, i).toLowerCase());
        if (known !== undefined) {
          if (known.bits !== 0) meanings.push({ bits: known.bits, first: word, last: word, start, end: i });
          if (known.phrases.length > 0) recent.push({ word, start, known });
        }
      }
      word += 1;
      start = -1;
      hash = 0;
      leetHash = 0;
      digits = 0;
    }
    if (code === 46 || code === 33 || code === 63 || code === 10) word += SENTENCE_END * (isEnd(text, i) ? 1 : 0);
  }
  if (recent.length > 0) addPhrases(text, recent, meanings);
  return { meanings, hasSpelled, hasLeet };
}

/** Whether a token is a word of the vocabulary once its digits are letters. */
const isLeet = (token: string): boolean =>
  token.length <= MAX_LEET &&
  KNOWN.has(token.toLowerCase().replace(/[0-9]/g, (digit) => String.fromCharCode(LEET_LETTERS[Number(digit)]!)));

const isEnd = (text: string, i: number): boolean => i + 1 >= text.length || text.charCodeAt(i + 1) <= 32;

const WORDS = /[A-Za-z0-9]+/g;

/** Looks at the words that follow each start of a phrase. */
function addPhrases(
  text: string,
  starts: readonly { word: number; start: number; known: Known }[],
  meanings: Meaning[],
): void {
  for (const { word, start, known } of starts) {
    WORDS.lastIndex = start;
    const words: string[] = [];
    const ends: number[] = [];
    while (words.length < MAX_PHRASE) {
      const found = WORDS.exec(text.slice(0, start + 120));
      if (found === null) break;
      words.push(found[0].toLowerCase());
      ends.push(WORDS.lastIndex);
    }
    for (const phrase of known.phrases) {
      if (phrase.words.length > words.length || !phrase.words.every((part, i) => part === words[i])) continue;
      const last = phrase.words.length - 1;
      meanings.push({ bits: phrase.bits, first: word, last: word + last, start, end: ends[last]! });
    }
  }
  meanings.sort((a, b) => a.first - b.first || a.last - b.last);
}
