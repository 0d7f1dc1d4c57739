/**
 * Reads the value that stands at a place in text, as far as its syntax goes: a quoted one to its closing quote, another
 * to the white space, tag or separator that ends it. What is cut short here would be left over by redaction.
 */

/** [start, end) of the value without its quotes. */
export type Value = { start: number; end: number; quoted: boolean };

export const MAX_VALUE = 2048;
const SCHEME = /(?:bearer|basic|token|apikey|bot|digest|splunk|key)[ \t]{1,2}(?=[^\s])/iy;
const QUOTE_START = /[bBrRuUfFL@$]{0,2}(\\{0,7})("""|'''|["'`])/y;
const BLOCK_START = /[|>][+-]?[ \t]{0,4}\r?\n[ \t]{1,40}/y;

/** The value at `at`, of which `most` characters are looked at, after a scheme such as `Bearer` and the opening quote; null where nothing stands. */
export function readValue(text: string, at: number, most: number): (Value & { schemed: boolean }) | null {
  let start = skip(BLOCK_START, text, at);
  let schemed = false;
  const outer = quoteAt(text, start);
  const inner = skip(SCHEME, text, outer?.start ?? start);
  if (inner !== (outer?.start ?? start)) {
    schemed = true;
    start = inner;
  }
  const quote = outer ?? quoteAt(text, start);
  const end = quote === null ? -1 : closingQuote(text, quote, most);
  if (quote !== null && end !== -1) {
    const from = Math.max(quote.start, schemed ? start : 0);
    return from < end ? { start: from, end, quoted: true, schemed } : null;
  }
  if (quote !== null) start = Math.max(start, quote.start);
  const plainEnd = endOfPlain(text, start, most);
  return plainEnd > start ? { start, end: plainEnd, quoted: false, schemed } : null;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

type Quote = { start: number; escapes: number; mark: string };

function quoteAt(text: string, at: number): Quote | null {
  QUOTE_START.lastIndex = at;
  const found = QUOTE_START.exec(text);
  return found === null ? null : { start: QUOTE_START.lastIndex, escapes: found[1]!.length, mark: found[2]! };
}

/**
 * A closing quote has as many backslashes before it as the opening one; more of them belong to the value. Only the next
 * `most` characters are looked at, so that a quote that nobody closed costs a constant.
 */
function closingQuote(text: string, { start, escapes, mark }: Quote, most: number): number {
  const window = text.slice(start, start + most);
  const lineBreak = mark.length === 1 && mark !== '`' ? window.indexOf('\n') : -1;
  const bound = lineBreak === -1 ? window.length : lineBreak;
  for (let at = window.indexOf(mark); at !== -1 && at < bound; at = window.indexOf(mark, at + 1)) {
    let before = 0;
    while (before <= 16 && at - before - 1 >= 0 && window[at - before - 1] === '\\') before += 1;
    if (before === escapes || (escapes === 0 && before % 2 === 0)) return start + at - escapes;
  }
  return -1;
}

/** What ends an unquoted value before white space does: the next tag, pair, or member. */
const CUT =
  /["'`](?=$|[\s,;:)\]}>.&])|<(?=[/!A-Za-z])|&(?=[\w.%[\]-]{1,40}=|amp;|$)|;(?=$|\s|[\w ]{1,40}=)|,(?=$|\s|["'{[]|[\w-]{1,40}[=:])|\\(?=[nrt"']|u00)|\|(?=\s|$)/;
const TRAILING = /[.,;:!?"'`|]+$/;

function endOfPlain(text: string, start: number, most: number): number {
  let end = start;
  while (end < text.length && end - start < most && text.charCodeAt(end) > 32) end += 1;
  const run = text.slice(start, end);
  const cut = CUT.exec(run);
  let value = cut === null ? run : run.slice(0, cut.index);
  for (;;) {
    const trimmed = trimBrackets(value.replace(TRAILING, ''));
    if (trimmed === value) return start + value.length;
    value = trimmed;
  }
}

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{', '>': '<' };

/** A closing bracket that the value did not open belongs to what is around it. */
function trimBrackets(value: string): string {
  const opening = PAIRS[value.at(-1) ?? ''];
  return opening !== undefined && !value.includes(opening) ? value.slice(0, -1) : value;
}
