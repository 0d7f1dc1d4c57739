/**
 * Opens, counts and closes the event streams, of a job and of a tenant's approvals: what the ledger has first, then what the
 * evidence stream brings. A stream outlives the look at its credential, so the look is repeated: who was revoked does not
 * go on reading.
 */
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { ReplayPage } from '@countersign/contracts/replay';
import type { Bus } from '@countersign/platform/bus';
import type { Metrics } from '@countersign/platform/metrics';
import { openShares } from '@countersign/platform/shares';
import { startSweep } from '@countersign/platform/sweep';
import { APPROVAL_KINDS, ApprovalStream } from './approval-stream.ts';
import type { EntryStream } from './entry-stream.ts';
import { followAudit } from './follow-audit.ts';
import { JobStream } from './job-stream.ts';

export type EventStreams = {
  /**
   * Null when nothing is left to show, ever. Beyond the share of its key or tenant in `sse_clients`, the longest idle
   * stream of that key, or else tenant, gives way; throws `share_exceeded` when none is idle, and what the timeline throws.
   */
  open(job: { tenant: string; job_id: string }, reader: Reader): Promise<ReadableStream<Uint8Array> | null>;
  /** What becomes of a tenant's approvals, from a leaf on; it ends only when it gives way, or its reader may read no more. */
  openApprovals(tenant: string, from: number, reader: Credential): Promise<ReadableStream<Uint8Array>>;
  /** What of that is sealed already, in one page. */
  readApprovals(tenant: string, from: number): Promise<ReplayPage>;
  close(): Promise<void>;
};

/** `after` as in JobStream; `reader`: who reads, by which credential. */
type Reader = { after: number; reader: Credential };

/** What ends a stream when it ends, and who has a share of its own in them. */
type Credential = { id: string; key_id: string | null; token_id: string | null; session?: string };

type Open = { tenant: string; share: string; credential: Credential };

/** `ended`: which of these may no longer be used, true for each. */
export function createEventStreams(
  bus: Bus,
  metrics: Metrics,
  ended: (readers: readonly Credential[]) => Promise<readonly boolean[]>,
): EventStreams {
  const follow = followAudit(bus, metrics);
  const open = new Map<EntryStream, Open>();
  const shares = openShares(LIMITS.sse_clients);
  const endAll = (): void => {
    for (const stream of [...open.keys()]) stream.end();
  };
  const lookAgain = async (): Promise<void> => {
    const all = [...open];
    if (all.length === 0) return;
    const over = await ended(all.map(([, { credential }]) => credential));
    for (const [i, [stream]] of all.entries()) if (over[i] !== false) stream.end();
  };
  // A caller that cannot be looked up is refused; a reader that is cut off can resume.
  const looks = startSweep(LIMITS.auth_cache_ms, lookAgain, endAll);
  const takePlace = (who: Open): (() => void) => {
    try {
      return shares.take([who.tenant, who.share]);
    } catch (thrown) {
      const victim = findIdle(open, who);
      if (victim === undefined) throw thrown;
      victim.end();
      return shares.take([who.tenant, who.share]);
    }
  };
  const count = (): void => metrics.set('event_streams', {}, open.size);
  /** `chain`: null for all of the tenant's. */
  const start = async <S extends EntryStream>(who: Open, chain: string | null, make: (onEnd: () => void) => S) => {
    const leave = takePlace(who);
    const stream: S = make(() => {
      unfollow();
      leave();
      open.delete(stream);
      count();
    });
    // Before the ledger is read, so that nothing falls between the two.
    const unfollow = follow(who.tenant, chain, (entry) => stream.offer(entry));
    open.set(stream, who);
    count();
    try {
      await stream.readOnce();
    } catch (thrown) {
      stream.end();
      throw thrown;
    }
    return stream;
  };
  const readApprovals = (tenant: string, from: number): Promise<ReplayPage> =>
    bus.call('audit.entries', { tenant, from, kinds: [...APPROVAL_KINDS] });
  return {
    async open(job, { after, reader: credential }) {
      const who = { tenant: job.tenant, share: shareOf(credential), credential };
      const readChain = async () => (await bus.call('audit.timeline', job)).entries;
      const chain = chainOfJob(job.tenant, job.job_id);
      const stream = await start(who, chain, (onEnd) => new JobStream({ after, readChain, onEnd }));
      return stream.isOver ? null : stream.readable;
    },
    async openApprovals(tenant, from, credential) {
      const who = { tenant, share: shareOf(credential), credential };
      const readPage = (next: number) => readApprovals(tenant, next);
      return (await start(who, null, (onEnd) => new ApprovalStream({ from, readPage, onEnd }))).readable;
    },
    readApprovals,
    close: () => {
      endAll();
      return looks.stop();
    },
  };
}

/** Of the key's own streams, or else of its tenant's, the one that has told nothing for longest. */
function findIdle(open: ReadonlyMap<EntryStream, Open>, who: Open): EntryStream | undefined {
  const idle = [...open].filter(([stream]) => stream.idleMs() >= LIMITS.sse_heartbeat_ms);
  const ofTenant = idle.filter(([, { tenant }]) => tenant === who.tenant);
  const ofKey = ofTenant.filter(([, { share }]) => share === who.share);
  const [longest] = (ofKey.length > 0 ? ofKey : ofTenant).sort(([a], [b]) => b.idleMs() - a.idleMs());
  return longest?.[0];
}

/** A key's share is its tokens' too: a new token is no new share. */
function shareOf({ id, key_id }: Credential): string {
  return key_id ?? id;
}
