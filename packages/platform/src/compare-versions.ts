/** Compares server versions by their three numbers. What follows them (`-beta.1`) does not count. */

export function isAtLeast(version: string, oldest: string): boolean {
  const [have, need] = [numbersOf(version), numbersOf(oldest)];
  const differs = have.findIndex((number, i) => number !== need[i]);
  return differs === -1 || have[differs]! > need[differs]!;
}

function numbersOf(version: string): number[] {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (numbers === undefined) throw new TypeError('not a version');
  return numbers;
}
