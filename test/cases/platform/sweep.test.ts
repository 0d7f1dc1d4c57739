/**
 * The loop over a service's own rows: never twice at the same time, at once when nudged, again after a failure, and
 * over when it was stopped.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { startSweep } from '@countersign/platform/sweep';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const EVERY_MS = 500;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** A run that a test holds open, and what came of each. */
function held() {
  const runs: PromiseWithResolvers<void>[] = [];
  const failures: unknown[] = [];
  const sweep = startSweep(
    EVERY_MS,
    () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    },
    (thrown) => failures.push(thrown),
  );
  const end = async (): Promise<void> => {
    runs.at(-1)!.resolve();
    await turn();
  };
  return { sweep, runs, failures, end };
}

test('runs at start and then on its timer, counted from the end of the last run', async () => {
  const { sweep, runs, end } = held();
  await turn();
  expect(runs).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(EVERY_MS * 3);
  expect(runs).toHaveLength(1);
  await end();
  await vi.advanceTimersByTimeAsync(EVERY_MS - 1);
  expect(runs).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toHaveLength(2);
  await end();
  await sweep.stop();
});

test('a nudge between two runs starts one at once; many during a run make one more, after it', async () => {
  const { sweep, runs, end } = held();
  await turn();
  await end();
  sweep.nudge();
  expect(runs).toHaveLength(2);
  for (let i = 0; i < 5; i += 1) sweep.nudge();
  expect(runs).toHaveLength(2);
  await end();
  expect(runs).toHaveLength(3);
  await end();
  expect(runs).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(runs).toHaveLength(4);
  await end();
  await sweep.stop();
});

test('a failure is told, and tried again on the timer, not at once, however often it was nudged', async () => {
  const { sweep, runs, failures, end } = held();
  await turn();
  sweep.nudge();
  const reason = new Error('out of order');
  runs[0]!.reject(reason);
  await turn();
  expect(failures).toEqual([reason]);
  expect(runs).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(runs).toHaveLength(2);
  await end();
  await sweep.stop();
});

test('a seldom one that fails is tried again soon, less and less so, and after a success seldom again', async () => {
  let runs = 0;
  const seldom = 10 * LIMITS.sweep_idle_ms;
  const sweep = startSweep(
    seldom,
    async () => {
      runs += 1;
      if (runs < 4) throw new Error('out of order');
    },
    () => undefined,
  );
  await turn();
  const waits: number[] = [];
  for (let before = 1; waits.length < 4; before = runs) {
    let waited = 0;
    for (; runs === before; waited += LIMITS.sweep_idle_ms) await vi.advanceTimersByTimeAsync(LIMITS.sweep_idle_ms);
    waits.push(waited / LIMITS.sweep_idle_ms);
  }
  expect(waits).toEqual([1, 2, 4, 10]);
  await sweep.stop();
});

test('stop waits for the run under way; nothing starts any more', async () => {
  const { sweep, runs, end } = held();
  await turn();
  let stopped = false;
  const stopping = sweep.stop().then(() => {
    stopped = true;
  });
  sweep.nudge();
  await turn();
  expect(stopped).toBe(false);
  await end();
  await stopping;
  sweep.nudge();
  await vi.advanceTimersByTimeAsync(EVERY_MS * 10);
  expect(runs).toHaveLength(1);
});

test('is stale when nothing succeeded for long, be it that it hangs or that it fails, and fresh after a success', async () => {
  const { sweep, runs, end } = held();
  await turn();
  expect(() => sweep.check()).not.toThrow();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(() => sweep.check()).toThrow('too long ago');
  runs[0]!.reject(new Error('late'));
  await turn();
  expect(() => sweep.check()).toThrow('too long ago');
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  await end();
  expect(() => sweep.check()).not.toThrow();
  await sweep.stop();
});

test('one that finds nothing open looks again later, and at once when nudged', async () => {
  let runs = 0;
  let found: 'idle' | undefined = 'idle';
  const sweep = startSweep(
    EVERY_MS,
    async () => {
      runs += 1;
      return found;
    },
    () => {},
  );
  await turn();
  await vi.advanceTimersByTimeAsync(LIMITS.sweep_idle_ms - 1);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toBe(2);
  found = undefined;
  sweep.nudge();
  await turn();
  expect(runs).toBe(3);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(runs).toBe(4);
  await sweep.stop();
});

test('one without a timer runs when nudged, is well while it has nothing to do, and after a failure as soon as it works', async () => {
  let works = true;
  let runs = 0;
  const sweep = startSweep(
    null,
    async () => {
      runs += 1;
      if (!works) throw new Error('out of order');
    },
    () => {},
  );
  await turn();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(runs).toBe(1);
  expect(() => sweep.check()).not.toThrow();
  works = false;
  sweep.nudge();
  await turn();
  expect(() => sweep.check()).not.toThrow();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(() => sweep.check()).toThrow('too long ago');
  works = true;
  // Nobody nudges: what it had to do, another instance has done.
  await vi.advanceTimersByTimeAsync(LIMITS.sweep_idle_ms);
  expect(() => sweep.check()).not.toThrow();
  const until_now = runs;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(runs).toBe(until_now);
  sweep.nudge();
  await turn();
  expect(runs).toBe(until_now + 1);
  await sweep.stop();
});
