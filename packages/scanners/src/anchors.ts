/**
 * Finds every one of many literal words in one pass over a text (Aho and Corasick, 1975), letters of either case alike,
 * and counts on the way what else stands in the text, so that a detector that cannot match is never started.
 */

// What a character is beside its letter, in the bits above its class.
const DIGIT = 1 << 8;
const RUN = 1 << 9;
const ESCAPE = 1 << 10;
const MARK = 1 << 11;
const SIGN = 1 << 12;
const AT = 1 << 13;
const FOLD = 1 << 14;
const CLASS_BITS = 6;
const CLASS = (1 << CLASS_BITS) - 1;

const KINDS = new Uint16Array(128);

function mark(chars: string, bits: number): void {
  for (const char of chars) KINDS[char.charCodeAt(0)]! |= bits;
}
mark('0123456789', DIGIT | RUN);
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', RUN);
mark('_-+/.~', RUN);
mark('%&\\', ESCAPE);
mark('<[#', MARK);
mark('@', AT);
mark(':-', SIGN);
for (let code = 0; code < 0x20; code += 1) if (code !== 9 && code !== 10 && code !== 13) KINDS[code] = FOLD;
KINDS[0x7f] = FOLD;

/** What stands in a text, counted once. */
export type Survey = {
  /** Not plain ASCII, or holds control characters: look at the folded view as well. */
  needsFold: boolean;
  /** Holds a character that can start an escape. */
  hasEscapes: boolean;
  digits: number;
  hasAt: boolean;
  /** Holds a colon or a dash, one of which network addresses have. */
  hasSigns: boolean;
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
  const classes = classesOf(words);
  const kinds = KINDS.map((bits, code) => bits | classes[code]!);
  const { next, outputs } = buildStates(words, classes);
  const table = sortStates(next, outputs);
  return (text) => runTable(text, kinds, table);
}

/** States in the order of `next`; those from `firstOutput` on end words, `outputs` from there. */
type Table = {
  readonly next: Uint16Array;
  readonly firstOutput: number;
  readonly outputs: readonly (readonly number[])[];
};

/** The one loop over all of a text: a table look-up for the character and one for the state, and nothing else. */
function runTable(text: string, kinds: Uint16Array, { next, firstOutput, outputs }: Table): Hits {
  const anchors: number[] = [];
  const ends: number[] = [];
  let state = 0;
  let seen = 0;
  let digits = 0;
  let runStart = 0;
  let longestRun = 0;
  const { length } = text;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? kinds[code]! : FOLD;
    seen |= kind;
    if ((kind & RUN) === 0) {
      if (i - runStart > longestRun) longestRun = i - runStart;
      runStart = i + 1;
    } else digits += kind & DIGIT;
    state = next[(state << CLASS_BITS) | (kind & CLASS)]!;
    if (state < firstOutput) continue;
    for (const anchor of outputs[state - firstOutput]!) {
      anchors.push(anchor);
      ends.push(i + 1);
    }
  }
  const survey: Survey = {
    needsFold: (seen & FOLD) !== 0,
    hasEscapes: (seen & ESCAPE) !== 0,
    digits: digits / DIGIT,
    hasAt: (seen & AT) !== 0,
    hasSigns: (seen & SIGN) !== 0,
    hasMarks: (seen & MARK) !== 0,
    longestRun: Math.max(longestRun, length - runStart),
  };
  return { survey, anchors, ends };
}

/** Characters that no word holds share class 0. */
function classesOf(words: readonly string[]): Uint8Array {
  const classes = new Uint8Array(128);
  let width = 1;
  for (const char of new Set(words.join(''))) {
    classes[char.charCodeAt(0)] = width;
    const upper = char.toUpperCase();
    if (upper !== char) classes[upper.charCodeAt(0)] = width;
    width += 1;
  }
  if (width > CLASS + 1) throw new Error('too many characters in the anchors');
  return classes;
}

function buildStates(words: readonly string[], classes: Uint8Array): { next: Uint16Array; outputs: number[][] } {
  const size = words.reduce((sum, word) => sum + word.length, 1);
  if (size > 0xffff) throw new Error('too many letters in the anchors');
  const next = new Uint16Array(size << CLASS_BITS);
  const outputs: number[][] = [[]];
  words.forEach((word, index) => {
    let state = 0;
    for (let i = 0; i < word.length; i += 1) {
      const at = (state << CLASS_BITS) | classes[word.charCodeAt(i)]!;
      if (next[at] === 0) {
        next[at] = outputs.length;
        outputs.push([]);
      }
      state = next[at]!;
    }
    outputs[state]!.push(index);
  });
  linkSuffixes(next, outputs);
  return { next: next.subarray(0, outputs.length << CLASS_BITS), outputs };
}

/** Fills in, breadth first, where each state goes when the next character does not continue its word. */
function linkSuffixes(next: Uint16Array, outputs: number[][]): void {
  const suffix = new Uint16Array(outputs.length);
  const queue: number[] = [];
  for (let c = 0; c <= CLASS; c += 1) if (next[c] !== 0) queue.push(next[c]!);
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head]!;
    outputs[state]!.push(...outputs[suffix[state]!]!);
    for (let c = 0; c <= CLASS; c += 1) {
      const at = (state << CLASS_BITS) | c;
      const fallback = next[(suffix[state]! << CLASS_BITS) | c]!;
      if (next[at] === 0) {
        next[at] = fallback;
        continue;
      }
      suffix[next[at]!] = fallback;
      queue.push(next[at]!);
    }
  }
}

/** Puts the states that end a word last, so that one comparison tells them. The first state stays the first. */
function sortStates(next: Uint16Array, outputs: readonly (readonly number[])[]): Table {
  const states = outputs.map((_, state) => state);
  const order = [
    ...states.filter((at) => outputs[at]!.length === 0),
    ...states.filter((at) => outputs[at]!.length > 0),
  ];
  const places = new Uint16Array(order.length);
  order.forEach((state, place) => {
    places[state] = place;
  });
  const sorted = new Uint16Array(next.length);
  order.forEach((state, place) => {
    for (let c = 0; c <= CLASS; c += 1) sorted[(place << CLASS_BITS) | c] = places[next[(state << CLASS_BITS) | c]!]!;
  });
  const firstOutput = order.findIndex((state) => outputs[state]!.length > 0);
  return { next: sorted, firstOutput, outputs: order.slice(firstOutput).map((state) => outputs[state]!) };
}
