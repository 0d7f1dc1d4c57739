/** Runs of the characters of one alphabet, for decoders that want whole ones of some length. */
import { LONG_RUN } from './anchors.ts';
import type { View } from './normalise.ts';

export type Run = readonly [start: number, end: number];

export const NO_RUNS: readonly Run[] = [];

/** Letters, digits and `+ / - _`. */
const TOKEN_CODES = alphabetOf(/[\w+/-]/);

/** Of each ASCII character whether the expression for one character takes it. */
export function alphabetOf(one: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0));
}

/** All runs of at least `LONG_RUN` letters, digits and `+ / - _`; those of fewer characters are sought within them. */
export function longRuns({ text, codes }: View): Run[] {
  const runs: Run[] = [];
  addRuns(codes, [0, text.length], TOKEN_CODES, LONG_RUN, runs);
  return runs;
}

/** All runs of at least so many characters of an alphabet in a text. */
export function runsOf({ text, codes }: View, alphabet: Uint8Array, least: number): Run[] {
  const found: Run[] = [];
  addRuns(codes, [0, text.length], alphabet, least, found);
  return found;
}

/** Of long runs all runs of at least so many characters of an alphabet, each as far as it goes. */
export function runsWithin(codes: Uint16Array, runs: readonly Run[], alphabet: Uint8Array, least: number): Run[] {
  const found: Run[] = [];
  for (const run of runs) if (run[1] - run[0] >= least) addRuns(codes, run, alphabet, least, found);
  return found;
}

/** Looks at each place from its end first. */
function addRuns(codes: Uint16Array, [from, to]: Run, alphabet: Uint8Array, least: number, found: Run[]): void {
  for (let start = from; start + least <= to; ) {
    let at = start + least - 1;
    while (at >= start && isOf(alphabet, codes[at]!)) at -= 1;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + least;
    while (end < to && isOf(alphabet, codes[end]!)) end += 1;
    found.push([start, end]);
    start = end;
  }
}

function isOf(alphabet: Uint8Array, code: number): boolean {
  return code < 128 && alphabet[code] === 1;
}
