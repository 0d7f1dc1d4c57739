/**
 * Runs one function of a module in threads of its own, each call under a hard deadline and a bound of memory. A thread
 * that overruns, crashes or grows too large is ended, its caller is told so, and the next call starts another. What it
 * threw may quote what it was given, so nothing of that goes on.
 */
import { parentPort, Worker } from 'node:worker_threads';

/** Why a call came back without an answer. `busy`: too many were waiting, it was never started. */
export type ThreadFault = 'deadline' | 'crash' | 'memory' | 'busy';

export class ThreadError extends Error {
  readonly fault: ThreadFault;

  constructor(fault: ThreadFault) {
    super(`a thread gave no answer: ${fault}`);
    this.fault = fault;
  }
}

export type ThreadOptions = {
  /** The module; it calls `answerInThread`. */
  module: URL;
  threads: number;
  /** Calls that may wait. */
  queued: number;
  /** Milliseconds from the start of a call to its end. */
  deadline_ms: number;
  /** MiB of heap of one thread. */
  memory_mb: number;
};

/** `run` throws `ThreadError`. What goes in and out is copied, as by `structuredClone`. */
export type Threads<I, O> = { run(input: I): Promise<O>; stop(): Promise<void> };

type Call<I, O> = { input: I; resolve: (output: O) => void; reject: (error: ThreadError) => void };
type Reply<O> = { ready: true } | { ok: true; output: O } | { ok: false };

/** Milliseconds that a new thread has to load its module; a call's own time starts then. */
const START_MS = 10_000;

export function openThreads<I, O>(options: ThreadOptions): Threads<I, O> {
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const waiting: Call<I, O>[] = [];
  let stopped = false;

  const next = (): void => {
    while (waiting.length > 0 && !stopped && (idle.length > 0 || all.size < options.threads)) {
      const known = idle.pop();
      const worker = known ?? startWorker(options);
      all.add(worker);
      const wait = { deadline_ms: options.deadline_ms, start_ms: known === undefined ? START_MS : 0 };
      runCall(worker, waiting.shift()!, wait, (survives) => {
        if (survives && !stopped) idle.push(worker);
        else {
          all.delete(worker);
          void worker.terminate();
        }
        next();
      });
    }
  };
  return {
    run: (input) =>
      new Promise((resolve, reject) => {
        if (stopped || waiting.length >= options.queued) return reject(new ThreadError('busy'));
        waiting.push({ input, resolve, reject });
        next();
      }),
    async stop() {
      stopped = true;
      for (const call of waiting.splice(0)) call.reject(new ThreadError('busy'));
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

function startWorker({ module, memory_mb }: ThreadOptions): Worker {
  const worker = new Worker(module, { resourceLimits: { maxOldGenerationSizeMb: memory_mb } });
  // A process that is done does not stay for it.
  worker.unref();
  return worker;
}

type Wait = { deadline_ms: number; start_ms: number };

function runCall<I, O>(worker: Worker, call: Call<I, O>, wait: Wait, done: (survives: boolean) => void): void {
  const settle = (survives: boolean, tell: () => void): void => {
    clearTimeout(timer);
    worker.removeAllListeners();
    // A thread that is being ended may still complain.
    worker.on('error', () => undefined);
    worker.unref();
    tell();
    done(survives);
  };
  const fail = (fault: ThreadFault, survives = false): void =>
    settle(survives, () => call.reject(new ThreadError(fault)));
  let timer = setTimeout(() => fail('deadline'), wait.deadline_ms + wait.start_ms);
  worker.removeAllListeners();
  worker.ref();
  worker.on('message', (reply: Reply<O>) => {
    if ('ready' in reply) {
      clearTimeout(timer);
      timer = setTimeout(() => fail('deadline'), wait.deadline_ms);
    } else if (reply.ok) settle(true, () => call.resolve(reply.output));
    else fail('crash', true);
  });
  worker.on('error', (thrown: Error & { code?: string }) =>
    fail(thrown.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crash'),
  );
  worker.on('exit', () => fail('crash'));
  worker.postMessage(call.input);
}

/** For the module of a thread: answers each call. */
export function answerInThread<I, O>(answer: (input: I) => O): void {
  parentPort!.on('message', (input: I) => {
    let reply: Reply<O>;
    try {
      reply = { ok: true, output: answer(input) };
    } catch {
      reply = { ok: false };
    }
    parentPort!.postMessage(reply);
  });
  parentPort!.postMessage({ ready: true } satisfies Reply<O>);
}
