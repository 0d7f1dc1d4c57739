/**
 * Local placement: the agent's process is a pool of one. A worker over HTTP claims the job, checks its warrant and keeps its
 * lease; the framework runs the tool between the claim and the result, and hears of its output only what was released.
 */
import { createWorker, type Worker } from '@countersign/worker/create-worker';
import type { JobContext, WorkerJob, WorkerOptions } from '@countersign/worker/worker-options';
import { findHeld, type HeldStore } from './find-held.ts';
import type { Gate, LocalResult, Outcome, ToolCall } from './gate.ts';
import { outcomeOfDenial, outcomeOfEnd, outcomeOfFailure, pendingOf, type Settled } from './read-outcome.ts';
import { type GateOptions, settle, submit } from './remote-gate.ts';

export type LocalOptions = GateOptions & {
  /** Of the pool of one: from the file that `countersign workers add --http` wrote. */
  worker: Pick<WorkerOptions, 'url' | 'pool' | 'worker' | 'signing_key' | 'scheduler_public_keys'> &
    Partial<Pick<WorkerOptions, 'concurrency' | 'enforces' | 'log'>>;
  /** Milliseconds for which a job whose caller is gone waits for the same call to come again; then it fails, not run. */
  caller_grace_ms?: number;
  /** Left out, held calls are remembered in memory. */
  held?: HeldStore;
};

export type LocalGate = AsyncDisposable & { gate: Gate; start(): Promise<void>; stop(): Promise<void> };

type Arrived = { job: WorkerJob; context: JobContext; end: PromiseWithResolvers<LocalResult> };

/** Throws what `createWorker` throws for options that cannot work. */
export function localGate(options: LocalOptions): LocalGate {
  const arrivals = new Map<string, Arrived>();
  const waiting = new Map<string, (arrived: Arrived | null) => void>();

  const handle = async (job: WorkerJob, context: JobContext): Promise<unknown> => {
    const arrived: Arrived = { job, context, end: Promise.withResolvers<LocalResult>() };
    const taker = waiting.get(job.job_id);
    if (taker === undefined) arrivals.set(job.job_id, arrived);
    else taker(arrived);
    const giveUp = setTimeout(
      () => arrivals.delete(job.job_id) && arrived.end.reject(new CallerGone()),
      options.caller_grace_ms ?? GRACE_MS,
    );
    context.signal.addEventListener('abort', () => {
      arrivals.delete(job.job_id);
      arrived.end.reject(context.signal.reason);
    });
    try {
      const result = await arrived.end.promise;
      if ('output' in result) return result.output;
      throw Object.assign(new Error(result.error.detail), { code: result.error.code });
    } finally {
      clearTimeout(giveUp);
    }
  };

  const worker: Worker = createWorker({ ...options.worker, handle });
  const stop = async (): Promise<void> => void (await worker.stop());
  return {
    gate: findHeld((call) => askLocally(options, call, { arrivals, waiting }), options.held),
    start: () => worker.start(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Meeting = { arrivals: Map<string, Arrived>; waiting: Map<string, (arrived: Arrived | null) => void> };

/** A code of its own, so that a record tells it from a tool that failed. */
class CallerGone extends Error {
  readonly code = 'caller_gone';
  constructor() {
    super('nobody came back for this call, so it was not run');
  }
}

const GRACE_MS = 60_000;

async function askLocally(options: LocalOptions, call: ToolCall, meeting: Meeting): Promise<Outcome> {
  call.signal.throwIfAborted();
  try {
    const said = await submit(options, call, 0);
    if (said.outcome === 'ended') return outcomeOfEnd(said);
    if (said.outcome === 'denied') return outcomeOfDenial(said);
    if (said.outcome !== 'accepted') throw new Error('an answer that this adapter does not know');
    const { job_id } = said;
    const arrived = await meet(meeting, job_id, call);
    if (arrived !== null) return runHere(options, call, arrived);
    // It may have ended meanwhile: refused, expired, or run by an earlier call of the same id.
    const now = await settle(options, { ...call, wait_ms: 0 });
    return now.kind === 'pending' ? pendingOf(await options.client.job(job_id), options.url) : now;
  } catch (thrown) {
    if (call.signal.aborted) throw call.signal.reason;
    return outcomeOfFailure(thrown);
  }
}

/** The claimed attempt of this job; null when none came in time. One call gets it, whichever asks last. */
function meet({ arrivals, waiting }: Meeting, job_id: string, { wait_ms, signal }: ToolCall): Promise<Arrived | null> {
  const here = arrivals.get(job_id);
  if (arrivals.delete(job_id)) return Promise.resolve(here!);
  return new Promise((resolve) => {
    const done = (arrived: Arrived | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      if (waiting.get(job_id) === done) waiting.delete(job_id);
      resolve(arrived);
    };
    const leave = (): void => done(null);
    const timer = setTimeout(leave, wait_ms);
    signal.addEventListener('abort', leave, { once: true });
    waiting.get(job_id)?.(null);
    waiting.set(job_id, done);
  });
}

function runHere(options: LocalOptions, call: ToolCall, { job, context, end }: Arrived): Outcome {
  const finish = async (result: LocalResult): Promise<Settled> => {
    end.resolve(result);
    try {
      const told = await settle(options, { ...call, wait_ms: Math.max(call.wait_ms, RELEASE_MS) });
      // It ran here, so what is not released yet is not pending.
      return told.kind === 'pending' || told.kind === 'unavailable' ? { kind: 'unknown', job_id: job.job_id } : told;
    } catch {
      return { kind: 'unknown', job_id: job.job_id };
    }
  };
  const { signal, constraints } = context;
  return { kind: 'run_here', input: job.payload, constraints, signal, finish, job_id: job.job_id };
}

/** Milliseconds for which an output may be on its way through the barrier. */
const RELEASE_MS = 20_000;
