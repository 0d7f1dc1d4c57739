/** Waits at start for a bus that is not up yet, and for nothing else. */
import { CountersignError } from '@countersign/contracts/errors';
import { monotonicMs } from './clock.ts';

const RETRY_MS = 250;

/** Tries again while it throws `bus_unavailable`, for `wait_ms`; throws what it threw last. */
export async function untilBusAnswers<T>(ask: () => Promise<T>, wait_ms: number): Promise<T> {
  const end = monotonicMs() + wait_ms;
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      const passes = thrown instanceof CountersignError && thrown.code === 'bus_unavailable';
      if (!passes || monotonicMs() >= end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
