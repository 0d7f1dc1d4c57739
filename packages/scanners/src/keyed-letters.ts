/**
 * Reads letters that a key moved which is not known: a word or number again and again (Vigenère, Gronsfeld, Beaufort), one further each
 * time, the text itself, or another number for each word. A telling word is laid over every place; what key it takes there has to come
 * again within it, and has to make English of the whole text.
 */
import { isLetter } from './char-kinds.ts';
import { pairScore } from './letter-pairs.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { SPELLABLE } from './read-meanings.ts';

const CRIBS = 'instructions systemprompt disregard restrictions guidelines allprevious previous password'
  .split(' ')
  .map(lettersOf);
const LEAST_LETTERS = 20;
/** A try costs the letters times the words that are laid over them, a millisecond or two. */
const MOST_LETTERS = 160;
/** Letters of a telling word beyond the key, which tell that it comes again. */
const AGAIN = 3;
/** Of letters that follow each other in the mean; English has 5.6. */
const GOOD = 5;
/** Of a text's letters so many have to stand in known words of so many letters. */
const KNOWN = 0.35;
const LEAST_KNOWN = 5;

type Letters = readonly number[];
/** A word at a place, whose key comes again after so many letters. */
type Fit = { readonly crib: Letters; readonly at: number; readonly period: number };
/** The plain letters of a text, as a word that stands at a place makes them. */
type Read = (letters: Letters, fit: Fit) => Letters;

/** The text as the key makes it that fits; null where none does. */
export function unkeyedView(source: View): View | null {
  const places: number[] = [];
  for (let i = 0; i < source.text.length; i += 1) if (isLetter(source.codes[i]!)) places.push(i);
  if (places.length < LEAST_LETTERS || places.length > MOST_LETTERS) return null;
  const letters = places.map((at) => (source.codes[at]! | 32) - 97);
  const plain = readWords(source.text) ?? readKeyed(letters, places);
  if (plain === null) return null;
  const builder = new ViewBuilder(source);
  let next = 0;
  for (let i = 0; i < source.text.length; i += 1) {
    const isNext = places[next] === i;
    builder.pushUnit(isNext ? 97 + plain[next]! : source.text.charCodeAt(i), i, i + 1);
    if (isNext) next += 1;
  }
  return builder.view();
}

const SLOPES = [0, 1, 25];
/** For each slope with the key added, then taken away; then with the text's own letters. */
const READS: readonly Read[] = [...SLOPES.flatMap((slope) => [withKey(slope, 1), withKey(slope, -1)]), withOwnText];
const MOST_PERIOD = Math.max(...CRIBS.map(({ length }) => length)) - AGAIN;
/** By period, and by how far the key moves within one: one more than the place of the slope that moves it so far, or 0. */
const STEPS = Uint8Array.from({ length: (MOST_PERIOD + 1) * 26 }, (_, i) => {
  const period = Math.floor(i / 26);
  return SLOPES.findIndex((slope) => mod(slope * period) === i % 26) + 1;
});

function readKeyed(letters: Letters, places: readonly number[]): Letters | null {
  const fits = fitsOf(letters);
  for (const [i, read] of READS.entries())
    for (const fit of fits[i]!) {
      const plain = read(letters, fit);
      if (isEnglish(plain, places)) return plain;
    }
  return null;
}

/** Of each way to read, of each word at each place the first. Most periods do not fit the word's last letter. */
function fitsOf(letters: Letters): Fit[][] {
  const fits: Fit[][] = READS.map(() => []);
  const add = (way: number, crib: Letters, at: number, period: number): void => {
    const before = fits[way]!.at(-1);
    if (before?.crib !== crib || before.at !== at) fits[way]!.push({ crib, at, period });
  };
  for (const crib of CRIBS) {
    const last = crib.length - 1;
    for (let end = last; end < letters.length; end += 1) {
      const at = end - last;
      for (let period = 1; period <= crib.length - AGAIN; period += 1) {
        const moved = letters[end]! - letters[end - period]! + 52;
        const written = crib[last]! - crib[last - period]!;
        const added = STEPS[period * 26 + ((moved - written) % 26)]!;
        const taken = STEPS[period * 26 + ((moved + written) % 26)]!;
        if (added > 0 && comesAgain(letters, crib, at, period, 1) && !isPlain(letters[at]! - crib[0]!, period, added))
          add(2 * added - 2, crib, at, period);
        if (taken > 0 && comesAgain(letters, crib, at, period, -1)) add(2 * taken - 1, crib, at, period);
        if ((letters[end]! - crib[last]! - crib[last - period]! + 52) % 26 === 0 && isOwn(letters, crib, at, period))
          add(READS.length - 1, crib, at, period);
      }
    }
  }
  return fits;
}

/** Whether the word stands there as it is. */
function isPlain(key: number, period: number, slope: number): boolean {
  return key === 0 && period === 1 && slope === 1;
}

function comesAgain(letters: Letters, crib: Letters, at: number, period: number, sign: number): boolean {
  let step = -1;
  for (let j = period; j < crib.length; j += 1) {
    const moved = letters[at + j]! - letters[at + j - period]! - sign * (crib[j]! - crib[j - period]!);
    const one = (moved + 52) % 26;
    if (step >= 0 && one !== step) return false;
    step = one;
  }
  return true;
}

function isOwn(letters: Letters, crib: Letters, at: number, period: number): boolean {
  for (let j = period; j < crib.length; j += 1) if (mod(letters[at + j]! - crib[j]!) !== crib[j - period]) return false;
  return true;
}

/** A key again and again, each letter further by `slope`; `sign` -1 takes the text from the key. */
function withKey(slope: number, sign: number): Read {
  return (letters, { crib, at, period }) => {
    const keys = crib.slice(0, period).map((plain, j) => mod(letters[at + j]! - slope * (at + j) - sign * plain));
    return letters.map((letter, n) => {
      const of = keys[mod(n - at, period)]!;
      return sign === 1 ? mod(letter - slope * n - of) : mod(of + slope * n - letter);
    });
  };
}

/** The letters of the text itself, so many before. */
function withOwnText(letters: Letters, { crib, at, period }: Fit): Letters {
  const plain = [...letters];
  for (let i = 0; i < crib.length; i += 1) plain[at + i] = crib[i]!;
  for (let n = at + crib.length; n < letters.length; n += 1) plain[n] = mod(letters[n]! - plain[n - period]!);
  for (let n = at - 1; n >= 0; n -= 1) plain[n] = mod(letters[n + period]! - plain[n + period]!);
  return plain;
}

/** Every word by itself, moved by whatever makes a known word of it. */
function readWords(text: string): Letters | null {
  const plain: number[] = [];
  let known = 0;
  for (const [word] of text.toLowerCase().matchAll(/[a-z]+/g)) {
    const written = lettersOf(word);
    const moved = Array.from({ length: 25 }, (_, i) => written.map((letter) => mod(letter - i - 1)));
    const found = moved.find((one) => SPELLABLE.has(String.fromCharCode(...one.map((letter) => 97 + letter))));
    if (found !== undefined && word.length >= LEAST_KNOWN) known += word.length;
    plain.push(...(found ?? written));
  }
  return known >= KNOWN * plain.length ? plain : null;
}

/** Letters of one word that follow each other count. */
function isEnglish(plain: Letters, places: readonly number[]): boolean {
  let sum = 0;
  let pairs = 0;
  for (let i = 1; i < plain.length; i += 1) {
    if (places[i]! - places[i - 1]! > 1) continue;
    sum += pairScore(plain[i - 1]! + 97, plain[i]! + 97);
    pairs += 1;
  }
  return pairs >= LEAST_LETTERS / 2 && sum >= GOOD * pairs;
}

function lettersOf(word: string): number[] {
  return Array.from(word, (char) => char.charCodeAt(0) - 97);
}

function mod(value: number, of = 26): number {
  const rest = value % of;
  return rest < 0 ? rest + of : rest;
}
