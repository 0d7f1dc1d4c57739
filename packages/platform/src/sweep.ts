/** A loop over a service's own rows: on a timer, at once when nudged, never twice at the same time. */
import { monotonicMs } from './clock.ts';

export type Sweep = {
  nudge(): void;
  stop(): Promise<void>;
  /** Throws when the last success is too long ago for work to go round. */
  check(): void;
};

const STALE_MS = 15_000;

export const startSweep = (everyMs: number, run: () => Promise<void>, onError: (thrown: unknown) => void): Sweep => {
  let stopped = false;
  let again = false;
  let lastSuccess = monotonicMs();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const once = async () => {
    try {
      await run();
      lastSuccess = monotonicMs();
    } catch (thrown) {
      again = false;
      onError(thrown);
    }
  };
  const loop = async () => {
    do {
      again = false;
      await once();
    } while (again && !stopped);
    running = undefined;
    if (!stopped) timer = setTimeout(begin, everyMs);
  };
  const begin = () => {
    clearTimeout(timer);
    if (stopped) return;
    if (running) again = true;
    else running = loop();
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
      if (monotonicMs() - lastSuccess > STALE_MS + everyMs * 2) throw new Error('the last success is too long ago');
    },
  };
};
