/** Waits for a condition by asking again, with an end: nothing in the set-up waits for a length of time instead. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks `probe` every `every_ms` until it answers something other than `undefined` or `false`, and returns that.
 * Throws an Error that names `what` after `timeout_ms`. An error thrown by the probe passes through.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeout_ms = 30_000, every_ms = 15 }: { timeout_ms?: number; every_ms?: number } = {},
): Promise<T> {
  const end = performance.now() + timeout_ms;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${timeout_ms} ms`);
    await pause(every_ms);
  }
}
