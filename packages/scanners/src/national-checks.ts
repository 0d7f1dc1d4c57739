/** The arithmetic of national numbers that is longer than a line. Each takes digits (or digits and capitals) and looks at nothing else. */
import { isDate, passesMod1110, remainder, twoDigits, weightedSum } from './check-digits.ts';

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

const CHINESE_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** ISO 7064 mod 11-2; eighteen digits or an X at the end. */
export function isChinese(id: string): boolean {
  return (
    /^[1-8]\d{5}(?:19|20)/.test(id) &&
    isDate(twoDigits(id, 10), twoDigits(id, 12)) &&
    '10X98765432'[weightedSum(id, CHINESE_WEIGHTS) % 11] === id[17]
  );
}

export function birth(digits: string, order: 'ymd' | 'dmy', raised?: readonly number[]): boolean {
  return order === 'ymd'
    ? isDate(twoDigits(digits, 2), twoDigits(digits, 4), raised)
    : isDate(twoDigits(digits, 2), twoDigits(digits, 0), raised);
}

export function last(digits: string): number {
  return Number(digits.at(-1));
}

export function mod11(digits: string, weights: readonly number[]): number {
  return weightedSum(digits, weights) % 11;
}

/** How often each digit stands in the number that is looked at. */
const COUNTS = new Uint8Array(10);

export function isGermanTaxId(id: string): boolean {
  if (id[0] === '0' || !passesMod1110(id)) return false;
  COUNTS.fill(0);
  for (let i = 0; i < 10; i += 1) COUNTS[id.charCodeAt(i) - 48]! += 1;
  let repeated = 0;
  for (let digit = 0; digit < 10; digit += 1) {
    if (COUNTS[digit]! > 3) return false;
    if (COUNTS[digit]! > 1) repeated += 1;
  }
  return repeated === 1;
}

export function isFrenchNir(id: string): boolean {
  const month = Number(id.slice(3, 5));
  const isMonth = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  return /^[12]/.test(id) && isMonth && 97 - remainder(id.slice(0, 13), 97) === Number(id.slice(13));
}

export function isBelgian(id: string): boolean {
  const body = id.slice(0, 9);
  const check = Number(id.slice(9));
  const isBorn = isDate(twoDigits(id, 2), twoDigits(id, 4), [0, 20, 40]);
  return isBorn && (97 - remainder(body, 97) === check || 97 - remainder(`2${body}`, 97) === check);
}

const NORWEGIAN_FIRST = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const NORWEGIAN_SECOND = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

export function isNorwegian(id: string): boolean {
  const check = (weights: readonly number[]): number => (11 - mod11(id, weights)) % 11;
  return (
    isDate(twoDigits(id, 2), twoDigits(id, 0) % 40, [0, 40, 80]) &&
    check(NORWEGIAN_FIRST) === Number(id[9]) &&
    check(NORWEGIAN_SECOND) === Number(id[10])
  );
}

const CPF_FIRST = [10, 9, 8, 7, 6, 5, 4, 3, 2];
const CPF_SECOND = [11, ...CPF_FIRST];

export function isCpf(id: string): boolean {
  const check = (weights: readonly number[]): number => {
    const rest = mod11(id, weights);
    return rest < 2 ? 0 : 11 - rest;
  };
  return check(CPF_FIRST) === Number(id[9]) && check(CPF_SECOND) === Number(id[10]) && !/^(\d)\1+$/.test(id);
}

export function isGermanInsurance(id: string): boolean {
  const letter = String(id.charCodeAt(8) - 64).padStart(2, '0');
  const digits = `${id.slice(0, 8)}${letter}${id.slice(9, 11)}`;
  const weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
  const sum = [...digits].reduce((total, digit, i) => {
    const product = Number(digit) * weights[i]!;
    return total + Math.floor(product / 10) + (product % 10);
  }, 0);
  return isDate(twoDigits(id, 4), twoDigits(id, 2)) && sum % 10 === last(id);
}

export function isCodiceFiscale(code: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i += 1) {
    const char = code.charCodeAt(i);
    const value = char < 65 ? char - 48 : char - 65;
    sum += i % 2 === 0 ? ODD[value]! : value;
  }
  return 'ABCDEHLMPRST'.includes(code[8]!) && code.charCodeAt(15) - 65 === sum % 26;
}

export function isDni(id: string): boolean {
  const first = 'XYZ'.indexOf(id[0]!);
  const number = first === -1 ? id.slice(0, 8) : first + id.slice(1, 8);
  return /^[XYZ0-9]\d{7}[A-Z]$/.test(id) && 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] === id.at(-1);
}

export function isNric(id: string): boolean {
  if (!/^[STFGM]\d{7}[A-Z]$/.test(id)) return false;
  const sum = weightedSum(id.slice(1), [2, 7, 6, 5, 4, 3, 2]);
  if ('ST'.includes(id[0]!)) return 'JZIHGFEDCBA'[(sum + (id[0] === 'T' ? 4 : 0)) % 11] === id[8];
  if (id[0] === 'M') return 'KLJNPQRTUWX'[10 - ((sum + 3) % 11)] === id[8];
  return 'XWUTRQPNMLK'[(sum + (id[0] === 'G' ? 4 : 0)) % 11] === id[8];
}

export function isPps(id: string): boolean {
  const extra = id.length > 8 ? (id.charCodeAt(8) - 64) * 9 : 0;
  return 'WABCDEFGHIJKLMNOPQRSTUV'[(weightedSum(id, [8, 7, 6, 5, 4, 3, 2]) + extra) % 23] === id[7];
}

export function isNino(id: string): boolean {
  return /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(id) && !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(id);
}

export function isNif(id: string): boolean {
  const rest = mod11(id, [9, 8, 7, 6, 5, 4, 3, 2]);
  return !/^[04]/.test(id) && last(id) === (rest < 2 ? 0 : 11 - rest);
}

export function isCnp(id: string): boolean {
  const rest = mod11(id, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]);
  const county = Number(id.slice(7, 9));
  const isBorn = /^[1-8]/.test(id) && isDate(twoDigits(id, 3), twoDigits(id, 5)) && county >= 1 && county <= 52;
  return isBorn && last(id) === (rest === 10 ? 1 : rest);
}

/** By area, group and serial; null for numbers that are never issued. */
export function usTaxType(digits: string): 'us_ssn' | 'us_itin' | null {
  const area = digits.slice(0, 3);
  const group = Number(digits.slice(3, 5));
  if (digits.endsWith('0000') || group === 0) return null;
  if (area < '900') return area === '000' || area === '666' ? null : 'us_ssn';
  const isIssued = (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group !== 93);
  return isIssued ? 'us_itin' : null;
}
