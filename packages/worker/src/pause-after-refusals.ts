// A worker that refuses a warrant is idle again at once and would be the first to get it once more. So it steps back, for
// longer each time, and a worker that trusts the right key gets its turn.
import { LIMITS } from '@countersign/contracts/limits';

export type RefusalPause = {
  heard(accepted: boolean): void;
  isOn(): boolean;
  stop(): void;
};

/** `onEnd` is called when the worker may take work again. */
export function pauseAfterRefusals(onEnd: () => void): RefusalPause {
  let refusals = 0;
  let timer: NodeJS.Timeout | undefined;

  const end = (): void => {
    timer = undefined;
    onEnd();
  };
  return {
    heard(accepted) {
      if (accepted) {
        refusals = 0;
        return;
      }
      const ms = Math.min(LIMITS.longest_refusal_pause_ms, LIMITS.refusal_pause_ms * 2 ** refusals);
      refusals += 1;
      clearTimeout(timer);
      timer = setTimeout(end, ms);
    },
    isOn: () => timer !== undefined,
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
