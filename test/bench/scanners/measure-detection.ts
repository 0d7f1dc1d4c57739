/** How many samples of a corpus give a finding, with a 95 % Wilson interval, and which kinds were missed. */
import { SEVERITY_RANK } from '@countersign/scanners/finding-types';
import { type ScannerName, scanValue } from '@countersign/scanners/scan';
import type { Sample } from './sample.ts';

export type Share = { found: number; of: number; low: number; high: number; others: Map<string, number> };

/** Wilson's score interval for `found` of `of`. */
export function wilson(found: number, of: number): { low: number; high: number } {
  const z = 1.96;
  const p = found / of;
  const centre = p + (z * z) / (2 * of);
  const half = z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

/** `anySeverity`: of personal data the low ones count too; elsewhere what moves a rule that names only the scanner. */
export function isFound(value: unknown, scanner: ScannerName, anySeverity: boolean, type?: string): boolean {
  const result = scanValue(value, [scanner]);
  return (
    result.ok &&
    result.findings.some(
      (f) =>
        (anySeverity || SEVERITY_RANK[f.severity] >= SEVERITY_RANK.medium) && (type === undefined || f.type === type),
    )
  );
}

/** `others`: of positives the kinds that were missed, of look-alikes the kinds that gave a finding. */
export function shareFound(samples: readonly Sample[], scanner: ScannerName, positives: boolean): Share {
  const others = new Map<string, number>();
  let found = 0;
  for (const { kind, value } of samples) {
    const isPii = scanner === 'pii';
    const hit = isFound(value, scanner, isPii, isPii && positives ? kind : undefined);
    if (hit) found += 1;
    if (hit !== positives) others.set(kind, (others.get(kind) ?? 0) + 1);
  }
  return { found, of: samples.length, ...wilson(found, samples.length), others };
}
