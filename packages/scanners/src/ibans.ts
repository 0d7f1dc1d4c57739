/** Finds bank account numbers (ISO 13616): in one piece, in groups, and glued to a word before them. */
import { isAlnum, isDigit, isLetter } from './char-kinds.ts';
import { isoMod97 } from './check-digits.ts';
import type { Emit } from './emit.ts';
import type { View } from './normalise.ts';
import { isInUuid } from './other-numbers.ts';

const ACCOUNT_WORDS = /iban|bank|konto|compte|cuenta|rekening/i;

/** Whether one of the words stands near [start, end). */
type Named = (words: RegExp, start: number, end: number) => boolean;

/** Reports the account in the token [start, end), or that begins with it. */
export function detectIban(view: View, start: number, end: number, named: Named, emit: Emit): void {
  if (beginsAccount(view.codes, start)) readIban(view, start, named, emit);
  else if (end - start > SHORTEST + 2) {
    // `accountDE89…`: capitals behind a word in small letters.
    const glued = /^[a-z]{2,12}(?=[A-Z]{2}\d{2})/.exec(view.text.slice(start, end));
    if (glued !== null) readIban(view, start + glued[0].length, named, emit);
  }
}

const SHORTEST = 15;

// ISO 13616 registry: total length by country.
const REGISTRY =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
  'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
  'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
  'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30';
const IBAN_LENGTHS = new Uint8Array(32 * 32);
for (const entry of REGISTRY.split(' '))
  IBAN_LENGTHS[countryOf(entry.charCodeAt(0), entry.charCodeAt(1))] = Number(entry.slice(2));

/** By the last five bits of two letters' codes, of either case. */
function countryOf(first: number, second: number): number {
  return ((first & 31) << 5) | (second & 31);
}

/** Two letters and two digits. */
function beginsAccount(codes: Uint16Array, at: number): boolean {
  return isDigit(codes[at + 2]!) && isDigit(codes[at + 3]!) && isLetter(codes[at]!) && isLetter(codes[at + 1]!);
}

/** Reports the account that starts at `start`, in one piece or in groups. Looks at 70 characters at most. */
function readIban({ text, codes }: View, start: number, named: Named, emit: Emit): void {
  const length = IBAN_LENGTHS[countryOf(codes[start]!, codes[start + 1]!)]!;
  let left = length;
  let at = start;
  for (; left > 0; at += 1) {
    if (isAlnum(codes[at]!)) left -= 1;
    else if (!isGap(codes[at]!) || !isAlnum(codes[at + 1]!)) return;
  }
  if (length === 0 || isAlnum(codes[at]!)) return;
  const iban = text.slice(start, at).replace(/[ .-]/g, '').toUpperCase();
  if (isoMod97(iban.slice(4) + iban.slice(0, 4)) !== 1) return;
  if (isInUuid(text, start, at) && !named(ACCOUNT_WORDS, start, at)) return;
  emit('iban', start, at, { why: 'country length and mod 97' });
}

/** Space, dash, dot. */
function isGap(code: number): boolean {
  return code === 32 || code === 45 || code === 46;
}
