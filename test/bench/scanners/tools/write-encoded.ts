/** Encodings and ciphers that tools for testing models offer, and their signs. Nothing of the scanners is used here. */

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE45 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const BASE32_HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const SQUARE = 'abcdefghiklmnopqrstuvwxyz';
const KEYPAD = ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz'];
const ROWS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

export function base58(text: string): string {
  return inBase(text, BASE58);
}

export function base36(text: string): string {
  return inBase(text, '0123456789abcdefghijklmnopqrstuvwxyz');
}

export function base45(text: string): string {
  const bytes = Buffer.from(text);
  let written = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const isPair = i + 1 < bytes.length;
    let n = isPair ? bytes.readUInt16BE(i) : bytes[i]!;
    for (let k = 0; k < (isPair ? 3 : 2); k += 1) {
      written += BASE45[n % 45];
      n = Math.floor(n / 45);
    }
  }
  return written;
}

export function z85(text: string): string {
  const bytes = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
  let written = '';
  for (let i = 0; i < bytes.length; i += 4) {
    let n = bytes.readUInt32BE(i);
    let group = '';
    for (let k = 0; k < 5; k += 1) {
      group = Z85[n % 85] + group;
      n = Math.floor(n / 85);
    }
    written += group;
  }
  return written;
}

export function base32hex(text: string): string {
  return byBits(text, 5, (n) => BASE32_HEX[n]!);
}

export function crockford(text: string): string {
  return byBits(text, 5, (n) => CROCKFORD[n]!);
}

/** As `uuencode -` writes it. */
export function uuencoded(text: string): string {
  const bytes = Buffer.from(text);
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 45) {
    const part = bytes.subarray(i, i + 45);
    const padded = Buffer.alloc(Math.ceil(part.length / 3) * 3);
    part.copy(padded);
    const signs = [...padded.toString('binary')].map((c) => c.charCodeAt(0).toString(2).padStart(8, '0')).join('');
    lines.push(
      uuSign(part.length) +
        signs
          .match(/.{6}/g)!
          .map((six) => uuSign(Number.parseInt(six, 2)))
          .join(''),
    );
  }
  return `begin 644 note.txt\n${lines.join('\n')}\n\`\nend`;
}

export function utf7(text: string): string {
  return `+${Buffer.from(text, 'utf16le').swap16().toString('base64').replace(/=+$/, '')}-`;
}

/** Seven bits a byte, as base122 has them, without its table of illegal characters. */
export function sevenBits(text: string): string {
  return [...text].map((c) => c.charCodeAt(0).toString(2).padStart(7, '0')).join(' ');
}

export function bacon(text: string): string {
  return lettersOnly(text, (i) => `${i.toString(2).padStart(5, '0').replaceAll('0', 'a').replaceAll('1', 'b')} `);
}

/** Rows and columns of a square of five, without a `j`. */
export function square(text: string, write: (row: number, column: number) => string): string {
  return lettersOnly(text, (i) => {
    const at = SQUARE.indexOf(i === 9 ? 'i' : String.fromCharCode(97 + i));
    return write(Math.floor(at / 5) + 1, (at % 5) + 1);
  });
}

export function keypad(text: string): string {
  return lettersOnly(text, (i) => {
    const char = String.fromCharCode(97 + i);
    const key = KEYPAD.findIndex((keys) => keys.includes(char));
    return `${String(key + 2).repeat(KEYPAD[key]!.indexOf(char) + 1)} `;
  });
}

export function vigenere(text: string, key: string): string {
  let at = 0;
  return lettersOnly(text, (i) => {
    const by = key.charCodeAt(at % key.length) - 97;
    at += 1;
    return String.fromCharCode(97 + ((i + by) % 26));
  });
}

export function rails(text: string, count: number): string {
  const lines: string[] = Array.from({ length: count }, () => '');
  const period = 2 * (count - 1);
  [...text].forEach((char, i) => {
    const at = i % period;
    lines[at < count ? at : period - at] += char;
  });
  return lines.join('');
}

export function evenThenOdd(text: string): string {
  const chars = [...text];
  return [...chars.filter((_, i) => i % 2 === 0), ...chars.filter((_, i) => i % 2 === 1)].join('');
}

/** The key to the right of each. */
export function keyboardRight(text: string): string {
  return text.replace(/[a-z]/g, (char) => {
    const row = ROWS.find((keys) => keys.includes(char))!;
    return row[(row.indexOf(char) + 1) % row.length]!;
  });
}

/** Quoted-printable with every byte written and soft line ends. */
export function quotedPrintable(text: string): string {
  const signs = [...Buffer.from(text)].map((b) => `=${b.toString(16).toUpperCase().padStart(2, '0')}`);
  return signs.map((sign, i) => (i % 12 === 11 ? `${sign}=\n` : sign)).join('');
}

function lettersOnly(text: string, write: (index: number) => string): string {
  return text.toLowerCase().replace(/[a-z]/g, (c) => write(c.charCodeAt(0) - 97));
}

function inBase(text: string, alphabet: string): string {
  let n = BigInt(`0x${Buffer.from(text).toString('hex')}`);
  const base = BigInt(alphabet.length);
  let written = '';
  while (n > 0n) {
    written = alphabet[Number(n % base)] + written;
    n /= base;
  }
  return written;
}

function byBits(text: string, size: number, write: (n: number) => string): string {
  const bits = [...Buffer.from(text)].map((b) => b.toString(2).padStart(8, '0')).join('');
  return (bits.match(new RegExp(`.{1,${size}}`, 'g')) ?? [])
    .map((part) => write(Number.parseInt(part.padEnd(size, '0'), 2)))
    .join('');
}

function uuSign(n: number): string {
  return n === 0 ? '`' : String.fromCharCode(32 + n);
}
