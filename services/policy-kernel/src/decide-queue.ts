/**
 * Decides in the order of arrival, a slice at a time, so that a burst can't stop the process from answering. Too much
 * waiting is answered at once, and what has waited past its deadline is not decided: both are outages, never guesses.
 */
import { CountersignError } from '@countersign/contracts/errors';

type QueueOptions<I, O> = {
  decide: (item: I) => O;
  /** Items that may wait. */
  max_items: number;
  deadline_ms: number;
  /** Milliseconds of work between two looks at the event loop. */
  slice_ms: number;
  monotonicMs: () => number;
};

type Waiting<I, O> = {
  items: readonly I[];
  since: number;
  resolve: (answers: O[]) => void;
  reject: (thrown: unknown) => void;
};

/** Answers in the items' order. Throws `overloaded`. */
export function openDecideQueue<I, O>(options: QueueOptions<I, O>): (items: readonly I[]) => Promise<O[]> {
  const { max_items, deadline_ms, slice_ms, monotonicMs } = options;
  const queue: Waiting<I, O>[] = [];
  let waiting = 0;
  let working = false;

  const settle = ({ items, since, resolve, reject }: Waiting<I, O>): void => {
    try {
      const answers: O[] = [];
      for (const item of items) {
        if (monotonicMs() - since > deadline_ms) throw new CountersignError('overloaded');
        answers.push(options.decide(item));
      }
      resolve(answers);
    } catch (thrown) {
      reject(thrown);
    }
  };
  const work = (): void => {
    const started = monotonicMs();
    while (queue.length > 0 && monotonicMs() - started < slice_ms) {
      const next = queue.shift()!;
      waiting -= next.items.length;
      settle(next);
    }
    working = queue.length > 0;
    if (working) setImmediate(work);
  };
  return (items) =>
    new Promise((resolve, reject) => {
      if (waiting + items.length > max_items) return reject(new CountersignError('overloaded'));
      waiting += items.length;
      queue.push({ items, since: monotonicMs(), resolve, reject });
      if (!working) setImmediate(work);
      working = true;
    });
}
