/**
 * Lets submissions that come close together leave the door together, so that they share every later step (Postgres'
 * commit_delay and commit_siblings). A caller waits `gather_ms`, and only while others are under way, or right after a bunch
 * that was worth its wait: else the first to come after each bunch would go alone. While one such bunch follows the other,
 * each gathers until nobody has come for `gather_ms`, `gather_most_ms` at most. One that asks again after each answer never
 * waits.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';

/** Runs `work` with its bunch, or at once where there is none to wait for. */
type Gather = <T>(work: () => Promise<T>) => Promise<T>;

type Bunch = {
  size: number;
  full: AbortController;
  left: Promise<unknown>;
  opened_at: number;
  last_at: number;
  /** Behind one that was worth its wait. */
  follows: boolean;
};

export function openGathering(): Gather {
  let under_way = 0;
  let bunch: Bunch | null = null;
  /** Until when the next to come may expect others. */
  let lively_until = 0;

  /** Once full it has left, and the next to come opens another. */
  function join(): Promise<unknown> {
    const now = monotonicMs();
    bunch ??= openBunch(now, now < lively_until);
    const mine = bunch;
    mine.size += 1;
    mine.last_at = now;
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

function openBunch(now: number, follows: boolean): Bunch {
  const full = new AbortController();
  const bunch: Bunch = { size: 0, full, left: Promise.resolve(), opened_at: now, last_at: now, follows };
  bunch.left = gather(bunch).catch(() => undefined);
  return bunch;
}

/** Throws when it is full. */
async function gather(bunch: Bunch): Promise<void> {
  for (let wait: number = LIMITS.gather_ms; wait > 0; wait = moreToWait(bunch))
    await pause(wait, undefined, { signal: bunch.full.signal });
}

/** Milliseconds: for whoever may still come where so many do. */
function moreToWait({ size, follows, opened_at, last_at }: Bunch): number {
  if (!follows || size < LIMITS.gather_worth) return 0;
  return Math.ceil(Math.min(last_at + LIMITS.gather_ms, opened_at + LIMITS.gather_most_ms) - monotonicMs());
}
