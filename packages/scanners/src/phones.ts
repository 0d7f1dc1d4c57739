/**
 * Finds telephone numbers: international ones by their plus sign, North American ones by their form, those of other
 * countries by a word beside them or because the tenant's countries are asked for. Numbering plans are Google's.
 */
import {
  type CountryCode,
  isSupportedCountry,
  isValidPhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import type { Emit } from './emit.ts';
import type { Group } from './number-groups.ts';
import { isCounted } from './other-numbers.ts';
import type { Counter } from './scan-limits.ts';

/** Where a national number beside a word is tried, beside the countries that are asked for. */
const USUAL: readonly CountryCode[] = [
  'US',
  'GB',
  'DE',
  'FR',
  'ES',
  'IT',
  'NL',
  'BE',
  'PL',
  'PT',
  'AT',
  'SE',
  'DK',
  'FI',
  'NO',
  'CH',
  'IE',
  'AU',
  'IN',
  'SG',
  'KR',
  'JP',
  'BR',
];

// prettier-ignore

const NO_COUNTRIES: readonly CountryCode[] = [];

/** Groups that a national number without a trunk zero is written in: fewer look like any two numbers. */
const MIN_GROUPS = 3;

const WORDS =
  /phone|\btel\b|telefon|mobil|\bmob\b|handy|\bcell|\bfax\b|\bcall\b|whats.?app|t[ée]l[ée]ph|portable|m[óo]vil|rufnummer|\bsms\b|\bdial\b|电话|手机|電話|携帯|전화|휴대/i;
/** What each of those words holds in ASCII letters; the others are looked for where a text is not ASCII. */
export const PHONE_ANCHORS = [
  'phone',
  'tel',
  'mobil',
  'mob',
  'handy',
  'cell',
  'fax',
  'call',
  'whats',
  'portable',
  'movil',
  'rufnummer',
  'sms',
  'dial',
];

const INTERNATIONAL = /\+[1-9](?:[ ()./-]{0,3}\d){6,14}(?!\d)/y;
const AREA_IN_BRACKETS = /\([2-9]\d{2}\) ?[2-9]\d{2}[ .-]\d{4}(?![\d-])/y;

type HasWord = (words: RegExp, start: number, end: number) => boolean;

/** Reads the telephone numbers of one text. */
export class PhoneReader {
  readonly #text: string;
  readonly #name: string;
  readonly #hasWord: HasWord;
  readonly #countries: readonly CountryCode[];
  readonly #emit: Emit;
  readonly #plans: Counter;

  /** `plans`: what the document may still look into; beyond it a number counts whose form is right. */
  constructor(text: string, name: string, hasWord: HasWord, countries: readonly string[], plans: Counter, emit: Emit) {
    this.#text = text;
    this.#plans = plans;
    this.#name = name;
    this.#hasWord = hasWord;
    this.#countries =
      countries.length === 0 ? NO_COUNTRIES : countries.filter((country) => isSupportedCountry(country));
    this.#emit = emit;
  }

  /** Numbers that start with a sign: `+49 (30) 90…`, `(415) 555-…`. */
  signs(): void {
    const text = this.#text;
    for (let at = text.indexOf('+'); at !== -1; at = text.indexOf('+', at + 1)) {
      const next = text.charCodeAt(at + 1);
      if (next < 49 || next > 57) continue;
      INTERNATIONAL.lastIndex = at;
      const found = /[\w+]/.test(text[at - 1] ?? '') ? null : INTERNATIONAL.exec(text);
      if (found !== null && this.#isPossible(found[0])) this.#emit('phone', at, at + found[0].length);
    }
    for (let at = text.indexOf('('); at !== -1; at = text.indexOf('(', at + 1)) {
      const next = text.charCodeAt(at + 1);
      if (next < 50 || next > 57) continue;
      AREA_IN_BRACKETS.lastIndex = at;
      const found = AREA_IN_BRACKETS.exec(text);
      if (found !== null) this.#emit('phone', at, at + found[0].length);
    }
  }

  /** A row of digit groups, none of which an international number has taken. */
  row(groups: readonly Group[]): void {
    for (let i = 0; i < groups.length; i += 1) {
      if (groups[i]!.glued || '+('.includes(this.#text[groups[i]!.start - 1] ?? ' ')) continue;
      const american = americanEnd(this.#text, groups, i);
      if (american !== -1 && this.#isAmerican(groups, i, american)) {
        this.#emit('phone', groups[i]!.start, groups[american]!.end);
        i = american;
      } else if (i === 0) i = Math.max(i, this.#nationalFrom(groups, i));
    }
  }

  /** With dashes or dots its form says so; with spaces, or none, a word has to. */
  #isAmerican(groups: readonly Group[], i: number, j: number): boolean {
    const { start } = groups[i]!;
    const isWritten = groups[j]!.gap !== ' ' || this.#hasWord(WORDS, start, groups[j]!.end);
    return isWritten && !isCounted(this.#text, start, this.#name);
  }

  /** The whole row, as far as it can be one number. */
  #nationalFrom(groups: readonly Group[], i: number): number {
    let digits = '';
    let j = i;
    for (; j < groups.length && !groups[j]!.glued && groups[j]!.gap !== '_'; j += 1) {
      const next = this.#text.slice(groups[j]!.start, groups[j]!.end);
      if (digits.length + next.length > (digits.startsWith('00') ? 17 : 12)) break;
      digits += next;
    }
    const [start, end] = [groups[i]!.start, groups[j - 1]?.end ?? 0];
    if (digits.length < 7) return -1;
    if (this.#isAsked(digits, groups.slice(i, j))) this.#emit('phone', start, end, { why: 'numbering plan' });
    else if (
      this.#hasWord(WORDS, start, end) &&
      this.#isNamed(digits, groups.slice(i, j)) &&
      !isCounted(this.#text, start, this.#name)
    )
      this.#emit('phone', start, end, { why: 'numbering plan and word' });
    else return -1;
    return j - 1;
  }

  /** Written in groups as a country that is asked for writes it: with its trunk zero, or in full where it has none. */
  #isAsked(digits: string, groups: readonly Group[]): boolean {
    if (this.#countries.length === 0 || groups.length < 2 || isDate(groups)) return false;
    if (digits.startsWith('0')) return this.#isValid(digits, this.#countries);
    if (groups.length < MIN_GROUPS || groups.some(({ gap }, i) => i > 1 && gap !== groups[1]!.gap)) return false;
    return this.#countries.some((country) => !this.#mayLook() || isNationalForm(digits, country));
  }

  /** Beside a word: dialled with 00, or as one of the usual countries has it; years and sizes fit some plan, too. */
  #isNamed(digits: string, groups: readonly Group[]): boolean {
    if (digits.startsWith('00')) return this.#isPossible(`+${digits.slice(2)}`);
    if (digits.length < 8 && !digits.startsWith('0')) return false;
    if (groups.some(({ start, end }, i) => i > 0 && end - start === 1)) return false;
    const isList = groups.length > 1 && groups.every(({ start, end }) => isRound(this.#text.slice(start, end)));
    return !isList && this.#isValid(digits, this.#known());
  }

  #known(): readonly CountryCode[] {
    return this.#countries.length === 0 ? USUAL : [...new Set([...this.#countries, ...USUAL])];
  }

  #isValid(digits: string, countries: readonly CountryCode[]): boolean {
    return countries.some((country) => !this.#mayLook() || isValidPhoneNumber(digits, country));
  }

  #isPossible(written: string): boolean {
    return !this.#mayLook() || (parsePhoneNumberFromString(written)?.isPossible() ?? false);
  }

  #mayLook(): boolean {
    this.#plans.left -= 1;
    return this.#plans.left >= 0;
  }
}

// prettier-ignore
/** Whether there is a numbering plan for it (ISO 3166-1 alpha-2). */
export function isKnownCountry(country: string): boolean {
  return isSupportedCountry(country);
}

/** Whether names say that a telephone number stands under them. */
export function namesPhone(names: string): boolean {
  return WORDS.test(names);
}

/** A year, a size of something: 1878, 768, 1024. */
function isRound(digits: string): boolean {
  return /^(?:1[5-9]|20)\d\d$/.test(digits) || (/^[1-9]\d{2,3}$/.test(digits) && Number(digits) % 16 === 0);
}

/** `2024-11-25`, `25.11.2024`: plans take many of these. */
function isDate(groups: readonly Group[]): boolean {
  return ['4,2,2', '2,2,4'].includes(
    groups
      .slice(0, 3)
      .map(({ start, end }) => end - start)
      .join(),
  );
}

/** Whether the country's people write exactly these digits. Plans also take numbers without the trunk zero they need. */
function isNationalForm(digits: string, country: CountryCode): boolean {
  const parsed = parsePhoneNumberFromString(digits, country);
  return parsed?.isValid() === true && parsed.formatNational().replace(/\D/g, '') === digits;
}

/** The last group of `[1-]NXX-NXX-XXXX` from group i, or -1. */
function americanEnd(text: string, groups: readonly Group[], i: number): number {
  const size = (j: number): number => (groups[j] === undefined ? 0 : groups[j].end - groups[j].start);
  const first = size(i) === 1 && text[groups[i]!.start] === '1' ? i + 1 : i;
  if (size(first) !== 3 || size(first + 1) !== 3 || size(first + 2) !== 4 || groups[first + 2]!.glued) return -1;
  if (groups[first + 3] !== undefined && groups[first + 3]!.gap !== ' ') return -1;
  if (i > 0 && groups[i]!.gap !== ' ') return -1;
  const isOpen = (j: number): boolean => text.charCodeAt(groups[j]!.start) >= 50;
  const joined = [groups[first + 1]!.gap, groups[first + 2]!.gap];
  return isOpen(first) && isOpen(first + 1) && joined.every((gap) => gap !== '/' && gap !== '_') ? first + 2 : -1;
}
