/** Reads a set of texts, one JSON object a line; of each the genre is its kind. */
import { readFileSync } from 'node:fs';
import type { Sample } from './sample.ts';

export function readSet(file: URL, isMeant: (line: string) => boolean = () => true): Sample[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && isMeant(line))
    .map((line) => {
      const { text, genre } = JSON.parse(line) as { text: string; genre: string };
      return { kind: genre, value: { text } };
    });
}
