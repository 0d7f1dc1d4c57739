/**
 * Honest texts of further kinds: what quotes, forbids, documents, reports or teaches what an attack would say, and ordinary texts with
 * the same verbs. Written and committed before the classifier was changed for them. Kinds whose digest is even may be looked at and
 * taught (`tune`); the others (`held`) are scored once, when that is done (docs/scanners.md).
 */
import type { Sample } from '../sample.ts';
import { type Half, halfOf, readKinds } from '../wide/sets.ts';

const HONEST = new URL('honest.txt', import.meta.url);

export function furtherProse(half: Half): Sample[] {
  return readKinds(HONEST).filter(({ kind }) => halfOf(kind) === half);
}
