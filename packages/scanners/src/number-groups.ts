/**
 * Walks the numbers of a text: runs of digits, joined into rows where only spaces, dots, dashes, slashes or underscores
 * stand between, and the tokens in which digits stand beside letters. One pass; what they mean is decided elsewhere.
 */
import { isDigit, isLetter } from './char-kinds.ts';
import type { View } from './normalise.ts';
import { alphabetOf } from './runs.ts';

/** A run of digits. `gap`: what joins it to the one before: '' for the first, ' ' or the sign that stands there. */
export type Group = { readonly start: number; readonly end: number; readonly gap: string; readonly glued: boolean };

export type Visitor = {
  /** Groups that belong together, in order. */
  row: (groups: readonly Group[]) => void;
  /** A token of letters and digits, MIN_TOKEN to MAX_TOKEN characters. */
  token: (start: number, end: number) => void;
};

const MIN_TOKEN = 4;
export const MAX_TOKEN = 34;
const MAX_ROW = 64;

const SPACE = 32;
const GAPS: Readonly<Record<number, string>> = { [SPACE]: ' ', 45: '-', 46: '.', 47: '/', 95: '_' };

export function walkNumbers({ text, codes }: View, { row, token }: Visitor): void {
  const { length } = text;
  let groups: Group[] = [];
  for (let i = 0; i < length; i += 1) {
    if (!isDigit(codes[i]!)) continue;
    let end = i + 1;
    while (isDigit(codes[end]!)) end += 1;
    const left = i > 0 && isLetter(codes[i - 1]!);
    const right = isLetter(codes[end]!);
    const isFull = groups.length === 0 || groups.length === MAX_ROW;
    const gap = isFull ? null : gapOf(codes, groups[groups.length - 1]!.end, i);
    const group = { start: i, end, gap: gap ?? '', glued: left || right };
    if (gap !== null) groups.push(group);
    else {
      if (groups.length > 0) row(groups);
      groups = [group];
    }
    const next = left || right ? readToken(codes, i, end, token) : end;
    if (next > end) {
      row(groups);
      groups = innerGroups(codes, end, next);
    }
    i = next - 1;
  }
  if (groups.length > 0) row(groups);
}

/** `- . / _` */
function isJoint(code: number): boolean {
  return (code >= 45 && code <= 47) || code === 95;
}

/** What joins two groups: null where something else stands between. */
function gapOf(codes: Uint16Array, from: number, to: number): string | null {
  if (to - from > 3 || to === from) return null;
  let sign = SPACE;
  for (let i = from; i < to; i += 1) {
    const code = codes[i]!;
    if (code === SPACE) continue;
    if (!isJoint(code) || (sign !== SPACE && sign !== code)) return null;
    sign = code;
  }
  return GAPS[sign]!;
}

/** Reports the token around the digits; returns where it ends. */
function readToken(codes: Uint16Array, digitStart: number, digitEnd: number, token: Visitor['token']): number {
  let start = digitStart;
  while (start > 0 && digitStart - start <= MAX_TOKEN && isAlnum(codes[start - 1]!)) start -= 1;
  let end = digitEnd;
  while (isAlnum(codes[end]!)) end += 1;
  if (end - start >= MIN_TOKEN && end - start <= MAX_TOKEN) token(start, end);
  return end;
}

/** Asked of a table: in a random token no branch could be foreseen. */
function isAlnum(code: number): boolean {
  return code < 128 && ALNUM[code] === 1;
}

const ALNUM = alphabetOf(/[A-Za-z0-9]/);

/** Digits further inside the same token: they stand for themselves, or begin the next row. */
function innerGroups(codes: Uint16Array, from: number, to: number): Group[] {
  if (!isDigit(codes[to - 1]!)) return [];
  let start = to;
  while (start > from && isDigit(codes[start - 1]!)) start -= 1;
  return [{ start, end: to, gap: '', glued: true }];
}

/** No group of the same row continues it by the sign that joins its own parts; single ones by no sign at all. */
export function standsFree(groups: readonly Group[], i: number, j: number): boolean {
  const own = j > i ? groups[i + 1]!.gap : null;
  const ends = (gap: string | undefined): boolean => gap === undefined || (own === null ? gap === ' ' : gap !== own);
  return ends(i === 0 ? undefined : groups[i]!.gap) && ends(groups[j + 1]?.gap);
}

export function countDigits(groups: readonly Group[]): number {
  let digits = 0;
  for (const { start, end } of groups) digits += end - start;
  return digits;
}

/** Printed cards stand in groups of three and more; evasions split evenly. Other groupings are tables of numbers. */
export function isCardGrouping(groups: readonly Group[]): boolean {
  const size = ({ start, end }: Group): number => end - start;
  const inner = groups.slice(0, -1);
  return groups.length === 1 || groups.every((g) => size(g) >= 3) || inner.every((g) => size(g) === size(groups[0]!));
}

/** The digits of one row after the other, put together once. */
export class RowDigits {
  readonly #text: string;
  #row: readonly Group[] | null = null;
  #digits = '';

  constructor(text: string) {
    this.#text = text;
  }

  /** Those of the groups i to j. */
  between(groups: readonly Group[], i: number, j: number): string {
    if (i === j) return this.#text.slice(groups[i]!.start, groups[i]!.end);
    if (groups !== this.#row) {
      this.#row = groups;
      this.#digits = this.#text.slice(groups[0]!.start, groups[groups.length - 1]!.end).replace(/\D+/g, '');
    }
    let from = 0;
    for (let k = 0; k < i; k += 1) from += groups[k]!.end - groups[k]!.start;
    let to = from;
    for (let k = i; k <= j; k += 1) to += groups[k]!.end - groups[k]!.start;
    return this.#digits.slice(from, to);
  }
}
