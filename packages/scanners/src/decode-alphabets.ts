/**
 * Reads bytes that are written in any alphabet: two to four signs for bits, whichever they are, and tokens of the bases that
 * tools write. An alphabet is a row; what is printable and mostly words, digits and spaces is taken for a text.
 */
import { BASES, type Base, LEAST_BYTES, textOf } from './alphabet-bases.ts';
import { ODD_SIGNS } from './anchors.ts';
import { readFew, runsOfFew } from './few-signs.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { alphabetOf, NO_RUNS, type Run, runsOf } from './runs.ts';
import type { Budget } from './scan-limits.ts';

const LEAST_TOKEN = 20;
const MOST_TOKEN = 4096;
/** Tokens of one text that are tried. A big number costs the square of its length. */
const MOST_TRIED = 128;
const MOST_BIG = 256;
/** Of tokens over lines. */
const MOST_JOINED = 1024;

const VISIBLE = alphabetOf(/[!-~]/);
/** Of base45, which has a space. */
const CAPITALS = alphabetOf(/[0-9A-Z $%*+./:-]/);
/** What is put around such a token. */
const AROUND = /^(?:<~|["'`(])|(?:~>|["'`).,;]|={1,6})$/g;

const LOOKED = 24;
/** Of each ASCII character what it counts for: a bit in each of six fields, as wide as to count all that is looked at. */
const FIELD = 5;
const COUNTS = new Uint32Array(128);
const [VOWELS, LETTERS, SIGNS, HEX, HYPHENS, DIGITS] = [0, 1, 2, 3, 4, 5].map((i) => i * FIELD) as Fields;
type Fields = [number, number, number, number, number, number];
for (const [field, chars] of [
  [VOWELS, /[aeiou]/i],
  [LETTERS, /[a-z]/i],
  [SIGNS, new RegExp(`[${ODD_SIGNS.replace(/[\\^]/g, '\\$&')}]`)],
  [HEX, /[0-9a-f-]/i],
  [HYPHENS, /-/],
  [DIGITS, /[0-9]/],
] as const)
  alphabetOf(chars).forEach((isOne, code) => {
    COUNTS[code]! |= isOne << field;
  });
/** What ascii85 begins with. */
const LESS = 60;
const TILDE = 126;

/** All that such runs hold as lines of one view. Null where there is no text. `runs`: those of letters, digits and a few signs. */
export function alphabetView(view: View, runs: readonly Run[], hasOddSigns: boolean, budget: Budget): View | null {
  const { text, codes } = view;
  if (text.length < LEAST_TOKEN) return null;
  let builder: ViewBuilder | null = null;
  const add = (plain: string | null, [from, to]: Run): void => {
    if (plain === null) return;
    builder ??= new ViewBuilder(view, 256);
    builder.push(`${plain}\n`, from, to);
  };
  let tried = 0;
  for (const [tokens, leastSigns] of [
    [runs, 0],
    [hasOddSigns ? runsOf(view, VISIBLE, LEAST_TOKEN) : NO_RUNS, 3],
    [hasOddSigns ? runsOf(view, CAPITALS, LEAST_TOKEN) : NO_RUNS, 1],
  ] as const)
    for (const run of tokens) {
      if (tried >= MOST_TRIED || !mayBeToken(codes, run, leastSigns)) continue;
      tried += 1;
      const plain = readToken(text.slice(...run).replace(AROUND, ''));
      const lines = plain === null ? sameBehind(tokens, run) : run;
      add(plain ?? (lines === run ? null : readLines(text, lines)), lines);
    }
  for (const run of runsOfFew(view)) add(readFew(view, run, budget), run);
  return (builder as ViewBuilder | null)?.view() ?? null;
}

/** From a run over those behind it with one character between, as long until the last one. */
function sameBehind(runs: readonly Run[], run: Run): Run {
  let [from, to] = run;
  for (let i = runs.indexOf(run) + 1; i < runs.length && runs[i]![0] === to + 1; i += 1) {
    to = runs[i]![1];
    if (to - runs[i]![0] !== run[1] - run[0] || to - from > MOST_JOINED) break;
  }
  return to === run[1] ? run : [from, to];
}

/** Long lines are joined only where they begin as a text does. */
function readLines(text: string, [from, to]: Run): string | null {
  const visible = (end: number): string => text.slice(from, end).replace(/[^!-~]/g, '');
  return to - from > MOST_TOKEN && !BASES.some((base) => beginsText(visible(from + LOOKED), base))
    ? null
    : readToken(visible(to));
}

function beginsText(written: string, base: Base): boolean {
  const first = base.isBig ? null : valuesOf(written.slice(0, LEAST_TOKEN), base);
  return first !== null && isText(base.read(first, LEAST_BYTES));
}

/** Letters without the vowels that words have, and as many signs as tokens of such an alphabet have. */
function mayBeToken(codes: Uint16Array, [start, end]: Run, leastSigns: number): boolean {
  if (end - start < LEAST_TOKEN || end - start > MOST_TOKEN) return false;
  if (codes[start] === LESS && codes[start + 1] === TILDE) return true;
  const to = Math.min(end, start + LOOKED);
  let counts = 0;
  for (let i = start; i < to; i += 1) counts += COUNTS[codes[i]!]!;
  const letters = counted(counts, LETTERS);
  const signs = counted(counts, SIGNS);
  if (letters < 6 || (counted(counts, DIGITS) > 0 ? 2 : 3) * counted(counts, VOWELS) >= letters) return false;
  // Identifiers of hexadecimal parts are read as such, if at all.
  if (counted(counts, HYPHENS) > 0 && counted(counts, HEX) === to - start) return false;
  return signs >= leastSigns && signs <= 12;
}

function counted(counts: number, field: number): number {
  return (counts >> field) & ((1 << FIELD) - 1);
}

function readToken(written: string): string | null {
  for (const base of BASES) {
    const length = base.isBig ? written.length : Math.min(written.length, LEAST_TOKEN);
    if (length > MOST_BIG) continue;
    const first = valuesOf(written.slice(0, length), base);
    if (first === null || !isText(base.read(first, LEAST_BYTES))) continue;
    const values = valuesOf(written, base);
    const text = values === null ? null : textOf(base.read(values, Number.POSITIVE_INFINITY));
    if (text !== null) return text;
  }
  return null;
}

/** Null where a sign is of no such alphabet. */
function valuesOf(written: string, { values }: Base): number[] | null {
  const numbers: number[] = [];
  for (let i = 0; i < written.length; i += 1) {
    const value = values[written.charCodeAt(i)]!;
    if (value === -1) return null;
    numbers.push(value);
  }
  return numbers;
}

function isText(bytes: readonly number[]): boolean {
  return bytes.length > 0 && bytes.every((byte) => (byte >= 32 && byte < 127) || byte === 10 || byte === 9);
}
