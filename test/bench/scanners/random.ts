/** Numbers and choices from a seed, so that a corpus is the same on every machine. Mulberry32; nothing secret about it. */

export type Random = {
  /** An integer in [0, below). */
  int: (below: number) => number;
  pick: <T>(items: readonly T[]) => T;
  chars: (alphabet: string, length: number) => string;
  digits: (length: number) => string;
};

export const LOWER = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER = LOWER.toUpperCase();
export const DIGITS = '0123456789';
export const HEX = '0123456789abcdef';
export const ALNUM = LOWER + UPPER + DIGITS;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  const chars = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[int(alphabet.length)]!).join('');
  return { int, pick: (items) => items[int(items.length)]!, chars, digits: (length) => chars(DIGITS, length) };
}
