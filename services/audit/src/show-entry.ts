/** One entry as everybody outside the database sees it. */
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import type { StoredEntry } from './store.ts';

export function showEntry({ time_us, ...entry }: StoredEntry): LedgerEntry {
  return {
    ...entry,
    recorded_at: instantOf(time_us),
  };
}

/** Microseconds since 1970 → RFC 3339 in UTC with all six digits, so that the hashed time can be had back. */
export function instantOf(timeUs: number): string {
  const micros = String(timeUs % 1000).padStart(3, '0');
  return `${new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, -1)}${micros}Z`;
}
