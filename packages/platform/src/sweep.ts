/** A loop over a service's own rows: on a timer, at once when nudged, never twice at the same time. */
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from './clock.ts';

/** `idle`: nothing is open that only time will bring on, so the next look may come later. */
export type SweepRun = () => Promise<'idle' | undefined> | Promise<void>;

export type Sweep = {
  nudge(): void;
  stop(): Promise<void>;
  /** Throws when the last success is too long ago for work to go round. */
  check(): void;
};

const STALE_MS = 15_000;

/**
 * `everyMs`: null runs at start and when nudged, and by itself only after it failed: another instance may have done since
 * what was to do, so that nobody nudges this one, which would then be late for good. A seldom look that failed is tried
 * again soon, less and less so: what an outage kept it from must not wait for a whole turn.
 */
export function startSweep(everyMs: number | null, run: SweepRun, onError: (thrown: unknown) => void): Sweep {
  let stopped = false;
  let again = false;
  let lastSuccess = monotonicMs();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wait = everyMs;
  let failed = 0;
  let isSettled = false;

  const once = async () => {
    try {
      const found = await run();
      wait = everyMs !== null && found === 'idle' ? Math.max(everyMs, LIMITS.sweep_idle_ms) : everyMs;
      lastSuccess = monotonicMs();
      failed = 0;
      isSettled = everyMs === null;
    } catch (thrown) {
      again = false;
      isSettled = false;
      if (everyMs !== null) wait = Math.min(everyMs, LIMITS.sweep_idle_ms * 2 ** failed);
      failed += 1;
      onError(thrown);
    }
  };
  const loop = async () => {
    do {
      again = false;
      await once();
    } while (again && !stopped);
    running = undefined;
    const next = wait ?? (isSettled ? null : LIMITS.sweep_idle_ms);
    if (!stopped && next !== null) timer = setTimeout(begin, next);
  };
  const begin = () => {
    clearTimeout(timer);
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    if (isSettled) lastSuccess = monotonicMs();
    isSettled = false;
    running = loop();
  };
  setImmediate(begin);
  return {
    nudge: begin,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
    check() {
      if (isSettled) return;
      const longest = Math.max(everyMs ?? 0, LIMITS.sweep_idle_ms);
      if (monotonicMs() - lastSuccess > STALE_MS + longest * 2) throw new Error('the last success is too long ago');
    },
  };
}
