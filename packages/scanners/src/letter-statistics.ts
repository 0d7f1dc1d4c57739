/**
 * Tells by its letters that a text may be enciphered or drawn out: the share of vowels and of double letters in a sample of
 * each stretch. Where a stretch is odd, its letters are counted and tried as each simple substitution of English.
 */
import { pairScore } from './letter-pairs.ts';
import type { View } from './normalise.ts';

/** What the letters of a text give away. */
export type Oddity = {
  /** Alphabets moved on by so many letters; `ATBASH`: turned round. At most two. */
  readonly shifts: readonly number[];
  /** Letters repeated more than words have them. */
  readonly isDrawn: boolean;
  /** So few vowels somewhere that they may have been left out. */
  readonly lacksVowels: boolean;
  /** Letters that English has seldom are too many somewhere, and no substitution that is known makes them fewer. */
  readonly isStrange: boolean;
  /** Letters follow each other somewhere as in no language, though they are those of one. */
  readonly isMixed: boolean;
};

export const ATBASH = 26;

const STRETCH = 384;
const STRIDE = 5;
/** Every letter of a shorter text is looked at. */
const SHORT = 256;
const MIN_LETTERS = 14;
const FEW_VOWELS = 0.28;
/** Logarithms of letters' shares in English, in the mean: of English -2.9, of letters put for others less than this. */
const UNLIKELY = -3.25;
/** Of letters that follow each other in other languages more, of those in another order less. */
const SELDOM = 4.4;
const HARDLY_VOWELS = 0.17;
const MANY_DOUBLE = 0.13;
const MIN_DOUBLE = 5;
/** Letters to a digit, and to a space or the like, that words have at least and at most. */
const FEW_DIGITS = 8;
const LONGEST = 12;
/** What stands between words, or between letters that were set apart. */
const GAPS = Uint8Array.from({ length: 128 }, (_, code) => (/[\s.,_-]/.test(String.fromCharCode(code)) ? 1 : 0));
const MAX_STRETCHES = 64;
const MAX_SHIFTS = 2;
/** By which a substitution has to be better than the text as it stands, and how good, for each letter. */
const BETTER = 0.45;
const GOOD = -3.02;

const VOWEL = 2;
const LETTER = 1;
const KINDS = new Uint8Array(128);
for (const char of 'abcdefghijklmnopqrstuvwxyz') {
  const kind = 'aeiou'.includes(char) ? LETTER | VOWEL : LETTER;
  KINDS[char.charCodeAt(0)] = kind;
  KINDS[char.charCodeAt(0) - 32] = kind;
}

/** Logarithms of how often English has each letter. */
const LOGS = Float64Array.from(
  [
    8.2, 1.5, 2.8, 4.3, 12.7, 2.2, 2, 6.1, 7, 0.15, 0.8, 4, 2.4, 6.7, 7.5, 1.9, 0.1, 6, 6.3, 9.1, 2.8, 1, 2.4, 0.15, 2,
    0.07,
  ],
  (percent) => Math.log(percent / 100),
);

/** The same by ASCII code, of either case. */
const LIKELY = new Float64Array(128);
for (const [i, log] of LOGS.entries()) LIKELY[97 + i] = LIKELY[65 + i] = log;

export function oddityOf({ text, codes }: View): Oddity {
  const stride = text.length <= SHORT ? 1 : STRIDE;
  const shifts = new Set<number>();
  let isDrawn = false;
  let lacksVowels = false;
  let isStrange = false;
  let isMixed = false;
  let stretches = 0;
  for (let start = 0; start < text.length; start += STRETCH) {
    const end = Math.min(text.length, start + STRETCH);
    let letters = 0;
    let vowels = 0;
    let doubles = 0;
    let digits = 0;
    let gaps = 0;
    let likely = 0;
    let pairs = 0;
    let paired = 0;
    let cases = 0;
    for (let i = start; i < end; i += stride) {
      const code = codes[i]!;
      const kind = code < 128 ? KINDS[code]! : 0;
      if (kind === 0) {
        if (code >= 48 && code <= 57) digits += 1;
        else if (GAPS[code] === 1) gaps += 1;
        continue;
      }
      letters += 1;
      vowels += kind & VOWEL;
      likely += LIKELY[code]!;
      const next = codes[i + 1]!;
      if (next < 128 && KINDS[next] !== 0) {
        pairs += 1;
        paired += pairScore(code, next);
        cases += (code ^ next) & 32;
      }
      if (code === next) doubles += 1;
    }
    if (letters < MIN_LETTERS) continue;
    isDrawn ||= doubles >= MIN_DOUBLE && doubles > letters * MANY_DOUBLE;
    // Base64 changes between capitals and others all the time.
    const isOdd = pairs >= MIN_LETTERS && paired < SELDOM * pairs && digits * FEW_DIGITS < letters && cases < 8 * pairs;
    isMixed ||= isOdd;
    if (vowels > 2 * FEW_VOWELS * letters && likely > UNLIKELY * letters) continue;
    // Numbers and long tokens are no words without vowels.
    const isWords = digits * FEW_DIGITS < letters && gaps * LONGEST > letters;
    lacksVowels ||= vowels < 2 * HARDLY_VOWELS * letters && isWords;
    if (stretches >= MAX_STRETCHES || shifts.size >= MAX_SHIFTS) continue;
    stretches += 1;
    const shift = bestShift(codes, start, end);
    if (shift !== null) shifts.add(shift);
    else isStrange ||= isOdd && isWords && likely < UNLIKELY * letters;
  }
  return { shifts: [...shifts], isDrawn, lacksVowels, isStrange, isMixed };
}

/** LOGS twice, for letters that are moved on. */
const MOVED = Float64Array.from([...LOGS, ...LOGS]);
const TURNED = LOGS.toReversed();

/** What letter stands for `letter` (0 to 25). */
export function shiftedBack(letter: number, shift: number): number {
  return shift === ATBASH ? 25 - letter : (letter + 26 - shift) % 26;
}

/** The substitution under which the letters are most like English; null where none is much better than none. */
function bestShift(codes: Uint16Array, start: number, end: number): number | null {
  const counts = new Uint16Array(26);
  let letters = 0;
  for (let i = start; i < end; i += 1) {
    const code = codes[i]!;
    if (code >= 128 || KINDS[code] === 0) continue;
    counts[(code | 32) - 97]! += 1;
    letters += 1;
  }
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  const plain = likeness(counts, 0) / letters;
  for (let shift = 1; shift <= ATBASH; shift += 1) {
    const score = likeness(counts, shift) / letters;
    if (score > most) [best, most] = [shift, score];
  }
  return most > GOOD && most > plain + BETTER ? best : null;
}

function likeness(counts: Uint16Array, shift: number): number {
  const logs = shift === ATBASH ? TURNED : MOVED;
  const from = shift === ATBASH ? 0 : 26 - shift;
  let sum = 0;
  for (let letter = 0; letter < 26; letter += 1) sum += counts[letter]! * logs[from + letter]!;
  return sum;
}
