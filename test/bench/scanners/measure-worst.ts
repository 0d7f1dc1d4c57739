/**
 * What the costliest documents take, worst first: process time at 1 MB of a redaction, which scans, replaces and
 * scans what it made again.
 */
import { redactValue } from '@countersign/scanners/redact';
import { WORST_CASES } from '../../cases/scanners/worst-cases.ts';

const CHARS = 1_000_000;
const ROUNDS = 3;
const SHOWN = 12;
const BOUND_MS = 500;
const ALL = ['pii', 'secrets', 'prompt_injection'] as const;

export function measureWorst(say: (text: string) => void): void {
  const measured = WORST_CASES.map(([name, make]) => ({ name, ms: leastOf(make(CHARS)) })).sort((a, b) => b.ms - a.ms);
  const over = measured.filter(({ ms }) => ms > BOUND_MS).length;
  say('');
  say(`${measured.length} worst cases of 1 MB, least of ${ROUNDS}: ${over} above ${BOUND_MS} ms of process time`);
  for (const { name, ms } of measured.slice(0, SHOWN)) say(`  ${name.padEnd(40)} ${ms.toFixed(0).padStart(6)} ms`);
}

function leastOf(document: unknown): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => timeOf(document)));
}

function timeOf(document: unknown): number {
  const before = process.cpuUsage();
  redactValue(document, ALL);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
