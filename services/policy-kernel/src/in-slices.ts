/** Works through a list a slice at a time, so that a long question never keeps the gates from being answered. */
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';
import type { Steps } from '@countersign/policy/steps';

/** Drives work that comes in steps, a slice at a time. */
export async function stepsInSlices<T>(steps: Steps<T>): Promise<T> {
  let started = monotonicMs();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (monotonicMs() - started <= LIMITS.decide_slice_ms) continue;
    await breath();
    started = monotonicMs();
  }
}

export async function inSlices<I, O>(items: readonly I[], work: (item: I) => O | Promise<O>): Promise<O[]> {
  const done: O[] = [];
  let started = monotonicMs();
  for (const item of items) {
    if (monotonicMs() - started > LIMITS.decide_slice_ms) {
      await breath();
      started = monotonicMs();
    }
    done.push(await work(item));
  }
  return done;
}

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
