/** Unpacks groups of base64 with the same separator, which are read by the code for single runs, and uuencode. */
import { decodeRun } from './decode-packed.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { alphabetOf } from './runs.ts';
import type { Budget } from './scan-limits.ts';

const UUENCODED = /^begin [0-7]{3,4} [^\n]{1,128}\n((?:[!-`]{1,61} {0,2}\n){1,4096})/gm;

/** Places between two that are looked at. */
const STEP = 20;
const GROUP = { least: 4, most: 76, count: 3, separator: 4, chars: 16 };

const PRINTABLE = /^[\t\n\r -~]+$/;

type Add = (plain: string | null, from: number, to: number) => void;

/** All that these hold as lines of one view. Null where none holds text. */
export function writtenView(view: View, budget: Budget): View | null {
  const { text } = view;
  let builder: ViewBuilder | null = null;
  const add: Add = (plain, from, to) => {
    if (plain === null || !PRINTABLE.test(plain)) return;
    builder ??= new ViewBuilder(view, 256);
    builder.push(`${plain}\n`, from, to);
  };
  if (text.includes('begin '))
    for (const { 0: all, 1: lines, index } of text.matchAll(UUENCODED)) add(readUu(lines!), index, index + all.length);
  addGroups(view, budget, add);
  return (builder as ViewBuilder | null)?.view() ?? null;
}

function readUu(lines: string): string {
  const bytes = lines.split('\n').flatMap((line) => {
    const length = (line.charCodeAt(0) - 32) & 63;
    const bits = [...line.slice(1)].map((sign) => (sign.charCodeAt(0) - 32) & 63);
    return Array.from({ length: line === '' ? 0 : length }, (_, i) => {
      const [first, second] = [bits[Math.floor((i * 4) / 3)] ?? 0, bits[Math.floor((i * 4) / 3) + 1] ?? 0];
      const shift = 2 * (i % 3) + 2;
      return ((first << shift) | (second >> (6 - shift))) & 0xff;
    });
  });
  return Buffer.from(bytes).toString('latin1');
}

/** Tokens of one length in a row with one separator, and a last one that may be shorter. Looks at every twentieth place. */
function addGroups({ text, codes }: View, budget: Budget, add: Add): void {
  for (let at = 0; at < text.length; ) {
    const stops = endOfShort(codes, at);
    if (isGroupCode(codes[stops]!)) {
      // No group begins behind a token as long as this one, at whichever of its places.
      const longest = endOfGroup(codes, stops) - GROUP.most - 2;
      at += STEP * (1 + Math.floor((longest - at) / STEP));
      continue;
    }
    const group = groupBehind(codes, stops);
    at += STEP;
    if (group === null) continue;
    const start = firstOfGroups(text, codes, group);
    const end = start + group.end - group.start;
    const last = endOfGroups(text, codes, start, end);
    if (last === end) continue;
    add(decodeRun(joined(text, start, last), budget), start, last);
    at = Math.max(at, last);
  }
}

type Group = { readonly start: number; readonly end: number; readonly next: number };

/** Back over groups as long as this one, behind the same separator. */
function firstOfGroups(text: string, codes: Uint16Array, { start, end, next }: Group): number {
  const separator = text.slice(end, next);
  let first = start;
  for (;;) {
    const before = first - separator.length - (end - start);
    const isGroup = before >= 0 && text.startsWith(separator, first - separator.length);
    if (!isGroup || endOfGroup(codes, before) !== first - separator.length) return first;
    if (before > 0 && isGroupCode(codes[before - 1]!)) return first;
    first = before;
  }
}

function joined(text: string, from: number, to: number): string {
  return text.slice(from, to).replace(/[^A-Za-z0-9+/=]/g, '');
}

/** Where groups end of which the first is [at, end); `end` where there are too few. */
function endOfGroups(text: string, codes: Uint16Array, at: number, end: number): number {
  const size = end - at;
  const next = nextGroup(codes, end);
  if (next === -1 || isSpaced(codes, end, next)) return end;
  const separator = text.slice(end, next);
  let last = end;
  let groups = 1;
  for (let start = next; text.startsWith(separator, last) && start === last + separator.length; ) {
    const stop = endOfGroup(codes, start);
    if (stop === start || stop - start > size + 2) break;
    groups += 1;
    last = stop;
    if (stop - start !== size) break;
    start = stop + separator.length;
  }
  return groups < GROUP.count || last - at < GROUP.chars ? end : last;
}

/** The beginning of the next group, a few signs on; -1 where there is none. */
function nextGroup(codes: Uint16Array, from: number): number {
  let at = from;
  while (at < from + GROUP.separator && !isGroupCode(codes[at]!)) at += 1;
  return isGroupCode(codes[at]!) ? at : -1;
}

function endOfGroup(codes: Uint16Array, from: number): number {
  let at = from;
  while (isGroupCode(codes[at]!)) at += 1;
  return at;
}

/** The group behind a token that ends at `stops`, if one as long and in two cases follows it behind the same signs. */
function groupBehind(codes: Uint16Array, stops: number): Group | null {
  const start = nextGroup(codes, stops);
  if (start === -1 || start === stops || isSpaced(codes, stops, start)) return null;
  const end = endOfShort(codes, start);
  const next = nextGroup(codes, end);
  if (end - start < GROUP.least || next - end !== start - stops || codes[start - 1] !== codes[next - 1]) return null;
  const stop = endOfShort(codes, next);
  const isLast = stop - next < end - start && stop - next >= 2 && codes[stop] !== codes[end];
  return (isLast || stop - next === end - start) && hasBothCases(codes, start, stop) ? { start, end, next } : null;
}

/** Groups with one space or line end between are read elsewhere. */
function isSpaced(codes: Uint16Array, from: number, to: number): boolean {
  return to === from + 1 && (codes[from] === 32 || codes[from] === 10);
}

function hasBothCases(codes: Uint16Array, from: number, to: number): boolean {
  let upper = false;
  let lower = false;
  for (let i = from; i < to; i += 1) {
    upper ||= codes[i]! >= 65 && codes[i]! <= 90;
    lower ||= codes[i]! >= 97 && codes[i]! <= 122;
  }
  return upper && lower;
}

function endOfShort(codes: Uint16Array, from: number): number {
  let at = from;
  while (at - from <= GROUP.most && isGroupCode(codes[at]!)) at += 1;
  return at;
}

/** Letters, digits, `+ / =`. */
function isGroupCode(code: number): boolean {
  return code < 128 && GROUP_CODES[code] === 1;
}

const GROUP_CODES = alphabetOf(/[A-Za-z0-9+/=]/);
