/** Time for this process only: deadlines of the system live on the database's clock. */

/** Milliseconds since the epoch. */
export function nowMs(): number {
  return Date.now();
}

/** RFC 3339 in UTC, milliseconds. */
export function nowInstant(): string {
  return new Date().toISOString();
}

/** Milliseconds that never run back; for leases, timeouts and durations. */
export function monotonicMs(): number {
  return performance.now();
}
