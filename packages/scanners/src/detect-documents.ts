/**
 * Finds the numbers of passports, driving licences, vehicles and plates. Hardly any has a check digit, so the word for
 * the document has to stand right before, or the member's name has to say it.
 */
import { isDigit, isLetter } from './char-kinds.ts';
import { icaoDigit } from './check-digits.ts';
import type { Context, Emit } from './emit.ts';
import type { FindingTypeName } from './finding-types.ts';
import type { View } from './normalise.ts';
import { readTable } from './read-table.ts';

type Document = {
  readonly type: FindingTypeName;
  readonly words: readonly string[];
  readonly form: RegExp;
  readonly name: RegExp;
};

const PASSPORT = /(?=[A-Z0-9]*\d{5})(?:[A-Z]{1,3}\d{5,9}|\d{8,9}|[CFGHJKLMNPRTVWXYZ0-9]{9})(?![A-Za-z0-9])/y;
const LICENCE = /(?=(?:[A-Z0-9 -]{0,12}?\d){4})(?:[A-Z0-9](?:[ -](?=[A-Z0-9]))?){6,18}(?![A-Za-z0-9])/y;
const PLATE =
  /(?=[A-Z0-9 -]{0,9}\d)(?=[A-Z0-9 -]{0,9}[A-Z])(?:[A-Z]{1,3}[ -]?[A-Z]{0,2}[ -]?\d{1,4}[EH]?(?:[ -]?[A-Z]{1,3})?|\d{1,4}[ -]?[A-Z]{1,3}[ -]?\d{0,4})(?![A-Za-z0-9])/y;
const VIN = /[A-HJ-NPR-Z0-9]{17}(?![A-Za-z0-9])/y;

const DOCUMENTS: readonly Document[] = [
  {
    type: 'passport',
    words: [
      'passport',
      'reisepass',
      'passeport',
      'pasaporte',
      'passaporto',
      'passaporte',
      'paszport',
      'paspoort',
      'passnummer',
      'pass-nr',
    ],
    form: PASSPORT,
    name: /pass(?:port|eport|aport[eo]|nummer)|reisepass|pasaporte|paszport|paspoort/i,
  },
  {
    type: 'driving_licence',
    words: [
      "driver's license",
      'drivers license',
      'driver license',
      "driver's licence",
      'driver licence',
      'drivers licence',
      'driving licence',
      'driving license',
      'driver_license',
      'drivers_license',
      'driverlicense',
      'driving_licence',
      'fuhrerschein',
      'permis de conduire',
      'permiso de conducir',
      'carnet de conducir',
      'patente di guida',
      'prawo jazdy',
      'rijbewijs',
      'carta de conducao',
      'dl no',
      'dl number',
      'dl#',
      'dl_number',
      'dl_no',
    ],
    form: LICENCE,
    name: /driv(?:er|ing).{0,3}s?.{0,3}licen[cs]e|\bdl.?n(?:o|um)|f(?:ü|ue?)hrerschein|permis|rijbewijs|prawo.?jazdy/i,
  },
  {
    type: 'licence_plate',
    words: [
      'license plate',
      'licence plate',
      'number plate',
      'plate number',
      'registration plate',
      'kennzeichen',
      'nummernschild',
      'immatriculation',
      'matricula',
      'targa',
      'kenteken',
      'plate',
      'reg no',
      'vrn',
      'vehicle registration',
    ],
    form: PLATE,
    name: /plate|kennzeichen|immatriculation|matr[ií]cula|targa|kenteken/i,
  },
  {
    type: 'vehicle_id',
    words: ['vin', 'chassis', 'fahrgestell', 'vehicle identification', 'bastidor'],
    form: VIN,
    name: /\bvin\b|chassis|fahrgestell|vehicle.?id/i,
  },
];

// prettier-ignore

const WORDS = DOCUMENTS.flatMap(({ words }, index) => words.map((word) => ({ word, index })));
/** Literals that a document is found by; `detectDocument` is told which of them ended where. */
export const DOCUMENT_ANCHORS: readonly string[] = WORDS.map(({ word }) => word);

// What may stand between the word and the number; each is tried at one place only.
const BETWEEN =
  /(?:s?'?s?)(?:[\s:;=#|."'_()<>/\\,-]{0,6}(?:is|are|id|nos?|nr|num|number|nummer|n[úu]mero|num[ée]ro|n[°º]|td|th|value|label|was|plate|code|identification|of|on|the|for|der|die|das|lautet|ist|es|est|du|de|plaque)(?![a-z])){0,4}[\s:;=#|."'_()<>/\\,-]{1,8}/iy;

/** A plate of something else. */
const OTHER_PLATE =
  /\b(?:steel|metal|copper|brass|zinc|glass|base|name|boiler|home|face|back|end|heat|heating|hot|cold|wall|switch|armou?r|dinner|printing|bone|tectonic|cover|clutch|pressure|type|rating|data) plate$/i;
const MAX_DOCUMENT = 32;

const NAMES = new RegExp([...DOCUMENTS.map(({ name }) => name.source), 'ausweis|id.?card|identity'].join('|'), 'i');

// ICAO 9303, part 4: the second line of a passport; the UK form of a driving licence; the Finnish code; the UK's number.
const ZONE = /([A-Z0-9<]{9})(\d)[A-Z<]{3}(\d{6})(\d)[MFX<](\d{6})(\d)[A-Z0-9<]{14}[0-9<]\d/g;
const UK_LICENCE = /^[A-Z9]{5}\d[0156]\d(?:0[1-9]|[12]\d|3[01])\d[A-Z9]{2}[A-Z0-9]{3}$/;
const HETU = /(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(\d{2})[-+A-FU-Y](\d{3})([0-9A-FHJ-NPR-Y])(?![\w-])/y;
const NINO =
  /(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2} ?\d{2} ?\d{2}[ -]?[A-D](?![A-Za-z0-9])/iy;

/** Reports the numbers below the word that ends at `end`, in the head of a table; returns how far it read. */
export function detectDocumentColumn(text: string, anchor: number, end: number, emit: Emit): number {
  const named = (head: string): Document | null => DOCUMENTS.find(({ name }) => name.test(head)) ?? null;
  return readTable(text, end - WORDS[anchor]!.word.length, end, named, (from, to, { type, form }) => {
    form.lastIndex = 0;
    const cell = text.slice(from, Math.min(to, from + MAX_DOCUMENT));
    if (form.test(cell) && form.lastIndex === to - from && /\d/.test(cell)) emit(type, from, to, { why: 'column' });
  });
}

/** Reports the number behind the word that ends at `end`. Looks at a few dozen characters. */
export function detectDocument(text: string, anchor: number, end: number, emit: Emit): void {
  const { word, index } = WORDS[anchor]!;
  const before = text.charCodeAt(end - word.length - 1);
  const isHump = before >= 97 && before <= 122 && text.charCodeAt(end - word.length) <= 90;
  if (word.length < 6 && !isHump && (before | 32) >= 97 && (before | 32) <= 122) return;
  if (word === 'plate' && OTHER_PLATE.test(text.slice(Math.max(0, end - 24), end))) return;
  BETWEEN.lastIndex = end;
  if (!BETWEEN.test(text)) return;
  const { type, form } = DOCUMENTS[index]!;
  form.lastIndex = BETWEEN.lastIndex;
  const found = form.exec(text);
  if (found !== null && /\d/.test(found[0]))
    emit(type, found.index, found.index + found[0].trimEnd().length, { why: 'word' });
}

/** Whether names say that a document's number stands under them. */
export function namesDocument(name: string, path: string): boolean {
  return NAMES.test(name) || NAMES.test(path.slice(-48));
}

/** Reports the whole text of a member whose name says which document it numbers. */
export function detectDocumentMember(text: string, { name, path }: Context, emit: Emit): void {
  if (text.length > MAX_DOCUMENT || !/\d/.test(text)) return;
  const named = DOCUMENTS.find((document) => document.name.test(name) || document.name.test(path.slice(-48)));
  if (named === undefined) return;
  const trimmed = text.trim();
  named.form.lastIndex = 0;
  const found = named.form.exec(trimmed.toUpperCase());
  if (found?.index === 0 && found[0].length === trimmed.length) emit(named.type, 0, text.length, { why: 'name' });
}

/** The zones of passports, whose lines are filled up with `<`. */
export function detectPassportZones(text: string, emit: Emit): void {
  if (!text.includes('<<')) return;
  for (const found of text.matchAll(ZONE)) {
    const [zone, number, check, born, bornCheck, expires, expiresCheck] = found;
    const parts = [
      [number, check],
      [born, bornCheck],
      [expires, expiresCheck],
    ];
    const isRight = parts.every(([part, digit]) => icaoDigit(part!) === Number(digit));
    if (isRight)
      emit('passport', found.index, found.index + zone.length, { why: 'check digits', confidence: 'certain' });
  }
}

/** A token of sixteen letters and digits. */
export function isUkLicence(token: string): boolean {
  return UK_LICENCE.test(token);
}

/** Where the Finnish code ends that begins with the six digits at `start`; null where there is none. */
export function hetuEnd({ text, codes }: View, start: number): number | null {
  if (!isDigit(codes[start + 7]!) || !isDigit(codes[start + 8]!) || /\w/.test(text[start - 1] ?? '')) return null;
  HETU.lastIndex = start;
  const [written, dd, mm, yy, serial, check] = HETU.exec(text) ?? [];
  const isRight = '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(`${dd}${mm}${yy}${serial}`) % 31] === check;
  return written !== undefined && isRight ? start + written.length : null;
}

/** Where the National Insurance number stands whose digits begin at `start`, spaced or not. */
export function spacedNino({ text, codes }: View, start: number): readonly [start: number, end: number] | null {
  if (start < 2) return null;
  const from = codes[start - 1] === 32 || codes[start - 1] === 45 ? start - 3 : start - 2;
  if (from < 0 || !isLetter(codes[from]!) || !isLetter(codes[from + 1]!)) return null;
  if (/[A-Za-z0-9]/.test(text[from - 1] ?? '')) return null;
  NINO.lastIndex = from;
  const found = NINO.exec(text);
  return found === null ? null : [from, from + found[0].length];
}
