/**
 * 300 attacks and 300 honest texts by a hand that never saw this repository, as they came; of each the genre is its kind.
 * The half whose digest is even may be looked at and taught (`tune`); the other is never read (`held`).
 */
import { readSet } from '../read-set.ts';
import type { Sample } from '../sample.ts';
import { type Half, halfOf } from '../wide/sets.ts';

export function guestAttacks(half: Half): Sample[] {
  return readSet(new URL('attacks.jsonl', import.meta.url), (line) => halfOf(line) === half);
}

export function guestProse(half: Half): Sample[] {
  return readSet(new URL('honest.jsonl', import.meta.url), (line) => halfOf(line) === half);
}
