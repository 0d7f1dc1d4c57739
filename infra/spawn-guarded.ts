/**
 * Starts a long-running program that can't outlive its launcher: however the launcher ends, the program is stopped by
 * a watcher of its own (die-with-launcher.sh). It must never be used for anything that should survive.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { boundLog, keepLogBounded } from './bound-log.ts';
import { logSize, readLog } from './read-log-tail.ts';
import { waitUntil } from './wait-until.ts';

type GuardedOptions = {
  /** How messages call the program. */
  name: string;
  command: string;
  args: readonly string[];
  /** Both output streams are appended to this file, which is kept within a size. */
  log_path: string;
  stop_signal: 'SIGTERM' | 'SIGINT';
  /** How long the program may take to stop before it is killed. */
  grace_seconds: number;
  /** The whole environment of the program: it inherits nothing. */
  env: Record<string, string>;
  /** Somewhere that the program's user may enter. */
  cwd: string;
  /** Another user to run as; the launcher must be root. */
  run_as?: { uid: number; gid: number } | undefined;
};

export type ExitReport = { code: number | null; signal: NodeJS.Signals | null };

export type GuardedProcess = {
  readonly pid: number;
  /** Settles when the program has ended, whatever the reason; never rejects. */
  readonly exited: Promise<ExitReport>;
  isRunning(): boolean;
  /** What was logged since it was started, bounded, also by others that write to the same log. */
  said(): string;
  signal(signal: NodeJS.Signals): void;
  /** Sends the stop signal, and kills after the grace; returns when the program has ended. */
  stop(): Promise<void>;
  /** SIGKILL, for tests of recovery; returns when the program has ended. */
  kill(): Promise<void>;
};

const WATCHER = readFileSync(new URL('./die-with-launcher.sh', import.meta.url), 'utf8');

export async function spawnGuarded(options: GuardedOptions): Promise<GuardedProcess> {
  boundLog(options.log_path);
  const log_from = logSize(options.log_path);
  const child = spawnWithWatcher(options);
  const leaveLog = keepLogBounded(options.log_path);
  let ended: ExitReport | undefined;
  const exited = new Promise<ExitReport>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = { code, signal };
      releaseWatcher(child);
      leaveLog();
      resolve(ended);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      leaveLog();
      reject(error);
    });
  });

  const signal = (name: NodeJS.Signals): void => {
    if (ended === undefined) child.kill(name);
  };
  return {
    pid: child.pid!,
    exited,
    isRunning: () => ended === undefined,
    said: () => readLog(options.log_path, log_from),
    signal,
    async stop() {
      signal(options.stop_signal);
      await waitUntil(`${options.name} stops`, () => ended, { timeout_ms: options.grace_seconds * 1000 }).catch(() =>
        signal('SIGKILL'),
      );
      await exited;
    },
    async kill() {
      signal('SIGKILL');
      await exited;
    },
  };
}

function spawnWithWatcher(options: GuardedOptions): ChildProcess {
  const log = openSync(options.log_path, 'a', 0o600);
  try {
    const { stop_signal, grace_seconds, command, args } = options;
    const watched = [stop_signal.slice('SIG'.length), String(grace_seconds), command, ...args];
    return spawn('/bin/sh', ['-c', 'eval "$DIE_WITH_LAUNCHER"', 'die-with-launcher', ...watched], {
      // A session of its own: Ctrl-C in a terminal must reach the launcher alone, which then stops things in order.
      detached: true,
      cwd: options.cwd,
      env: { ...options.env, DIE_WITH_LAUNCHER: WATCHER },
      stdio: ['ignore', log, log, 'pipe'],
      ...options.run_as,
    });
  } finally {
    closeSync(log);
  }
}

function releaseWatcher(child: ChildProcess): void {
  const pipe = child.stdio[3] as Writable;
  // The watcher may have been killed by hand; then there is nobody to tell.
  pipe.on('error', () => {});
  pipe.end('ended\n');
}
