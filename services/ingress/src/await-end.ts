/**
 * Holds the answer to a submission until the job has ended, as long as its caller asked for. It hangs on the evidence that
 * event streams show, and on hints of whoever ended it, so nothing is asked meanwhile; what it cannot find
 * out is no failure: the job is accepted either way.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { Accepted, Ended } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import type { ResultView } from '@countersign/contracts/output';
import type { JobKey } from '@countersign/contracts/rpc-audit';
import { isTerminal } from '@countersign/contracts/states';
import type { Bus } from '@countersign/platform/bus';
import type { Caller } from './caller.ts';
import type { EventStreams } from './stream-events.ts';
import type { WaitingCallers } from './waiting-callers.ts';

export type Ending = { bus: Pick<Bus, 'call'>; streams: Pick<EventStreams, 'open'>; waiting: WaitingCallers };
type Awaiting = { caller: Caller; wait_ms: number; signal: AbortSignal; traceparent: string };

/** Null when it has not ended in that time, or nobody can say. */
export async function awaitEnd(ending: Ending, accepted: Accepted, awaiting: Awaiting): Promise<Ended | null> {
  const { tenant, job_id } = accepted;
  const { traceparent } = awaiting;
  try {
    const job = await untilEnded(ending, { tenant, job_id }, awaiting);
    if (!isTerminal(job.state)) return null;
    const result = await readResult(ending.bus, { tenant, job_id }, traceparent);
    return { ...accepted, state: job.state, job: { ...job, waiting_for: null }, result };
  } catch (thrown) {
    if (thrown instanceof CountersignError) return null;
    throw thrown;
  }
}

/** The job as it stands when it has ended, or at the end of the wait. */
async function untilEnded({ bus, streams, waiting }: Ending, key: JobKey, awaiting: Awaiting): Promise<JobView> {
  const { traceparent } = awaiting;
  const look = (): Promise<JobView> => bus.call('scheduler.get', key, { traceparent });
  if (awaiting.wait_ms === 0) return look();
  using hints = waiting.watch(key);
  const found = new AbortController();
  const signal = AbortSignal.any([awaiting.signal, found.signal]);
  const over = untilStreamEnds(streams, key, { ...awaiting, signal }).then(() => true);
  over.catch(() => undefined);
  try {
    for (;;) {
      const last = await Promise.race([over, hints.next().then(() => false)]);
      const job = await look();
      // A hint may come of an attempt that is made again, or before the end is committed elsewhere.
      if (last || isTerminal(job.state)) return job;
    }
  } finally {
    found.abort();
  }
}

/** Also when the stream gave way to another one, or its reader may read no more: the job says how it stands. */
async function untilStreamEnds(
  streams: Pick<EventStreams, 'open'>,
  job: JobKey,
  { caller, wait_ms, signal }: Awaiting,
): Promise<void> {
  const stream = await streams.open(job, { after: -1, reader: caller });
  const reader = stream?.getReader();
  if (reader === undefined) return;
  const leave = (): void => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(leave, wait_ms);
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    while (!(await reader.read()).done);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

/** Null where nothing was released: it was quarantined, or ended without a result. */
async function readResult(bus: Ending['bus'], job: JobKey, traceparent: string): Promise<ResultView | null> {
  try {
    return await bus.call('output.read', job, { traceparent });
  } catch (thrown) {
    if (thrown instanceof CountersignError) return null;
    throw thrown;
  }
}
