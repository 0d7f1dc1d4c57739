/** Whether digits are a payment card's: issuer range, length, Luhn digit. */
import { passesLuhn } from './check-digits.ts';

export const MAX_CARD_DIGITS = 19;

type Issuer = readonly [first: string, last: string, lengths: readonly number[], needsWord?: true];
const LONG = [16, 17, 18, 19];
const MAESTRO = [12, 13, 14, 15, 16, 17, 18, 19];

// ISO/IEC 7812 issuer ranges: first, last (same length), lengths. 13-digit Visa is left out: no longer issued, and
// EAN-13 barcodes start with the same digit. Ranges with many lengths fit too many numbers without a word beside them.
const ISSUERS: readonly Issuer[] = [
  ['4', '4', [16, 19]],
  ['51', '55', [16]],
  ['2221', '2720', [16]],
  ['34', '34', [15]],
  ['37', '37', [15]],
  ['6011', '6011', [16, 19]],
  ['622126', '622925', [16, 19]],
  ['644', '659', [16, 19]],
  ['300', '305', [14, 16, 19]],
  ['309', '309', [14, 16, 19]],
  ['36', '36', [14, 16, 19]],
  ['38', '39', [14, 16, 19]],
  ['3528', '3589', LONG],
  ['62', '62', LONG],
  ['81', '81', LONG],
  ['60', '60', [16]],
  ['82', '82', [16], true],
  ['508', '508', [16]],
  ['2200', '2204', LONG],
  ['9792', '9792', [16]],
  ['5019', '5019', [16]],
  ['4571', '4571', [16]],
  ['506099', '506198', [16, 18, 19]],
  ['507865', '507964', [16, 18, 19]],
  ['650002', '650027', [16, 18, 19]],
  ['636', '639', LONG, true],
  ['8600', '8600', [16], true],
  ['9860', '9860', [16], true],
  ['1', '1', [15], true],
  ['5018', '5018', MAESTRO],
  ['5020', '5020', MAESTRO],
  ['5038', '5038', MAESTRO],
  ['5893', '5893', MAESTRO],
  ['6304', '6304', MAESTRO],
  ['6759', '6763', MAESTRO],
  ['50', '50', MAESTRO, true],
  ['56', '69', MAESTRO, true],
];

// Of each first digit, which lengths there are at all.
const LENGTHS = Uint32Array.from({ length: 10 }, (_, digit) =>
  ISSUERS.filter(([first, last]) => first[0]! <= String(digit) && String(digit) <= last[0]!)
    .flatMap(([, , lengths]) => lengths)
    .reduce((bits, length) => bits | (1 << length), 0),
);

/** Whether a card may have so many digits, by the code of the first. */
export function hasCardLength(first: number, length: number): boolean {
  return (LENGTHS[first - 48]! & (1 << length)) !== 0;
}

/** `word`: it is one only if a word such as `card` stands beside it. */
export function judgeCard(digits: string): 'card' | 'word' | null {
  const { length } = digits;
  if (length > MAX_CARD_DIGITS || !hasCardLength(digits.charCodeAt(0), length)) return null;
  if (!passesLuhn(digits) || /^(\d)\1+$/.test(digits)) return null;
  const fits = ISSUERS.filter(([first, last, lengths]) => {
    const prefix = digits.slice(0, first.length);
    return prefix >= first && prefix <= last && lengths.includes(length);
  });
  if (fits.length === 0) return null;
  return fits.some(([, , , needsWord]) => needsWord === undefined) ? 'card' : 'word';
}
