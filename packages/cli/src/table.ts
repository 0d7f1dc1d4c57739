/** Rows under headings, in at most 80 columns: what is too long is cut, and said to be; `--json` has all of it. */

const WIDTH = 80;
const GAP = 2;

/** The last column takes what the others leave. Rows and headings have the same length. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  if (rows.length === 0) return 'none';
  const cells = [headings, ...rows].map((row) => row.map(cellOf));
  const widths = headings.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  // The widest gives way first, so that two long columns share what there is.
  for (let over = total(widths) - WIDTH; over > 0; over -= 1) widths[widths.indexOf(Math.max(...widths))]! -= 1;
  return cells
    .map((row) =>
      row
        .map((cell, i) => fit(cell, widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** An instant down to the minute; a list by commas; nothing as a dash. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(',');
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? text.slice(0, 16).replace('T', ' ') : text;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

function fit(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
}
