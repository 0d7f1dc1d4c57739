/**
 * Reads letters for which other signs were put, whichever: another order of the alphabet, other scripts, pictures, numbers or
 * groups of signs. No table of any of them is needed: words of the vocabulary are laid over the words as they are written
 * until one sign for each letter fits nearly all of them.
 */
import { isAlnum } from './char-kinds.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { hasMeaning, nextHash, SPELLABLE } from './read-meanings.ts';

/** One sign of a text, or what stands between two words (`id` -1). */
type Sign = { readonly id: number; readonly start: number; readonly end: number };

/** Characters of one text that are tried. */
const MOST_CHARS = 4000;
const MOST_SIGNS = 600;
const LEAST_SIGNS = 24;
const LEAST_WORDS = 4;
const MOST_KINDS = 30;
const LEAST_KINDS = 7;
const LONGEST_TOKEN = 28;
/** Words that are laid over others in one try. */
const MOST_STEPS = 6_000;
/** Of the signs, how many stand in words that fit at least, and how many of those have to be sure by another that has them. */
const COVERED = 0.72;
const SURE = 0.45;

/** Words by which letters in them are the same. */
const BY_PATTERN = Map.groupBy(
  [...SPELLABLE].filter((word) => /^[a-z]{2,}$/.test(word)),
  (word) => patternOf([...word]),
);

/** The text in letters, or null where no words fit. `isStrange`: its Latin letters stand for others. */
export function solvedView(source: View, isStrange: boolean): View | null {
  if (source.text.length > MOST_CHARS) return null;
  const { text } = source;
  for (const signs of [charSigns(text, isStrange), tokenSigns(text)]) {
    const letters = signs === null ? null : solve(signs);
    if (signs === null || letters === null) continue;
    const builder = new ViewBuilder(source, signs.length);
    for (const { id, start, end } of signs) builder.pushUnit(id === -1 ? 32 : (letters[id] ?? 63), start, end);
    return builder.view();
  }
  return null;
}

/** Whether most of a text is characters that no living script writes words in, or pictures. */
export function holdsOddSigns(text: string): boolean {
  let odd = 0;
  let others = 0;
  for (const [char] of text.slice(0, MOST_SIGNS).matchAll(/[^\s]/gu)) {
    if (isOdd(char)) odd += 1;
    else others += 1;
  }
  return odd >= LEAST_SIGNS && odd > others;
}

/** Whether a text begins as many short tokens of which most come again: signs for letters, and no words. */
export function mayHoldTokens({ text, codes }: View): boolean {
  if (text.length < 2 * LEAST_SIGNS || text.length > MOST_CHARS) return false;
  let kinds = 0;
  let count = 0;
  for (let i = 0; count < LEAST_SIGNS; count += 1) {
    while (isGap(codes[i]!) || (isJoint(codes[i]!) && isAlnum(codes[i - 1] ?? 0))) i += 1;
    if (i >= text.length) return false;
    const start = i;
    let hash = 0;
    for (; i < text.length && !isGap(codes[i]!) && !(isJoint(codes[i]!) && isAlnum(codes[i - 1] ?? 0)); i += 1)
      hash = nextHash(hash, codes[i]!);
    if (i - start > LONGEST_TOKEN) return false;
    let k = 0;
    while (k < kinds && SEEN[k] !== hash) k += 1;
    if (k < kinds) continue;
    if (kinds === SEEN.length) return false;
    SEEN[kinds] = hash;
    kinds += 1;
  }
  return kinds >= LEAST_KINDS;
}

/** Of twenty-four letters in a row fewer are others. */
const SEEN = new Int32Array(16);

function isGap(code: number): boolean {
  return code === 32 || code === 10 || code === 44 || code === 47 || code === 124;
}

/** Of signs for letters some are made of these. */
function isJoint(code: number): boolean {
  return code === 45 || code === 46;
}

const LIVING =
  /[\p{ASCII}\p{M}\p{Cf}\p{P}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Hebrew}\p{Script=Hangul}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Thai}]/u;

function isOdd(char: string): boolean {
  return !LIVING.test(char);
}

/** A sign a character: Latin letters where they are strange, else others than ASCII. */
function charSigns(text: string, isStrange: boolean): Sign[] | null {
  const isSign = isStrange
    ? (char: string) => /[a-z]/i.test(char)
    : holdsOddSigns(text)
      ? (char: string) => isOdd(char) || /[a-z]/i.test(char)
      : null;
  if (isSign === null) return null;
  const ids = new Map<string, number>();
  const signs: Sign[] = [];
  for (const { 0: char, index } of text.matchAll(/./gsu)) {
    if (/\p{M}|\p{Cf}/u.test(char)) continue;
    addSign(signs, ids, isSign(char) ? char.toLowerCase() : null, index, index + char.length);
  }
  return withWords(signs, ids);
}

/** A sign a token. What stands most often between two of them stands between letters, everything else between words. */
function tokenSigns(text: string): Sign[] | null {
  const isSigned = !/[a-z0-9]{2}/i.test(text.slice(0, 60)) && !/^\s*\d\W+\d/.test(text);
  const tokens = [...text.matchAll(isSigned ? /[^\s/|]+/g : /[^\s/|,;._-]+/g)];
  if (tokens.length < LEAST_SIGNS || tokens.some(([token]) => token.length > LONGEST_TOKEN)) return null;
  if (new Set(tokens.map(([token]) => token)).size > MOST_KINDS) return null;
  const gaps = tokens.slice(1).map(({ index }, i) => text.slice(tokens[i]!.index + tokens[i]![0].length, index));
  const usual = mostOf(gaps);
  // Where nothing else stands between words, one sign does.
  const space = gaps.every((gap) => gap === usual) ? mostOf(tokens.map(([token]) => token)) : null;
  const ids = new Map<string, number>();
  const signs: Sign[] = [];
  tokens.forEach(({ 0: token, index }, i) => {
    if (i > 0 && gaps[i - 1] !== usual) addSign(signs, ids, null, index - 1, index);
    addSign(signs, ids, token === space ? null : token, index, index + token.length);
  });
  return withWords(signs, ids);
}

function mostOf(items: readonly string[]): string {
  return [...Map.groupBy(items, (item) => item)].reduce((a, b) => (b[1].length > a[1].length ? b : a))[0];
}

function addSign(signs: Sign[], ids: Map<string, number>, sign: string | null, start: number, end: number): void {
  if (sign === null) {
    if (signs.at(-1)?.id !== -1) signs.push({ id: -1, start, end });
    return;
  }
  const id = ids.get(sign) ?? ids.size;
  ids.set(sign, id);
  signs.push({ id, start, end });
}

function withWords(signs: Sign[], ids: ReadonlyMap<string, number>): Sign[] | null {
  const breaks = signs.filter(({ id }) => id === -1).length;
  const isText = signs.length - breaks >= LEAST_SIGNS && signs.length <= MOST_SIGNS && breaks >= LEAST_WORDS - 1;
  return isText && ids.size >= LEAST_KINDS && ids.size <= MOST_KINDS ? signs : null;
}

type Word = { readonly ids: readonly number[]; readonly fits: readonly string[] };

/** The letter code of each sign's id, under which words of the vocabulary stand nearly everywhere. */
function solve(signs: readonly Sign[]): readonly (number | undefined)[] | null {
  const words = new Map<string, Word>();
  let total = 0;
  for (const ids of wordsOf(signs)) {
    total += ids.length;
    if (ids.length > 1) words.set(ids.join(), { ids, fits: BY_PATTERN.get(patternOf(ids)) ?? [] });
  }
  const order = [...words.values()].filter(({ fits }) => fits.length > 0).sort((a, b) => worth(b) - worth(a));
  const search = new Search(order);
  search.next(0);
  const { best, bestLetters } = search;
  if (bestLetters === null) return null;
  const plain = wordsOf(signs).map((ids) => ids.map((id) => String.fromCharCode(bestLetters[id] ?? 63)).join(''));
  const known = plain.filter((word) => SPELLABLE.has(word));
  const covered = known.reduce((sum, word) => sum + word.length, 0);
  const kinds = bestLetters.filter((letter) => letter !== undefined).length;
  const isSure = covered >= total * COVERED && covered - kinds >= SURE * covered;
  return best > 0 && isSure && known.filter(hasMeaning).length >= 2 ? bestLetters : null;
}

/** Long words that few others have the pattern of say most. */
function worth({ ids, fits }: Word): number {
  return ids.length - Math.log2(fits.length);
}

function wordsOf(signs: readonly Sign[]): number[][] {
  const words: number[][] = [[]];
  for (const { id } of signs) {
    if (id === -1) words.push([]);
    else words.at(-1)!.push(id);
  }
  return words.filter((ids) => ids.length > 0);
}

/** Tries words for words, each letter for one sign alone, and keeps what covers most. */
class Search {
  readonly #order: readonly Word[];
  readonly #rest: readonly number[];
  readonly #letters: (number | undefined)[] = [];
  readonly #taken = new Set<number>();
  #covered = 0;
  #steps = 0;
  best = 0;
  bestLetters: readonly (number | undefined)[] | null = null;

  constructor(order: readonly Word[]) {
    this.#order = order;
    const rest = [0];
    for (const { ids } of order.toReversed()) rest.push(rest.at(-1)! + ids.length);
    this.#rest = rest.reverse();
  }

  next(at: number): void {
    if (this.#covered > this.best) {
      this.best = this.#covered;
      this.bestLetters = [...this.#letters];
    }
    if (at >= this.#order.length || this.#steps > MOST_STEPS || this.#covered + this.#rest[at]! <= this.best) return;
    const { ids, fits } = this.#order[at]!;
    for (const word of fits) {
      this.#steps += 1;
      const set = this.#lay(ids, word);
      if (set === null) continue;
      this.#covered += ids.length;
      this.next(at + 1);
      this.#covered -= ids.length;
      this.#lift(set);
      if (this.#steps > MOST_STEPS) return;
    }
    this.next(at + 1);
  }

  /** The ids that got a letter by it; null where the word does not fit. */
  #lay(ids: readonly number[], word: string): number[] | null {
    const set: number[] = [];
    for (let i = 0; i < ids.length; i += 1) {
      const code = word.charCodeAt(i);
      const known = this.#letters[ids[i]!];
      if (known === code) continue;
      if (known !== undefined || this.#taken.has(code)) {
        this.#lift(set);
        return null;
      }
      this.#letters[ids[i]!] = code;
      this.#taken.add(code);
      set.push(ids[i]!);
    }
    return set;
  }

  #lift(set: readonly number[]): void {
    for (const id of set) {
      this.#taken.delete(this.#letters[id]!);
      this.#letters[id] = undefined;
    }
  }
}

/** Alike of words in which the same places have the same letters. */
function patternOf(word: readonly unknown[]): string {
  return word.map((one) => String.fromCharCode(97 + word.indexOf(one))).join('');
}
