/**
 * Opens, counts and closes the event streams: the job's timeline first, then what the evidence stream brings. A stream
 * outlives the look at its credential, so the look is repeated: who was revoked does not go on reading.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Bus } from '@countersign/platform/bus';
import type { Metrics } from '@countersign/platform/metrics';
import { startSweep } from '@countersign/platform/sweep';
import { followAudit } from './follow-audit.ts';
import { JobStream } from './job-stream.ts';

export type EventStreams = {
  /** Null when nothing is left to show, ever. Throws `overloaded` beyond `sse_clients`, and what the timeline throws. */
  open(job: { tenant: string; job_id: string }, reader: Reader): Promise<ReadableStream<Uint8Array> | null>;
  close(): Promise<void>;
};

/** `after` as in JobStream; `key_id` of the key that reads. */
export type Reader = { after: number; key_id: string };

/** `ended`: which of these keys may no longer be used. */
export const createEventStreams = (
  bus: Bus,
  metrics: Metrics,
  ended: (key_ids: string[]) => Promise<string[]>,
): EventStreams => {
  const follow = followAudit(bus);
  const open = new Map<JobStream, string>();
  const endOf = (isOver: (key_id: string) => boolean): void => {
    for (const [stream, key_id] of [...open]) if (isOver(key_id)) stream.end();
  };
  const lookAgain = async (): Promise<void> => {
    if (open.size === 0) return;
    const over = new Set(await ended([...new Set(open.values())]));
    endOf((key_id) => over.has(key_id));
  };
  // Who cannot be looked up is not believed; a reader that is cut off can resume.
  const looks = startSweep(LIMITS.auth_cache_ms, lookAgain, () => endOf(() => true));
  const count = (): void => metrics.set('event_streams', {}, open.size);
  return {
    async open(job, { after, key_id }) {
      if (open.size >= LIMITS.sse_clients) throw new CountersignError('overloaded', 'too many event streams are open');
      const stream: JobStream = new JobStream({
        after,
        readChain: async () => (await bus.call('audit.timeline', job)).entries,
        onEnd: () => {
          unfollow();
          open.delete(stream);
          count();
        },
      });
      // Before the timeline is read, so that nothing falls between the two.
      const unfollow = follow(job.tenant, chainOfJob(job.tenant, job.job_id), (entry) => stream.offer(entry));
      open.set(stream, key_id);
      count();
      try {
        await stream.readOnce();
      } catch (thrown) {
        stream.end();
        throw thrown;
      }
      return stream.isOver ? null : stream.readable;
    },
    close: () => {
      endOf(() => true);
      return looks.stop();
    },
  };
};
