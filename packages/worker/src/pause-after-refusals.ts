/**
 * A worker that refuses a warrant is idle again at once and would be the first to get it once more. So it steps back, for
 * longer each time, and a worker that trusts the right key gets its turn. What it has not refused, it still takes.
 */
import { LIMITS } from '@countersign/contracts/limits';

/** Refused dispatches that are remembered; the oldest is forgotten first. */
const REMEMBERED = 1_000;

export type RefusalPause = {
  /** `name`: the delivery's message id. */
  heard(name: string | undefined, accepted: boolean): void;
  /** No new work is asked for. */
  isOn(): boolean;
  /** This one was refused here and is not looked at again before the pause is over. */
  holdsBack(name: string | undefined): boolean;
  stop(): void;
};

/** `onEnd` is called when the worker may ask for work again. */
export function pauseAfterRefusals(onEnd: () => void): RefusalPause {
  const refused = new Set<string>();
  let inRow = 0;
  let timer: NodeJS.Timeout | undefined;

  const end = (): void => {
    timer = undefined;
    onEnd();
  };
  return {
    heard(name, accepted) {
      if (accepted) {
        inRow = 0;
        return;
      }
      if (name !== undefined) {
        if (refused.size >= REMEMBERED) refused.delete(refused.values().next().value!);
        refused.add(name);
      }
      const ms = Math.min(LIMITS.longest_refusal_pause_ms, LIMITS.refusal_pause_ms * 2 ** inRow);
      inRow += 1;
      clearTimeout(timer);
      timer = setTimeout(end, ms);
    },
    isOn: () => timer !== undefined,
    holdsBack: (name) => timer !== undefined && name !== undefined && refused.has(name),
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
