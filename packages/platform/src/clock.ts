/** Time for this process only: deadlines of the system live on the database's clock. */

/** Milliseconds since the epoch. */
export const nowMs = (): number => Date.now();

/** RFC 3339 in UTC, milliseconds. */
export const nowInstant = (): string => new Date().toISOString();

/** Milliseconds that never run back; for leases, timeouts and durations. */
export const monotonicMs = (): number => performance.now();
