/**
 * Unpacks bytes that are written in several runs: groups of one length, dumps with
 * offsets. What they hold is read by the code for single runs.
 */
import { decodeRun } from './decode-packed.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { alphabetOf } from './runs.ts';
import type { Budget } from './scan-limits.ts';

const WORD = /(?<![\w+/=-])[\w+/]{2,40}={0,2}(?![\w+/=-])/g;
const MIN_WORDS = 3;
/** Groups of such lengths, and how many there have to be before one that may be shorter. */
const GROUPS: ReadonlyMap<number, number> = new Map([
  [4, 3],
  [8, 1],
  [16, 1],
]);
const MAX_GROUPS = 4096;
const MAX_LAST = 16;
const MAX_WIDTH = 17;
const DUMP_ROW =
  /^[0-9a-f]{6,16}:?[ \t]{1,3}((?:[0-9a-f]{2}){1,2}(?: {1,2}(?:[0-9a-f]{2}){1,2}){0,15})(?: {2,60}|$)/gim;
const TOKEN_CODES = alphabetOf(/[\w+/-]/);

const MIN_DIGITS = 3;
const PRINTABLE = /^[\t\n\r -~]+$/;

type Add = (plain: string | null, from: number, to: number) => void;

/** All that these runs hold as lines of one view. Null where none holds text. */
export function groupedView(view: View, digits: number, budget: Budget): View | null {
  const { text, codes } = view;
  let builder: ViewBuilder | null = null;
  const add: Add = (plain, from, to) => {
    if (plain === null) return;
    builder ??= new ViewBuilder(view, 256);
    builder.push(`${plain}\n`, from, to);
  };
  if (digits >= MIN_DIGITS && mayHoldGroups(view)) {
    for (let at = 0; at < text.length; ) {
      const size = endOfToken(codes, at) - at;
      const end = GROUPS.has(size) ? endOfGroups(codes, at, size) : at;
      if (end > at) add(decodeRun(text.slice(at, end).replace(/\s/g, ''), budget), at, end);
      at = nextToken(text.length, codes, Math.max(end, at + size));
    }
  }
  if (mayHoldWords(text)) addWords(text, add);
  if (digits >= MIN_DIGITS && text.includes('00010')) addDump(text, add);
  return (builder as ViewBuilder | null)?.view() ?? null;
}

/** Looks at every fortieth place whether the next space has spaces on both sides, as many characters away. */
function mayHoldGroups({ text, codes }: View): boolean {
  const { length } = text;
  let space = -1;
  let line = -1;
  for (let at = 0; at < length; ) {
    const first = nextSpace(length, codes, at);
    const passed = first - at;
    if (passed > MAX_WIDTH) {
      if (space < first) space = placeOf(text, ' ', first);
      if (line < first) line = placeOf(text, '\n', first);
      at = first + passed * Math.floor((Math.min(space, line) - first) / passed);
      continue;
    }
    const second = nextSpace(length, codes, first + 1);
    const width = second - first;
    const isGroup = width === 5 || width === 9 || width === 17;
    if (isGroup && (isSpace(codes[second + width]) || first - width === -1 || isSpace(codes[first - width])))
      return true;
    at = Math.max(second, at + 40);
  }
  return false;
}

/** The end of groups of one length that begin at a token's start, a shorter last one and padding included; `at` where there are none. */
function endOfGroups(codes: Uint16Array, at: number, size: number): number {
  const least = GROUPS.get(size)!;
  let groups = 0;
  let start = at;
  while (groups < MAX_GROUPS && endOfToken(codes, start) - start === size && isSpace(codes[start + size])) {
    groups += 1;
    start += size + 1;
  }
  let end = endOfToken(codes, start);
  if (end === start && groups > 0) {
    groups -= 1;
    end = start - 1;
  }
  if (groups < least || end - start > MAX_LAST) return at;
  for (let padding = 0; padding < 2 && codes[end] === 61; padding += 1) end += 1;
  return end;
}

/** The next place at which a token begins behind a token or sign. */
function nextToken(length: number, codes: Uint16Array, from: number): number {
  let at = endOfToken(codes, from);
  while (at < length && !isTokenCode(codes[at]!)) at += 1;
  return at;
}

function endOfToken(codes: Uint16Array, from: number): number {
  let at = from;
  while (isTokenCode(codes[at]!)) at += 1;
  return at;
}

/** Letters, digits and `+ - / _`. */
function isTokenCode(code: number): boolean {
  return code < 128 && TOKEN_CODES[code] === 1;
}

/** Padding right behind a letter and before an end: words by themselves have it now and then, and hardly anything else has. */
function mayHoldWords(text: string): boolean {
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', at + 1)) {
    if (!isTokenCode(text.charCodeAt(at - 1))) continue;
    const next = text.charCodeAt(at + 1) === 61 ? at + 2 : at + 1;
    if (next >= text.length || isSpace(text.charCodeAt(next))) return true;
    at = next;
  }
  return false;
}

function isSpace(code: number | undefined): boolean {
  return code === 32 || code === 10;
}

function placeOf(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from);
  return at === -1 ? text.length : at;
}

/** Not farther than a group is long. */
function nextSpace(length: number, codes: Uint16Array, from: number): number {
  let at = from;
  const most = Math.min(length, from + MAX_WIDTH + 1);
  while (at < most && !isSpace(codes[at])) at += 1;
  return at;
}

/** Words in a row of which each is base64 of a text by itself. */
function addWords(text: string, add: Add): void {
  let words: string[] = [];
  let from = 0;
  let to = 0;
  const flush = (): void => {
    if (words.length >= MIN_WORDS) add(words.join(' '), from, to);
    words = [];
  };
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const plain = Buffer.from(word, 'base64').toString('latin1');
    const isText = PRINTABLE.test(plain) && word.replace(/=+$/, '').length % 4 !== 1;
    if (!isText || index - to > 2) flush();
    if (!isText) continue;
    if (words.length === 0) from = index;
    words.push(plain);
    to = index + word.length;
  }
  flush();
}

function addDump(text: string, add: Add): void {
  let hex = '';
  let from = -1;
  let to = 0;
  for (const found of text.matchAll(DUMP_ROW)) {
    if (from === -1) from = found.index;
    to = found.index + found[0].length;
    hex += found[1]!.replaceAll(' ', '');
  }
  if (from === -1) return;
  const plain = Buffer.from(hex, 'hex').toString('latin1');
  add(PRINTABLE.test(plain) ? plain : null, from, to);
}
