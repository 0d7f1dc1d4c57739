/**
 * Holds the answer to a submission until the job has ended, as long as its caller asked for. It hangs on the evidence that
 * event streams show, so nothing is asked meanwhile; what it cannot find out is no failure: the job is accepted either way.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { Accepted, Ended } from '@countersign/contracts/http';
import type { ResultView } from '@countersign/contracts/output';
import { isTerminal } from '@countersign/contracts/states';
import type { Bus } from '@countersign/platform/bus';
import type { Caller } from './caller.ts';
import type { EventStreams } from './stream-events.ts';

export type Awaiting = { caller: Caller; wait_ms: number; signal: AbortSignal; traceparent: string };

/** Null when it has not ended in that time, or nobody can say. */
export async function awaitEnd(
  { bus, streams }: { bus: Bus; streams: EventStreams },
  accepted: Accepted,
  awaiting: Awaiting,
): Promise<Ended | null> {
  const { tenant, job_id } = accepted;
  const { traceparent } = awaiting;
  try {
    if (awaiting.wait_ms > 0) await untilStreamEnds(streams, { tenant, job_id }, awaiting);
    const job = await bus.call('scheduler.get', { tenant, job_id }, { traceparent });
    if (!isTerminal(job.state)) return null;
    const result = await readResult(bus, { tenant, job_id }, traceparent);
    return { ...accepted, state: job.state, job: { ...job, waiting_for: null }, result };
  } catch (thrown) {
    if (thrown instanceof CountersignError) return null;
    throw thrown;
  }
}

/** Also when the stream gave way to another one, or its reader may read no more: the job says how it stands. */
async function untilStreamEnds(
  streams: EventStreams,
  job: { tenant: string; job_id: string },
  { caller, wait_ms, signal }: Awaiting,
): Promise<void> {
  const stream = await streams.open(job, { after: -1, reader: caller });
  const reader = stream?.getReader();
  if (reader === undefined) return;
  const leave = (): void => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(leave, wait_ms);
  signal.addEventListener('abort', leave, { once: true });
  try {
    while (!(await reader.read()).done);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

/** Null where nothing was released: it was quarantined, or ended without a result. */
async function readResult(
  bus: Bus,
  job: { tenant: string; job_id: string },
  traceparent: string,
): Promise<ResultView | null> {
  try {
    return await bus.call('output.read', job, { traceparent });
  } catch (thrown) {
    if (thrown instanceof CountersignError) return null;
    throw thrown;
  }
}
