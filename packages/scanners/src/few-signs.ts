/** Finds runs of two to five signs and reads them as bits, whichever sign stands for which. */
import { textOf } from './alphabet-bases.ts';
import type { View } from './normalise.ts';
import { alphabetOf, type Run } from './runs.ts';
import { type Budget, spend } from './scan-limits.ts';

const LEAST_SIGNS = 96;
const LOOK = 24;
const STEP = LEAST_SIGNS - LOOK;
const MOST_SIGNS = 65_536;
const GAPS = alphabetOf(/[ \n\r\t,;]/);

/** Runs of at most four signs, with gaps: looks at 24 units of every 72. */
export function* runsOfFew({ text, codes }: View): Generator<Run> {
  if (text.length < LEAST_SIGNS) return;
  let done = 0;
  for (let at = 0; at + LOOK <= text.length; at += STEP) {
    if (!hasFew(codes, at)) continue;
    const kinds = [...new Set(codes.subarray(at, at + LOOK))].filter((code) => !isGap(code));
    let start = at;
    while (start > done && isOneOf(codes[start - 1]!, kinds)) start -= 1;
    let end = at;
    while (end < text.length && end - start < MOST_SIGNS && isOneOf(codes[end]!, kinds)) end += 1;
    if (end - start >= LEAST_SIGNS) yield [start, end];
    done = end;
    at = Math.max(at, end - STEP);
  }
}

function isGap(code: number): boolean {
  return code < 128 && GAPS[code] === 1;
}

function isOneOf(code: number, kinds: readonly number[]): boolean {
  for (let k = 0; k < kinds.length; k += 1) if (kinds[k] === code) return true;
  return isGap(code);
}

const SEEN = new Uint16Array(6);

/** Whether the next units, without spaces, are two to five others: two pictures are four. */
function hasFew(codes: Uint16Array, from: number): boolean {
  // Units of one kind have the same last bits, so that five others and three gaps have eight at most.
  let bits = 0;
  for (let i = from; i < from + LOOK; i += 1) bits |= 1 << (codes[i]! & 31);
  for (let k = 0; k < 8; k += 1) bits &= bits - 1;
  if (bits !== 0) return false;
  let kinds = 0;
  for (let i = from; i < from + LOOK; i += 1) {
    const code = codes[i]!;
    let k = 0;
    while (k < kinds && SEEN[k] !== code) k += 1;
    if (k < kinds || code === 32 || code === 10 || code === 44) continue;
    if (kinds === 5) return false;
    SEEN[kinds] = code;
    kinds += 1;
  }
  return kinds > 1;
}

/**
 * Two signs are bits and four are two bits each, whichever stands for which, and one more may stand between; bytes of eight or
 * seven, from either end, or as they are cut. Each reading is charged.
 */
export function readFew({ text, codes }: View, [start, end]: Run, budget: Budget): string | null {
  const usual = usualSigns(codes, start, end);
  if (usual.length < 2 || usual.length > 5) return null;
  const kinds = usual.slice(0, usual.length < 4 ? 2 : 4).sort();
  const sample = placesOf(text.slice(start, Math.min(end, start + 2 * SAMPLE)), kinds).slice(0, SAMPLE);
  if (kinds.length === 4 && !isSteady(sample.filter((place) => place !== BLANK))) return null;
  let all: Int8Array | null = null;
  const orders = permutations([...kinds.keys()]);
  if (!spend(budget, orders.length * READINGS.length * A_READING)) return null;
  for (const order of orders)
    for (const read of READINGS) {
      if (textOf(read({ places: sample, kinds }, order)) === null) continue;
      all ??= placesOf(text.slice(start, end), kinds);
      const plain = textOf(read({ places: all, kinds }, order));
      if (plain !== null) return plain;
    }
  return null;
}

/** Signs of a run: the place of each in `kinds`, or `BLANK`. */
type Signs = { readonly places: Int8Array; readonly kinds: readonly string[] };
const BLANK = -1;

function placesOf(written: string, kinds: readonly string[]): Int8Array {
  const places = new Int8Array(written.length);
  let length = 0;
  for (const sign of written) {
    places[length] = kinds.indexOf(sign);
    length += 1;
  }
  return places.subarray(0, length);
}

/** Those that are not seldom, the most frequent first. A pair of units is one sign. */
function usualSigns(codes: Uint16Array, start: number, end: number): string[] {
  const signs: number[] = [];
  const counts: number[] = [];
  for (let i = start; i < end; i += 1) {
    let sign = codes[i]!;
    if (isGap(sign) || sign === SELECTOR) continue;
    if ((sign & 0xfc00) === 0xd800 && i + 1 < end && (codes[i + 1]! & 0xfc00) === 0xdc00) {
      i += 1;
      sign = 0x10000 + ((sign & 0x3ff) << 10) + (codes[i]! & 0x3ff);
    }
    let k = 0;
    while (k < signs.length && signs[k] !== sign) k += 1;
    signs[k] = sign;
    counts[k] = (counts[k] ?? 0) + 1;
  }
  const usual = [...signs.keys()]
    .filter((k) => SELDOM * counts[k]! > end - start)
    .sort((a, b) => counts[b]! - counts[a]!);
  const [first = 0, second = 0] = usual.map((k) => counts[k]!);
  // Of the bits of a text a third or more are ones; a backslash with a quote now and then is no text.
  return usual.length === 2 && UNEVEN * second < first ? [] : usual.map((k) => String.fromCodePoint(signs[k]!));
}

/** What makes a picture of the sign before. */
const SELECTOR = 0xfe0f;

/** Letters begin with the same two bits: one sign stands at most first or last places of every four. */
function isSteady(signs: Int8Array): boolean {
  return [0, 3].some((place) => {
    const there = signs.filter((_, i) => i % 4 === place);
    const counts = [0, 0, 0, 0];
    for (const sign of there) counts[sign]! += 1;
    return Math.max(...counts) >= STEADY * there.length;
  });
}

const STEADY = 0.6;
/** A sign that is seldomer is one of the words beside the run. */
const SELDOM = 50;
const UNEVEN = 8;

/** Signs that are tried in each order before all are read, and characters that take as long. */
const SAMPLE = 128;
const A_READING = 32;

/** Bytes of signs, blanks between them; `order`: which kind stands for 0, 1 and so on. */
type Reading = (signs: Signs, order: readonly number[]) => number[];

const READINGS: readonly Reading[] = [
  (signs, order) => inBytes(signs, order, 8),
  (signs, order) => inBytes(signs, order, 8).map(fromItsEnd),
  (signs, order) => inBytes(signs, order, 7),
  asTheyAreCut,
];

function inBytes({ places }: Signs, order: readonly number[], size: number): number[] {
  const values = valuesIn(order);
  const width = order.length === 2 ? 1 : 2;
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const place of places) {
    if (place === BLANK) continue;
    bits = (bits << width) | values[place]!;
    held += width;
    if (held < size) continue;
    held -= size;
    bytes.push(bits >> held);
    bits &= (1 << held) - 1;
  }
  return bytes;
}

/** A byte between two blanks; nothing where one of them is too long. */
function asTheyAreCut({ places, kinds }: Signs, order: readonly number[]): number[] {
  const values = valuesIn(order);
  const base = order.length === 2 ? 2 : 4;
  const bytes: number[] = [];
  let byte = 0;
  let length = 0;
  for (let i = 0; i <= places.length; i += 1) {
    const place = places[i] ?? BLANK;
    if (place === BLANK) {
      if (length > 0) bytes.push(byte);
      byte = 0;
      length = 0;
      continue;
    }
    byte = byte * base + values[place]!;
    length += kinds[place]!.length;
    if (length > LONGEST_CUT) return [];
  }
  return bytes;
}

const LONGEST_CUT = 16;

/** What each kind stands for. */
function valuesIn(order: readonly number[]): number[] {
  return order.map((_, kind) => order.indexOf(kind));
}

function fromItsEnd(byte: number): number {
  let turned = 0;
  for (let i = 0; i < 8; i += 1) turned |= ((byte >> i) & 1) << (7 - i);
  return turned;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
