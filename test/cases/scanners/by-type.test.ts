import { SEVERITY_RANK } from '@countersign/scanners/finding-types';
import { scanValue } from '@countersign/scanners/scan';
import { describe, expect, it } from 'vitest';
import { type Row, readRows, scannedOf } from '../../bench/scanners/rows/read-rows.ts';

/** Personal data counts by its type, secrets by anything that is not low, a look-alike by anything at all. */
function isFound(row: Row, scanner: 'pii' | 'secrets', seed: number): boolean {
  const result = scanValue(scannedOf(row, seed), [scanner]);
  if (!result.ok) throw new Error(result.code);
  const counts = result.findings.filter(({ severity }) => scanner === 'pii' || SEVERITY_RANK[severity] > 0);
  return counts.some(({ type }) => !row.positive || scanner === 'secrets' || type === row.type);
}

describe.each([
  ['personal-data', 'pii'],
  ['secrets', 'secrets'],
] as const)('cases by hand of %s', (file, scanner) => {
  const rows = readRows(file).map((row, line) => ({ row, seed: 3000 + line }));

  it.each(Array.from(new Set(rows.map(({ row }) => row.type))))('judge %s as they are marked', (type) => {
    const ofType = rows.filter(({ row }) => row.type === type);
    expect(ofType.length).toBeGreaterThanOrEqual(20);
    const wrong = ofType.filter(({ row, seed }) => (isFound(row, scanner, seed) === row.positive) === row.known);
    expect(wrong.map(({ row }) => row.text)).toEqual([]);
  });
});
