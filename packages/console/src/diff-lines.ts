/** What two texts differ by, line by line: the longest that they share in order stays (Myers' problem, by a table). */

export type Changed = readonly [sign: ' ' | '+' | '-', line: string];

/** Cells of the table; what is longer is shown as all old and all new. */
const MOST_CELLS = 4_000_000;

export function diffLines(before: readonly string[], after: readonly string[]): Changed[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  const [left, right] = [before.slice(start), after.slice(start)];
  const changes: Changed[] = before.slice(0, start).map((line) => [' ', line]);
  const width = right.length + 1;
  const shared = left.length * right.length > MOST_CELLS ? null : new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; shared && i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1)
      shared[i * width + j] =
        left[i] === right[j]
          ? shared[(i + 1) * width + j + 1]! + 1
          : Math.max(shared[(i + 1) * width + j]!, shared[i * width + j + 1]!);
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (shared && i < left.length && left[i] === right[j]) {
      changes.push([' ', left[i]!]);
      i += 1;
      j += 1;
    } else if (
      j >= right.length ||
      (i < left.length && (!shared || shared[(i + 1) * width + j]! >= shared[i * width + j + 1]!))
    ) {
      changes.push(['-', left[i]!]);
      i += 1;
    } else {
      changes.push(['+', right[j]!]);
      j += 1;
    }
  }
  return changes;
}
