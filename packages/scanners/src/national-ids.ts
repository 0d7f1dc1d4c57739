/**
 * National numbers: one row for each, with how it is written, what confirms it, and the words that people write beside
 * it. Adding a country is adding a row. It judges digits; where they stand is decided elsewhere.
 */
import { icaoDigit, isDate, passesLuhn, passesVerhoeff, remainder, twoDigits, weightedSum } from './check-digits.ts';
import type { FindingTypeName } from './finding-types.ts';
import { withFolded } from './lookalikes.ts';
import {
  birth,
  isBelgian,
  isChinese,
  isCnp,
  isCodiceFiscale,
  isCpf,
  isDni,
  isFrenchNir,
  isGermanInsurance,
  isGermanTaxId,
  isNif,
  isNino,
  isNorwegian,
  isNric,
  isPps,
  last,
  mod11,
  usTaxType,
} from './national-checks.ts';

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
  row(
    'fr_nir',
    '15, 13 2, 1 2 2 2 3 3 2',
    /\bnir\b|s[eé]curit[eé] sociale|\binsee\b|\bs[eé]cu\b|carte vitale/i,
    isFrenchNir,
  ),
  row(
    'nl_bsn',
    '9?, 8?, 4 2 3?, 4.2.3?',
    /\bbsn\b|burger.?service|sofi/i,
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
    '11, 2.2.2-3.2, 6 3 2, 6-3-2, 6-3.2',
    /rijksregister|registre national|national.?n|\bniss\b|\binsz\b/i,
    isBelgian,
  ),
  row('pt_nif', '9?, 3 3 3?', /\bnif\b|contribuinte|fiscal/i, isNif),
  row(
    'at_svnr',
    '4 6, 10?',
    /\bv?sv?.?n(?:r|ummer)\b|sozialversicherung|versicherungsnummer|\be-?card\b/i,
    (d) => birth(d.slice(4), 'dmy') && mod11(d.slice(0, 3) + d.slice(4), [3, 7, 9, 5, 8, 4, 2, 1, 6]) === Number(d[3]),
  ),
  row(
    'se_personnummer',
    '6-4, 8-4, 10?, 12?',
    /person(?:al)?.?n(?:ummer|umber)|samordning/i,
    (d) => birth(d.slice(-10), 'ymd', [0]) && passesLuhn(d.slice(-10)),
  ),
  row('dk_cpr', '6-4?, 6 4?, 10?', /\bcpr\b|person(?:al)?.?n(?:ummer|umber)/i, (d) => birth(d, 'dmy')),
  row('no_fnr', '11, 6 5', /f[oø]dselsn|person(?:al)?.?n(?:ummer|umber)/i, isNorwegian),
  row(
    'cz_birth_number',
    '6/4',
    /rodn/i,
    (d) =>
      isDate(twoDigits(d, 2), twoDigits(d, 4), [0, 20, 50, 70]) &&
      (remainder(d, 11) === 0 || (remainder(d.slice(0, 9), 11) === 10 && last(d) === 0)),
  ),
  row('ro_cnp', '13', /\bcnp\b|cod numeric/i, isCnp),
  row('gr_amka', '11?', /amka|αμκα/i, (d) => birth(d, 'dmy') && passesLuhn(d)),
  row(
    'hu_taj',
    '9?, 3 3 3?, 3-3-3?',
    /\btaj(?:\b|sz)|társadalombiztosítás/i,
    (d) => weightedSum(d, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === last(d),
  ),
  row(
    'bg_egn',
    '10?',
    /\begn\b|егн|граждански/i,
    (d) => birth(d, 'ymd', [0, 20, 40]) && mod11(d, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 10 === last(d),
  ),
  row(
    'ch_ahv',
    '13, 3.4.4.2',
    /\bahv\b|\bavs\b|\boasi\b|sozialvers|versicherten/i,
    (d) => d.startsWith('756') && (10 - (weightedSum(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === last(d),
  ),
  row(
    'ca_sin',
    '9?, 3 3 3?, 3-3-3?',
    /\bsin\b|social insurance|assurance sociale|\bnas\b/i,
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
    '10?, 11?, 4 5 1, 4 5 2, 4 5 1-1, 4-5-1?',
    /medicare/i,
    (d) => /^[2-6]/.test(d) && weightedSum(d, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(d[8]),
  ),
  row(
    'in_aadhaar',
    '12?, 4 4 4?, 4-4-4?',
    /aadh?aa?r|\buid(?:ai)?\b|आधार/i,
    (d) => /^[2-9]/.test(d) && passesVerhoeff(d),
  ),
  // Since October 2020 the digits after the sex are random.
  row(
    'kr_rrn',
    '6-7, 13?',
    /주민|\brrn\b|resident registration/i,
    (d) =>
      birth(d, 'ymd') && /^[1-8]/.test(d[6]!) && (11 - mod11(d, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])) % 10 === last(d),
  ),
  row('kr_rrn', '6-7?', /주민|\brrn\b|resident registration/i, (d) => birth(d, 'ymd') && /^[1-8]/.test(d[6]!)),
  row('cn_resident_id', '18', /身份证|身份号|resident id/i, (d) => isChinese(d)),
  row('jp_my_number', '12?, 4 4 4?, 4-4-4?', /マイナンバー|個人番号|my.?number/i, (d) => {
    const rest = mod11(d, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    return last(d) === (rest <= 1 ? 0 : 11 - rest);
  }),
  row('br_cpf', '11?, 3.3.3-2', /\bcpf\b/i, isCpf),
];

// prettier-ignore

export const NINO_WORDS = /national insurance|\bnino\b|\bni n/i;

/** Written as one token of letters and digits. */
export const TOKEN_IDS: readonly NationalId[] = [
  row('uk_nino', 'L2D6L1', NINO_WORDS, isNino),
  row(
    'de_social_insurance',
    'D8L1D3',
    /sozialversicherung|rentenversicherung|versicherungsn|\b(?:rv|v?sv?).?n(?:r|ummer)\b/i,
    isGermanInsurance,
  ),
  row('it_codice_fiscale', 'L6D2L1D2L1D3L1', /codice|fiscale|\bcf\b|sanitaria/i, isCodiceFiscale),
  row('es_dni', 'D8L1, L1D7L1', /\bdni\b|\bnif\b|\bnie\b/i, isDni),
  row('ie_pps', 'D7L1?, D7L2?', /\bpps|public service n/i, isPps),
  row('in_pan', 'L5D4L1', /\bpan\b|permanent account|पैन/i, (t) => /^[A-Z]{3}[PCHFATBLJG][A-Z]/.test(t)),
  row('sg_nric', 'L1D7L1', /\bnric\b|\bfin\b|\bic no\b|identity card/i, isNric),
  row('cn_resident_id', 'D17L1', /身份证|resident id/i, isChinese),
];

/** A German identity card: letters and digits in any order, then the check digit; on the card itself behind `IDD<<`. */
export const MIXED_ID = row(
  'de_id_card',
  '',
  /ausweis|\bperso\b|identity card|\bid.?card|\bidd<</i,
  (t) => /^[CFGHJKLMNPRTVWXYZ0-9]{9}\d$/.test(t) && icaoDigit(t.slice(0, 9)) === last(t),
);

/** How tokens are written in parts; each is tried where its first part begins. */
export const SPLIT_TOKENS: readonly RegExp[] = [
  /(?:\d{8}|\d{1,2}\.\d{3}\.\d{3}|[A-Z][ -]\d{7}|\d{7})[ .-]{1,3}[A-Z]{1,2}(?![A-Za-z0-9])/y,
  /\d{2} ?\d{6} [A-Z] \d{2} ?\d(?![A-Za-z0-9])/y,
  /[A-Z]{3}[ -][A-Z]{3}[ -]\d{2}[A-Z]\d{2}[ -][A-Z]\d{3} ?[A-Z](?![A-Za-z0-9])/y,
  /[A-Z]{5}[ -]\d{4}[ -][A-Z](?![A-Za-z0-9])/y,
];

function row(type: FindingTypeName, forms: string, words: RegExp, check: (digits: string) => boolean): NationalId {
  return { type, forms, words: new RegExp(withFolded(words.source), words.flags), check };
}
