/** The alphabets of bases that tools write bytes in, a row each. */

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
const DIGITS = '0123456789';

/** Bytes of text in this alphabet; fewer where they are no text. */
type Read = (values: readonly number[], most: number) => number[];
/** `values`: of each ASCII character, -1 where it is none of the alphabet's. */
export type Base = { readonly values: Int8Array; readonly read: Read; readonly isBig: boolean };

export const BASES: readonly Base[] = [
  // Sixteen signs: letters for halves of bytes, and the halves changed.
  base('abcdefghijklmnop', bitsOf(4)),
  base('ABCDEFGHIJKLMNOP', bitsOf(4)),
  base('0123456789abcdef', (values, most) => bitsOf(4)(halvesChanged(values), most)),
  ...['ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', `${DIGITS}ABCDEFGHIJKLMNOPQRSTUV`, '0123456789ABCDEFGHJKMNPQRSTVWXYZ']
    .flatMap((alphabet) => [alphabet, alphabet.toLowerCase()])
    .concat('ybndrfg8ejkmcpqxot1uwisza345h769')
    .map((alphabet) => base(alphabet, bitsOf(5))),
  // Base64 with cases changed, moved on by thirteen, and in the orders of crypt, bcrypt and xxencode.
  ...[
    `${LOWER}${UPPER}${DIGITS}+/`,
    `${turned(UPPER)}${turned(LOWER)}${DIGITS}+/`,
    `./${DIGITS}${UPPER}${LOWER}`,
    `./${UPPER}${LOWER}${DIGITS}`,
    `+-${DIGITS}${UPPER}${LOWER}`,
    `${DIGITS}${UPPER}${LOWER}+/`,
  ].map((alphabet) => base(alphabet, bitsOf(6))),
  base(String.fromCharCode(...Array.from({ length: 85 }, (_, i) => i + 33)), blocksOf85),
  base(`${DIGITS}${UPPER}${LOWER}!#$%&()*+-;<=>?@^_\`{|}~`, blocksOf85),
  base(`${DIGITS}${LOWER}${UPPER}.-:+=^!/*?&<>()[]{}@%$#`, blocksOf85),
  base(`${UPPER}${LOWER}${DIGITS}!#$%&()*+,./:;<=>?@[]^_\`{|}~"`, base91),
  base(`${DIGITS}${UPPER} $%*+-./:`, blocksOf45),
  base('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', bigNumber(58), true),
  base(`${DIGITS}${UPPER}${LOWER}`, bigNumber(62), true),
  base(`${DIGITS}${LOWER}${UPPER}`, bigNumber(62), true),
  base(`${UPPER}${LOWER}${DIGITS}`, bigNumber(62), true),
  base(`${DIGITS}${LOWER}`, bigNumber(36), true),
  base(`${DIGITS}${UPPER}`, bigNumber(36), true),
];

function base(alphabet: string, read: Read, isBig = false): Base {
  const values = new Int8Array(128).fill(-1);
  for (const [i, char] of [...alphabet].entries()) values[char.charCodeAt(0)] = i;
  return { values, read, isBig };
}

/** The first sign has the highest bits. */
function bitsOf(width: number): Read {
  return (values, most) => {
    const bytes: number[] = [];
    let bits = 0;
    let held = 0;
    for (const value of values) {
      bits = ((bits << width) | value) & 0xffff;
      held += width;
      if (held < 8) continue;
      held -= 8;
      bytes.push((bits >> held) & 0xff);
      if (bytes.length >= most) break;
    }
    return bytes;
  };
}

function halvesChanged(values: readonly number[]): number[] {
  return values.map((_, i) => values[i ^ 1] ?? 0);
}

function turned(letters: string): string {
  return letters.slice(13) + letters.slice(0, 13);
}

/** Five signs for four bytes, fewer at the end. */
function blocksOf85(values: readonly number[], most: number): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < values.length && bytes.length < most; i += 5) {
    let n = 0;
    for (let k = 0; k < 5; k += 1) n = n * 85 + (values[i + k] ?? 84);
    const count = Math.min(5, values.length - i) - 1;
    for (let k = 0; k < count; k += 1) bytes.push(Math.floor(n / 256 ** (3 - k)) & 0xff);
  }
  return bytes;
}

/** Three signs for two bytes, the last first. */
function blocksOf45(values: readonly number[], most: number): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < values.length && bytes.length < most; i += 3) {
    const n = values[i]! + 45 * (values[i + 1] ?? 0) + 2025 * (values[i + 2] ?? 0);
    if (i + 2 < values.length) bytes.push(n >> 8);
    bytes.push(n & 0xff);
  }
  return bytes;
}

/** Thirteen or fourteen bits in two signs, the lowest first. */
function base91(values: readonly number[], most: number): number[] {
  const bytes: number[] = [];
  let queue = 0;
  let held = 0;
  for (let i = 0; i + 1 < values.length && bytes.length < most; i += 2) {
    const n = values[i]! + 91 * values[i + 1]!;
    queue |= n << held;
    held += (n & 8191) > 88 ? 13 : 14;
    for (; held >= 8 && bytes.length < most; held -= 8) {
      bytes.push(queue & 0xff);
      queue >>>= 8;
    }
  }
  if (bytes.length < most && values.length % 2 === 1) bytes.push((queue | (values.at(-1)! << held)) & 0xff);
  return bytes;
}

/** So many signs of base 62 at most are less than 2^53. */
const SIGNS_AT_ONCE = 8;

function bigNumber(radix: number): Read {
  return (values, most) => {
    let n = 0n;
    for (let i = 0; i < values.length; i += SIGNS_AT_ONCE) {
      const part = values.slice(i, i + SIGNS_AT_ONCE);
      n = n * BigInt(radix ** part.length) + BigInt(part.reduce((sum, value) => sum * radix + value, 0));
    }
    const hex = n.toString(16);
    return [...Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0').slice(0, 2 * most), 'hex')];
  };
}

/** Fewer bytes are no text. */
export const LEAST_BYTES = 12;
const PRINTABLE = /^[\t\n\r -~]+$/;
const MOSTLY = 0.78;

/** Null where it is not printable, too short, or of more signs than a text has. */
export function textOf(bytes: readonly number[]): string | null {
  if (bytes.length < LEAST_BYTES) return null;
  const text = Buffer.from(bytes).toString('latin1').trimEnd();
  const usual = text.match(/[A-Za-z0-9 ]/g)?.length ?? 0;
  return PRINTABLE.test(text) && usual >= MOSTLY * text.length ? text : null;
}
