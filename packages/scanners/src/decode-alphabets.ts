/**
 * Reads bytes that are written in any alphabet: two to four signs for bits, whichever they are, and tokens of the bases that
 * tools write. An alphabet is a row; what is printable and mostly words, digits and spaces is taken for a text.
 */
import { BASES, type Base } from './alphabet-bases.ts';
import { ODD_SIGNS } from './anchors.ts';
import { type View, ViewBuilder } from './normalise.ts';
import { alphabetOf, NO_RUNS, type Run, runsOf } from './runs.ts';

const LEAST_BYTES = 12;
const LEAST_TOKEN = 20;
const MOST_TOKEN = 4096;
/** Tokens of one text that are tried. A big number costs the square of its length. */
const MOST_TRIED = 128;
const MOST_BIG = 256;

const PRINTABLE = /^[\t\n\r -~]+$/;
const MOSTLY = 0.78;

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
export function alphabetView(view: View, runs: readonly Run[], hasOddSigns: boolean): View | null {
  const { text, codes } = view;
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
      add(readToken(text.slice(...run).replace(AROUND, '')), run);
    }
  if (text.length >= LEAST_SIGNS) for (const run of runsOfFew(view)) add(readFew(text.slice(...run)), run);
  return (builder as ViewBuilder | null)?.view() ?? null;
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

/** Null where it is not printable, too short, or of more signs than a text has. */
function textOf(bytes: readonly number[]): string | null {
  if (bytes.length < LEAST_BYTES) return null;
  const text = Buffer.from(bytes).toString('latin1').trimEnd();
  const usual = text.match(/[A-Za-z0-9 ]/g)?.length ?? 0;
  return PRINTABLE.test(text) && usual >= MOSTLY * text.length ? text : null;
}

const LEAST_SIGNS = 96;
const LOOK = 24;
const STEP = LEAST_SIGNS - LOOK;
const MOST_SIGNS = 65_536;
const GAPS = new Set([...' \n\r\t,;'].map((char) => char.charCodeAt(0)));

/** Runs of at most four signs, with gaps: looks at 24 units of every 72. */
function* runsOfFew({ text, codes }: View): Generator<Run> {
  let done = 0;
  for (let at = 0; at + LOOK <= text.length; at += STEP) {
    if (!hasFew(codes, at)) continue;
    const kinds = new Set(codes.subarray(at, at + LOOK));
    const isOf = (code: number): boolean => kinds.has(code) || GAPS.has(code);
    let start = at;
    while (start > done && isOf(codes[start - 1]!)) start -= 1;
    let end = at;
    while (end < text.length && end - start < MOST_SIGNS && isOf(codes[end]!)) end += 1;
    if (end - start >= LEAST_SIGNS) yield [start, end];
    done = end;
    at = Math.max(at, end - STEP);
  }
}

const SEEN = new Uint16Array(6);

/** Whether the next units, without spaces, are two to five others: two pictures are four. */
function hasFew(codes: Uint16Array, from: number): boolean {
  // Units of one kind have the same last bits, so that five others and three gaps have eight at most.
  let bits = 0;
  for (let i = from; i < from + LOOK; i += 1) bits |= 1 << (codes[i]! & 31);
  for (let k = 0; k < 8; k += 1) bits &= bits - 1;
  if (bits !== 0) return false;
  let kinds = 0;
  for (let i = from; i < from + LOOK; i += 1) {
    const code = codes[i]!;
    let k = 0;
    while (k < kinds && SEEN[k] !== code) k += 1;
    if (k < kinds || code === 32 || code === 10 || code === 44) continue;
    if (kinds === 5) return false;
    SEEN[kinds] = code;
    kinds += 1;
  }
  return kinds > 1;
}

/**
 * Two signs are bits and four are two bits each, whichever stands for which, and one more may stand between; bytes of eight or
 * seven, from either end, or as they are cut.
 */
function readFew(written: string): string | null {
  const counts = new Map<string, number>();
  for (const sign of written)
    if (!GAPS.has(sign.charCodeAt(0)) && sign !== '\ufe0f') counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const usual = [...counts]
    .filter(([, count]) => SELDOM * count > written.length)
    .sort(([, a], [, b]) => b - a)
    .map(([sign]) => sign);
  if (usual.length < 2 || usual.length > 5) return null;
  const kinds = usual.slice(0, usual.length < 4 ? 2 : 4).sort();
  const plain = [...written].map((sign) => (kinds.includes(sign) ? sign : ' '));
  if (kinds.length === 4 && !isSteady(plain.filter((sign) => sign !== ' ').slice(0, SAMPLE))) return null;
  for (const order of permutations(kinds))
    for (const read of READINGS) {
      if (textOf(read(plain.slice(0, SAMPLE), order)) === null) continue;
      const text = textOf(read(plain, order));
      if (text !== null) return text;
    }
  return null;
}

/** Letters begin with the same two bits: one sign stands at most first or last places of every four. */
function isSteady(signs: readonly string[]): boolean {
  return [0, 3].some((place) => {
    const there = signs.filter((_, i) => i % 4 === place);
    const counts = [...Map.groupBy(there, (sign) => sign).values()].map((alike) => alike.length);
    return Math.max(...counts) >= STEADY * there.length;
  });
}

const STEADY = 0.6;
/** A sign that is seldomer is one of the words beside the run. */
const SELDOM = 50;

/** Signs that are tried in each order before all are read. */
const SAMPLE = 128;

/** Bytes of signs, blanks between them; `order`: which stands for 0, 1 and so on. */
type Reading = (signs: readonly string[], order: readonly string[]) => number[];

const READINGS: readonly Reading[] = [
  (signs, order) => inBytes(bitsIn(signs, order), 8),
  (signs, order) => inBytes(bitsIn(signs, order), 8).map(fromItsEnd),
  (signs, order) => inBytes(bitsIn(signs, order), 7),
  (signs, order) => {
    const tokens = signs.join('').split(/ +/).filter(Boolean);
    const isCut = tokens.every((token) => token.length <= 16);
    return isCut ? tokens.map((token) => Number.parseInt(bitsIn([...token], order), 2)) : [];
  },
];

function bitsIn(signs: readonly string[], order: readonly string[]): string {
  const width = order.length === 2 ? 1 : 2;
  const digits = new Map(order.map((sign, i) => [sign, i.toString(2).padStart(width, '0')]));
  return signs.map((sign) => digits.get(sign) ?? '').join('');
}

function fromItsEnd(byte: number): number {
  return Number.parseInt([...byte.toString(2).padStart(8, '0')].reverse().join(''), 2);
}

function inBytes(bits: string, width: number): number[] {
  const bytes: number[] = [];
  for (let at = 0; at + width <= bits.length; at += width) bytes.push(Number.parseInt(bits.slice(at, at + width), 2));
  return bytes;
}

function permutations(items: readonly string[]): string[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
