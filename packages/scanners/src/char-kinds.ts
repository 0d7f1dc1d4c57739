/** Kinds of ASCII characters by their UTF-16 unit. Behind the end of a text, where there is none, it is of no kind. */

/** One comparison: what is no digit is more and less than one by turns. */
export function isDigit(unit: number): boolean {
  return (unit ^ 48) < 10;
}

export function isLetter(unit: number): boolean {
  return (unit | 32) >= 97 && (unit | 32) <= 122;
}

export function isAlnum(unit: number): boolean {
  return isDigit(unit) || isLetter(unit);
}
