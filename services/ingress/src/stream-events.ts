/** Opens, counts and closes the event streams: the job's timeline first, then what the evidence stream brings. */
import { CountersignError } from '@countersign/contracts/errors';
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Bus } from '@countersign/platform/bus';
import type { Metrics } from '@countersign/platform/metrics';
import { followAudit } from './follow-audit.ts';
import { JobStream } from './job-stream.ts';

export type EventStreams = {
  /** Throws `overloaded` beyond `sse_clients`, and what the timeline throws. `after` as in JobStream. */
  open(job: { tenant: string; job_id: string }, after: number): Promise<ReadableStream<Uint8Array>>;
  close(): void;
};

export const createEventStreams = (bus: Bus, metrics: Metrics): EventStreams => {
  const follow = followAudit(bus);
  const open = new Set<JobStream>();
  const count = (): void => metrics.set('event_streams', {}, open.size);
  return {
    async open(job, after) {
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
      open.add(stream);
      count();
      try {
        await stream.readOnce();
      } catch (thrown) {
        stream.end();
        throw thrown;
      }
      return stream.readable;
    },
    close: () => {
      for (const stream of [...open]) stream.end();
    },
  };
};
