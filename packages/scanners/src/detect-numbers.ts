/**
 * Finds personal numbers among the digits of a text: cards, national numbers, IPv4 addresses, accounts, and telephone
 * numbers in national form. A number confirms itself by arithmetic, by the way it is written, or by a word beside it.
 */
import { isoMod97, passesVin } from './check-digits.ts';
import { detectDated, detectSpacedNino, isUkLicence } from './detect-documents.ts';
import type { Context, Emit } from './emit.ts';
import { DIGIT_IDS, type NationalId, TOKEN_IDS } from './national-ids.ts';
import type { View } from './normalise.ts';
import { type Group, VERSION_BEFORE, walkNumbers } from './number-groups.ts';
import { judgeCard, MAX_CARD_DIGITS } from './payment-cards.ts';
import { PhoneReader } from './phones.ts';

type Form = { readonly id: NationalId; readonly needsWord: boolean };
const GAPS = ' -./_';

function addTo<K>(map: Map<K, Form[]>, key: K, form: Form): void {
  void map.set(key, [...(map.get(key) ?? []), form]);
}

// `3-3-3` as one number, so that a row of groups is looked up while it is walked.
function keyOf(key: number, gap: string, size: number): number {
  return key * 200 + (gap === '' ? 0 : GAPS.indexOf(gap) + 1) * 20 + size;
}
const BY_GROUPS = new Map<number, Form[]>();
for (const id of DIGIT_IDS) {
  for (const written of formsOf(id.forms)) {
    const parts = written.replace('?', '').split(/([ \-./_])/);
    let key = keyOf(0, '', Number(parts[0]));
    for (let i = 1; i < parts.length; i += 2) key = keyOf(key, parts[i]!, Number(parts[i + 1]));
    addTo(BY_GROUPS, key, { id, needsWord: written.endsWith('?') });
  }
}
const BY_SHAPE = new Map<string, Form[]>();
for (const id of TOKEN_IDS) {
  for (const written of formsOf(id.forms)) {
    addTo(BY_SHAPE, written.replace('?', ''), { id, needsWord: written.endsWith('?') });
  }
}

function formsOf(forms: string): string[] {
  return forms.split(',').map((form) => form.trim());
}

const MAX_GROUPS = 7;
const ADDRESS_GROUPS = 4;
/** No number but an IPv4 address has fewer. */
const MIN_DIGITS = 7;
const WORDS_BEFORE = 64;
const WORDS_AFTER = 24;
const CARD_WORDS = /card|karte|carte|tarjeta|cart[aã]o|visa|master|maestro|\bpan\b|credit|debit/i;
/** `taxFileNumber` is three words. */
const HUMP = /[a-z][A-Z]/;
const HUMPS = /([a-z])([A-Z])/g;
const VIN_WORDS = /\bvin\b|vehicle|chassis|fahrgestell|\bfin\b/i;

/** What reading numbers is told beside the text. `hasPhoneWord`: a word for telephones stands somewhere in it or around it. */
export type NumberScan = {
  readonly around: Context;
  readonly countries: readonly string[];
  readonly hasPhoneWord: boolean;
};

/** Reports what the digits of a text say. */
export function detectNumbers(view: View, scan: NumberScan, emit: Emit): void {
  new NumberReader(view, scan, emit).read();
}

class NumberReader {
  readonly #view: View;
  readonly #text: string;
  readonly #around: Context;
  readonly #emit: Emit;
  readonly #phones: PhoneReader;

  constructor(view: View, { around, countries, hasPhoneWord }: NumberScan, emit: Emit) {
    const { text } = view;
    this.#view = view;
    this.#text = text;
    this.#around = around;
    this.#emit = emit;
    const hasWord = (words: RegExp, start: number, end: number): boolean => this.#hasWord(words, start, end);
    this.#phones = new PhoneReader(text, hasPhoneWord ? hasWord : () => false, countries, emit);
  }

  read(): void {
    this.#phones.signs();
    walkNumbers(this.#view, {
      row: (groups) => this.#readRow(groups),
      token: (start, end) => this.#readToken(start, end),
    });
  }

  #readRow(groups: readonly Group[]): void {
    const first = groups[0]!;
    const size = first.end - first.start;
    if (size === 6 && !/\w/.test(this.#text[first.start - 1] ?? '')) detectDated(this.#text, first.start, this.#emit);
    if (size === 2 || size === 6) detectSpacedNino(this.#text, first.start, this.#emit);
    if (groups.length < ADDRESS_GROUPS && countDigits(groups) < MIN_DIGITS) return;
    for (let i = 0; i < groups.length; i += 1) {
      const used = this.#cardFrom(groups, i);
      i = used === -1 ? Math.max(i, this.#idFrom(groups, i), this.#addressFrom(groups, i)) : used;
    }
    this.#phones.row(groups);
  }

  /** Tries each card that starts at group i; returns the last group used, or -1. */
  #cardFrom(groups: readonly Group[], i: number): number {
    let digits = '';
    for (let j = i; j < groups.length; j += 1) {
      const { start, end, gap } = groups[j]!;
      if (digits.length + end - start > MAX_CARD_DIGITS || (j > i && gap === '/')) return -1;
      digits += this.#text.slice(start, end);
      const judged = digits.length < 12 ? null : judgeCard(digits);
      if (judged === null || !isCardGrouping(groups.slice(i, j + 1)) || this.#isGlued(groups[i]!)) continue;
      if (judged === 'word' && !this.#hasWord(CARD_WORDS, groups[i]!.start, end)) continue;
      if (j === i && this.#isFraction(groups[i]!.start)) continue;
      this.#emit('payment_card', groups[i]!.start, end, { why: 'issuer range, length and Luhn digit' });
      return j;
    }
    return -1;
  }

  /** Tries each national number that starts at group i; returns the last group used, or -1. */
  #idFrom(groups: readonly Group[], i: number): number {
    const from = groups[i]!;
    if (from.glued) return -1;
    let key = 0;
    for (let j = i; j < groups.length && j - i < MAX_GROUPS; j += 1) {
      const { start, end, gap, glued } = groups[j]!;
      if (glued || end - start > 19) return -1;
      key = keyOf(key, j === i ? '' : gap, end - start);
      const forms = BY_GROUPS.get(key);
      if (forms === undefined || !standsFree(groups, i, j)) continue;
      if (this.#reportId(forms, this.#digitsOf(groups, i, j), from.start, end)) return j;
    }
    return -1;
  }

  #reportId(forms: readonly Form[], digits: string, start: number, end: number): boolean {
    const fitting = forms.filter(({ id }) => id.check(digits));
    if (fitting.length === 0) return false;
    const named = fitting.find(({ id }) => this.#hasWord(id.words, start, end));
    const chosen = named ?? fitting.find(({ needsWord }) => !needsWord);
    if (chosen === undefined) return false;
    const why = named === undefined ? 'form and arithmetic' : 'form, arithmetic and word';
    this.#emit(chosen.id.type, start, end, { why });
    return true;
  }

  /** IPv4. Four numbers that a version precedes are its parts. */
  #addressFrom(groups: readonly Group[], i: number): number {
    if (groups.length - i < ADDRESS_GROUPS) return -1;
    const four = groups.slice(i, i + ADDRESS_GROUPS);
    if (four.some(({ glued }) => glued) || !standsFree(groups, i, i + 3)) return -1;
    const [start, end] = [four[0]!.start, four[3]!.end];
    const text = this.#text.slice(start, end);
    if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) || text.split('.').some((part) => Number(part) > 255)) return -1;
    if (/^(?:0\.0\.0\.0|127\.|255\.255\.)/.test(text) || /(?:^|\.)0\d/.test(text)) return -1;
    const before = this.#text.slice(Math.max(0, start - 16), start);
    if (VERSION_BEFORE.test(before) || /[A-Za-z]\/$|[-_]$/.test(before)) return -1;
    // The revision of a package that is upgraded, and not the end of a range.
    if (/^-\d{1,3}(?![.\d])/.test(this.#text.slice(end, end + 6)) && /[-=]> $/.test(before)) return -1;
    if (start === 0 && VERSION_BEFORE.test(this.#around.name)) return -1;
    this.#emit('ip_address', start, end);
    return i + 3;
  }

  #readToken(start: number, end: number): void {
    const text = this.#text;
    if (beginsAccount(text, start)) readIban(text, start, this.#emit);
    if (end - start < 8) return;
    if (text[start - 1] === '-' || text[end] === '-' || text[start - 1] === '_' || text[end] === '_') return;
    // Numbers in letters are written in capitals; most tokens are none.
    if (hasSmallLetter(text, start, end)) return;
    const written = text.slice(start, end);
    if (written.length === 17 && /^[A-HJ-NPR-Z0-9]{17}$/.test(written)) {
      this.#readVin(written, start, end);
      return;
    }
    if (written.length === 16 && isUkLicence(written)) this.#emit('driving_licence', start, end, { why: 'form' });
    const forms = BY_SHAPE.get(shapeOf(written));
    if (forms !== undefined) this.#reportId(forms, written, start, end);
  }

  #readVin(vin: string, start: number, end: number): void {
    const named = this.#hasWord(VIN_WORDS, start, end);
    const checked = passesVin(vin) && /[A-Z].*[A-Z].*[A-Z]/.test(vin) && /\d{4}/.test(vin);
    if (checked || named) this.#emit('vehicle_id', start, end, { why: checked ? 'check digit' : 'word' });
  }

  #hasWord(words: RegExp, start: number, end: number): boolean {
    const before = this.#text.slice(Math.max(0, start - WORDS_BEFORE), start);
    const near = `${this.#around.path} ${before} ${this.#text.slice(end, end + WORDS_AFTER)}`;
    const spaced = near.replaceAll('_', ' ');
    return words.test(spaced) || (HUMP.test(near) && words.test(spaced.replaceAll(HUMPS, '$1 $2')));
  }

  #digitsOf(groups: readonly Group[], i: number, j: number): string {
    if (i === j) return this.#text.slice(groups[i]!.start, groups[i]!.end);
    return this.#text.slice(groups[i]!.start, groups[j]!.end).replace(/\D+/g, '');
  }

  /** Inside an identifier of letters and digits; a word before it is no part of it. */
  #isGlued({ start, glued }: Group): boolean {
    return glued && /\d[A-Za-z]{1,16}$/.test(this.#text.slice(Math.max(0, start - 20), start));
  }

  /** Digits after a decimal point are a measurement. */
  #isFraction(start: number): boolean {
    return this.#text[start - 1] === '.' && /\d/.test(this.#text[start - 2] ?? '');
  }
}

/** No group of the same row continues it by the sign that joins its own parts; single ones by no sign at all. */
function standsFree(groups: readonly Group[], i: number, j: number): boolean {
  const own = j > i ? groups[i + 1]!.gap : null;
  const ends = (gap: string | undefined): boolean => gap === undefined || (own === null ? gap === ' ' : gap !== own);
  return ends(i === 0 ? undefined : groups[i]!.gap) && ends(groups[j + 1]?.gap);
}

/** Printed cards stand in groups of three and more; evasions split evenly. Other groupings are tables of numbers. */
function isCardGrouping(groups: readonly Group[]): boolean {
  const size = ({ start, end }: Group): number => end - start;
  const inner = groups.slice(0, -1);
  return groups.length === 1 || groups.every((g) => size(g) >= 3) || inner.every((g) => size(g) === size(groups[0]!));
}

function countDigits(groups: readonly Group[]): number {
  let digits = 0;
  for (const { start, end } of groups) digits += end - start;
  return digits;
}

function hasSmallLetter(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (text.charCodeAt(i) >= 97) return true;
  return false;
}

/** `L2D6L1` for AB123456C. */
function shapeOf(token: string): string {
  return token.replace(/[A-Z]+|[0-9]+/g, (run) => (run[0]! > '9' ? 'L' : 'D') + run.length);
}

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
  const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;
  const isDigit = (code: number): boolean => code >= 48 && code <= 57;
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
