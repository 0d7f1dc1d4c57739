/**
 * Brings text into the plain form that detectors read: compatibility forms, look-alike letters, foreign digits and
 * odd dashes become ASCII; invisible characters vanish. Every character of a view remembers the span of the source it
 * came from, so a match is always reported, and redacted, in the original. It never changes the source.
 */
import { isLetter } from './char-kinds.ts';
import { LOOKALIKES, latinLookalike } from './lookalikes.ts';

/**
 * A text derived from a source, with the source span [starts[i], ends[i]) of each UTF-16 unit; null means identity. `codes`:
 * its units with at least `PADDING` zeros behind them, which loops read at half the cost of asking the text.
 */
export type View = {
  readonly text: string;
  readonly codes: Uint16Array;
  readonly starts: Int32Array | null;
  readonly ends: Int32Array | null;
};

const PADDING = 16;
/** To copy a shorter text as a whole takes longer than unit by unit. */
const SHORT = 256;

/** The units of a text, zeros behind them. */
export function codesOf(text: string): Uint16Array {
  const codes = new Uint16Array(text.length + PADDING);
  if (text.length > SHORT) Buffer.from(codes.buffer).write(text, 'utf16le');
  else for (let i = 0; i < text.length; i += 1) codes[i] = text.charCodeAt(i);
  return codes;
}

/** Collects the characters of a view derived from `parent`. Spans given to it are in the parent's own characters. */
export class ViewBuilder {
  readonly #parent: View;
  #units: Uint16Array;
  #starts: Int32Array;
  #ends: Int32Array;
  #length = 0;

  constructor(parent: View, size = parent.text.length) {
    this.#parent = parent;
    this.#units = new Uint16Array(size + 2 * PADDING);
    this.#starts = new Int32Array(size + PADDING);
    this.#ends = new Int32Array(size + PADDING);
  }

  /** One UTF-16 unit that stands for the parent's [from, to). */
  pushUnit(unit: number, from: number, to: number): void {
    if (this.#length === this.#starts.length) this.#grow();
    const { starts, ends } = this.#parent;
    this.#units[this.#length] = unit;
    this.#starts[this.#length] = starts ? starts[from]! : from;
    this.#ends[this.#length] = ends ? ends[to - 1]! : to;
    this.#length += 1;
  }

  push(text: string, from: number, to: number): void {
    const at = this.#length;
    while (at + text.length > this.#starts.length) this.#grow();
    const { starts, ends } = this.#parent;
    for (let i = 0; i < text.length; i += 1) this.#units[at + i] = text.charCodeAt(i);
    this.#starts.fill(starts ? starts[from]! : from, at, at + text.length);
    this.#ends.fill(ends ? ends[to - 1]! : to, at, at + text.length);
    this.#length = at + text.length;
  }

  /** The parent's [from, to) as it is. */
  copy(from: number, to: number): void {
    const at = this.#length;
    while (at + to - from > this.#starts.length) this.#grow();
    const units = this.#units;
    const [starts, ends] = [this.#starts, this.#ends];
    const { codes, starts: parentStarts, ends: parentEnds } = this.#parent;
    const shift = at - from;
    for (let i = from; i < to; i += 1) {
      units[i + shift] = codes[i]!;
      starts[i + shift] = i;
      ends[i + shift] = i + 1;
    }
    if (parentStarts !== null && parentEnds !== null)
      for (let i = from; i < to; i += 1) {
        starts[i + shift] = parentStarts[i]!;
        ends[i + shift] = parentEnds[i]!;
      }
    this.#length = at + Math.max(0, to - from);
  }

  view(): View {
    const { buffer } = this.#units;
    const text = Buffer.from(buffer, 0, this.#length * 2).toString('utf16le');
    return { text, codes: this.#units, starts: this.#starts, ends: this.#ends };
  }

  #grow(): void {
    const size = this.#starts.length * 2;
    const units = new Uint16Array(size + PADDING);
    const starts = new Int32Array(size);
    const ends = new Int32Array(size);
    units.set(this.#units);
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#units = units;
    this.#starts = starts;
    this.#ends = ends;
  }
}

const INVISIBLE = /[\p{Mn}\p{Me}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
// Longer ones (U+FDFA gives eighteen) spell nothing in Latin and would make small texts large.
const MAX_EXPANSION = 4;

// What each unit of the basic plane folds to, filled in as units are met: a unit, or one of these marks.
const GONE = 0xffff;
const SEVERAL = 0xfffe;
const FOLDED_UNITS = new Uint16Array(0x10000);
const SEVERAL_FOLDED = new Map<number, string>();

const LETTERS = /^[A-Za-z]+$/;
/** The first of the characters that are plain, and how many they are. */
const SPACE = 32;
const PLAIN = 95;

/** Letters by the dots of Braille: 1 is the first dot, 2 the second, 4 the third, 8 the fourth and so on. */
const BRAILLE = new Map(
  [1, 3, 9, 25, 17, 11, 27, 19, 10, 26, 5, 7, 13, 29, 21, 15, 31, 23, 14, 30, 37, 39, 58, 45, 61, 53].map((dots, i) => [
    dots,
    String.fromCharCode(97 + i),
  ]),
);

/** The source as its own view. */
export function sourceView(text: string): View {
  return { text, codes: codesOf(text), starts: null, ends: null };
}

/** Units of the short text that is looked through now; zeros behind them. */
const PASSING = new Uint16Array(SHORT + PADDING);
let passed = 0;

/** The same of a text that nothing reads any more when the next one is asked for: short ones share their units. */
export function passingView(text: string): View {
  if (text.length > SHORT) return sourceView(text);
  for (let i = 0; i < text.length; i += 1) PASSING[i] = text.charCodeAt(i);
  PASSING.fill(0, text.length, passed);
  passed = text.length;
  return { text, codes: PASSING, starts: null, ends: null };
}

/** Source span of the view's characters [start, end), which need not stand in order; end must be greater than start. */
export function sourceSpan(view: View, start: number, end: number): [number, number] {
  const { starts, ends } = view;
  if (starts === null || ends === null) return [start, end];
  let from = starts[start]!;
  let to = ends[start]!;
  for (let i = start + 1; i < end; i += 1) {
    from = Math.min(from, starts[i]!);
    to = Math.max(to, ends[i]!);
  }
  return [from, to];
}

/**
 * The view in plain form, or null when it is in plain form already. `joins`: characters vanished or became ASCII digits
 * or signs, so that what stood apart may stand together now and the text as it was has to be read as well.
 */
export function foldView(view: View): { view: View; joins: boolean } | null {
  const { text, codes } = view;
  let builder: ViewBuilder | null = null;
  let joins = false;
  let done = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = codes[i]!;
    if ((unit - SPACE) >>> 0 < PLAIN) continue;
    const mark = FOLDED_UNITS[unit] || foldUnit(unit);
    const isPair = (unit & 0xfc00) === 0xd800 && (codes[i + 1]! & 0xfc00) === 0xdc00;
    if (mark === unit && !isPair) continue;
    const width = isPair ? 2 : 1;
    let folded = isPair ? foldPoint(text.codePointAt(i)!) : mark === SEVERAL ? foldSeveral(unit) : '';
    // A message in tag characters does not go on the word that it is hidden behind.
    if (isTag(text, i) && !isTag(text, i - 2)) folded = ` ${folded}`;
    i += width - 1;
    if (isPair && folded === text.slice(i - 1, i + 1)) continue;
    builder ??= new ViewBuilder(view, text.length + (text.length >> 4));
    const at = i + 1 - width;
    builder.copy(done, at);
    done = i + 1;
    if (mark < SEVERAL && !isPair) builder.pushUnit(mark, at, done);
    else builder.push(folded, at, done);
    joins ||= mark === SEVERAL && !isPair ? !LETTERS.test(folded) : mark === GONE || isPair || !isLetter(mark);
  }
  builder?.copy(done, text.length);
  return builder === null ? null : { view: builder.view(), joins };
}

function foldUnit(unit: number): number {
  const folded = foldPoint(unit);
  const mark = folded === '' ? GONE : folded.length > 1 || unit === 0xfffe ? SEVERAL : folded.charCodeAt(0);
  FOLDED_UNITS[unit] = mark;
  return mark;
}

function foldPoint(point: number): string {
  const isControl = (point < 0x20 && point !== 9 && point !== 10 && point !== 13) || point === 0x7f;
  if (point < 0x80) return isControl ? '' : String.fromCharCode(point);
  const known = LOOKALIKES.get(point);
  if (known !== undefined) return known;
  if (point < 0xa0) return '';
  // Tag characters spell invisible ASCII that models read and people do not see.
  if (point >= 0xe0020 && point <= 0xe007e) return String.fromCharCode(point - 0xe0000);
  // Letters in brackets decompose into three characters.
  if (point >= 0x249c && point <= 0x24b5) return String.fromCharCode(point - 0x249c + 97);
  if (point > 0x2800 && point < 0x2840) return BRAILLE.get(point - 0x2800) ?? '';
  // Boxed and circled capitals and flag letters have no compatibility decomposition.
  if (point >= 0x1f150 && point <= 0x1f169) return String.fromCharCode(point - 0x1f150 + 65);
  if (point >= 0x1f170 && point <= 0x1f189) return String.fromCharCode(point - 0x1f170 + 65);
  if (point >= 0x1f1e6 && point <= 0x1f1ff) return String.fromCharCode(point - 0x1f1e6 + 65);
  const plain = String.fromCodePoint(point).normalize('NFKD').replace(INVISIBLE, '');
  return Array.from(plain.slice(0, MAX_EXPANSION), (char) => latinLookalike(char) ?? char).join('');
}

function foldSeveral(unit: number): string {
  const known = SEVERAL_FOLDED.get(unit);
  if (known !== undefined) return known;
  const folded = foldPoint(unit);
  SEVERAL_FOLDED.set(unit, folded);
  return folded;
}

/** U+E0000 to U+E007F as a pair. */
function isTag(text: string, i: number): boolean {
  return text.charCodeAt(i) === 0xdb40 && text.charCodeAt(i + 1) >= 0xdc00 && text.charCodeAt(i + 1) <= 0xdc7f;
}
