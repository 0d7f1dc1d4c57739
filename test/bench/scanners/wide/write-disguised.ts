/** The ways of writing that the disguises of `evasions.ts` are made of. */

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

export function percent(text: string): string {
  return bytes(text, (b) => `%${b.toString(16).padStart(2, '0')}`, '');
}

export function bytes(text: string, write: (byte: number) => string, between: string): string {
  return [...Buffer.from(text)].map(write).join(between);
}

export function entities(text: string): string {
  return [...text].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join('');
}

export function uEscaped(text: string): string {
  return [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

export function fullWidth(text: string): string {
  return [...text].map((c) => (c > ' ' && c < '\x7f' ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c)).join('');
}

export function chunks(text: string, size: number, between: string): string {
  return (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(between);
}

export function halves(text: string): unknown {
  const middle = 4 * Math.floor(text.length / 8);
  return { part1: text.slice(0, middle), part2: text.slice(middle) };
}

export function thirds(text: string): unknown {
  const size = 4 * Math.ceil(text.length / 12);
  return [0, 1, 2].map((i) => ({ n: i, d: text.slice(i * size, (i + 1) * size) }));
}

export function backwards(text: string): string {
  return [...text].reverse().join('');
}

export function rot(text: string, by: number): string {
  return letters(text, (i) => String.fromCharCode(97 + ((i + by) % 26)));
}

export function letters(text: string, write: (index: number) => string): string {
  return text.toLowerCase().replace(/[a-z]/g, (c) => write(c.charCodeAt(0) - 97));
}

export function byLetter(text: string, write: (char: string) => string): string {
  return text.replace(/[a-z]/gi, write);
}

export function mapped(text: string, table: Readonly<Record<string, string>>): string {
  return [...text].map((c) => table[c] ?? c).join('');
}

export function byWord(text: string, change: (word: string) => string, between: string): string {
  return text.split(' ').map(change).join(between);
}
