/**
 * Reads bytes and characters that one key changed: added, taken away, taken from it, or xor. Every key is tried on the first of them;
 * what is text under one and reads more like English than under any other is taken.
 */

import { textOf } from './alphabet-bases.ts';
import { isLetter } from './char-kinds.ts';
import { pairScore } from './letter-pairs.ts';
import { type View, ViewBuilder } from './normalise.ts';
import type { Budget } from './scan-limits.ts';

/** Values that are looked at under each key, and those that must be text. */
const SAMPLE = 48;
const LEAST = 16;
const FIRST = 32;
const WIDTH = 95;
const LAST = FIRST + WIDTH - 1;
/** Of letters that follow each other in the mean, and how many of them there must be. */
const GOOD = 4.6;
const LEAST_PAIRS = 6;
const MOST_CHARS = 4_000;
const FEW = 0.7;
const LEAST_SPACES = 12;
/** One character in so many may be a space in a text whose spaces are something else. */
const FEW_SPACES = 24;

/** What a key makes of a value. */
type Change = (value: number, key: number) => number;

type Changes = readonly (readonly [change: Change, keys: readonly number[]])[];
const NONE: Changes = [];

/** By the first three bits of a byte, the first three of the keys under which it is no control character, each as a bit. */
const TOPS = Array.from({ length: 8 }, (_, kind) => (1 << (kind ^ 1)) | (1 << (kind ^ 2)) | (1 << (kind ^ 3)));
const EVERY_BYTE = Array.from({ length: 256 }, (_, key) => key);

/** Along the printable characters, round and round. */
const OF_CHARS: readonly Change[] = [
  (value, key) => FIRST + ((value - FIRST + key) % WIDTH),
  (value, key) => FIRST + ((LAST - value + key) % WIDTH),
];

/** Bytes that are no text as the text that they are under a key; null where there is none. */
export function unkeyed(bytes: Uint8Array, budget: Budget): string | null {
  if (bytes.length < LEAST || !isOfFewKinds(bytes)) return null;
  budget.keys.left -= 1;
  return budget.keys.left < 0 ? null : read(bytes, changesOfBytes(bytes));
}

/** Xor, added and taken from: those keys alone under which all of the first bytes may be printed. */
function changesOfBytes(bytes: Uint8Array): Changes {
  const first = bytes[0]!;
  let [tops, least, most] = [255, 0, 0];
  for (let i = Math.min(bytes.length, SAMPLE) - 1; i > 0; i -= 1) {
    const byte = bytes[i]!;
    const further = ((byte - first + 128) & 255) - 128;
    tops &= TOPS[byte >> 5]!;
    least = Math.min(least, further);
    most = Math.max(most, further);
  }
  tops &= TOPS[first >> 5]!;
  const isTight = most - least < WIDTH;
  return [
    [(value, key) => value ^ key, tops === 0 ? [] : EVERY_BYTE.filter((key) => ((tops >> (key >> 5)) & 1) === 1)],
    [(value, key) => (value - key) & 255, isTight ? bytesBetween(first + most - LAST, first + least - FIRST) : []],
    [(value, key) => (key - value) & 255, isTight ? bytesBetween(first + most + FIRST, first + least + LAST) : []],
  ];
}

/** In order, where they go round as bytes do. */
function bytesBetween(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) & 255).sort((a, b) => a - b);
}

/** A text whose characters are all moved by as much; of ASCII so that its most frequent one was a space. Null where it is none. */
export function movedView(source: View, budget: Budget): View | null {
  const { text, codes } = source;
  if (text.length < LEAST || text.length > MOST_CHARS) return null;
  const changes = codes[0]! < 128 ? changesOfAscii(text, codes) : changesOfBlock(text);
  if (changes.length === 0 || !spendKeys(changes, budget)) return null;
  const chars = Array.from(text);
  const plain = read(
    chars.map((char) => char.codePointAt(0)!),
    changes,
  );
  if (plain === null) return null;
  const builder = new ViewBuilder(source, text.length);
  let at = 0;
  for (let i = 0; i < plain.length; i += 1) {
    const { length } = chars[i]!;
    builder.pushUnit(plain.charCodeAt(i), at, at + length);
    at += length;
  }
  return builder.view();
}

const COUNTS = new Uint8Array(128);

/** The two directions in which the most frequent character may be a space and most others are small letters. */
function changesOfAscii(text: string, codes: Uint16Array): Changes {
  const length = Math.min(text.length, SAMPLE);
  COUNTS.fill(0);
  let space = FIRST;
  for (let i = 0; i < length; i += 1) {
    const code = codes[i]!;
    if (code < FIRST || code > LAST) return NONE;
    COUNTS[code]! += 1;
    if (COUNTS[code]! > COUNTS[space]!) space = code;
  }
  if (space === FIRST || COUNTS[space]! * LEAST_SPACES < length) return NONE;
  return OF_CHARS.flatMap((change) => {
    const key = (FIRST - change(space, 0) + WIDTH) % WIDTH;
    let small = 0;
    for (let i = 0; i < length; i += 1) if (isSmall(change(codes[i]!, key))) small += 1;
    return small >= FEW * length ? [[change, [key]] as const] : [];
  });
}

/** Every key under which no character is below the printable ones, where all are of one block of characters. */
function changesOfBlock(text: string): Changes {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const char of text) {
    const point = char.codePointAt(0)!;
    if (point < 128) return NONE;
    least = Math.min(least, point);
    most = Math.max(most, point);
    if (most - least >= WIDTH) return NONE;
  }
  return [[(value, key) => value + key, Array.from({ length: WIDTH }, (_, i) => FIRST + i - least)]];
}

function isSmall(code: number): boolean {
  return code >= 97 && code <= 122;
}

/** Whether most of them have one of two beginnings of three bits, as letters have under any key. */
function isOfFewKinds(bytes: Uint8Array): boolean {
  const counts = new Uint8Array(8);
  const length = Math.min(bytes.length, SAMPLE);
  for (let i = 0; i < length; i += 1) counts[bytes[i]! >> 5]! += 1;
  counts.sort();
  return counts[7]! + counts[6]! >= FEW * length;
}

/** Whether letters follow each other as in no language, and spaces are few. */
export function isStrange(text: string): boolean {
  const length = Math.min(text.length, SAMPLE);
  let spaces = 0;
  let pairs = 0;
  let sum = 0;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === FIRST) spaces += 1;
    const next = text.charCodeAt(i + 1);
    if (!isLetter(code) || !isLetter(next)) continue;
    pairs += 1;
    sum += pairScore(code, next);
  }
  return spaces * FEW_SPACES <= length && sum <= GOOD * pairs;
}

/** Whether so many keys may be tried: one or two always. */
function spendKeys(changes: Changes, budget: Budget): boolean {
  if (changes.every(([, keys]) => keys.length === 1)) return true;
  budget.keys.left -= 1;
  return budget.keys.left >= 0;
}

function read(values: ArrayLike<number>, all: Changes): string | null {
  let best: ((value: number) => number) | null = null;
  let most = 0;
  for (const [change, keys] of all)
    for (const key of keys) {
      const score = scoreOf(values, change, key);
      if (score <= most) continue;
      most = score;
      best = (value) => change(value, key);
    }
  return best === null || best(values[0]!) === values[0]! ? null : textOf(Array.from(values, best));
}

const LETTER = 3;
/** Of the printable characters: letters, 2 for the space, 1 for the others. */
const SIGNS = Uint8Array.from({ length: LAST + 1 }, (_, code) => {
  if (code <= FIRST) return code === FIRST ? 2 : 0;
  return isLetter(code) ? LETTER : 1;
});

/** 0 where it is no text. */
function scoreOf(values: ArrayLike<number>, change: Change, key: number): number {
  const length = Math.min(values.length, SAMPLE);
  let before = 0;
  let last = 0;
  let usual = 0;
  let pairs = 0;
  let sum = 0;
  for (let i = 0; i < length; i += 1) {
    const code = change(values[i]!, key);
    const sign = SIGNS[code];
    if (!sign) return 0;
    usual += sign >> 1;
    if ((sign & last) === LETTER) {
      pairs += 1;
      sum += pairScore(before, code);
    }
    before = code;
    last = sign;
  }
  return pairs < LEAST_PAIRS || sum < GOOD * pairs ? 0 : (sum / pairs) * usual;
}

/** Characters whose two bytes are two characters of ASCII, the first one in either place. Null where one of them is none. */
export function pairedView(source: View): View | null {
  const { text, codes } = source;
  if (text.length < LEAST / 2 || codes[0]! < FEWEST_PAIRED) return null;
  for (const shifts of [
    [0, 8],
    [8, 0],
  ]) {
    const first = Array.from({ length: LEAST / 2 }, (_, i) =>
      shifts.map((shift) => String.fromCharCode((codes[i]! >> shift) & 255)),
    );
    if (isStrange(first.flat().join(''))) continue;
    const builder = new ViewBuilder(source, 2 * text.length);
    let isPlain = true;
    for (let i = 0; i < text.length && isPlain; i += 1)
      for (const shift of shifts) {
        const code = (codes[i]! >> shift) & 255;
        isPlain &&= code >= FIRST && code <= LAST;
        builder.pushUnit(code, i, i + 1);
      }
    const view = builder.view();
    if (isPlain && !isStrange(view.text)) return view;
  }
  return null;
}

const FEWEST_PAIRED = 0x2020;
