/**
 * Finds every one of many literal words in one pass over a text (Aho and Corasick, 1975, behind a filter of what words
 * begin with), letters of either case alike, and counts on the way what else stands in the text, so that a detector that
 * cannot match is never started.
 */

// What a character is beside its letter, in the bits above its class.
const DIGIT = 1 << 8;
const RUN = 1 << 9;
const ESCAPE = 1 << 10;
const SIGN = 1 << 11;
const AT = 1 << 12;
const FOLD = 1 << 13;
const ODD = 1 << 14;
const CLASS_BITS = 6;
const CLASS = (1 << CLASS_BITS) - 1;

const KINDS = new Uint16Array(128);

/** Signs that paths, addresses and identifiers do without. */
export const ODD_SIGNS = "!#$%&'()*+;<>?@\\^`|~";

function mark(chars: string, bits: number): void {
  for (const char of chars) KINDS[char.charCodeAt(0)]! |= bits;
}
mark('0123456789', DIGIT | RUN);
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', RUN);
mark('_-+/.~', RUN);
mark('%&\\', ESCAPE);
mark('@', AT);
mark(':-', SIGN);
mark(ODD_SIGNS, ODD);
for (let code = 0; code < 0x20; code += 1) if (code !== 9 && code !== 10 && code !== 13) KINDS[code] = FOLD;
KINDS[0x7f] = FOLD;

/** The shortest run that may hold bytes: eleven of them in base64, a social security number. */
export const LONG_RUN = 15;

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
  /** Holds one of `ODD_SIGNS`. */
  hasOddSigns: boolean;
  /** Holds a run of the characters that tokens are made of, of at least `LONG_RUN`. */
  hasRun: boolean;
};

/** Where each anchor ends, in order: `anchors[i]` is an index into the list that the table was made from. */
export type Hits = { readonly survey: Survey; readonly anchors: readonly number[]; readonly ends: readonly number[] };

/** Takes a text and its units, as `codesOf` makes them. */
export type AnchorTable = {
  (text: string, codes: Uint16Array): Hits;
  /** `whilePlain`: null, and the rest is not read, where the text has to be folded. */
  (text: string, codes: Uint16Array, whilePlain: true): Hits | null;
};

/** `words` in lower case and ASCII; several may be the same. The work of building it grows with their letters. */
export function buildAnchorTable(words: readonly string[]): AnchorTable {
  const classes = classesOf(words);
  const kinds = KINDS.map((bits, code) => bits | classes[code]!);
  const { next, outputs } = buildStates(words, classes);
  const table = { kinds, begins: beginningsOf(words, classes), ...sortStates(next, outputs) };
  return ((text: string, codes: Uint16Array, whilePlain?: true) =>
    runTable(text.length, codes, table, whilePlain === true)) as AnchorTable;
}

/** States in the order of `next`: those of one character first, those that end words last, `outputs` from `firstOutput` on. */
type States = {
  readonly next: Uint16Array;
  readonly firstDeep: number;
  readonly firstOutput: number;
  readonly outputs: readonly (readonly number[])[];
};
/** `begins`: of three classes in a row whether a word begins with them. */
type Table = States & { readonly kinds: Uint16Array; readonly begins: Uint8Array };

const THREE = (1 << (3 * CLASS_BITS)) - 1;

/** Characters that are surveyed at a time, and the places in them where a word may begin. */
const BLOCK = 2048;
const PLACES = new Int32Array(BLOCK + 1);

/** What the loop over a block hands to the next one. */
type Counts = { seen: number; digits: number; three: number };

function runTable(length: number, codes: Uint16Array, table: Table, whilePlain: boolean): Hits | null {
  const counts: Counts = { seen: 0, digits: 0, three: 0 };
  const hits = { anchors: [] as number[], ends: [] as number[] };
  let done = 0;
  for (let from = 0; from < length; from += BLOCK) {
    const places = surveyBlock(from, Math.min(length, from + BLOCK), codes, table, counts);
    if (whilePlain && (counts.seen & FOLD) !== 0) return null;
    for (let i = 0; i < places; i += 1) if (PLACES[i]! >= done) done = follow(PLACES[i]!, length, codes, table, hits);
  }
  for (let at = Math.max(done, length - 2, 0); at < length; at = Math.max(at + 1, done))
    done = follow(at, length, codes, table, hits);
  const { seen, digits } = counts;
  const survey: Survey = {
    needsFold: (seen & FOLD) !== 0,
    hasEscapes: (seen & ESCAPE) !== 0,
    digits: digits / DIGIT,
    hasAt: (seen & AT) !== 0,
    hasSigns: (seen & SIGN) !== 0,
    hasOddSigns: (seen & ODD) !== 0,
    hasRun: (seen & RUN) !== 0 && hasRun(length, codes),
  };
  return { survey, ...hits };
}

/**
 * The one loop over all of a text, without a branch. Each place is asked on its own whether a word may begin there, which
 * is quicker than to lead a state from each character to the next.
 */
function surveyBlock(from: number, to: number, codes: Uint16Array, { kinds, begins }: Table, counts: Counts): number {
  let { seen, digits, three } = counts;
  let places = 0;
  for (let i = from; i < to; i += 1) {
    const code = codes[i]!;
    const kind = code < 128 ? kinds[code]! : FOLD;
    seen |= kind;
    digits += kind & DIGIT;
    three = ((three << CLASS_BITS) | (kind & CLASS)) & THREE;
    PLACES[places] = i - 2;
    places += begins[three]!;
  }
  counts.seen = seen;
  counts.digits = digits;
  counts.three = three;
  return places;
}

/** Leads the states on from a place until no word can have begun before the last character; returns that one's place. */
function follow(
  from: number,
  length: number,
  codes: Uint16Array,
  { kinds, next, firstDeep, firstOutput, outputs }: Table,
  { anchors, ends }: { anchors: number[]; ends: number[] },
): number {
  let state = 0;
  for (let i = from; i < length; i += 1) {
    const code = codes[i]!;
    state = next[(state << CLASS_BITS) | (code < 128 ? kinds[code]! & CLASS : 0)]!;
    if (state < firstDeep && i > from) return i;
    if (state < firstOutput) continue;
    for (const anchor of outputs[state - firstOutput]!) {
      anchors.push(anchor);
      ends.push(i + 1);
    }
  }
  return length;
}

/** Whether some run of the characters of tokens has `LONG_RUN` of them. Looks at each place from its end first. */
function hasRun(length: number, codes: Uint16Array): boolean {
  for (let start = 0; start + LONG_RUN <= length; ) {
    let at = start + LONG_RUN - 1;
    while (at >= start && codes[at]! < 128 && (KINDS[codes[at]!]! & RUN) !== 0) at -= 1;
    if (at < start) return true;
    start = at + 1;
  }
  return false;
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

/** Puts the states of one character first and those that end a word last, so that one comparison tells each. */
function sortStates(next: Uint16Array, outputs: readonly (readonly number[])[]): States {
  const shallow = new Set([0, ...next.subarray(0, CLASS + 1)]);
  const rank = (state: number): number => (outputs[state]!.length > 0 ? 2 : shallow.has(state) ? 0 : 1);
  const order = outputs.map((_, state) => state).sort((a, b) => rank(a) - rank(b) || a - b);
  const places = new Uint16Array(order.length);
  order.forEach((state, place) => {
    places[state] = place;
  });
  const sorted = new Uint16Array(next.length);
  order.forEach((state, place) => {
    for (let c = 0; c <= CLASS; c += 1) sorted[(place << CLASS_BITS) | c] = places[next[(state << CLASS_BITS) | c]!]!;
  });
  const firstOutput = order.findIndex((state) => rank(state) === 2);
  const firstDeep = order.findIndex((state) => rank(state) > 0);
  return { next: sorted, firstDeep, firstOutput, outputs: order.slice(firstOutput).map((state) => outputs[state]!) };
}

/** Shorter words begin with whatever stands behind them. */
function beginningsOf(words: readonly string[], classes: Uint8Array): Uint8Array {
  const begins = new Uint8Array(THREE + 1);
  for (const word of words) {
    let least = 0;
    for (let i = 0; i < Math.min(3, word.length); i += 1) least = (least << CLASS_BITS) | classes[word.charCodeAt(i)]!;
    const open = CLASS_BITS * Math.max(0, 3 - word.length);
    begins.fill(1, least << open, (least + 1) << open);
  }
  return begins;
}
