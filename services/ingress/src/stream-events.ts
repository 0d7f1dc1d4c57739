/**
 * Opens, counts and closes the event streams: the job's timeline first, then what the evidence stream brings. A stream
 * outlives the look at its credential, so the look is repeated: who was revoked does not go on reading.
 */
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Bus } from '@countersign/platform/bus';
import type { Metrics } from '@countersign/platform/metrics';
import { openShares } from '@countersign/platform/shares';
import { startSweep } from '@countersign/platform/sweep';
import { followAudit } from './follow-audit.ts';
import { JobStream } from './job-stream.ts';

export type EventStreams = {
  /**
   * Null when nothing is left to show, ever. Beyond the share of its key or tenant in `sse_clients`, the longest idle
   * stream of that key, or else tenant, gives way; throws `share_exceeded` when none is idle, and what the timeline throws.
   */
  open(job: { tenant: string; job_id: string }, reader: Reader): Promise<ReadableStream<Uint8Array> | null>;
  close(): Promise<void>;
};

/** `after` as in JobStream; `key_id` of the key that reads. */
export type Reader = { after: number; key_id: string };

type Open = { tenant: string; key_id: string };

/** Of the key's own streams, or else of its tenant's, the one that has told nothing for longest. */
const findIdle = (open: ReadonlyMap<JobStream, Open>, who: Open): JobStream | undefined => {
  const idle = [...open].filter(([stream]) => stream.idleMs() >= LIMITS.sse_heartbeat_ms);
  const ofTenant = idle.filter(([, { tenant }]) => tenant === who.tenant);
  const ofKey = ofTenant.filter(([, { key_id }]) => key_id === who.key_id);
  const [longest] = (ofKey.length > 0 ? ofKey : ofTenant).sort(([a], [b]) => b.idleMs() - a.idleMs());
  return longest?.[0];
};

/** `ended`: which of these keys may no longer be used. */
export const createEventStreams = (
  bus: Bus,
  metrics: Metrics,
  ended: (key_ids: string[]) => Promise<string[]>,
): EventStreams => {
  const follow = followAudit(bus, metrics);
  const open = new Map<JobStream, Open>();
  const shares = openShares(LIMITS.sse_clients);
  const endOf = (isOver: (key_id: string) => boolean): void => {
    for (const [stream, { key_id }] of [...open]) if (isOver(key_id)) stream.end();
  };
  const lookAgain = async (): Promise<void> => {
    if (open.size === 0) return;
    const over = new Set(await ended([...new Set([...open.values()].map(({ key_id }) => key_id))]));
    endOf((key_id) => over.has(key_id));
  };
  // A caller that cannot be looked up is refused; a reader that is cut off can resume.
  const looks = startSweep(LIMITS.auth_cache_ms, lookAgain, () => endOf(() => true));
  const takePlace = (who: Open): (() => void) => {
    try {
      return shares.take([who.tenant, who.key_id]);
    } catch (thrown) {
      const victim = findIdle(open, who);
      if (victim === undefined) throw thrown;
      victim.end();
      return shares.take([who.tenant, who.key_id]);
    }
  };
  const count = (): void => metrics.set('event_streams', {}, open.size);
  return {
    async open(job, { after, key_id }) {
      const leave = takePlace({ tenant: job.tenant, key_id });
      const stream: JobStream = new JobStream({
        after,
        readChain: async () => (await bus.call('audit.timeline', job)).entries,
        onEnd: () => {
          unfollow();
          leave();
          open.delete(stream);
          count();
        },
      });
      // Before the timeline is read, so that nothing falls between the two.
      const unfollow = follow(job.tenant, chainOfJob(job.tenant, job.job_id), (entry) => stream.offer(entry));
      open.set(stream, { tenant: job.tenant, key_id });
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
