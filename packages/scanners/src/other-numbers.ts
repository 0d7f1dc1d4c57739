/**
 * Words for numbers that are nobody's: of orders, parcels, parts, versions, sections. One right before a number says what it
 * is, whatever words stand further away. It sees what stands before a number and never the number.
 */
import { isAlnum } from './char-kinds.ts';
import { withFolded } from './lookalikes.ts';

/** Numbers in groups, by dots above all. */
const PARTED =
  'version|release|firmware|driver|build|ver|rev(?:ision)?|v(?=\\W{0,3}$)|sections?|chapters?|clauses?|articles?|paragraphs?|figures?|tables?|' +
  'abschnitt|kapitel|§|items?|parts?|models?|patch|schema|protocol';
const COUNTED =
  'orders?|purchase order|po|invoices?|bills?|receipts?|tickets?|cases?|dockets?|issues?|tracking|parcels?|packages?|shipments?|' +
  'consignments?|deliver(?:y|ies)|waybill|awb|sku|articles?|serial|s/n|sn|lots?|batch(?:es)?|assets?|tags?|pallets?|containers?|flights?|' +
  'drawings?|warranty|quotes?|jobs?|runs?|requests?|trace|meters?|racks?|zip(?:\\+4)?|bin|ext(?:ension)?|ein|dock|fee|' +
  'bestell(?:ung)?(?:en)?|rechnung(?:en)?|auftrag|artikel|teile?|charge|chargen|seriennummer|sendung(?:en)?|lieferung|vorgang|vertrag|' +
  'zähler(?:stand)?|kunden|modell|commandes?|factures?|colis|livraison|pièces?|pedidos?|facturas?|faturas?|encomendas?|notas?|lotes?|' +
  'piezas?|expediente|processo|protocolo|boleto|ordin[ei]|fattura|fatture|lotto|spedizione|bestelling|factuur|pakket|zending|klant|' +
  'ordre|order|fakturas?|sak|sag|pakke|sending|ärende|batch|erä|tilaus|viite|zamówieni[ea]|przesyłk[ai]|paczk[ai]|faktur[aey]|objednávk[ay]|' +
  'zakázk[ay]|zásilk[ay]|smlouv[ay]|comanda|colet|factura|παραγγελία|τιμολόγιο|δέμα|rendelés|számla|csomag|cikkszám|поръчка|фактура|' +
  'пратка|заказ|счет|посылка|注文|伝票|追跡|订单|快递|发票|주문|송장';
const JOINED =
  '(?:s?[ ._-]{0,2}(?:no|nos|nr|num|number|nummer|n[úu]m(?:ero)?|n|id|№|番号|号|번호))?[.:=#º°，：)"\'([\\s-]{0,5}$';

const PARTED_BEFORE = before(PARTED);
const COUNTED_BEFORE = before(`${PARTED}|${COUNTED}`);

/** One number after the other of the same kind: `sections 1.2.3.4 and 1.2.3.5`. */
const AND = '\\s?(?:,|;|&|\\/|and|or|to|und|bis|et|y|e|->?)\\s?';
const LISTED = new RegExp(`(?:\\d+(?:[.-]\\d+)+${AND}){1,6}$`, 'i');
const MAY_BE_LISTED = new RegExp(`\\d${AND}$`, 'i');
/** RFC 9562: the form of a UUID, with its version and variant. */
const UUID = /(?<![0-9a-z])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-z])/gi;
const UUID_CHARS = 36;
/** What may stand behind the last number of a list, and the number's last digit. */
const LISTED_END = 6;
const MAX_BEFORE = 64;
/** The character before the longest word, that word, and what may stand between it and the number. */
const LONGEST = 30;

/** Whether what is written right before the place names versions, sections or parts. `name` is the member's. */
export function isParted(text: string, start: number, name: string): boolean {
  return saysBefore(PARTED_BEFORE, text, start, name);
}

/** Whether it names any number that is nobody's. */
export function isCounted(text: string, start: number, name: string): boolean {
  return saysBefore(COUNTED_BEFORE, text, start, name);
}

/** Whether [start, end) is a part of a UUID: one in some thousands that are random holds a number that arithmetic confirms. */
export function isInUuid(text: string, start: number, end: number): boolean {
  const from = Math.max(0, start - UUID_CHARS);
  for (const { index } of text.slice(from, end + UUID_CHARS).matchAll(UUID))
    if (from + index <= start && end <= from + index + UUID_CHARS) return true;
  return false;
}

function saysBefore(words: RegExp, text: string, start: number, name: string): boolean {
  const mayBeListed = MAY_BE_LISTED.test(text.slice(Math.max(0, start - LISTED_END), start));
  if (!mayBeListed && endsInDigits(text.slice(Math.max(0, start - LONGEST), start))) return false;
  const written = wordsBefore(text, start, name, mayBeListed ? MAX_BEFORE : LONGEST);
  const before = mayBeListed ? written.replace(LISTED, '') : written;
  return !endsInDigits(before) && words.test(before.slice(-LONGEST));
}

/** Whether the last letters and digits, all ASCII, hold a digit, which no word for numbers does: that of `zip+4` aside. */
function endsInDigits(text: string): boolean {
  let i = text.length - 1;
  while (i >= 0 && text.charCodeAt(i) < 128 && !isAlnum(text.charCodeAt(i))) i -= 1;
  for (; i >= 0 && isAlnum(text.charCodeAt(i)); i -= 1) if (text[i]! <= '9' && text[i] !== '4') return true;
  return false;
}

function before(words: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${withFolded(words)})${JOINED}`, 'iu');
}

function wordsBefore(text: string, start: number, name: string, most: number): string {
  const written = text.slice(Math.max(0, start - most), start);
  const named = start <= 2 ? `${name}:${written}` : written;
  return named.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
}
