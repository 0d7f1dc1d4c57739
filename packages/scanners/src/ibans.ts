/** Finds bank account numbers (ISO 13616): in one piece, in groups, and glued to a word before them. */
import { isoMod97 } from './check-digits.ts';
import type { Emit } from './emit.ts';

/** Reports the account in the token [start, end), or that begins with it. */
export function detectIban(text: string, start: number, end: number, emit: Emit): void {
  if (beginsAccount(text, start)) readIban(text, start, emit);
  else if (end - start > SHORTEST + 2) {
    // `accountDE89…`: capitals behind a word in small letters.
    const glued = /^[a-z]{2,12}(?=[A-Z]{2}\d{2})/.exec(text.slice(start, end));
    if (glued !== null) readIban(text, start + glued[0].length, emit);
  }
}

const SHORTEST = 15;

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

/** Two letters and two digits. */
function beginsAccount(text: string, at: number): boolean {
  const isDigit = (code: number): boolean => code >= 48 && code <= 57;
  const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;
  return (
    isDigit(text.charCodeAt(at + 2)) &&
    isDigit(text.charCodeAt(at + 3)) &&
    isLetter(text.charCodeAt(at)) &&
    isLetter(text.charCodeAt(at + 1))
  );
}

/** Reports the account that starts at `start`, in one piece or in groups. Looks at 70 characters at most. */
function readIban(text: string, start: number, emit: Emit): void {
  const length = IBAN_LENGTHS[text.slice(start, start + 2).toUpperCase()];
  if (length === undefined) return;
  let iban = '';
  let at = start;
  while (iban.length < length && at < text.length) {
    if (/[A-Za-z0-9]/.test(text[at]!)) iban += text[at]!.toUpperCase();
    else if (!/[ .-]/.test(text[at]!) || !/[A-Za-z0-9]/.test(text[at + 1] ?? '')) break;
    at += 1;
  }
  if (iban.length !== length || /[A-Za-z0-9]/.test(text[at] ?? '')) return;
  if (isoMod97(iban.slice(4) + iban.slice(0, 4)) === 1) emit('iban', start, at, { why: 'country length and mod 97' });
}
