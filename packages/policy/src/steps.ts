// Work that can be done at once or a little at a time. Whoever has other work between two steps drives it themselves.
export type Steps<T> = Generator<void, T>;

/** Items of a loop between two steps. */
export const STEP = 256;

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
