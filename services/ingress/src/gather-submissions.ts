/**
 * Lets submissions that come close together leave the door together, so that they share every later step (Postgres'
 * commit_delay and commit_siblings). A caller waits `gather_ms` at most, and only while others are under way, or right after
 * a bunch that was worth its wait: else the first to come after each bunch would go alone. One that asks again after each
 * answer never waits.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';

/** Runs `work` with its bunch, or at once where there is none to wait for. */
export type Gather = <T>(work: () => Promise<T>) => Promise<T>;

type Bunch = { size: number; full: AbortController; left: Promise<unknown> };

export function openGathering(): Gather {
  let under_way = 0;
  let bunch: Bunch | null = null;
  /** Until when the next to come may expect others. */
  let lively_until = 0;

  /** Once full it has left, and the next to come opens another. */
  function join(): Promise<unknown> {
    bunch ??= openBunch();
    const mine = bunch;
    mine.size += 1;
    if (mine.size === 1)
      mine.left = mine.left.then(() => {
        if (bunch === mine) bunch = null;
        lively_until = mine.size >= LIMITS.gather_worth ? monotonicMs() + LIMITS.gather_ms : 0;
      });
    if (mine.size >= LIMITS.gather_rows) {
      mine.full.abort();
      bunch = null;
    }
    return mine.left;
  }

  return async (work) => {
    const others = under_way;
    under_way += 1;
    try {
      if (others >= LIMITS.gather_others || monotonicMs() < lively_until) await join();
      return await work();
    } finally {
      under_way -= 1;
    }
  };
}

function openBunch(): Bunch {
  const full = new AbortController();
  const left = pause(LIMITS.gather_ms, undefined, { signal: full.signal }).catch(() => undefined);
  return { size: 0, full, left };
}
