/**
 * Undoes what a text is written as byte by byte or cut apart by: hexadecimal or decimal numbers with signs between, and
 * marks of markup or code inside of words.
 */
import { type View, ViewBuilder } from './normalise.ts';

// Twelve bytes are a card number in part, or two words. Each alternative has a fixed length for each byte.
const BYTES =
  /(?<![0-9a-z])(?:(?:0x)?[0-9a-f]{2}(?:[,;] ?|[ :|/-])){11,4096}(?:0x)?[0-9a-f]{2}(?![0-9a-z])|(?<![0-9.])(?:(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])(?:[,;] ?|[ |/-])){11,4096}(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])(?![0-9.])|(?<![0-9.])(?:0?(?:[01][0-7]{2})(?:[,;] ?|[ |/-])){11,4096}0?[01][0-7]{2}(?![0-9.])/gi;
const MIN_DIGITS = 12;
const PRINTABLE = /^[\t\n\r -~]+$/;

const INSIDE =
  /(?<=[A-Za-z0-9 ])(?:<!--[^<>]{0,64}-->|\*{2,3}|_{2}|["'] ?\+ ?["']|(["']) [.&] \1|\]\]><!\[CDATA\[|\}\\[a-z]{1,12}\{|\]\([^()\s]{0,80}\)(?! )|\[\^\d{1,3}\]|["']\}\$\{["']|\[\d{1,2}(?:;\d{1,3}){0,4}m|<\/?[a-z]{1,6}>)(?=[A-Za-z0-9 ])/g;
const MAY_BE_TAG = /[A-Za-z0-9](?:<\/?[a-z]{1,6}>\n?){1,4}[A-Za-z0-9]/;
/** Tags between the letters of words, and those beside the spaces between such words. */
const TAGS = /(?<=[A-Za-z0-9 ])(?:<\/?[a-z]{1,6}>\n?){1,4}(?=[A-Za-z0-9 ])/g;
const MARKS = ['__', '. "', '[0m'];
/** Those that hold an odd sign. */
const ODD_MARKS = ['**', '<!--', '+"', '+ "', "+'", "+ '", ". '", '<![CDATA[', '](', '[^', '}${', '& "', "& '", '}\\'];
/** Characters around such a mark that are read with it. */
const AROUND = 160;

/** All runs of bytes that read as text, as lines of one view. Null where there is none. */
export function byteView(view: View, digits: number): View | null {
  if (digits < MIN_DIGITS || !mayHoldBytes(view)) return null;
  let builder: ViewBuilder | null = null;
  for (const found of view.text.matchAll(BYTES)) {
    const text = textOf(found[0]);
    if (!PRINTABLE.test(text)) continue;
    builder ??= new ViewBuilder(view, text.length);
    builder.push(`${text}\n`, found.index, found.index + found[0].length);
  }
  return builder?.view() ?? null;
}

/** What stands around marks inside of words, without the marks. Null where there is none. */
export function unmarkedView(view: View, hasOddSigns: boolean): View | null {
  const { text } = view;
  const marks = mayHoldTag(view) && MAY_BE_TAG.test(text) ? TAGS : mayHoldMarks(text, hasOddSigns) ? INSIDE : null;
  if (marks === null) return null;
  let builder: ViewBuilder | null = null;
  let done = 0;
  for (const found of text.matchAll(marks)) {
    builder ??= new ViewBuilder(view, 256);
    copyAround(builder, done, found.index);
    done = found.index + found[0].length;
  }
  builder?.copy(done, Math.min(text.length, done + AROUND));
  return builder?.view() ?? null;
}

/** Copies [from, to), of a long stretch only its ends. */
function copyAround(builder: ViewBuilder, from: number, to: number): void {
  if (to - from <= 2 * AROUND) {
    builder.copy(from, to);
    return;
  }
  if (from > 0) builder.copy(from, from + AROUND);
  builder.pushUnit(10, to - AROUND, to - AROUND + 1);
  builder.copy(to - AROUND, to);
}

/** A tag right behind a letter or digit. */
function mayHoldTag({ text, codes }: View): boolean {
  for (let at = text.indexOf('<', 1); at !== -1; at = text.indexOf('<', at + 1)) {
    const next = codes[at + 1]!;
    if (isAlnum(codes[at - 1]!) && (next === 47 || (next >= 97 && next <= 122))) return true;
  }
  return false;
}

function isAlnum(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 122);
}

/** Searches for literals that begin with a rare sign, which cost next to nothing; nearly every text ends here. */
function mayHoldMarks(text: string, hasOddSigns: boolean): boolean {
  return MARKS.some((mark) => text.includes(mark)) || (hasOddSigns && ODD_MARKS.some((mark) => text.includes(mark)));
}

/** Looks at a few places of every eighteen: the shortest run of bytes has 35 characters, and a sign in every six. */
function mayHoldBytes({ text, codes }: View): boolean {
  for (let at = 0; at < text.length; at += 18) {
    for (let i = at; i < at + 6; i += 1) {
      if (!isSign(codes[i]!)) continue;
      if (beginsBytes(codes, codes[i + 1] === 32 ? i + 2 : i + 1)) return true;
      break;
    }
  }
  return false;
}

function isSign(code: number): boolean {
  return code === 32 || (code >= 44 && code <= 47 && code !== 46) || code === 58 || code === 59 || code === 124;
}

/** Whether four numbers of two or three digits follow, with one sign behind each. */
function beginsBytes(codes: Uint16Array, from: number): boolean {
  let at = from;
  let sign = 0;
  for (let count = 0; count < 4; count += 1) {
    if (codes[at] === 48 && (codes[at + 1]! | 32) === 120) at += 2;
    else if (codes[at] === 48 && isHex(codes[at + 2]!) && isHex(codes[at + 3]!)) at += 1;
    if (!isHex(codes[at]!) || !isHex(codes[at + 1]!)) return false;
    at += isHex(codes[at + 2]!) ? 3 : 2;
    const code = codes[at]!;
    if (!isSign(code) || (count > 0 && code !== sign)) return false;
    sign = code;
    at += (code === 44 || code === 59) && codes[at + 1] === 32 ? 2 : 1;
  }
  return true;
}

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 102);
}

/** Octal where all have three digits and one can be nothing else; decimal where three digits stand somewhere, or none is hexadecimal by its letters or its prefix. */
function textOf(written: string): string {
  const parts = written.match(/[0-9a-z]+/gi)!;
  if (parts.every((part) => /^0?[01][0-7]{2}$/.test(part)) && parts.some((part) => /^0|^1[3-7]/.test(part)))
    return String.fromCharCode(...parts.map((part) => Number.parseInt(part, 8)));
  const isDecimal =
    !/[a-fx]/i.test(written) && (parts.some((part) => part.length === 3) || /[89]\d(?!\d)/.test(written));
  return String.fromCharCode(...parts.map((part) => Number.parseInt(part.replace(/^0x/i, ''), isDecimal ? 10 : 16)));
}
