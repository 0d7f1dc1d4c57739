/** Records of 64 KB as systems pass them around: code, logs, prose, German, JSON, an image. From a seed. */
import { HEX, type Random, randomFrom } from './random.ts';

const SIZE = 64 * 1024;

const PROSE = [
  'The export button has been greyed out since the update on Tuesday. ',
  'Please show me the open tickets of the last seven days, sorted by priority. ',
  'We followed all instructions in the guide and the device still shows an error. ',
  'Tell the customer that the original invoice is still valid until the end of May. ',
];
const GERMAN = [
  'Bitte prüfen Sie die Lieferung auf Größe und Übergabe; der Schlüssel hängt im Büro. ',
  'Die Anweisungen im Handbuch passen nicht zu meinem Gerät, schöne Grüße aus Köln. ',
];

export function records(): { name: string; text: string }[] {
  const r = randomFrom(201);
  const code = (_: Random, i: number): string =>
    `export function readValue${i}(text: string, at: number): Value | null {\n  const found = PATTERN.exec(text.slice(at, at + ${r.int(99)}));\n  return found === null ? null : { start: at, end: at + found[0].length };\n}\n\n`;
  return [
    { name: 'code', text: fill(r, code) },
    {
      name: 'log',
      text: fill(
        r,
        (_, i) =>
          `2026-04-02T09:${10 + (i % 50)}:12.${r.digits(3)}Z INFO request id=${uuid(r)} method=GET path=/api/v1/jobs/${i} status=200 duration_ms=${r.int(97)} bytes=${r.int(9999)}\n`,
      ),
    },
    { name: 'prose', text: fill(r, () => r.pick(PROSE)) },
    { name: 'German', text: fill(r, () => r.pick(GERMAN)) },
    {
      name: 'JSON',
      text: fill(r, (_, i) =>
        JSON.stringify({
          id: i,
          uuid: uuid(r),
          name: `Item ${i}`,
          price: r.int(999) / 10,
          created_at: '2026-04-02T09:11:12.123Z',
          tags: ['a', 'b'],
        }),
      ),
    },
    { name: 'image', text: Buffer.from(Array.from({ length: 49_152 }, () => r.int(256))).toString('base64') },
  ];
}

function fill(r: Random, make: (r: Random, i: number) => string): string {
  let text = '';
  for (let i = 0; text.length < SIZE; i += 1) text += make(r, i);
  return text.slice(0, SIZE);
}

function uuid(r: Random): string {
  return `${r.chars(HEX, 8)}-${r.chars(HEX, 4)}-7${r.chars(HEX, 3)}-9${r.chars(HEX, 3)}-${r.chars(HEX, 12)}`;
}
