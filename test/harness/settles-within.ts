/** For what has to hold a given time after a change, measured by when it is asked: how long an answer takes is the machine's. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks until `check` takes the answer. The first answer to a question that is asked later than `ms` from now has to pass:
 * what `check` throws of it is thrown.
 */
export async function settlesWithin<T>(
  ms: number,
  ask: () => Promise<T>,
  check: (answer: T) => unknown,
): Promise<void> {
  for (const end = performance.now() + ms; ; ) {
    const isDue = performance.now() > end;
    const answer = await ask();
    try {
      check(answer);
      return;
    } catch (thrown) {
      if (isDue) throw thrown;
    }
    await pause(20);
  }
}
