// Keeps every reported result and publishes it again until it is settled, so that a lost message is never a lost
// result. It bounds what it keeps, and a result is never logged.
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import type { WorkerResult } from '@countersign/contracts/worker';
import type { Bus } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import { errorFields, type Logger } from '@countersign/platform/logger';

type Kept = {
  subject: string;
  result: WorkerResult;
  bytes: number;
  traceparent: string;
  published_at: number;
};

export type KeptResults = {
  report(topic: string, result: WorkerResult, traceparent: string): void;
  publishDue(): void;
  /** The scheduler knows what came of it. */
  settle(dispatch_id: string): void;
  list(): { dispatch_id: string; claim_id: string }[];
  size(): number;
  bytes(): number;
};

export type KeepOptions = { bus: Bus; pool: string; worker: string; log: Logger; onSettled: () => void };

export function keepResults({ bus, pool, worker, log, onSettled }: KeepOptions): KeptResults {
  const kept = new Map<string, Kept>();
  let bytes = 0;

  const publish = async (one: Kept): Promise<void> => {
    one.published_at = monotonicMs();
    const { dispatch_id, claim_id } = one.result;
    try {
      // One id for every publication: while the stream has the first one, the others are dropped as they come.
      const options = { msg_id: `${dispatch_id}.${claim_id}`, traceparent: one.traceparent };
      await bus.publish(one.subject, one.result, options);
    } catch (thrown) {
      log.warn({ dispatch_id, ...errorFields(thrown) }, 'the result was not stored; it will be published again');
    }
  };
  const settle = (dispatch_id: string): void => {
    const one = kept.get(dispatch_id);
    if (one === undefined) return;
    kept.delete(dispatch_id);
    bytes -= one.bytes;
    onSettled();
  };

  return {
    report(topic, result, traceparent) {
      const now = monotonicMs();
      const size = Buffer.byteLength(JSON.stringify(result));
      const subject = subjects.result(pool, worker, result.tenant, topic);
      const one = { subject, result, bytes: size, traceparent, published_at: now };
      kept.set(result.dispatch_id, one);
      bytes += size;
      void publish(one);
    },
    publishDue() {
      const due = monotonicMs() - LIMITS.republish_ms;
      for (const one of kept.values()) if (one.published_at <= due) void publish(one);
    },
    settle,
    list: () => [...kept.values()].map(({ result: { dispatch_id, claim_id } }) => ({ dispatch_id, claim_id })),
    size: () => kept.size,
    bytes: () => bytes,
  };
}
