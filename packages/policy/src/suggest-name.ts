/** Finds the name that an author most likely meant. A guess is words in a fault; nothing is ever decided by it. */
import { LIMITS } from '@countersign/contracts/limits';

/** More edits than this make another word. */
const CLOSE = 2;

/** `did you mean topics?`, or undefined where nothing known is close. */
export function suggestName(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(CLOSE, Math.floor(written.length / 2)) + 1;
  let compared = 0;
  if (written.length > LIMITS.token_chars) return undefined;
  for (const name of known) {
    if (++compared > LIMITS.suggested_names) break;
    // Known elsewhere and not here: the same word again helps nobody.
    if (name === written) continue;
    if (Math.abs(name.length - written.length) >= fewest) continue;
    const edits = editsBetween(written, name);
    if (edits < fewest) [best, fewest] = [name, edits];
  }
  return best === undefined ? undefined : `did you mean ${best}?`;
}

/** Letters added, taken, or changed (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, changed));
    }
    row = next;
  }
  return row[b.length]!;
}
