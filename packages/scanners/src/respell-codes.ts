/**
 * Reads words that are written in signs or names for their letters: Morse, the alphabet of radio, numbers of letters, pig
 * Latin, rot47, strings of code that are named and then put together. They are started only where a literal or a count says
 * that one may be there.
 */
import { isDigit } from './char-kinds.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { SPELLABLE } from './read-meanings.ts';

/** What speaks for each code: one of its literals was seen, or enough digits or ends of words. */
export type CodeSign = 'morse' | 'names' | 'numbers' | 'pigs' | 'rot47' | 'variables';

type Code = {
  readonly sign: CodeSign;
  readonly run: RegExp;
  /** Asked before, where the expression costs more than a look at a few characters. */
  readonly mayStart?: (source: View) => boolean;
  /** Null where the run is something else. */
  readonly read: (run: string) => string | null;
};

const MORSE = new Map(
  '.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..'
    .split(' ')
    .map((code, i) => [code, letter(i)]),
);
export const MIN_NUMBERS = 12;
const MIN_LETTERS = 8;
const LEAST_NUMBERS = 8;
/** Eight digits with one sign between each. */
const SHORTEST_NUMBERS = 15;
const LONGEST_GAP = 3;
/** Eight numbers at their longest, and as many characters before as are looked back. */
const LONGEST_LOOK = 64;

/** Literals that one of the codes below can hardly do without; they are looked for among the anchors. */
const LITERALS: readonly (readonly [literal: string, sign: CodeSign])[] = [
  ['.- ', 'morse'],
  ['-. ', 'morse'],
  ['.-/', 'morse'],
  ['sierra', 'names'],
  ['tango', 'names'],
  ['romeo', 'names'],
  ['?8', 'rot47'],
  ['@fc', 'rot47'],
  ['6? ', 'rot47'],
  [' + ', 'variables'],
];
export const CODE_ANCHORS: readonly string[] = LITERALS.map(([literal]) => literal);
/** An end of pig Latin, which other words have now and then. */
export const PIG_ANCHOR = 'ay ';

const CODES: readonly Code[] = [
  {
    sign: 'morse',
    run: /(?<![\w.-])[.-]{1,5}(?:[ /|\n]{1,3}[.-]{1,5}){8,4096}(?![\w.-])/g,
    read: (run) =>
      run
        .split(/ ?[/|\n] ?| {2,3}/)
        .map(readMorse)
        .join(' '),
  },
  {
    sign: 'names',
    run: /\b(?:alf|alph|brav|charl|delt|ech|foxt|golf|hote|indi|juli|kilo|lima|mike|nove|osca|papa|queb|rome|sier|tang|unif|vict|whis|xray|x-ra|yank|zulu)[a-z]{0,4}(?:[ ,/|\n-]{1,3}[a-z]-?[a-z]{2,7}\b){7,512}/gi,
    read: (run) =>
      run
        .split(/ ?[/|\n] ?| {2,3}|, /)
        .map(initials)
        .join(' '),
  },
  {
    sign: 'numbers',
    run: /(?<![\d.,:/-])(?:2[0-6]|1\d|0?[1-9])(?:[ ./,|-]{1,3}(?:2[0-6]|1\d|0?[1-9])(?!\d)){7,1024}/g,
    mayStart: mayHoldNumbers,
    read: readNumbers,
  },
  {
    sign: 'pigs',
    run: /\b[a-z]{1,20}ay(?:[ ,.;!\n]{1,3}[a-z]{1,20}ay\b){3,256}/gi,
    read: (run) =>
      run
        .toLowerCase()
        .split(/[^a-z]+/)
        .map(fromPigLatin)
        .join(' '),
  },
  {
    sign: 'rot47',
    run: /[!-~](?:[ !-~]){15,4096}/g,
    read: readRot47,
  },
  {
    sign: 'variables',
    run: /\b[A-Za-z_]\w{0,15} ?= ?(?:"[^"\n]{1,80}"|'[^'\n]{1,80}')(?:[;,\n]? ?\n?(?:let |const |var |and )?\$?[A-Za-z_]\w{0,15} ?= ?(?:"[^"\n]{1,80}"|'[^'\n]{1,80}')){1,64}/g,
    mayStart: namesString,
    read: (run) => [...run.matchAll(/["']([^"']*)["']/g)].map(([, text]) => text).join(' '),
  },
];

/** All such runs of folded text, as lines of one view. Null where there is none. */
export function codedView(source: View, signs: ReadonlySet<CodeSign>): View | null {
  let builder: ViewBuilder | null = null;
  for (const { sign, run, read, mayStart } of CODES) {
    if (!signs.has(sign) || mayStart?.(source) === false) continue;
    for (const found of source.text.matchAll(run)) {
      const text = read(found[0]);
      if (text === null || text.length < MIN_LETTERS) continue;
      builder ??= new ViewBuilder(source, 256);
      builder.push(`${text}\n`, found.index, found.index + found[0].length);
    }
  }
  return builder?.view() ?? null;
}

/** The code that the i-th of the literals speaks for. */
export function signOf(anchor: number): CodeSign {
  return LITERALS[anchor]![1];
}

function letter(index: number): string {
  return String.fromCharCode(97 + index);
}

function readMorse(word: string): string {
  return word
    .split(' ')
    .map((code) => MORSE.get(code) ?? '')
    .join('');
}

function initials(word: string): string {
  return word
    .toLowerCase()
    .replace(/x-ray/g, 'xray')
    .split(/[ ,-]+/)
    .map((name) => name.slice(0, 1))
    .join('');
}

/** Eight numbers of one or two digits, each at most three signs behind the one before: looks at four places of every twelve. */
function mayHoldNumbers({ text, codes }: View): boolean {
  for (let at = 0; at < text.length; at += SHORTEST_NUMBERS - LONGEST_GAP) {
    let i = at;
    while (i < at + LONGEST_GAP && !isDigit(codes[i]!)) i += 1;
    if (
      isDigit(codes[i]!) &&
      hasShortNeighbour(codes, i) &&
      countNumbers(codes, startOfNumbers(codes, i)) >= LEAST_NUMBERS
    )
      return true;
  }
  return false;
}

/** Whether the number around a digit has two digits at most, and a number close in front of it or behind it has. */
function hasShortNeighbour(codes: Uint16Array, at: number): boolean {
  const start = at > 0 && isDigit(codes[at - 1]!) ? at - 1 : at;
  const end = isDigit(codes[at + 1]!) ? at + 2 : at + 1;
  if (end - start > 2 || (start > 0 && isDigit(codes[start - 1]!)) || isDigit(codes[end]!)) return false;
  let next = end;
  while (next - end < LONGEST_GAP && isNumberGap(codes[next]!)) next += 1;
  if (next > end && isDigit(codes[next]!)) return true;
  let before = start - 1;
  while (before >= 0 && start - before <= LONGEST_GAP && isNumberGap(codes[before]!)) before -= 1;
  return before >= 0 && before < start - 1 && isDigit(codes[before]!);
}

function startOfNumbers(codes: Uint16Array, at: number): number {
  let start = at;
  for (let gap = 0, i = at - 1; i >= 0 && gap <= LONGEST_GAP && at - i < SHORTEST_NUMBERS; i -= 1) {
    const isNumber = isDigit(codes[i]!);
    if (!isNumber && !isNumberGap(codes[i]!)) break;
    gap = isNumber ? 0 : gap + 1;
    if (isNumber) start = i;
  }
  return start;
}

/** Numbers in a row from a digit on, at most as many as are needed. */
function countNumbers(codes: Uint16Array, from: number): number {
  let count = 0;
  for (let i = from; count < LEAST_NUMBERS && i - from < LONGEST_LOOK && isDigit(codes[i]!); ) {
    let digits = 0;
    for (; i - from < LONGEST_LOOK && isDigit(codes[i]!); i += 1) digits += 1;
    count = digits > 2 ? 0 : count + 1;
    const end = i;
    while (i - end <= LONGEST_GAP && isNumberGap(codes[i]!)) i += 1;
    if (i === end) break;
  }
  return count;
}

/** A string right behind an equals sign. */
function namesString({ text, codes }: View): boolean {
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', at + 1)) {
    const next = codes[at + 1] === 32 ? codes[at + 2] : codes[at + 1];
    if (next === 34 || next === 39) return true;
  }
  return false;
}

/** Space and `. / , | -` */
function isNumberGap(code: number): boolean {
  return code === 32 || (code >= 44 && code <= 47) || code === 124;
}

/** The sign that stands most often is between letters, every other one between words. */
function readNumbers(run: string): string {
  const signs = run.match(/\D+/g)!;
  const counts = Map.groupBy(signs, (sign) => sign);
  const usual = [...counts.values()].reduce((most, alike) => (alike.length > most.length ? alike : most))[0];
  return run
    .match(/\d+|\D+/g)!
    .map((part) => (/\d/.test(part) ? letter(Number(part) - 1) : part === usual ? '' : ' '))
    .join('');
}

/** Without its end, and its last consonants in front of the rest: as many as make it a word. */
function fromPigLatin(word: string): string {
  if (!word.endsWith('ay')) return word;
  const rest = word.slice(0, -2);
  const turned = [1, 2, 3].map((n) => rest.slice(-n) + rest.slice(0, -n));
  return [rest.replace(/[wyh]$/, ''), ...turned].find((plain) => SPELLABLE.has(plain)) ?? turned[0]!;
}

/** Only where hardly a lower letter stands before, and nearly nothing else after. */
function readRot47(run: string): string | null {
  if (lowerShare(run) > 0.2) return null;
  const text = run.replace(/[!-~]/g, (char) => String.fromCharCode(((char.charCodeAt(0) - 33 + 47) % 94) + 33));
  return lowerShare(text) > 0.6 ? text : null;
}

function lowerShare(text: string): number {
  return (text.match(/[a-z]/g)?.length ?? 0) / text.length;
}
