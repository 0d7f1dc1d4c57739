/**
 * Unpacks bytes that are written in several runs, or in other alphabets than base64: groups of one length, dumps with
 * offsets, base32, ascii85. What they hold is read by the code for single runs.
 */
import { decodeRun, looksReadable } from './decode-packed.ts';
import { type View, ViewBuilder } from './normalise.ts';

// Groups of four, eight or more characters, the last may be shorter.
const GROUPS =
  /(?<![\w+/=-])(?:(?:[\w+/-]{4}[ \n]){3,4096}|(?:[\w+/-]{8}[ \n]){1,4096}|(?:[\w+/-]{16}[ \n]){1,4096})[\w+/-]{1,16}={0,2}(?![\w+/-])/g;
const WORD = /(?<![\w+/=-])[\w+/]{2,40}={0,2}(?![\w+/=-])/g;
const MIN_WORDS = 3;
const DUMP_ROW =
  /^[0-9a-f]{6,16}:?[ \t]{1,3}((?:[0-9a-f]{2}){1,2}(?: {1,2}(?:[0-9a-f]{2}){1,2}){0,15})(?: {2,60}|$)/gim;
const BASE32 = /(?<![A-Z0-9+/=])[A-Z2-7]{16,65536}={0,6}(?![A-Za-z0-9+/])/g;
const BASE32_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ASCII85 = /<~([!-uz\s]{10,65536})~>/g;

const MIN_DIGITS = 3;
const PRINTABLE = /^[\t\n\r -~]+$/;

type Add = (plain: string | null, from: number, to: number) => void;

/** All that these runs hold as lines of one view. Null where none holds text. */
export function groupedView(view: View, digits: number, longestRun: number): View | null {
  const { text } = view;
  let builder: ViewBuilder | null = null;
  const add: Add = (plain, from, to) => {
    if (plain === null) return;
    builder ??= new ViewBuilder(view, 256);
    builder.push(`${plain}\n`, from, to);
  };
  if (digits >= MIN_DIGITS && mayHoldGroups(text)) {
    for (const { 0: run, index } of text.matchAll(GROUPS))
      add(decodeRun(run.replace(/\s/g, '')), index, index + run.length);
  }
  if (text.includes('==') || text.includes('= ')) addWords(text, add);
  if (digits >= MIN_DIGITS && text.includes('00010')) addDump(text, add);
  if (longestRun >= 16)
    for (const { 0: run, index } of text.matchAll(BASE32)) add(readBase32(run), index, index + run.length);
  if (text.includes('<~'))
    for (const found of text.matchAll(ASCII85)) add(readAscii85(found[1]!), found.index, found.index + found[0].length);
  return (builder as ViewBuilder | null)?.view() ?? null;
}

/** Looks at every fortieth place whether the next space has spaces on both sides, as many characters away. */
function mayHoldGroups(text: string): boolean {
  for (let at = 0; at < text.length; at += 40) {
    const first = nextSpace(text, at);
    const second = nextSpace(text, first + 1);
    const width = second - first;
    if (width < 5 || width > 65 || width % 4 !== 1) continue;
    if (isSpace(text, second + width) || isSpace(text, first - width) || first - width === -1) return true;
  }
  return false;
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 10;
}

/** Not farther than a group is long. */
function nextSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && at < from + 66 && !isSpace(text, at)) at += 1;
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
