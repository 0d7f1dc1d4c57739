/** Finds credentials in the column of a table whose head names them: pipes, commas, semicolons, tabs, aligned spaces. */
import { nameStrength } from './credential-names.ts';
import { looksSecret } from './credential-values.ts';
import type { Emit } from './emit.ts';

const DELIMITERS = ['|', '\t', ';', ','] as const;
const MAX_LINE = 1024;
const MAX_HEAD = 256;
const MAX_ROWS = 50;
const MAX_CELL = 256;

type Cell = { start: number; end: number };

type Columns = { delimiter: string; width: number; columns: readonly number[] };

const BLANK = ' \t\r"\'`*';

/**
 * Reads the table whose head the name [start, end) stands in. Returns how far it read: where there is none, to the end of
 * the line, whose other names would say the same.
 */
export function readTable(text: string, start: number, end: number, emit: Emit): number {
  const before = text.slice(Math.max(0, start - MAX_HEAD), start);
  const headStart = start - before.length + before.lastIndexOf('\n') + 1;
  const headEnd = lineEnd(text, end);
  const next = text[headEnd] === '\n' ? headEnd + 1 : -1;
  const delimiter = DELIMITERS.find((char) => text.slice(headStart, headEnd).includes(char));
  if (delimiter === undefined || next === -1) return headEnd;
  const head = cellsOf(text, headStart, headEnd, delimiter);
  const isHead = head.length > 1 && head.every((cell) => cell.end - cell.start <= 40);
  if (!isHead) return headEnd;
  const columns = head.flatMap((cell, i) => (nameStrength(text.slice(cell.start, cell.end)) === 'strong' ? [i] : []));
  return columns.length === 0 ? headEnd : readRows(text, next, { delimiter, width: head.length, columns }, emit);
}

function lineEnd(text: string, from: number): number {
  const at = text.slice(from, from + MAX_LINE).indexOf('\n');
  return at === -1 ? Math.min(text.length, from + MAX_LINE) : from + at;
}

/** Cells between delimiters, without blanks and quotes around them; a pipe at the line's ends makes no cell. */
function cellsOf(text: string, from: number, to: number, delimiter: string): Cell[] {
  const cells: Cell[] = [];
  for (let start = from; start <= to; ) {
    const found = text.indexOf(delimiter, start);
    const end = found === -1 || found > to ? to : found;
    cells.push(trimmed(text, start, end));
    start = end + 1;
  }
  if (delimiter !== '|') return cells;
  return cells.filter((cell, i) => cell.end > cell.start || (i > 0 && i < cells.length - 1));
}

function trimmed(text: string, from: number, to: number): Cell {
  let start = from;
  let end = to;
  while (start < end && BLANK.includes(text[start]!)) start += 1;
  while (end > start && BLANK.includes(text[end - 1]!)) end -= 1;
  return { start, end };
}

function readRows(text: string, from: number, { delimiter, width, columns }: Columns, emit: Emit): number {
  let at = from;
  for (let row = 0; row < MAX_ROWS && at < text.length; row += 1) {
    const to = lineEnd(text, at);
    const cells = cellsOf(text, at, to, delimiter);
    const isRule = /^[\s|:+=-]*$/.test(text.slice(at, to));
    if (!isRule && cells.length < width) return at;
    for (const column of isRule ? [] : columns) report(text, cells[column]!, emit);
    at = to + 1;
  }
  return at;
}

function report(text: string, { start, end }: Cell, emit: Emit): void {
  if (end - start > MAX_CELL) return;
  const value = text.slice(start, end);
  if (looksSecret(value, { strength: 'strong', firm: true, quoted: false })) {
    emit('credential_assignment', start, end, { why: 'column' });
  }
}
