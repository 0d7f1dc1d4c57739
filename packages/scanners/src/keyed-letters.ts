/**
 * Reads letters that a key moved which is not known: a word or number again and again (Vigenère, Gronsfeld, Beaufort), one further each
 * time, the text itself, or another number for each word. A telling word is laid over every place; what key it takes there has to come
 * again within it, and has to make English of the whole text.
 */
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
/** The plain letters of a text, or of a part of it, when a word stands at a place. Null where it cannot. */
type Read = (letters: Letters, crib: Letters, at: number) => Letters | null;

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

const READS: readonly Read[] = [
  ...[0, 1, 25].flatMap((slope) => [1, -1].map((sign) => withPeriod(slope, sign))),
  withOwnText,
];

function readKeyed(letters: Letters, places: readonly number[]): Letters | null {
  for (const read of READS)
    for (const crib of CRIBS)
      for (let at = 0; at + crib.length <= letters.length; at += 1) {
        const plain = read(letters, crib, at);
        if (plain !== null && isEnglish(plain, places)) return plain;
      }
  return null;
}

/** A key again and again, each letter further by `slope`; `sign` -1 takes the text from the key. */
function withPeriod(slope: number, sign: number): Read {
  return (letters, crib, at) => {
    for (let j = 0; j < crib.length; j += 1) KEYS[j] = mod(letters[at + j]! - slope * (at + j) - sign * crib[j]!);
    for (let period = 1; period <= crib.length - AGAIN; period += 1) {
      if (!comesAgain(crib.length, period) || (period === 1 && slope === 0 && sign === 1 && KEYS[0] === 0)) continue;
      return letters.map((letter, n) => {
        const of = KEYS[mod(n - at, period)]!;
        return sign === 1 ? mod(letter - slope * n - of) : mod(of + slope * n - letter);
      });
    }
    return null;
  };
}

/** The letters of the text itself, so many before. */
function withOwnText(letters: Letters, crib: Letters, at: number): Letters | null {
  for (let period = 1; period <= crib.length - AGAIN; period += 1) {
    let j = period;
    while (j < crib.length && mod(letters[at + j]! - crib[j]!) === crib[j - period]) j += 1;
    if (j < crib.length) continue;
    const plain = [...letters];
    for (let i = 0; i < crib.length; i += 1) plain[at + i] = crib[i]!;
    for (let n = at + crib.length; n < letters.length; n += 1) plain[n] = mod(letters[n]! - plain[n - period]!);
    for (let n = at - 1; n >= 0; n -= 1) plain[n] = mod(letters[n + period]! - plain[n + period]!);
    return plain;
  }
  return null;
}

/** What key each letter of the word would have had. */
const KEYS = new Int8Array(16);

function comesAgain(length: number, period: number): boolean {
  for (let j = period; j < length; j += 1) if (KEYS[j] !== KEYS[j - period]) return false;
  return true;
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

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}

function mod(value: number, of = 26): number {
  const rest = value % of;
  return rest < 0 ? rest + of : rest;
}
