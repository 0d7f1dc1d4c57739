/** Other sentences and other numbers. Apart from the ones that the detectors were tuned on. */
import { PII } from './pii-values.ts';
import { HEX, type Random, UPPER } from './random.ts';
import type { Sample } from './sample.ts';

type Place = (word: string, value: string) => unknown;
const PLACES: readonly Place[] = [
  (w, v) => `Customer called. ${w} = ${v}; wants a copy of the contract.`,
  (w, v) => ({ customer: { name: 'A. Example', fields: [{ label: w, value: v }] } }),
  (w, v) => `name;${w};city\nAnna;${v};Berlin\n`,
  (w, v) => `We have on file ${w} number ${v} for this person`,
  (w, v) => ({ note: `(${w}) ${v}` }),
  (w, v) => `<td>${w}</td><td>${v}</td>`,
];

const QUIET: readonly ((r: Random) => unknown)[] = [
  (r) => ({ order_id: r.digits(11), amount: r.int(100000) }),
  (r) => `epoch ${1_600_000_000 + r.int(199_999_999)} offset ${r.digits(12)}`,
  (r) => ({ snowflake: `1${r.digits(17)}` }),
  (r) => `kernel 6.${r.int(12)}.${r.int(30)}-${r.int(99)}-generic build ${r.digits(8)}.${r.int(9)}`,
  (r) => `md5=${r.chars(HEX, 32)}`,
  (r) => `row ${r.digits(4)} ${r.digits(4)} ${r.digits(4)} of the matrix`,
  (r) => `ISBN 978-${r.digits(1)}-${r.digits(4)}-${r.digits(4)}-${r.digits(1)}`,
  (r) => `EAN ${r.digits(13)}`,
  (r) => ({ checksum: r.digits(9), shard: r.int(64) }),
  (r) => `0x${r.chars(HEX, 8)} at line ${r.int(999)}:${r.int(99)}`,
  (r) => `flight LH${r.digits(4)} seat ${r.int(30)}${r.pick([...'ABCDEF'])} booking ${r.chars(UPPER, 6)}`,
  (r) => `ticket ${r.digits(6)}/${r.digits(4)}`,
  (r) => [r.int(1e9), r.int(1e9), r.int(1e9)],
  (r) => `p50=${r.digits(3)}.${r.digits(3)} p99=${r.digits(4)}.${r.digits(3)}`,
  (r) => `serial ${r.chars(UPPER, 2)}${r.digits(8)}`,
  (r) => `2026${r.pick(['01', '07', '11'])}${10 + r.int(18)}${r.digits(6)}.log`,
];

export function piiHeldOut(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, (_, i) => {
    const [type, words, , make] = PII[i % PII.length]!;
    return { kind: type, value: r.pick(PLACES)(r.pick(words), make(r)) };
  });
}

export function piiLookalikesHeldOut(r: Random, n: number): Sample[] {
  return Array.from({ length: n }, () => {
    const at = r.int(QUIET.length);
    return { kind: `lookalike ${at}`, value: QUIET[at]!(r) };
  });
}
