/** Encodings, ciphers and tables that the disguises of `evasions.ts` are made of. Nothing of the scanners is used here. */

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE85 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';
const BASE91 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~"';
const XX = '+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function inBits(text: string): string {
  return [...Buffer.from(text)].map((b) => b.toString(2).padStart(8, '0')).join('');
}

export function base62(text: string): string {
  let n = BigInt(`0x${Buffer.from(text).toString('hex')}`);
  let written = '';
  for (; n > 0n; n /= 62n) written = BASE62[Number(n % 62n)] + written;
  return written;
}

/** RFC 1924's alphabet, as Python's `b85encode`; what is missing to a group of four is left out at the end. */
export function base85(text: string): string {
  const input = Buffer.from(text);
  const missing = (4 - (input.length % 4)) % 4;
  const padded = Buffer.concat([input, Buffer.alloc(missing)]);
  let written = '';
  for (let i = 0; i < padded.length; i += 4) {
    let n = padded.readUInt32BE(i);
    let group = '';
    for (let k = 0; k < 5; k += 1) {
      group = BASE85[n % 85] + group;
      n = Math.floor(n / 85);
    }
    written += group;
  }
  return written.slice(0, written.length - missing);
}

export function base91(text: string): string {
  let queue = 0;
  let bits = 0;
  let written = '';
  for (const byte of Buffer.from(text)) {
    queue |= byte << bits;
    bits += 8;
    if (bits <= 13) continue;
    const thirteen = queue & 8191;
    const size = thirteen > 88 ? 13 : 14;
    const value = size === 13 ? thirteen : queue & 16383;
    queue >>= size;
    bits -= size;
    written += BASE91[value % 91]! + BASE91[Math.floor(value / 91)]!;
  }
  if (bits > 0) written += BASE91[queue % 91]! + (bits > 7 || queue > 90 ? BASE91[Math.floor(queue / 91)]! : '');
  return written;
}

export function xxencoded(text: string): string {
  const lines: string[] = [];
  const all = Buffer.from(text);
  for (let i = 0; i < all.length; i += 45) {
    const part = all.subarray(i, i + 45);
    const bits = inBits(part.toString('latin1')).padEnd(Math.ceil(part.length / 3) * 24, '0');
    lines.push(XX[part.length]! + (bits.match(/.{6}/g) ?? []).map((six) => XX[Number.parseInt(six, 2)]!).join(''));
  }
  return `begin 644 note.txt\n${lines.join('\n')}\n+\nend`;
}

export function xored(text: string, key: number): Buffer {
  return Buffer.from(Buffer.from(text).map((byte) => byte ^ key));
}

export function shifted(text: string, by: number): string {
  return [...text].map((c) => String.fromCharCode(c.charCodeAt(0) + by)).join('');
}

export function affine(text: string, a: number, b: number): string {
  return text.replace(/[a-z]/g, (c) => String.fromCharCode(97 + ((a * (c.charCodeAt(0) - 97) + b) % 26)));
}

/** A simple substitution: the key's letters first, then the rest of the alphabet. */
export function keyedAlphabet(text: string, key: string): string {
  const alphabet = [...new Set(`${key}abcdefghijklmnopqrstuvwxyz`)];
  return text.replace(/[a-z]/g, (c) => alphabet[c.charCodeAt(0) - 97]!);
}

/** Written in rows of as many characters as there are columns, read by columns in the order of `order`. */
export function columnsByKey(text: string, order: readonly number[]): string {
  const chars = [...text];
  return order.map((column) => chars.filter((_, i) => i % order.length === column).join('')).join('');
}

export function pairsSwapped(text: string): string {
  return text.replace(/(.)(.)/g, '$2$1');
}

export function letterTable(signs: string): Record<string, string> {
  return signTable('abcdefghijklmnopqrstuvwxyz', signs);
}

export function signTable(from: string, to: string): Record<string, string> {
  const signs = [...to];
  return Object.fromEntries([...from].map((char, i) => [char, signs[i]!]));
}
