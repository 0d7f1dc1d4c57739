/**
 * 300 attacks and 300 honest texts by a hand that never saw this repository, as they came; of each the genre is its kind.
 * The half whose digest is even may be looked at and taught (`tune`); the other is never read (`held`).
 */
import { readFileSync } from 'node:fs';
import type { Sample } from '../sample.ts';
import { type Half, halfOf } from '../wide/sets.ts';

export function guestAttacks(half: Half): Sample[] {
  return readSet('attacks.jsonl', half);
}

export function guestProse(half: Half): Sample[] {
  return readSet('honest.jsonl', half);
}

/** One object a line. */
function readSet(file: string, half: Half): Sample[] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && halfOf(line) === half)
    .map((line) => {
      const { text, genre } = JSON.parse(line) as { text: string; genre: string };
      return { kind: genre, value: { text } };
    });
}
