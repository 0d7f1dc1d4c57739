/**
 * Batches callers into shared transactions: while one batch commits, the next collects. One bad row never fails its
 * neighbours: a batch that throws is run again one by one, unless what it ran against is out of order for all of them.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { waitForMore } from './batch-delay.ts';
import { openFairQueue } from './fair-queue.ts';
import { retryOneByOne } from './retry-one-by-one.ts';

type Waiting<I, O> = { item: I; resolve: (value: O) => void; reject: (reason: unknown) => void };

export type GroupCommitOptions<I, O> = {
  max_rows?: number;
  max_queue?: number;
  /** The owner of an item, e.g. its tenant: owners take turns, and none takes the whole queue. Left out, it is one queue. */
  whose?: (item: I) => string;
  /** One outcome per item, in order; an error as a value fails that item alone. */
  run: (items: I[]) => Promise<(O | CountersignError)[]>;
};

export function groupCommit<I, O>(options: GroupCommitOptions<I, O>): (item: I) => Promise<O> {
  const maxRows = options.max_rows ?? LIMITS.batch_rows;
  const maxQueue = options.max_queue ?? LIMITS.queued_rows;
  const { whose } = options;
  const queue = openFairQueue<Waiting<I, O>>(maxQueue, whose && (({ item }) => whose(item)));
  let busy = false;

  const runBatch = async (batch: Waiting<I, O>[]): Promise<void> => {
    const run = async (part: readonly Waiting<I, O>[]): Promise<void> => {
      const outcomes = await options.run(part.map((waiting) => waiting.item));
      for (const [i, waiting] of part.entries()) settle(waiting, outcomes[i] as O | CountersignError);
    };
    await retryOneByOne(batch, run, (waiting, thrown) => waiting.reject(thrown)).catch((outage: unknown) => {
      for (const waiting of batch) waiting.reject(outage);
    });
  };

  const drain = async (): Promise<void> => {
    busy = true;
    /** One turn of the event loop lets the messages that arrived together share the commit. */
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.size > 0) {
      const batch = queue.take(maxRows);
      await runBatch(batch);
      await waitForMore(batch.length, queue.size);
    }
    busy = false;
  };

  return (item) =>
    new Promise<O>((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (!busy) void drain();
    });
}

function settle<I, O>(waiting: Waiting<I, O>, outcome: O | CountersignError): void {
  if (outcome instanceof CountersignError) waiting.reject(outcome);
  else waiting.resolve(outcome);
}
