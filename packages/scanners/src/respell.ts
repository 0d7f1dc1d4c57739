/**
 * Reads text as a person would who knows how it was disguised: backwards, by thirteen letters, spaced
 * letter by letter, run together, or with digits for letters. Only attempts to instruct a reader are looked for in it.
 */

import { isAlnum } from './char-kinds.ts';
import { unkeyedView } from './keyed-letters.ts';
import { shiftedBack } from './letter-statistics.ts';
import { sourceView, type View, ViewBuilder } from './normalise.ts';
import { hasShortLines, linesView, type Taken, takenLetters, unaffixedView } from './pick-out.ts';
import { hasMeaning, maySpell, nextHash, SPELLABLE } from './read-meanings.ts';
import { reorderedView } from './reorder-letters.ts';
import { type CodeSign, codedView } from './respell-codes.ts';
import { type Garbling, garbledView } from './respell-garbled.ts';
import { A_VIEW, type Budget, spend } from './scan-limits.ts';
import { LEET, MIN_LEET } from './signed-words.ts';
import { holdsOddSigns, mayHoldTokens, solvedView } from './solve-letters.ts';
import { TELLING } from './telling-words.ts';

/** What tells that a text may be disguised so. */
export type Disguises = Garbling & {
  readonly isReversed: boolean;
  /** Substitutions, as `oddityOf` names them. */
  readonly shifts: readonly number[];
  /** What of respell-codes.ts may be in it. */
  readonly codes: ReadonlySet<CodeSign>;
  readonly hasSpelled: boolean;
  readonly leet: readonly { start: number; end: number; word: string }[];
  /** Places inside long tokens where a telling word was seen. */
  readonly runs: readonly number[];
  readonly taken: readonly Taken[];
  readonly isAffixed: boolean;
  /** Latin letters that seem to stand for others. */
  readonly isStrange: boolean;
  /** Letters that seem to be in another order. */
  readonly isMixed: boolean;
  /** Some characters are no ASCII even when folded. */
  readonly isForeign: boolean;
};

const ROT = /[a-z]/gi;

/** Telling words backwards and rotated. They are looked for among the anchors. */
export const REVERSED_ANCHORS: readonly string[] = TELLING.map(turned);
export const ROTATED_ANCHORS: readonly string[] = TELLING.map(rotate);
export const RUN_ANCHORS: readonly string[] = [
  'ignore',
  'disregard',
  'instruction',
  'systemprompt',
  'previous',
  'unrestricted',
  'reveal',
  'jailbreak',
  'prompt',
  'forget',
  'youarenow',
  'pretend',
  'bypass',
  'override',
  'uncensored',
];

const GARBLED = ['isCut', 'isJumbled', 'isDrawn', 'lacksVowels', 'isStarred'] as const;

const SPELLED = /(?<![A-Za-z0-9])(?:[A-Za-z0-9@$][^A-Za-z0-9@$]{1,4}){4,}[A-Za-z0-9@$](?![A-Za-z0-9])/g;

const MAX_RUN = 240;

const LONGEST_WORD = 18;
const UNKNOWN_COST = 3;

/** What a text may be meant as. A guess puts words of the vocabulary where others stood, so that it reads more like an order. */
export type Meant = { readonly view: View; readonly isGuess: boolean };
/** Makes the texts that one may be meant as, from not more than so many of its characters. */
export type Respell = (most: number, budget: Budget) => Meant[];

/** Each way that is tried is charged, whether anything comes of it or not. */
export function respelled(view: View, most: number, disguises: Disguises, budget: Budget): Meant[] {
  const { text, starts, ends } = view;
  const { tries } = budget;
  const source = text.length <= most ? view : { ...sourceView(text.slice(0, most)), starts, ends };
  const meant: Meant[] = [];
  const add = (make: () => View | null, isGuess: boolean): void => {
    const one = spend(budget, A_VIEW + source.text.length) ? make() : null;
    if (one !== null) meant.push({ view: one, isGuess });
  };
  if (disguises.isReversed) add(() => reversedView(source), false);
  for (const shift of disguises.shifts) add(() => shiftedView(source, shift), false);
  if (disguises.codes.size > 0) add(() => codedView(source, disguises.codes), false);
  if (disguises.leet.length >= MIN_LEET) add(() => leetView(source, disguises.leet), true);
  if (disguises.isStrange || (disguises.isForeign && holdsOddSigns(text)) || mayHoldTokens(source)) {
    tries.left -= 1;
    if (tries.left >= 0) add(() => solvedView(source, disguises.isStrange), true);
  }
  if (disguises.isStrange || disguises.isMixed) {
    tries.left -= 1;
    if (tries.left >= 0) add(() => unkeyedView(source), true);
    if (tries.left >= 0 && disguises.isMixed) add(() => reorderedView(source), true);
  }
  if (disguises.hasSpelled) add(() => spelledView(source), true);
  for (const taken of disguises.taken) add(() => takenView(source, taken), true);
  if (disguises.isAffixed) add(() => unaffixedView(source), false);
  if (hasShortLines(source.text)) add(() => linesView(source), true);
  if (disguises.runs.length > 0) add(() => splitView(source, disguises.runs), true);
  if (disguises.games.size > 0 || GARBLED.some((kind) => disguises[kind]))
    add(() => garbledView(source, disguises), true);
  return meant;
}

function reversedView(source: View): View {
  const builder = new ViewBuilder(source);
  for (let i = source.text.length - 1; i >= 0; i -= 1) builder.pushUnit(source.text.charCodeAt(i), i, i + 1);
  return builder.view();
}

function shiftedView(source: View, shift: number): View {
  const builder = new ViewBuilder(source);
  for (let i = 0; i < source.text.length; i += 1) {
    const code = source.text.charCodeAt(i);
    const letter = (code | 32) - 97;
    const isLetter = letter >= 0 && letter < 26;
    builder.pushUnit(isLetter ? 97 + shiftedBack(letter, shift) : code, i, i + 1);
  }
  return builder.view();
}

function rotate(text: string): string {
  return text.replace(ROT, (char) => {
    const base = char <= 'Z' ? 65 : 97;
    return String.fromCharCode(((char.charCodeAt(0) - base + 13) % 26) + base);
  });
}

/** Words with digits for letters, as the words that they stand for. */
function leetView(source: View, words: Disguises['leet']): View {
  const builder = new ViewBuilder(source);
  let done = 0;
  for (const { start, end, word } of words) {
    if (end > source.text.length) break;
    builder.copy(done, start);
    for (let i = 0; i < word.length; i += 1) builder.pushUnit(word.charCodeAt(i), start + i, start + i + 1);
    done = end;
  }
  builder.copy(done, source.text.length);
  return builder.view();
}

/** Letters with signs between them as the words that they spell, the rest of the text as it is. */
function spelledView(source: View): View | null {
  const builder = new ViewBuilder(source);
  let done = 0;
  for (const found of source.text.matchAll(SPELLED)) {
    const letters: string[] = [];
    const places: number[] = [];
    for (let i = 0; i < found[0].length; i += 1) {
      const char = found[0][i]!.toLowerCase();
      if (!/[a-z0-9@$]/.test(char)) continue;
      letters.push(LEET[char] ?? char);
      places.push(found.index + i);
    }
    const spelled = letters.join('');
    const words = hasMeaning(spelled) ? [spelled] : segment(spelled);
    if (words === null) continue;
    builder.copy(done, found.index);
    pushWords(builder, words, places);
    done = found.index + found[0].length;
  }
  if (done === 0) return null;
  builder.copy(done, source.text.length);
  return builder.view();
}

/**
 * Cuts letters into words of the vocabulary, unknown letters at a cost; null unless three words that mean something
 * cover most of it. Cost: letters times the longest word.
 */
function segment(letters: string): string[] | null {
  const cost = new Float64Array(letters.length + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(letters.length + 1);
  cost[0] = 0;
  for (let i = 0; i < letters.length; i += 1) {
    if (cost[i]! + UNKNOWN_COST < cost[i + 1]!) {
      cost[i + 1] = cost[i]! + UNKNOWN_COST;
      from[i + 1] = i;
    }
    let hash = 0;
    for (let length = 1; length <= LONGEST_WORD && i + length <= letters.length; length += 1) {
      hash = nextHash(hash, letters.charCodeAt(i + length - 1));
      if (cost[i]! + 1 >= cost[i + length]! || !maySpell(hash) || !SPELLABLE.has(letters.slice(i, i + length)))
        continue;
      cost[i + length] = cost[i]! + 1;
      from[i + length] = i;
    }
  }
  const words: string[] = [];
  for (let i = letters.length; i > 0; i = from[i]!) words.push(letters.slice(from[i]!, i));
  words.reverse();
  const known = words.filter((word) => word.length > 1 && SPELLABLE.has(word));
  const covered = known.reduce((sum, word) => sum + word.length, 0);
  const isPhrase = known.filter((word) => word.length > 2 && hasMeaning(word)).length >= 2;
  return isPhrase && covered >= letters.length * 0.6 ? words : null;
}

function pushWords(builder: ViewBuilder, words: readonly string[], places: readonly number[]): void {
  let at = 0;
  for (const word of words) {
    for (const char of word) {
      builder.pushUnit(char.charCodeAt(0), places[at]!, places[at]! + 1);
      at += 1;
    }
    builder.pushUnit(32, places[at - 1]!, places[at - 1]! + 1);
  }
}

/** The words that one letter of every word makes up. */
function takenView(source: View, taken: Taken): View | null {
  const { letters, places } = takenLetters(source, taken);
  const words = segment(letters);
  if (words === null) return null;
  const builder = new ViewBuilder(source, 2 * letters.length);
  pushWords(builder, words, places);
  return builder.view();
}

/** Long tokens in which a telling word was seen, as the words that they are made of. */
function splitView(source: View, runs: readonly number[]): View | null {
  const { text } = source;
  const builder = new ViewBuilder(source, 256);
  let any = false;
  let done = 0;
  for (const at of runs) {
    if (at < done || at >= text.length) continue;
    let start = at;
    while (start > done && isAlnum(text.charCodeAt(start - 1)) && at - start < MAX_RUN) start -= 1;
    let end = at;
    while (end < text.length && isAlnum(text.charCodeAt(end)) && end - start < MAX_RUN) end += 1;
    done = end;
    const letters = text
      .slice(start, end)
      .toLowerCase()
      .replace(/[0134578]/g, (char) => LEET[char]!);
    const words = segment(letters);
    if (words === null) continue;
    const from = start;
    const places = Array.from({ length: end - start }, (_, i) => from + i);
    pushWords(builder, words, places);
    any = true;
  }
  return any ? builder.view() : null;
}

function turned(word: string): string {
  return [...word].reverse().join('');
}
