/**
 * National numbers: one row for each, with how it is written, what confirms it, and the words that people write beside
 * it. Adding a country is adding a row. It judges digits; where they stand is decided elsewhere.
 */
import {
  icaoDigit,
  isDate,
  passesLuhn,
  passesMod1110,
  passesVerhoeff,
  remainder,
  weightedSum,
} from './check-digits.ts';
import type { FindingTypeName } from './finding-types.ts';

/**
 * `forms`, by commas: sizes of the digit groups, joined as written (`3-3-3`, `6 4`); of a token, how many letters (L)
 * and digits (D) follow each other. A form that ends in `?` is so common that a word beside it is needed as well. `words`: a pattern for those.
 */
export type NationalId = {
  readonly type: FindingTypeName;
  readonly forms: string;
  readonly words: RegExp;
  readonly check: (digits: string) => boolean;
};

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

const US_WORDS = /\bssn\b|social.?sec|\bsoc sec\b|\bitin\b|\btax.?id\b|\btin\b/i;

/** Written with digits alone, in groups. */
export const DIGIT_IDS: readonly NationalId[] = [
  row('us_ssn', '3-2-4, 9?, 3 2 4?, 3.2.4?, 3/2/4?, 3_2_4?', US_WORDS, (d) => usTaxType(d) === 'us_ssn'),
  row('us_itin', '3-2-4, 9?, 3 2 4?, 3.2.4?, 3/2/4?, 3_2_4?', US_WORDS, (d) => usTaxType(d) === 'us_itin'),
  row(
    'uk_nhs',
    '10?, 3 3 4?, 3-3-4?',
    /\bnhs\b/i,
    (d) => (11 - mod11(d, [10, 9, 8, 7, 6, 5, 4, 3, 2])) % 11 === last(d),
  ),
  row('de_tax_id', '11, 2 3 3 3, 2/3/3/3', /steuer|\bid-?nr\b|tax.?id|\btin\b/i, isGermanTaxId),
  row('fr_nir', '15, 13 2, 1 2 2 2 3 3 2', /\bnir\b|s[eé]curit[eé] sociale|\binsee\b/i, isFrenchNir),
  row(
    'nl_bsn',
    '9?, 8?, 4 2 3?, 4.2.3?',
    /\bbsn\b|burgerservice|sofi/i,
    (d) => Number(d) > 0 && (weightedSum(d.padStart(9, '0'), [9, 8, 7, 6, 5, 4, 3, 2]) - last(d)) % 11 === 0,
  ),
  row(
    'pl_pesel',
    '11?',
    /pesel/i,
    (d) => birth(d, 'ymd', [0, 20, 40, 60, 80]) && weightedSum(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  ),
  row(
    'be_national_number',
    '11, 2.2.2-3.2, 6 3 2, 6-3-2',
    /rijksregister|registre national|national.?n|\bniss\b|\binsz\b/i,
    isBelgian,
  ),
  row('pt_nif', '9?, 3 3 3?', /\bnif\b|contribuinte|fiscal/i, isNif),
  row(
    'at_svnr',
    '4 6, 10?',
    /\bsv-?nr\b|sozialversicherung|versicherungsnummer/i,
    (d) => birth(d.slice(4), 'dmy') && mod11(d.slice(0, 3) + d.slice(4), [3, 7, 9, 5, 8, 4, 2, 1, 6]) === Number(d[3]),
  ),
  row(
    'se_personnummer',
    '6-4, 8-4, 10?, 12?',
    /person(?:al)?.?n(?:ummer|umber)|samordning/i,
    (d) => birth(d.slice(-10), 'ymd', [0]) && passesLuhn(d.slice(-10)),
  ),
  row('dk_cpr', '6-4?, 10?', /\bcpr\b|person(?:al)?.?n(?:ummer|umber)/i, (d) => birth(d, 'dmy')),
  row('no_fnr', '11, 6 5', /f[oø]dselsn|person(?:al)?.?n(?:ummer|umber)/i, isNorwegian),
  row(
    'cz_birth_number',
    '6/4',
    /rodn/i,
    (d) =>
      isDate(d.slice(2, 4), d.slice(4, 6), [0, 20, 50, 70]) &&
      (remainder(d, 11) === 0 || (remainder(d.slice(0, 9), 11) === 10 && last(d) === 0)),
  ),
  row('ro_cnp', '13', /\bcnp\b|cod numeric/i, isCnp),
  row('gr_amka', '11?', /amka|αμκα/i, (d) => birth(d, 'dmy') && passesLuhn(d)),
  row('hu_taj', '9?, 3 3 3?, 3-3-3?', /\btaj\b/i, (d) => weightedSum(d, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === last(d)),
  row(
    'bg_egn',
    '10?',
    /\begn\b|егн/i,
    (d) => birth(d, 'ymd', [0, 20, 40]) && mod11(d, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 10 === last(d),
  ),
  row(
    'ch_ahv',
    '13, 3.4.4.2',
    /\bahv\b|\bavs\b|sozialvers/i,
    (d) => d.startsWith('756') && (10 - (weightedSum(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === last(d),
  ),
  row(
    'ca_sin',
    '9?, 3 3 3?, 3-3-3?',
    /\bsin\b|social insurance|\bnas\b/i,
    (d) => d[0] !== '0' && d[0] !== '8' && passesLuhn(d),
  ),
  row(
    'au_tfn',
    '9?, 8?, 3 3 3?, 3-3-3?',
    /\btfn\b|tax file/i,
    (d) => d.length === 9 && weightedSum(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  ),
  row(
    'au_medicare',
    '10?, 11?, 4 5 1, 4 5 2, 4 5 1-1',
    /medicare/i,
    (d) => /^[2-6]/.test(d) && weightedSum(d, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(d[8]),
  ),
  row('in_aadhaar', '12?, 4 4 4?, 4-4-4?', /aadh?aa?r|\buid(?:ai)?\b/i, (d) => /^[2-9]/.test(d) && passesVerhoeff(d)),
  // Since October 2020 the digits after the sex are random.
  row(
    'kr_rrn',
    '6-7, 13?',
    /주민|\brrn\b|resident registration/i,
    (d) =>
      birth(d, 'ymd') && /^[1-8]/.test(d[6]!) && (11 - mod11(d, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])) % 10 === last(d),
  ),
  row('kr_rrn', '6-7?', /주민|\brrn\b|resident registration/i, (d) => birth(d, 'ymd') && /^[1-8]/.test(d[6]!)),
  row('cn_resident_id', '18', /身份证|resident id/i, (d) => isChinese(d)),
  row('jp_my_number', '12?, 4 4 4?, 4-4-4?', /マイナンバー|個人番号|my.?number/i, (d) => {
    const rest = mod11(d, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    return last(d) === (rest <= 1 ? 0 : 11 - rest);
  }),
  row('br_cpf', '11?, 3.3.3-2', /\bcpf\b/i, isCpf),
];

// prettier-ignore

/** Written as one token of letters and digits. */
export const TOKEN_IDS: readonly NationalId[] = [
  row('uk_nino', 'L2D6L1', /national insurance|\bnino\b|\bni n/i, isNino),
  row('de_social_insurance', 'D8L1D3', /sozialversicherung|rentenversicherung|\bsvnr\b|\brvnr\b/i, isGermanInsurance),
  row(
    'de_id_card',
    'L1D9?, L2D8?, L3D7?',
    /personalausweis|ausweis|identity card|\bid.?card/i,
    (t) => t.length === 10 && /^[CFGHJKLMNPRTVWXYZ0-9]+$/.test(t.slice(0, 9)) && icaoDigit(t.slice(0, 9)) === last(t),
  ),
  row('it_codice_fiscale', 'L6D2L1D2L1D3L1', /codice|fiscale|\bcf\b/i, isCodiceFiscale),
  row('es_dni', 'D8L1, L1D7L1', /\bdni\b|\bnif\b|\bnie\b/i, isDni),
  row('ie_pps', 'D7L1?, D7L2?', /\bpps/i, isPps),
  row('in_pan', 'L5D4L1', /\bpan\b|permanent account/i, (t) => /^[A-Z]{3}[PCHFATBLJG][A-Z]/.test(t)),
  row('sg_nric', 'L1D7L1', /\bnric\b|\bfin\b/i, isNric),
  row('cn_resident_id', 'D17L1', /身份证|resident id/i, isChinese),
];

const CHINESE_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** ISO 7064 mod 11-2; eighteen digits or an X at the end. */
export function isChinese(id: string): boolean {
  return (
    /^[1-8]\d{5}(?:19|20)/.test(id) &&
    isDate(id.slice(10, 12), id.slice(12, 14)) &&
    '10X98765432'[weightedSum(id, CHINESE_WEIGHTS) % 11] === id[17]
  );
}

function row(type: FindingTypeName, forms: string, words: RegExp, check: (digits: string) => boolean): NationalId {
  return {
    type,
    forms,
    words,
    check,
  };
}

function birth(digits: string, order: 'ymd' | 'dmy', raised?: readonly number[]): boolean {
  return order === 'ymd'
    ? isDate(digits.slice(2, 4), digits.slice(4, 6), raised)
    : isDate(digits.slice(2, 4), digits.slice(0, 2), raised);
}

function last(digits: string): number {
  return Number(digits.at(-1));
}

function mod11(digits: string, weights: readonly number[]): number {
  return weightedSum(digits, weights) % 11;
}

function isGermanTaxId(id: string): boolean {
  if (id[0] === '0' || !passesMod1110(id)) return false;
  const counts = [...'0123456789'].map((digit) => id.slice(0, 10).split(digit).length - 1).filter((n) => n > 1);
  return counts.length === 1 && counts[0]! <= 3;
}

function isFrenchNir(id: string): boolean {
  const month = Number(id.slice(3, 5));
  const isMonth = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  return /^[12]/.test(id) && isMonth && 97 - remainder(id.slice(0, 13), 97) === Number(id.slice(13));
}

function isBelgian(id: string): boolean {
  const body = id.slice(0, 9);
  const check = Number(id.slice(9));
  const isBorn = isDate(id.slice(2, 4), id.slice(4, 6), [0, 20, 40]);
  return isBorn && (97 - remainder(body, 97) === check || 97 - remainder(`2${body}`, 97) === check);
}

function isNorwegian(id: string): boolean {
  const first = (11 - mod11(id, [3, 7, 6, 1, 8, 9, 4, 5, 2])) % 11;
  const second = (11 - mod11(id, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) % 11;
  const day = String(Number(id.slice(0, 2)) % 40).padStart(2, '0');
  return isDate(id.slice(2, 4), day, [0, 40, 80]) && first === Number(id[9]) && second === Number(id[10]);
}

function isCpf(id: string): boolean {
  const check = (length: number): number => {
    const rest = mod11(
      id,
      Array.from({ length }, (_, i) => length + 1 - i),
    );
    return rest < 2 ? 0 : 11 - rest;
  };
  return !/^(\d)\1+$/.test(id) && check(9) === Number(id[9]) && check(10) === Number(id[10]);
}

function isGermanInsurance(id: string): boolean {
  const letter = String(id.charCodeAt(8) - 64).padStart(2, '0');
  const digits = `${id.slice(0, 8)}${letter}${id.slice(9, 11)}`;
  const weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
  const sum = [...digits].reduce((total, digit, i) => {
    const product = Number(digit) * weights[i]!;
    return total + Math.floor(product / 10) + (product % 10);
  }, 0);
  return isDate(id.slice(4, 6), id.slice(2, 4)) && sum % 10 === last(id);
}

function isCodiceFiscale(code: string): boolean {
  const sum = [...code.slice(0, 15)].reduce((total, char, i) => {
    const value = char <= '9' ? Number(char) : char.charCodeAt(0) - 65;
    return total + (i % 2 === 0 ? ODD[value]! : value);
  }, 0);
  return 'ABCDEHLMPRST'.includes(code[8]!) && code.charCodeAt(15) - 65 === sum % 26;
}

function isDni(id: string): boolean {
  const first = 'XYZ'.indexOf(id[0]!);
  const number = first === -1 ? id.slice(0, 8) : first + id.slice(1, 8);
  return /^[XYZ0-9]\d{7}[A-Z]$/.test(id) && 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] === id.at(-1);
}

function isNric(id: string): boolean {
  if (!/^[STFGM]\d{7}[A-Z]$/.test(id)) return false;
  const sum = weightedSum(id.slice(1), [2, 7, 6, 5, 4, 3, 2]);
  if ('ST'.includes(id[0]!)) return 'JZIHGFEDCBA'[(sum + (id[0] === 'T' ? 4 : 0)) % 11] === id[8];
  if (id[0] === 'M') return 'KLJNPQRTUWX'[10 - ((sum + 3) % 11)] === id[8];
  return 'XWUTRQPNMLK'[(sum + (id[0] === 'G' ? 4 : 0)) % 11] === id[8];
}

function isPps(id: string): boolean {
  const extra = id.length > 8 ? (id.charCodeAt(8) - 64) * 9 : 0;
  return 'WABCDEFGHIJKLMNOPQRSTUV'[(weightedSum(id, [8, 7, 6, 5, 4, 3, 2]) + extra) % 23] === id[7];
}

function isNino(id: string): boolean {
  return /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(id) && !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(id);
}

function isNif(id: string): boolean {
  const rest = mod11(id, [9, 8, 7, 6, 5, 4, 3, 2]);
  return !/^[04]/.test(id) && last(id) === (rest < 2 ? 0 : 11 - rest);
}

function isCnp(id: string): boolean {
  const rest = mod11(id, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]);
  const county = Number(id.slice(7, 9));
  const isBorn = /^[1-8]/.test(id) && isDate(id.slice(3, 5), id.slice(5, 7)) && county >= 1 && county <= 52;
  return isBorn && last(id) === (rest === 10 ? 1 : rest);
}

/** By area, group and serial; null for numbers that are never issued. */
function usTaxType(digits: string): 'us_ssn' | 'us_itin' | null {
  const area = digits.slice(0, 3);
  const group = Number(digits.slice(3, 5));
  if (digits.endsWith('0000') || group === 0) return null;
  if (area < '900') return area === '000' || area === '666' ? null : 'us_ssn';
  const isIssued = (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group !== 93);
  return isIssued ? 'us_itin' : null;
}
