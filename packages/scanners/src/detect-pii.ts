/**
 * Finds personal data by its own arithmetic: social security numbers by area, group and serial, cards by issuer range
 * and Luhn digit, accounts by country length and mod 97; e-mail addresses and phone numbers by their form. It reports
 * places only and never keeps what it read.
 */
import type { Survey } from './anchors.ts';
import type { Context, Emit } from './emit.ts';
import type { FindingTypeName } from './finding-types.ts';

// Every pattern below is a chain of disjoint character classes with constant upper bounds, or ends in a class with
// nothing to fail after it. So a failed attempt costs a constant, and the scan is linear on any text.
const SSN = /(?<!\d|\d-)(\d{3}) ?- ?(\d{2}) ?- ?(\d{4})(?!\d|-\d)/g;
const LOOSE_SSN = /(?<!\d|\d[.-])(\d{3})[ ./_]?(\d{2})[ ./_]?(\d{4})(?![.-]?\d)/g;
const SSN_NAMES = /\bssn\b|social.?sec|\bsoc sec\b|\bitin\b|\btax.?id\b|\btin\b/i;
const SSN_CONTEXT = 48;

function taxNumberType(area: string, group: string, serial: string): FindingTypeName | null {
  if (serial === '0000' || group === '00') return null;
  if (area >= '900') {
    const g = Number(group);
    return (g >= 50 && g <= 65) || (g >= 70 && g <= 88) || (g >= 90 && g !== 93) ? 'us_itin' : null;
  }
  return area === '000' || area === '666' ? null : 'us_ssn';
}

function detectTaxNumbers(text: string, context: string, emit: Emit): void {
  for (const found of text.matchAll(SSN)) {
    const type = taxNumberType(found[1]!, found[2]!, found[3]!);
    if (type) emit(type, found.index, found.index + found[0].length);
  }
  // Nine digits with other separators, or none, are a social security number only where the text or the key says so.
  for (const found of text.matchAll(LOOSE_SSN)) {
    const before = `${context.slice(-SSN_CONTEXT)} ${text.slice(Math.max(0, found.index - SSN_CONTEXT), found.index)}`;
    const type = taxNumberType(found[1]!, found[2]!, found[3]!);
    if (type && SSN_NAMES.test(before.replaceAll('_', ' '))) emit(type, found.index, found.index + found[0].length);
  }
}

const MAX_CARD_DIGITS = 19;
const MIN_CARD_DIGITS = 12;
const DIGIT_GROUP = /\d+/g;

// ISO/IEC 7812 issuer ranges: first, last (same length), lengths. 13-digit Visa is left out: no longer issued, and
// EAN-13 barcodes start with the same digit.
const ISSUERS: readonly (readonly [string, string, readonly number[]])[] = [
  ['4', '4', [16, 19]],
  ['51', '55', [16]],
  ['2221', '2720', [16]],
  ['34', '34', [15]],
  ['37', '37', [15]],
  ['6011', '6011', [16, 19]],
  ['644', '659', [16, 19]],
  ['300', '305', [14, 16]],
  ['36', '36', [14]],
  ['38', '39', [14, 16]],
  ['3528', '3589', [16, 17, 18, 19]],
  ['62', '62', [16, 17, 18, 19]],
  ['5018', '5018', [12, 13, 14, 15, 16, 17, 18, 19]],
  ['5020', '5020', [12, 13, 14, 15, 16, 17, 18, 19]],
  ['5038', '5038', [12, 13, 14, 15, 16, 17, 18, 19]],
  ['6304', '6304', [12, 13, 14, 15, 16, 17, 18, 19]],
  ['6759', '6763', [12, 13, 14, 15, 16, 17, 18, 19]],
];

/** ISO/IEC 7812-1 annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighted = i % 2 === 1 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

function isCard(digits: string): boolean {
  const issued = ISSUERS.some(([first, last, lengths]) => {
    const prefix = digits.slice(0, first.length);
    return prefix >= first && prefix <= last && lengths.includes(digits.length);
  });
  return issued && passesLuhn(digits) && !/^(\d)\1+$/.test(digits);
}

type Group = { start: number; end: number; digits: string };

/** Printed cards stand in groups of three and more; evasions split evenly. Other groupings are tables of numbers. */
const isCardGrouping = (groups: readonly Group[]): boolean => {
  const size = groups[0]!.digits.length;
  const inner = groups.slice(0, -1);
  return (
    groups.length === 1 || groups.every((g) => g.digits.length >= 3) || inner.every((g) => g.digits.length === size)
  );
};

const GROUP_GAP = /^[ ._-]{1,3}$/;

/** Walks the trains of digit groups that only spaces, dots, dashes and underscores join. */
function detectCards(text: string, emit: Emit): void {
  let train: Group[] = [];
  const flush = () => {
    for (let i = 0; i < train.length; i += 1) i = cardFrom(text, train, i, emit);
    train = [];
  };
  for (const found of text.matchAll(DIGIT_GROUP)) {
    const previous = train.at(-1);
    if (previous && !GROUP_GAP.test(text.slice(previous.end, Math.min(found.index, previous.end + 4)))) flush();
    train.push({ start: found.index, end: found.index + found[0].length, digits: found[0] });
  }
  flush();
}

/** Tries each card that starts at group i; returns the last group used, i itself when there is none. */
function cardFrom(text: string, groups: readonly Group[], i: number, emit: Emit): number {
  let digits = '';
  for (let j = i; j < groups.length; j += 1) {
    const group = groups[j]!;
    if (digits.length + group.digits.length > MAX_CARD_DIGITS) return i;
    digits += group.digits;
    if (digits.length < MIN_CARD_DIGITS || !isCard(digits) || !isCardGrouping(groups.slice(i, j + 1))) continue;
    if (j === i && isFraction(text, group.start)) continue;
    emit('payment_card', groups[i]!.start, group.end);
    return j;
  }
  return i;
}

/** Digits after a decimal point are a measurement. */
const isFraction = (text: string, start: number): boolean =>
  text[start - 1] === '.' && text.charCodeAt(start - 2) >= 48 && text.charCodeAt(start - 2) <= 57;

// ISO 13616 registry: total length by country.
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const IBAN_START = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ .-]?[A-Za-z0-9])/g;

/** ISO 7064 mod 97-10 over the rearranged account. */
function passesMod97(iban: string): boolean {
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function detectIbans(text: string, emit: Emit): void {
  for (const found of text.matchAll(IBAN_START)) {
    const length = IBAN_LENGTHS[found[0].slice(0, 2).toUpperCase()];
    if (length === undefined) continue;
    let iban = '';
    let at = found.index;
    while (iban.length < length && at < text.length) {
      if (/[A-Za-z0-9]/.test(text[at]!)) iban += text[at]!.toUpperCase();
      else if (!/[ .-]/.test(text[at]!) || !/[A-Za-z0-9]/.test(text[at + 1] ?? '')) break;
      at += 1;
    }
    if (iban.length === length && !/[A-Za-z0-9]/.test(text[at] ?? '') && passesMod97(iban))
      emit('iban', found.index, at);
  }
}

const MAX_LOCAL_PART = 64;
const isLocalChar = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 64 && code <= 90 && code !== 64) ||
  (code >= 48 && code <= 57) ||
  code === 46 ||
  code === 95 ||
  code === 37 ||
  code === 43 ||
  code === 45;
const DOMAIN = /(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])/y;

function detectEmails(text: string, emit: Emit): void {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > 0 && at - start < MAX_LOCAL_PART && isLocalChar(text.charCodeAt(start - 1))) start -= 1;
    while (start < at && text[start] === '.') start += 1;
    if (start === at) continue;
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text);
    if (domain) emit('email', start, at + 1 + domain[0].length);
  }
}

const E164 = /(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){6,14}(?!\d)/g;
const NANP = /(?<![\d.+-]|\d )(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\d-])/g;

function detectPhones(text: string, emit: Emit): void {
  for (const pattern of [E164, NANP]) {
    for (const found of text.matchAll(pattern)) emit('phone', found.index, found.index + found[0].length);
  }
}

const MIN_PII_DIGITS = 7;

/** Reports personal data in a text. `context` is the name of the member that holds it, '' where there is none. */
export function detectPii(text: string, survey: Survey, { name: context }: Context, emit: Emit): void {
  if (survey.hasAt) detectEmails(text, emit);
  if (survey.digits < MIN_PII_DIGITS) return;
  detectTaxNumbers(text, context, emit);
  detectCards(text, emit);
  detectIbans(text, emit);
  detectPhones(text, emit);
}
