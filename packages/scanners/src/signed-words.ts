/** Finds words that have signs, and perhaps digits, for letters. */
import type { View } from './normalise.ts';
import { maySpell, nextHash, SPELLABLE } from './read-meanings.ts';
import { alphabetOf } from './runs.ts';

/** What digits and signs are written for. */
export const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '+': 't',
  '|': 'l',
};
/** One such word may be an identifier by chance. */
export const MIN_LEET = 2;

const SHORTEST_SIGNED = 3;
const LONGEST_SIGNED = 24;
const SIGNS = ['@', '$', '!', '|', '+'];
const IN_TOKENS = alphabetOf(/[@$!|+A-Za-z0-9]/);
const UNDERSCORE = 95;
const EXCLAMATION = 33;

type Leet = { readonly start: number; readonly end: number; readonly word: string };

/**
 * Adds to words that have digits for letters those of the vocabulary that have signs, each at the beginning of its token, in
 * order. One word by itself counts for nothing, and once two were found there is no look beyond `most` characters.
 */
export function withSignedWords({ text, codes }: View, most: number, others: readonly Leet[]): readonly Leet[] {
  const found: Leet[] = [];
  let tokens = 0;
  const places = SIGNS.map((sign) => text.indexOf(sign));
  for (let i = nextSign(text, places, 0); i < text.length; i = nextSign(text, places, i + 1)) {
    if (i >= most && found.length + others.length >= MIN_LEET) break;
    let start = i;
    while (start > 0 && i - start < LONGEST_SIGNED && isInToken(codes[start - 1]!)) start -= 1;
    const before = start === 0 ? 0 : codes[start - 1]!;
    const end = !isInToken(before) && before !== UNDERSCORE ? endOfSigned(codes, start) : start;
    while (isInToken(codes[i]!)) i += 1;
    if (end === start) continue;
    tokens += 1;
    const word = maySpellSigned(codes, start, end) ? wordOf(text.slice(start, end)) : undefined;
    if (word !== undefined) found.push({ start, end, word });
  }
  if (found.length === 0 || tokens + others.length < MIN_LEET) return others;
  return [...others, ...found].sort((a, b) => a.start - b.start);
}

/** Of each ASCII character the letter in lower case, or the one it is written for. */
const LETTERED = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code).toLowerCase();
  return (LEET[char] ?? char).charCodeAt(0);
});
const SMALL_I = 105;
const SMALL_L = 108;

/** Whether one of the readings of `wordOf` has the hash of a word. */
function maySpellSigned(codes: Uint16Array, start: number, end: number): boolean {
  let hash = 0;
  let hashOfI = 0;
  let before = 0;
  for (let i = start; i < end; i += 1) {
    const letter = LETTERED[codes[i]!]!;
    before = hash;
    hash = nextHash(hash, letter);
    hashOfI = nextHash(hashOfI, letter === SMALL_L ? SMALL_I : letter);
  }
  return maySpell(hash) || maySpell(before) || maySpell(hashOfI);
}

function wordOf(written: string): string | undefined {
  if (!/[@$!|+]/.test(written) || !/[a-z]/i.test(written)) return undefined;
  const plain = written.toLowerCase().replace(/[0-9@$!|+]/g, (char) => LEET[char] ?? char);
  return [plain, plain.replace(/i$/, ''), plain.replaceAll('l', 'i')].find((one) => SPELLABLE.has(one));
}

/** As far as the token goes, or to an exclamation mark in it; `start` where that is too long or too short for a word. */
function endOfSigned(codes: Uint16Array, start: number): number {
  for (let length = LONGEST_SIGNED; length >= SHORTEST_SIGNED; length -= 1) {
    const next = codes[start + length]!;
    if (next !== EXCLAMATION && (isInToken(next) || next === UNDERSCORE)) continue;
    let i = start;
    while (i < start + length && isInToken(codes[i]!)) i += 1;
    if (i === start + length) return i;
  }
  return start;
}

function isInToken(code: number): boolean {
  return code < 128 && IN_TOKENS[code] === 1;
}

/** The next place of any sign, the text's end where there is none. `places`: of each sign, as far as it was sought. */
function nextSign(text: string, places: number[], from: number): number {
  let next = text.length;
  for (let k = 0; k < SIGNS.length; k += 1) {
    if (places[k]! < from && places[k] !== -1) places[k] = text.indexOf(SIGNS[k]!, from);
    if (places[k]! < next && places[k] !== -1) next = places[k]!;
  }
  return next;
}
