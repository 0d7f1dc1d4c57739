/**
 * Unpacks bytes that are written in several runs, or in other alphabets than base64: groups of one length, dumps with
 * offsets, base32, ascii85. What they hold is read by the code for single runs.
 */
import { decodeRun, looksReadable } from './decode-packed.ts';
import { type View, ViewBuilder } from './normalise.ts';

const WORD = /(?<![\w+/=-])[\w+/]{2,40}={0,2}(?![\w+/=-])/g;
const MIN_WORDS = 3;
const MIN_BASE32 = 16;
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
const BASE32 = /(?<![A-Z0-9+/=])[A-Z2-7]{16,65536}={0,6}(?![A-Za-z0-9+/])/g;
const BASE32_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ASCII85 = /<~([!-uz\s]{10,65536})~>/g;

const TOKEN_CODES = Uint8Array.from({ length: 128 }, (_, code) => (/[\w+/-]/.test(String.fromCharCode(code)) ? 1 : 0));

const MIN_DIGITS = 3;
const PRINTABLE = /^[\t\n\r -~]+$/;

type Add = (plain: string | null, from: number, to: number) => void;

/** All that these runs hold as lines of one view. Null where none holds text. */
export function groupedView(view: View, digits: number, hasRun: boolean): View | null {
  const { text, codes } = view;
  let builder: ViewBuilder | null = null;
  const add: Add = (plain, from, to) => {
    if (plain === null) return;
    builder ??= new ViewBuilder(view, 256);
    builder.push(`${plain}\n`, from, to);
  };
  if (digits >= MIN_DIGITS && mayHoldGroups(text.length, codes)) {
    for (let at = 0; at < text.length; ) {
      const size = endOfToken(codes, at) - at;
      const end = GROUPS.has(size) ? endOfGroups(codes, at, size) : at;
      if (end > at) add(decodeRun(text.slice(at, end).replace(/\s/g, '')), at, end);
      at = nextToken(text.length, codes, Math.max(end, at + size));
    }
  }
  if (mayHoldWords(text)) addWords(text, add);
  if (digits >= MIN_DIGITS && text.includes('00010')) addDump(text, add);
  if (hasRun && mayHoldBase32(text.length, codes))
    for (const { 0: run, index } of text.matchAll(BASE32)) add(readBase32(run), index, index + run.length);
  if (text.includes('<~'))
    for (const found of text.matchAll(ASCII85)) add(readAscii85(found[1]!), found.index, found.index + found[0].length);
  return (builder as ViewBuilder | null)?.view() ?? null;
}

/** Looks at every fortieth place whether the next space has spaces on both sides, as many characters away. */
function mayHoldGroups(length: number, codes: Uint16Array): boolean {
  for (let at = 0; at < length; ) {
    const first = nextSpace(length, codes, at);
    if (first - at > MAX_WIDTH) {
      at = first;
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

/** Whether some run of its alphabet is long enough. Looks at each place from its end first. */
function mayHoldBase32(length: number, codes: Uint16Array): boolean {
  for (let start = 0; start + MIN_BASE32 <= length; ) {
    let at = start + MIN_BASE32 - 1;
    while (at >= start && isBase32Code(codes[at]!)) at -= 1;
    if (at < start) return true;
    start = at + 1;
  }
  return false;
}

function isBase32Code(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 50 && code <= 55);
}

function isSpace(code: number | undefined): boolean {
  return code === 32 || code === 10;
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

function readBase32(run: string): string | null {
  if (!/[2-7]/.test(run) && run.length % 8 !== 0) return null;
  const bytes = Buffer.alloc(Math.floor((run.replace(/=+$/, '').length * 5) / 8));
  let bits = 0;
  let held = 0;
  let length = 0;
  for (let i = 0; i < run.length && length < bytes.length; i += 1) {
    bits = ((bits << 5) | BASE32_ALPHABET.indexOf(run[i]!)) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes[length] = (bits >> held) & 0xff;
    length += 1;
    if (length === 48 && !looksReadable(bytes, length)) return null;
  }
  const text = bytes.toString('latin1');
  return PRINTABLE.test(text) ? text : null;
}

/** Groups of five for four bytes; `z` is four zeros. */
function readAscii85(run: string): string | null {
  const written = run.replace(/\s/g, '').replaceAll('z', '!!!!!');
  const bytes: number[] = [];
  for (let i = 0; i < written.length; i += 5) {
    const group = written.slice(i, i + 5);
    let n = 0;
    for (let k = 0; k < 5; k += 1) n = n * 85 + (k < group.length ? group.charCodeAt(k) - 33 : 84);
    for (let k = 0; k < group.length - 1; k += 1) bytes.push(Math.floor(n / 256 ** (3 - k)) & 0xff);
  }
  const text = Buffer.from(bytes).toString('latin1');
  return PRINTABLE.test(text) ? text : null;
}
