/** In words, e.g. `12.5 ms`. */
export function percentile(values: readonly number[], p: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
  return value === undefined ? 'none' : `${value.toFixed(1)} ms`;
}
