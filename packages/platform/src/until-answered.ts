/** Waits at start for a bus or a Postgres that does not answer yet, and for nothing else. */
import { CountersignError } from '@countersign/contracts/errors';
import { monotonicMs } from './clock.ts';

const RETRY_MS = 250;

/** Tries again while it throws `bus_unavailable` or `database_unavailable`, for `wait_ms`; throws what it threw last. */
export async function untilAnswered<T>(ask: () => Promise<T>, wait_ms: number): Promise<T> {
  const end = monotonicMs() + wait_ms;
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!isOutage(thrown) || monotonicMs() >= end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function isOutage(thrown: unknown): boolean {
  return thrown instanceof CountersignError && /^(bus|database)_unavailable$/.test(thrown.code);
}
