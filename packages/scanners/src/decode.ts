/**
 * Undoes the encodings under which text hides in text. Each call peels one layer and keeps the map to the source; how
 * many layers are peeled, and how much may be looked at in all, is the caller's bound.
 */
import { LONG_RUN, type Survey } from './anchors.ts';
import { alphabetView } from './decode-alphabets.ts';
import { unmarkedView } from './decode-marks.ts';
import { numberView } from './decode-numbers.ts';
import { packedView } from './decode-packed.ts';
import { groupedView } from './decode-runs.ts';
import { unseenView } from './decode-unseen.ts';
import { writtenView } from './decode-written.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { writtenByOthers } from './other-scripts.ts';
import { longRuns, NO_RUNS } from './runs.ts';
import type { Budget } from './scan-limits.ts';
import { turnedView } from './turned-letters.ts';
import { movedView, pairedView } from './unkey.ts';

// Each alternative starts with its own character and has a fixed or small bounded length: linear on any text.
const ESCAPES =
  /(?:%[0-9a-f]{2}){1,64}|%u[0-9a-f]{4}|(?:\\0{0,4}[2-7][0-9a-f] ){2,64}|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,16});?|\\N\{LATIN (?:SMALL|CAPITAL) LETTER [A-Z]\}|\\(?!\\{8})\\{0,7}(?!\\)(?:u\{[0-9a-f]{1,6}\}|u[0-9a-f]{4}|x[0-9a-f]{2}|[0-3][0-7]{2}|[4-7][0-7](?![0-7])|[nrt"'/])|(?:=[0-9A-F]{2}(?:=\r?\n)?){2,64}/gi;

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  colon: ':',
  comma: ',',
  commat: '@',
  dollar: '$',
  equals: '=',
  excl: '!',
  gt: '>',
  hyphen: '-',
  lbrack: '[',
  lowbar: '_',
  lpar: '(',
  lt: '<',
  nbsp: ' ',
  newline: '\n',
  num: '#',
  percnt: '%',
  period: '.',
  plus: '+',
  quot: '"',
  rbrack: ']',
  rpar: ')',
  semi: ';',
  shy: '',
  sol: '/',
  tab: '\t',
  vert: '|',
  zerowidthspace: '',
  zwj: '',
  zwnj: '',
};
const SHORT: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '/': '/' };

const OVERRIDES = /[\u202d\u202e\u2066-\u2068]/;

/** What one layer of encoding hides in a text: `source` as it was written, `plain` the same folded. */
export function hiddenViews(source: View, plain: View, survey: Survey, budget: Budget): View[] {
  const views: View[] = [];
  const add = (view: View | null): void => {
    if (view !== null) views.push(view);
  };
  if (survey.hasEscapes || mayBeQuotedPrintable(plain)) add(unescapeView(plain));
  if (source !== plain || survey.needsFold) {
    add(reorderView(source));
    add(turnedView(source));
    add(unseenView(source));
    add(pairedView(source));
    add(writtenByOthers(source));
  }
  add(movedView(source, budget));
  const runs = survey.hasRun ? longRuns(plain) : NO_RUNS;
  add(packedView(plain, runs, budget));
  if (plain.text.length < LONG_RUN) return views;
  add(groupedView(plain, survey.digits, budget));
  add(numberView(plain, survey.digits, runs, budget));
  add(writtenView(plain, budget));
  add(alphabetView(plain, runs, survey.hasOddSigns, budget));
  add(unmarkedView(plain, survey.hasOddSigns));
  return views;
}

/** Two equals signs with two characters between them. */
function mayBeQuotedPrintable({ text, codes }: View): boolean {
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', at + 1)) if (codes[at + 3] === 61) return true;
  return false;
}

/** The view with one layer of escapes undone, or null where there is none. Never longer than the view. */
function unescapeView(view: View): View | null {
  let builder: ViewBuilder | null = null;
  let done = 0;
  for (const found of view.text.matchAll(ESCAPES)) {
    const plain = unescapeOne(found[0]);
    if (plain === undefined) continue;
    builder ??= new ViewBuilder(view);
    builder.copy(done, found.index);
    done = found.index + found[0].length;
    builder.push(plain, found.index, done);
  }
  if (builder === null) return null;
  builder.copy(done, view.text.length);
  return builder.view();
}

function unescapeOne(written: string): string | undefined {
  const last = written.at(-1)!.toLowerCase();
  // No other escape ends so, and most of those in JSON do.
  if (written.startsWith('\\') && SHORT[last] !== undefined) return SHORT[last];
  if (/^%u/i.test(written)) return fromPoint(Number.parseInt(written.slice(2), 16));
  // Style sheets write characters in hexadecimal, with a space behind each.
  if (written.endsWith(' '))
    return written
      .slice(1, -1)
      .split(' \\')
      .map((code) => fromPoint(Number.parseInt(code, 16)))
      .join('');
  if (written.endsWith('}') && written.includes(' ')) return written.at(-2)!.toLowerCase();
  if (written.startsWith('%')) return Buffer.from(written.replaceAll('%', ''), 'hex').toString('utf8');
  if (written.startsWith('=')) return Buffer.from(written.replace(/[=\r\n]/g, ''), 'hex').toString('utf8');
  if (written.startsWith('&')) return unescapeEntity(written);
  const lower = written.replace(/^\\+/, '').toLowerCase();
  if (/^[ux]/.test(lower)) return fromPoint(Number.parseInt(lower.replace(/[^0-9a-f]/g, ''), 16));
  if (/^[0-7]/.test(lower)) return fromPoint(Number.parseInt(lower, 8));
  return lower[0]!;
}

/** Numbers without their semicolon too, as browsers read them; names only with it. */
function unescapeEntity(written: string): string | undefined {
  const lower = written.toLowerCase();
  if (lower.startsWith('&#x')) return fromPoint(Number.parseInt(lower.slice(3), 16));
  if (lower.startsWith('&#')) return fromPoint(Number.parseInt(lower.slice(2), 10));
  return lower.endsWith(';') ? NAMED[lower.slice(1, -1)] : undefined;
}

function fromPoint(point: number): string {
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
}

/** What stands between a right-to-left override and its end, the way round that a person reads it. */
function reorderView(source: View): View | null {
  const { text } = source;
  if (!OVERRIDES.test(text)) return null;
  const builder = new ViewBuilder(source);
  for (let at = 0; at < text.length; ) {
    const start = text.indexOf('\u202e', at);
    if (start === -1) {
      builder.copy(at, text.length);
      break;
    }
    const ends = /[\u202c\u2069\n]/g;
    ends.lastIndex = start;
    const end = ends.exec(text)?.index ?? text.length;
    builder.copy(at, start);
    for (let i = end - 1; i > start; i -= 1) {
      // Left in, the next layer would turn the same text again.
      if (text.charCodeAt(i) !== 0x202e) builder.pushUnit(text.charCodeAt(i), i, i + 1);
    }
    at = end + 1;
  }
  return builder.view();
}
