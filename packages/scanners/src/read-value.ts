/**
 * Reads the value that stands at a place in text, as far as its syntax goes: a quoted one to its closing quote, another
 * to the white space, tag or separator that ends it. What is cut short here would be left over by redaction.
 */

/** [start, end) of the value without its quotes. */
export type Value = { start: number; end: number; quoted: boolean };

export const MAX_VALUE = 2048;
/** Most values end soon: the rest is looked at only where twice as many characters do not end it. */
const NEAR = 64;
const SCHEME = /(?:bearer|basic|token|apikey|bot|digest|splunk|key)[ \t]{1,2}(?=[^\s])/iy;
const QUOTE_START = /[bBrRuUfFL@$]{0,2}(\\{0,7})("""|'''|["'`])/y;
const BLOCK_START = /[|>][+-]?[ \t]{0,4}\r?\n[ \t]{1,40}/y;

/** `read`: how many characters were looked at for it. */
export type ReadValue = Value & { schemed: boolean; read: number };

type Quote = { start: number; escapes: number; mark: string };

/** What ends an unquoted value before white space does: the next tag, pair, or member. */
const CUT =
  /["'`](?=$|[\s,;:)\]}>.&])|<(?=[/!A-Za-z])|&(?=[\w.%[\]-]{1,40}=|amp;|$)|;(?=$|\s|[\w ]{1,40}=)|,(?=$|\s|["'{[]|[\w-]{1,40}[=:])|\\(?=[nrt"']|u00)|\|(?=\s|$)/;
const TRAILING = /[.,;:!?"'`|]+$/;

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{', '>': '<' };

/** The value at `at`, of which `most` characters are looked at, after a scheme such as `Bearer` and the opening quote; null where nothing stands. */
export function readValue(text: string, at: number, most: number): ReadValue | null {
  let start = skip(BLOCK_START, text, at);
  let schemed = false;
  const outer = quoteAt(text, start);
  const inner = skip(SCHEME, text, outer?.start ?? start);
  if (inner !== (outer?.start ?? start)) {
    schemed = true;
    start = inner;
  }
  const quote = outer ?? quoteAt(text, start);
  const { end, read: sought } = quote === null ? { end: -1, read: 0 } : closingQuote(text, quote, most);
  if (quote !== null && end !== -1) {
    const from = Math.max(quote.start, schemed ? start : 0);
    return from < end ? { start: from, end, quoted: true, schemed, read: sought } : null;
  }
  if (quote !== null) start = Math.max(start, quote.start);
  const plain = readPlain(text, start, most);
  const read = plain.read + sought;
  return plain.end > start ? { start, end: plain.end, quoted: false, schemed, read } : null;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function quoteAt(text: string, at: number): Quote | null {
  QUOTE_START.lastIndex = at;
  const found = QUOTE_START.exec(text);
  return found === null ? null : { start: QUOTE_START.lastIndex, escapes: found[1]!.length, mark: found[2]! };
}

/**
 * A closing quote has as many backslashes before it as the opening one; more of them belong to the value. Only the next
 * `most` characters are looked at, so that a quote that nobody closed costs a constant.
 */
function closingQuote(text: string, quote: Quote, most: number): { end: number; read: number } {
  const near = text.slice(quote.start, quote.start + Math.min(most, 2 * NEAR));
  const early = closingIn(near, quote);
  if (early !== null || near.length < 2 * NEAR) return { end: early ?? -1, read: near.length };
  const window = text.slice(quote.start, quote.start + most);
  return { end: closingIn(window, quote) ?? -1, read: window.length };
}

/** Where in the text the value ends whose quote closes in the window; -1 where a line's end is before, null where neither is. */
function closingIn(window: string, { start, escapes, mark }: Quote): number | null {
  const lineBreak = mark.length === 1 && mark !== '`' ? window.indexOf('\n') : -1;
  const bound = lineBreak === -1 ? window.length : lineBreak;
  for (let at = window.indexOf(mark); at !== -1 && at < bound; at = window.indexOf(mark, at + 1)) {
    let before = 0;
    while (before <= 16 && at - before - 1 >= 0 && window[at - before - 1] === '\\') before += 1;
    if (before === escapes || (escapes === 0 && before % 2 === 0)) return start + at - escapes;
  }
  return lineBreak === -1 ? null : -1;
}

function readPlain(text: string, start: number, most: number): { end: number; read: number } {
  // What tells a cut stands within the same number of characters behind it.
  const near = runAt(text, start, Math.min(most, 2 * NEAR));
  const early = CUT.exec(near);
  if (early !== null && early.index < NEAR) return { end: start + trim(near.slice(0, early.index)), read: near.length };
  const run = near.length < 2 * NEAR ? near : runAt(text, start, most);
  const cut = CUT.exec(run);
  return { end: start + trim(cut === null ? run : run.slice(0, cut.index)), read: run.length };
}

function runAt(text: string, start: number, most: number): string {
  let end = start;
  while (end < text.length && end - start < most && text.charCodeAt(end) > 32) end += 1;
  return text.slice(start, end);
}

/** The length of a value without the signs and brackets behind it that belong to what is around it. */
function trim(written: string): number {
  let value = written;
  for (;;) {
    const trimmed = trimBrackets(value.replace(TRAILING, ''));
    if (trimmed === value) return value.length;
    value = trimmed;
  }
}

/** A closing bracket that the value did not open belongs to what is around it. */
function trimBrackets(value: string): string {
  const opening = PAIRS[value.at(-1) ?? ''];
  return opening !== undefined && !value.includes(opening) ? value.slice(0, -1) : value;
}
