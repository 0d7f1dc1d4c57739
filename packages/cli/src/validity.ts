/** From when until when a bundle or a key holds: said in instants or in days, and checked to be a span at all. */
import { instant } from '@countersign/contracts/names';
import type { Command } from 'commander';
import { UsageError } from './exit-codes.ts';
import { wholeNumber } from './whole-number.ts';

export type ValidityOptions = { notBefore?: string; notAfter?: string; days: number };
export type Validity = { not_before: string; not_after: string };

const DAY_MS = 86_400_000;

export function withValidityOptions(command: Command, days: number): Command {
  return command
    .option('--not-before <instant>', 'RFC 3339 in UTC; the start of today when left out')
    .option('--not-after <instant>', 'RFC 3339 in UTC')
    .option('--days <n>', 'how long it holds, where --not-after does not say', wholeNumber, days);
}

/** Without a start it is the day's: two builds of one day are the same, and a clock that is a bit slow does no harm. */
export function validityOf({ notBefore, notAfter, days }: ValidityOptions, now: Date): Validity {
  const not_before = notBefore ?? instantOf(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  const not_after = notAfter ?? instantOf(timeOf('--not-before', not_before) + days * DAY_MS);
  if (timeOf('--not-after', not_after) > timeOf('--not-before', not_before)) return { not_before, not_after };
  throw new UsageError('--not-after is not after --not-before');
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** The schema knows the form; only the calendar knows that there is no month 13. */
function timeOf(option: string, text: string): number {
  const time = instant.safeParse(text).success ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`${option} must be RFC 3339 in UTC, e.g. 2026-01-31T00:00:00Z`);
  return time;
}
