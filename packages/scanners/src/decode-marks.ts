/** Undoes what words are cut apart by: marks of markup or code. */
import { isAlnum } from './char-kinds.ts';
import { type View, ViewBuilder } from './normalise.ts';

const INSIDE =
  /(?<=[A-Za-z0-9 ])(?:<!--[^<>]{0,64}-->|\*{2,3}|_{2}|["'] ?\+ ?["']|(["']) [.&] \1|\]\]><!\[CDATA\[|\}\\[a-z]{1,12}\{|\]\([^()\s]{0,80}\)(?! )|\[\^\d{1,3}\]|["']\}\$\{["']|\[\d{1,2}(?:;\d{1,3}){0,4}m|<\/?[a-z]{1,6}>)(?=[A-Za-z0-9 ])/g;
/** A tag, its attributes, and what stands only above the letters before it. */
const TAG = '(?:<(?:rt|rp)>[^<>]{0,4}(?=</)|</?[a-z][a-z0-9:]{0,11}(?: [^<>\\n]{0,120})?/?>\\n?){1,6}';
const MAY_BE_TAG = new RegExp(`[A-Za-z0-9]${TAG}[A-Za-z0-9]`);
/** Tags between the letters of words, and those beside the spaces between such words. */
const TAGS = new RegExp(`(?<=[A-Za-z0-9 ])${TAG}(?=[A-Za-z0-9 ])`, 'g');
const MARKS = ['__', '. "', '[0m'];
/** Those that hold an odd sign. */
const ODD_MARKS = ['**', '<!--', '+"', '+ "', "+'", "+ '", ". '", '<![CDATA[', '](', '[^', '}${', '& "', "& '", '}\\'];
/** Characters around such a mark that are read with it. */
const AROUND = 160;

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

/** Searches for literals that begin with a rare sign, which cost next to nothing; nearly every text ends here. */
function mayHoldMarks(text: string, hasOddSigns: boolean): boolean {
  return MARKS.some((mark) => text.includes(mark)) || (hasOddSigns && ODD_MARKS.some((mark) => text.includes(mark)));
}
