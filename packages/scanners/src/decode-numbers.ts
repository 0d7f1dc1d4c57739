/**
 * Reads numbers that stand for bytes, whatever a language or format puts around them: hexadecimal in parts with signs between, the same
 * signs or words around each number (`\x69\x67`, `69h, 67h`, `<U+0069>`, `chr(105)+`), and tokens of digits in any base.
 */
import { isDigit, isLetter } from './char-kinds.ts';
import { type AddBytes, addListed, LEAST_BYTES, MOST_BYTES, ZERO } from './decode-lists.ts';
import { unpackBytes } from './decode-packed.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { alphabetOf, type Run, runsOf, runsWithin } from './runs.ts';
import type { Budget } from './scan-limits.ts';
import { unkeyed } from './unkey.ts';

const HEX = alphabetOf(/[0-9a-f]/i);
const DIGITS = alphabetOf(/[0-9]/);
/** Hexadecimal digits, the letter of their prefixes, and whatever is no letter. */
const HEX_AND_SIGNS = alphabetOf(/[^g-wyz]/i);
/** Twelve bytes with a sign after most of them. */
const LEAST_PARTS = 34;
const LONGEST_SIGNS = 6;
const LONGEST_PART = 64;

/** Distances of one number from the next that are tried. */
const CLOSEST = 3;
const FARTHEST = 12;
/** Twelve numbers are eleven distances and a bit, two of which are compared. */
const SPACED_STEP = 8;

const LEAST_NUMBER_DIGITS = 24;
const SMALL_X = 120;
const LINE_FEED = 10;
/** Three digits for each printable character. */
const PADDED = /^(?:03[2-9]|0[4-9]\d|1[01]\d|12[0-6])+$/;

const PRINTABLE = /^[\t\n\r -~]+$/;

/** All that such numbers hold as lines of one view. Null where none holds text. `runs`: those of letters, digits and a few signs. */
export function numberView(view: View, digits: number, runs: readonly Run[], budget: Budget): View | null {
  if (digits < LEAST_BYTES) return null;
  const { text, codes } = view;
  let builder: ViewBuilder | null = null;
  const added: Run[] = [];
  const add: AddBytes = (bytes, from, to, isLast) => {
    if (bytes.length < LEAST_BYTES) return false;
    const written = Buffer.from(bytes);
    const plain = unpackBytes(written, budget) ?? (isLast ? unkeyed(written, budget) : null);
    const shown = plain?.replace(/\0+$/, '') ?? '';
    if (!PRINTABLE.test(shown)) return false;
    builder ??= new ViewBuilder(view, 256);
    builder.push(`${shown}\n`, from, to);
    added.push([from, to]);
    return true;
  };
  for (const run of runsOf(view, HEX_AND_SIGNS, LEAST_PARTS))
    for (const isDecimal of mayHoldParts(codes, run) ? [false, true] : []) addParts(codes, run, isDecimal, add);
  addSpaced(view, [...added], add);
  if (digits >= LEAST_NUMBER_DIGITS) addListed(view, add);
  if (digits >= 3 * LEAST_BYTES)
    for (const [start, end] of runsWithin(codes, runs, DIGITS, 3 * LEAST_BYTES)) {
      const run = text.slice(start, end);
      if (PADDED.test(run)) add((run.match(/\d{3}/g) ?? []).map(Number), start, end, false);
    }
  return (builder as ViewBuilder | null)?.view() ?? null;
}

/** Whether as many such tokens may stand in a row as make up a text. */
function mayHoldParts(codes: Uint16Array, [start, end]: Run): boolean {
  let bytes = 0;
  let decimals = 0;
  for (let at = start; at < end; at += 1) {
    const first = at;
    while (isHex(codes[at]!)) at += 1;
    const length = at - first;
    if (length === 0 || (length === 1 && codes[at]! > ZERO + 9)) continue;
    const isOffset = codes[first - 1] === LINE_FEED;
    if (areCharacters(codes, first, at)) bytes += length >> 1;
    else if (!isOffset) bytes = 0;
    if (isCharacter(codes, first, at)) decimals += 1;
    else if (!isOffset) decimals = 0;
    if (bytes >= LEAST_BYTES || decimals >= LEAST_BYTES) return true;
  }
  return false;
}

/**
 * Numbers of printable characters in a row, a few signs between them, whichever: tokens of an even number of hexadecimal digits, or of
 * two or three decimal ones. What begins a line may be the number of its first byte.
 */
function addParts(codes: Uint16Array, [start, end]: Run, isDecimal: boolean, add: AddBytes): void {
  let bytes: number[] = [];
  let parts = 0;
  let from = start;
  let to = start;
  let gap = start;
  const flush = (): void => {
    if (parts === 0) return;
    if (parts > 1) add(bytes, from, to, false);
    const last = bytes.length - 1;
    // Words of two bytes may have the second one first.
    if (parts > 1 && bytes.length === 2 * parts)
      add(
        bytes.map((_, i) => bytes[Math.min(i ^ 1, last)]!),
        from,
        to,
        false,
      );
    bytes = [];
    parts = 0;
  };
  for (let at = start; at < end; ) {
    if (!isHex(codes[at]!) || (codes[at] === ZERO && (codes[at + 1]! | 32) === SMALL_X)) {
      at += 1;
      continue;
    }
    const first = at;
    while (isHex(codes[at]!)) at += 1;
    const isWhole = !isOther(codes[first - 1]) && !isOther(codes[at]);
    const isPart = isWhole && (isDecimal ? isCharacter(codes, first, at) : areCharacters(codes, first, at));
    const isOffset = !isPart && parts > 0 && codes[first - 1] === LINE_FEED;
    if (!isOffset && (!isPart || first - gap > LONGEST_SIGNS || parts > MOST_BYTES)) flush();
    gap = at;
    if (!isPart) continue;
    if (parts === 0) from = first;
    parts += 1;
    if (isDecimal) bytes.push(decimalAt(codes, first, at));
    else for (let i = first; i < at; i += 2) bytes.push(hexAt(codes, i));
    to = at;
  }
  flush();
}

function areCharacters(codes: Uint16Array, from: number, to: number): boolean {
  if ((to - from) % 2 !== 0 || to - from > LONGEST_PART || codes[from]! > ZERO + 7) return false;
  for (let i = from; i < to; i += 2) if (!isPrintable(hexAt(codes, i))) return false;
  return true;
}

function isCharacter(codes: Uint16Array, from: number, to: number): boolean {
  return to - from <= 3 && to - from > 1 && isPrintable(decimalAt(codes, from, to));
}

/** 0 where it has letters. */
function decimalAt(codes: Uint16Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i += 1) {
    if (!isDigit(codes[i]!)) return 0;
    value = 10 * value + codes[i]! - ZERO;
  }
  return value;
}

/** Zeros are what fills up the last one of several bytes. */
function isPrintable(byte: number): boolean {
  return (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13 || byte === 0;
}

/**
 * Two hexadecimal digits at the same distance again and again, the same characters between. Looks at one place of every eight distances
 * that is not in a run known already.
 */
function addSpaced({ text, codes }: View, known: readonly Run[], add: AddBytes): void {
  const { length } = text;
  for (let distance = CLOSEST; distance <= FARTHEST; distance += 1) {
    let done = 0;
    let next = 0;
    for (let at = 0; at < length; at += SPACED_STEP * distance) {
      const other = codes[at + distance]!;
      if (codes[at] !== other && !(isHex(other) && isHex(codes[at]!))) continue;
      const second = codes[at + 1 + distance]!;
      if (codes[at + 1] !== second && !(isHex(second) && isHex(codes[at + 1]!))) continue;
      while (next < known.length && known[next]![1] <= at) next += 1;
      const isKnown = at < done || (next < known.length && known[next]![0] <= at);
      if (!isKnown && isPeriodic(codes, at, distance)) done = addFrom(length, codes, { at, distance, done }, add);
    }
  }
}

/** Whether what differs from the same place one distance on are hexadecimal digits, two beside each other at most. */
function isPeriodic(codes: Uint16Array, at: number, distance: number): boolean {
  let different = 0;
  for (let i = at; i < at + distance; i += 1) {
    if (codes[i] === codes[i + distance]) continue;
    if (different === 2 || !isHex(codes[i]!) || !isHex(codes[i + distance]!)) return false;
    different += 1;
  }
  return different > 0;
}

type Spaced = { readonly at: number; readonly distance: number; readonly done: number };

/** Adds the bytes of a periodic stretch around a place behind what is done; returns where it ends if it is long enough to be one. */
function addFrom(length: number, codes: Uint16Array, { at, distance, done }: Spaced, add: AddBytes): number {
  // The places within the distance at which something else stands at times: one or two beside each other.
  const places: number[] = [];
  const fits = (i: number, other: number): boolean => {
    if (codes[i] === codes[other]) return true;
    if (!isHex(codes[i]!) || !isHex(codes[other]!)) return false;
    if (places.includes(i % distance)) return true;
    return places.length < 2 && places.push(i % distance) > 0;
  };
  let start = at;
  while (start > done && fits(start - 1, start - 1 + distance)) start -= 1;
  let end = at + distance;
  while (end < length && fits(end, end - distance)) end += 1;
  if (end - start < distance * (LEAST_BYTES - 1)) return done;
  const [one = 0, other] = places;
  // The first digits of letters in a row are often the same.
  const first = other === undefined || (other + 1) % distance === one ? one + distance - 1 : one;
  const place = other !== undefined && (other + 1) % distance === one ? other : first % distance;
  const bytes: number[] = [];
  const from = start + ((place - (start % distance) + distance) % distance);
  let to = from;
  for (let i = from; i < end && isHex(codes[i]!) && isHex(codes[i + 1]!); i += distance) {
    bytes.push(hexAt(codes, i));
    to = i + 2;
  }
  add(bytes, from, to, true);
  return end;
}

function hexAt(codes: Uint16Array, at: number): number {
  return 16 * nibble(codes[at]!) + nibble(codes[at + 1]!);
}

function nibble(code: number): number {
  return code < 58 ? code - ZERO : (code | 32) - 87;
}

function isHex(code: number): boolean {
  return code < 128 && HEX[code] === 1;
}

/** A letter that is none of a prefix of hexadecimal numbers. */
function isOther(code: number | undefined): boolean {
  return code !== undefined && isLetter(code) && (code | 32) !== SMALL_X;
}
