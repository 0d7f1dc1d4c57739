/** Runs of the characters of one alphabet, for decoders that want whole ones of some length. */
import type { View } from './normalise.ts';

/** Of each ASCII character whether the expression for one character takes it. */
export function alphabetOf(one: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0));
}

/** All runs of at least so many characters, each as far as it goes. Looks at each place from its end first. */
export function* runsOf({ text, codes }: View, alphabet: Uint8Array, least: number): Generator<[number, number]> {
  for (let start = 0; start + least <= text.length; ) {
    let at = start + least - 1;
    while (at >= start && isOf(alphabet, codes[at]!)) at -= 1;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + least;
    while (isOf(alphabet, codes[end]!)) end += 1;
    yield [start, end];
    start = end;
  }
}

function isOf(alphabet: Uint8Array, code: number): boolean {
  return code < 128 && alphabet[code] === 1;
}
