/** Works through a list a slice at a time, so that a long question never keeps the gates from being answered. */
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const inSlices = async <I, O>(items: readonly I[], work: (item: I) => O): Promise<O[]> => {
  const done: O[] = [];
  let started = monotonicMs();
  for (const item of items) {
    if (monotonicMs() - started > LIMITS.decide_slice_ms) {
      await breath();
      started = monotonicMs();
    }
    done.push(work(item));
  }
  return done;
};
