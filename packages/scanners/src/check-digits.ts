/** The arithmetic by which numbers confirm themselves. Each takes digits (or digits and capitals) and looks at nothing else. */

const ZERO = 48;

const D5 = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
// prettier-ignore
const PERMUTATIONS = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

const VIN_VALUES = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9];
const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/** ISO/IEC 7812-1 annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = at(digits, digits.length - 1 - i);
    const weighted = i % 2 === 1 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

/** Sum of the first digits, each times its weight. */
export function weightedSum(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) sum += at(digits, i) * weights[i]!;
  return sum;
}

/** Remainder of a long decimal number. */
export function remainder(digits: string, by: number): number {
  let rest = 0;
  for (let i = 0; i < digits.length; i += 1) rest = (rest * 10 + at(digits, i)) % by;
  return rest;
}

/** ISO 7064 mod 97-10 over letters and digits. */
export function isoMod97(text: string): number {
  let rest = 0;
  for (const char of text) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** ISO 7064 mod 11,10. */
export function passesMod1110(digits: string): boolean {
  let product = 10;
  for (let i = 0; i < digits.length - 1; i += 1) {
    const sum = (at(digits, i) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === at(digits, digits.length - 1);
}

// prettier-ignore

/** Verhoeff's dihedral check. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const permuted = at(PERMUTATIONS[i % 8]!, at(digits, digits.length - 1 - i));
    check = at(D5[check]!, permuted);
  }
  return check === 0;
}

/** Letters as values 10 to 35 times 7, 3, 1, as in machine-readable zones (ICAO 9303) and German identity cards. */
export function icaoDigit(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    sum += (char === '<' ? 0 : Number.parseInt(char, 36)) * [7, 3, 1][i % 3]!;
  }
  return sum % 10;
}

/** The number in two digits from the i-th on. */
export function twoDigits(digits: string, i: number): number {
  return 10 * at(digits, i) + at(digits, i + 1);
}

const NOT_RAISED = [0];

/** Whether month and day exist. Months may be raised by what a century adds. */
export function isDate(month: number, day: number, raised: readonly number[] = NOT_RAISED): boolean {
  if (!(day >= 1 && day <= 31)) return false;
  for (const by of raised) if (month - by >= 1 && month - by <= 12 && (month - by !== 2 || day <= 29)) return true;
  return false;
}

/** The ninth character of a vehicle identification number (49 CFR 565); capitals without I, O and Q. */
export function passesVin(vin: string): boolean {
  let sum = 0;
  for (let i = 0; i < 17; i += 1) {
    const code = vin.charCodeAt(i);
    sum += (code < 58 ? code - ZERO : VIN_VALUES[code - 65]!) * VIN_WEIGHTS[i]!;
  }
  return vin[8] === '0123456789X'[sum % 11];
}

function at(digits: string, i: number): number {
  return digits.charCodeAt(i) - ZERO;
}
