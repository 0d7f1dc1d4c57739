/** Finds words that have signs, and perhaps digits, for letters. */
import type { View } from './normalise.ts';
import { maySpell, nextHash, SPELLABLE } from './read-meanings.ts';

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
const OTHER = 0;
const PLAIN = 1;
const SIGN = 2;
const SIGN_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return '@$!|+'.includes(char) ? SIGN : /[a-z0-9]/i.test(char) ? PLAIN : OTHER;
});
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
  for (let i = 0; i < text.length && (i < most || found.length + others.length < MIN_LEET); i += 1) {
    if (signKind(codes[i]!) !== SIGN) continue;
    let start = i;
    while (start > 0 && i - start < LONGEST_SIGNED && signKind(codes[start - 1]!) !== OTHER) start -= 1;
    const before = start === 0 ? 0 : codes[start - 1]!;
    const end = signKind(before) === OTHER && before !== UNDERSCORE ? endOfSigned(codes, start) : start;
    while (signKind(codes[i]!) !== OTHER) i += 1;
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
    if (next !== EXCLAMATION && (signKind(next) !== OTHER || next === UNDERSCORE)) continue;
    let i = start;
    while (i < start + length && signKind(codes[i]!) !== OTHER) i += 1;
    if (i === start + length) return i;
  }
  return start;
}

function signKind(code: number): number {
  return code < 128 ? SIGN_KINDS[code]! : OTHER;
}
