/**
 * Reads which words of a text mean something to a detector of instructions, and where. A rolling hash tells most words
 * apart without cutting them out, so that ordinary text costs a few nanoseconds a character.
 */
import { FILLERS, VOCABULARY } from './injection-vocabulary.ts';
import type { View } from './normalise.ts';
import { beginNoting, type NotedOf, note, noted } from './pick-out.ts';
import { beginsCutWord, isJumbledWord, TELLING_WORDS } from './telling-words.ts';
import { LONGEST_PLAYED, playsOf } from './word-games.ts';

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
export function hasMeaning(word: string): boolean {
  return (KNOWN.get(word)?.bits ?? 0) !== 0;
}

const HASH_SIZE = 1 << 15;

/** The hash of a word by that of its letters before; 0 of none. */
export function nextHash(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function slotOf(hash: number): number {
  return hash & (HASH_SIZE - 1);
}

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i += 1) hash = nextHash(hash, word.charCodeAt(i));
  return hash;
}

/** Whether a word, or a phrase's second word, has this hash. A small table, because every word of a text asks it. */
const WORD = 1;
const SECOND = 2;
/** Or what a game makes of a telling word. */
const PLAYED = 4;
/** Or a word of `SPELLABLE`. */
const SPELLED = 8;
const HASHES = new Uint8Array(HASH_SIZE);
// Of each hash the last word that has it, and of each word the one before it with the same; counted from 1.
const LAST_OF_HASH = new Uint16Array(HASH_SIZE);
const WORDS: { readonly word: string; readonly known: Known; readonly before: number }[] = [];
for (const [word, known] of KNOWN) {
  const slot = slotOf(hashOf(word));
  HASHES[slot]! |= WORD;
  WORDS.push({ word, known, before: LAST_OF_HASH[slot]! });
  LAST_OF_HASH[slot] = WORDS.length;
  for (const { words } of known.phrases) HASHES[slotOf(hashOf(words[1]!))]! |= SECOND;
}
for (const word of SPELLABLE) HASHES[slotOf(hashOf(word))]! |= SPELLED;
const PLAYS = playsOf(TELLING_WORDS, SPELLABLE);
const PLAYED_HASHES = new Set([...PLAYS.keys()].map(hashOf));
for (const hash of PLAYED_HASHES) HASHES[slotOf(hash)]! |= PLAYED;

// Of each ASCII character the lower case of a letter, a digit as it is, 0 for what ends a word.
const WORD_CODES = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code).toLowerCase();
  return /[a-z0-9]/.test(char) ? char.charCodeAt(0) : 0;
});

/** Whether a word of this hash may be of `SPELLABLE`. */
export function maySpell(hash: number): boolean {
  return (HASHES[slotOf(hash)]! & SPELLED) !== 0;
}

function wordCode(code: number): number {
  return code < 128 ? WORD_CODES[code]! : 0;
}
/** The bit that letters have and digits have not. */
const LETTER = 64;

/** Words that a sentence's end is worth: meanings on its two sides belong together less. */
const SENTENCE_END = 2;

export type Reading = NotedOf & {
  meanings: Meaning[];
  /** Single letters in a row somewhere. */
  hasSpelled: boolean;
  /** Words that mean something once their digits are letters. */
  leet: { start: number; end: number; word: string }[];
  /** A telling word cut apart, or with its letters in another order. */
  isCut: boolean;
  isJumbled: boolean;
  /** Games that a telling word was written in. */
  games: ReadonlySet<number>;
};

export function readMeanings(view: View): Reading {
  const { text, codes } = view;
  const meanings: Meaning[] = [];
  const leet: Reading['leet'] = [];
  const { length } = text;
  let word = 0;
  let singles = 0;
  let hasSpelled = false;
  let isCut = false;
  let isJumbled = false;
  let games = NO_GAMES;
  let room = beginNoting();
  for (let i = 0; i < length; ) {
    const first = codes[i]!;
    let code = wordCode(first);
    if (code === 0) {
      if ((first === 46 || first === 33 || first === 63 || first === 10) && codes[i + 1]! <= 32) word += SENTENCE_END;
      i += 1;
      continue;
    }
    const start = i;
    let hash = 0;
    let common = LETTER;
    let any = 0;
    do {
      hash = nextHash(hash, code);
      common &= code;
      any |= code;
      i += 1;
      code = wordCode(codes[i]!);
    } while (code !== 0);
    singles = i - start === 1 ? singles + 1 : 0;
    if (room > 0) {
      room -= 1;
      note(first, codes[i - 1]!, singles > 0);
    }
    hasSpelled ||= singles >= MIN_SINGLES;
    if (common === 0) {
      if ((any & LETTER) !== 0) addLeet(text, codes, start, i, leet);
    } else {
      isCut ||= beginsCutWord(codes, start, i);
      isJumbled ||= isJumbledWord(text, codes, start, i);
    }
    const known = HASHES[slotOf(hash)]!;
    if ((known & PLAYED) !== 0 && PLAYED_HASHES.has(hash)) games = withGames(text, start, i, games);
    if ((known & WORD) !== 0) addMeanings(view, start, i, word, hash, meanings);
    word += 1;
  }
  return { meanings, hasSpelled, leet, isCut, isJumbled, games, ...noted() };
}

const NO_GAMES: ReadonlySet<number> = new Set();

function withGames(text: string, start: number, end: number, games: ReadonlySet<number>): ReadonlySet<number> {
  const more = end - start <= LONGEST_PLAYED ? PLAYS.get(text.slice(start, end).toLowerCase()) : undefined;
  return more === undefined ? games : new Set([...games, ...more]);
}

const MIN_SINGLES = 5;

/** The letters that 0 to 9 stand for where they stand for any. */
const LEET_LETTERS = 'oizeasgtbg';
const MAX_LEET = 24;
/** Of each letter its lower case, of each digit the letter it stands for. */
const LETTERED = WORD_CODES.map((code) =>
  (code & LETTER) === 0 && code !== 0 ? LEET_LETTERS.charCodeAt(code - 48) : code,
);
const ONE = 49;
const NINE = 57;
const SMALL_L = 108;

/** By first letter and length of a word of the vocabulary: its last letters, as bits. */
const LETTERED_SHAPES = new Int32Array(32 * 32);
for (const word of KNOWN.keys())
  if (word.length < 32)
    LETTERED_SHAPES[shapeOf(word.charCodeAt(0), word.length)]! |= 1 << (word.charCodeAt(word.length - 1) & 31);

function shapeOf(first: number, length: number): number {
  return ((first & 31) << 5) | length;
}

/** The word of the vocabulary that a token is once its digits are letters, `1` an i or an l. */
function addLeet(text: string, codes: Uint16Array, start: number, end: number, leet: Reading['leet']): void {
  const length = end - start;
  if (length < 4 || length > MAX_LEET) return;
  const [first, last] = [codes[start]!, codes[end - 1]!];
  const lasts = LETTERED_SHAPES[shapeOf(LETTERED[first]!, length)]!;
  if (first !== ONE && last !== ONE && (lasts & (1 << (LETTERED[last]! & 31))) === 0) return;
  let digits = 0;
  let hash = 0;
  let hashOfL = 0;
  for (let i = start; i < end; i += 1) {
    const code = codes[i]!;
    if (code <= NINE) digits += 1;
    const letter = LETTERED[code]!;
    hash = nextHash(hash, letter);
    hashOfL = nextHash(hashOfL, code === ONE ? SMALL_L : letter);
  }
  if (digits >= length - 2 || ((HASHES[slotOf(hash)]! | HASHES[slotOf(hashOfL)]!) & WORD) === 0) return;
  const lettered = (one: string): string =>
    text
      .slice(start, end)
      .toLowerCase()
      .replace(/[0-9]/g, (digit) => (digit === '1' ? one : LEET_LETTERS[Number(digit)]!));
  const word = [lettered('i'), lettered('l')].find((plain) => KNOWN.has(plain));
  if (word !== undefined) leet.push({ start, end, word });
}

/** What the word [start, end), the `word`-th, means by itself and as the first of a phrase. */
function addMeanings(
  { text: { length }, codes }: View,
  start: number,
  end: number,
  word: number,
  hash: number,
  meanings: Meaning[],
): void {
  let at = LAST_OF_HASH[slotOf(hash)]!;
  while (at !== 0 && !isWord(codes, start, end, WORDS[at - 1]!.word)) at = WORDS[at - 1]!.before;
  if (at === 0) return;
  const { known } = WORDS[at - 1]!;
  if (known.bits !== 0) meanings.push({ bits: known.bits, first: word, last: word, start, end });
  const second = known.phrases.length === 0 ? -1 : secondWord(length, codes, end);
  if (second === -1) return;
  const ends: Meaning[] = [];
  for (const { words, bits } of known.phrases) {
    const last = endOfPhrase(length, codes, second, words);
    if (last !== -1) ends.push({ bits, first: word, last: word + words.length - 1, start, end: last });
  }
  if (ends.length > 1) ends.sort((a, b) => a.last - b.last);
  meanings.push(...ends);
}

function isWord(codes: Uint16Array, start: number, end: number, word: string): boolean {
  return word.length === end - start && endOfWord(codes, start, word) === end;
}

/** Where the word at `start` ends if it is this one, or -1. */
function endOfWord(codes: Uint16Array, start: number, word: string): number {
  for (let i = 0; i < word.length; i += 1) if (wordCode(codes[start + i]!) !== word.charCodeAt(i)) return -1;
  return wordCode(codes[start + word.length]!) === 0 ? start + word.length : -1;
}

function nextWord(length: number, codes: Uint16Array, from: number): number {
  let start = from;
  while (start < length && wordCode(codes[start]!) === 0) start += 1;
  return start;
}

/** Where the next word begins if it is the second of any phrase, or -1. */
function secondWord(length: number, codes: Uint16Array, from: number): number {
  const start = nextWord(length, codes, from);
  let hash = 0;
  for (let i = start; i - start <= LONGEST; i += 1) {
    const code = wordCode(codes[i]!);
    if (code === 0) break;
    hash = nextHash(hash, code);
  }
  return (HASHES[slotOf(hash)]! & SECOND) === 0 ? -1 : start;
}

/** A longer word is in no phrase. */
const LONGEST = 24;

/** Where the phrase ends whose second word may begin at `second`, or -1. */
function endOfPhrase(length: number, codes: Uint16Array, second: number, words: readonly string[]): number {
  let end = second;
  for (let i = 1; i < words.length; i += 1) {
    end = endOfWord(codes, i === 1 ? second : nextWord(length, codes, end), words[i]!);
    if (end === -1) return -1;
  }
  return end;
}
