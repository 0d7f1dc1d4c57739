/**
 * Undoes the encodings under which text hides in text: percent, HTML entities, backslash escapes and base64. Each
 * call peels one layer and keeps the map to the source; how many layers are peeled is the caller's bound.
 */
import type { Survey } from './anchors.ts';
import { type View, ViewBuilder } from './normalise.ts';

// Each alternative starts with its own character and has a fixed or small bounded length: linear on any text.
const ESCAPES =
  /(?:%[0-9a-f]{2}){1,64}|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,16});|\\(?:u\{[0-9a-f]{1,6}\}|u[0-9a-f]{4}|x[0-9a-f]{2}|[nrt"'/])/gi;

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  colon: ':',
  commat: '@',
  equals: '=',
  excl: '!',
  gt: '>',
  hyphen: '-',
  lbrack: '[',
  lowbar: '_',
  lt: '<',
  nbsp: ' ',
  newline: '\n',
  num: '#',
  period: '.',
  quot: '"',
  rbrack: ']',
  semi: ';',
  shy: '',
  sol: '/',
  tab: '\t',
  vert: '|',
  zerowidthspace: '',
  zwj: '',
  zwnj: '',
};
const SHORT: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const fromPoint = (point: number): string => (point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd');

function unescapeOne(written: string): string | undefined {
  if (written.startsWith('%')) return Buffer.from(written.replaceAll('%', ''), 'hex').toString('utf8');
  const lower = written.toLowerCase();
  if (lower.startsWith('&#x')) return fromPoint(Number.parseInt(lower.slice(3, -1), 16));
  if (lower.startsWith('&#')) return fromPoint(Number.parseInt(lower.slice(2, -1), 10));
  if (lower.startsWith('&')) return NAMED[lower.slice(1, -1)];
  if (/^\\[ux]/.test(lower)) return fromPoint(Number.parseInt(lower.replace(/[^0-9a-f]/g, ''), 16));
  return SHORT[lower[1]!] ?? lower[1]!;
}

/** The view with one layer of escapes undone, or null where there is none. Never longer than the view. */
function unescapeView(view: View): View | null {
  const builder = new ViewBuilder(view);
  let done = 0;
  let changed = false;
  for (const found of view.text.matchAll(ESCAPES)) {
    const plain = unescapeOne(found[0]);
    if (plain === undefined) continue;
    changed = true;
    builder.copy(done, found.index);
    done = found.index + found[0].length;
    builder.push(plain, found.index, done);
  }
  if (!changed) return null;
  builder.copy(done, view.text.length);
  return builder.view();
}

/** The shortest run taken for base64: twelve bytes, enough for a social security number. */
const MIN_BASE64_RUN = 15;
// One class with a lower bound, then an optional fixed tail that starts outside the class: linear.
const BASE64_RUNS = /[A-Za-z0-9+/_-]{15,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}/g;
const PRINTABLE_SHARE = 0.85;

/** The run's text if it decodes to some, trying each alignment because a path may run into the data. */
function decodeBase64(run: string): string | null {
  for (let from = 0; from < 4; from += 1) {
    const bytes = Buffer.from(from === 0 ? run : run.slice(from), 'base64');
    const text = bytes.toString('utf8');
    if (isMostlyPrintable(bytes) || (from === 0 && isUnicodeText(text))) return text;
  }
  return null;
}

function isMostlyPrintable(bytes: Uint8Array): boolean {
  let printable = 0;
  for (const byte of bytes) if ((byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13)) printable += 1;
  return printable >= bytes.length * PRINTABLE_SHARE;
}

/** Valid UTF-8 in other scripts, or full of invisible marks, is text too. */
function isUnicodeText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells bytes from text
  return !/[\ufffd\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text);
}

/** One view per base64 run that decodes to text; every character of it maps to the whole run. */
function base64Views(view: View): View[] {
  const views: View[] = [];
  for (const found of view.text.matchAll(BASE64_RUNS)) {
    const decoded = decodeBase64(found[0].replace(/[\r\n]/g, ''));
    if (decoded === null) continue;
    const builder = new ViewBuilder(view);
    builder.push(decoded, found.index, found.index + found[0].length);
    views.push(builder.view());
  }
  return views;
}

/** What one layer of encoding hides in a text: `source` as it was written, `plain` the same folded. */
export function hiddenViews(_source: View, plain: View, survey: Survey): View[] {
  const unescaped = survey.hasEscapes ? unescapeView(plain) : null;
  const views = unescaped === null ? [] : [unescaped];
  return survey.longestRun < MIN_BASE64_RUN ? views : [...views, ...base64Views(plain)];
}
