/**
 * Runs one function of a module in child processes, each call under a hard deadline and a bound of memory. A child that
 * overruns, crashes or grows too large is ended, its caller is told so, and the next call starts another. What it threw may
 * quote what it was given, so nothing of that goes on. Not in threads: one allocation that leaps over a thread's bound ends
 * the whole process. A child has nothing of this one's memory and settings, its keys least of all.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/** Why a call came back without an answer. `busy`: too many were waiting, it was never started. */
export type ChildFault = 'deadline' | 'crash' | 'memory' | 'busy';

export class ChildError extends Error {
  readonly fault: ChildFault;

  constructor(fault: ChildFault) {
    super(`a child process gave no answer: ${fault}`);
    this.fault = fault;
  }
}

export type ChildOptions = {
  /** The module; it calls `answerAsChild`. */
  module: URL;
  /** Running at once; one is started when a call finds none free, and stays. */
  processes: number;
  /** Calls that may wait. */
  queued: number;
  /** Milliseconds from the start of a call to its end. */
  deadline_ms: number;
  /** MiB of heap of one child. */
  memory_mb: number;
};

/**
 * `run` throws `ChildError`. What goes in and out is copied, as by `structuredClone`. `stop` ends every child, and fails what
 * still runs; a later call starts another.
 */
export type ChildProcesses<I, O> = { run(input: I): Promise<O>; stop(): Promise<void> };

export type Reply<O> = { ready: true } | { ok: true; output: O } | { ok: false };

type Call<I, O> = { input: I; resolve: (output: O) => void; reject: (error: ChildError) => void };
type Child<I, O> = {
  /** Resolves with whether it may have another call. */
  answer(call: Call<I, O>): Promise<boolean>;
  isAlive(): boolean;
  /** Returns when it is gone. */
  end(): Promise<void>;
};

/** Milliseconds that a new child has to load its module; a call's own time starts then. */
const START_MS = 10_000;
/** Where compiled modules are kept is all that a child shares with this process. */
const COMPILED_DIR = getCompileCacheDir();
// Node names the folder of its own version; told that one, it would make another within.
const ENVIRONMENT = COMPILED_DIR === undefined ? {} : { NODE_COMPILE_CACHE: dirname(COMPILED_DIR) };
/** How the engine ends a process whose heap is full, and the system one that takes too much. */
const OUT_OF_MEMORY: readonly unknown[] = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGKILL'];

export function openChildProcesses<I, O>(options: ChildOptions): ChildProcesses<I, O> {
  const idle: Child<I, O>[] = [];
  const all = new Set<Child<I, O>>();
  const waiting: Call<I, O>[] = [];

  const take = (): Child<I, O> => {
    for (let known = idle.pop(); known !== undefined; known = idle.pop()) {
      if (known.isAlive()) return known;
      all.delete(known);
    }
    const started = startChild<I, O>(options);
    all.add(started);
    return started;
  };
  const next = (): void => {
    while (waiting.length > 0 && (idle.length > 0 || all.size < options.processes)) {
      const child = take();
      void child.answer(waiting.shift()!).then(async (survives) => {
        if (survives) idle.push(child);
        else {
          await child.end();
          all.delete(child);
        }
        next();
      });
    }
  };
  return {
    run: (input) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= options.queued) return reject(new ChildError('busy'));
        waiting.push({ input, resolve, reject });
        next();
      }),
    async stop() {
      for (const call of waiting.splice(0)) call.reject(new ChildError('busy'));
      await Promise.all([...all].map((child) => child.end()));
    },
  };
}

function startChild<I, O>({ module, memory_mb, deadline_ms }: ChildOptions): Child<I, O> {
  const child = fork(module, [], {
    execArgv: [`--max-old-space-size=${memory_mb}`],
    env: ENVIRONMENT,
    serialization: 'advanced',
    // What the engine says of its end may quote what it held.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = new Promise<ChildFault>((resolve) => {
    child.once('exit', (_code, signal) => resolve(OUT_OF_MEMORY.includes(signal) ? 'memory' : 'crash'));
    child.on('error', () => {
      // One that never started has no exit.
      if (child.pid === undefined) resolve('crash');
    });
  });
  let alive = true;
  void ended.then(() => {
    alive = false;
  });
  let ready = false;
  hold(child, false);
  return {
    isAlive: () => alive,
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
    async answer(call) {
      const outcome = Promise.withResolvers<Reply<O> | ChildFault>();
      let timer = setTimeout(() => outcome.resolve('deadline'), deadline_ms + (ready ? 0 : START_MS));
      const hear = (reply: Reply<O>): void => {
        if (!('ready' in reply)) {
          outcome.resolve(reply);
          return;
        }
        ready = true;
        clearTimeout(timer);
        timer = setTimeout(() => outcome.resolve('deadline'), deadline_ms);
      };
      hold(child, true);
      child.on('message', hear);
      void ended.then(outcome.resolve);
      // A child that is gone cannot be written to; its end says why.
      child.send({ input: call.input }, () => undefined);
      const reply = await outcome.promise;
      clearTimeout(timer);
      child.off('message', hear);
      hold(child, false);
      if (typeof reply === 'string') call.reject(new ChildError(reply));
      else if ('output' in reply) call.resolve(reply.output);
      else call.reject(new ChildError('crash'));
      return typeof reply !== 'string';
    },
  };
}

/** A process that is done does not stay for a child that has nothing to do. */
function hold(child: ChildProcess, busy: boolean): void {
  if (busy) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}
