/**
 * SHA-256 and SHA-512 (FIPS 180-4) in one, by the size of their words, for where there is no `node:crypto` and nothing may wait: a
 * browser's own digests are asynchronous, the ledger's verification is not. Public data only: its time tells what it hashes.
 */

type Turns = readonly [bigint, bigint, bigint];
type Size = {
  bits: bigint;
  /** Rotations of Σ0 and Σ1, then of σ0 and σ1, whose last is a shift (section 4.1). */
  turns: readonly Turns[];
  /** Section 4.2 and 5.3: the first bits behind the point of roots of the first primes. */
  constants: readonly bigint[];
  initial: readonly bigint[];
};

const PRIMES = firstPrimes(80);
const SHA_256 = sizeOf(32n, 64, [
  [2n, 13n, 22n],
  [6n, 11n, 25n],
  [7n, 18n, 3n],
  [17n, 19n, 10n],
]);
const SHA_512 = sizeOf(64n, 80, [
  [28n, 34n, 39n],
  [14n, 18n, 41n],
  [1n, 8n, 7n],
  [19n, 61n, 6n],
]);

export function sha256(bytes: Uint8Array): Uint8Array {
  return digest(SHA_256, bytes);
}

export function sha512(bytes: Uint8Array): Uint8Array {
  return digest(SHA_512, bytes);
}

function sizeOf(bits: bigint, rounds: number, turns: readonly Turns[]): Size {
  const constants = PRIMES.slice(0, rounds).map((prime) => fraction(prime, 3n, bits));
  return { bits, turns, constants, initial: PRIMES.slice(0, 8).map((prime) => fraction(prime, 2n, bits)) };
}

function digest(size: Size, bytes: Uint8Array): Uint8Array {
  const word_bytes = Number(size.bits / 8n);
  const padded = pad(bytes, 16 * word_bytes);
  let state = size.initial;
  for (let at = 0; at < padded.length; at += 16 * word_bytes) {
    const words = Array.from({ length: 16 }, (_, i) => readWord(padded, at + i * word_bytes, word_bytes));
    state = compress(size, state, words);
  }
  return Uint8Array.from(state.flatMap((word) => writeWord(word, word_bytes)));
}

/** Section 6.2.2. */
function compress({ bits, turns, constants }: Size, state: readonly bigint[], words: bigint[]): bigint[] {
  const mask = (1n << bits) - 1n;
  const turn = (x: bigint, by: bigint): bigint => (x >> by) | (x << (bits - by));
  const big = (which: number, x: bigint): bigint => turns[which]!.reduce((sum, by) => sum ^ turn(x, by), 0n);
  const small = (which: number, x: bigint): bigint => {
    const [first, second, shift] = turns[which]!;
    return turn(x, first) ^ turn(x, second) ^ (x >> shift);
  };
  for (let i = 16; i < constants.length; i += 1)
    words.push((small(3, words[i - 2]!) + words[i - 7]! + small(2, words[i - 15]!) + words[i - 16]!) & mask);
  let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  for (const [i, constant] of constants.entries()) {
    const first = h + (big(1, e) & mask) + ((e & f) ^ (~e & mask & g)) + constant + words[i]!;
    const second = (big(0, a) & mask) + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(first + second) & mask, a, b, c, (d + first) & mask, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]!) & mask);
}

/** Section 5.1: a one, zeros, and the length in bits at the end of the last block. */
function pad(bytes: Uint8Array, block: number): Uint8Array {
  const length_bytes = block / 8;
  const padded = new Uint8Array(Math.ceil((bytes.length + 1 + length_bytes) / block) * block);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  padded.set(writeWord(BigInt(bytes.length) * 8n, 8), padded.length - 8);
  return padded;
}

function readWord(bytes: Uint8Array, at: number, length: number): bigint {
  return bytes.subarray(at, at + length).reduce((word, byte) => (word << 8n) | BigInt(byte), 0n as bigint);
}

function writeWord(word: bigint, length: number): number[] {
  return Array.from({ length }, (_, i) => Number((word >> BigInt(8 * (length - 1 - i))) & 0xffn));
}

/** The first `bits` behind the point of the square (2) or cube (3) root. */
function fraction(prime: bigint, root: bigint, bits: bigint): bigint {
  const wanted = prime << (root * bits);
  let low = 0n;
  for (let step = 1n << (bits + 9n); step > 0n; step >>= 1n) if ((low + step) ** root <= wanted) low += step;
  return low & ((1n << bits) - 1n);
}

function firstPrimes(count: number): bigint[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n += 1n) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  return primes;
}
