/** Ciphers and tables that the disguises of `evasions.ts` are made of. Nothing of the scanners is used here. */

const A = 97;
const ROWS = ['qwertyuiop[]', "asdfghjkl;'", 'zxcvbnm,./'];

/** Moves the n-th letter on by `by(n, letters before it)`. */
export function lettersMoved(text: string, by: (n: number, plain: readonly number[]) => number): string {
  const plain: number[] = [];
  return text.toLowerCase().replace(/[a-z]/g, (char) => {
    const letter = char.charCodeAt(0) - A;
    const moved = (((letter + by(plain.length, plain)) % 26) + 26) % 26;
    plain.push(letter);
    return String.fromCharCode(A + moved);
  });
}

export function keyOf(word: string): (n: number) => number {
  return (n) => word.charCodeAt(n % word.length) - A;
}

export function beaufort(text: string, key: string): string {
  let n = 0;
  return text.toLowerCase().replace(/[a-z]/g, (char) => {
    const letter = (key.charCodeAt(n % key.length) - char.charCodeAt(0) + 26) % 26;
    n += 1;
    return String.fromCharCode(A + letter);
  });
}

/** Another keyboard's signs at the places of QWERTY's, row by row. */
export function keysOf(rows: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    ROWS.flatMap((row, i) => [...row].map((key, k) => [key, [...rows[i]!][k]!] as const)).filter(([, to]) => to),
  );
}

export function xoredBy(text: string, key: string): Buffer {
  return Buffer.from(Buffer.from(text).map((byte, i) => byte ^ key.charCodeAt(i % key.length)));
}

/** A square of the letters, i and j in one place; pairs by the rules of Playfair. */
export function playfair(text: string, key: string): string {
  const square = [...new Set(`${key}abcdefghiklmnopqrstuvwxyz`)];
  const letters = text
    .toLowerCase()
    .replaceAll('j', 'i')
    .replace(/[^a-z]/g, '')
    .replace(/(.)\1/g, '$1x$1');
  return (letters.match(/..?/g) ?? [])
    .map((pair) => {
      const [a, b] = [...pair.padEnd(2, 'x')].map((letter) => square.indexOf(letter)) as [number, number];
      const [ra, ca, rb, cb] = [Math.floor(a / 5), a % 5, Math.floor(b / 5), b % 5];
      if (ra === rb) return square[ra * 5 + ((ca + 1) % 5)]! + square[rb * 5 + ((cb + 1) % 5)]!;
      if (ca === cb) return square[((ra + 1) % 5) * 5 + ca]! + square[((rb + 1) % 5) * 5 + cb]!;
      return square[ra * 5 + cb]! + square[rb * 5 + ca]!;
    })
    .join(' ');
}

/** Written in rows of `width`, read in a spiral from the left upper corner. */
export function spiral(text: string, width: number): string {
  const padded = text.padEnd(Math.ceil(text.length / width) * width);
  let rows: string[] = padded.match(new RegExp(`.{${width}}`, 'g')) ?? [];
  let read = '';
  while (rows.length > 0) {
    read += rows[0];
    rows = rows.slice(1);
    rows = Array.from({ length: rows[0]?.length ?? 0 }, (_, i) => rows.map((row) => row.at(-1 - i)!).join(''));
  }
  return read;
}
