/**
 * The one worker of the pool `mcp-<server>`: claims only what a client of this proxy asked for and waits for, or what it has to
 * end. Several processes of one proxy are the same worker; none runs a call whose caller is at another.
 */
import type { Delivery } from '@countersign/contracts/worker-door';
import { errorFields, type Logger } from '@countersign/platform/logger';
import { createWorker, type Worker } from '@countersign/worker/create-worker';
import { WorkerStartError } from '@countersign/worker/say-hello';
import type { Handle } from '@countersign/worker/worker-options';
import type { CallSettings, HttpWorker } from './call-settings.ts';
import type { OpenCalls } from './open-calls.ts';
import { type ParkedJobs, parkedJobsIn } from './parked-jobs.ts';
import { UpstreamError } from './upstream.ts';

export type PoolWorker = Pick<ParkedJobs, 'join'> & {
  /** The job's request was handed to the server behind, here, and is not answered. */
  isRunning(job_id: string): boolean;
  /** Resolves at the latest after a while without the plane; then it goes on trying. Throws WorkerStartError for what stays wrong. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type PoolWorkerOptions = {
  file: HttpWorker;
  settings: Pick<CallSettings, 'run_when' | 'caller_grace_ms'>;
  folder: string;
  calls: OpenCalls;
  run: Handle;
  log: Logger;
};

/** What is claimed without being run ends there: nobody's job takes up the pool for good. */
type Verdict = 'run' | 'give_up' | 'not_asked';

const CONCURRENCY = 64;
const START_MS = 3_000;

export function poolWorker({ file, settings, folder, calls, run, log }: PoolWorkerOptions): PoolWorker {
  const running = new Set<string>();
  const verdicts = new Map<string, Verdict>();
  const stopped = new AbortController();
  const parked = parkedJobsIn(folder, settings.caller_grace_ms, (delivery) => worker.take(delivery));

  const judge = (job_id: string, delivery: Delivery): Verdict | 'leave' => {
    if (!calls.has(job_id)) return 'not_asked';
    return settings.run_when === 'granted' ? 'run' : parked.judge(job_id, delivery);
  };
  const worker = createWorker({
    ...file,
    concurrency: CONCURRENCY,
    start_wait_ms: START_MS,
    log,
    wanted: ({ job_id, dispatch_id }, delivery) => {
      const verdict = judge(job_id, delivery);
      if (verdict !== 'leave') verdicts.set(dispatch_id, verdict);
      return verdict !== 'leave';
    },
    handle: async (job, context) => {
      const { job_id, dispatch_id } = job;
      const verdict = verdicts.get(dispatch_id);
      verdicts.delete(dispatch_id);
      parked.claimed(job_id);
      requireCaller(verdict);
      running.add(job_id);
      try {
        return await run(job, context);
      } finally {
        running.delete(job_id);
      }
    },
  });
  return {
    join: parked.join,
    isRunning: (job_id) => running.has(job_id),
    start: () => startOrKeepTrying(worker, stopped.signal, log),
    async stop() {
      stopped.abort();
      parked.close();
      await worker.stop();
    },
  };
}

function requireCaller(verdict: Verdict | undefined): void {
  if (verdict === 'run') return;
  if (verdict === 'give_up')
    throw new UpstreamError('caller_gone', 'nobody came back for this call, so it was not run');
  throw new UpstreamError(
    'not_asked_here',
    'no client of this proxy asked for it, so it was not run; is another proxy the same worker, from a copy of its file?',
  );
}

/** Without the plane nothing can be asked for either, so clients are answered all the same, and told so. */
async function startOrKeepTrying(worker: Worker, stopped: AbortSignal, log: Logger): Promise<void> {
  try {
    await worker.start();
  } catch (thrown) {
    if (!isAway(thrown)) throw thrown;
    log.warn(errorFields(thrown), 'the plane is away; nothing runs until it is back');
    void keepTrying(worker, stopped, log);
  }
}

async function keepTrying(worker: Worker, stopped: AbortSignal, log: Logger): Promise<void> {
  while (!stopped.aborted) {
    try {
      await worker.start();
      return stopped.aborted ? void (await worker.stop()) : undefined;
    } catch (thrown) {
      if (!isAway(thrown)) return log.error(errorFields(thrown), 'the worker may not work');
    }
  }
}

function isAway(thrown: unknown): boolean {
  return thrown instanceof WorkerStartError && thrown.code === 'scheduler_unavailable';
}
