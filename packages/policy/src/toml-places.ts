/**
 * Where a table or a key of a TOML document stands, by line: the parser says it only of what it cannot read. Good for
 * documents written as people write them, in tables; inside of inline tables the line is that of the key around.
 */
import type { Path, Place } from './policy-fault.ts';

const HEADER = /^\s*(\[\[?)\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]/;
const KEY = /^\s*([\w-]+)\s*=/;
const LONG_QUOTES = /'''|"""/g;

/** The line of the innermost part of a path that can be found; the first line where none can. */
export function locateInToml(text: string): (path: Path) => Place {
  const lines = linesByPath(text);
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const line = lines.get(nameOf(path.slice(0, length)));
      if (line !== undefined) return { line, column: 1 };
    }
    return { line: 1, column: 1 };
  };
}

function linesByPath(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const counts = new Map<string, number>();
  let table: Path = [];
  let isInside = false;
  text.split('\n').forEach((line, i) => {
    if (!isInside) {
      const header = HEADER.exec(line);
      if (header !== null) table = enter(header[2]!.split(/\s*\.\s*/), header[1] === '[[', counts);
      const key = header === null ? KEY.exec(line)?.[1] : undefined;
      const path = key === undefined ? table : [...table, key];
      if ((header !== null || key !== undefined) && !found.has(nameOf(path))) found.set(nameOf(path), i + 1);
    }
    if ((line.match(LONG_QUOTES)?.length ?? 0) % 2 === 1) isInside = !isInside;
  });
  return found;
}

/** The way to a table, with the position of each list of tables on it that was opened before. */
function enter(names: readonly string[], isList: boolean, counts: Map<string, number>): Path {
  let path: Path = [];
  names.forEach((name, i) => {
    path = [...path, name];
    const list = nameOf(path);
    if (i === names.length - 1 && isList) counts.set(list, (counts.get(list) ?? 0) + 1);
    const count = counts.get(list);
    if (count !== undefined) path = [...path, count - 1];
  });
  return path;
}

function nameOf(path: Path): string {
  return JSON.stringify(path.map(String));
}
