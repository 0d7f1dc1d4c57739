/** A server under one handle, whichever of its processes runs: started, stopped, killed, started again. */
import type { ExitReport, GuardedProcess } from './spawn-guarded.ts';

export type Restartable = {
  /** Undefined before its first start, and when somebody else runs it. */
  readonly pid: number | undefined;
  /** Settles when it has ended; undefined as `pid` is. */
  ended(): Promise<ExitReport> | undefined;
  isRunning(): boolean;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Returns when it is ready. */
  start(): Promise<void>;
};

/** `current`: the last process that `start` started. */
export function restartable(current: () => GuardedProcess | undefined, start: () => Promise<void>): Restartable {
  return {
    get pid() {
      return current()?.pid;
    },
    ended: () => current()?.exited,
    isRunning: () => current()?.isRunning() ?? false,
    start,
    stop: async () => current()?.stop(),
    kill: async () => current()?.kill(),
  };
}
