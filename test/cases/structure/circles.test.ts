/**
 * No file leads back to itself by what it imports, not even by a type: what two files need of each other is a noun of its
 * own, in a file below both.
 */
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { PARTS } from './dependency-table.ts';
import { readSources } from './read-source.ts';

function circlesIn(folder: string): string[] {
  const uses = new Map<string, string[]>(
    readSources(folder).map((file) => [
      file.path,
      file.imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => join(dirname(file.path), specifier)),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const follow = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path)) return;
    done.add(path);
    for (const next of uses.get(path) ?? []) follow(next, [...way, path]);
  };
  for (const path of uses.keys()) follow(path, []);
  return found;
}

test.each(PARTS.map(({ folder }) => folder))('%s', (folder) => {
  expect(circlesIn(folder)).toEqual([]);
});
