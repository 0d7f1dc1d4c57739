/** Finds lists of numbers in any base, whatever stands between them. */
import { isDigit, isLetter } from './char-kinds.ts';
import type { View } from './normalise.ts';

/** Fewer bytes are no text, and of a list no more are read. */
export const LEAST_BYTES = 12;
export const MOST_BYTES = 16_384;
export const ZERO = 48;
const MINUS = 45;

/** Places between two that are looked at, and numbers behind one. */
const STEP = 40;
const LOOKED_AHEAD = 5;
const LONGEST_BETWEEN = 12;
const LONGEST_NUMBER = 8;
const BASES = [10, 8, 4, 3, 2] as const;

/** Whether these bytes are a text, which is added then. `isLast`: bytes that are none may have been changed by a key. */
export type AddBytes = (bytes: readonly number[], from: number, to: number, isLast: boolean) => boolean;

/** Numbers with the same few characters between all or every second two: looks at every 40th place. */
export function addListed({ text, codes }: View, add: AddBytes): void {
  for (let at = 0; at < text.length; at += STEP) {
    const start = startOfNumber(codes, at);
    if (start === -1) continue;
    const every = everyAlike(codes, start);
    if (every === 0) continue;
    const list = new List(text, codes, start, every);
    if (list.length >= LEAST_BYTES) for (const numbers of list.rows()) addNumbers(numbers, list.start, list.end, add);
    at = Math.max(at, list.end);
  }
}

/** Whether the gaps behind some numbers from `start` on begin alike: 1 all, 2 every second one, 0 none. */
function everyAlike(codes: Uint16Array, start: number): 0 | 1 | 2 {
  const first = endOfNumber(codes, start);
  const second = first === -1 ? -1 : endOfNumber(codes, first);
  if (second === -1 || (isLetter(codes[first]!) && isLetter(codes[second]!))) return 0;
  const every = codes[first] === codes[second] ? 1 : 2;
  let before = codes[first];
  let last = codes[second];
  let end = second;
  for (let count = 0; count < LOOKED_AHEAD; count += 1) {
    end = endOfNumber(codes, end);
    if (end === -1 || codes[end] !== (every === 1 ? last : before)) return 0;
    before = last;
    last = codes[end];
  }
  return every;
}

/** A list of numbers around one of them, with the gaps behind it and the next one again and again. */
class List {
  readonly #numbers: string[] = [];
  readonly #every: number;
  start: number;
  end: number;

  constructor(text: string, codes: Uint16Array, start: number, every: 1 | 2) {
    this.#every = every;
    const gaps: string[] = [];
    this.start = start;
    this.end = start;
    for (let at = start; this.#numbers.length < MOST_BYTES; ) {
      const end = endOfDigits(codes, at);
      if (end === at) break;
      this.#numbers.push(text.slice(at, end));
      this.end = end;
      const next = nextNumber(codes, end);
      if (next === -1) break;
      const gap = text.slice(end, next);
      const known = gaps.length === every ? gaps[(this.#numbers.length - 1) % every] : undefined;
      if (known === undefined) gaps.push(gap);
      else if (known !== gap) break;
      at = next;
    }
    for (let back = every - 1; gaps.length === every && this.#numbers.length < MOST_BYTES; back += every - 1) {
      const gap = gaps[back % every]!;
      const end = this.start - gap.length;
      if (end < 1 || !text.startsWith(gap, end)) break;
      const first = startOfDigits(codes, end);
      if (first === end) break;
      this.#numbers.unshift(text.slice(first, end));
      this.start = first;
    }
  }

  get length(): number {
    return this.#numbers.length / this.#every;
  }

  /** All numbers, or every second one. */
  rows(): string[][] {
    return Array.from({ length: this.#every }, (_, row) => this.#numbers.filter((_, i) => i % this.#every === row));
  }
}

/** Numbers in each base whose digits they have; bytes from -128 on are those from 128 on. */
function addNumbers(numbers: readonly string[], from: number, to: number, add: AddBytes): void {
  const first = numbers.slice(0, LEAST_BYTES);
  const addIn = (base: number, isLast: boolean): boolean => {
    const values = numbers.map((number) => Number.parseInt(number, base));
    return values.every((value) => value >= -128 && value < 256) && add(values, from, to, isLast);
  };
  // Whatever is no text under any base has to be bytes that take three digits.
  const mayBe = (base: number): boolean =>
    first.every((number) => isOfBase(number, base) && isPrinted(Number.parseInt(number, base)));
  const isFound = BASES.some(
    (base) => mayBe(base) && numbers.every((number) => isOfBase(number, base)) && addIn(base, false),
  );
  if (!isFound && first.some((number) => number.length > 2)) addIn(10, true);
}

function isPrinted(value: number): boolean {
  return (value >= 32 && value < 127) || value === 9 || value === 10 || value === 13;
}

function isOfBase(number: string, base: number): boolean {
  for (let i = 0; i < number.length; i += 1) if (number.charCodeAt(i) >= ZERO + base) return false;
  return true;
}

/** The beginning of the number at a place, or of the next one a few characters on; -1 where there is none. */
function startOfNumber(codes: Uint16Array, at: number): number {
  if (!isDigit(codes[at]!)) return nextNumber(codes, at);
  const start = startOfDigits(codes, at);
  return at - start > LONGEST_NUMBER ? -1 : start;
}

/** Where the next number begins, its sign included, not farther than one may be; -1 where none does. */
function nextNumber(codes: Uint16Array, from: number): number {
  let at = from;
  while (at < from + LONGEST_BETWEEN && !isDigit(codes[at]!)) at += 1;
  if (!isDigit(codes[at]!)) return -1;
  return at > from && codes[at - 1] === MINUS ? at - 1 : at;
}

/** Where the next number ends; -1 where there is none. */
function endOfNumber(codes: Uint16Array, from: number): number {
  const start = nextNumber(codes, from);
  return start === -1 ? -1 : endOfDigits(codes, start);
}

/** `at` where there are none or too many. */
function endOfDigits(codes: Uint16Array, at: number): number {
  const start = codes[at] === MINUS ? at + 1 : at;
  let end = start;
  while (end - start <= LONGEST_NUMBER && isDigit(codes[end]!)) end += 1;
  return end === start || end - start > LONGEST_NUMBER ? at : end;
}

function startOfDigits(codes: Uint16Array, end: number): number {
  let start = end;
  while (start > 0 && end - start <= LONGEST_NUMBER && isDigit(codes[start - 1]!)) start -= 1;
  return codes[start - 1] === MINUS ? start - 1 : start;
}
