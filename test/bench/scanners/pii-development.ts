/** Sentences and records that hold personal data, and numbers that are none. Looked at while detectors were written. */
import { PII } from './pii-values.ts';
import { HEX, type Random } from './random.ts';
import type { Sample } from './sample.ts';

type Place = (word: string, value: string) => unknown;
const PLACES: readonly Place[] = [
  (w, v) => `Her ${w} is ${v}.`,
  (w, v) => `${w}: ${v}`,
  (w, v) => ({ [w.toLowerCase().replaceAll(/[^\p{L}]+/gu, '_')]: v }),
  (w, v) => `Please update my record, ${w} ${v}, thank you`,
];

const QUIET: readonly ((r: Random) => unknown)[] = [
  (r) => `order ${r.digits(8)}`,
  (r) => ({ id: r.digits(10), created: 1_700_000_000 + r.int(99_999_999) }),
  (r) => ({ ts: 1_700_000_000_000 + r.int(999_999_999) }),
  (r) => `Chrome/1${r.int(9)}${r.int(9)}.0.${6000 + r.int(999)}.${r.int(200)}`,
  (r) => `sha1 ${r.chars(HEX, 40)}`,
  (r) => `2026-0${1 + r.int(9)}-1${r.int(9)} 0${r.int(9)}:${10 + r.int(49)}:${10 + r.int(49)}.${r.digits(6)}`,
  (r) => `invoice INV-2026-${r.digits(6)} total ${r.int(9999)}.${r.digits(2)} EUR`,
  (r) => ({ lat: Number(`52.${r.digits(7)}`), lon: Number(`13.${r.digits(7)}`) }),
  (r) => `tracking 1Z${r.digits(16)}`,
  (r) => `version v${r.int(9)}.${r.int(20)}.${r.int(30)}.${r.int(9)}`,
  (r) => `part no. ${r.digits(3)}-${r.digits(3)}-${r.digits(3)}`,
  (r) => `took ${r.digits(6)} us, ${r.digits(9)} bytes read`,
  (r) => `case #${r.digits(7)} batch ${r.digits(4)}-${r.digits(4)}`,
  (r) => ({ price: r.int(99999), sku: `SKU${r.digits(9)}` }),
  (r) => `${r.chars(HEX, 8)}-${r.chars(HEX, 4)}-4${r.chars(HEX, 3)}-b${r.chars(HEX, 3)}-${r.chars(HEX, 12)}`,
];

export function piiDevelopment(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i) => {
    const [type, words, , make] = PII[i % PII.length]!;
    return { kind: type, value: r.pick(PLACES)(r.pick(words), make(r)) };
  });
}

export function piiLookalikesDevelopment(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, () => {
    const at = r.int(QUIET.length);
    return { kind: `lookalike ${at}`, value: QUIET[at]!(r) };
  });
}
