/**
 * Unpacks runs of letters and digits that are bytes: base64, hexadecimal, and what either holds in gzip, zlib or UTF-16.
 * A run is looked into only if its first bytes read as text, so that digests and images cost next to nothing.
 */
import { gunzipSync, inflateSync } from 'node:zlib';
import { codesOf, type View, ViewBuilder } from './normalise.ts';
import type { Run } from './runs.ts';
import { type Budget, spend } from './scan-limits.ts';
import { isStrange, unkeyed } from './unkey.ts';

/** Unpacked bytes of one run. */
const MAX_UNPACKED = 1024 * 1024;
/** Compressed runs of one text that are unpacked. */
const MAX_INFLATED = 8;
/** Unpacked bytes that take as long as to look at one character. */
const BYTES_A_CHAR = 4;
/** The most that deflate makes of one byte. */
const DEFLATE_RATIO = 1032;

const HEX_RUN = /(?:[0-9a-f]{2}){10,}/gi;

const SIXTETS = new Int8Array(128).fill(-1);
for (const [i, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  SIXTETS[char.charCodeAt(0)] = i;
}
SIXTETS['-'.charCodeAt(0)] = 62;
SIXTETS['_'.charCodeAt(0)] = 63;

/**
 * Of long runs, with the lines that follow them, those that hold text, as lines of one view; every character of a line maps
 * to the whole run. Null where none does.
 */
export function packedView(view: View, runs: readonly Run[], budget: Budget): View | null {
  let builder: ViewBuilder | null = null;
  let inflated = 0;
  const unpack = (bytes: Buffer): string | null => {
    const isPacked = isCompressed(bytes);
    if (isPacked) inflated += 1;
    return isPacked && inflated > MAX_INFLATED ? null : unpackBytes(bytes, budget);
  };
  let end = 0;
  for (const [start, endOfRun] of runs) {
    if (start < end) continue;
    end = endOfLines(view.text, endOfRun);
    if (!mayHoldBytes(view.codes, start, end)) continue;
    const decoded = decode(view.text.slice(start, end), unpack);
    const keyed = decoded === null || isStrange(decoded) ? keyedRun(view.text.slice(start, end), budget) : null;
    for (const plain of [decoded, keyed]) {
      if (plain === null) continue;
      builder ??= new ViewBuilder(view, plain.length);
      builder.push(`${plain}\n`, start, end);
    }
  }
  return builder?.view() ?? null;
}

/** What one run of base64 or hexadecimal holds; null where it is no text. */
export function decodeRun(run: string, budget: Budget): string | null {
  return mayHoldBytes(codesOf(run), 0, run.length) ? decode(run, (bytes) => unpackBytes(bytes, budget)) : null;
}

/** Text under a key; digits and letters of one case up to f are hexadecimal, everything else is base64. */
function keyedRun(run: string, budget: Budget): string | null {
  const plain = run.replace(/[\r\n]/g, '');
  return unkeyed(Buffer.from(plain, /^(?:[0-9a-f]{2})+$/i.test(plain) ? 'hex' : 'base64'), budget);
}

function decode(written: string, unpack: Unpack): string | null {
  const hex = isMostlyHex(written) ? decodeHex(written, unpack) : null;
  return hex ?? decodeBase64(written, unpack) ?? decodeBackwards(written, unpack);
}

/** Base64 from its end to its beginning, without the padding that stands in front then. */
function decodeBackwards(written: string, unpack: Unpack): string | null {
  if (!/[A-Z]/.test(written) || !/[a-z]/.test(written)) return null;
  let end = written.length;
  while (end > 0 && written.charCodeAt(end - 1) === EQUALS) end -= 1;
  const length = sampleFrom(written, end - 1, -1);
  if (length < 3 || !looksReadable(SAMPLE, length)) return null;
  return unpack(Buffer.from([...written.slice(0, end)].reverse().join(''), 'base64'));
}

function isRunCode(code: number): boolean {
  return code < 128 && SIXTETS[code]! >= 0;
}

const HEX_CHARS = new Uint8Array(128);
for (const char of '0123456789abcdefABCDEF') HEX_CHARS[char.charCodeAt(0)] = 1;
const MIN_HEX = 20;
const EQUALS = 61;

/** Letters of both cases, or enough hexadecimal digits in a row: no other run holds a text. */
function mayHoldBytes(codes: Uint16Array, start: number, end: number): boolean {
  let upper = false;
  let lower = false;
  let hex = 0;
  for (let i = start; i < end; i += 1) {
    const code = codes[i]!;
    upper ||= code >= 65 && code <= 90;
    lower ||= code >= 97 && code <= 122;
    hex = code < 128 && HEX_CHARS[code] === 1 ? hex + 1 : 0;
    if ((upper && lower) || hex >= MIN_HEX) return true;
  }
  return false;
}

/** Further lines of the run, each whole: words after a line break are none. */
function endOfLines(text: string, from: number): number {
  let end = from;
  for (;;) {
    const next = text[end] === '\r' ? end + 1 : end;
    if (text[next] !== '\n' || !isRunCode(text.charCodeAt(next + 1))) break;
    let lineEnd = next + 1;
    while (lineEnd < text.length && isRunCode(text.charCodeAt(lineEnd))) lineEnd += 1;
    if (lineEnd < text.length && !'\r\n="'.includes(text[lineEnd]!)) break;
    end = lineEnd;
  }
  for (let padding = 0; padding < 2 && text[end] === '='; padding += 1) end += 1;
  return end;
}

/** Judged by its start alone: a digest, an identifier, a hexadecimal text. */
function isMostlyHex(run: string): boolean {
  for (let i = 0; i < Math.min(run.length, 20); i += 1) {
    const code = run.charCodeAt(i) | 32;
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102) || code === 45 || code === 120)) return false;
  }
  return true;
}

type Unpack = (bytes: Buffer) => string | null;

function decodeHex(run: string, unpack: Unpack): string | null {
  HEX_RUN.lastIndex = 0;
  const hex = HEX_RUN.exec(run.includes('\n') ? run.replace(/[\r\n]/g, '') : run)?.[0];
  if (hex === undefined) return null;
  if (holdsText(hex)) return unpack(Buffer.from(hex, 'hex'));
  // From its end to its beginning: the first digits of letters are 6 or 7, so the last ones of their turned bytes.
  if (!/^(?:[0-9a-f][2-7]){8}/i.test(hex)) return null;
  const turned = [...hex].reverse().join('');
  return holdsText(turned) ? unpack(Buffer.from(turned, 'hex')) : null;
}

function holdsText(hex: string): boolean {
  const start = Buffer.from(hex.slice(0, 48), 'hex');
  return looksReadable(start, start.length);
}

const SAMPLE = new Uint8Array(48);

/** Each alignment is tried, because a path may run into the data. Digits or one case alone are no base64 of a text. */
function decodeBase64(run: string, unpack: Unpack): string | null {
  if (!/[A-Z]/.test(run) || !/[a-z]/.test(run)) return null;
  for (let from = 0; from < 4; from += 1) {
    const length = sampleFrom(run, from, 1);
    if (length < 3 || !looksReadable(SAMPLE, length)) continue;
    const plain = /[\r\n]/.test(run) ? run.replace(/[\r\n]/g, '') : run;
    const text = unpack(Buffer.from(from === 0 ? plain : plain.slice(from), 'base64'));
    if (text !== null) return text;
  }
  return null;
}

/** Decodes up to 48 bytes into the sample, to the end of the run or to its beginning; returns how many. */
function sampleFrom(run: string, from: number, step: 1 | -1): number {
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let i = from; i >= 0 && i < run.length && length < SAMPLE.length; i += step) {
    const code = run.charCodeAt(i);
    const value = code < 128 ? SIXTETS[code]! : -1;
    if (value === -1) continue;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    SAMPLE[length] = (bits >> held) & 0xff;
    length += 1;
  }
  return length;
}

const PRINTABLE_SHARE = 0.85;

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13);
}

/** Whether bytes start as ASCII, UTF-8 of another script, UTF-16, gzip or zlib do. */
export function looksReadable(bytes: Uint8Array, length: number): boolean {
  if (isCompressed(bytes)) return true;
  let printable = 0;
  let zeros = 0;
  for (let i = 0; i < length; i += 1) {
    if (isPrintable(bytes[i]!)) printable += 1;
    else if (bytes[i] === 0) zeros += 1;
  }
  if (printable >= length * PRINTABLE_SHARE) return true;
  if (zeros > 0) return zeros >= length * 0.4 && printable >= length * 0.4;
  return isUtf8(bytes, length);
}

function isCompressed(bytes: Uint8Array): boolean {
  return (
    (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) ||
    (bytes[0] === 0x78 && (bytes[1] === 0x9c || bytes[1] === 0xda || bytes[1] === 1))
  );
}

/** Lead bytes followed by as many continuations as they say; the last character may be cut off. */
function isUtf8(bytes: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; ) {
    const byte = bytes[i]!;
    const width = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    if (width === 0 || byte > 0xf4 || (width === 1 && !isPrintable(byte))) return false;
    for (let j = 1; j < width && i + j < length; j += 1) if ((bytes[i + j]! & 0xc0) !== 0x80) return false;
    i += width;
  }
  return true;
}

/** The text that bytes are, or hold compressed; null where they are none. */
export function unpackBytes(bytes: Buffer, budget: Budget): string | null {
  const plain = isCompressed(bytes) ? inflate(bytes, budget) : bytes;
  if (plain === null) return null;
  const utf16 = readUtf16(plain);
  if (utf16 !== null) return utf16;
  let printable = 0;
  for (const byte of plain) if (isPrintable(byte)) printable += 1;
  const text = plain.toString('utf8');
  if (printable >= plain.length * PRINTABLE_SHARE) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells bytes from text
  return /[\ufffd\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? null : text;
}

/** What was unpacked is charged, and where that failed what may have been. */
function inflate(bytes: Buffer, budget: Budget): Buffer | null {
  if (budget.exceeded) return null;
  let unpacked = Math.min(MAX_UNPACKED, DEFLATE_RATIO * bytes.length);
  try {
    const options = { maxOutputLength: MAX_UNPACKED };
    const plain = bytes[0] === 0x1f ? gunzipSync(bytes, options) : inflateSync(bytes, options);
    unpacked = plain.length;
    return plain;
  } catch {
    return null;
  } finally {
    spend(budget, unpacked / BYTES_A_CHAR);
  }
}

/** Text in which every other byte is zero, at either end. */
function readUtf16(bytes: Buffer): string | null {
  const sample = Math.min(bytes.length, 64) & ~1;
  if (sample < 8) return null;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < sample; i += 2) {
    if (bytes[i] === 0) even += 1;
    if (bytes[i + 1] === 0) odd += 1;
  }
  const half = sample / 2;
  if (odd >= half * 0.8 && even === 0) return bytes.toString('utf16le');
  if (even < half * 0.8 || odd !== 0) return null;
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}
