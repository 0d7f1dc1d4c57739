/**
 * What the classifier of orders sees of a text: for each sentence that says anything to a detector, its words, the classes
 * of words near each other, and pairs of meanings, each hashed to a place in a table. Training reads texts by the same code.
 */
import { MENTION } from './injection-vocabulary.ts';
import { codesOf, type View } from './normalise.ts';
import type { Meaning } from './read-meanings.ts';
import { classesOfOther, classOf, classOfBeginning, EMPTY_HASH, isMention, nextWordHash } from './word-classes.ts';

/** Places in the table of weights, many times the features that have one, so that few share a place. A power of two. */
export const FEATURES = 1 << 18;

/** Takes the places of one sentence's features, one after another. */
export type Places = { add(place: number): void };

/**
 * [start, end) in the text, how many words it has, and the places of its features, repeats included. `untold`: the same as
 * if its words about attacks were not there, `null` where there are none.
 */
export type Sentence<P extends Places> = {
  readonly start: number;
  readonly end: number;
  readonly words: number;
  readonly features: P;
  readonly untold: P | null;
};

/** Longer sentences are read in parts of so many words. */
const MAX_WORDS = 48;
/** A word is known by its beginning: endings differ by language and by case. */
const STEM = 8;
/** Meanings behind one that count as a pair with it, and classes of words before one. */
const NEAR = 3;
/** Classes of words before one that it makes a pair with in whichever order: other languages order their words otherwise. */
const APART = 4;

/** A longer quotation is read as if it were none. */
const MAX_QUOTED = 160;
/** With more signs of code or addresses than one to so many words it is no sentence. */
const WORDS_PER_SIGN = 3;

const FOREIGN_SENTENCE = /[^.!?\n\u0964\u3002\uff01\uff1f\u061f]{3,400}/g;
const OTHER_SCRIPT = /[\u0400-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;
const TOKEN = /[\p{L}\p{M}\p{N}]+/gu;

const SHIFT = 32 - Math.log2(FEATURES);

/** Sentences with at least one meaning, in order. Cost: linear in the text, and nothing where there is no meaning. */
export function readSentences<P extends Places>(
  view: View,
  meanings: readonly Meaning[],
  open: () => P,
): Sentence<P>[] {
  const sentences: Sentence<P>[] = [];
  let done = 0;
  for (let i = 0; i < meanings.length; ) {
    const start = startOf(view, meanings[i]!.start, done);
    const { end, words, quotes } = readWords(view, start);
    done = end;
    const said: number[] = [];
    for (; i < meanings.length && meanings[i]!.start < end; i += 1) {
      const { start: at, bits } = meanings[i]!;
      if (!quotes.some(([from, to]) => at >= from && at < to)) said.push(bits);
    }
    if (words === 0 || said.length === 0) continue;
    const features = open();
    const mentions = addWords(view, words, features);
    addPairs(said, features);
    const untold = mentions === 0 ? null : withoutMentions(words, said, open());
    sentences.push({ start, end, words, features, untold });
  }
  return sentences;
}

/**
 * Sentences with letters of another script, in order, by classes alone: what is known of its words is what they do. The
 * text as it was written, because folding takes such letters for Latin ones. Cost: linear.
 */
export function readForeignSentences<P extends Places>(text: string, open: () => P): Sentence<P>[] {
  const sentences: Sentence<P>[] = [];
  for (const found of text.matchAll(FOREIGN_SENTENCE)) {
    if (!OTHER_SCRIPT.test(found[0])) continue;
    const features = open();
    const recent = openRecent();
    let words = 0;
    for (const [token] of found[0].toLowerCase().normalize('NFC').matchAll(TOKEN)) {
      const kinds = OTHER_SCRIPT.test(token) ? classesOfOther(token) : [classOfWord(token)];
      for (const kind of kinds) addWord(kind, kind, recent, features);
      words += kinds.length;
      if (words >= MAX_WORDS) break;
    }
    if (recent.classes[0] === 0) continue;
    sentences.push({ start: found.index, end: found.index + found[0].length, words, features, untold: null });
  }
  return sentences;
}

function classOfWord(word: string): number {
  let hash = EMPTY_HASH;
  for (let i = 0; i < word.length; i += 1) hash = nextWordHash(hash, word.charCodeAt(i));
  return classOf(hash) || classOfBeginning(codesOf(word), 0, word.length);
}

function withoutMentions<P extends Places>(words: number, said: readonly number[], features: P): P {
  const recent = openRecent();
  for (let i = 0; i < words; i += 1) if (!isMention(KINDS[i]!)) addWord(STEMS[i]!, KINDS[i]!, recent, features);
  addPairs(
    said.filter((bits) => (bits & MENTION) === 0),
    features,
  );
  return features;
}

/** Back to the sentence's beginning, not beyond what was read, and not farther than a sentence is long. */
function startOf({ codes }: View, at: number, from: number): number {
  const least = Math.max(from, at - MAX_WORDS * STEM);
  for (let i = at; i > least; i -= 1) if (isEnd(codes, i - 1)) return i;
  return least;
}

type Quotes = readonly (readonly [from: number, to: number])[];
type Words = { readonly end: number; readonly words: number; readonly quotes: Quotes };

// The words of the sentence that was read last: the hash of its beginning and of all of it, its place, its class.
const STEMS = new Int32Array(MAX_WORDS);
const WHOLES = new Int32Array(MAX_WORDS);
const FIRSTS = new Int32Array(MAX_WORDS);
const BEHIND = new Int32Array(MAX_WORDS);
const KINDS = new Uint8Array(MAX_WORDS);

/**
 * Reads the words from `start` to the sentence's end. No words: it is markup or code and no prose. A number such as `0x1f`
 * is a sign of code, too.
 */
function readWords({ text, codes }: View, start: number): Words {
  let quotes: (readonly [number, number])[] | null = null;
  let signs = 0;
  let words = 0;
  let i = start;
  for (; i < text.length && words < MAX_WORDS; ) {
    let code = wordCode(codes[i]!);
    if (code === 0) {
      if (isCodeSign(codes[i]!)) signs += 1;
      const behind = i > start && isQuote(codes[i]!) ? behindQuote(text, i) : i + 1;
      if (behind > i + 1) {
        quotes ??= [];
        quotes.push([i, behind]);
      }
      i = behind;
      if (isEnd(codes, i - 1)) break;
      continue;
    }
    if (i > start && isJoint(codes[i - 1]!)) signs += 1;
    const first = i;
    let stem = 7;
    let whole = EMPTY_HASH;
    for (let length = 0; code !== 0; length += 1) {
      if (length < STEM) stem = (Math.imul(stem, 31) + code) | 0;
      whole = nextWordHash(whole, code);
      i += 1;
      code = wordCode(codes[i]!);
    }
    if (codes[first] === 48 && i > first + 1 && codes[first + 1]! > 57) signs += 1;
    STEMS[words] = stem;
    WHOLES[words] = whole;
    FIRSTS[words] = first;
    BEHIND[words] = i;
    words += 1;
  }
  return { end: i, words: signs * WORDS_PER_SIGN > words ? 0 : words, quotes: quotes ?? NO_QUOTES };
}

const NO_QUOTES: Quotes = [];

/** Adds the features of so many words that were read last, and notes their classes; returns how many are about attacks. */
function addWords({ codes }: View, words: number, features: Places): number {
  const recent = openRecent();
  let mentions = 0;
  for (let i = 0; i < words; i += 1) {
    const kind = classOf(WHOLES[i]!) || classOfBeginning(codes, FIRSTS[i]!, BEHIND[i]!);
    KINDS[i] = kind;
    if (isMention(kind)) mentions += 1;
    addWord(STEMS[i]!, kind, recent, features);
  }
  return mentions;
}

function openRecent(): Recent {
  RECENT.stem = 0;
  RECENT.word = 0;
  RECENT.wordBefore = 0;
  RECENT.count = 0;
  RECENT.classes.fill(0);
  return RECENT;
}

/** The words before one, as it is and by class where it has one, the last classes, and how many words there were. */
type Recent = { stem: number; word: number; wordBefore: number; count: number; readonly classes: Int32Array };

/** Of one sentence after the other. */
const RECENT: Recent = { stem: 0, word: 0, wordBefore: 0, count: 0, classes: new Int32Array(APART) };

/** A word, its class, the two with what stands before them, the word with the one before, and how the sentence begins. */
function addWord(stem: number, kind: number, recent: Recent, features: Places): void {
  const word = kind === 0 ? stem : kind;
  const { classes, count, word: before } = recent;
  features.add(placeOf(stem));
  if (count === 0) features.add(placeOf(word + 0x1b873593));
  else {
    if (count === 1) features.add(placeOf(Math.imul(before, 0x1b873593) + word + 17));
    features.add(placeOf(Math.imul(before, 0x2545f491) + word + 3));
    if (count > 1) {
      const pair = Math.imul(recent.wordBefore, 0x165667b1) + before;
      features.add(placeOf(Math.imul(pair, 0x2545f491) + word + 5));
    }
    features.add(placeOf(Math.imul(recent.stem, 0x2545f493) + stem + 23));
  }
  recent.stem = stem;
  recent.wordBefore = before;
  recent.word = word;
  recent.count = count + 1;
  if (kind === 0) return;
  features.add(placeOf(Math.imul(kind, 0x3c6ef372) + 7));
  for (let back = 0; back < NEAR && classes[back] !== 0; back += 1)
    features.add(placeOf(Math.imul(classes[back]!, 0x3c6ef372) + kind + 9 + 2 * back));
  for (let back = 0; back < APART && classes[back] !== 0; back += 1) {
    const other = classes[back]!;
    features.add(placeOf(Math.imul(Math.min(other, kind), 0x2c1b3c6d) + Math.max(other, kind) * 257 + 11));
  }
  for (let back = APART - 1; back > 0; back -= 1) classes[back] = classes[back - 1]!;
  classes[0] = kind;
}

/** Whether it stands between two words as in an address, and hardly ever in a sentence. */
function isJoint(code: number): boolean {
  return code === 46 || code === 47 || code === 45;
}

/** `( ; < = > [ ] _ { | }` and the backtick. */
function isCodeSign(code: number): boolean {
  if (code < 59) return code === 40;
  return code <= 62 || code === 91 || code === 93 || code === 95 || code === 96 || (code >= 123 && code <= 125);
}

/** Behind what a sentence only quotes: between two quotes of one kind, behind a word and a space. Else one on. */
function behindQuote(text: string, at: number): number {
  if (text.charCodeAt(at - 1) !== 32 || wordCode(text.charCodeAt(at - 2)) === 0) return at + 1;
  const end = text.slice(at + 1, at + 1 + MAX_QUOTED).indexOf(text[at]!);
  return end === -1 ? at + 1 : at + 1 + end + 1;
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}

function addPairs(said: readonly number[], features: Places): void {
  for (let i = 0; i < said.length; i += 1) {
    features.add(placeOf(said[i]! ^ 0x5bd1e995));
    for (let j = i + 1; j < Math.min(said.length, i + 1 + NEAR); j += 1)
      features.add(placeOf(Math.imul(said[i]!, 0x27d4eb2f) + said[j]!));
  }
}

function placeOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> SHIFT;
}

/** A full stop, exclamation mark, question mark or line feed that nothing printable follows. */
function isEnd(codes: Uint16Array, i: number): boolean {
  const code = codes[i]!;
  if (code === 10) return true;
  return (code === 46 || code === 33 || code === 63) && codes[i + 1]! <= 32;
}

// Of each ASCII character the lower case of a letter, a digit as it is, 0 for what ends a word.
const WORD_CODES = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code).toLowerCase();
  return /[a-z0-9]/.test(char) ? char.charCodeAt(0) : 0;
});

function wordCode(code: number): number {
  return code < 128 ? WORD_CODES[code]! : 0;
}
