/**
 * Personal data in places, and look-alikes of kinds, that unseen-data.ts has not. Written and committed before a detector was
 * changed for them, and scored once as they came (docs/scanners.md). The values' arithmetic is that of pii-values.ts.
 */
import { PII } from './pii-values.ts';
import { ALNUM, DIGITS, HEX, LOWER, type Random, UPPER } from './random.ts';
import type { Sample } from './sample.ts';

const PLACES: readonly ((word: string, value: string) => unknown)[] = [
  (w, v) => ({ [camel(w)]: v, country: 'n/a' }),
  (w, v) => `person:\n  name: Ana\n  ${snake(w)}: ${v}\n`,
  (w, v) => `<field name="${w}">${v}</field>`,
  (w, v) => `INSERT INTO people (name, ${snake(w)}) VALUES ('Ana', '${v}');`,
  (w, v) => ({ field_name: w, field_value: v }),
  (w, v) => `${v} is the ${w} that she gave us.`,
  (w, v) => `The client (${w} ${v}) called twice.`,
  (w, v) => `Agent: and your ${w}?\nCaller: sure, it's ${v}\n`,
  (w, v) => `id,name,${w}\n17,Ana,${v}\n`,
  (w, v) => `https://forms.example/p?step=2&${snake(w)}=${encodeURIComponent(v)}`,
  (w, v) => `**${w}:** ${v}`,
  (w, v) => `level=info msg=saved ${snake(w)}="${v}" took=12ms`,
  (w, v) => ({ question: `What is your ${w}?`, answer: v }),
  (w, v) => ({ columns: ['name', w], rows: [['Ana', v]] }),
];

type Make = (r: Random) => unknown;
const QUIET: readonly (readonly [kind: string, make: Make])[] = [
  [
    'ISBN',
    (r) =>
      `See ISBN ${r.pick(['978', '979'])}-${r.digits(2)}-${r.digits(5)}-${r.digits(2)}-${r.digits(1)}, chapter ${r.int(20)}.`,
  ],
  ['barcode', (r) => ({ gtin: r.digits(14), shelf: `${r.int(40)}-${r.int(9)}` })],
  ['DOI', (r) => `doi:10.${r.digits(4)}/s${r.digits(5)}-0${r.digits(2)}-${r.digits(5)}-${r.int(9)}`],
  ['coordinates', (r) => `${r.int(89)}.${r.digits(6)}, -${r.int(179)}.${r.digits(6)}`],
  [
    'coordinates',
    (r) => ({ lat: `${r.int(89)}.${r.digits(7)}`, lng: `${r.int(179)}.${r.digits(7)}`, alt: r.int(3000) }),
  ],
  ['compact time', (r) => `backup-2026${two(r, 12)}${two(r, 28)}${two(r, 23)}${two(r, 59)}${two(r, 59)}.tar.zst`],
  [
    'compact time',
    (r) => ({ run: `2026${two(r, 12)}${two(r, 28)}T${two(r, 23)}${two(r, 59)}${two(r, 59)}Z`, seq: r.digits(9) }),
  ],
  ['licence key', (r) => `License: ${[5, 5, 5, 5].map((n) => r.chars(UPPER + DIGITS, n)).join('-')}`],
  ['CAS number', (r) => `Sodium chloride, CAS ${r.digits(4)}-${r.digits(2)}-${r.digits(1)}, ${r.int(500)} g`],
  ['patent', (r) => `US ${r.int(11) + 1},${r.digits(3)},${r.digits(3)} B2 and EP ${r.digits(7)} A1`],
  ['ISSN', (r) => `ISSN ${r.digits(4)}-${r.digits(4)} (online)`],
  ['customs code', (r) => `HS ${r.digits(4)}.${r.digits(2)}.${r.digits(4)} duty ${r.int(12)} %`],
  ['OID', (r) => `1.3.6.1.4.1.${r.digits(5)}.${r.int(99)}.${r.int(9)}.${r.int(9)} = INTEGER: ${r.digits(8)}`],
  [
    'timecode',
    (r) =>
      `${two(r, 23)}:${two(r, 59)}:${two(r, 59)}:${two(r, 24)} --> ${two(r, 23)}:${two(r, 59)}:${two(r, 59)}:${two(r, 24)}`,
  ],
  [
    'path of a drawing',
    (r) =>
      `<path d="M${r.int(99)}.${r.digits(3)} ${r.int(99)}.${r.digits(2)}c${r.digits(2)} ${r.digits(3)} ${r.digits(3)} ${r.digits(4)} ${r.digits(3)}z"/>`,
  ],
  [
    'colour',
    (r) => `--accent: #${r.chars(HEX, 6)}; --shade: rgba(${r.int(255)}, ${r.int(255)}, ${r.int(255)}, 0.${r.int(9)})`,
  ],
  ['pod', (r) => `pod/billing-${r.chars(HEX, 10)}-${r.chars(LOWER + DIGITS, 5)} restarted ${r.int(9)} times`],
  ['incident', (r) => `INC${r.digits(7)} is a duplicate of CHG${r.digits(7)}, see KB${r.digits(7)}`],
  [
    'meter',
    (r) => `Meter ${r.digits(3)} ${r.digits(4)} read ${r.digits(5)}.${r.int(9)} kWh on 03.0${1 + r.int(8)}.2026`,
  ],
  [
    'amount',
    (r) =>
      `Total: EUR ${r.int(900) + 100}.${r.digits(3)}.${r.digits(3)},${r.digits(2)} (net ${r.digits(6)},${r.digits(2)})`,
  ],
  [
    'scores',
    (r) => `6-${r.int(4)} 3-6 7-${r.int(6)}, aces ${r.int(20)}-${r.int(20)}, ${r.digits(3)} points of ${r.digits(3)}`,
  ],
  ['years', (r) => `budget 20${two(r, 20)}-20${two(r, 30)}: ${r.digits(2)} ${r.digits(3)} ${r.digits(3)} thousand`],
  ['number', (r) => `${r.int(9)}.${r.digits(16)} +- ${r.int(9)}e-${r.int(12)}`],
  [
    'array',
    (r) => ({ embedding: Array.from({ length: 6 }, () => -1 + r.int(2_000_000) / 1e6), ids: [r.int(1e9), r.int(1e9)] }),
  ],
  [
    'ports',
    (r) => `iptables -A INPUT -p tcp --dport ${r.int(65535)}:${r.int(65535)} -m limit --limit ${r.int(90)}/min`,
  ],
  [
    'package version',
    (r) =>
      `libfoo-${r.int(9)}.${r.int(40)}.${r.int(90)}-${r.int(9)}.el9_${r.int(6)}.x86_64 -> ${r.int(9)}.${r.int(40)}.${r.int(90)}.${r.int(30)}-1`,
  ],
  ['assembly version', (r) => `[assembly: AssemblyVersion("${r.int(9)}.${r.int(20)}.${r.int(99)}.${r.int(200)}")]`],
  [
    'driver version',
    (r) => `Driver version ${r.int(32)}.0.${r.int(15)}.${r.digits(4)}, API 1.${r.int(4)}.${r.int(250)}`,
  ],
  [
    'section',
    (r) => `as set out in section ${r.int(9) + 1}.${r.int(9) + 1}.${r.int(9) + 1}.${r.int(9) + 1} of the manual`,
  ],
  ['cells', (r) => `=SUM(B${r.digits(2)}:B${r.digits(3)})/VLOOKUP(A${r.digits(2)};Q${r.digits(4)}:T${r.digits(4)};2)`],
  ['member number', (r) => `loyalty no. ${r.digits(4)}-${r.digits(4)}-${r.digits(3)}, tier gold`],
  ['flight', (r) => `PNR ${r.chars(UPPER, 6)}, e-ticket ${r.digits(3)}-${r.digits(10)}, seat ${r.int(40)}C`],
  [
    'statute',
    (r) =>
      `Regulation (EU) 20${two(r, 26)}/${r.digits(4)}, OJ L ${r.digits(3)}, ${r.digits(2)}.${1 + r.int(8)}.2016, p. ${r.digits(3)}`,
  ],
  [
    'memory',
    (r) => `[${r.digits(5)}.${r.digits(6)}] BIOS-e820: [mem 0x${r.chars(HEX, 16)}-0x${r.chars(HEX, 16)}] usable`,
  ],
  ['hash table', (r) => ({ [r.chars(HEX, 16)]: r.digits(12), shard: `${r.chars(HEX, 4)}:${r.chars(HEX, 4)}` })],
  ['slug', (r) => `/news/${r.digits(8)}/how-${r.int(99)}-cities-saved-${r.digits(9)}-litres`],
  ['serial', (r) => `S/N ${r.chars(UPPER, 3)}${r.digits(8)}${r.chars(UPPER + DIGITS, 3)}, model TX-${r.digits(4)}`],
  ['batch', (r) => `Lot ${r.digits(6)}-${r.digits(2)}, best before ${two(r, 12)}/2027, pallet ${r.digits(18)}`],
  [
    'protobuf',
    (r) =>
      `message Row { int64 id = ${r.int(30)}; fixed64 at = ${r.int(30)}; reserved ${r.int(99) + 100} to ${r.int(999) + 200}; }`,
  ],
  ['trace', (r) => `traceparent: 00-${r.chars(HEX, 32)}-${r.chars(HEX, 16)}-01`],
  ['token', (r) => `cursor=${r.chars(ALNUM, 22)}&page=${r.int(90)}&since_id=${r.digits(19)}`],
];

/** With arithmetic of their own, by what pii-values.ts says. */
export function piiLate(r: Random, n: number): Sample[] {
  const kinds = PII.filter(([, , checked]) => checked);
  return Array.from({ length: n }, (_, i) => {
    const [kind, words, , make] = kinds[i % kinds.length]!;
    const place = r.int(PLACES.length);
    return { kind, value: PLACES[place]!(r.pick(words), make(r)) };
  });
}

export function piiLookalikesLate(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i) => {
    const at = i % QUIET.length;
    const [kind, make] = QUIET[at]!;
    return { kind: `${kind} ${at}`, value: make(r) };
  });
}

function snake(word: string): string {
  return word.toLowerCase().replaceAll(/[ -]/g, '_');
}

function camel(word: string): string {
  return word.toLowerCase().replaceAll(/[ -](\p{L})/gu, (_, c: string) => c.toUpperCase());
}

function two(r: Random, below: number): string {
  return String(1 + r.int(below)).padStart(2, '0');
}
