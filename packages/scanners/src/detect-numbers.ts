/**
 * Finds personal numbers among the digits of a text: cards, national numbers, IPv4 addresses, accounts, and telephone
 * numbers in national form. A number confirms itself by arithmetic, by the way it is written, or by a word beside it.
 */
import { passesVin } from './check-digits.ts';
import { hetuEnd, isUkLicence, spacedNino } from './detect-documents.ts';
import type { Context, Emit } from './emit.ts';
import { detectIban } from './ibans.ts';
import { NINO_WORDS, SPLIT_TOKENS } from './national-ids.ts';
import type { View } from './normalise.ts';
import { asNamed, BEGINS_GROUPS, BY_GROUPS, BY_SHAPE, type Form, keyOf, MIXED, shapeAt } from './number-forms.ts';
import { countDigits, type Group, isCardGrouping, RowDigits, standsFree, walkNumbers } from './number-groups.ts';
import { isCounted, isInUuid, isParted } from './other-numbers.ts';
import { hasCardLength, judgeCard, MAX_CARD_DIGITS } from './payment-cards.ts';
import { PhoneReader } from './phones.ts';
import { TableHeads } from './read-table.ts';
import type { Counter } from './scan-limits.ts';
import { waysToWrite } from './ways-to-write.ts';

const MAX_GROUPS = 7;
const ADDRESS_GROUPS = 4;
/** No number but an IPv4 address has fewer. */
const MIN_DIGITS = 7;
const MIN_CARD_DIGITS = 12;
const WORDS_BEFORE = 64;
const WORDS_AFTER = 24;
/** Characters at the end of a path that are read with the words behind it: no name of a number is longer. */
const PATH_END = 40;
const CARD_WORDS = /card|karte|carte|tarjeta|cart[aã]o|visa|master|maestro|\bpan\b|credit|debit/i;
const DOT = 46;
const DOTTED_MAC = /(?<![\w.-])(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}(?![\w.-])/iy;
const VIN_WORDS = /\bvin\b|vehicle|chassis|fahrgestell|\bfin\b/i;

/** What reading numbers is told beside the text. `hasPhoneWord`: a word for telephones stands somewhere in it or around it. */
export type NumberScan = {
  readonly around: Context;
  readonly countries: readonly string[];
  readonly plans: Counter;
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
  #tables: TableHeads | null = null;
  /** What was read last around a place, for the next words that are sought there. */
  #near: readonly string[] = [];
  #nearStart = -1;
  #nearEnd = -1;
  readonly #named = (words: RegExp, start: number, end: number): boolean => this.#hasWord(words, start, end);
  /** The last names of the path, which a word may go on from, and what was found in the names before them. */
  readonly #pathEnd: string;
  #inPath: Map<RegExp, boolean> | null = null;
  readonly #digits: RowDigits;
  /** The last place before which words for other numbers were sought, and whether one stood there. */
  #countedAt = -1;
  #counted = false;

  constructor(view: View, { around, countries, plans, hasPhoneWord }: NumberScan, emit: Emit) {
    const { text } = view;
    this.#view = view;
    this.#text = text;
    this.#around = around;
    this.#digits = new RowDigits(text);
    this.#emit = emit;
    this.#pathEnd = around.path.slice(Math.max(0, around.path.lastIndexOf(' ', around.path.length - PATH_END)));
    this.#phones = new PhoneReader(text, around.name, hasPhoneWord ? this.#named : never, countries, plans, emit);
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
    const hetu = size === 6 ? hetuEnd(this.#view, first.start) : null;
    if (hetu !== null && !this.#isCounted(first.start))
      this.#emit('fi_hetu', first.start, hetu, { why: 'date and check character' });
    const nino = size === 2 || size === 6 ? spacedNino(this.#view, first.start) : null;
    if (nino !== null) this.#reportNino(...nino);
    this.#readSplitToken(first.start, groups[groups.length - 1]!.end);
    const digits = countDigits(groups);
    if (groups.length < ADDRESS_GROUPS && digits < MIN_DIGITS) return;
    for (let i = 0; i < groups.length; i += 1) {
      const used = digits < MIN_CARD_DIGITS ? -1 : this.#cardFrom(groups, i);
      i = used === -1 ? Math.max(i, this.#idFrom(groups, i), this.#addressFrom(groups, i)) : used;
    }
    this.#phones.row(groups);
  }

  #reportNino(start: number, end: number): void {
    const isNamed = !hasSmallLetter(this.#text, start, end) || this.#hasWord(NINO_WORDS, start, end);
    if (isNamed && !this.#isCounted(start)) this.#emit('uk_nino', start, end);
  }

  /** Tries each card that starts at group i; returns the last group used, or -1. */
  #cardFrom(groups: readonly Group[], i: number): number {
    let digits = 0;
    const first = this.#view.codes[groups[i]!.start]!;
    for (let j = i; j < groups.length; j += 1) {
      const { start, end, gap } = groups[j]!;
      digits += end - start;
      if (digits > MAX_CARD_DIGITS || (j > i && gap === '/')) return -1;
      const judged = hasCardLength(first, digits) ? judgeCard(this.#digits.between(groups, i, j)) : null;
      if (judged === null || !isCardGrouping(groups.slice(i, j + 1)) || this.#isGlued(groups[i]!)) continue;
      const needsWord = judged === 'word' || isInUuid(this.#text, groups[i]!.start, end);
      if (needsWord && !this.#hasWord(CARD_WORDS, groups[i]!.start, end)) continue;
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
      if (!BEGINS_GROUPS.has(key)) return -1;
      const forms = BY_GROUPS.get(key);
      if (forms === undefined || !standsFree(groups, i, j)) continue;
      if (this.#reportId(forms, this.#digits.between(groups, i, j), from.start, end)) return j;
    }
    return -1;
  }

  #reportId(forms: readonly Form[], digits: string, start: number, end: number): boolean {
    let chosen: Form | null = null;
    let isNamed = false;
    for (let i = 0; i < forms.length && !isNamed; i += 1) {
      const form = forms[i]!;
      if (!form.id.check(digits)) continue;
      isNamed = this.#hasWord(form.id.words, start, end);
      if (isNamed || (chosen === null && !form.needsWord)) chosen = form;
    }
    if (chosen === null || this.#isCounted(start)) return false;
    this.#emit(chosen.id.type, start, end, { why: isNamed ? 'form, arithmetic and word' : 'form and arithmetic' });
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
    if (/[A-Za-z]\/$|[-_]$/.test(before) || isParted(this.#text, start, this.#around.name)) return -1;
    // The revision of a package that is upgraded, and not the end of a range.
    if (/^-\d{1,3}(?![.\d])/.test(this.#text.slice(end, end + 6)) && /[-=]> $/.test(before)) return -1;
    this.#emit('ip_address', start, end);
    return i + 3;
  }

  #readToken(start: number, end: number): void {
    const { text, codes } = this.#view;
    detectIban(this.#view, start, end, this.#named, this.#emit);
    if (end - start === 4) this.#readDottedMac(start);
    if (end - start === 5) this.#readSplitToken(start, end);
    if (end - start < 8) return;
    if (isBar(codes[start - 1]) || isBar(codes[end])) return;
    const isSmall = hasSmallLetter(text, start, end);
    const forms = BY_SHAPE.get(shapeAt(text, start, end));
    if (forms !== undefined) {
      const written = text.slice(start, end);
      // Numbers in letters are written in capitals; where they are not, a word has to say what they are.
      if (!isSmall) this.#reportId(forms, written, start, end);
      else if (!/[A-Z]/.test(written)) this.#reportId(forms.map(asNamed), written.toUpperCase(), start, end);
    }
    if (isSmall) return;
    if (end - start === 17) this.#readVin(text.slice(start, end), start, end);
    else if (end - start === 16 && isUkLicence(text.slice(start, end)))
      this.#emit('driving_licence', start, end, { why: 'form' });
    else if (end - start === 10) this.#reportId(MIXED, text.slice(start, end), start, end);
  }

  /** `001a.2b3c.4d5e`, reported from its first part that mixes letters and digits. */
  #readDottedMac(start: number): void {
    const { codes } = this.#view;
    if (codes[start + 4] !== DOT && codes[start - 1] !== DOT) return;
    for (const from of [start, start - 5, start - 10]) {
      DOTTED_MAC.lastIndex = Math.max(0, from);
      if (from >= 0 && DOTTED_MAC.test(this.#text)) this.#emit('mac_address', from, from + 14);
    }
  }

  /** A token of letters and digits written in parts: `12.345.678-Z`. [start, end) is the part that begins with digits. */
  #readSplitToken(start: number, end: number): void {
    const { codes } = this.#view;
    if (codes[end + 1]! < 65 || codes[end + 1]! > 90) return;
    if (codes[end] !== 32 && codes[end] !== DOT && codes[end] !== 45) return;
    const letters = /(?<![A-Za-z0-9])(?:[A-Z]{1,5}[ -]{1,2}){1,2}$/.exec(
      this.#text.slice(Math.max(0, start - 12), start),
    );
    const from = start - (letters?.[0].length ?? 0);
    for (const form of SPLIT_TOKENS) {
      form.lastIndex = from;
      const written = form.exec(this.#text)?.[0];
      if (written === undefined) continue;
      const token = written.replace(/[^A-Z0-9]/g, '');
      const forms = BY_SHAPE.get(shapeAt(token, 0, token.length)) ?? [];
      if (this.#reportId(forms.map(asNamed), token, from, from + written.length)) return;
    }
  }

  #readVin(vin: string, start: number, end: number): void {
    if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(vin)) return;
    const named = this.#hasWord(VIN_WORDS, start, end);
    const checked = passesVin(vin) && /[A-Z].*[A-Z].*[A-Z]/.test(vin) && /\d{4}/.test(vin);
    if (checked || named) this.#emit('vehicle_id', start, end, { why: checked ? 'check digit' : 'word' });
  }

  #hasWord(words: RegExp, start: number, end: number): boolean {
    if (start !== this.#nearStart || end !== this.#nearEnd) {
      this.#nearStart = start;
      this.#nearEnd = end;
      this.#near = this.#wordsNear(start, end);
    }
    return this.#isInPath(words) || this.#near.some((near) => words.test(near));
  }

  #isInPath(words: RegExp): boolean {
    const { path } = this.#around;
    if (path.length === this.#pathEnd.length) return false;
    this.#inPath ??= new Map();
    const known = this.#inPath.get(words);
    if (known !== undefined) return known;
    const names = waysToWrite(`${path} `);
    const isIn = names.some((written) => words.test(written));
    this.#inPath.set(words, isIn);
    return isIn;
  }

  /** What stands around a place, each way that words in it may be written. */
  #wordsNear(start: number, end: number): string[] {
    const before = this.#text.slice(Math.max(0, start - WORDS_BEFORE), start);
    const ways = waysToWrite(`${this.#pathEnd} ${before} ${this.#text.slice(end, end + WORDS_AFTER)}`);
    this.#tables ??= new TableHeads(this.#text);
    const head = this.#tables.nameAt(start);
    if (head !== '') ways.push(head.replaceAll('_', ' '));
    return ways;
  }

  #isCounted(start: number): boolean {
    if (start !== this.#countedAt) {
      this.#countedAt = start;
      this.#counted = isCounted(this.#text, start, this.#around.name);
    }
    return this.#counted;
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

function never(): boolean {
  return false;
}

/** `- _` */
function isBar(code: number | undefined): boolean {
  return code === 45 || code === 95;
}

function hasSmallLetter(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (text.charCodeAt(i) >= 97) return true;
  return false;
}
