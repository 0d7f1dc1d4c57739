/** Reads the comment that stands above each key of a table, so that a document repeats what the code says of itself. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const COMMENTED = /\/\*\*\s*((?:(?!\*\/)[\s\S])*?)\s*\*\/\s*(\w+)\s*:/g;

/** `file` is a path from the project's root. */
export function readComments(file: string): Map<string, string> {
  const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
  return new Map(
    [...text.matchAll(COMMENTED)].map(([, comment, key]) => [key!, comment!.replace(/\s*\n\s*\*?\s*/g, ' ')]),
  );
}
