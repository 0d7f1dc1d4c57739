/**
 * Finds every one of many literal words in one pass over a text (Aho and Corasick, 1975), letters of either case alike,
 * and counts on the way what else stands in the text, so that a detector that cannot match is never started.
 */

const DIGIT = 1;
const LETTER = 2;
const RUN = 4;
const ESCAPE = 8;
const MARK = 16;
const COLON = 32;
const AT = 64;
const DASH = 256;
const FOLD = 128;

const KINDS = new Uint16Array(128);
const mark = (chars: string, bits: number): void => {
  for (const char of chars) KINDS[char.charCodeAt(0)]! |= bits;
};
mark('0123456789', DIGIT | RUN);
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER | RUN);
mark('_-+/.~', RUN);
mark('%&\\', ESCAPE);
mark('<[#', MARK);
mark('@', AT);
mark(':', COLON);
mark('-', DASH);
for (let code = 0; code < 0x20; code += 1) if (code !== 9 && code !== 10 && code !== 13) KINDS[code] = FOLD;
KINDS[0x7f] = FOLD;

/** What stands in a text, counted once. */
export type Survey = {
  /** Not plain ASCII, or holds control characters: look at the folded view as well. */
  needsFold: boolean;
  /** Holds a character that can start an escape. */
  hasEscapes: boolean;
  digits: number;
  letters: number;
  hasAt: boolean;
  colons: number;
  dashes: number;
  /** Holds `<`, `[` or `#`. */
  hasMarks: boolean;
  /** Length of the longest run of the characters that tokens are made of. */
  longestRun: number;
};

/** Where each anchor ends, in order: `anchors[i]` is an index into the list that the table was made from. */
export type Hits = { readonly survey: Survey; readonly anchors: readonly number[]; readonly ends: readonly number[] };

export type AnchorTable = (text: string) => Hits;

/** `words` in lower case and ASCII; several may be the same. The work of building it grows with their letters. */
export function buildAnchorTable(words: readonly string[]): AnchorTable {
  const { classes, width } = classesOf(words);
  const { next, outputs } = buildStates(words, classes, width);
  const hasOutput = Uint8Array.from(outputs, (list) => (list.length > 0 ? 1 : 0));
  return (text) => runTable(text, { classes, width, next, hasOutput, outputs });
}

type Table = {
  classes: Uint8Array;
  width: number;
  next: Uint16Array;
  hasOutput: Uint8Array;
  outputs: readonly (readonly number[])[];
};

function runTable(text: string, { classes, width, next, hasOutput, outputs }: Table): Hits {
  const anchors: number[] = [];
  const ends: number[] = [];
  let state = 0;
  let seen = 0;
  let digits = 0;
  let letters = 0;
  let colons = 0;
  let dashes = 0;
  let run = 0;
  let longestRun = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 127) {
      seen |= FOLD;
      state = 0;
      if (run > longestRun) longestRun = run;
      run = 0;
      continue;
    }
    const kinds = KINDS[code]!;
    seen |= kinds;
    if ((kinds & RUN) !== 0) {
      digits += kinds & DIGIT;
      letters += (kinds & LETTER) >> 1;
      dashes += (kinds & DASH) >> 8;
      run += 1;
    } else {
      colons += (kinds & COLON) >> 5;
      if (run > longestRun) longestRun = run;
      run = 0;
    }
    state = next[state * width + classes[code]!]!;
    if (hasOutput[state] === 1) {
      for (const anchor of outputs[state]!) {
        anchors.push(anchor);
        ends.push(i + 1);
      }
    }
  }
  const survey: Survey = {
    needsFold: (seen & FOLD) !== 0,
    hasEscapes: (seen & ESCAPE) !== 0,
    digits,
    letters,
    hasAt: (seen & AT) !== 0,
    colons,
    dashes,
    hasMarks: (seen & MARK) !== 0,
    longestRun: Math.max(longestRun, run),
  };
  return { survey, anchors, ends };
}

/** Characters that no word holds share class 0. */
function classesOf(words: readonly string[]): { classes: Uint8Array; width: number } {
  const classes = new Uint8Array(128);
  let width = 1;
  for (const char of new Set(words.join(''))) {
    classes[char.charCodeAt(0)] = width;
    const upper = char.toUpperCase();
    if (upper !== char) classes[upper.charCodeAt(0)] = width;
    width += 1;
  }
  return { classes, width };
}

function buildStates(words: readonly string[], classes: Uint8Array, width: number) {
  const size = words.reduce((sum, word) => sum + word.length, 1);
  if (size > 0xffff) throw new Error('too many letters in the anchors');
  const next = new Uint16Array(size * width);
  const outputs: number[][] = [[]];
  words.forEach((word, index) => {
    let state = 0;
    for (let i = 0; i < word.length; i += 1) {
      const at = state * width + classes[word.charCodeAt(i)]!;
      if (next[at] === 0) {
        next[at] = outputs.length;
        outputs.push([]);
      }
      state = next[at]!;
    }
    outputs[state]!.push(index);
  });
  linkSuffixes(next, outputs, width);
  return { next: next.subarray(0, outputs.length * width), outputs };
}

/** Fills in, breadth first, where each state goes when the next character does not continue its word. */
function linkSuffixes(next: Uint16Array, outputs: number[][], width: number): void {
  const suffix = new Uint16Array(outputs.length);
  const queue: number[] = [];
  for (let c = 0; c < width; c += 1) if (next[c] !== 0) queue.push(next[c]!);
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head]!;
    outputs[state]!.push(...outputs[suffix[state]!]!);
    for (let c = 0; c < width; c += 1) {
      const at = state * width + c;
      const fallback = next[suffix[state]! * width + c]!;
      if (next[at] === 0) {
        next[at] = fallback;
        continue;
      }
      suffix[next[at]!] = fallback;
      queue.push(next[at]!);
    }
  }
}
