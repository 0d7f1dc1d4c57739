/** Reads tables in plain text, by the names in their heads: pipes, commas, semicolons, tabs. It knows nothing of what it looks for. */

const DELIMITERS = ['|', '\t', ';', ','] as const;
const MAX_LINE = 1024;
/** Characters that are looked through for a delimiter at once. */
const MAX_PLAIN = 8 * MAX_LINE;
const MAX_HEAD = 256;
const MAX_ROWS = 50;
const MAX_NAME = 40;

type Cell = { start: number; end: number };

type Columns<T> = { delimiter: string; width: number; columns: readonly (T | null)[] };

/** Ends a line or a cell. */
const DIVIDES = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(['\n', ...DELIMITERS].includes(String.fromCharCode(code))),
);

const BLANK = ' \t\r"\'`*';

/**
 * Reads the table whose head the name [start, end) stands in: `column` says what a head names, `report` is given each cell
 * below one that names something. Returns how far it read: where there is none, to the end of the line, whose other names
 * would say the same.
 */
export function readTable<T>(
  text: string,
  start: number,
  end: number,
  column: (head: string) => T | null,
  report: (start: number, end: number, named: T) => void,
): number {
  const before = text.slice(Math.max(0, start - MAX_HEAD), start);
  const headStart = start - before.length + before.lastIndexOf('\n') + 1;
  const headEnd = lineEnd(text, end);
  const next = text[headEnd] === '\n' ? headEnd + 1 : -1;
  const delimiter = DELIMITERS.find((char) => text.slice(headStart, headEnd).includes(char));
  if (delimiter === undefined || next === -1) return headEnd;
  const head = cellsOf(text, headStart, headEnd, delimiter);
  if (!isHead(head)) return headEnd;
  const columns = head.map((cell) => column(text.slice(cell.start, cell.end)));
  if (columns.every((named) => named === null)) return headEnd;
  return readRows(text, next, { delimiter, width: head.length, columns }, report);
}

/** Finds what a cell stands under. Lines are read about once, however many cells are asked for in order. */
export class TableHeads {
  readonly #text: string;
  #work: number;
  #head: readonly Cell[] = [];
  #delimiter = '';
  /** Places of one line around which no delimiter stands. */
  #plainStart = 0;
  #plainEnd = 0;
  /** Where the line begins that follows the rows known to belong to the head. */
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#work = text.length + MAX_ROWS * MAX_LINE;
  }

  /** The name of the column in which the place is, '' where there is none. */
  nameAt(at: number): string {
    const text = this.#text;
    if (this.#plainStart <= at && at < this.#plainEnd) return '';
    const back = text.slice(Math.max(0, at - MAX_LINE), at);
    const from = at - back.length + back.lastIndexOf('\n') + 1;
    if (from === 0 || this.#work <= 0) return '';
    const to = lineEnd(text, at);
    const delimiter = DELIMITERS.find((char) => text.slice(from, to).includes(char));
    if (delimiter === undefined) {
      this.#plainStart = from;
      this.#plainEnd = plainEnd(text, to);
      return '';
    }
    const row = this.#cells(from, delimiter);
    if (delimiter !== this.#delimiter || !this.#continues(from, row.length)) this.#find(from, row.length, delimiter);
    const column = row.findIndex(({ start, end }) => start <= at && at < end);
    const cell = this.#head[column];
    return cell === undefined || cell.start >= from ? '' : text.slice(cell.start, cell.end);
  }

  #cells(from: number, delimiter: string): Cell[] {
    const to = lineEnd(this.#text, from);
    this.#work -= to - from + 1;
    return cellsOf(this.#text, from, to, delimiter);
  }

  /** Whether the lines up to this one have the cells of the head. */
  #continues(from: number, width: number): boolean {
    if (this.#head.length !== width || from < this.#head[0]!.start) return false;
    while (this.#next < from && this.#work > 0) {
      if (this.#cells(this.#next, this.#delimiter).length !== width) return false;
      this.#next = lineEnd(this.#text, this.#next) + 1;
    }
    return this.#work > 0;
  }

  #find(from: number, width: number, delimiter: string): void {
    let head: readonly Cell[] = [];
    let line = from;
    for (let row = 0; row < MAX_ROWS && line > 0 && this.#work > 0; row += 1) {
      const before = this.#text.slice(Math.max(0, line - 1 - MAX_LINE), line - 1);
      const start = line - 1 - before.length + before.lastIndexOf('\n') + 1;
      const cells = this.#cells(start, delimiter);
      if (cells.length !== width) break;
      head = cells;
      line = start;
    }
    this.#delimiter = delimiter;
    this.#head = isHead(head) ? head : [];
    this.#next = lineEnd(this.#text, from) + 1;
  }
}

/** Up to where no place sees a delimiter, if none stood before `from`; looks at a few lines' lengths. */
function plainEnd(text: string, from: number): number {
  const to = Math.min(text.length, from + MAX_PLAIN);
  let end = from;
  while (end < to && !DIVIDES[text.charCodeAt(end)]) end += 1;
  return end === text.length || text[end] === '\n' ? end : end - MAX_LINE;
}

function isHead(cells: readonly Cell[]): boolean {
  return cells.length > 1 && cells.every((cell) => cell.end - cell.start <= MAX_NAME);
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

function readRows<T>(
  text: string,
  from: number,
  { delimiter, width, columns }: Columns<T>,
  report: (start: number, end: number, named: T) => void,
): number {
  let at = from;
  for (let row = 0; row < MAX_ROWS && at < text.length; row += 1) {
    const to = lineEnd(text, at);
    const cells = cellsOf(text, at, to, delimiter);
    const isRule = /^[\s|:+=-]*$/.test(text.slice(at, to));
    if (!isRule && cells.length < width) return at;
    for (const [i, named] of isRule ? [] : columns.entries())
      if (named !== null) report(cells[i]!.start, cells[i]!.end, named);
    at = to + 1;
  }
  return at;
}
